//! What agents call.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use vetting_protocol::{
    Artifact, ArtifactAnswer, BatchAnswer, Claim, ClaimAnswer, Heartbeat, HeartbeatAnswer, Hello,
    HelloAnswer, Hold, HoldAnswer, LogBatch, ResultAnswer, SampleBatch, StageResult,
};

use super::body::{BATCH, Body, LARGE, SMALL};
use super::caller::{At, Known, Token};
use crate::service::{Orchestrator, ServiceError};

type Answer<T> = Result<Json<T>, ServiceError>;
type Us = State<Orchestrator>;

pub(super) fn router() -> Router<Orchestrator> {
    Router::new()
        .route("/api/v1/runs/{run}/hello", post(hello))
        .route("/api/v1/runs/{run}/claim", post(claim))
        .route("/api/v1/runs/{run}/heartbeat", post(heartbeat))
        .route("/api/v1/runs/{run}/hold", post(hold))
        .route("/api/v1/runs/{run}/sensor", post(sensor))
        .route("/api/v1/runs/{run}/log", post(log))
        .route("/api/v1/runs/{run}/result", post(result))
        .route("/api/v1/runs/{run}/artifact", post(artifact))
        .route("/api/v1/components/{sha256}", get(component))
}

async fn hello(
    State(us): Us,
    At(run): At<String>,
    Token(token): Token,
    Body(hello): Body<Hello, SMALL>,
) -> Answer<HelloAnswer> {
    us.hello(&run, token.as_deref(), &hello).await.map(Json)
}

async fn claim(
    State(us): Us,
    At(run): At<String>,
    Token(token): Token,
    Body(claim): Body<Claim, SMALL>,
) -> Answer<ClaimAnswer> {
    us.claim(&run, token.as_deref(), claim).await.map(Json)
}

async fn heartbeat(
    State(us): Us,
    Known(caller): Known,
    Body(beat): Body<Heartbeat, SMALL>,
) -> Answer<HeartbeatAnswer> {
    us.heartbeat(&caller, beat).await.map(Json)
}

async fn result(
    State(us): Us,
    Known(caller): Known,
    Body(result): Body<StageResult, LARGE>,
) -> Answer<ResultAnswer> {
    us.result(&caller, result).await.map(Json)
}

async fn hold(
    State(us): Us,
    Known(caller): Known,
    Body(hold): Body<Hold, SMALL>,
) -> Answer<HoldAnswer> {
    us.hold(&caller, &hold).await.map(Json)
}

async fn sensor(
    State(us): Us,
    Known(caller): Known,
    Body(batch): Body<SampleBatch, BATCH>,
) -> Answer<BatchAnswer> {
    us.samples(&caller, batch).await.map(Json)
}

async fn log(
    State(us): Us,
    Known(caller): Known,
    Body(batch): Body<LogBatch, BATCH>,
) -> Answer<BatchAnswer> {
    us.lines(&caller, batch).await.map(Json)
}

async fn artifact(
    State(us): Us,
    Known(caller): Known,
    Body(artifact): Body<Artifact, LARGE>,
) -> Answer<ArtifactAnswer> {
    us.artifact(&caller, &artifact).await.map(Json)
}

async fn component(
    State(us): Us,
    At(sha256): At<String>,
    Token(token): Token,
) -> Result<Response, ServiceError> {
    let bytes = us.component(token.as_deref(), &sha256).await?;
    Ok(([("content-type", "application/wasm")], bytes).into_response())
}
