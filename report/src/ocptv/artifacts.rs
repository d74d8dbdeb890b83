//! The artifacts of the OCP Test & Validation output, version 2.0, as far as a record fills them.
//! Names and shapes are those of the specification's JSON schema.

use serde::Serialize;
use serde_json::Value as Json;
use vetting_protocol::{Denial, Ending, Value, Verdict};

/// One line of the output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    #[serde(flatten)]
    pub artifact: Artifact<'a>,
    pub sequence_number: u64,
    pub timestamp: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Artifact<'a> {
    SchemaVersion {
        major: u32,
        minor: u32,
    },
    #[serde(rename = "testRunArtifact")]
    OfRun(OfRun<'a>),
    #[serde(rename = "testStepArtifact")]
    OfStep {
        #[serde(rename = "testStepId")]
        step: String,
        #[serde(flatten)]
        artifact: OfStep<'a>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum OfRun<'a> {
    TestRunStart(RunStart<'a>),
    TestRunEnd { status: Status, result: Outcome },
    Log(Log<'a>),
    Error(Error),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum OfStep<'a> {
    TestStepStart { name: &'a str },
    TestStepEnd { status: Status },
    Measurement(Measured<'a>),
    MeasurementSeriesStart(SeriesStart<'a>),
    MeasurementSeriesElement(SeriesElement),
    MeasurementSeriesEnd(SeriesEnd),
    Diagnosis(Diagnosed<'a>),
    Log(Log<'a>),
    Error(Error),
    File(File<'a>),
    Extension { name: &'a str, content: Facts<'a> },
}

/// How far a run or a step came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Complete,
    Error,
    Skip,
}

/// What a run came to. Only a complete one passes or fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Outcome {
    NotApplicable,
    Pass,
    Fail,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunStart<'a> {
    pub name: &'static str,
    pub version: &'a str,
    pub command_line: &'static str,
    /// Each stage's parameters under its name.
    pub parameters: Json,
    pub dut_info: DutInfo<'a>,
    pub metadata: RunFacts<'a>,
}

/// What else the record says of the run, by the record's own names.
#[derive(Serialize)]
pub(super) struct RunFacts<'a> {
    pub format: &'a str,
    pub contract: &'a str,
    pub machine: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    pub duration_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DutInfo<'a> {
    pub dut_info_id: &'a str,
    pub name: &'a str,
    pub software_infos: Vec<SoftwareInfo<'a>>,
    pub hardware_infos: Vec<HardwareInfo<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SoftwareInfo<'a> {
    pub software_info_id: String,
    pub name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    /// The component's sha256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<&'a str>,
    pub software_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HardwareInfo<'a> {
    pub hardware_info_id: String,
    pub name: String,
    pub part_type: &'a str,
    pub location: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part_number: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log<'a> {
    pub severity: &'static str,
    pub message: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Error {
    pub symptom: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub software_info_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Measured<'a> {
    pub name: &'a str,
    pub value: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub validators: Vec<Held<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_info_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<NotMapped<'a>>,
}

/// Validators whose comparison the specification has no word for, as the record has them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotMapped<'a> {
    pub other_validators: Vec<&'a vetting_protocol::Validator>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Held<'a> {
    pub name: &'a str,
    #[serde(rename = "type")]
    pub comparison: &'static str,
    pub value: Value,
    pub metadata: HeldFacts<'a>,
}

/// What a validator is beside its comparison.
#[derive(Serialize)]
pub(super) struct HeldFacts<'a> {
    pub severity: vetting_protocol::Severity,
    pub source: &'a str,
    pub met: Option<bool>,
    /// The values of a set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<&'a [Value]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeriesStart<'a> {
    pub measurement_series_id: String,
    pub name: String,
    pub unit: &'a str,
    pub metadata: SeriesFacts<'a>,
}

#[derive(Serialize)]
pub(super) struct SeriesFacts<'a> {
    pub kind: &'a str,
    pub key: &'a str,
    pub points: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeriesElement {
    pub index: u64,
    /// The mean of the points in it.
    pub value: f64,
    pub timestamp: String,
    pub measurement_series_id: String,
    /// Where it stands for more than one point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Spread>,
}

#[derive(Serialize)]
pub(super) struct Spread {
    pub points: u64,
    pub min: f64,
    pub max: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SeriesEnd {
    pub measurement_series_id: String,
    pub total_count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Diagnosed<'a> {
    pub verdict: String,
    #[serde(rename = "type")]
    pub finding: &'static str,
    pub message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hardware_info_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct File<'a> {
    pub display_name: &'a str,
    pub uri: String,
    pub content_type: &'a str,
    pub is_snapshot: bool,
    pub metadata: FileFacts<'a>,
}

#[derive(Serialize)]
pub(super) struct FileFacts<'a> {
    pub bytes: u64,
    pub sha256: &'a str,
}

/// What the specification has no place for, by the record's own names.
#[derive(Serialize)]
pub(super) struct Facts<'a> {
    pub stage: &'a str,
    pub attempt: u32,
    pub verdict: Option<Verdict>,
    pub message: &'a str,
    pub summary: &'a str,
    pub ending: &'a Ending,
    pub duration_ms: u64,
    pub log_dropped: u64,
    pub samples_dropped: u64,
    pub host_calls: u64,
    pub peak_memory_bytes: u64,
    pub denials: &'a [Denial],
    /// Files whose content the record does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<&'a vetting_protocol::AttachmentRecord>,
}
