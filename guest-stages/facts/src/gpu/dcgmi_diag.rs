//! `dcgmi diag -r N -j`, of DCGM 2, 3 and 4; and the table that it prints without `-j`.

mod json;
mod table;

use serde::Serialize;
use serde_json::{Map, Value};

use super::cut_json;
use crate::Unreadable;

/// What the diagnostic found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// DCGM's version: `3.3.5`.
    pub version: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// PCI device ids of the GPUs that it found, in their order: `20b5`.
    pub device_ids: Vec<String>,
    /// Serial numbers by entity (DCGM 4): GPUs, and CPUs where it tests them.
    pub entities: Vec<Entity>,
    /// Tests in the order printed.
    pub tests: Vec<Test>,
    /// Why the whole diagnostic could not run or was stopped.
    pub runtime_error: Option<String>,
    /// Whether the document was cut: tests may be missing.
    pub cut: bool,
    /// Lines around the document.
    pub messages: Vec<String>,
    /// Keys that are not known.
    pub extra: Map<String, Value>,
    /// Rows that could not be read.
    pub unread: Vec<String>,
}

/// A part that is tested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Entity {
    /// `GPU`, `CPU`.
    pub group: String,
    /// Its number in the group.
    pub id: u64,
    /// Serial number.
    pub serial: Option<String>,
    /// PCI device id.
    pub device_id: Option<String>,
}

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// It passed with a warning.
    Warn,
    /// It was skipped.
    Skip,
    /// It was not run.
    NotRun,
}

/// One test.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Test {
    /// `Deployment`, `Integration`, `Hardware`, `Stress`.
    pub category: String,
    /// `PCIe`, `memory`, `targeted_power`.
    pub name: String,
    /// How it ended over all parts (DCGM 4, and the table).
    pub summary: Option<Status>,
    /// How it ended, by part.
    pub results: Vec<TestResult>,
    /// Warnings and errors that belong to no part.
    pub warnings: Vec<Warning>,
    /// Remarks that belong to no part.
    pub info: Vec<String>,
    /// Keys that are not known.
    pub extra: Map<String, Value>,
}

/// How a test ended for one part, or for the machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TestResult {
    /// `GPU`, `CPU` (DCGM 4); absent: the machine, or GPUs before DCGM 4.
    pub entity_group: Option<String>,
    /// Numbers of the parts; none: the machine, or all.
    pub ids: Vec<u64>,
    /// How it ended.
    pub status: Option<Status>,
    /// Warnings and errors.
    pub warnings: Vec<Warning>,
    /// Remarks: bandwidths, flops.
    pub info: Vec<String>,
    /// Keys that are not known, and the status where it is none of these.
    pub extra: Map<String, Value>,
}

/// A warning or an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Its words.
    pub text: String,
    /// DCGM's number of the error (`DCGM_FR_…`).
    pub error_id: Option<u64>,
    /// DCGM's number of the error's category.
    pub category: Option<u64>,
    /// DCGM's number of the error's severity.
    pub severity: Option<u64>,
}

/// Reads the JSON document or the table.
pub fn report(bytes: &[u8]) -> Result<Report, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let found = cut_json::find(&text).and_then(|found| {
        let report = json::read(found.value)?;
        let around = found.before.lines().chain(found.after.lines());
        let lines = around.map(str::trim).filter(|line| !line.is_empty());
        Some(Report {
            cut: found.cut,
            messages: lines.map(str::to_owned).collect(),
            ..report
        })
    });
    found
        .or_else(|| table::read(&text))
        .ok_or_else(|| Unreadable::starting("the report of dcgmi diag", bytes))
}

fn status(text: &str) -> Option<Status> {
    let all = [
        ("pass", Status::Pass),
        ("fail", Status::Fail),
        ("warn", Status::Warn),
        ("skip", Status::Skip),
        ("not run", Status::NotRun),
        ("notrun", Status::NotRun),
    ];
    let text = text.trim();
    let is = |word: &&(&str, Status)| {
        let whole = text.get(..word.0.len());
        whole.is_some_and(|start| start.eq_ignore_ascii_case(word.0))
    };
    all.iter().find(is).map(|(_, status)| *status)
}
