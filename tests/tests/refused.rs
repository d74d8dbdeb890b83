//! What an orchestrator refuses, and the words in which it does.

use serde_json::json;
use vetting_tests::fleet::{Orchestrator, call, claim};

#[test]
fn a_host_that_went_down_under_a_stage_has_failed_it() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("down", &["--stage", "CPUStress"]);
    let first = claim(&orchestrator, &run, "boot-1", "u").expect("claimed");
    assert_eq!(first["current_state"], "CPUStress");
    let second = claim(&orchestrator, &run, "boot-2", "u").expect("claimed again");
    assert_eq!(second["current_state"], "FailedHolding", "{second:#}");
    let why = second["held_because"].as_str().expect("a reason");
    assert!(why.contains("went down under CPUStress"), "{why}");
    let view = orchestrator.show(&run);
    assert_eq!(view["stages"][0]["verdict"], "fail", "{view:#}");
    // What it left behind is kept, told of and fetched.
    let path = format!("/api/v1/runs/{}/artifact", run.id);
    let session = second["session_token"].as_str().expect("a token");
    let last_words = json!({ "epoch": 2, "stage": "CPUStress", "attempt": 1,
        "name": "dmesg-pstore-0", "media_type": "text/plain", "base64": "cGFuaWMK" });
    let stored = call(&orchestrator, &path, session, &last_words).expect("stored");
    let view = orchestrator.show(&run);
    assert_eq!(view["artifacts"][0]["sha256"], stored["sha256"], "{view:#}");
    let notes = orchestrator.report(&run)["notes"].to_string();
    assert!(
        notes.contains("about CPUStress attempt 1: dmesg-pstore-0"),
        "{notes}"
    );
    let sha256 = stored["sha256"].as_str().expect("a sha256");
    let fetched = orchestrator.try_cli(&["run", "artifact", &run.id, sha256]);
    assert_eq!(fetched.stdout, b"panic\n", "{fetched:?}");
    let none = orchestrator.try_cli(&["run", "artifact", &run.id, "abcd"]);
    let why = String::from_utf8_lossy(&none.stderr).into_owned();
    assert!(
        !none.status.success() && why.contains("no file with the sha256"),
        "{why}"
    );
}

#[test]
fn bodies_that_no_agent_would_send_are_refused_by_name() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("hostile", &["--stage", "CPUStress"]);
    let claimed = claim(&orchestrator, &run, "boot", "u").expect("claimed");
    let session = claimed["session_token"].as_str().expect("a token");
    let path = |name: &str| format!("/api/v1/runs/{}/{name}", run.id);
    let result = json!({ "epoch": 1, "passed": true, "stage": "CPUStress", "attempt": 1, "verdict": "fail",
        "message": "m", "summary": "s", "ending": { "kind": "outcome" }, "duration_ms": 1,
        "measurements": [], "diagnoses": [] });
    let mut missing = result.clone();
    missing
        .as_object_mut()
        .expect("an object")
        .remove("measurements");
    let mut later = result.clone();
    later["passed"] = json!(false);
    later["attempt"] = json!(7);
    for (name, body, status, words) in [
        ("result", &result, "422", "neither `pass` nor `skip`"),
        ("result", &missing, "422", "measurements"),
        ("result", &later, "409", "CPUStress attempt 1"),
        (
            "heartbeat",
            &json!({ "epoch": 9, "state": "x" }),
            "409",
            "replaced",
        ),
        ("heartbeat", &json!("x".repeat(70 << 10)), "413", ""),
        (
            "hold",
            &json!({ "epoch": 1, "step": "begin" }),
            "409",
            "does not hold",
        ),
    ] {
        let why = call(&orchestrator, &path(name), session, body)
            .expect_err("refused")
            .to_string();
        assert!(why.contains(status) && why.contains(words), "{name}: {why}");
    }
}
