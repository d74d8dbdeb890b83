//! The manifest: what a stage is, known without running it.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ComponentError, Contents, Import, Rule, Version, reads, rules};

/// The most that a manifest may be, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The longest name, in bytes.
const MAX_NAME: usize = 64;
/// The longest summary or reason, in bytes.
const MAX_TEXT: usize = 1000;
/// The longest deadline of a stage, wherever one is given. (A burn-in takes days; whatever is longer is a
/// mistake, and times beyond it would overflow in sums.)
pub const MAX_TIMEOUT: Duration = Duration::from_secs(30 * 24 * 3600);

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
    /// The files that it reads through `files`: each glob (`*` stays within one name) with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// The queries that it asks through `queries`, by name, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, String>,
    /// Its parameters as a JSON Schema of an object: `type`, `default`, `description`, `minimum`, …
    /// and `x-source` (where a threshold comes from) per property.
    #[serde(default = "no_parameters")]
    pub parameters: serde_json::Value,
    /// What it judges by. Empty: it does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
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

/// Reads a manifest's JSON.
pub(crate) fn parse(json: &[u8]) -> Result<Manifest, ComponentError> {
    if json.len() > MAX_BYTES {
        return Err(ComponentError::LargeManifest {
            size: json.len(),
            allowed: MAX_BYTES,
        });
    }
    // serde_json bounds the depth at 128 by itself.
    serde_json::from_slice(json).map_err(|error| ComponentError::Manifest(error.to_string()))
}

/// Whether a manifest is sound and agrees with what the component imports: each interface of the
/// contract that it imports a function of is asked for with a reason, and nothing else is. `context`,
/// `log` and `clock` need no asking. One that imports `files` or `queries` names what it reads through them.
///
/// # Errors
///
/// A sentence that names the field or the interface.
pub fn check_manifest(contents: &Contents) -> Result<(), ComponentError> {
    let manifest = &contents.manifest;
    check_fields(manifest)?;
    let imported = |name: &str| {
        let same = |i: &Import| i.is_contract() && i.interface == name && !i.functions.is_empty();
        contents.imports.iter().any(same)
    };
    for import in contents
        .imports
        .iter()
        .filter(|import| import.is_contract())
    {
        let name = import.interface.as_str();
        let free = !needs_asking(name) || import.functions.is_empty();
        if !free && !manifest.interfaces.contains_key(name) {
            return Err(ComponentError::Disagrees(format!(
                "the component imports `{name}`, which its manifest does not ask for; add \
                 [interfaces.{name}] with a reason to stage.toml"
            )));
        }
    }
    for name in manifest.interfaces.keys() {
        if !imported(name) {
            return Err(ComponentError::Disagrees(format!(
                "the manifest asks for `{name}`, which the component does not import; remove \
                 [interfaces.{name}] from stage.toml"
            )));
        }
    }
    reads::agree(manifest, imported)
}

/// Whether an interface of the contract must be asked for, and so can be withheld.
pub fn needs_asking(interface: &str) -> bool {
    !["context", "log", "clock"].contains(&interface)
}

/// A deadline that is no deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stage's deadline is more than no time and at most 30 days, and this is {0:?}")]
pub struct BadDeadline(Duration);

/// A stage's deadline, wherever one is given: in a manifest, on a command line, in a call, in an order.
///
/// # Errors
///
/// When it is 0 or beyond [`MAX_TIMEOUT`].
pub fn deadline(timeout: Duration) -> Result<Duration, BadDeadline> {
    if timeout.is_zero() || timeout > MAX_TIMEOUT {
        return Err(BadDeadline(timeout));
    }
    Ok(timeout)
}

/// Whether each field holds what it may.
pub(crate) fn check_fields(manifest: &Manifest) -> Result<(), ComponentError> {
    let wrong = |what: &str| Err(ComponentError::Manifest(what.to_owned()));
    if !is_name(&manifest.name) {
        return wrong("`name` must be a letter, then letters, digits or `-`; at most 64 in all");
    }
    if Version::parse(&manifest.version).is_none() {
        return wrong("`version` must be MAJOR.MINOR.PATCH, such as 1.0.0");
    }
    if manifest.summary.trim().is_empty() || manifest.summary.len() > MAX_TEXT {
        return wrong("`summary` must say in a line what the stage tests");
    }
    if let Err(error) = deadline(Duration::from_secs(manifest.timeout_seconds)) {
        return wrong(&format!("`timeout_seconds`: {error}"));
    }
    for (interface, request) in &manifest.interfaces {
        if request.reason.trim().is_empty() || request.reason.len() > MAX_TEXT {
            let what = format!("`interfaces.{interface}.reason` must say why it is needed");
            return Err(ComponentError::Manifest(what));
        }
    }
    reads::check(manifest)?;
    let parameters = &manifest.parameters;
    let is_object = parameters.get("type").is_some_and(|t| t == "object");
    let properties = parameters.get("properties");
    if !is_object || !properties.is_none_or(serde_json::Value::is_object) {
        return wrong("`parameters` must be a JSON Schema with `type` `object`");
    }
    rules::check(&manifest.rules, parameters)
}

/// Whether a text can be a stage's name: a letter, then letters, digits or `-`, at most 64 in all.
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= MAX_NAME
        && text.chars().all(plain)
}
