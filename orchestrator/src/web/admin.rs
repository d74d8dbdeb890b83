//! What operators call. Every call needs an operator's token; what changes something needs a role.

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vetting_protocol::{Code, Publication, PublicationSet};

use super::body::{Body, COMPONENT};
use super::caller::{Admin, Asked, At, By, Operate, Publish, View, ViewStages};
use super::route::Download;
use crate::service::{
    ChangedHost, HostChange, MadeRun, NewHost, NewRun, Orchestrator, Order, Removed, RunView,
    ServiceError, Steered,
};
use crate::store::audit::{Deed, Wanted};
use crate::store::hosts::{self, Host, RunOfHost};
use crate::store::releases::Release;
use crate::store::stages::{self, Stage};

type Answer<T> = Result<Json<T>, ServiceError>;
type Us = State<Orchestrator>;

/// The most runs or deeds that are listed.
const MOST: u32 = 1000;

/// A host and its runs, newest first.
#[derive(Serialize, JsonSchema)]
pub(super) struct HostView {
    /// The host.
    host: Host,
    /// Its runs.
    runs: Vec<RunOfHost>,
}

/// In which form a report is wanted.
#[derive(Deserialize, JsonSchema)]
pub(super) struct ReportQuery {
    /// `json`, `pretty`, `ocptv`, `junit` or `html`; `json` when it is not said.
    format: Option<String>,
}

/// A report in one form.
#[derive(Serialize, JsonSchema)]
pub(super) struct Report {
    /// `json`, `pretty`, `ocptv`, `junit` or `html`.
    format: String,
    /// The report itself.
    body: String,
}

pub(super) async fn all_hosts(State(us): Us, _by: By<View>) -> Answer<Vec<Host>> {
    let mut db = us.store.read().await?;
    Ok(Json(hosts::all(&mut db).await?))
}

pub(super) async fn add_host(
    State(us): Us,
    by: By<Operate>,
    Body(new): Body<NewHost, COMPONENT>,
) -> Answer<Host> {
    us.add_host(&by.who, new).await.map(Json)
}

pub(super) async fn set_host(
    State(us): Us,
    by: By<Operate>,
    At(name): At<String>,
    Body(change): Body<HostChange, COMPONENT>,
) -> Answer<ChangedHost> {
    us.set_host(&by.who, &name, change).await.map(Json)
}

/// What goes with a host.
#[derive(Deserialize, JsonSchema)]
pub(super) struct RemoveHostQuery {
    /// Whether its runs go too; a host that has runs is not removed otherwise.
    #[serde(default)]
    with_runs: bool,
}

pub(super) async fn remove_host(
    State(us): Us,
    by: By<Admin>,
    At(name): At<String>,
    Asked(query): Asked<RemoveHostQuery>,
) -> Answer<Removed> {
    us.remove_host(&by.who, &name, query.with_runs)
        .await
        .map(Json)
}

pub(super) async fn spec(
    State(us): Us,
    _by: By<View>,
    At(sha256): At<String>,
) -> Answer<crate::spec::Spec> {
    us.spec(&sha256).await.map(Json)
}

pub(super) async fn remove_run(
    State(us): Us,
    by: By<Admin>,
    At(run): At<String>,
) -> Answer<Removed> {
    us.remove_run(&by.who, &run).await.map(Json)
}

pub(super) async fn host(State(us): Us, _by: By<View>, At(name): At<String>) -> Answer<HostView> {
    let mut db = us.store.read().await?;
    let Some(host) = hosts::get(&mut db, &name).await? else {
        let message = format!("there is no host `{name}`");
        return Err(ServiceError::refused(Code::NotFound, message));
    };
    let runs = hosts::runs(&mut db, &name).await?;
    Ok(Json(HostView { host, runs }))
}

pub(super) async fn all_runs(State(us): Us, _by: By<View>) -> Answer<Vec<RunView>> {
    us.runs(MOST).await.map(Json)
}

pub(super) async fn create_run(
    State(us): Us,
    by: By<Operate>,
    Body(new): Body<NewRun, COMPONENT>,
) -> Answer<MadeRun> {
    us.create_run(&by.who, &new).await.map(Json)
}

pub(super) async fn run(State(us): Us, _by: By<View>, At(run): At<String>) -> Answer<RunView> {
    us.run(&run).await.map(Json)
}

pub(super) async fn steer(
    State(us): Us,
    by: By<Operate>,
    At(run): At<String>,
    Body(order): Body<Order, COMPONENT>,
) -> Answer<Steered> {
    us.steer(&by.who, &run, &order).await.map(Json)
}

pub(super) async fn report(
    State(us): Us,
    _by: By<View>,
    At(run): At<String>,
    Asked(query): Asked<ReportQuery>,
) -> Answer<Report> {
    let format = query.format.unwrap_or_else(|| "json".to_owned());
    let wanted = format.parse::<vetting_report::Format>();
    let wanted = wanted.map_err(|e| ServiceError::refused(Code::NotFound, e.to_string()))?;
    let body = us.report(&run, wanted).await?;
    Ok(Json(Report { format, body }))
}

pub(super) async fn artifact(
    State(us): Us,
    by: By<View>,
    At((run, sha256)): At<(String, String)>,
) -> Result<Download, ServiceError> {
    let content = us.artifact_content(&run, &sha256).await?;
    // A file of a machine may hold what its owner keeps secret.
    let detail = format!("sha256 {sha256}");
    let who = by.who.name.as_str();
    us.note_deed(who, "artifact read", Some(&run), &detail)
        .await?;
    Ok(Download(content))
}

pub(super) async fn all_stages(State(us): Us, _by: By<ViewStages>) -> Answer<Vec<Stage>> {
    let mut db = us.store.read().await?;
    Ok(Json(stages::all(&mut db).await?))
}

pub(super) async fn publish(
    State(us): Us,
    by: By<Publish>,
    Body(publication): Body<Publication, COMPONENT>,
) -> Answer<Stage> {
    us.publish(&by.who, &publication).await.map(Json)
}

pub(super) async fn publish_set(
    State(us): Us,
    by: By<Publish>,
    Body(set): Body<PublicationSet, COMPONENT>,
) -> Answer<Vec<Stage>> {
    us.publish_set(&by.who, &set).await.map(Json)
}

/// Which version.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Chosen {
    /// `MAJOR.MINOR.PATCH`.
    version: String,
}

pub(super) async fn releases(
    State(us): Us,
    _by: By<ViewStages>,
    At(name): At<String>,
) -> Answer<Vec<Release>> {
    us.releases(&name).await.map(Json)
}

pub(super) async fn use_release(
    State(us): Us,
    by: By<Publish>,
    At(name): At<String>,
    Body(chosen): Body<Chosen, COMPONENT>,
) -> Answer<Stage> {
    let used = us.use_release(&by.who, &name, &chosen.version).await;
    used.map(Json)
}

pub(super) async fn unpublish(
    State(us): Us,
    by: By<Publish>,
    At(name): At<String>,
) -> Answer<Removed> {
    us.unpublish(&by.who, &name).await?;
    Ok(Json(Removed {
        removed: name,
        stays: vec!["its releases, for runs that were made with them".to_owned()],
    }))
}

pub(super) async fn audit(
    State(us): Us,
    _by: By<View>,
    Asked(wanted): Asked<Wanted>,
) -> Answer<Vec<Deed>> {
    us.deeds(wanted).await.map(Json)
}
