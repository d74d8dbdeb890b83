//! Browsers: of people whom another site lures, and of operators who are none any more.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use vetting_tests::fleet::{Orchestrator, Run};

use super::wire::{self, ask, header, status};
use crate::Attack;

pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "log-in-from-another-site",
        promise: "a log-in is taken from a page of the orchestrator's own alone",
        attempt: log_in_from_another_site,
    },
    Attack {
        name: "frame-a-page",
        promise: "no site frames a page, no cache keeps one, no script but its own runs in it",
        attempt: frame_a_page,
    },
    Attack {
        name: "steer-by-cookie",
        promise: "a browser's log-in looks at pages, and is no token of the API",
        attempt: steer_by_cookie,
    },
    Attack {
        name: "keep-a-log-in",
        promise: "a log-in and its streams end with the operator's token",
        attempt: keep_a_log_in,
    },
    Attack {
        name: "guess-tokens",
        promise: "wrong tokens at the log-in are slowed down and audited",
        attempt: guess_tokens,
    },
];

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";

/// Logs in, with more lines of the head; the whole answer.
fn log_in(orchestrator: &Orchestrator, token: &str, head: &[&str]) -> String {
    let body = format!("token={token}&to=%2Fruns%2Fx");
    ask(
        orchestrator,
        "POST /login",
        &[&[FORM], head].concat(),
        &body,
    )
}

/// The cookie of a log-in, as a browser sends it.
fn cookie(orchestrator: &Orchestrator, token: &str) -> String {
    let answer = log_in(orchestrator, token, &[]);
    assert_eq!(status(&answer), "303", "{answer}");
    let set = header(&answer, "set-cookie").expect("a cookie");
    for part in [
        "__Host-vetting=vw_",
        "HttpOnly",
        "Secure",
        "SameSite=Strict",
        "Max-Age=43200",
    ] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains(token), "the API's token is in the cookie");
    let pair = set.split(';').next().unwrap_or_default();
    format!("Cookie: {pair}")
}

fn run(orchestrator: &Orchestrator) -> Run {
    orchestrator.run("host", &["--stage", "SMART"])
}

fn page(run: &Run, part: &str) -> String {
    format!("GET /runs/{}{part}", run.id)
}

fn log_in_from_another_site() -> String {
    let orchestrator = Orchestrator::start();
    let own = format!("Origin: {}", orchestrator.url);
    for foreign in [
        "Origin: https://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ] {
        let answer = log_in(&orchestrator, &orchestrator.token, &[foreign]);
        assert_eq!(status(&answer), "422", "{foreign}: {answer}");
        assert!(header(&answer, "set-cookie").is_none(), "{answer}");
    }
    for honest in [own.as_str(), "Sec-Fetch-Site: same-origin"] {
        let answer = log_in(&orchestrator, &orchestrator.token, &[honest]);
        assert_eq!(status(&answer), "303", "{honest}: {answer}");
    }
    "four forms of other sites refused, two of its own taken".to_owned()
}

fn frame_a_page() -> String {
    let orchestrator = Orchestrator::start();
    let run = run(&orchestrator);
    let cookie = cookie(&orchestrator, &orchestrator.token);
    let mut looked = 0;
    for (path, head) in [
        (page(&run, ""), vec![cookie.as_str()]),
        (page(&run, ""), vec![]),
        (page(&run, "/report"), vec![cookie.as_str()]),
        (page(&run, "/parts"), vec![cookie.as_str()]),
        ("GET /api/v1/openapi.json".to_owned(), vec![]),
        ("GET /nothing".to_owned(), vec![]),
    ] {
        let answer = ask(&orchestrator, &path, &head, "");
        let is = |name: &str, value: &str| {
            let found = header(&answer, name).unwrap_or_default();
            assert!(found.contains(value), "{path}: {name}: {found}");
        };
        is("x-frame-options", "DENY");
        is("cache-control", "no-store");
        is("x-content-type-options", "nosniff");
        is("referrer-policy", "same-origin");
        is("content-security-policy", "default-src 'none'");
        is("content-security-policy", "frame-ancestors 'none'");
        assert!(!answer.contains("script-src 'unsafe"), "{answer}");
        looked += 1;
    }
    format!("{looked} kinds of answers have the headers")
}

