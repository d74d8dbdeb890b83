//! Who trusts whom: which servers an agent speaks to, which agents an orchestrator hears, in which
//! words each refuses, and that no token is ever written down.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use vetting_tests::between::{Act, Answer, Between, Rule, Seen};
use vetting_tests::certificate::Certificate;
use vetting_tests::fleet::{Agent, Orchestrator, Run, call, claim};
use vetting_tests::{descendants, eventually, named};
use vetting_transport::CallError;

const HEALTHY: &str = "sim:healthy-server";
const STAGE: [&str; 2] = ["--stage", "PSU"];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Tries an agent once, to its end.
fn tried(url: &str, pin: &str, run: &Run, flags: &[&str]) -> (i32, String) {
    let folder = folder();
    let agent = Agent::at(url, pin, run, HEALTHY, folder.path());
    agent.args(&["--tries", "1"]).args(flags).start().wait()
}

/// No part of any of these tokens that could be used is in a log.
fn not_told(log: &str, tokens: &[&str]) {
    for token in tokens {
        let (_kind, random) = token.split_once('_').expect("a token's kind");
        assert!(random.len() > 16, "not much of a token");
        let part = &random[..8];
        assert!(!log.contains(part), "a token is in the log: {log}");
    }
}

#[test]
fn a_server_that_is_not_the_one_is_told_no_token_and_the_agent_says_what_is_wrong() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("strict", &STAGE);
    let other = "ab".repeat(32);
    let plain_url = orchestrator.url.replace("https", "http");
    let (old, plain) = (Tls12::start(), Plain::start());
    for (what, url, pin, words) in [
        ("another pin", &orchestrator.url, &other, "is not pinned"),
        ("TLS 1.2", &old.url, &old.pin, "does not speak TLS 1.3"),
        (
            "http://",
            &plain_url,
            &orchestrator.pin,
            "only https:// is spoken",
        ),
        (
            "plain HTTP",
            &plain.url,
            &orchestrator.pin,
            "does not speak TLS",
        ),
    ] {
        let (status, log) = tried(url, pin, &run, &[]);
        assert_eq!(status, 3, "{what}: {log}");
        assert!(log.contains(words), "{what}: not `{words}`: {log}");
        not_told(&log, &[&run.token]);
    }
    let view = orchestrator.show(&run);
    assert_eq!(view["epoch"], 0, "{view:#}");
    not_told(&plain.heard(), &[&run.token]);
    not_told(&orchestrator.log(), &[&run.token, &orchestrator.token]);
}

#[test]
fn an_agent_that_is_not_the_run_s_is_refused_and_says_why() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("mine", &STAGE);
    let other = orchestrator.run("other", &STAGE);
    let with = |token: &str| Run {
        id: run.id.clone(),
        token: token.to_owned(),
        mac: run.mac.clone(),
    };
    let unknown = with("vb_0123456789abcdef0123456789abcdef");
    let strange = with(&other.token);
    claim(&orchestrator, &run, "boot", "uuid-1").expect("claimed");
    for (what, run, uuid, words) in [
        (
            "no token of ours",
            &unknown,
            "uuid-1",
            "invalid token for this run",
        ),
        (
            "another run's token",
            &strange,
            "uuid-1",
            "invalid token for this run",
        ),
        (
            "a second host",
            &run,
            "uuid-2",
            "this host is not the run's",
        ),
    ] {
        let flags = ["--system-uuid", uuid];
        let (status, log) = tried(&orchestrator.url, &orchestrator.pin, run, &flags);
        assert_eq!(status, 3, "{what}: {log}");
        assert!(log.contains(words), "{what}: not `{words}`: {log}");
        for log in [&log, &orchestrator.log()] {
            not_told(log, &[&run.token, &orchestrator.token]);
        }
    }
    // The refused have changed nothing.
    let view = orchestrator.show(&run);
    assert_eq!(view["epoch"], 1, "{view:#}");
}

#[test]
fn a_token_is_good_for_its_own_calls_alone() {
    let orchestrator = Orchestrator::start();
    let run = orchestrator.run("mine", &STAGE);
    let other = orchestrator.run("other", &STAGE);
    let claimed = claim(&orchestrator, &other, "boot", "uuid").expect("claimed");
    let session = claimed["session_token"].as_str().expect("a token");
    let beat = json!({ "epoch": 1, "state": "PSU" });
    let path = format!("/api/v1/runs/{}/heartbeat", run.id);
    let answers: [(Result<Value, CallError>, &str); 5] = [
        (
            call(&orchestrator, &path, "vs_nobody", &beat),
            "invalid token for this run",
        ),
        (
            call(&orchestrator, &path, session, &beat),
            "invalid token for this run",
        ),
        (
            call(&orchestrator, &path, session, &json!({})),
            "invalid token for this run",
        ),
        (
            call(&orchestrator, &path, &run.token, &beat),
            "invalid token for this run",
        ),
        (
            call(&orchestrator, "/api/v1/nothing", session, &beat),
            "nothing at this path",
        ),
    ];
    for (answer, words) in answers {
        let why = answer.expect_err("refused").to_string();
        assert!(why.contains(words), "not `{words}`: {why}");
    }
    not_told(&orchestrator.log(), &[&run.token, session]);
}

