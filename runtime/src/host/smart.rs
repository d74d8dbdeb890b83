//! `smart`: what drives say of themselves.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::smart::{Document, Host, SelfTestKind};
use super::{HostError, HostState, ask, carry};

impl Host for HostState {
    async fn devices(&mut self) -> Result<Vec<String>, HostError> {
        let request = Request::SmartDevices;
        ask!(self, "smart.devices", request, Reply::SmartDevices)
    }

    async fn scan(&mut self) -> Result<Document, HostError> {
        ask!(self, "smart.scan", Request::SmartScan, Reply::Document)
    }

    async fn read(&mut self, device: String) -> Result<Document, HostError> {
        let request = Request::SmartRead { device };
        ask!(self, "smart.read", request, Reply::Document)
    }

    async fn start_self_test(
        &mut self,
        device: String,
        kind: SelfTestKind,
    ) -> Result<Document, HostError> {
        let kind = carry(&kind)?;
        let request = Request::SmartStartSelfTest { device, kind };
        ask!(self, "smart.start-self-test", request, Reply::Document)
    }
}
