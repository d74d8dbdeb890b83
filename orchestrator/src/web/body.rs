//! The bodies of requests: bounded in size, in how long they may stand still and in how long they
//! may take. A refusal is always heard: what its caller still sends is read and thrown away before
//! it is answered, up to a bound, because an answer to somebody who is still sending is lost.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Json;
use axum::body::{BodyDataStream, Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::{Stream, StreamExt as _};
use schemars::JsonSchema;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use vetting_protocol::Code;

use super::route::{Content, Describe, Operation, SchemaOf};
use crate::service::{Orchestrator, ServiceError};

/// The most that a small message may be.
pub(super) const SMALL: usize = 64 << 10;
/// The most that a batch of lines or samples may be.
pub(super) const BATCH: usize = 4 << 20;
/// The most that a result or a file may be: attachments are bounded by the runtime to less.
pub(super) const LARGE: usize = 32 << 20;
/// The most that an operator may send: a component in base 64.
pub(super) const COMPONENT: usize = 96 << 20;

/// How fast the largest body of a call must come, however steadily it trickles, in bytes per second; every
/// body may take [`LEAST`].
const PACE: usize = 256 << 10;
/// How long any body may take.
const LEAST: Duration = Duration::from_secs(10);
/// The most that a form may be, whose caller nobody knows yet.
const FORM: usize = 4 << 10;
/// The most of a refused body that is thrown away.
const DISCARDED: usize = 64 << 20;
/// How long that may take.
const DISCARDING: Duration = Duration::from_secs(10);

/// A JSON body of so many bytes at most; one that is not what the call takes is refused with what is
/// wrong with it.
pub(super) struct Body<T, const MOST: usize>(pub T);

impl<T, const MOST: usize> FromRequest<Orchestrator> for Body<T, MOST>
where
    T: serde::de::DeserializeOwned,
{
    type Rejection = ServiceError;

    async fn from_request(request: Request, us: &Orchestrator) -> Result<Self, ServiceError> {
        let malformed = |why: String| ServiceError::refused(Code::Malformed, why);
        if !is_json(request.headers()) {
            let needed = "Content-Type: application/json is needed";
            return Err(malformed(needed.to_owned()));
        }
        let frames = request.into_body().into_data_stream();
        let bytes = whole(frames, MOST, us.settings.stall).await?;
        let read = Json::<T>::from_bytes(&bytes);
        read.map(|Json(body)| Body(body))
            .map_err(|rejection| malformed(rejection.body_text()))
    }
}

/// A form's body: of somebody whom nobody knows yet, and so of a few lines.
pub(super) struct Form<T>(pub T);

impl<T: serde::de::DeserializeOwned> FromRequest<Orchestrator> for Form<T> {
    type Rejection = ServiceError;

    async fn from_request(request: Request, us: &Orchestrator) -> Result<Self, ServiceError> {
        let (parts, body) = request.into_parts();
        let bytes = whole(body.into_data_stream(), FORM, us.settings.stall).await?;
        let request = Request::from_parts(parts, bytes.into());
        let read = axum::Form::<T>::from_request(request, us).await;
        read.map(|axum::Form(form)| Form(form))
            .map_err(|rejection| ServiceError::refused(Code::Malformed, rejection.body_text()))
    }
}

impl<T: JsonSchema, const MOST: usize> Describe for Body<T, MOST> {
    fn describe(operation: &mut Operation) {
        let schema: SchemaOf = |generator| generator.subschema_for::<T>();
        operation.takes = Some((Content::Json(schema), MOST));
        operation.refuses.extend([408, 413, 422]);
    }
}

impl<T> Describe for Form<T> {
    fn describe(operation: &mut Operation) {
        let form = Content::Other("application/x-www-form-urlencoded");
        operation.takes = Some((form, FORM));
        operation.refuses.extend([408, 413, 422]);
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// How long a body of so many bytes at most may take.
fn patience(most: usize) -> Duration {
    let seconds = u64::try_from(most / PACE).unwrap_or(u64::MAX);
    LEAST.saturating_add(Duration::from_secs(seconds))
}

/// Reads a body to its end.
async fn whole(
    mut frames: BodyDataStream,
    most: usize,
    stall: Duration,
) -> Result<Vec<u8>, ServiceError> {
    let patience = patience(most);
    let end = Instant::now() + patience;
    let mut bytes = Vec::new();
    loop {
        let still = Instant::now() + stall;
        let Ok(frame) = timeout_at(still.min(end), frames.next()).await else {
            let why = match still < end {
                true => format!("nothing came for {}", humantime::format_duration(stall)),
                false => format!(
                    "it takes longer than {}",
                    humantime::format_duration(patience)
                ),
            };
            let message = format!("the body did not come: {why}");
            return Err(ServiceError::refused(Code::TimedOut, message));
        };
        match frame {
            None => return Ok(bytes),
            Some(Ok(frame)) if bytes.len() + frame.len() <= most => bytes.extend_from_slice(&frame),
            Some(Ok(_)) => {
                let message = format!("the body is longer than the {most} bytes of this call");
                return Err(ServiceError::refused(Code::TooLarge, message));
            }
            Some(Err(error)) => {
                let message = format!("the body was cut: {error}");
                return Err(ServiceError::refused(Code::Malformed, message));
            }
        }
    }
}

/// Sees to it that a refusal is heard: first comes the rest of the body, then the answer.
pub(super) async fn heard(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let (lent, back) = Lent::new(body.into_data_stream());
    let body = axum::body::Body::from_stream(lent);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let status = response.status();
    if status.is_success() {
        return response;
    }
    let ended = match back.await {
        Ok(rest) if status != StatusCode::REQUEST_TIMEOUT => discard(rest).await,
        _ => false,
    };
    if !ended || status == StatusCode::PAYLOAD_TOO_LARGE {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}

/// Throws away the rest of a body; whether its end came.
async fn discard(mut rest: BodyDataStream) -> bool {
    let end = Instant::now() + DISCARDING;
    let mut discarded = 0;
    while discarded <= DISCARDED {
        match timeout_at(end, rest.next()).await {
            Ok(Some(Ok(frame))) => discarded += frame.len(),
            Ok(None) => return true,
            Ok(Some(Err(_))) | Err(_) => return false,
        }
    }
    false
}

/// A body that comes back from whoever did not read it to its end.
struct Lent {
    frames: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Lent {
    fn new(frames: BodyDataStream) -> (Self, oneshot::Receiver<BodyDataStream>) {
        let (sender, back) = oneshot::channel();
        let lent = Lent {
            frames: Some(frames),
            back: Some(sender),
        };
        (lent, back)
    }
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.frames {
            Some(frames) => frames.poll_next_unpin(cx),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(frames), Some(back)) = (self.frames.take(), self.back.take()) {
            // Nobody waits for the rest of a body whose request was given up.
            let _given_up = back.send(frames);
        }
    }
}
