//! The result of one attempt.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{StageOrder, StageRecord, State};

/// `POST result`: how an attempt went, keyed by run, stage and attempt. The first one that is stored
/// wins; sent again it is recognised and answered the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageResult {
    /// The claim's number.
    pub epoch: u64,
    /// True only for `pass` and an accepted `skip`.
    pub passed: bool,
    /// What the machine is made of, in the contract's shape, with the result of `Inventory`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<serde_json::Value>,
    /// The attempt's record: `stage`, `attempt`, `verdict`, `message`, `summary`, `measurements`,
    /// `diagnoses` and the rest stand beside the fields above.
    #[serde(flatten)]
    pub record: StageRecord,
}

/// The answer to a result: where the run goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResultAnswer {
    /// The run's state now.
    pub next_state: State,
    /// The attempt's number, where that is a stage's.
    pub attempt: u32,
    /// What the next stage runs, where that has changed since the claim.
    #[serde(default)]
    pub order: Option<StageOrder>,
    /// Whether this very result was stored before.
    #[serde(default)]
    pub repeated: bool,
    /// Why the run holds, where it does.
    #[serde(default)]
    pub held_because: Option<String>,
}
