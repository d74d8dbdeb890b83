//! A scenario's machine: a profile with the scenario's faults over it, a recording or a folder of evidence;
//! what is laid over single exchanges with it, and documents in the place of its own.

use std::sync::Arc;

use toml::{Table, Value};
use vetting_machine::directory::{DirectoryMachine, Replaced};
use vetting_machine::fault::{Fault, Faults, Overlay};
use vetting_machine::recorded::{Recording, ReplayMachine};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Machine, MachineError};

use super::file::MachineOf;
use super::{Scenario, ScenarioError};
use crate::engine::Limits;

/// Before a profile, where somebody writes it as `vetting run --machine` wants it.
const SIMULATED: &str = "sim:";

/// Before the file of a recording.
pub(super) const REPLAY: &str = "replay:";

/// Before a folder of evidence.
const DIRECTORY: &str = "dir:";

/// What a scenario is run on.
pub(super) struct Stand {
    pub machine: Arc<dyn Machine>,
    /// The limits that the recorded run had, where it is one.
    pub limits: Option<Limits>,
    /// What is laid over single exchanges.
    pub faults: Arc<Faults>,
}

/// Makes it.
pub(super) fn stand(scenario: &Scenario) -> Result<Stand, ScenarioError> {
    let faults = scenario.exchange_faults.iter();
    let faults = faults.map(|text| text.parse::<Fault>());
    let faults = Arc::new(Faults::new(faults.collect::<Result<_, _>>()?));
    if let MachineOf::Named(name) = &scenario.machine
        && let Some(file) = name.strip_prefix(REPLAY)
    {
        return replayed(scenario, file, faults);
    }
    let machine = documents(scenario, machine(scenario)?)?;
    Ok(Stand {
        machine: Arc::new(Overlay::new(machine, Arc::clone(&faults))),
        limits: None,
        faults,
    })
}

fn machine(scenario: &Scenario) -> Result<Arc<dyn Machine>, ScenarioError> {
    let folder = match &scenario.machine {
        MachineOf::Named(name) => name.strip_prefix(DIRECTORY),
        MachineOf::Profile(_) => None,
    };
    let Some(folder) = folder else {
        return Ok(Arc::new(simulated(scenario)?));
    };
    if !scenario.faults.is_empty() {
        return Err(ScenarioError::FaultOverRecording);
    }
    let machine = DirectoryMachine::open(folder, &scenario.beside(folder));
    Ok(Arc::new(machine.map_err(MachineError::from)?))
}

/// The machine with the scenario's documents in the place of its own.
fn documents(
    scenario: &Scenario,
    machine: Arc<dyn Machine>,
) -> Result<Arc<dyn Machine>, ScenarioError> {
    if scenario.documents.is_empty() {
        return Ok(machine);
    }
    let folder = scenario.path.parent().filter(|f| !f.as_os_str().is_empty());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    let replaced = Replaced::new(machine, folder, &scenario.documents);
    Ok(Arc::new(replaced.map_err(MachineError::from)?))
}

fn simulated(scenario: &Scenario) -> Result<SimulatedMachine, MachineError> {
    let (name, mut profile) = match &scenario.machine {
        MachineOf::Named(name) => (name.clone(), named(scenario, name)?),
        MachineOf::Profile(profile) => (super::name(&scenario.path), profile.clone()),
    };
    let faults = profile
        .entry("fault")
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(faults) = faults {
        faults.extend(scenario.faults.iter().cloned().map(Value::Table));
    }
    let text = profile.to_string();
    SimulatedMachine::from_toml(&name, &text, scenario.seed)
}

fn replayed(scenario: &Scenario, file: &str, faults: Arc<Faults>) -> Result<Stand, ScenarioError> {
    if !scenario.faults.is_empty() {
        return Err(ScenarioError::FaultOverRecording);
    }
    if !scenario.withhold.is_empty() {
        return Err(ScenarioError::WithholdFromRecording);
    }
    let path = scenario.beside(file);
    let recording = Recording::open(&path).map_err(|reason| ScenarioError::Recording {
        path,
        reason: Box::new(reason),
    })?;
    let limits = crate::recording::limits(&recording.header.limits)?;
    let machine = Arc::new(ReplayMachine::new(recording, Arc::clone(&faults)));
    Ok(Stand {
        machine: documents(scenario, machine)?,
        limits: Some(limits),
        faults,
    })
}

/// A built-in profile, or one in a file beside the scenario.
fn named(scenario: &Scenario, name: &str) -> Result<Table, MachineError> {
    let name = name.strip_prefix(SIMULATED).unwrap_or(name);
    let bad = |reason: &dyn std::fmt::Display| MachineError::BadProfile {
        path: name.to_owned(),
        reason: reason.to_string(),
    };
    let text = if name.ends_with(".toml") {
        std::fs::read_to_string(scenario.beside(name)).map_err(|error| bad(&error))?
    } else {
        SimulatedMachine::builtin_text(name)?.to_owned()
    };
    toml::from_str(&text).map_err(|error| bad(&error))
}
