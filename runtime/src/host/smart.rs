//! `smart`: the health that drives report of themselves.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::smart::{Device, Health, Host, SelfTestKind, SelfTestState};
use super::{HostError, HostState, ask, carry};

impl Host for HostState {
    async fn devices(&mut self) -> Result<Vec<Device>, HostError> {
        let request = Request::SmartDevices;
        ask!(self, "smart.devices", request, Reply::SmartDevices)
    }

    async fn read(&mut self, device: String) -> Result<Health, HostError> {
        let request = Request::SmartRead { device };
        ask!(self, "smart.read", request, Reply::SmartHealth)
    }

    async fn start_self_test(
        &mut self,
        device: String,
        kind: SelfTestKind,
    ) -> Result<(), HostError> {
        let kind = carry(&kind)?;
        let request = Request::SmartStartSelfTest { device, kind };
        ask!(self, "smart.start-self-test", request)
    }

    async fn self_test_progress(&mut self, device: String) -> Result<SelfTestState, HostError> {
        let request = Request::SmartSelfTestProgress { device };
        ask!(
            self,
            "smart.self-test-progress",
            request,
            Reply::SmartSelfTest
        )
    }
}
