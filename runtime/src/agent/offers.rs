//! What this image can run, as an agent says it to its orchestrator.

use std::collections::BTreeSet;

use vetting_protocol::Offers;

/// The contract that this build offers, and the files that it lets stages read.
pub(super) fn offers() -> Offers {
    let offered = vetting_component::offered();
    Offers {
        contract: offered.version.to_string(),
        interfaces: offered.interfaces.clone(),
        // The contract has no interface of queries yet.
        queries: BTreeSet::new(),
        files: vetting_machine::files::patterns(),
    }
}
