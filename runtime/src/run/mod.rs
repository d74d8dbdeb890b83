//! A local run: stages from a folder, one after the other, on one machine, without an orchestrator.
//!
//! All stages are read, checked and compiled before the first one starts, so that nothing compiles
//! while something is measured, and a broken file stops the run before anything was run.

mod order;
mod stages;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vetting_machine::{Cancel, Machine, MachineError, Time};
use vetting_protocol::StageRecord;
use vetting_report::RunRecord;

pub use stages::{Candidate, StagesError, check, find, select};

use crate::engine::{
    Charge, Flavour, Limits, LoadedStage, Notebook, Order, StageEngine, allowances, scratch_folder,
};
use crate::policy::Policy;

/// What a local run is begun with.
pub struct Plan {
    /// The stages, ready to run, each with its parameters.
    pub stages: Vec<(LoadedStage, serde_json::Value)>,
    /// The deadline of each stage; `None`: the one in its manifest.
    pub timeout: Option<Duration>,
    /// How long a stage has after a cancel.
    pub grace: Duration,
    /// The seed of everything random on a simulated machine.
    pub seed: u64,
    /// Each stage's limits.
    pub limits: Limits,
    /// Where scratch folders are made.
    pub scratch: PathBuf,
    /// What stages get at most.
    pub policy: Policy,
    /// The interfaces that are granted to them, as an orchestrator grants some; `None`: all.
    pub granted: Option<Vec<String>>,
}

/// What happens in a run, for whoever shows it.
pub trait Watcher: Send + Sync {
    /// A stage begins. Its notebook shows how far it is.
    fn begins(&self, stage: &str, notebook: &Arc<Notebook>);
    /// A stage has ended.
    fn ended(&self, record: &StageRecord);
    /// The fuel that it used, on a machine of virtual time.
    fn burnt(&self, _fuel: u64) {}
}

/// Runs the plan's stages in order. `cancel` ends the stage at work and leaves the rest not run.
///
/// # Errors
///
/// When the machine or the scratch folder cannot be used. Whatever a stage does is in the record.
pub async fn run(
    engine: &StageEngine,
    machine: &dyn Machine,
    plan: Plan,
    cancel: &Cancel,
    watcher: &dyn Watcher,
) -> Result<RunRecord, MachineError> {
    let (cpu_allowance, memory_allowance_bytes) = allowances(machine);
    let mut records = Vec::new();
    let mut notes = Vec::new();
    if matches!(plan.policy, Policy::Open) {
        notes.push(plan.policy.to_string());
    }
    let mut duration_ms = 0;
    let mut began = None;
    for (stage, parameters) in plan.stages {
        if cancel.is_cancelled() {
            records.push(not_run(&stage, parameters));
            continue;
        }
        let manifest = &stage.contents.manifest;
        let of_manifest = Duration::from_secs(manifest.timeout_seconds);
        let notebook = Arc::new(Notebook::new(plan.limits.clone()));
        watcher.begins(stage.name(), &notebook);
        let scratch = scratch_folder(&plan.scratch)?;
        // One cancellation per attempt; the run's is handed on.
        let attempt_cancel = Cancel::new();
        let order = Order {
            stage: stage.clone(),
            attempt: 1,
            parameters,
            deadline: plan.timeout.unwrap_or(of_manifest),
            grace: plan.grace,
            seed: plan.seed,
            limits: plan.limits.clone(),
            withheld: plan.policy.withheld(manifest, plan.granted.as_deref()),
            reads: plan.policy.read_rules(&manifest.name),
            cancel: attempt_cancel.clone(),
            notebook,
            scratch: scratch.path().to_owned(),
            cpu_allowance,
            memory_allowance_bytes,
            charge: Charge::default(),
        };
        let attempt = engine.attempt(machine, order);
        tokio::pin!(attempt);
        let attempted = tokio::select! {
            attempted = &mut attempt => attempted,
            () = cancel.cancelled() => {
                if let Some(reason) = cancel.reason() {
                    attempt_cancel.cancel(reason.clone());
                }
                attempt.await
            }
        }?;
        if let Err(error) = scratch.close() {
            notes.push(format!("the scratch folder could not be removed: {error}"));
        }
        watcher.ended(&attempted.record);
        if let Some(fuel) = attempted.fuel {
            watcher.burnt(fuel);
        }
        for leftover in attempted.leftovers {
            notes.push(format!("{}: {leftover}", stage.name()));
        }
        began.get_or_insert(attempted.began);
        duration_ms += attempted.record.duration_ms;
        records.push(attempted.record);
    }
    Ok(RunRecord::new(vetting_report::Run {
        vetting_version: env!("CARGO_PKG_VERSION").to_owned(),
        contract: vetting_component::offered().name(),
        machine: machine.name(),
        seed: machine.seed(plan.seed),
        started: rfc3339(began.unwrap_or_default()),
        duration_ms,
        stages: records,
        notes,
    }))
}

/// A time since 1970 as RFC 3339 in UTC.
fn rfc3339(since_1970: Duration) -> String {
    let time = std::time::SystemTime::UNIX_EPOCH + since_1970;
    humantime::format_rfc3339_millis(time).to_string()
}

/// The flavour of engine that a machine's stages run on.
pub fn flavour(machine: &dyn Machine) -> Flavour {
    match machine.time() {
        Time::Real => Flavour::Epoch,
        Time::Virtual => Flavour::EpochAndFuel,
    }
}

/// The record of a stage that was never begun.
fn not_run(stage: &LoadedStage, parameters: serde_json::Value) -> StageRecord {
    StageRecord {
        version: Some(stage.contents.manifest.version.clone()),
        digest: Some(stage.digest.clone()),
        parameters: vetting_component::blank(&stage.contents.manifest, &parameters).0,
        ..StageRecord::not_run(stage.name(), 1)
    }
}
