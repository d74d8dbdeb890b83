//! Agents and an orchestrator: real processes, real TLS, real SQLite. One test per promise.

use std::path::Path;

use serde_json::json;
use vetting_tests::fleet::{Agent, Orchestrator, Run, RunningAgent, call};
use vetting_tests::{alive, descendants, eventually, guests, named};

const HEALTHY: &str = "sim:healthy-server";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq test@example";

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
fn an_agent_that_was_killed_is_resumed_by_the_next_one() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let flags = ["--stage", "CPUStress", "--set", "CPUStress.duration=5s"];
    let run = orchestrator.run("resumed", &flags);
    let first = Agent::new(&orchestrator, &run, "real", folder.path()).start();
    stressed(&first);
    first.kill();
    let _second = Agent::new(&orchestrator, &run, "real", folder.path()).start();
    let view = orchestrator.until(&run, "judged", |view| {
        !view["stages"][0]["verdict"].is_null()
    });
    assert_eq!(
        (&view["epoch"], &view["stages"][0]["attempt"]),
        (&json!(2), &json!(1)),
        "{view:#}"
    );
    assert_ne!(view["stages"][0]["verdict"], "cancelled", "{view:#}");
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

#[test]
fn each_directive_ends_a_running_stage_in_its_own_way() {
    let orchestrator = Orchestrator::start();
    for (cmd, state, status, powers_off) in [
        ("shutdown", "Cancelled", 0, true),
        ("abort", "Aborted", 130, false),
        ("cancel", "Cancelled", 0, true),
    ] {
        let folder = folder();
        let (run, mut agent) = at_work(&orchestrator, cmd, folder.path());
        let tools = descendants(agent.pid());
        orchestrator.cli(&["run", cmd, &run.id]);
        let (ended, log) = agent.wait();
        assert_eq!(ended, status, "{cmd}: {log}");
        assert_eq!(log.contains("power off"), powers_off, "{cmd}: {log}");
        let left: Vec<_> = tools.into_iter().filter(|pid| alive(*pid)).collect();
        assert!(left.is_empty(), "{cmd}: left running: {left:?}");
        let view = orchestrator.show(&run);
        assert_eq!(view["state"], state, "{cmd}: {view:#}");
        assert_eq!(
            view["directives"][0]["status"], "applied",
            "{cmd}: {view:#}"
        );
        assert_eq!(view["stages"][0]["verdict"], "cancelled", "{cmd}: {view:#}");
    }
}

#[test]
fn a_run_that_holds_lets_operators_in_and_runs_a_fixed_component() {
    let orchestrator = Orchestrator::start();
    orchestrator.operator_with_key("ann", KEY);
    let folder = folder();
    // Two components of one name: one that never comes to an end, and one that passes.
    let stage = |guest: &str, manifest: &str| {
        let built = guests().join("../guests/wasm32-unknown-unknown/stage");
        let module = std::fs::read(built.join(format!("guest_{guest}.wasm"))).expect("a module");
        let component = vetting_component::pack(&module, manifest).expect("a component");
        let path = folder.path().join(format!("{guest}.wasm"));
        std::fs::write(&path, component).expect("written");
        path.display().to_string()
    };
    let sleep = include_str!("../guests/sleep/stage.toml").replace("\"Sleep\"", "\"Fixable\"");
    let probe = include_str!("../guests/probe/stage.toml").replace("\"Probe\"", "\"Fixable\"");
    let (broken, fixed) = (stage("sleep", &sleep), stage("probe", &probe));
    orchestrator.cli(&["stage", "add", &broken]);
    let run = orchestrator.run(
        "held",
        &[
            "--stage",
            "Inventory",
            "--stage",
            "Fixable",
            "--stage",
            "PSU",
        ],
    );
    let keys = folder.path().join("ssh/authorized_keys");
    let keys_text = || std::fs::read_to_string(&keys).unwrap_or_default();
    let flag = keys.display().to_string();
    let agent =
        Agent::new(&orchestrator, &run, HEALTHY, folder.path()).args(&["--hold-key-file", &flag]);
    let mut agent = agent.start();
    for attempt in 1..=3 {
        orchestrator.until(&run, "held with access", |view| {
            let holds = view["holds"].as_array().map_or(0, Vec::len);
            view["state"] == "FailedHolding"
                && holds == attempt
                && !view["holds"][attempt - 1]["opened"].is_null()
        });
        assert_eq!(
            keys_text().matches(KEY).count(),
            1,
            "{attempt} {} {}",
            keys_text(),
            agent.log()
        );
        let refused = orchestrator.try_cli(&["run", "cancel", &run.id]);
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(why.contains("no stage is at work"), "{why}");
        if attempt < 3 {
            orchestrator.cli(&["run", "retry", &run.id]);
        }
    }
    orchestrator.cli(&["run", "retry", &run.id, "--stage-component", &fixed]);
    let view = orchestrator.until_state(&run, "Completed");
    assert_eq!(
        (&view["epoch"], &view["stages"][2]["attempt"]),
        (&json!(1), &json!(4)),
        "{view:#}"
    );
    assert_eq!(keys_text().matches(KEY).count(), 0, "{}", keys_text());
    let report = orchestrator.report(&run);
    let notes = report["notes"].to_string();
    assert!(
        notes.contains("a person had access") && notes.contains("ann"),
        "{notes}"
    );
    let late = [
        "run",
        "cancel",
        &run.id,
        "--stage",
        "Fixable",
        "--attempt",
        "1",
    ];
    orchestrator.cli(&late);
    orchestrator.until(&run, "rejected", |view| {
        let directives = view["directives"].as_array().cloned().unwrap_or_default();
        directives.last().is_some_and(|d| d["status"] == "rejected")
    });
    orchestrator.cli(&["run", "abort", &run.id]);
    assert_eq!(agent.wait().0, 130);
    assert_eq!(orchestrator.show(&run)["state"], "Completed");
    // Whoever boots into a run that is over sits idle, and powers off nothing.
    let late = Agent::new(&orchestrator, &run, HEALTHY, folder.path()).start();
    let idle = eventually(|| late.log().contains("idle: ").then(|| late.log()));
    let log = idle.unwrap_or_else(|| panic!("it does not idle: {}", late.log()));
    assert!(log.contains("410") && !log.contains("power off"), "{log}");
}