fn steer_by_cookie() -> String {
    let orchestrator = Orchestrator::start();
    let run = run(&orchestrator);
    let cookie = cookie(&orchestrator, &orchestrator.token);
    let seen = ask(&orchestrator, &page(&run, ""), &[&cookie], "");
    assert_eq!(status(&seen), "200", "{seen}");
    let json = "Content-Type: application/json";
    let steer = format!("POST /api/v1/admin/runs/{}/steer", run.id);
    let body = r#"{"cmd":"abort"}"#;
    let refused = ask(&orchestrator, &steer, &[&cookie, json], body);
    assert_eq!(status(&refused), "401", "{refused}");
    let bearer = cookie.replace("Cookie: __Host-vetting=", "Authorization: Bearer ");
    let refused = ask(&orchestrator, &steer, &[&bearer, json], body);
    assert_eq!(status(&refused), "401", "{refused}");
    let old = format!("Cookie: vetting={}", orchestrator.token);
    let refused = ask(&orchestrator, &page(&run, ""), &[&old], "");
    assert_eq!(status(&refused), "401", "{refused}");
    let view = orchestrator.show(&run);
    assert_ne!(view["state"], "Aborted", "{view:#}");
    "the page is seen; steering by cookie or with the cookie's token is refused".to_owned()
}

fn keep_a_log_in() -> String {
    let orchestrator = Orchestrator::start();
    let run = run(&orchestrator);
    let data = orchestrator.data();
    let token = orchestrator.operator("eve", &["view"]);
    let cookie = cookie(&orchestrator, &token);
    let events = |head: &str| {
        let mut stream = wire::secure(&orchestrator, [127, 0, 0, 67]).expect("a connection");
        let call = format!(
            "{} HTTP/1.1\r\nHost: h\r\n{head}\r\n\r\n",
            page(&run, "/events")
        );
        stream.write_all(call.as_bytes()).expect("it is sent");
        wire::wait_for_reads(&stream, Duration::from_secs(30));
        let mut head = [0; 12];
        stream.read_exact(&mut head).expect("an answer");
        assert_eq!(&head, b"HTTP/1.1 200");
        stream
    };
    let bearer = format!("Authorization: Bearer {token}");
    let streams = [events(&cookie), events(&bearer)];
    orchestrator.cli(&["operator", "remove", "eve", "--data", &data]);
    for mut stream in streams {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        let rest = String::from_utf8_lossy(&rest);
        assert!(
            ended.is_ok() || rest.ends_with("0\r\n\r\n"),
            "the stream goes on: {ended:?} {rest}"
        );
    }
    let refused = ask(&orchestrator, &page(&run, "/parts"), &[&cookie], "");
    assert_eq!(status(&refused), "401", "{refused}");
    // Logging out ends it as well.
    let cookie = self::cookie(&orchestrator, &orchestrator.token);
    let out = ask(&orchestrator, "POST /logout", &[FORM, &cookie], "");
    assert_eq!(status(&out), "303", "{out}");
    let refused = ask(&orchestrator, &page(&run, "/parts"), &[&cookie], "");
    assert_eq!(status(&refused), "401", "{refused}");
    let audit = orchestrator.cli(&["audit", "--what", "log in"]);
    let who: Vec<_> = audit
        .as_array()
        .into_iter()
        .flatten()
        .map(|deed| &deed["who"])
        .collect();
    assert_eq!(who, ["root", "eve"], "{audit:#}");
    "two streams and a cookie ended with the operator; log-ins are in the audit".to_owned()
}

fn guess_tokens() -> String {
    let orchestrator = Orchestrator::start();
    let statuses: Vec<String> = (0..200)
        .map(|guess| log_in(&orchestrator, &format!("vo_{guess:064x}"), &[]))
        .map(|answer| status(&answer).to_owned())
        .collect();
    let slowed = statuses.iter().filter(|status| *status == "429").count();
    let refused = statuses.iter().filter(|status| *status == "401").count();
    assert!(slowed >= 150 && slowed + refused == 200, "{statuses:?}");
    let audit = orchestrator.cli(&["audit", "--what", "token refused"]);
    let rows = audit.as_array().map_or(0, Vec::len);
    assert!((1..=9).contains(&rows), "{audit:#}");
    format!("{slowed} of 200 told to wait, {rows} rows in the audit")
}
