//! What agents call.

use axum::Json;
use axum::extract::State;
use vetting_protocol::{
    Artifact, ArtifactAnswer, BatchAnswer, Claim, ClaimAnswer, Heartbeat, HeartbeatAnswer, Hello,
    HelloAnswer, Hold, HoldAnswer, LogBatch, ResultAnswer, SampleBatch, StageResult,
};

use super::body::{BATCH, Body, LARGE, SMALL};
use super::caller::{At, BootToken, Known, Peer, SessionToken};
use super::route::Component;
use crate::service::{Orchestrator, ServiceError};

type Answer<T> = Result<Json<T>, ServiceError>;
type Us = State<Orchestrator>;

pub(super) async fn hello(
    State(us): Us,
    BootToken(token): BootToken,
    Peer(from): Peer,
    At(run): At<String>,
    Body(hello): Body<Hello, SMALL>,
) -> Answer<HelloAnswer> {
    us.hello(&run, token.as_deref(), from, &hello)
        .await
        .map(Json)
}

pub(super) async fn claim(
    State(us): Us,
    BootToken(token): BootToken,
    Peer(from): Peer,
    At(run): At<String>,
    Body(claim): Body<Claim, SMALL>,
) -> Answer<ClaimAnswer> {
    us.claim(&run, token.as_deref(), from, claim)
        .await
        .map(Json)
}

pub(super) async fn heartbeat(
    State(us): Us,
    Known(caller): Known,
    Body(beat): Body<Heartbeat, SMALL>,
) -> Answer<HeartbeatAnswer> {
    us.heartbeat(&caller, beat).await.map(Json)
}

pub(super) async fn result(
    State(us): Us,
    Known(caller): Known,
    Body(result): Body<StageResult, LARGE>,
) -> Answer<ResultAnswer> {
    us.result(&caller, result).await.map(Json)
}

pub(super) async fn hold(
    State(us): Us,
    Known(caller): Known,
    Body(hold): Body<Hold, SMALL>,
) -> Answer<HoldAnswer> {
    us.hold(&caller, &hold).await.map(Json)
}

pub(super) async fn sensor(
    State(us): Us,
    Known(caller): Known,
    Body(batch): Body<SampleBatch, BATCH>,
) -> Answer<BatchAnswer> {
    us.samples(&caller, batch).await.map(Json)
}

pub(super) async fn log(
    State(us): Us,
    Known(caller): Known,
    Body(batch): Body<LogBatch, BATCH>,
) -> Answer<BatchAnswer> {
    us.lines(&caller, batch).await.map(Json)
}

pub(super) async fn artifact(
    State(us): Us,
    Known(caller): Known,
    Body(artifact): Body<Artifact, LARGE>,
) -> Answer<ArtifactAnswer> {
    us.artifact(&caller, &artifact).await.map(Json)
}

pub(super) async fn component(
    State(us): Us,
    SessionToken(token): SessionToken,
    At(sha256): At<String>,
) -> Result<Component, ServiceError> {
    let bytes = us.component(token.as_deref(), &sha256).await?;
    Ok(Component(bytes))
}
