//! `disks`: block devices.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::disks::{Disk, Host, Scratch};
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn list(&mut self) -> Result<Vec<Disk>, HostError> {
        ask!(self, "disks.list", Request::Disks, Reply::Disks)
    }

    async fn scratch_space(&mut self) -> Result<Scratch, HostError> {
        let request = Request::ScratchSpace;
        ask!(self, "disks.scratch-space", request, Reply::ScratchSpace)
    }
}
