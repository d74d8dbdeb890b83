//! Agents that die, and hosts that go down: what is resumed, what holds, and what is left running.

use std::path::Path;

use serde_json::json;
use vetting_tests::fleet::{Agent, Orchestrator, Run, RunningAgent};
use vetting_tests::{alive, eventually, running, stages};

const HEALTHY: &str = "sim:healthy-server";
const PIPELINE: [&str; 8] = [
    "Inventory",
    "SMART",
    "CPUStress",
    "Memory",
    "Storage",
    "Network",
    "GPU",
    "PSU",
];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// An agent on a simulated machine that is so slow that no stage of it ends.
fn slow(orchestrator: &Orchestrator, run: &Run, folder: &Path) -> RunningAgent {
    let agent = Agent::new(orchestrator, run, HEALTHY, folder);
    agent.args(&["--pace", "0.001"]).start()
}

/// Waits until a claim's agent is at work on a stage.
fn at_work(orchestrator: &Orchestrator, run: &Run, claim: u64, stage: &str) {
    let words = format!("{stage} attempt 1");
    orchestrator.until(run, &words, |view| {
        let last = view["last_words"].as_str().unwrap_or_default();
        view["epoch"] == claim && last.starts_with(&words)
    });
}

#[test]
fn an_agent_killed_in_any_stage_is_resumed_by_the_next() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let begun: Vec<_> = PIPELINE
        .iter()
        .map(|stage| {
            let run = orchestrator.run(stage, &["--stage", stage]);
            let own = folder.path().join(stage);
            std::fs::create_dir(&own).expect("a folder");
            let agent = slow(&orchestrator, &run, &own);
            (stage, run, own, agent)
        })
        .collect();
    for (stage, run, own, agent) in begun {
        at_work(&orchestrator, &run, 1, stage);
        agent.kill();
        let _next = Agent::new(&orchestrator, &run, HEALTHY, &own).start();
        let view = orchestrator.until_state(&run, "Completed");
        let judged = &view["stages"][0];
        assert_eq!(
            (&view["epoch"], &judged["attempt"], &judged["verdict"]),
            (&json!(2), &json!(1), &json!("pass")),
            "{stage}: {view:#}"
        );
    }
}

#[test]
fn an_agent_that_dies_again_and_again_is_resumed_twice_at_most() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let run = orchestrator.run("dying", &["--stage", "CPUStress"]);
    for claim in 1..=3 {
        let agent = slow(&orchestrator, &run, folder.path());
        at_work(&orchestrator, &run, claim, "CPUStress");
        agent.kill();
    }
    let _fourth = slow(&orchestrator, &run, folder.path());
    let view = orchestrator.until_state(&run, "FailedHolding");
    let why = view["held"]["reason"].as_str().unwrap_or_default();
    assert!(
        why.contains("the agent died under CPUStress 3 times"),
        "{why}"
    );
    assert_eq!(view["stages"][0]["verdict"], "inconclusive", "{view:#}");
}

#[test]
fn a_host_that_went_down_has_failed_and_its_last_words_are_kept() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let run = orchestrator.run("down", &["--stage", "CPUStress"]);
    let agent = |boot: &str| {
        let root = folder.path().join("root");
        let pstore = root.join("sys/fs/pstore");
        std::fs::create_dir_all(&pstore).expect("a folder");
        let record = "Oops#1 Part1\n<4>[ 99.1] mce: [Hardware Error]: Machine check\n";
        std::fs::write(pstore.join("dmesg-efi-1700000001"), record).expect("written");
        let root = root.display().to_string();
        let agent = Agent::new(&orchestrator, &run, HEALTHY, folder.path());
        let slow = ["--boot-id", boot, "--root", &root, "--pace", "0.001"];
        agent.args(&slow).start()
    };
    let first = agent("boot-1");
    at_work(&orchestrator, &run, 1, "CPUStress");
    first.kill();
    let second = agent("boot-2");
    let view = orchestrator.until_state(&run, "FailedHolding");
    let why = view["held"]["reason"].as_str().unwrap_or_default();
    assert!(why.contains("went down under CPUStress"), "{why}");
    assert_eq!(view["stages"][0]["verdict"], "fail", "{view:#}");
    for name in ["pstore-dmesg-efi-1700000001", "bmc-event-log.json"] {
        let kept = format!("{name} is kept with the run");
        let said = eventually(|| second.log().contains(&kept).then_some(()));
        assert!(said.is_some(), "{name}: {}", second.log());
    }
}

#[test]
fn what_a_dead_agent_left_is_gone_before_the_next_one_claims() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    // Storage, as an author would ship it who writes to disks.
    let built = stages().join("../guests/wasm32-unknown-unknown/stage/stage_storage.wasm");
    let manifest = include_str!("../../guest-stages/storage/stage.toml");
    let writing = format!("destructive = true\n{manifest}");
    let module = std::fs::read(&built).unwrap_or_else(|e| panic!("{}: {e}", built.display()));
    let component = vetting_component::pack(&module, &writing).expect("a component");
    let file = folder.path().join("Storage.wasm");
    std::fs::write(&file, component).expect("written");
    orchestrator.cli(&["stage", "add", &file.display().to_string()]);
    // A fio that leaves its parent at once: nothing of the kernel's takes it along.
    let tools = folder.path().join("tools");
    std::fs::create_dir(&tools).expect("a folder");
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && exec /usr/bin/fio --version\n\
         setsid /usr/bin/fio \"$@\" >/dev/null 2>&1 &\nwait\n";
    std::fs::write(tools.join("fio"), script).expect("written");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(tools.join("fio"), executable).expect("executable");
    let tools = tools.display().to_string();
    let flags = [
        "--stage",
        "Storage",
        "--destructive",
        "--set",
        "Storage.duration=300s",
    ];
    let flags = [&flags[..], &["--timeout", "Storage=600s"]].concat();
    let run = orchestrator.run("left", &flags);
    let agent = |tools: &str| {
        let agent = Agent::new(&orchestrator, &run, "real", folder.path());
        agent.args(&["--tools", tools]).start()
    };
    let first = agent(&tools);
    let mark = folder.path().display().to_string();
    let found = eventually(|| Some(running("fio", &mark)).filter(|pids| pids.len() > 1));
    let left = found.unwrap_or_else(|| panic!("no fio: {}", first.log()));
    first.kill();
    assert!(
        left.iter().any(|pid| alive(*pid)),
        "the test's fio died with its parent"
    );
    let second = agent(&tools);
    let claimed = eventually(|| second.log().contains("claimed run").then_some(()));
    assert!(claimed.is_some(), "{}", second.log());
    assert_eq!(running("fio", &mark), [], "{}", second.log());
    assert!(
        second.log().contains("left by an earlier agent"),
        "{}",
        second.log()
    );
    let view = orchestrator.until_state(&run, "FailedHolding");
    let why = view["held"]["reason"].as_str().unwrap_or_default();
    assert!(
        why.contains("may write to disks and is not run again"),
        "{why}"
    );
}
