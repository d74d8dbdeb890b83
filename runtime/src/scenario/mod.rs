//! Scenarios: a stage on a machine that is sick in a known way, and what it must say of it.
//!
//! A scenario is a TOML file: [`file`] reads it, [`machine`] makes its machine, [`expectation`] holds a
//! stage's record against what was expected, [`undeclared`] against the table of the stage's rules, and
//! [`snapshot`] against what it was the last time.

mod adopt;
mod declared;
pub mod expectation;
pub mod file;
mod machine;
pub mod snapshot;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use vetting_component::ParameterError;
use vetting_machine::fault::FaultError;
use vetting_machine::recorded::RecordingError;
use vetting_machine::{Cancel, Machine, MachineError};
use vetting_protocol::StageRecord;
use vetting_report::RunRecord;

pub use adopt::{AdoptError, adopt, expect_the_blamed};
pub use declared::undeclared;
pub use expectation::{Expectation, Mismatch};
pub use file::{FileError, Scenario, find, schema};
pub use snapshot::Snapshot;

use crate::engine::{LimitError, Limits, LoadedStage, Notebook, StageEngine};
use crate::policy::Policy;
use crate::run::{self, Plan, Watcher};

/// How long a stage has to return what it has after a cancel.
const GRACE: Duration = Duration::from_secs(2);

/// A scenario that cannot be run. Whatever the stage does is in its record.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Its machine does not exist.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// Its recording cannot be replayed.
    #[error("the recording {}: {reason}", path.display())]
    Recording {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: Box<RecordingError>,
    },
    /// Its recording was made under a limit that there is not.
    #[error("the recording's limits: {0}")]
    Limit(#[from] LimitError),
    /// A recorded machine is as it was.
    #[error(
        "[[fault]] changes a simulated machine; over what a recording or evidence answers lays `exchange_faults`, such as exchange_faults = [\"smart.read#2 = timed-out\"]"
    )]
    FaultOverRecording,
    /// A recorded attempt keeps what it was granted.
    #[error(
        "withhold has no effect on a recording, which repeats what was granted then; to refuse a call there: exchange_faults = [\"bmc.ask = denied\"]"
    )]
    WithholdFromRecording,
    /// It lays a fault over an exchange that cannot be.
    #[error("exchange_faults")]
    ExchangeFault(#[from] FaultError),
    /// It sets a parameter that the stage does not have, or one that does not fit.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// It withholds what the stage does not ask for.
    #[error("withhold: the stage does not ask for `{interface}`; it asks for: {asked}")]
    Withhold {
        /// What it names.
        interface: String,
        /// What the stage asks for.
        asked: String,
    },
}

/// A scenario's run, and how it went beside what was expected.
#[derive(Debug)]
pub struct Tried {
    /// The run's record.
    pub record: RunRecord,
    /// What was expected and is not so, and what the stage's rules do not have; empty: it is as expected.
    pub mismatches: Vec<Mismatch>,
}

impl Tried {
    /// The stage's own record.
    pub fn stage(&self) -> Option<&StageRecord> {
        self.record.stages.first()
    }
}

/// Runs a stage in a scenario.
///
/// # Errors
///
/// When the scenario cannot be run at all.
pub async fn run(
    engine: &StageEngine,
    stage: &LoadedStage,
    scenario: &Scenario,
    limits: &Limits,
    cancel: &Cancel,
    watcher: &dyn Watcher,
) -> Result<Tried, ScenarioError> {
    let stand = machine::stand(scenario)?;
    let machine = &*stand.machine;
    let limits = stand.limits.as_ref().unwrap_or(limits);
    let plan = plan(stage, scenario, machine, limits)?;
    let record = run::run(engine, machine, plan, cancel, watcher).await?;
    let mut mismatches = Vec::new();
    if let Some(told) = record.stages.first() {
        mismatches.extend(scenario.expect.held_against(told));
        mismatches.extend(undeclared(&stage.contents.manifest.rules, told));
    }
    let idle = stand.faults.idle().into_iter();
    mismatches.extend(idle.map(|fault| {
        Mismatch(format!(
            "no exchange was struck by `{fault}`: the stage never came there"
        ))
    }));
    Ok(Tried { record, mismatches })
}

fn plan(
    stage: &LoadedStage,
    scenario: &Scenario,
    machine: &dyn Machine,
    limits: &Limits,
) -> Result<Plan, ScenarioError> {
    let manifest = &stage.contents.manifest;
    for interface in &scenario.withhold {
        if !manifest.interfaces.contains_key(interface) {
            let asked: Vec<_> = manifest.interfaces.keys().map(String::as_str).collect();
            return Err(ScenarioError::Withhold {
                interface: interface.clone(),
                asked: asked.join(", "),
            });
        }
    }
    let asked = manifest.interfaces.keys();
    let granted = asked.filter(|name| !scenario.withhold.contains(name));
    let mut given = machine.parameters(stage.name());
    given.extend(scenario.parameters.clone());
    let parameters = vetting_component::parameters(manifest, &given)?;
    Ok(Plan {
        stages: vec![(stage.clone(), Value::Object(parameters))],
        timeout: scenario.timeout,
        grace: GRACE,
        seed: scenario.seed,
        limits: limits.clone(),
        scratch: std::env::temp_dir(),
        policy: Policy::Open,
        granted: Some(granted.cloned().collect()),
    })
}

/// A scenario's name: its file's.
pub fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Nobody looks on.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn begins(&self, _stage: &str, _notebook: &std::sync::Arc<Notebook>) {}
    fn ended(&self, _record: &StageRecord) {}
}
