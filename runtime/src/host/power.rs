//! `power`: power supplies, rails, fans and redundancy.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::power::{Host, LogEntry, Reading};
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn read(&mut self) -> Result<Reading, HostError> {
        ask!(self, "power.read", Request::PowerRead, Reply::Power)
    }

    async fn event_log(&mut self) -> Result<Vec<LogEntry>, HostError> {
        let request = Request::PowerEventLog;
        ask!(self, "power.event-log", request, Reply::PowerEventLog)
    }
}
