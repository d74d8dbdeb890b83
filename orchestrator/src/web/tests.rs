//! What is refused before any use case is reached, and how.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use futures::{Stream, StreamExt as _, stream};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::router;
use crate::service::Settings;
use crate::trial::Trial;

const JSON: &str = "application/json";
const FRAME: usize = 64 << 10;

/// An orchestrator with a claimed run.
struct Served {
    trial: Trial,
    heartbeat: String,
    session: String,
}

impl Served {
    async fn new() -> Self {
        let trial = Trial::with(Settings {
            stall: Duration::from_millis(50),
            ..Settings::default()
        })
        .await;
        let run = trial.run("h", &[("SMART", false)]).await;
        let claimed = trial.claim(&run, "h", "boot", "first").await;
        Served {
            trial,
            heartbeat: format!("/api/v1/runs/{}/heartbeat", run.id),
            session: claimed.expect("claimed").session_token,
        }
    }

    async fn call(&self, method: &str, path: &str, kind: &str, body: Body) -> Response {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.session))
            .header(header::CONTENT_TYPE, kind)
            .body(body);
        let served = TowerToHyperService::new(router(self.trial.us.clone()));
        let answer = served.call(request.expect("a request")).await;
        answer.expect("an answer")
    }

    async fn beat(&self, body: Body) -> Response {
        self.call("POST", &self.heartbeat, JSON, body).await
    }
}

/// The refusal that an answer is: its status, code, message, and whether the connection is closed.
async fn refusal(answer: Response) -> (StatusCode, String, String, bool) {
    let status = answer.status();
    let close = answer.headers().get(header::CONNECTION).is_some();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
    let body: Value = serde_json::from_slice(&body.expect("a body")).expect("a refusal");
    let text = |key: &str| body[key].as_str().expect(key).to_owned();
    (status, text("code"), text("message"), close)
}

/// Frames without end, and how many of them were read.
fn frames() -> (
    impl Stream<Item = Result<Bytes, std::io::Error>>,
    Arc<AtomicUsize>,
) {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&read);
    let frames = stream::repeat_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Bytes::from_static(&[b' '; FRAME]))
    });
    (frames, read)
}

#[tokio::test]
async fn a_body_that_is_too_long_is_read_to_its_end_and_refused() {
    let served = Served::new().await;
    let (frames, read) = frames();
    let answer = served.beat(Body::from_stream(frames.take(160))).await;
    let (status, code, message, close) = refusal(answer).await;
    assert_eq!((status.as_u16(), code.as_str()), (413, "too_large"));
    assert!(message.contains("65536 bytes") && close, "{message}");
    assert_eq!(read.load(Ordering::Relaxed), 160, "the caller still sends");
}

#[tokio::test]
async fn a_body_without_end_is_refused_all_the_same() {
    let served = Served::new().await;
    let (frames, read) = frames();
    let answer = served.beat(Body::from_stream(frames)).await;
    let (status, _, _, close) = refusal(answer).await;
    assert_eq!((status.as_u16(), close), (413, true));
    let most = (65 << 20) / FRAME + 2;
    assert!(read.load(Ordering::Relaxed) <= most, "more than the bound");
}

#[tokio::test]
async fn a_body_that_stands_still_is_refused_and_its_connection_closed() {
    let served = Served::new().await;
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let body = Body::from_stream(begun.chain(stream::pending()));
    let (status, code, message, close) = refusal(served.beat(body).await).await;
    assert_eq!((status.as_u16(), code.as_str()), (408, "timed_out"));
    assert!(
        message.contains("nothing came for 50ms") && close,
        "{message}"
    );
}

#[tokio::test]
async fn a_caller_whom_nobody_knows_is_heard_out_and_none_of_it_is_kept() {
    let mut served = Served::new().await;
    served.session = "vs_wrong".to_owned();
    let (frames, read) = frames();
    let answer = served.beat(Body::from_stream(frames.take(160))).await;
    let (status, code, _, close) = refusal(answer).await;
    assert_eq!((status.as_u16(), code.as_str()), (401, "bad_token"));
    assert!(
        !close,
        "a body that came to its end leaves the connection as it is"
    );
    assert_eq!(read.load(Ordering::Relaxed), 160);
}

