//! A client that keeps to no protocol: whatever it sends is refused in words, the orchestrator goes
//! on, and no token is ever logged.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use vetting_tests::fleet::{Orchestrator, call, claim};

/// How long one exchange may take before its test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A request as its bytes, so that it may be anything.
#[derive(Clone)]
struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// How much longer it says that its body is.
    withheld: usize,
}

impl Request {
    fn post(path: &str, token: &str, body: impl Into<Vec<u8>>) -> Self {
        Request {
            method: "POST",
            path: path.to_owned(),
            headers: vec![
                ("Authorization".to_owned(), format!("Bearer {token}")),
                ("Content-Type".to_owned(), "application/json".to_owned()),
            ],
            body: body.into(),
            withheld: 0,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let length = self.body.len() + self.withheld;
        let mut head = format!("{} {} HTTP/1.1\r\nHost: h\r\n", self.method, self.path);
        head += &format!("Content-Length: {length}\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += "\r\n";
        [head.as_bytes(), &self.body].concat()
    }
}

/// How the bytes travel.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Tls,
    /// Without TLS.
    Plain,
    /// The connection is closed when they are sent.
    Cut,
}

/// Sends all of it, then reads what is answered: the status, and what follows the head.
fn exchange(orchestrator: &Orchestrator, bytes: &[u8], way: Way) -> (u16, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let address = orchestrator.url.trim_start_matches("https://");
    let spoken = async {
        let stream = TcpStream::connect(address).await.expect("it listens");
        if way == Way::Plain {
            return speak(stream, bytes, way).await;
        }
        let pin = orchestrator.pin.parse().expect("a pin");
        let tls = vetting_transport::tls(&[pin]).expect("a client");
        let name = ServerName::try_from("localhost").expect("a name");
        let stream = TlsConnector::from(Arc::new(tls)).connect(name, stream);
        speak(stream.await.expect("TLS"), bytes, way).await
    };
    let answer = runtime.block_on(async { tokio::time::timeout(PATIENCE, spoken).await });
    let answer = answer.expect("it is answered in time");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok());
    (status.unwrap_or(0), body.to_owned())
}

async fn speak(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8], way: Way) -> Vec<u8> {
    stream.write_all(bytes).await.expect("it reads all of it");
    stream.flush().await.expect("it reads all of it");
    let mut answer = Vec::new();
    if way != Way::Cut {
        // However the connection ends: what came before is the answer.
        let _ended = stream.read_to_end(&mut answer).await;
    }
    answer
}

