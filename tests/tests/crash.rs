//! Agents that die, and hosts that go down: what is resumed, and what holds.

use std::path::Path;

use serde_json::{Value, json};
use vetting_protocol::PIPELINE;
use vetting_tests::fleet::{Agent, Orchestrator, Run, RunningAgent};

const HEALTHY: &str = "sim:healthy-server";

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
    let kept = |view: &Value| {
        let files = view["artifacts"].as_array().cloned().unwrap_or_default();
        let names = files
            .iter()
            .filter_map(|file| Some(file["name"].as_str()?.to_owned()));
        names.collect::<Vec<_>>()
    };
    let view = orchestrator.until(&run, "with its evidence", |view| kept(view).len() == 2);
    let names = kept(&view);
    assert_eq!(
        names,
        ["pstore-dmesg-efi-1700000001", "bmc-event-log.txt"],
        "{}",
        second.log()
    );
    let sha256 = view["artifacts"][0]["sha256"].as_str().expect("a sha256");
    let words = orchestrator.try_cli(&["run", "artifact", &run.id, sha256]);
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    assert!(words.contains("Machine check"), "{words}");
}
