//! A boot token in the wrong hands: read off a BMC's console, a PXE server or a kernel command line.

use serde_json::{Value, json};
use vetting_tests::fleet::{Orchestrator, Run, call, claim};

use crate::Attack;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "claim-with-another-token",
        promise: "a run is claimed with its own boot token alone, and a refusal does not say more",
        attempt: claim_with_another_token,
    },
    Attack {
        name: "claim-a-second-time",
        promise: "a boot token is good for one claim that leads on without a person",
        attempt: claim_a_second_time,
    },
    Attack {
        name: "fail-a-good-host",
        promise: "a second claim does not fail the host whose agent is still there",
        attempt: fail_a_good_host,
    },
    Attack {
        name: "learn-from-refusals",
        promise: "a refusal does not say which identity would have been right; the audit does",
        attempt: learn_from_refusals,
    },
    Attack {
        name: "claim-again-and-again",
        promise: "claims of a run are bounded, and wrong ones are slowed down by address",
        attempt: claim_again_and_again,
    },
];

const STAGES: [&str; 4] = ["--stage", "SMART", "--stage", "PSU"];

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn claim_with_another_token() -> String {
    let orchestrator = Orchestrator::start();
    let [mine, other] = ["mine", "other"].map(|host| orchestrator.run(host, &STAGES));
    let with = |token: &str| Run {
        token: token.to_owned(),
        id: mine.id.clone(),
        mac: mine.mac.clone(),
    };
    let refusals = [other.token.as_str(), "vb_nobody", &orchestrator.token]
        .map(|token| claim(&orchestrator, &with(token), "boot", "u").expect_err("claimed"));
    let words = refusals.map(|refusal| refusal.to_string());
    assert!(words.iter().all(|word| *word == words[0]), "{words:?}");
    claim(&orchestrator, &mine, "boot", "u").expect("the run's own agent claims it");
    words[0].clone()
}

fn claim_a_second_time() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &STAGES);
    claim(&orchestrator, &run, "boot", "u").expect("claimed");
    // The thief knows the boot's id and the host's identity too.
    let thief = json!({ "identity": { "mac": run.mac, "system_uuid": "u" }, "boot_id": "boot",
        "instance": "thief", "version": "0", "machine": "real", "address": "192.0.2.66" });
    let path = format!("/api/v1/runs/{}/claim", run.id);
    let stolen = call(&orchestrator, &path, &run.token, &thief).expect("claimed");
    assert_eq!(
        stolen["current_state"], "FailedHolding",
        "it leads on: {stolen}"
    );
    let result = super::forged::earned(&orchestrator, &run, "SMART", 2, 2);
    let path = format!("/api/v1/runs/{}/result", run.id);
    let forged = call(
        &orchestrator,
        &path,
        text(&stolen, "session_token"),
        &result,
    );
    assert!(
        forged.is_err(),
        "a result is taken without a person's release"
    );
    let view = orchestrator.show(&run);
    let why = view["held"]["reason"].as_str().unwrap_or_default();
    assert!(
        why.contains("192.0.2.66") && why.contains("claim 1"),
        "{why}"
    );
    let report = orchestrator.report(&run);
    assert!(
        report["notes"].to_string().contains("192.0.2.66"),
        "{report:#}"
    );
    assert_ne!(report["verdict"], "pass");
    why.to_owned()
}

fn fail_a_good_host() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("good", &STAGES);
    let good = claim(&orchestrator, &run, "boot", "u").expect("claimed");
    claim(&orchestrator, &run, "no such boot", "u").expect("claimed by the thief");
    // The host's agent goes on, and hears that it was replaced.
    let path = format!("/api/v1/runs/{}/heartbeat", run.id);
    let beat = json!({ "epoch": 1, "state": "SMART" });
    let heard = call(&orchestrator, &path, text(&good, "session_token"), &beat);
    heard.expect_err("a newer claim has the run");
    let view = orchestrator.show(&run);
    assert_eq!(view["stages"][0]["verdict"], "inconclusive", "{view:#}");
    let report = orchestrator.report(&run);
    assert_ne!(report["verdict"], "fail", "{report:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("two machines are up at once"), "{notes}");
    "the good host is not failed, and the report says that two machines are up".to_owned()
}

fn learn_from_refusals() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &STAGES);
    claim(&orchestrator, &run, "boot", "the-uuid").expect("claimed");
    let guess = Run {
        mac: "02:00:00:00:00:99".to_owned(),
        token: run.token.clone(),
        id: run.id.clone(),
    };
    let [mac, uuid] = [(&guess, "the-uuid"), (&run, "another")]
        .map(|(run, uuid)| claim(&orchestrator, run, "boot", uuid).expect_err("claimed"))
        .map(|refusal| refusal.to_string());
    assert_eq!(mac, uuid, "the refusals tell the guesses apart");
    assert!(
        !mac.contains(&run.mac) && !mac.contains("the-uuid"),
        "{mac}"
    );
    let audit = orchestrator.cli(&["audit", "--run", &run.id]).to_string();
    assert!(
        audit.contains("claim refused") && audit.contains(&run.mac),
        "{audit}"
    );
    let claims = orchestrator.show(&run)["claims"].to_string();
    assert!(claims.contains("02:00:00:00:00:99"), "{claims}");
    mac
}

fn claim_again_and_again() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &STAGES);
    let wrong = Run {
        token: "vb_wrong".to_owned(),
        id: run.id.clone(),
        mac: run.mac.clone(),
    };
    let refusals: Vec<String> = (0..60)
        .map(|_| claim(&orchestrator, &wrong, "boot", "u").expect_err("claimed"))
        .map(|refusal| refusal.to_string())
        .collect();
    let slowed = refusals.iter().filter(|r| r.contains("429")).count();
    assert!(slowed >= 30, "only {slowed} of 60 were told to wait");
    // Whoever has a good token is served all the same, from the same address.
    claim(&orchestrator, &run, "boot", "u").expect("claimed");
    let audited = orchestrator.cli(&["audit"]).to_string();
    let rows = audited.matches("claim refused").count();
    assert!((1..=10).contains(&rows), "{rows} rows of the audit");
    format!("{slowed} of 60 told to wait, {rows} rows in the audit")
}
