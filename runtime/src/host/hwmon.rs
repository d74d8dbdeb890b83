//! `hwmon`: sensors.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::hwmon::{Host, Reading};
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn read(&mut self) -> Result<Reading, HostError> {
        ask!(self, "hwmon.read", Request::Hwmon, Reply::Hwmon)
    }
}
