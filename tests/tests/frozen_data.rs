//! The databases of 0.1.0, as its build left them, are opened by every later version and keep their
//! meaning: what passed has passed, what holds goes on, and operators may do what they could.
//!
//! `frozen/0.1.0/data/` was made by the build of a1f8704 with simulated machines: a run that completed, one
//! that a failing disk holds, one that its spec holds, one that was aborted, one that waits for its host, and
//! one under whose Inventory the orchestrator and the agent were ended.

use std::path::Path;

use serde_json::Value;
use vetting_tests::fleet::{Agent, Orchestrator, Place, Run, claim};

/// The tokens of its operators: what each could do by its role of 0.1.
const TOKENS: [(&str, &str); 4] = [
    ("view", include_str!("../frozen/0.1.0/data/token-view")),
    (
        "operate",
        include_str!("../frozen/0.1.0/data/token-operate"),
    ),
    ("wipe", include_str!("../frozen/0.1.0/data/token-wipe")),
    (
        "publish",
        include_str!("../frozen/0.1.0/data/token-publish"),
    ),
];

/// Today's orchestrator on a copy of those databases.
fn orchestrator() -> Orchestrator {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("made");
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("frozen/0.1.0/data");
    for file in ["state.db", "journal.db"] {
        let packed = std::fs::read(frozen.join(format!("{file}.zst"))).expect("the frozen file");
        let bytes = zstd::decode_all(packed.as_slice()).expect("zstd");
        std::fs::write(data.join(file), bytes).expect("written");
    }
    Orchestrator::over(Place {
        folder,
        flags: Vec::new(),
        environment: Vec::new(),
    })
}

fn run_of(orchestrator: &Orchestrator, host: &str) -> Run {
    let runs = orchestrator.cli(&["run", "list"]);
    let mut all = runs.as_array().expect("runs").iter();
    let run = all.find(|run| run["host"] == host).expect(host);
    let tokens: toml::Table = include_str!("../frozen/0.1.0/data/boot-tokens.toml")
        .parse()
        .expect("the boot tokens");
    let of_host = tokens.get(host).and_then(toml::Value::as_table);
    let text = |key: &str| {
        let value = of_host.and_then(|table| table.get(key)?.as_str());
        value.unwrap_or_default().to_owned()
    };
    Run {
        id: run["id"].as_str().expect("an id").to_owned(),
        token: text("token"),
        mac: text("mac"),
    }
}

#[test]
fn the_databases_of_0_1_0_are_opened_and_their_runs_go_on() {
    let mut orchestrator = orchestrator();
    // Each operator may do what the role of 0.1 allowed.
    for (role, token) in TOKENS {
        orchestrator.token = token.trim().to_owned();
        let may = |args: &[&str]| orchestrator.try_cli(args).status.success();
        assert!(may(&["run", "list"]), "{role}");
        let set = may(&["host", "set", "waiting"]);
        assert_eq!(set, role != "view", "{role} may operate: {set}");
        let used = may(&["stage", "use", "PSU@0.1.0"]);
        assert_eq!(used, role == "publish", "{role} may publish: {used}");
    }
    // Runs are where they were, each with its report.
    for (host, state, verdict) in [
        ("finished", "Completed", "pass"),
        ("holding", "FailedHolding", "fail"),
        ("expected", "FailedHolding", "fail"),
        ("aborted", "Aborted", "inconclusive"),
        ("waiting", "InventoryCheck", ""),
        ("running", "InventoryCheck", ""),
    ] {
        let run = run_of(&orchestrator, host);
        let view = orchestrator.show(&run);
        assert_eq!(view["state"], state, "{host}: {view:#}");
        let found = view["verdict"].as_str().unwrap_or_default();
        assert_eq!(found, verdict, "{host}: {view:#}");
        let report = orchestrator.report(&run);
        assert!(report["stages"].is_array(), "{host}: {report:#}");
        if !verdict.is_empty() {
            assert_eq!(report["verdict"], verdict, "{host}");
        }
    }
    let report = orchestrator.report(&run_of(&orchestrator, "finished"));
    let passed = report["counts"]["passed"].as_u64();
    assert_eq!(passed, Some(3), "{report:#}");
    // A host that was waited for is taken, and one that is claimed again holds.
    let waiting = run_of(&orchestrator, "waiting");
    let claimed = claim(&orchestrator, &waiting, "boot", "u").expect("claimed");
    assert_eq!(claimed["current_state"], "InventoryCheck", "{claimed}");
    let running = run_of(&orchestrator, "running");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let agent = Agent::new(&orchestrator, &running, "sim:healthy-server", folder.path());
    let _agent = agent.args(&["--boot-id", "another boot"]).start();
    orchestrator.until_state(&running, "FailedHolding");
    // A run that held goes on by a retry.
    let holding = run_of(&orchestrator, "holding");
    let retried = orchestrator.cli(&["run", "retry", &holding.id]);
    assert_eq!(retried["state"], "SMART", "{retried}");
    // Its journal is there: the page's lines come from it.
    let lines = orchestrator.report(&run_of(&orchestrator, "finished"))["stages"][0]["log"].clone();
    assert!(lines != Value::Null);
    assert!(
        !orchestrator.log().contains("ERROR"),
        "{}",
        orchestrator.log()
    );
}
