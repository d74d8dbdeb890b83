//! The record of one run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vetting_protocol::StageRecord;

/// A whole run: what was tested, on what, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// The format's name and version, `vetting.run/1`. A reader refuses another major version.
    pub format: String,
    /// The version of the `vetting` that ran it.
    pub vetting_version: String,
    /// The contract that its stages were given, `vetting:stage@0.1.0`.
    pub contract: String,
    /// The machine: `real`, `sim:healthy-server`.
    pub machine: String,
    /// The seed of everything random on a simulated machine; `null` on a real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// When it began by the machine's calendar (RFC 3339, UTC).
    pub started: String,
    /// How long it took in milliseconds, in the machine's time.
    pub duration_ms: u64,
    /// The run as a whole.
    pub verdict: RunVerdict,
    /// The exit status that goes with it: 0 passed, 1 failed, 3 runtime error, 4 inconclusive,
    /// 130 cancelled.
    pub exit_status: u8,
    /// How the stages ended.
    pub counts: Counts,
    /// The stages, in the order of the run, those that were not run included.
    pub stages: Vec<StageRecord>,
    /// What a reader must know of the run beside the stages: folders that could not be removed,
    /// a runtime error.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The run as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    /// At least one stage passed, and none failed or was inconclusive.
    Pass,
    /// A stage failed.
    Fail,
    /// None failed, but something could not be judged, or nothing was.
    Inconclusive,
    /// It was cancelled.
    Cancelled,
    /// The runtime itself broke.
    Error,
}

/// How many stages ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Passed.
    pub passed: u32,
    /// Failed.
    pub failed: u32,
    /// Could not be judged.
    pub inconclusive: u32,
    /// Skipped: the hardware is not there.
    pub skipped: u32,
    /// Cancelled.
    pub cancelled: u32,
    /// Never begun.
    pub not_run: u32,
}

#[cfg(test)]
pub(crate) mod tests {
    use vetting_protocol::{Ending, Verdict};

    use super::*;
    use crate::verdict::Run;

    /// A stage that ended with that verdict; one without was not run.
    pub(crate) fn stage(name: &str, verdict: Option<Verdict>) -> StageRecord {
        StageRecord {
            version: Some("0.1.0".to_owned()),
            digest: Some("ab".repeat(32)),
            verdict,
            message: "a message".to_owned(),
            summary: "a summary".to_owned(),
            ending: verdict.map_or(Ending::NotRun, |_| Ending::Outcome),
            duration_ms: 1_500,
            host_calls: 7,
            peak_memory_bytes: 1 << 20,
            parameters: serde_json::json!({ "duration": "60s" }),
            ..StageRecord::not_run(name, 1)
        }
    }

    /// A run of those stages.
    pub(crate) fn record(stages: Vec<StageRecord>) -> RunRecord {
        RunRecord::new(Run {
            vetting_version: "0.1.0".to_owned(),
            contract: "vetting:stage@0.1.0".to_owned(),
            machine: "sim:healthy-server".to_owned(),
            seed: Some(1),
            started: "2026-01-01T00:00:00.000Z".to_owned(),
            duration_ms: 1_500,
            stages,
            notes: Vec::new(),
        })
    }
}
