//! A scenario as its author writes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use vetting_machine::directory::manifest::DocumentEntry;

use super::Expectation;

/// A machine, what goes wrong with it, and what a stage must say of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about, in a line.
    #[serde(default)]
    pub description: String,
    /// The machine: a built-in profile's name, a profile's TOML file beside this one, `replay:FILE` of a
    /// recording or `dir:FOLDER` of evidence beside it, or a table that is a profile itself (`extends = "healthy-server"` and what
    /// differs).
    pub machine: MachineOf,
    /// What goes wrong, and when: faults as in a profile, laid over those of the machine.
    #[serde(default, rename = "fault")]
    #[schemars(with = "Vec<BTreeMap<String, Value>>")]
    pub faults: Vec<toml::Table>,
    /// Documents in the place of the machine's own, each `{ query = "smart.read", target = "sda", file =
    /// "sda.json" }` with a file beside this one; what `machine.toml` may say of a document, these may too.
    #[serde(default)]
    pub documents: Vec<DocumentEntry>,
    /// Faults over single exchanges with the machine, also with a recorded one: `call 412 = unavailable`,
    /// `smart.read[sda]#2 = timed-out`, `bmc.ask[sensors] = cut 4096`, `files.read[sys/class/**] = failed`.
    #[serde(default)]
    pub exchange_faults: Vec<String>,
    /// The stage's parameters that differ from their defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
    /// Interfaces that the stage asks for and does not get.
    #[serde(default)]
    pub withhold: Vec<String>,
    /// The stage's deadline, such as `90s` or `10m`; without it, its manifest's.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<String>")]
    pub timeout: Option<Duration>,
    /// The seed of everything random.
    #[serde(default = "one")]
    pub seed: u64,
    /// What the stage must say.
    pub expect: Expectation,
    /// The file that it was read from.
    #[serde(skip)]
    pub path: PathBuf,
}

/// Which machine.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MachineOf {
    /// A built-in profile's name, a file that ends in `.toml`, `replay:FILE` or `dir:FOLDER`.
    Named(String),
    /// A profile.
    Profile(#[schemars(with = "BTreeMap<String, Value>")] toml::Table),
}

/// A scenario's file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// It is no scenario.
    #[error("{}: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: toml::de::Error,
    },
    /// There is none.
    #[error("{} holds no scenario (*.toml), so nothing would be tested", folder.display())]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
}

impl Scenario {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no scenario.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = std::fs::read_to_string(path).map_err(|reason| FileError::Io {
            path: path.to_owned(),
            reason,
        })?;
        let scenario = toml::from_str(&text).map_err(|reason| FileError::Form {
            path: path.to_owned(),
            reason,
        })?;
        Ok(Scenario {
            path: path.to_owned(),
            ..scenario
        })
    }

    /// A file that the scenario names, which stands beside it.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        folder.join(name)
    }
}

/// The scenarios of a folder, by name.
///
/// # Errors
///
/// When the folder cannot be read or holds none.
pub fn find(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let io = |reason| FileError::Io {
        path: folder.to_owned(),
        reason,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        let folder = folder.to_owned();
        return Err(FileError::Empty { folder });
    }
    Ok(files)
}

/// The JSON Schema of a scenario, for editors.
pub fn schema() -> Value {
    schemars::schema_for!(Scenario).to_value()
}

fn one() -> u64 {
    1
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = humantime::parse_duration(&text);
    duration.map(Some).map_err(serde::de::Error::custom)
}
