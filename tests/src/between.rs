//! What stands between an agent and an orchestrator: a server with a certificate of its own, which an
//! agent that pins it tells everything. It hands each call on, unless a test's rule says otherwise,
//! and keeps what it saw.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::stream::{self, Stream, StreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;
use crate::fleet::Orchestrator;

/// What an answer that comes slowly is cut into, and how long each piece lets wait.
const PIECES: usize = 10;
const PAUSE: Duration = Duration::from_millis(50);

/// What is done with the first so many calls of a kind: `hello`, `claim`, `heartbeat`, `result`,
/// `log` … by the last part of their path, and `components`.
#[derive(Clone)]
pub struct Rule {
    call: &'static str,
    left: usize,
    act: Act,
}

impl Rule {
    /// A rule for the first so many.
    pub fn first(times: usize, call: &'static str, act: Act) -> Self {
        Rule {
            call,
            left: times,
            act,
        }
    }

    /// A rule for all of them.
    pub fn always(call: &'static str, act: Act) -> Self {
        Self::first(usize::MAX, call, act)
    }
}

/// What is done with a call.
#[derive(Clone)]
pub enum Act {
    /// It is handed on, and its answer goes back as this makes it.
    Change(fn(Answer) -> Answer),
    /// It is not handed on; this goes back.
    Answer(Answer),
}

/// An answer.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Vec<u8>,
    /// How much of it comes.
    pub manner: Manner,
}

/// How an answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Whole,
    /// Piece by piece.
    Slow,
    /// The head and nothing more; the connection stays open.
    Stalled,
    /// The head and half of the body that it announces; then the connection is closed.
    Cut,
    /// Not a byte: the connection is closed.
    Swallowed,
}

impl Answer {
    /// A refusal in the orchestrator's words.
    pub fn refusal(status: u16, code: &str) -> Self {
        let message = format!("a test says {status}");
        Answer {
            status,
            retry_after: None,
            body: json!({ "code": code, "message": message })
                .to_string()
                .into_bytes(),
            manner: Manner::Whole,
        }
    }

    /// The same, to come in another manner.
    #[must_use]
    pub fn coming(self, manner: Manner) -> Self {
        Answer { manner, ..self }
    }

    /// The same with its JSON changed.
    #[must_use]
    pub fn edited(mut self, edit: impl FnOnce(&mut Value)) -> Self {
        let mut value = self.json();
        edit(&mut value);
        self.body = value.to_string().into_bytes();
        self
    }

    /// Its body as JSON; null where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A call that came by.
#[derive(Clone)]
pub struct Seen {
    /// When.
    pub at: Instant,
    /// Which.
    pub call: String,
    /// Its token.
    pub token: String,
    /// Its body; null where it is no JSON.
    pub body: Value,
    /// What the orchestrator answered; nothing where the call was not handed on.
    pub real: Option<Answer>,
    /// What went back.
    pub told: Answer,
}

/// A server between an agent and an orchestrator. It ends when this is dropped.
pub struct Between {
    /// Its URL.
    pub url: String,
    /// Its certificate's fingerprint.
    pub pin: String,
    desk: Arc<Desk>,
    _runtime: tokio::runtime::Runtime,
}

impl Between {
    /// Stands before an orchestrator, with these rules; the first that fits a call is applied.
    pub fn of(orchestrator: &Orchestrator, rules: Vec<Rule>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let pin = orchestrator.pin.parse().expect("a pin");
        let tls = vetting_transport::tls(&[pin]).expect("TLS");
        let onward = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .no_proxy()
            .build()
            .expect("a client");
        let desk = Arc::new(Desk {
            onward,
            to: orchestrator.url.clone(),
            rules: Mutex::new(rules),
            seen: Mutex::default(),
        });
        let certificate = Certificate::of_years(2001, 2100);
        let tls = TlsAcceptor::from(certificate.server());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = runtime.block_on(TcpListener::bind(any)).expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(serve(listener, tls, Arc::clone(&desk)));
        Between {
            url: format!("https://{address}"),
            pin: certificate.pin(),
            desk,
            _runtime: runtime,
        }
    }

    /// Other rules from now on.
    pub fn rule(&self, rules: Vec<Rule>) {
        *lock(&self.desk.rules) = rules;
    }

