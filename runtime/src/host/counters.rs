//! `counters`: totals that the kernel keeps for parts.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::counters::{Host, Reading};
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn read(&mut self) -> Result<Reading, HostError> {
        ask!(self, "counters.read", Request::Counters, Reply::Counters)
    }
}
