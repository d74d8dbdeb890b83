//! A disk that is full stops nothing for longer than it is full: what can wait is refused with the free
//! space, results still fit, and no restart is needed.

use serde_json::{Value, json};
use vetting_tests::eventually;
use vetting_tests::fleet::{Orchestrator, Place, call, claim};

#[path = "../trouble/disk.rs"]
mod disk;

use disk::Disk;

/// How large the disk is, in mebibytes: the stages and what SQLite writes ahead of itself fit well.
const DISK: u32 = 64;
/// What is left where it is not full to the last byte, in bytes: less than the floor.
const LEFT: u64 = 3 << 20;

struct Full {
    orchestrator: Orchestrator,
    disk: Disk,
    ballast: std::path::PathBuf,
}

impl Full {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        let disk = Disk::mount(&data, DISK);
        let orchestrator = Orchestrator::at(Place {
            folder,
            flags: ["--min-free", "4MiB"].map(str::to_owned).to_vec(),
            environment: Vec::new(),
        });
        Full {
            orchestrator,
            disk,
            ballast: data.join("ballast"),
        }
    }

    /// Fills the disk but for so many bytes.
    fn fill_but(&self, left: u64) {
        let filled = self.disk.fill();
        let ballast = std::fs::OpenOptions::new().write(true).open(&self.ballast);
        let ballast = ballast.expect("the ballast");
        ballast.set_len(filled.saturating_sub(left)).expect("cut");
    }

    /// An honest result of CPUStress.
    fn result(&self, run: &vetting_tests::fleet::Run) -> Value {
        let view = self.orchestrator.show(run);
        let stages = self.orchestrator.cli(&["stage", "list"]);
        let mut stages = stages.as_array().expect("stages").iter();
        let version = &stages.find(|s| s["name"] == "CPUStress").expect("it")["version"];
        json!({ "epoch": 1, "passed": true, "stage": "CPUStress", "attempt": 1, "verdict": "pass",
            "version": version, "digest": view["stages"][0]["digest"], "message": "good",
            "summary": "one thing", "ending": { "kind": "outcome" }, "duration_ms": 120_000,
            "diagnoses": [], "parameters": {}, "measurements": [{ "name": "wear", "value": 5.0,
            "validators": [{ "name": "wear_fail", "comparison": "less_than", "expected": [100.0],
            "severity": "fail", "source": "a standard", "met": true }] }] })
    }
}

fn lines(first: u64) -> Value {
    let line = |seq: u64| {
        json!({ "seq": seq, "ts": "2026-01-01T00:00:00Z", "mono_ns": seq, "level": "info",
            "text": "x".repeat(1000) })
    };
    json!({ "epoch": 1, "lines": (first..first + 1000).map(line).collect::<Vec<_>>() })
}

#[test]
fn a_full_disk_is_survived_without_a_restart_and_results_fit_below_the_floor() {
    let full = Full::new();
    let orchestrator = &full.orchestrator;
    let [first, second] = ["first", "second"].map(|host| {
        let run = orchestrator.run(host, &["--stage", "CPUStress"]);
        let claimed = claim(orchestrator, &run, "boot", "u").expect("claimed");
        let session = claimed["session_token"]
            .as_str()
            .expect("a token")
            .to_owned();
        (run, session)
    });
    let post = |(run, session): &(vetting_tests::fleet::Run, String), name: &str, body: &Value| {
        call(
            orchestrator,
            &format!("/api/v1/runs/{}/{name}", run.id),
            session,
            body,
        )
    };
    post(&first, "log", &lines(0)).expect("there is room");
    // Below the floor: lines are refused with the free space, a result is taken.
    full.fill_but(LEFT);
    let refused = post(&first, "log", &lines(1000)).expect_err("below the floor");
    let words = refused.to_string();
    assert!(
        words.contains("503, unavailable") && words.contains("MiB of disk space"),
        "{words}"
    );
    assert!(refused.retry_after().is_some(), "{refused:?}");
    let answer = post(&first, "result", &full.result(&first.0)).expect("results still fit");
    assert_eq!(answer["next_state"], "Completed", "{answer}");
    // To the last byte: nothing is taken, and nothing is said to be.
    let result = full.result(&second.0);
    full.disk.fill();
    let mut large = result.clone();
    large["summary"] = json!("x".repeat(8 << 20));
    let refused = post(&second, "result", &large).expect_err("no byte is free");
    assert!(
        refused.to_string().contains("503, unavailable"),
        "{refused}"
    );
    assert_eq!(orchestrator.show(&second.0)["state"], "CPUStress");
    // Space is back: so is everything, in the same process.
    full.disk.free();
    let taken = eventually(|| post(&second, "result", &result).ok());
    assert_eq!(taken.expect("taken")["next_state"], "Completed");
    let stored = eventually(|| post(&second, "log", &lines(0)).ok());
    assert_eq!(stored.expect("stored")["stored"], 1000);
    orchestrator.cli(&["host", "set", "first", "--board-serial", "B1"]);
    let log = orchestrator.log();
    assert!(!log.contains("non-zero transaction depth"), "{log}");
}