    /// The calls of a kind that came by so far.
    pub fn seen(&self, call: &str) -> Vec<Seen> {
        let all = lock(&self.desk.seen);
        all.iter()
            .filter(|seen| seen.call == call)
            .cloned()
            .collect()
    }
}

/// Where rules are looked up and calls are noted.
struct Desk {
    onward: reqwest::Client,
    to: String,
    rules: Mutex<Vec<Rule>>,
    seen: Mutex<Vec<Seen>>,
}

impl Desk {
    /// What is done with this call, which counts.
    fn act(&self, call: &str) -> Option<Act> {
        let mut rules = lock(&self.rules);
        let rule = rules.iter_mut().find(|r| r.call == call && r.left > 0)?;
        rule.left -= 1;
        Some(rule.act.clone())
    }

    /// One call, there and back.
    async fn call(&self, request: hyper::Request<Incoming>) -> Result<hyper::Response<Body>, Gone> {
        let (head, body) = request.into_parts();
        let path = head.uri.path().to_owned();
        let name = match path.strip_prefix("/api/v1/components/") {
            Some(_) => "components",
            None => path.rsplit('/').next().unwrap_or_default(),
        };
        let body = body.collect().await.map_err(|_| Gone)?.to_bytes();
        let token = head.headers.get(AUTHORIZATION);
        let token = token.and_then(|value| value.to_str().ok());
        let token = token.unwrap_or_default().to_owned();
        let note = |real: Option<Answer>, told: Answer| Seen {
            at: Instant::now(),
            call: name.to_owned(),
            token: token.trim_start_matches("Bearer ").to_owned(),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            real,
            told,
        };
        let seen = match self.act(name) {
            Some(Act::Answer(answer)) => note(None, answer),
            act => {
                let request = self
                    .onward
                    .request(head.method, format!("{}{path}", self.to))
                    .header(AUTHORIZATION, &token)
                    .header(CONTENT_TYPE, "application/json")
                    .body(body.clone());
                let real = received(request).await.map_err(|_| Gone)?;
                let told = match act {
                    Some(Act::Change(change)) => change(real.clone()),
                    _ => real.clone(),
                };
                note(Some(real), told)
            }
        };
        let told = seen.told.clone();
        lock(&self.seen).push(seen);
        respond(told)
    }
}

/// The answer to a request that is handed on.
async fn received(request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let retry_after = response.headers().get(RETRY_AFTER);
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after.and_then(|value| value.to_str().ok()?.parse().ok()),
        body: response.bytes().await?.to_vec(),
        manner: Manner::Whole,
    })
}

type Body = UnsyncBoxBody<Bytes, Gone>;

/// There is nothing more to say: the connection is closed.
#[derive(Debug)]
struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is closed")
    }
}

impl std::error::Error for Gone {}

/// An answer, in its manner.
fn respond(answer: Answer) -> Result<hyper::Response<Body>, Gone> {
    let mut response = hyper::Response::builder()
        .status(answer.status)
        .header(CONTENT_TYPE, "application/json");
    if let Some(seconds) = answer.retry_after {
        response = response.header(RETRY_AFTER, seconds);
    }
    if answer.manner != Manner::Whole {
        response = response.header(CONTENT_LENGTH, answer.body.len());
    }
    let half = answer.body.len() / 2;
    let whole = Bytes::from(answer.body);
    let body = match answer.manner {
        Manner::Whole => Full::new(whole)
            .map_err(|never| match never {})
            .boxed_unsync(),
        Manner::Slow => pieces(slowly(whole)),
        Manner::Stalled => pieces(stream::pending()),
        Manner::Cut => pieces(cut(whole.slice(..half))),
        Manner::Swallowed => return Err(Gone),
    };
    response.body(body).map_err(|_| Gone)
}

fn pieces(pieces: impl Stream<Item = Result<Bytes, Gone>> + Send + 'static) -> Body {
    StreamBody::new(pieces.map(|piece| piece.map(Frame::data))).boxed_unsync()
}

fn slowly(whole: Bytes) -> impl Stream<Item = Result<Bytes, Gone>> {
    let size = whole.len().div_ceil(PIECES).max(1);
    stream::unfold(whole, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok(piece), rest))
    })
}

fn cut(half: Bytes) -> impl Stream<Item = Result<Bytes, Gone>> {
    // What is there goes out before the connection is closed.
    let end = stream::once(async {
        tokio::task::yield_now().await;
        Err(Gone)
    });
    stream::iter([Ok(half)]).chain(end)
}

/// Serves until this is dropped.
async fn serve(listener: TcpListener, tls: TlsAcceptor, desk: Arc<Desk>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, tls.clone(), Arc::clone(&desk)));
    }
}

async fn connection(stream: TcpStream, tls: TlsAcceptor, desk: Arc<Desk>) {
    // An agent that does not trust this server goes away, which is its right.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { desk.call(request).await }
    });
    // A connection that a rule ended is an error, and what was wanted.
    let _ended = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
