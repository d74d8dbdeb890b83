//! Agents and an orchestrator: real processes, real TLS, real SQLite. One test per promise.

use std::path::Path;

use serde_json::json;
use vetting_tests::fleet::{Agent, Orchestrator, Run, RunningAgent, call};
use vetting_tests::{alive, descendants, eventually, named};

const HEALTHY: &str = "sim:healthy-server";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A run whose one stage loads this machine for longer than any test lasts, and its agent at work.
fn at_work(orchestrator: &Orchestrator, host: &str, folder: &Path) -> (Run, RunningAgent) {
    let set = "CPUStress.duration=300s";
    let flags = [
        "--stage",
        "CPUStress",
        "--set",
        set,
        "--timeout",
        "CPUStress=600s",
    ];
    let run = orchestrator.run(host, &flags);
    let agent = Agent::new(orchestrator, &run, "real", folder).start();
    stressed(&agent);
    (run, agent)
}

fn stressed(agent: &RunningAgent) {
    let tool = || {
        descendants(agent.pid())
            .into_iter()
            .find(|pid| named(*pid, "stress-ng"))
    };
    assert!(eventually(tool).is_some(), "no stress-ng: {}", agent.log());
}

#[test]
fn a_whole_run_is_completed_and_powered_off() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let run = orchestrator.run("whole", &[]);
    let mut agent = Agent::new(&orchestrator, &run, HEALTHY, folder.path()).start();
    let view = orchestrator.until_state(&run, "Completed");
    let verdicts: Vec<_> = view["stages"]
        .as_array()
        .expect("stages")
        .iter()
        .map(|s| &s["verdict"])
        .collect();
    assert_eq!(verdicts, ["pass"; 8], "{view:#}");
    orchestrator.cli(&["run", "shutdown", &run.id]);
    let (status, log) = agent.wait();
    assert_eq!(status, 0, "{log}");
    assert!(log.contains("power off: shut down by root"), "{log}");
    let view = orchestrator.show(&run);
    assert_eq!(
        (view["state"].as_str(), &view["directives"][0]["status"]),
        (Some("Completed"), &json!("applied"))
    );
    let report = orchestrator.report(&run);
    assert_eq!(report["counts"]["passed"], 8, "{report:#}");
    for (what, text) in [("agent", &log), ("orchestrator", &orchestrator.log())] {
        assert!(
            !text.contains(&run.token) && !text.contains(&orchestrator.token),
            "{what}: a token is logged"
        );
    }
}

#[test]
fn an_older_claim_ends_and_powers_off_nothing() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let (run, mut agent) = at_work(&orchestrator, "fenced", folder.path());
    let tools = descendants(agent.pid());
    let body = json!({ "identity": { "mac": run.mac }, "boot_id": "b", "instance": "i",
        "version": "0", "machine": "a test" });
    let path = format!("/api/v1/runs/{}/claim", run.id);
    call(&orchestrator, &path, &run.token, &body).expect("claimed");
    let (status, log) = agent.wait();
    assert_eq!(status, 3, "{log}");
    assert!(
        log.contains("superseded") && !log.contains("power off"),
        "{log}"
    );
    let left: Vec<_> = tools.into_iter().filter(|pid| alive(*pid)).collect();
    assert!(left.is_empty(), "left running: {left:?}");
}
