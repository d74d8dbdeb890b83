//! Words that steer a terminal, hide, or turn around what stands beside them, in everything that an agent
//! may say.

use serde_json::{Value, json};
use vetting_tests::fleet::{Orchestrator, call};

use crate::Attack;
use crate::clients::wire::{ask, status};

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "deceive-the-reader",
        promise: "nothing that an agent says steers a terminal, log, page or report, and JSON stays JSON",
        attempt: deceive_the_reader,
    },
    Attack {
        name: "offer-what-no-image-has",
        promise: "what an agent says its image offers is bounded and plain, or its claim is refused",
        attempt: offer_what_no_image_has,
    },
];

fn offer_what_no_image_has() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &["--stage", "PSU"]);
    let claim = |offers: Value| {
        let body = json!({ "identity": { "mac": run.mac }, "boot_id": "b", "instance": "i",
            "version": "0", "machine": "real", "offers": offers });
        let path = format!("/api/v1/runs/{}/claim", run.id);
        call(&orchestrator, &path, &run.token, &body)
    };
    let offers = |contract: Value, interfaces: Value, queries: Value| json!({ "contract": contract, "interfaces": interfaces, "queries": queries, "files": [] });
    let many: Vec<String> = (0..5_000).map(|n| format!("q{n}")).collect();
    let refused = [
        offers(json!(HOSTILE), json!({}), json!([])),
        offers(json!("0.2.0"), json!({ HOSTILE: [] }), json!([])),
        offers(json!("0.2.0"), json!({}), json!([HOSTILE])),
        offers(json!("0.2.0"), json!({}), json!(["x".repeat(300)])),
        offers(json!("0.2.0"), json!({}), json!(many)),
        offers(json!(2), json!({}), json!([])),
        json!({ "contract": "0.2.0" }),
        json!("everything"),
    ];
    let count = refused.len();
    for offers in refused {
        let shown: String = offers.to_string().chars().take(80).collect();
        assert!(claim(offers).is_err(), "{shown}");
    }
    // One that offers nothing holds the run, and passes no stage.
    let claimed = claim(offers(json!("0.2.0"), json!({}), json!([]))).expect("claimed");
    assert_eq!(claimed["current_state"], "FailedHolding", "{claimed:#}");
    format!("{count} offers refused; one of nothing holds the run")
}

/// An escape sequence of seven and of eight bits, a turn of direction, a line of its own, a tag, and what
/// hides.
const HOSTILE: &str = "x\u{1b}[2J\u{9b}2J\u{202e}y\n\rz\u{2028}\u{e0041}\u{200b}\u{7f}\u{feff}";

fn deceive_the_reader() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &["--stage", "PSU"]);
    let claim = json!({ "identity": { "mac": run.mac, "system_uuid": HOSTILE },
        "boot_id": HOSTILE, "instance": HOSTILE, "version": HOSTILE, "machine": HOSTILE,
        "address": HOSTILE });
    let say = |what: &str, token: &str, body: &Value| {
        call(
            &orchestrator,
            &format!("/api/v1/runs/{}/{what}", run.id),
            token,
            body,
        )
    };
    let claimed = say("claim", &run.token, &claim).expect("claimed");
    let session = claimed["session_token"].as_str().unwrap_or_default();
    let beat =
        json!({ "epoch": 1, "state": "PSU", "stage": HOSTILE, "attempt": 1, "note": HOSTILE });
    say("heartbeat", session, &beat).expect("heard");
    let line = json!({ "seq": 1, "ts": HOSTILE, "mono_ns": 1, "level": "info", "stage": HOSTILE,
        "text": HOSTILE });
    say("log", session, &json!({ "epoch": 1, "lines": [line] })).expect("taken");
    let sample = json!({ "seq": 1, "ts": "2026-01-01T00:00:00Z", "mono_ns": 1, "kind": HOSTILE,
        "key": HOSTILE, "value": 1.0, "unit": HOSTILE });
    say(
        "sensor",
        session,
        &json!({ "epoch": 1, "samples": [sample] }),
    )
    .expect("taken");
    let mut result = super::forged::earned(&orchestrator, &run, "PSU", 1, 1);
    let part = json!({ "kind": HOSTILE, "name": HOSTILE, "location": HOSTILE, "serial": HOSTILE });
    result["verdict"] = json!("fail");
    result["passed"] = json!(false);
    for text in ["message", "summary"] {
        result[text] = json!(HOSTILE);
    }
    result["parameters"] = json!({ HOSTILE: HOSTILE });
    result["measurements"][0]["part"] = part.clone();
    for text in ["name", "unit"] {
        result["measurements"][0][text] = json!(HOSTILE);
    }
    for text in ["name", "source"] {
        result["measurements"][0]["validators"][0][text] = json!(HOSTILE);
    }
    result["diagnoses"] =
        json!([{ "name": HOSTILE, "finding": "fail", "message": HOSTILE, "part": part }]);
    say("result", session, &result).expect("taken");

    let mut looked = 0;
    let mut shown = |what: &str, text: &str| {
        assert!(!text.trim().is_empty(), "{what} says nothing");
        let bad = text
            .chars()
            .find(|c| !vetting_protocol::is_printable(*c) && !"\n\t".contains(*c));
        assert_eq!(bad, None, "{what}: {}", text.escape_debug());
        looked += 1;
    };
    let lists: [&[&str]; 4] = [
        &["run", "show", &run.id],
        &["run", "list"],
        &["audit"],
        &["host", "show", "host"],
    ];
    for args in lists {
        for more in [&[][..], &["--json"]] {
            let output = orchestrator.try_cli(&[args, more].concat());
            assert!(output.status.success(), "{args:?}: {output:?}");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            shown(&args.join(" "), &text);
            if !more.is_empty() {
                serde_json::from_str::<Value>(&text).expect("JSON");
            }
        }
    }
    for format in ["json", "pretty", "ocptv", "junit", "html"] {
        let output = orchestrator.try_cli(&["run", "report", &run.id, "--format", format]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        shown(format, &text);
        match format {
            "json" => drop(serde_json::from_str::<Value>(&text).expect("JSON")),
            "ocptv" => text.lines().for_each(|line| {
                serde_json::from_str::<Value>(line).expect("JSON");
            }),
            "junit" => drop(roxmltree::Document::parse(&text).expect("XML")),
            _ => {}
        }
    }
    let bearer = format!("Authorization: Bearer {}", orchestrator.token);
    for part in ["", "/parts", "/report"] {
        let answer = ask(
            &orchestrator,
            &format!("GET /runs/{}{part}", run.id),
            &[&bearer],
            "",
        );
        assert_eq!(status(&answer), "200", "{answer}");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        shown(part, &body.replace("\r\n", "\n"));
    }
    shown("the log", &orchestrator.log());
    format!("{looked} texts are printable, and what is JSON or XML stays it")
}