#[test]
fn an_agent_whose_session_has_expired_claims_again_as_the_same_and_goes_on() {
    let orchestrator = Orchestrator::with(&["--session", "1s"]);
    let folder = folder();
    let run = orchestrator.run("expired", &STAGE);
    // Nothing that would keep the session alive, or end the run, comes through for now.
    let away = |call| Rule::always(call, Act::Answer(Answer::refusal(503, "unavailable")));
    let rules = ["heartbeat", "result", "log", "sensor"].map(away).to_vec();
    let between = Between::of(&orchestrator, rules);
    let agent = Agent::at(&between.url, &between.pin, &run, HEALTHY, folder.path()).start();
    let waits = || {
        between
            .seen("result")
            .first()
            .map(|seen| seen.token.clone())
    };
    let token = eventually(waits).unwrap_or_else(|| panic!("no result: {}", agent.log()));
    let path = format!("/api/v1/runs/{}/heartbeat", run.id);
    // A body that is none keeps no session alive.
    let refused = || {
        let why = call(&orchestrator, &path, &token, &json!({})).expect_err("no heartbeat");
        let why = why.to_string();
        why.contains("401, session_expired").then_some(why)
    };
    let why = eventually(refused).expect("the session expires");
    assert!(why.contains("claim the run again"), "{why}");

    between.rule(Vec::new());
    let view = orchestrator.until_state(&run, "Completed");
    let one = [&view["epoch"], &view["stages"][0]["attempt"]];
    assert_eq!(one, [&json!(1), &json!(1)], "{view:#}");
    let claims = between.seen("claim");
    assert!(claims.len() > 1, "claimed once");
    let instance = |n: usize| claims[n].body["instance"].clone();
    assert_eq!(instance(0), instance(claims.len() - 1));
    let given = |seen: &Seen| {
        let answer = seen.real.as_ref().expect("handed on").json();
        answer["session_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let given: Vec<String> = claims.iter().map(given).collect();
    assert!(given.contains(&token));
    // What it does next, ending or idling, depends on whether its session has expired once more.
    let told = || {
        let log = agent.log();
        log.contains("the run is completed").then_some(log)
    };
    let log = eventually(told).unwrap_or_else(|| panic!("not completed: {}", agent.log()));
    let mut tokens: Vec<&str> = given.iter().map(String::as_str).collect();
    tokens.extend([&*run.token, &*orchestrator.token]);
    not_told(&log, &tokens);
    not_told(&orchestrator.log(), &tokens);
}

#[test]
fn a_token_that_has_expired_stays_so_while_its_agent_goes_on_with_another() {
    let orchestrator = Orchestrator::with(&["--session", "1s", "--lost", "200ms"]);
    let run = orchestrator.run("expired", &STAGE);
    let session = || {
        let claimed = claim(&orchestrator, &run, "boot", "uuid").expect("claimed");
        claimed["session_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let path = format!("/api/v1/runs/{}/heartbeat", run.id);
    // A body that is none is refused for that where the token is good, and keeps no session alive.
    let expired = |token: &str| {
        let why = call(&orchestrator, &path, token, &json!({})).expect_err("no heartbeat");
        why.to_string().contains("session_expired")
    };
    let old = session();
    assert!(
        eventually(|| expired(&old).then_some(())).is_some(),
        "it does not expire"
    );
    let new = session();
    let claimed = Instant::now();
    let beat = json!({ "epoch": 1, "state": "PSU" });
    // Heartbeats keep the new one good for longer than it was given.
    let kept = eventually(|| {
        call(&orchestrator, &path, &new, &beat).expect("a heartbeat");
        (claimed.elapsed() > Duration::from_secs(2)).then_some(())
    });
    assert!(kept.is_some() && !expired(&new));
    assert!(expired(&old), "the expired token is good again");
}

#[test]
fn not_even_a_trace_shows_a_token() {
    let orchestrator = Orchestrator::start();
    let folder = folder();
    let run = orchestrator.run("traced", &STAGE);
    let between = Between::of(&orchestrator, Vec::new());
    let mut agent = Agent::at(&between.url, &between.pin, &run, HEALTHY, folder.path())
        .env("VETTING_LOG", "trace")
        .start();
    orchestrator.until_state(&run, "Completed");
    orchestrator.cli(&["run", "shutdown", &run.id]);
    let (status, log) = agent.wait();
    assert_eq!(status, 0, "{log}");
    assert!(log.contains("TRACE"), "{log}");
    let claims = between.seen("claim");
    let answer = claims[0].real.as_ref().expect("handed on").json();
    let session = answer["session_token"].as_str().expect("a token");
    not_told(&log, &[&run.token, session]);
    not_told(&orchestrator.log(), &[&run.token, session]);
}

#[test]
fn a_pinned_certificate_is_good_whatever_its_dates() {
    for (from, to) in [(1999, 2001), (2090, 2099)] {
        let certificate = Certificate::of_years(from, to);
        completes(&certificate, &certificate.pin());
    }
}

#[test]
fn a_pin_may_be_the_public_key_s() {
    let certificate = Certificate::of_years(2001, 2100);
    assert_ne!(certificate.pin(), certificate.key_pin());
    completes(&certificate, &certificate.key_pin());
}

/// A whole run, with a server that has this certificate and an agent that has this pin.
fn completes(certificate: &Certificate, pin: &str) {
    let folder = folder();
    let flags = flags(certificate, folder.path());
    let orchestrator = Orchestrator::with(&flags.each_ref().map(String::as_str));
    assert_eq!(orchestrator.pin, certificate.pin());
    let run = orchestrator.run("pinned", &STAGE);
    let _agent = Agent::at(&orchestrator.url, pin, &run, HEALTHY, folder.path()).start();
    orchestrator.until_state(&run, "Completed");
}

fn flags(certificate: &Certificate, folder: &Path) -> [String; 4] {
    let (certificate, key) = certificate.write(folder);
    let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
    [
        "--certificate".to_owned(),
        certificate,
        "--key".to_owned(),
        key,
    ]
}

#[test]
fn a_second_pin_lets_the_server_change_its_key_under_a_run() {
    let mut orchestrator = Orchestrator::start();
    let (files, folder) = (folder(), folder());
    let set = ["--stage", "CPUStress", "--set", "CPUStress.duration=4s"];
    let run = orchestrator.run("rotated", &set);
    let next = Certificate::of_years(2001, 2100);
    let pins = format!("{},{}", orchestrator.pin, next.pin());
    let agent = Agent::at(&orchestrator.url, &pins, &run, "real", folder.path()).start();
    let at_work = || {
        let below = descendants(agent.pid());
        below.into_iter().find(|pid| named(*pid, "stress-ng"))
    };
    assert!(
        eventually(at_work).is_some(),
        "no stress-ng: {}",
        agent.log()
    );

    let flags = flags(&next, files.path());
    orchestrator.flags(&flags.each_ref().map(String::as_str));
    orchestrator.kill_and_restart();
    assert_eq!(orchestrator.pin, next.pin());
    let judged = |view: &Value| !view["stages"][0]["verdict"].is_null();
    let view = orchestrator.until(&run, "judged", judged);
    let one = [&view["epoch"], &view["stages"][0]["attempt"]];
    assert_eq!(one, [&json!(1), &json!(1)], "{view:#}");
}

/// A server that speaks TLS 1.2 at best.
struct Tls12 {
    child: Child,
    url: String,
    pin: String,
    _files: tempfile::TempDir,
}

impl Tls12 {
    fn start() -> Self {
        let files = folder();
        let certificate = Certificate::of_years(2001, 2100);
        let (file, key) = certificate.write(files.path());
        let mut child = Command::new("openssl")
            .args(["s_server", "-tls1_2", "-www", "-accept", "127.0.0.1:0"])
            .arg("-cert")
            .arg(file)
            .arg("-key")
            .arg(key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut addresses =
            lines.filter_map(|line| Some(line.ok()?.strip_prefix("ACCEPT ")?.to_owned()));
        let address = addresses.next().expect("openssl listens");
        Tls12 {
            child,
            url: format!("https://{address}"),
            pin: certificate.pin(),
            _files: files,
        }
    }
}

impl Drop for Tls12 {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A server that knows HTTP alone, and remembers what it heard.
struct Plain {
    url: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Plain {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("https://{}", listener.local_addr().expect("an address"));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut some = [0; 4096];
                let length = stream.read(&mut some).unwrap_or(0);
                ear.lock().expect("no panic").extend(&some[..length]);
                let _gone =
                    stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            }
        });
        Plain { url, heard }
    }

    fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().expect("no panic")).into_owned()
    }
}
