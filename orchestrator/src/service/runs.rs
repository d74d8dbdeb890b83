//! Making a run, and looking at it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vetting_component::Manifest;
use vetting_protocol::{Code, State};
use vetting_report::RunVerdict;

use super::agents::run_of;
use super::{Orchestrator, ServiceError, registry, releases};
use crate::lifecycle::{Held, Progress};
use crate::secret;
use crate::store::artifacts::ArtifactRecord;
use crate::store::claims::ClaimRecord;
use crate::store::directives::Given;
use crate::store::holds::HoldRecord;
use crate::store::journal::Dropped;
use crate::store::operators::Operator;
use crate::store::runs::{self, Run, Transition};
use crate::store::{artifacts, audit, claims, directives, holds, hosts, results, specs};

/// A run to make.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct NewRun {
    /// The host's name.
    pub host: String,
    /// The stages; all that are registered when none is named.
    #[serde(default)]
    pub stages: Vec<String>,
    /// Parameters by stage, over those of the registry.
    #[serde(default)]
    pub parameters: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// Deadlines by stage, in seconds, over those of the registry.
    #[serde(default)]
    pub timeouts: BTreeMap<String, u64>,
    /// Versions that this run tries in the place of what is registered, each as `NAME@VERSION`.
    #[serde(default)]
    pub canaries: Vec<String>,
    /// Whether stages may write to the disks that the host's spec names.
    #[serde(default)]
    pub destructive: bool,
}

/// A run that was made, with what its host is booted with. The token is told this once.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MadeRun {
    /// Its id.
    pub id: String,
    /// Its boot token.
    pub boot_token: String,
}

/// A run as it is looked at.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// Its host's name.
    pub host: String,
    /// Its state.
    pub state: State,
    /// Where it is, for people: `waiting for the host`, `CPUStress attempt 1`, `holds`, `completed` …
    #[serde(default)]
    pub status: String,
    /// Its verdict, when it is over or holds.
    #[serde(default)]
    pub verdict: Option<RunVerdict>,
    /// The attempt's number, where that is a stage's.
    pub attempt: u32,
    /// Why it holds.
    pub held: Option<Held>,
    /// Why it ended before its time.
    pub ended_because: Option<String>,
    /// How often it was claimed.
    pub epoch: u64,
    /// Whether nothing may be written to a disk.
    pub non_destructive: bool,
    /// Its stages.
    pub stages: Vec<StageView>,
    /// When it was made.
    pub created: String,
    /// When its state last changed.
    pub changed: String,
    /// The machine's address.
    pub address: Option<String>,
    /// When its agent was last heard.
    pub last_heard: Option<String>,
    /// What it then said.
    pub last_words: Option<String>,
    /// How far the stage at work is.
    pub fraction: Option<f64>,
    /// Since when its agent is silent for too long.
    pub agent_lost_since: Option<String>,
    /// The sha256 of the spec that it was made against; empty: its host had none; `null`: not known.
    #[serde(default)]
    pub spec_sha256: Option<String>,
    /// How many of its log lines and samples were dropped, because its bounds were reached.
    #[serde(default)]
    pub dropped: Dropped,
    /// Every claim of it, refused ones included.
    #[serde(default)]
    pub claims: Vec<ClaimRecord>,
    /// Every change of its state.
    pub transitions: Vec<Transition>,
    /// What its agent was told.
    pub directives: Vec<Given>,
    /// When a person could log in.
    pub holds: Vec<HoldRecord>,
    /// Files about it that its agent gathered.
    #[serde(default)]
    pub artifacts: Vec<ArtifactRecord>,
}

/// A stage of a run as it is looked at.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct StageView {
    /// Its name.
    pub name: String,
    /// The newest attempt's number.
    pub attempt: u32,
    /// Its verdict, when it has a result.
    pub verdict: Option<String>,
    /// What its result says.
    pub message: Option<String>,
    /// What was tested.
    pub summary: Option<String>,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// The sha256 of what it runs.
    pub digest: String,
}

