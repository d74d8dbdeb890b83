//! `bmc`: what the management controller says.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::bmc::{Document, Host, Question};
use super::{HostError, HostState, ask, carry};

impl Host for HostState {
    async fn ask(&mut self, question: Question) -> Result<Document, HostError> {
        let question = carry(&question)?;
        ask!(self, "bmc.ask", Request::Bmc { question }, Reply::Document)
    }
}
