//! Agents that lie, and whoever has stolen an agent's credentials.

use vetting_tests::fleet::{Orchestrator, Run, claim};

use crate::Attack;

pub const ATTACKS: &[Attack] = &[Attack {
    name: "claim-with-another-token",
    promise: "a run is claimed with its own boot token alone",
    attempt: claim_with_another_token,
}];

fn claim_with_another_token() -> String {
    let orchestrator = Orchestrator::start();
    let [mine, other] = ["mine", "other"].map(|host| orchestrator.run(host, &[]));
    let forged = Run {
        token: other.token.clone(),
        id: mine.id.clone(),
        mac: mine.mac.clone(),
    };
    let refused = claim(&orchestrator, &forged, "boot", "u").expect_err("claimed");
    claim(&orchestrator, &mine, "boot", "u").expect("the run's own agent claims it");
    refused.to_string()
}
