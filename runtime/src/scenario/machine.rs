//! A scenario's machine: a profile, and the scenario's faults over it.

use std::sync::Arc;

use toml::{Table, Value};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Machine, MachineError};

use super::Scenario;
use super::file::MachineOf;

/// Makes it.
pub(super) fn machine(scenario: &Scenario) -> Result<Arc<dyn Machine>, MachineError> {
    let (name, mut profile) = match &scenario.machine {
        MachineOf::Named(name) if name.ends_with(".toml") => {
            let path = scenario.beside(name);
            let text = std::fs::read_to_string(&path).map_err(|error| bad(name, &error))?;
            (name.clone(), table(name, &text)?)
        }
        MachineOf::Named(name) => {
            let text = SimulatedMachine::builtin_text(name)?;
            (name.clone(), table(name, text)?)
        }
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
    Ok(Arc::new(machine))
}

fn table(name: &str, text: &str) -> Result<Table, MachineError> {
    toml::from_str(text).map_err(|error| bad(name, &error))
}

fn bad(name: &str, reason: &dyn std::fmt::Display) -> MachineError {
    MachineError::BadProfile {
        path: name.to_owned(),
        reason: reason.to_string(),
    }
}