#[test]
fn whatever_a_client_sends_the_orchestrator_refuses_it_in_words_and_goes_on() {
    let orchestrator = Orchestrator::with(&["--stall", "2s"]);
    let run = orchestrator.run("mine", &["--stage", "CPUStress", "--stage", "PSU"]);
    let other = orchestrator.run("theirs", &["--stage", "CPUStress"]);
    let session = |run| {
        let claimed = claim(&orchestrator, run, "boot", "u").expect("claimed");
        claimed["session_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    };
    let (mine, theirs) = (session(&run), session(&other));
    let wrong = format!("vs_{}", "0123456789abcdef".repeat(4));
    let at = |name: &str| format!("/api/v1/runs/{}/{name}", run.id);
    let of = |run: &str| format!("/api/v1/runs/{run}/heartbeat");
    let good = json!({ "epoch": 1, "state": "CPUStress" });
    let post = |path: &str, body: &str| Request::post(path, &mine, body);
    let beat = |body: &str| post(&at("heartbeat"), body);
    let with_token = |token: &str| Request::post(&at("heartbeat"), token, good.to_string());
    let request = |change: fn(&mut Request)| {
        let mut request = beat(&good.to_string());
        change(&mut request);
        request
    };
    let result = |stage: &str, inventory: &str| {
        let body = json!({ "epoch": 1, "passed": true, "stage": stage, "attempt": 1,
            "verdict": "pass", "message": "m", "summary": "s", "ending": { "kind": "outcome" },
            "duration_ms": 1, "measurements": [], "diagnoses": [], "inventory": "INVENTORY" });
        let body = body.to_string().replace("\"INVENTORY\"", inventory);
        post(&at("result"), &body)
    };
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let artifact = json!({ "epoch": 1, "name": "n", "media_type": "text/plain", "base64": "!" });
    let far = format!("{{\"epoch\":1,\"state\":\"{}\"}}", "x".repeat(10_000_000));
    let cases = [
        (
            "no token",
            request(|r| drop(r.headers.remove(0))),
            401,
            "no token was sent",
        ),
        (
            "a wrong token",
            with_token(&wrong),
            401,
            "invalid token for this run",
        ),
        (
            "another run's token",
            with_token(&theirs),
            401,
            "invalid token for this run",
        ),
        (
            "the boot token",
            with_token(&run.token),
            401,
            "invalid token for this run",
        ),
        (
            "the operator's token",
            with_token(&orchestrator.token),
            401,
            "invalid token for this run",
        ),
        (
            "an agent as operator",
            post("/api/v1/admin/runs", "{}"),
            401,
            "no operator",
        ),
        (
            "an unknown path",
            post(&at("dance"), "{}"),
            404,
            "nothing at this path",
        ),
        (
            "a wrong method",
            request(|r| r.method = "DELETE"),
            405,
            "does not take DELETE",
        ),
        (
            "another content",
            request(|r| drop(r.headers.remove(1))),
            422,
            "Content-Type",
        ),
        ("no JSON", beat("{\"epoch\":"), 422, "parse"),
        (
            "no UTF-8",
            request(|r| r.body = vec![b'"', 0xff, b'"']),
            422,
            "",
        ),
        (
            "a missing field",
            beat("{\"epoch\":1}"),
            422,
            "missing field `state`",
        ),
        ("10 MB", beat(&far), 413, "65536 bytes"),
        (
            "10 MB and a wrong token",
            Request::post(&at("result"), &wrong, far),
            401,
            "invalid token for this run",
        ),
        (
            "a slow body",
            request(|r| r.withheld = 100),
            408,
            "nothing came for 2s",
        ),
        (
            "a negative number",
            beat("{\"epoch\":-1,\"state\":\"x\"}"),
            422,
            "epoch",
        ),
        (
            "a huge number",
            beat("{\"epoch\":1e400,\"state\":\"x\"}"),
            422,
            "epoch",
        ),
        (
            "a number beyond u64",
            beat("{\"epoch\":18446744073709551616,\"state\":\"x\"}"),
            422,
            "epoch",
        ),
        (
            "a claim of the future",
            beat("{\"epoch\":99,\"state\":\"x\"}"),
            409,
            "replaced",
        ),
        (
            "a result of another stage",
            result("PSU", "null"),
            409,
            "not what the run waits for",
        ),
        (
            "a result of no stage",
            result("Dance", "null"),
            404,
            "no stage `Dance`",
        ),
        (
            "a deep result",
            result("CPUStress", &deep),
            422,
            "recursion limit",
        ),
        (
            "a file that is none",
            post(&at("artifact"), &artifact.to_string()),
            422,
            "base64",
        ),
        (
            "a run `..`",
            post(&of(".."), "{}"),
            401,
            "invalid token for this run",
        ),
        (
            "a run `../..`",
            post(&of("%2e%2e%2f%2e%2e"), "{}"),
            401,
            "invalid token for this run",
        ),
        (
            "a run that is long",
            post(&of(&"x".repeat(10_000)), "{}"),
            401,
            "invalid token for this run",
        ),
        (
            "a run that is no text",
            post(&of("%ff%fe"), "{}"),
            404,
            "name",
        ),
    ];
    let goes_on = |what: &str| {
        let answer = call(&orchestrator, &at("heartbeat"), &mine, &good);
        answer.unwrap_or_else(|error| panic!("after {what}: {error}"));
    };
    for (what, request, status, words) in cases {
        let (found, body) = exchange(&orchestrator, &request.bytes(), Way::Tls);
        let refusal: Value = serde_json::from_str(&body).unwrap_or_default();
        let message = refusal["message"].as_str().unwrap_or_default();
        assert!(
            found == status && message.contains(words),
            "{what}: {found} {body}"
        );
        assert!(refusal["code"].is_string(), "{what}: {body}");
        goes_on(what);
    }
    let (found, body) = exchange(&orchestrator, &with_token(&mine).bytes(), Way::Plain);
    assert!(
        found == 400 && body.contains("use https://"),
        "{found} {body}"
    );
    goes_on("HTTP without TLS");
    exchange(
        &orchestrator,
        &request(|r| r.withheld = 100).bytes(),
        Way::Cut,
    );
    goes_on("a body that was cut");
    // What is no HTTP is refused below all words, by its status alone.
    let many = request(|r| {
        r.headers
            .extend((0..200).map(|n| (format!("H{n}"), String::new())))
    });
    for (what, bytes, status) in [
        ("200 headers", many.bytes(), 431),
        (
            "no HTTP at all",
            b"\x00\x01\x02 nonsense\r\n\r\n".to_vec(),
            400,
        ),
    ] {
        let (found, body) = exchange(&orchestrator, &bytes, Way::Tls);
        assert_eq!(found, status, "{what}: {body}");
        goes_on(what);
    }

    let deeds = orchestrator.cli(&["audit", "--run", &run.id]);
    let whats: Vec<_> = deeds
        .as_array()
        .expect("deeds")
        .iter()
        .map(|d| &d["what"])
        .collect();
    assert_eq!(
        whats,
        ["claim", "run create"],
        "nothing of all that was done"
    );
    let log = orchestrator.log();
    assert!(!log.contains("panicked"), "{log}");
    for token in [
        &mine,
        &theirs,
        &wrong,
        &run.token,
        &other.token,
        &orchestrator.token,
    ] {
        let (_, secret) = token.split_once('_').expect("a token");
        let piece = secret.as_bytes().windows(12).find(|piece| {
            let piece = std::str::from_utf8(piece).expect("hexadecimal");
            log.contains(piece)
        });
        assert_eq!(piece, None, "a piece of a token is logged: {log}");
    }
}
