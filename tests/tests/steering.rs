//! What a directive does, in every state: a table of what stops, what is removed, and who powers off.

use std::path::{Path, PathBuf};

use vetting_tests::fleet::{Agent, Orchestrator, Run, RunningAgent};
use vetting_tests::{alive, descendants, eventually, guests, named};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq test@example";

/// Where the run is when the directive is given.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Running,
    /// The orchestrator was killed and restarted just before.
    Restarted,
    Holding,
    Completed,
}

/// What comes of a directive.
struct Outcome {
    /// The run's state afterwards.
    state: &'static str,
    /// The agent's exit status; `None`: it goes on.
    exit: Option<i32>,
    /// Whether the machine would be powered off.
    powers_off: bool,
    /// The verdict that the stage at work ends with.
    verdict: &'static str,
}

/// Every state with every directive. `None`: refused, and nothing happens.
fn expected(place: Place, directive: &str) -> Option<Outcome> {
    let ends = |state, exit, powers_off, verdict| {
        Some(Outcome {
            state,
            exit,
            powers_off,
            verdict,
        })
    };
    match (place, directive) {
        (Place::Running | Place::Restarted, "abort") => {
            ends("Aborted", Some(130), false, "cancelled")
        }
        (Place::Running | Place::Restarted, _) => ends("Cancelled", Some(0), true, "cancelled"),
        (Place::Holding, "shutdown") => ends("Cancelled", Some(0), true, "inconclusive"),
        (Place::Holding, "abort") => ends("Aborted", Some(130), false, "inconclusive"),
        (Place::Completed, "shutdown") => ends("Completed", Some(0), true, "pass"),
        (Place::Completed, "abort") => ends("Completed", Some(130), false, "pass"),
        (_, _) => None,
    }
}

/// An agent on a machine, its run, and the file that keys go to.
struct AtWork {
    run: Run,
    agent: RunningAgent,
    keys: PathBuf,
}

/// A run of the stage `Probe`, brought to its place.
fn bring(orchestrator: &mut Orchestrator, place: Place, host: &str, folder: &Path) -> AtWork {
    let mode = match place {
        Place::Running | Place::Restarted => "Probe.mode=naps",
        Place::Holding => "Probe.mode=error",
        Place::Completed => "Probe.mode=pass",
    };
    let flags = ["--stage", "Probe", "--set", mode];
    let run = orchestrator.run(host, &flags);
    let keys = folder.join("authorized_keys");
    let file = keys.display().to_string();
    let agent = Agent::new(orchestrator, &run, "sim:healthy-server", folder);
    let agent = agent
        .args(&["--pace", "1", "--hold-key-file", &file])
        .start();
    match place {
        Place::Running | Place::Restarted => {
            orchestrator.until(&run, "at work", |view| {
                let words = view["last_words"].as_str().unwrap_or_default();
                words.starts_with("Probe attempt 1")
            });
        }
        Place::Holding => {
            orchestrator.until(&run, "open", |view| !view["holds"][0]["opened"].is_null());
            assert_eq!(text(&keys).matches(KEY).count(), 1, "{}", agent.log());
        }
        Place::Completed => {
            orchestrator.until_state(&run, "Completed");
        }
    }
    if place == Place::Restarted {
        orchestrator.kill_and_restart();
    }
    AtWork { run, agent, keys }
}