#[tokio::test]
async fn an_operator_s_token_is_looked_at_before_the_body() {
    let served = Served::new().await;
    for path in ["stages", "hosts", "runs", "runs/x/steer"] {
        let path = format!("/api/v1/admin/{path}");
        let answer = served
            .call("POST", &path, JSON, Body::from("no JSON"))
            .await;
        let (status, code, ..) = refusal(answer).await;
        assert_eq!(
            (status.as_u16(), code.as_str()),
            (401, "bad_token"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn whatever_is_no_call_is_refused_in_json_with_a_reason() {
    let served = Served::new().await;
    let beat = served.heartbeat.clone();
    let good = json!({ "epoch": 1, "state": "SMART" }).to_string();
    let result = beat.replace("heartbeat", "result");
    let deep = format!("{{\"inventory\":{}", "[".repeat(300));
    for (method, path, kind, body, status, words) in [
        (
            "POST",
            beat.as_str(),
            "text/plain",
            good.as_str(),
            422,
            "application/json",
        ),
        ("POST", &beat, JSON, "{", 422, "parse"),
        (
            "POST",
            &beat,
            JSON,
            "{\"epoch\":1}",
            422,
            "missing field `state`",
        ),
        (
            "POST",
            &beat,
            JSON,
            "{\"epoch\":-1,\"state\":\"x\"}",
            422,
            "epoch",
        ),
        (
            "POST",
            &beat,
            JSON,
            "{\"epoch\":1e400,\"state\":\"x\"}",
            422,
            "out of range",
        ),
        ("POST", &result, JSON, &deep, 422, "recursion limit"),
        ("GET", &beat, JSON, "", 405, "does not take GET"),
        ("BREW", &beat, JSON, "", 405, "does not take BREW"),
        (
            "POST",
            "/api/v1/runs/%ff%fe/hello",
            JSON,
            &good,
            404,
            "name",
        ),
        (
            "GET",
            "/api/v1/nothing",
            JSON,
            "",
            404,
            "nothing at this path",
        ),
        ("GET", "/login", JSON, "", 405, "does not take GET"),
        ("POST", "/login", JSON, "x", 422, "Content-Type"),
    ] {
        let body = Body::from(body.to_owned());
        let answer = served.call(method, path, kind, body).await;
        let allow = answer.headers().contains_key(header::ALLOW);
        let (found, _, message, _) = refusal(answer).await;
        let told = format!("{method} {path}: {found} {message}");
        assert!(
            found.as_u16() == status && message.contains(words),
            "{told}"
        );
        assert_eq!(allow, status == 405, "{told}");
    }
    let answer = served.beat(Body::from(good)).await;
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_is_documented_is_served_and_nothing_else_is() {
    let served = Served::new().await;
    let document = Request::get("/api/v1/openapi.json").body(Body::empty());
    let router = TowerToHyperService::new(router(served.trial.us.clone()));
    let answer = router.call(document.expect("a request")).await;
    let body = axum::body::to_bytes(answer.expect("an answer").into_body(), 1 << 20).await;
    let document: Value = serde_json::from_slice(&body.expect("a body")).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.contains_key("/api/v1/runs/{run}/heartbeat"));
    for (path, item) in paths {
        let path = path.replace(['{', '}'], "");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let documented = item.get(method.to_lowercase()).is_some();
            let answer = served.call(method, &path, JSON, Body::empty()).await;
            let refused = answer.status() == StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(refused, !documented, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_browser_sees_the_report_of_a_run_after_it_has_logged_in() {
    let mut served = Served::new().await;
    let path = served.heartbeat.replace("/api/v1", "");
    let path = path.replace("/heartbeat", "/report");
    let shown = async |served: &Served, status: u16| {
        let answer = served.call("GET", &path, "text/html", Body::empty()).await;
        assert_eq!(answer.status().as_u16(), status);
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await;
        String::from_utf8(body.expect("a body").to_vec()).expect("text")
    };
    let login = shown(&served, 401).await;
    assert!(
        login.contains("action=\"/login\"") && login.contains(&path),
        "{login}"
    );
    assert!(!login.contains("SMART"), "{login}");
    (_, served.session) = served.trial.operator().await;
    let report = shown(&served, 200).await;
    assert!(
        report.contains("SMART") && report.contains("default-src 'none'"),
        "{report}"
    );
}
