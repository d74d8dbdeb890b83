//! Clients without a token that is good: they hold connections, trickle, and read slowly.

mod browsers;
pub mod wire;

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use vetting_tests::fleet::{Orchestrator, claim};

use crate::Attack;

pub const ATTACKS: &[&[Attack]] = &[browsers::ATTACKS, CONNECTIONS];

const CONNECTIONS: &[Attack] = &[
    Attack {
        name: "hold-connections",
        promise: "one address holds few connections that say nothing, and not for long",
        attempt: hold_connections,
    },
    Attack {
        name: "trickle-a-body",
        promise: "a body is read of nobody but whom the orchestrator knows; a log-in is short",
        attempt: trickle_a_body,
    },
    Attack {
        name: "read-slowly",
        promise: "whoever takes nothing of an answer is cut off",
        attempt: read_slowly,
    },
];

/// Where attackers come from; honest calls come from 127.0.0.1.
const FROM: [u8; 4] = [127, 0, 0, 66];
/// How long an attack may last before it counts as not ended. The bound that is tried is 10 s.
const PATIENCE: Duration = Duration::from_secs(40);

fn hold_connections() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &["--stage", "SMART"]);
    let held: Vec<_> = (0..700)
        .filter_map(|_| wire::dial(&orchestrator, FROM).ok())
        .collect();
    claim(&orchestrator, &run, "boot", "u").expect("an honest claim finds a place");
    for stream in &held {
        assert!(wire::ends(stream, PATIENCE), "it is held for ever");
    }
    let log = orchestrator.log();
    assert!(log.contains("connections were refused"), "{log}");
    format!(
        "{} connections of one address ended by the orchestrator; an honest claim was served meanwhile",
        held.len()
    )
}

fn trickle_a_body() -> String {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("host", &["--stage", "SMART"]);
    let json = "Authorization: Bearer vb_nobody\r\nContent-Type: application/json";
    let form = "Content-Type: application/x-www-form-urlencoded";
    let calls = [
        (format!("/api/v1/runs/{}/hello", run.id), json, "401"),
        (format!("/api/v1/runs/{}/claim", run.id), json, "401"),
        (format!("/api/v1/runs/{}/result", run.id), json, "401"),
        ("/login".to_owned(), form, "408"),
    ];
    std::thread::scope(|scope| {
        let trickled = calls.each_ref().map(|(path, headers, _)| {
            let orchestrator = &orchestrator;
            scope.spawn(move || trickle(orchestrator, path, headers))
        });
        for (trickled, (path, _, status)) in trickled.into_iter().zip(&calls) {
            let answer = trickled.join().expect("no client panics");
            let head = answer.lines().next().unwrap_or_default();
            assert!(head.contains(status), "{path}: {answer}");
        }
    });
    claim(&orchestrator, &run, "boot", "u").expect("an honest claim is served");
    "hello, claim, result and log-in were ended with an answer".to_owned()
}

/// Sends a body a byte at a time; the answer, once the orchestrator ends it.
fn trickle(orchestrator: &Orchestrator, path: &str, headers: &str) -> String {
    let mut stream = wire::secure(orchestrator, FROM).expect("a connection");
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: h\r\n{headers}\r\nContent-Length: 4000\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("the head is sent");
    let began = Instant::now();
    let pace = Duration::from_millis(200);
    wire::wait_for_reads(&stream, pace);
    let mut answer = Vec::new();
    while began.elapsed() < PATIENCE {
        let gone = stream
            .write_all(b" ")
            .and_then(|()| stream.flush())
            .is_err();
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes) {
            Ok(0) => break,
            Ok(many) => answer.extend_from_slice(&bytes[..many]),
            Err(error) if wire::is_still(&error) => {}
            Err(_) => break,
        }
        if gone {
            break;
        }
    }
    let took = began.elapsed();
    assert!(took < PATIENCE, "{path}: the body is still read");
    String::from_utf8_lossy(&answer).into_owned()
}

fn read_slowly() -> String {
    let orchestrator = Orchestrator::with(&["--stall", "2s"]);
    let mut stream = wire::secure(&orchestrator, FROM).expect("a connection");
    let call = b"GET /api/v1/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n";
    let began = Instant::now();
    wire::wait_for_writes(&stream, Duration::from_secs(1));
    let mut calls = 0_u64;
    while began.elapsed() < PATIENCE {
        match stream.write_all(call).and_then(|()| stream.flush()) {
            Ok(()) => calls += 1,
            // Neither side takes anything more: the orchestrator ends it after its time.
            Err(error) if wire::is_still(&error) => {}
            Err(_) => {
                return format!("cut off after {calls} calls whose answers were not read");
            }
        }
    }
    panic!("after {PATIENCE:?} and {calls} calls whose answers were not read it is still served")
}
