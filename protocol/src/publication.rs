//! What a stage's author sends to an orchestrator's registry.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A component and what the fleet's owner says of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Publication {
    /// The component, in base 64.
    pub component: String,
    /// Its sha256, as its publisher has it; what arrived otherwise is refused. Without one, what
    /// arrived is taken.
    #[serde(default)]
    pub sha256: Option<String>,
    /// Its detached signature, in minisign's format. A component that is registered again without
    /// one keeps the one that it has.
    #[serde(default)]
    pub signature: Option<String>,
    /// Whether it is kept for runs that ask for it, and new runs go on with what they ran.
    #[serde(default)]
    pub canary: bool,
    /// Grants, parameters, deadline; what is not said stays as it was.
    #[serde(default)]
    pub grants: Option<Vec<String>>,
    /// Parameters.
    #[serde(default)]
    pub parameters: BTreeMap<String, serde_json::Value>,
    /// The deadline in seconds.
    #[serde(default)]
    pub timeout_seconds: Option<u64>,
    /// Where it stands in a pipeline.
    #[serde(default)]
    pub position: Option<i64>,
    /// Whether later components of this name are kept but not run.
    #[serde(default)]
    pub pinned: Option<bool>,
}

/// Several stages that are registered together, all of them or none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublicationSet {
    /// The stages, 1 to 64, each a different one.
    pub publications: Vec<Publication>,
}
