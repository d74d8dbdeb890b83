//! Series and log lines.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One point of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// What kind of thing: `temperature`, `throughput` …
    pub kind: String,
    /// Which one.
    pub key: String,
    /// The value, always finite.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Nanoseconds since the attempt began.
    pub at_ns: u64,
}

/// How much a line matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Of use only when a stage itself is being examined.
    Trace,
    /// Details.
    Debug,
    /// What a person following a run wants to see.
    Info,
    /// Something is off.
    Warn,
    /// Something went wrong.
    Error,
}

/// One line of a stage's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// Nanoseconds since the attempt began.
    pub at_ns: u64,
    /// How much it matters.
    pub level: Level,
    /// What it says; control characters are escaped.
    pub text: String,
}