fn text(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

#[test]
fn every_directive_in_every_state() {
    let mut orchestrator = Orchestrator::start();
    orchestrator.cli(&[
        "stage",
        "add",
        &guests().join("Probe.wasm").display().to_string(),
    ]);
    orchestrator.operator_with_key("ann", KEY);
    for place in [
        Place::Running,
        Place::Restarted,
        Place::Holding,
        Place::Completed,
    ] {
        for directive in ["shutdown", "abort", "cancel"] {
            let row = format!("{directive} while {place:?}");
            let folder = tempfile::tempdir().expect("a temporary folder");
            let host = format!("{directive}-{place:?}");
            let mut at = bring(&mut orchestrator, place, &host, folder.path());
            let steered = orchestrator.try_cli(&["run", directive, &at.run.id]);
            let Some(outcome) = expected(place, directive) else {
                let why = String::from_utf8_lossy(&steered.stderr).into_owned();
                assert!(why.contains("no stage is at work"), "{row}: {why}");
                assert!(
                    orchestrator.show(&at.run)["directives"]
                        .as_array()
                        .is_none_or(Vec::is_empty)
                );
                at.agent.kill();
                continue;
            };
            assert!(steered.status.success(), "{row}: {steered:?}");
            let (status, log) = at.agent.wait();
            assert_eq!(Some(status), outcome.exit, "{row}: {log}");
            assert_eq!(
                log.contains("power off: "),
                outcome.powers_off,
                "{row}: {log}"
            );
            let view = orchestrator.show(&at.run);
            assert_eq!(view["state"], outcome.state, "{row}: {view:#}");
            let stage = &view["stages"][0];
            assert_eq!(stage["verdict"], outcome.verdict, "{row}: {view:#}");
            let answered = &view["directives"][0]["status"];
            assert_eq!(answered, "applied", "{row}: {view:#}");
            assert_eq!(text(&at.keys).matches(KEY).count(), 0, "{row}");
            if place == Place::Holding {
                assert!(!view["holds"][0]["closed"].is_null(), "{row}: {view:#}");
            }
        }
    }
}

/// A run whose one stage runs a real tool for longer than any test lasts, and its agent at work.
fn with_tool(
    orchestrator: &Orchestrator,
    host: &str,
    (stage, tool): (&str, &str),
    folder: &Path,
) -> (Run, RunningAgent) {
    let (set, timeout) = (format!("{stage}.duration=300s"), format!("{stage}=600s"));
    let flags = ["--stage", stage, "--set", &set, "--timeout", &timeout];
    let run = orchestrator.run(host, &flags);
    let agent = Agent::new(orchestrator, &run, "real", folder).start();
    let runs = || {
        let tools = descendants(agent.pid());
        tools.into_iter().find(|pid| named(*pid, tool))
    };
    assert!(eventually(runs).is_some(), "no {tool}: {}", agent.log());
    (run, agent)
}

#[test]
fn real_tools_are_gone_when_the_directive_is_acknowledged() {
    let orchestrator = Orchestrator::start();
    for (directive, of, state, status) in [
        ("shutdown", ("CPUStress", "stress-ng"), "Cancelled", 0),
        ("abort", ("CPUStress", "stress-ng"), "Aborted", 130),
        ("cancel", ("Storage", "fio"), "Cancelled", 0),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (run, mut agent) = with_tool(&orchestrator, directive, of, folder.path());
        let tools = descendants(agent.pid());
        orchestrator.cli(&["run", directive, &run.id]);
        let view = orchestrator.until(&run, "acknowledged", |view| {
            view["directives"][0]["status"] == "applied"
        });
        let left: Vec<_> = tools.into_iter().filter(|pid| alive(*pid)).collect();
        assert!(left.is_empty(), "{directive}: left running: {left:?}");
        assert_eq!(view["state"], state, "{directive}: {view:#}");
        let verdict = &view["stages"][0]["verdict"];
        assert_eq!(verdict, "cancelled", "{directive}: {view:#}");
        let (ended, log) = agent.wait();
        assert_eq!(ended, status, "{directive}: {log}");
    }
}

#[test]
fn a_cancel_for_a_stage_that_is_over_hits_nothing() {
    let orchestrator = Orchestrator::start();
    orchestrator.cli(&[
        "stage",
        "add",
        &guests().join("Probe.wasm").display().to_string(),
    ]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let flags = [
        "--stage",
        "Inventory",
        "--stage",
        "Probe",
        "--set",
        "Probe.mode=naps",
    ];
    let run = orchestrator.run("late", &flags);
    let agent = Agent::new(&orchestrator, &run, "sim:healthy-server", folder.path());
    let mut agent = agent.args(&["--pace", "1"]).start();
    orchestrator.until(&run, "at Probe", |view| {
        let words = view["last_words"].as_str().unwrap_or_default();
        words.starts_with("Probe attempt 1")
    });
    let late = [
        "run",
        "cancel",
        &run.id,
        "--stage",
        "Inventory",
        "--attempt",
        "1",
    ];
    orchestrator.cli(&late);
    let view = orchestrator.until(&run, "rejected", |view| {
        view["directives"][0]["status"] == "rejected"
    });
    assert_eq!(view["state"], "Probe", "{view:#}");
    let reason = view["directives"][0]["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("Inventory attempt 1 is not at work"),
        "{reason}"
    );
    orchestrator.cli(&["run", "abort", &run.id]);
    assert_eq!(agent.wait().0, 130);
}
