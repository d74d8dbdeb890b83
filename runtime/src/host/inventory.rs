//! `inventory`: what the machine is made of.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::inventory::{Host, Parts};
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn read(&mut self) -> Result<Parts, HostError> {
        ask!(self, "inventory.read", Request::Inventory, Reply::Inventory)
    }
}
