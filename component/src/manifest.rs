//! The manifest: what a stage is, known without running it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most that a manifest may be, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// What a stage says of itself. Its author writes it as `stage.toml`; it travels as JSON in the
/// component's custom section `vetting:manifest`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The stage's name in a pipeline: a letter, then letters, digits, `-`; at most 64.
    pub name: String,
    /// Its version, `MAJOR.MINOR.PATCH`.
    pub version: String,
    /// What it tests, in a line.
    pub summary: String,
    /// How long it may take unless a claim or `--timeout` says otherwise, in seconds.
    pub timeout_seconds: u64,
    /// Whether it can write to a disk.
    #[serde(default)]
    pub destructive: bool,
    /// The hardware it judges.
    #[serde(default)]
    pub hardware: Vec<Hardware>,
    /// The interfaces it asks for, each with the reason. `context`, `log`, `clock` and interfaces
    /// that have only types need no asking.
    #[serde(default)]
    pub interfaces: BTreeMap<String, InterfaceRequest>,
    /// Its parameters as a JSON Schema of an object: `type`, `default`, `description`, `minimum`, …
    /// and `x-source` (where a threshold comes from) per property.
    #[serde(default = "no_parameters")]
    pub parameters: serde_json::Value,
}

/// A kind of hardware that a stage judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hardware {
    /// Processors.
    Cpu,
    /// Memory.
    Memory,
    /// Disks.
    Disk,
    /// Network ports.
    Nic,
    /// GPUs.
    Gpu,
    /// Power supplies, fans, rails.
    Power,
    /// The machine as a whole.
    System,
}

/// Why a stage asks for an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InterfaceRequest {
    /// The reason, for whoever grants it.
    pub reason: String,
}

fn no_parameters() -> serde_json::Value {
    serde_json::json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not there, malformed, or too large.
    #[error("{0}")]
    Unusable(String),
}
