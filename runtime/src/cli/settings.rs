//! `--set STAGE.KEY=VALUE`: to each stage its parameters.

use std::collections::BTreeMap;

use serde_json::Value;
use vetting_machine::Machine;

use crate::run::Candidate;

/// A `--set` that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// It is not of the form.
    #[error("--set {0}: STAGE.KEY=VALUE is needed, such as CPUStress.duration=60s")]
    Form(String),
    /// No stage has that name.
    #[error("--set {setting}: there is no stage `{stage}` to set it on; {hint}")]
    NoStage {
        /// What was given.
        setting: String,
        /// The stage it names.
        stage: String,
        /// What was perhaps meant.
        hint: String,
    },
    /// The stage has no such parameter, or the value does not fit it.
    #[error("--set {setting}: {reason}")]
    Parameter {
        /// What was given.
        setting: String,
        /// Why not.
        reason: String,
    },
}

/// The parameters of each stage: the defaults of its manifest, what the machine's profile says, and
/// over both what was set. `all` are the names of every stage in the folder: a parameter may be set
/// for one that is not run.
///
/// # Errors
///
/// When a setting names nothing or does not fit.
pub fn parameters(
    machine: &dyn Machine,
    stages: &[Candidate],
    all: &[String],
    settings: &[String],
) -> Result<Vec<Value>, SettingError> {
    let mut given: BTreeMap<&str, Vec<(&str, &str, &str)>> = BTreeMap::new();
    for setting in settings {
        let form = || SettingError::Form(setting.clone());
        let (target, value) = setting.split_once('=').ok_or_else(form)?;
        let (stage, key) = target.split_once('.').ok_or_else(form)?;
        if !all.iter().any(|name| name == stage) {
            return Err(SettingError::NoStage {
                setting: setting.clone(),
                stage: stage.to_owned(),
                hint: format!("there are: {}", all.join(", ")),
            });
        }
        given.entry(stage).or_default().push((setting, key, value));
    }
    stages
        .iter()
        .map(|stage| {
            let manifest = &stage.contents.manifest;
            let mut values = machine.parameters(stage.name());
            for (setting, key, value) in given.get(stage.name()).into_iter().flatten() {
                let value = vetting_component::typed(manifest, key, value).map_err(|error| {
                    SettingError::Parameter {
                        setting: (*setting).to_owned(),
                        reason: error.to_string(),
                    }
                })?;
                values.push(((*key).to_owned(), value));
            }
            vetting_component::parameters(manifest, &values)
                .map(Value::Object)
                .map_err(|error| SettingError::Parameter {
                    setting: stage.name().to_owned(),
                    reason: error.to_string(),
                })
        })
        .collect()
}
