//! `queries`: read-only tools by name. A stage gets those that its manifest names and the policy does not
//! withhold.

use vetting_machine::contract::types::Error;
use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::queries::{Host, Query};
use super::bindings::vetting::stage::types::Document;
use super::{HostError, HostState, ask};

impl Host for HostState {
    async fn list(&mut self) -> Result<Vec<Query>, HostError> {
        ask!(self, "queries.list", Request::QueriesList, Reply::Queries)
    }

    async fn run(&mut self, name: String, target: String) -> Result<Document, HostError> {
        // An interface that is withheld as a whole is so by `ask`, which says who withholds it.
        if !self.withheld.contains_key("queries")
            && let Err(why) = self.reads.query(&name)
        {
            self.count(name.len().saturating_add(target.len()))?;
            self.notebook.denied("queries.run", &why);
            return Err(Error::Denied(why).into());
        }
        let request = Request::QueriesRun { name, target };
        ask!(self, "queries.run", request, Reply::Document)
    }
}
