//! Runs that nobody claims, and agents that fall silent: no run is stuck without saying why.

use vetting_tests::fleet::{Agent, Orchestrator};

#[test]
fn a_run_that_nobody_claims_ends_and_says_why() {
    let orchestrator = Orchestrator::with(&["--unclaimed", "500ms", "--lost", "400ms"]);
    let run = orchestrator.run("unclaimed", &["--stage", "Inventory"]);
    let view = orchestrator.until_state(&run, "Aborted");
    let why = view["ended_because"].as_str().unwrap_or_default();
    assert!(why.contains("nobody claimed the run within 500ms"), "{why}");
    let report = orchestrator.report(&run);
    // The stage, and the comparison with the spec that follows it.
    assert_eq!(report["counts"]["not_run"], 2, "{report:#}");
}

#[test]
fn a_silent_agent_is_told_of_and_its_run_taken_up_again() {
    let orchestrator = Orchestrator::with(&["--lost", "2s"]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = orchestrator.run("silent", &["--stage", "CPUStress"]);
    let agent = || Agent::new(&orchestrator, &run, "sim:healthy-server", folder.path());
    let first = agent().args(&["--pace", "0.001"]).start();
    orchestrator.until(&run, "at work", |view| {
        let words = view["last_words"].as_str().unwrap_or_default();
        words.starts_with("CPUStress attempt 1")
    });
    assert!(orchestrator.show(&run)["agent_lost_since"].is_null());
    first.kill();
    let view = orchestrator.until(&run, "lost", |view| !view["agent_lost_since"].is_null());
    // A flag, not a state; and the last thing heard.
    assert_eq!(view["state"], "CPUStress", "{view:#}");
    let words = view["last_words"].as_str().unwrap_or_default();
    assert!(words.starts_with("CPUStress attempt 1"), "{view:#}");
    let audit = orchestrator.try_cli(&["audit", "--run", &run.id]);
    let audit = String::from_utf8_lossy(&audit.stdout).into_owned();
    assert!(audit.contains("agent lost"), "{audit}");
    let _second = agent().start();
    let view = orchestrator.until_state(&run, "Completed");
    assert!(view["agent_lost_since"].is_null(), "{view:#}");
}
