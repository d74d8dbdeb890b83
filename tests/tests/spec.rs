//! The expected spec: what a machine is not made of holds its run, and a part swap is judged anew.

use serde_json::{Value, json};
use vetting_tests::Vetting;
use vetting_tests::fleet::{Agent, Orchestrator};

/// The same machine before and after, whatever is in it.
const UUID: &str = "4c4c4544-0042-3510-8051-b2c04f4e4731";

/// What a simulated machine is made of.
fn inventory(machine: &str) -> Value {
    let shown = Vetting::new(&[
        "machine",
        "show",
        "inventory",
        "--json",
        "--machine",
        machine,
    ]);
    serde_json::from_str(&shown.output().stdout()).expect("JSON")
}

#[test]
fn a_machine_that_is_not_what_was_expected_holds_until_its_part_is_there() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let healthy = inventory("sim:healthy-server");
    let expected = json!({ "memory": { "installed_bytes": healthy["memory"]["installed_bytes"] } });
    assert!(
        expected["memory"]["installed_bytes"].is_u64(),
        "{healthy:#}"
    );
    let spec = folder.path().join("spec.json");
    std::fs::write(&spec, expected.to_string()).expect("written");
    let run = orchestrator.run("swapped", &["--stage", "Inventory", "--stage", "PSU"]);
    let spec = spec.display().to_string();
    orchestrator.cli(&["host", "set", "swapped", "--spec", &spec]);
    let missing = Agent::new(&orchestrator, &run, "sim:small-vm", folder.path());
    let missing = missing
        .args(&["--boot-id", "before", "--system-uuid", UUID])
        .start();
    let view = orchestrator.until_state(&run, "FailedHolding");
    let held = &view["held"];
    assert_eq!(held["at"], "SpecValidate", "{view:#}");
    let why = held["reason"].as_str().unwrap_or_default();
    assert!(why.contains("memory.installed_bytes"), "{why}");
    let report = orchestrator.report(&run);
    let stages = report["stages"].as_array().cloned().unwrap_or_default();
    let judged = stages
        .iter()
        .find(|s| s["stage"] == "SpecValidate")
        .expect("judged");
    assert_eq!(judged["verdict"], "fail", "{judged:#}");
    assert_eq!(
        judged["attachments"][0]["name"], "differences.json",
        "{judged:#}"
    );
    // Somebody powers the machine off, puts the module in, and boots it again.
    missing.kill();
    let swapped = Agent::new(&orchestrator, &run, "sim:healthy-server", folder.path());
    let _swapped = swapped
        .args(&["--boot-id", "after", "--system-uuid", UUID])
        .start();
    orchestrator.until(&run, "claimed again", |view| view["epoch"] == 2);
    orchestrator.cli(&["run", "retry", &run.id, "--stage", "Inventory"]);
    let view = orchestrator.until_state(&run, "Completed");
    assert_eq!(view["stages"][0]["attempt"], 2, "{view:#}");
}
