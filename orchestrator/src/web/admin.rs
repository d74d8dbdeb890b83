//! What operators call. Every call needs an operator's token; what changes something needs a role.

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use vetting_protocol::Code;

use super::error::{Body, Token};
use crate::secret;
use crate::service::{
    MadeRun, NewRun, Orchestrator, Order, Publication, RunView, ServiceError, Steered, sent,
};
use crate::store::audit::{self, Deed};
use crate::store::hosts::{self, Host};
use crate::store::operators::{self, Operator, Role};
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
        .route("/api/v1/admin/stages", get(all_stages).post(publish))
        .route("/api/v1/admin/stages/{name}", delete(unpublish))
        .route("/api/v1/admin/audit", get(deeds))
}

/// The operator of a token, who must have a role.
pub(super) async fn operator(
    us: &Orchestrator,
    token: Option<&str>,
    role: Role,
) -> Result<Operator, ServiceError> {
    let refuse = |code, message: String| Err(ServiceError::refused(code, message));
    let token = sent(token)?;
    let mut db = us.store.read().await?;
    let found = operators::of_token(&mut db, &secret::hash(token)).await?;
    let Some(operator) = found else {
        return refuse(Code::BadToken, "no operator has this token".to_owned());
    };
    if operator.role < role {
        let message = format!(
            "{} has the role {:?}; {role:?} is needed",
            operator.name, operator.role
        );
        return refuse(Code::Role, message.to_lowercase());
    }
    Ok(operator)
}

async fn all_hosts(State(us): Us, Token(token): Token) -> Answer<Vec<Host>> {
    operator(&us, token.as_deref(), Role::View).await?;
    let mut db = us.store.read().await?;
    Ok(Json(hosts::all(&mut db).await?))
}

async fn put_host(State(us): Us, Token(token): Token, Body(host): Body<Host>) -> Answer<Host> {
    let who = operator(&us, token.as_deref(), Role::Operate).await?;
    us.put_host(&who, host).await.map(Json)
}

async fn host(State(us): Us, Token(token): Token, Path(name): Path<String>) -> Answer<Value> {
    operator(&us, token.as_deref(), Role::View).await?;
    let mut db = us.store.read().await?;
    let Some(host) = hosts::get(&mut db, &name).await? else {
        let message = format!("there is no host `{name}`");
        return Err(ServiceError::refused(Code::NotFound, message));
    };
    let runs = hosts::runs(&mut db, &name).await?;
    Ok(Json(json!({ "host": host, "runs": runs })))
}

async fn all_runs(State(us): Us, Token(token): Token) -> Answer<Vec<RunView>> {
    operator(&us, token.as_deref(), Role::View).await?;
    us.runs(MOST).await.map(Json)
}

async fn create_run(
    State(us): Us,
    Token(token): Token,
    Body(new): Body<NewRun>,
) -> Answer<MadeRun> {
    let who = operator(&us, token.as_deref(), Role::Operate).await?;
    us.create_run(&who, &new).await.map(Json)
}

async fn run(State(us): Us, Token(token): Token, Path(run): Path<String>) -> Answer<RunView> {
    operator(&us, token.as_deref(), Role::View).await?;
    us.run(&run).await.map(Json)
}

async fn steer(
    State(us): Us,
    Token(token): Token,
    Path(run): Path<String>,
    Body(order): Body<Order>,
) -> Answer<Steered> {
    let who = operator(&us, token.as_deref(), Role::Operate).await?;
    us.steer(&who, &run, &order).await.map(Json)
}

async fn report(
    State(us): Us,
    Token(token): Token,
    Path(run): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Value> {
    operator(&us, token.as_deref(), Role::View).await?;
    let format = query.get("format").map_or("json", String::as_str);
    let body = us.report(&run, format).await?;
    Ok(Json(json!({ "format": format, "body": body })))
}

async fn all_stages(State(us): Us, Token(token): Token) -> Answer<Vec<Stage>> {
    operator(&us, token.as_deref(), Role::View).await?;
    let mut db = us.store.read().await?;
    Ok(Json(stages::all(&mut db).await?))
}

async fn publish(
    State(us): Us,
    Token(token): Token,
    Body(publication): Body<Publication>,
) -> Answer<Stage> {
    let who = operator(&us, token.as_deref(), Role::Publish).await?;
    us.publish(&who, &publication).await.map(Json)
}

async fn unpublish(State(us): Us, Token(token): Token, Path(name): Path<String>) -> Answer<Value> {
    let who = operator(&us, token.as_deref(), Role::Publish).await?;
    us.unpublish(&who, &name).await?;
    Ok(Json(json!({ "removed": name })))
}

async fn deeds(
    State(us): Us,
    Token(token): Token,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Vec<Deed>> {
    operator(&us, token.as_deref(), Role::View).await?;
    let mut db = us.store.read().await?;
    let run = query.get("run").map(String::as_str);
    Ok(Json(audit::newest(&mut db, run, MOST).await?))
}
