//! Results that contradict themselves, or what was ordered.

use serde_json::{Value, json};
use vetting_tests::fleet::{Orchestrator, Run, call, claim};

use crate::Attack;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "forge-a-contradiction",
        promise: "a pass that contradicts itself or its order holds the run, and the report says so",
        attempt: forge_a_contradiction,
    },
    Attack {
        name: "lose-the-spec",
        promise: "a run that was made against a spec is not green when its host has none",
        attempt: lose_the_spec,
    },
];

/// A result that is free of contradictions, as the stage's own would be.
pub fn earned(
    orchestrator: &Orchestrator,
    run: &Run,
    stage: &str,
    attempt: u32,
    epoch: u64,
) -> Value {
    let view = orchestrator.show(run);
    let stages = view["stages"].as_array().cloned().unwrap_or_default();
    let digest = stages
        .iter()
        .find(|s| s["name"] == stage)
        .expect("the stage")["digest"]
        .clone();
    let all = orchestrator.cli(&["stage", "list"]);
    let registered = all.as_array().expect("stages").iter();
    let version = registered
        .clone()
        .find(|s| s["digest"] == digest)
        .expect("registered")["version"]
        .clone();
    json!({
        "epoch": epoch, "passed": true, "stage": stage, "attempt": attempt, "verdict": "pass",
        "version": version, "digest": digest, "message": "good", "summary": "one thing",
        "ending": { "kind": "outcome" }, "duration_ms": 120_000, "diagnoses": [],
        "parameters": {},
        "measurements": [{ "name": "wear", "value": 5.0, "validators": [{
            "name": "wear_fail", "comparison": "less_than", "expected": [100.0],
            "severity": "fail", "source": "a standard", "met": true }] }],
    })
}

/// Makes a forgery of an honest result.
type Forge<'a> = Box<dyn Fn(&mut Value) + 'a>;

fn forge_a_contradiction() -> String {
    let orchestrator = Orchestrator::start();
    let rule = |value: Value, comparison: &str, expected: Value, met: Value, severity: &str| {
        json!([{ "name": "wear", "value": value, "validators": [{ "name": "wear_fail",
            "comparison": comparison, "expected": expected, "severity": severity,
            "source": "a standard", "met": met }] }])
    };
    let bad = json!([{ "name": "pending", "finding": "fail", "message": "8 sectors" }]);
    let forgeries: Vec<(&str, Forge<'_>)> = vec![
        (
            "violated",
            Box::new(|r| {
                r["measurements"] = rule(json!(500), "less_than", json!([100]), json!(true), "fail")
            }),
        ),
        (
            "admitted",
            Box::new(|r| {
                r["measurements"] =
                    rule(json!(500), "less_than", json!([100]), json!(false), "fail")
            }),
        ),
        (
            "warned-only",
            Box::new(|r| {
                r["measurements"] =
                    rule(json!(500), "less_than", json!([100]), json!(false), "warn")
            }),
        ),
        (
            "not-a-number",
            Box::new(|r| {
                r["measurements"] =
                    rule(json!("NaN"), "not_equal", json!([1.0]), json!(true), "fail")
            }),
        ),
        (
            "excluded-only",
            Box::new(|r| {
                r["measurements"] = rule(json!(5), "not_in_set", json!([-1]), json!(true), "fail")
            }),
        ),
        (
            "nothing-measured",
            Box::new(|r| r["measurements"] = json!([])),
        ),
        ("diagnosed", Box::new(|r| r["diagnoses"] = bad.clone())),
        (
            "skip-diagnosed",
            Box::new(|r| {
                r["verdict"] = json!("skip");
                r["diagnoses"] = bad.clone();
            }),
        ),
        (
            "not-run",
            Box::new(|r| r["ending"] = json!({ "kind": "not_run" })),
        ),
        (
            "deadline",
            Box::new(|r| r["ending"] = json!({ "kind": "deadline", "partial_outcome": true })),
        ),
        (
            "another-digest",
            Box::new(|r| r["digest"] = json!("ab".repeat(32))),
        ),
        ("no-digest", Box::new(|r| r["digest"] = Value::Null)),
        (
            "another-version",
            Box::new(|r| r["version"] = json!("99.0.0")),
        ),
        ("too-fast", Box::new(|r| r["duration_ms"] = json!(1))),
        (
            "logged-later",
            Box::new(|r| {
                r["log"] = json!([{ "at_ns": 7_200_000_000_000_u64, "level": "info", "text": "x" }])
            }),
        ),
    ];
    let count = forgeries.len();
    for (name, forge) in forgeries {
        let run = orchestrator.run(name, &["--stage", "CPUStress"]);
        let claimed = claim(&orchestrator, &run, "boot", "u").expect("claimed");
        let mut result = earned(&orchestrator, &run, "CPUStress", 1, 1);
        forge(&mut result);
        let path = format!("/api/v1/runs/{}/result", run.id);
        let session = claimed["session_token"].as_str().unwrap_or_default();
        let answer = call(&orchestrator, &path, session, &result).expect("it is kept");
        assert_eq!(answer["next_state"], "FailedHolding", "{name}: {answer}");
        let report = orchestrator.report(&run);
        assert_eq!(report["verdict"], "inconclusive", "{name}: {report:#}");
        let message = report["stages"][0]["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("contradictory: "), "{name}: {message}");
        // Sent again with another content it is answered as before.
        let again = earned(&orchestrator, &run, "CPUStress", 1, 1);
        let again = call(&orchestrator, &path, session, &again).expect("answered");
        assert_eq!(again["repeated"], true, "{name}");
        assert_eq!(again["next_state"], "FailedHolding", "{name}");
    }
    // What contradicts nothing leads on: the check is not a wall.
    let run = orchestrator.run("honest", &["--stage", "CPUStress"]);
    let claimed = claim(&orchestrator, &run, "boot", "u").expect("claimed");
    let result = earned(&orchestrator, &run, "CPUStress", 1, 1);
    let path = format!("/api/v1/runs/{}/result", run.id);
    let session = claimed["session_token"].as_str().unwrap_or_default();
    let answer = call(&orchestrator, &path, session, &result).expect("taken");
    assert_eq!(answer["next_state"], "Completed", "{answer}");
    format!("{count} forgeries are contradictory and hold; an honest result completes its run")
}

fn lose_the_spec() -> String {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let spec = folder.path().join("spec.toml");
    std::fs::write(&spec, "[[disks]]\nserial = 'S1'\n").expect("written");
    let spec = spec.display().to_string();
    let known = orchestrator.run("known", &["--stage", "Inventory"]);
    orchestrator.cli(&["run", "abort", &known.id]);
    orchestrator.cli(&["host", "set", "known", "--spec", &spec]);
    let again = orchestrator.try_cli(&["host", "add", "known", "--mac", &known.mac]);
    let words = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(
        words.contains("host set known"),
        "a known host is added over: {words}"
    );
    let run = orchestrator.run("known", &["--stage", "Inventory"]);
    orchestrator.cli(&["host", "set", "known", "--forget", "spec"]);
    let claimed = claim(&orchestrator, &run, "boot", "u").expect("claimed");
    let mut result = earned(&orchestrator, &run, "Inventory", 1, 1);
    result["inventory"] = json!({ "disks": [] });
    let path = format!("/api/v1/runs/{}/result", run.id);
    let session = claimed["session_token"].as_str().unwrap_or_default();
    let answer = call(&orchestrator, &path, session, &result).expect("taken");
    assert_eq!(answer["next_state"], "FailedHolding", "{answer}");
    answer["held_because"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}
