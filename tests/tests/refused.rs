//! Who and what an orchestrator refuses, and the words in which it does.

use serde_json::{Value, json};
use vetting_tests::fleet::{Orchestrator, Run, call, claim};
use vetting_transport::CallError;

const HEALTHY: &str = "sim:healthy-server";

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
fn whoever_is_not_the_run_s_is_refused_and_told_why() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("mine", &["--stage", "CPUStress"]);
    let other = orchestrator.run("other", &["--stage", "CPUStress"]);
    claim(&orchestrator, &run, "boot", "uuid-1").expect("claimed");
    let refused = |answer: Result<Value, CallError>| answer.expect_err("refused").to_string();
    let beat = json!({ "epoch": 1, "state": "CPUStress" });
    let path = format!("/api/v1/runs/{}/heartbeat", run.id);
    let session =
        claim(&orchestrator, &other, "boot", "u").expect("claimed")["session_token"].clone();
    let session = session.as_str().expect("a token");
    for (answer, words) in [
        (claim(&orchestrator, &run, "boot", "uuid-2"), "system UUID"),
        (
            call(&orchestrator, &path, "nonsense", &beat),
            "nobody has this token",
        ),
        (call(&orchestrator, &path, session, &beat), "another run's"),
        (
            call(&orchestrator, &path, &run.token, &beat),
            "only for hello and claim",
        ),
        (
            call(&orchestrator, &path, session, &json!({ "state": "x" })),
            "another run's",
        ),
        (
            call(&orchestrator, "/api/v1/nothing", session, &beat),
            "nothing at this path",
        ),
    ] {
        let why = refused(answer);
        assert!(why.contains(words), "not `{words}`: {why}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut wrong = orchestrator.run("pinned", &["--stage", "CPUStress"]);
    let agent = |url: &str, pin: &str, run: &Run| {
        let mut command = std::process::Command::new(vetting_tests::vetting());
        command.args([
            "agent",
            "--machine",
            HEALTHY,
            "--tries",
            "1",
            "--url",
            url,
            "--pin",
            pin,
        ]);
        command
            .args(["--run", &run.id, "--spool"])
            .arg(folder.path());
        command.env("VETTING_BOOT_TOKEN", &run.token);
        let output = command.output().expect("an agent");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (status, why) = agent(&orchestrator.url, &"ab".repeat(32), &wrong);
    assert_eq!(status, Some(3), "{why}");
    assert!(why.contains("is not pinned"), "{why}");
    let plain = orchestrator.url.replace("https", "http");
    let (_, why) = agent(&plain, &orchestrator.pin, &wrong);
    assert!(why.contains("only https://"), "{why}");
    wrong.token = "vb_wrong".to_owned();
    let (_, why) = agent(&orchestrator.url, &orchestrator.pin, &wrong);
    assert!(
        why.contains("nobody has this token") && !why.contains("vb_wrong"),
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
    // The same result twice: recognised, and answered the same.
    let mut good = result.clone();
    good["verdict"] = json!("pass");
    let first = call(&orchestrator, &path("result"), session, &good).expect("stored");
    let again = call(&orchestrator, &path("result"), session, &good).expect("recognised");
    assert_eq!(
        (&first["repeated"], &again["repeated"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(first["next_state"], again["next_state"]);
}
