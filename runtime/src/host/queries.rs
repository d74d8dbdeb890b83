//! `queries`: read-only tools by name.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::queries::{Host, Query};
use super::bindings::vetting::stage::types::Document;
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn list(&mut self) -> Result<Vec<Query>, HostError> {
        ask!(self, "queries.list", Request::QueriesList, Reply::Queries)
    }

    async fn run(&mut self, name: String, target: String) -> Result<Document, HostError> {
        let request = Request::QueriesRun { name, target };
        ask!(self, "queries.run", request, Reply::Document)
    }
}
