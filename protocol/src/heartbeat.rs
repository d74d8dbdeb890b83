//! The heartbeat, and the directives that come back with it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Periods, StageOrder, State};

/// `POST heartbeat`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Heartbeat {
    /// The claim's number.
    pub epoch: u64,
    /// Where the agent is.
    pub state: State,
    /// The stage at work.
    #[serde(default)]
    pub stage: Option<String>,
    /// Its attempt.
    #[serde(default)]
    pub attempt: Option<u32>,
    /// How far it is, from 0 to 1.
    #[serde(default)]
    pub fraction: Option<f64>,
    /// What it is doing.
    #[serde(default)]
    pub note: Option<String>,
    /// For how long the answer may be held back while there is no directive, in milliseconds.
    #[serde(default)]
    pub wait_ms: u64,
    /// What became of directives.
    #[serde(default)]
    pub directive_answers: Vec<DirectiveAnswer>,
}

/// The answer to a heartbeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeartbeatAnswer {
    /// Everything that is not applied or rejected yet; the same ones come again until then.
    pub directives: Vec<Directive>,
    /// New periods, where they have changed.
    #[serde(default)]
    pub periods: Option<Periods>,
}

/// What an operator wants of the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Directive {
    /// Random; the agent does the same id once.
    pub id: String,
    /// What to do.
    pub cmd: Command,
    /// The stage that is meant.
    #[serde(default)]
    pub stage: Option<String>,
    /// The attempt that is meant.
    #[serde(default)]
    pub attempt: Option<u32>,
    /// What a retry may do beyond the run's rules.
    #[serde(default)]
    pub override_flags: OverrideFlags,
    /// When it is void, RFC 3339.
    pub expires: String,
    /// For how long it is still good as this is sent, in milliseconds: the clocks of machines under test
    /// are often wrong. `null`: it is not said, and what it overrides is void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
    /// Who gave it.
    pub by: String,
    /// What a retry runs, where that has changed.
    #[serde(default)]
    pub order: Option<StageOrder>,
}

/// What a directive does. An unknown one is rejected, not misread.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Stop what runs, remove the hold key, power off.
    Shutdown,
    /// Stop what runs and end the agent; the host stays up.
    Abort,
    /// Cancel the stage, deliver its result, power off.
    CancelStage,
    /// Run a stage again while the run holds.
    RetryStage,
    /// A command of a later version.
    #[serde(untagged)]
    Other(String),
}

impl Command {
    /// Its word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Command::Shutdown => "shutdown",
            Command::Abort => "abort",
            Command::CancelStage => "cancel_stage",
            Command::RetryStage => "retry_stage",
            Command::Other(word) => word,
        }
    }
}

/// What one retry may do beyond the run's rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverrideFlags {
    /// Serial numbers or world-wide names of disks that may be wiped although they are not empty.
    #[serde(default)]
    pub wipe: Vec<String>,
}

/// What became of a directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DirectiveAnswer {
    /// Which.
    pub id: String,
    /// How far it is.
    pub status: DirectiveStatus,
    /// Why it was rejected.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How far a directive is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectiveStatus {
    /// The agent has it.
    Received,
    /// It was done.
    Applied,
    /// It was not done, with a reason.
    Rejected,
}
