//! How one attempt of one stage went: the record that a run's report is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Diagnosis, LogLine, Measurement, Verdict};

/// How an attempt ended, beside its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Ending {
    /// The stage returned an outcome in time.
    Outcome,
    /// The stage returned an error.
    Error {
        /// The stage's own words.
        text: String,
    },
    /// The component trapped.
    Trap {
        /// What trapped: `unreachable`, `out of bounds memory access`.
        reason: String,
        /// The guest's panic message, where its SDK told it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        panic: Option<String>,
        /// The guest's frames, innermost first.
        backtrace: Vec<String>,
    },
    /// A limit was reached.
    Limit {
        /// Its name: `memory`, `fuel`, `host-calls` …
        limit: String,
        /// What was reached, in words.
        detail: String,
    },
    /// The deadline came.
    Deadline {
        /// Whether the stage still returned a partial outcome.
        partial_outcome: bool,
    },
    /// A person or a directive ended it.
    Cancelled {
        /// Who or what: `SIGINT`, `abort`.
        by: String,
        /// Whether the stage still returned a partial outcome.
        partial_outcome: bool,
    },
    /// The component could not be run: it does not compile, or the host lacks what it imports.
    Refused {
        /// Why.
        reason: String,
    },
    /// It repeated an earlier attempt from a recording, and asked for something else than that did.
    Diverged {
        /// The number of the exchange with the machine, from 1.
        exchange: u64,
        /// What it asked for and what was recorded.
        reason: String,
    },
    /// The runtime broke under it.
    Runtime {
        /// How.
        error: String,
    },
    /// The host went down under it: it came back with another boot.
    HostDown,
    /// The agent that ran it ended, and it was not run again.
    AgentGone {
        /// Why not.
        reason: String,
    },
    /// It was never begun.
    NotRun,
}

/// One interface or guard that said no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Denial {
    /// The function that was called: `fio.start`.
    pub function: String,
    /// The answer's reason.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// One attempt of one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageRecord {
    /// Its name.
    pub stage: String,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The version in the component's manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The component's sha256, lower-case hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How it was judged; `null` for one that was not run, or under which the runtime broke.
    pub verdict: Option<Verdict>,
    /// Why, in a sentence that stands alone.
    pub message: String,
    /// What was tested, in one line.
    pub summary: String,
    /// How it ended.
    pub ending: Ending,
    /// How long it took in milliseconds, in the machine's time.
    pub duration_ms: u64,
    /// What was measured.
    pub measurements: Vec<Measurement>,
    /// What was concluded.
    pub diagnoses: Vec<Diagnosis>,
    /// The series that it sampled, each kept as at most about 2,000 buckets.
    #[serde(default)]
    pub series: Vec<Series>,
    /// Its log.
    #[serde(default)]
    pub log: Vec<LogLine>,
    /// Log lines that were dropped beyond the limit.
    #[serde(default)]
    pub log_dropped: u64,
    /// Sample points that were dropped: beyond the limit, or not finite.
    #[serde(default)]
    pub samples_dropped: u64,
    /// What it attached.
    #[serde(default)]
    pub attachments: Vec<AttachmentRecord>,
    /// What it was denied.
    #[serde(default)]
    pub denials: Vec<Denial>,
    /// Host calls that it made.
    #[serde(default)]
    pub host_calls: u64,
    /// The most memory its component held at once, in bytes.
    #[serde(default)]
    pub peak_memory_bytes: u64,
    /// The parameters that it was given.
    #[serde(default)]
    pub parameters: serde_json::Value,
}

impl StageRecord {
    /// The record of an attempt that was never begun.
    pub fn not_run(stage: &str, attempt: u32) -> Self {
        StageRecord {
            stage: stage.to_owned(),
            attempt,
            version: None,
            digest: None,
            verdict: None,
            message: "not run".to_owned(),
            summary: String::new(),
            ending: Ending::NotRun,
            duration_ms: 0,
            measurements: Vec::new(),
            diagnoses: Vec::new(),
            series: Vec::new(),
            log: Vec::new(),
            log_dropped: 0,
            samples_dropped: 0,
            attachments: Vec::new(),
            denials: Vec::new(),
            host_calls: 0,
            peak_memory_bytes: 0,
            parameters: serde_json::Value::Null,
        }
    }

    /// Whether it lets a run go on: only a pass and a skip do.
    pub fn passed(&self) -> bool {
        matches!(self.verdict, Some(Verdict::Pass | Verdict::Skip))
    }

    /// Its verdict's word; `broke` where the runtime did.
    pub fn verdict_word(&self) -> &'static str {
        self.verdict.map_or("broke", Verdict::as_str)
    }
}

/// A series of samples, thinned to buckets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// What kind of thing.
    pub kind: String,
    /// Which one.
    pub key: String,
    /// The unit of its values.
    pub unit: String,
    /// Points that went into it.
    pub points: u64,
    /// The buckets, in order of time.
    pub buckets: Vec<Bucket>,
}

/// Neighbouring points as one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bucket {
    /// The first point's time, in nanoseconds since the attempt began.
    pub at_ns: u64,
    /// Points in it.
    pub points: u64,
    /// The lowest.
    pub min: f64,
    /// Their mean.
    pub mean: f64,
    /// The highest.
    pub max: f64,
}

/// A file that a stage attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttachmentRecord {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its sha256, lower-case hexadecimal.
    pub digest: String,
    /// Its content, where it is UTF-8 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its content in base 64, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}