impl Orchestrator {
    /// Makes a run of a host. It waits for the host's agent from then on.
    ///
    /// # Errors
    ///
    /// When the host or a stage is unknown, a parameter does not fit, or the host is in another run.
    pub async fn create_run(&self, who: &Operator, new: &NewRun) -> Result<MadeRun, ServiceError> {
        let mut tx = self.store.write().await?;
        let host = hosts::get(&mut tx, &new.host).await?;
        let host = host.ok_or_else(|| ServiceError::not_found("host", &new.host))?;
        if let Some(other) = runs::live_of_host(&mut tx, &host.name).await? {
            return Err(ServiceError::refused(
                Code::State,
                format!(
                    "{} is in the run {}, which is at {}; end that one first",
                    host.name,
                    other.id,
                    other.progress.place()
                ),
            ));
        }
        let registered = releases::with_canaries(&mut tx, &new.canaries).await?;
        for name in new
            .stages
            .iter()
            .chain(new.parameters.keys())
            .chain(new.timeouts.keys())
        {
            if !registered.iter().any(|stage| stage.name == *name) {
                return Err(ServiceError::not_found("stage", name));
            }
        }
        let mut orders = Vec::new();
        let mut pipeline = Vec::new();
        for stage in registered {
            if !new.stages.is_empty() && !new.stages.contains(&stage.name) {
                continue;
            }
            let mut order = registry::order(&stage);
            let parameters = new.parameters.get(&stage.name).cloned();
            order.parameters.extend(parameters.unwrap_or_default());
            let timeout = new.timeouts.get(&stage.name).copied();
            registry::in_time(&stage.name, timeout)?;
            order.timeout_seconds = timeout.or(order.timeout_seconds);
            let manifest: Manifest = serde_json::from_value(stage.manifest)
                .map_err(|error| ServiceError::refused(Code::Internal, error.to_string()))?;
            registry::fits(&manifest, &order.parameters)?;
            pipeline.push((stage.name, manifest.destructive && new.destructive));
            orders.push(order);
        }
        let progress = Progress::new(pipeline)?;
        let spec_digest = match &host.spec {
            Some(spec) => specs::put(&mut tx, spec).await?,
            None => String::new(),
        };
        let boot_token = secret::token("vb");
        let now = crate::store::now();
        let run = Run {
            id: secret::id(),
            host: host.name,
            progress,
            orders,
            non_destructive: !new.destructive,
            boot_token_hash: secret::hash(&boot_token),
            epoch: 0,
            claim: None,
            iperf_port: None,
            iperf_reason: None,
            spec_digest: Some(spec_digest),
            dropped: Dropped::default(),
            verdict: None,
            created: now.clone(),
            created_by: who.name.clone(),
            changed: now,
            last_heard: None,
            last_words: None,
            lost_since: None,
        };
        runs::insert(&mut tx, &run).await?;
        audit::note(&mut tx, &who.name, "run create", Some(&run.id), &run.host).await?;
        tx.commit().await?;
        Ok(MadeRun {
            id: run.id,
            boot_token,
        })
    }

    /// A run as it is.
    ///
    /// # Errors
    ///
    /// When there is none of that id.
    pub async fn run(&self, id: &str) -> Result<RunView, ServiceError> {
        let mut db = self.store.read().await?;
        let run = run_of(&mut db, id).await?;
        let mut view = self.view(&run);
        for stage in &mut view.stages {
            // The verdict of an attempt before says nothing of the one at work.
            let Some(head) = results::head(&mut db, id, &stage.name, stage.attempt).await? else {
                continue;
            };
            stage.verdict = Some(head.verdict);
            stage.message = Some(head.message);
            stage.summary = Some(head.summary);
            stage.duration_ms = Some(head.duration_ms);
        }
        view.claims = claims::of_run(&mut db, id).await?;
        view.transitions = runs::transitions(&mut db, id).await?;
        view.directives = directives::of_run(&mut db, id).await?;
        view.holds = holds::of_run(&mut db, id).await?;
        view.artifacts = artifacts::of_run(&mut db, id).await?;
        Ok(view)
    }

    /// All runs, newest first, without their results.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn runs(&self, most: u32) -> Result<Vec<RunView>, ServiceError> {
        let mut db = self.store.read().await?;
        let all = runs::all(&mut db, most).await?;
        Ok(all.iter().map(|run| self.view(run)).collect())
    }

    fn view(&self, run: &Run) -> RunView {
        let presence = self.live.presence(&run.id);
        let stage = |order: &vetting_protocol::StageOrder| StageView {
            name: order.stage.clone(),
            attempt: run.progress.stage(&order.stage).map_or(0, |s| s.attempt),
            verdict: None,
            message: None,
            summary: None,
            duration_ms: None,
            digest: order.component.sha256.clone(),
        };
        RunView {
            id: run.id.clone(),
            host: run.host.clone(),
            state: run.progress.state.clone(),
            status: status(run),
            verdict: verdict(run),
            attempt: run.progress.attempt(),
            held: run.progress.held.clone(),
            ended_because: run.progress.ended_because.clone(),
            epoch: run.epoch,
            non_destructive: run.non_destructive,
            stages: run.orders.iter().map(stage).collect(),
            created: run.created.clone(),
            changed: run.changed.clone(),
            address: run.claim.as_ref().and_then(|claim| claim.address.clone()),
            last_heard: presence
                .as_ref()
                .map(|p| p.time.clone())
                .or(run.last_heard.clone()),
            last_words: presence
                .as_ref()
                .map(|p| p.words.clone())
                .or(run.last_words.clone()),
            fraction: presence.and_then(|presence| presence.fraction),
            agent_lost_since: run.lost_since.clone(),
            spec_sha256: run.spec_digest.clone(),
            dropped: run.dropped,
            claims: Vec::new(),
            transitions: Vec::new(),
            directives: Vec::new(),
            holds: Vec::new(),
            artifacts: Vec::new(),
        }
    }
}

/// Where a run is, for people.
fn status(run: &Run) -> String {
    match &run.progress.state {
        State::Completed => "completed".to_owned(),
        State::FailedHolding => match &run.progress.held {
            Some(held) => format!("holds at {}", held.at),
            None => "holds".to_owned(),
        },
        State::Cancelled => "cancelled".to_owned(),
        State::Aborted => "aborted".to_owned(),
        _ if run.epoch == 0 => "waiting for the host".to_owned(),
        _ => run.progress.place(),
    }
}

/// The verdict of a run that is over or holds.
fn verdict(run: &Run) -> Option<RunVerdict> {
    let word = run.verdict.as_deref()?;
    let at_rest = run.progress.state.is_at_rest();
    let all = [
        RunVerdict::Pass,
        RunVerdict::Fail,
        RunVerdict::Inconclusive,
        RunVerdict::Cancelled,
        RunVerdict::Error,
    ];
    all.into_iter()
        .find(|verdict| verdict.as_str() == word && at_rest)
}
