//! A scenario's machine: a profile with the scenario's faults over it, or a recording.

use std::sync::Arc;

use toml::{Table, Value};
use vetting_machine::fault::Faults;
use vetting_machine::recorded::{Recording, ReplayMachine};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Machine, MachineError};

use super::file::MachineOf;
use super::{Scenario, ScenarioError};
use crate::engine::Limits;

/// Before the file of a recording.
pub(super) const REPLAY: &str = "replay:";

/// Makes it, with the limits that the recorded run had, where it is one.
pub(super) fn machine(
    scenario: &Scenario,
) -> Result<(Arc<dyn Machine>, Option<Limits>), ScenarioError> {
    let (name, mut profile) = match &scenario.machine {
        MachineOf::Named(name) => match name.strip_prefix(REPLAY) {
            Some(file) => return replayed(scenario, file),
            None => (name.clone(), named(scenario, name)?),
        },
        MachineOf::Profile(profile) => (super::name(&scenario.path), profile.clone()),
    };
    let faults = profile
        .entry("fault")
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(faults) = faults {
        faults.extend(scenario.faults.iter().cloned().map(Value::Table));
    }
    let text = profile.to_string();
    let machine = SimulatedMachine::from_toml(&name, &text, scenario.seed)?;
    Ok((Arc::new(machine), None))
}

fn replayed(
    scenario: &Scenario,
    file: &str,
) -> Result<(Arc<dyn Machine>, Option<Limits>), ScenarioError> {
    if !scenario.faults.is_empty() {
        return Err(ScenarioError::FaultOverRecording);
    }
    let path = scenario.beside(file);
    let recording = Recording::open(&path).map_err(|reason| ScenarioError::Recording {
        path,
        reason: Box::new(reason),
    })?;
    let limits = crate::recording::limits(&recording.header.limits)?;
    let machine = ReplayMachine::new(recording, Arc::new(Faults::default()));
    Ok((Arc::new(machine), Some(limits)))
}

/// A built-in profile, or one in a file beside the scenario.
fn named(scenario: &Scenario, name: &str) -> Result<Table, MachineError> {
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
