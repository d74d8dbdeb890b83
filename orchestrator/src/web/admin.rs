//! What operators call. Every call needs an operator's token; what changes something needs a role.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use vetting_protocol::Code;

use super::body::{Body, COMPONENT};
use super::caller::{Asked, At, By, Operate, Publish, View};
use crate::service::{
    MadeRun, NewRun, Orchestrator, Order, Publication, RunView, ServiceError, Steered,
};
use crate::store::audit::{self, Deed};
use crate::store::hosts::{self, Host};
use crate::store::stages::{self, Stage};

type Answer<T> = Result<Json<T>, ServiceError>;
type Us = State<Orchestrator>;

/// The most runs or deeds that are listed.
const MOST: u32 = 1000;

pub(super) fn router() -> Router<Orchestrator> {
    Router::new()
        .route("/api/v1/admin/hosts", get(all_hosts).post(put_host))
        .route("/api/v1/admin/hosts/{name}", get(host))
        .route("/api/v1/admin/runs", get(all_runs).post(create_run))
        .route("/api/v1/admin/runs/{run}", get(run))
        .route("/api/v1/admin/runs/{run}/steer", post(steer))
        .route("/api/v1/admin/runs/{run}/report", get(report))
        .route(
            "/api/v1/admin/runs/{run}/artifacts/{sha256}",
            get(artifact),
        )
        .route("/api/v1/admin/stages", get(all_stages).post(publish))
        .route("/api/v1/admin/stages/{name}", delete(unpublish))
        .route("/api/v1/admin/audit", get(deeds))
}

async fn all_hosts(State(us): Us, _by: By<View>) -> Answer<Vec<Host>> {
    let mut db = us.store.read().await?;
    Ok(Json(hosts::all(&mut db).await?))
}

async fn put_host(
    State(us): Us,
    by: By<Operate>,
    Body(host): Body<Host, COMPONENT>,
) -> Answer<Host> {
    us.put_host(&by.who, host).await.map(Json)
}

async fn host(State(us): Us, _by: By<View>, At(name): At<String>) -> Answer<Value> {
    let mut db = us.store.read().await?;
    let Some(host) = hosts::get(&mut db, &name).await? else {
        let message = format!("there is no host `{name}`");
        return Err(ServiceError::refused(Code::NotFound, message));
    };
    let runs = hosts::runs(&mut db, &name).await?;
    Ok(Json(json!({ "host": host, "runs": runs })))
}

async fn all_runs(State(us): Us, _by: By<View>) -> Answer<Vec<RunView>> {
    us.runs(MOST).await.map(Json)
}

async fn create_run(
    State(us): Us,
    by: By<Operate>,
    Body(new): Body<NewRun, COMPONENT>,
) -> Answer<MadeRun> {
    us.create_run(&by.who, &new).await.map(Json)
}

async fn run(State(us): Us, _by: By<View>, At(run): At<String>) -> Answer<RunView> {
    us.run(&run).await.map(Json)
}

async fn steer(
    State(us): Us,
    by: By<Operate>,
    At(run): At<String>,
    Body(order): Body<Order, COMPONENT>,
) -> Answer<Steered> {
    us.steer(&by.who, &run, &order).await.map(Json)
}

async fn report(
    State(us): Us,
    _by: By<View>,
    At(run): At<String>,
    Asked(query): Asked<BTreeMap<String, String>>,
) -> Answer<Value> {
    let format = query.get("format").map_or("json", String::as_str);
    let body = us.report(&run, format).await?;
    Ok(Json(json!({ "format": format, "body": body })))
}

/// The content, as a download: what an agent sent must not be run by the browser of whoever looks.
async fn artifact(
    State(us): Us,
    _by: By<View>,
    At((run, sha256)): At<(String, String)>,
) -> Result<Response, ServiceError> {
    let content = us.artifact_content(&run, &sha256).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, content).into_response())
}

async fn all_stages(State(us): Us, _by: By<View>) -> Answer<Vec<Stage>> {
    let mut db = us.store.read().await?;
    Ok(Json(stages::all(&mut db).await?))
}

async fn publish(
    State(us): Us,
    by: By<Publish>,
    Body(publication): Body<Publication, COMPONENT>,
) -> Answer<Stage> {
    us.publish(&by.who, &publication).await.map(Json)
}

async fn unpublish(State(us): Us, by: By<Publish>, At(name): At<String>) -> Answer<Value> {
    us.unpublish(&by.who, &name).await?;
    Ok(Json(json!({ "removed": name })))
}

async fn deeds(
    State(us): Us,
    _by: By<View>,
    Asked(query): Asked<BTreeMap<String, String>>,
) -> Answer<Vec<Deed>> {
    let mut db = us.store.read().await?;
    let run = query.get("run").map(String::as_str);
    Ok(Json(audit::newest(&mut db, run, MOST).await?))
}
