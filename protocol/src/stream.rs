//! Log lines and samples on their way to the orchestrator. Each carries a sequence number of its
//! stream, so that a gap is seen, and the monotonic time, because clocks of bare machines are wrong.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Level;

/// `POST log`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LogBatch {
    /// The claim's number.
    pub epoch: u64,
    /// The lines, in order.
    pub lines: Vec<WireLine>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireLine {
    /// Its number in the agent's log, from 0.
    pub seq: u64,
    /// The calendar's time, RFC 3339 with nanoseconds, UTC.
    pub ts: String,
    /// Nanoseconds since the machine's boot.
    pub mono_ns: u64,
    /// How much it matters.
    pub level: Level,
    /// The stage that wrote it; `null`: the agent itself.
    #[serde(default)]
    pub stage: Option<String>,
    /// What it says.
    pub text: String,
}

/// `POST sensor`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SampleBatch {
    /// The claim's number.
    pub epoch: u64,
    /// The samples, in order.
    pub samples: Vec<WireSample>,
}

/// One sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireSample {
    /// Its number among the agent's samples, from 0.
    pub seq: u64,
    /// The calendar's time, RFC 3339 with nanoseconds, UTC.
    pub ts: String,
    /// Nanoseconds since the machine's boot.
    pub mono_ns: u64,
    /// What kind of thing: `temperature`, `fan`, `throughput` …
    pub kind: String,
    /// Which one.
    pub key: String,
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: String,
}

/// The answer to a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BatchAnswer {
    /// How many were new.
    pub stored: u64,
    /// How many were dropped, because as much is kept of the claim or the run as may be; sending them again
    /// changes nothing. 0 where it is missing: an earlier orchestrator stored all of them.
    #[serde(default)]
    pub dropped: u64,
}
