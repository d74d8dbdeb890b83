//! Targets of crates that bring an engine or a database with them, so that only this test has them:
//! what an agent is booted with, its image's policy, and what an operator expects of a host.

use vetting_fuzz::Target;
use vetting_orchestrator::spec::{Spec, compare};
use vetting_runtime::agent::boot::Given;
use vetting_runtime::policy::Rules;

/// In a list of their own; the rest is in [`vetting_fuzz::TARGETS`].
pub const TARGETS: [Target; 3] = [
    Target::new("boot", boot),
    Target::new("policy", policy),
    Target::new("spec", spec),
];

/// The kernel's command line.
fn boot(bytes: &[u8]) {
    let given = Given::from_words(&String::from_utf8_lossy(bytes));
    if let Ok(parameters) = given.checked() {
        let path = |c: char| matches!(c, '/' | '.' | '\\');
        assert!(!parameters.run.contains(path), "{}", parameters.run);
    }
}

/// An image's policy.
fn policy(bytes: &[u8]) {
    if let Err(error) = Rules::parse(&String::from_utf8_lossy(bytes)) {
        let _shown = error.to_string();
    }
}

/// A spec, and the comparison with an inventory: with nothing, and with the spec itself, which is
/// what its plain values expect.
fn spec(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(spec) = Spec::parse(&text) else {
        return;
    };
    spec.expected_disks();
    let itself = serde_json::Value::Object(spec.0.clone());
    for inventory in [serde_json::Value::Null, itself] {
        for difference in compare(&spec, &inventory) {
            let _shown = difference.to_string();
        }
        Spec::of_inventory(&inventory);
    }
}
