//! What a stage found. The shapes follow the OCP Test & Validation output model, as the contract's
//! `outcome` interface does.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an attempt was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything the stage exists to judge was judged, and is good.
    Pass,
    /// At least one part is bad.
    Fail,
    /// Something that should have been judged could not be.
    Inconclusive,
    /// The hardware does not exist and nothing expected it.
    Skip,
    /// A person or a directive ended it.
    Cancelled,
}

impl Verdict {
    /// Its name, as on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Skip => "skip",
            Verdict::Cancelled => "cancelled",
        }
    }
}

/// A measured or an expected value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// A yes or no.
    Boolean(bool),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
}

/// How a measured value is compared with an expected one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Equal.
    Equal,
    /// Not equal.
    NotEqual,
    /// Strictly less.
    LessThan,
    /// At most.
    LessThanOrEqual,
    /// Strictly greater.
    GreaterThan,
    /// At least.
    GreaterThanOrEqual,
    /// One of a set.
    InSet,
    /// None of a set.
    NotInSet,
    /// A comparison of a later version, which this one cannot hold.
    Other(String),
}

/// What it means when a validator is violated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth a look.
    Warn,
    /// The part is bad.
    Fail,
}

/// One rule that a measurement was held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Validator {
    /// The rule's name.
    pub name: String,
    /// How the value is compared.
    pub comparison: Comparison,
    /// With what; more than one value only for a set.
    pub expected: Vec<Value>,
    /// What a violation means.
    pub severity: Severity,
    /// Where the threshold comes from.
    pub source: String,
    /// Whether the measurement met it, as the host worked it out; `null` when it could not be held
    /// (another type, an unknown comparison).
    pub met: Option<bool>,
}

/// A replaceable part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// `disk`, `dimm`, `cpu`, `nic`, `gpu`, `psu`, `fan`, `board` …
    pub kind: String,
    /// Slot, port, socket or device name.
    pub location: String,
    /// Serial number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Model or part number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// One fact about the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Measurement {
    /// A name that stays the same from run to run.
    pub name: String,
    /// What was measured.
    pub value: Value,
    /// Its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The part it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// The rules it was held against.
    #[serde(default)]
    pub validators: Vec<Validator>,
}

/// What a diagnosis says of its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Judged, and good.
    Pass,
    /// Works, but is worth a look.
    Warn,
    /// Bad.
    Fail,
    /// Could not be judged.
    Unknown,
}

/// One conclusion about one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnosis {
    /// The rule's name.
    pub name: String,
    /// The conclusion.
    pub finding: Finding,
    /// What was seen and what to do.
    pub message: String,
    /// The part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}
