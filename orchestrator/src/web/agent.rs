//! What agents call.

use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use vetting_protocol::{
    Artifact, ArtifactAnswer, BatchAnswer, Claim, ClaimAnswer, Code, Heartbeat, HeartbeatAnswer,
    Hello, HelloAnswer, Hold, HoldAnswer, LogBatch, ResultAnswer, SampleBatch, StageResult,
};

use super::error::{Body, Token};
use crate::service::{Caller, Orchestrator, ServiceError};

/// The most that a small message may be.
const SMALL: usize = 64 << 10;
/// The most that a batch of lines or samples may be.
const BATCH: usize = 4 << 20;
/// The most that a result or a file may be: attachments are bounded by the runtime to less.
const LARGE: usize = 32 << 20;

type Answer<T> = Result<Json<T>, ServiceError>;
type Us = State<Orchestrator>;

/// An agent whose token is good: known before a byte of its body is read.
struct Known(Caller);

impl FromRequestParts<Orchestrator> for Known {
    type Rejection = ServiceError;

    async fn from_request_parts(
        parts: &mut Parts,
        us: &Orchestrator,
    ) -> Result<Self, ServiceError> {
        let nothing = |_| ServiceError::refused(Code::NotFound, "there is no such run");
        let Path(run) = Path::<String>::from_request_parts(parts, us)
            .await
            .map_err(nothing)?;
        let Token(token) = Token::from_request_parts(parts, us).await?;
        Ok(Known(us.agent(&run, token.as_deref()).await?))
    }
}

pub(super) fn router() -> Router<Orchestrator> {
    let small = Router::new()
        .route("/api/v1/runs/{run}/hello", post(hello))
        .route("/api/v1/runs/{run}/claim", post(claim))
        .route("/api/v1/runs/{run}/heartbeat", post(heartbeat))
        .route("/api/v1/runs/{run}/hold", post(hold))
        .layer(DefaultBodyLimit::max(SMALL));
    let batch = Router::new()
        .route("/api/v1/runs/{run}/sensor", post(sensor))
        .route("/api/v1/runs/{run}/log", post(log))
        .layer(DefaultBodyLimit::max(BATCH));
    let large = Router::new()
        .route("/api/v1/runs/{run}/result", post(result))
        .route("/api/v1/runs/{run}/artifact", post(artifact))
        .route("/api/v1/components/{sha256}", get(component))
        .layer(DefaultBodyLimit::max(LARGE));
    small.merge(batch).merge(large)
}

async fn hello(
    State(us): Us,
    Path(run): Path<String>,
    Token(token): Token,
    Body(hello): Body<Hello>,
) -> Answer<HelloAnswer> {
    us.hello(&run, token.as_deref(), &hello).await.map(Json)
}

async fn claim(
    State(us): Us,
    Path(run): Path<String>,
    Token(token): Token,
    Body(claim): Body<Claim>,
) -> Answer<ClaimAnswer> {
    us.claim(&run, token.as_deref(), claim).await.map(Json)
}

async fn heartbeat(
    State(us): Us,
    Known(caller): Known,
    Body(beat): Body<Heartbeat>,
) -> Answer<HeartbeatAnswer> {
    us.heartbeat(&caller, beat).await.map(Json)
}

async fn result(
    State(us): Us,
    Known(caller): Known,
    Body(result): Body<StageResult>,
) -> Answer<ResultAnswer> {
    us.result(&caller, result).await.map(Json)
}

async fn hold(State(us): Us, Known(caller): Known, Body(hold): Body<Hold>) -> Answer<HoldAnswer> {
    us.hold(&caller, &hold).await.map(Json)
}

async fn sensor(
    State(us): Us,
    Known(caller): Known,
    Body(batch): Body<SampleBatch>,
) -> Answer<BatchAnswer> {
    us.samples(&caller, batch).await.map(Json)
}

async fn log(
    State(us): Us,
    Known(caller): Known,
    Body(batch): Body<LogBatch>,
) -> Answer<BatchAnswer> {
    us.lines(&caller, batch).await.map(Json)
}

async fn artifact(
    State(us): Us,
    Known(caller): Known,
    Body(artifact): Body<Artifact>,
) -> Answer<ArtifactAnswer> {
    us.artifact(&caller, &artifact).await.map(Json)
}

async fn component(
    State(us): Us,
    Path(sha256): Path<String>,
    Token(token): Token,
) -> Result<Response, ServiceError> {
    let bytes = us.component(token.as_deref(), &sha256).await?;
    Ok(([("content-type", "application/wasm")], bytes).into_response())
}
