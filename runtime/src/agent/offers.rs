//! What this image can run, as an agent says it to its orchestrator.

use vetting_machine::queries;
use vetting_protocol::Offers;

use crate::policy::Policy;

/// The contract that this build offers, the queries that it and its policy have, and the files that it lets
/// stages read at most.
pub(super) fn offers(policy: &Policy) -> Offers {
    let offered = vetting_component::offered();
    let queries = queries::built_in().chain(policy.queries());
    Offers {
        contract: offered.version.to_string(),
        interfaces: offered.interfaces.clone(),
        queries: queries.map(|query| query.name).collect(),
        files: vetting_machine::files::patterns(),
    }
}
