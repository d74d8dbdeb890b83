//! A record as OCP Test & Validation output, version 2.0: JSON lines.
//!
//! The run is one `testRun`, each stage a `testStep` of it. Where the two models differ:
//!
//! * **Status and result.** Only what was judged is `COMPLETE`: a run or a stage that passed or
//!   failed. What could not be judged is `ERROR` with an `error` that says why,
//!   what was skipped, cancelled or never begun `SKIP`; the run's result is then `NOT_APPLICABLE`.
//! * **Diagnoses.** A warning is of type `PASS`, since it fails nothing; each `verdict` is the rule's
//!   name and `-pass`, `-warn`, `-fail` or `-unknown`. One more, about no part, concludes each stage
//!   that was judged.
//! * **Validators** have no severity, source and answer there: these are in their `metadata`. The
//!   schema allows a single value only, so that a set is written as the JSON of its list, and is in
//!   `metadata.expected` too. A comparison of a later version is in the measurement's
//!   `metadata.otherValidators`.
//! * **Series** are written bucket by bucket: the mean, with `points`, `min` and `max` in `metadata`
//!   where more than one point went in. `totalCount` counts elements.
//! * **Attachments** are `file`s whose content is in the URI (`data:`).
//! * **Time.** Stages run one after the other, so that each begins when those before it took their
//!   time; a record does not keep the moments between.
//! * What is left of a stage's record is an `extension` named `vetting.stage`. A record keeps no
//!   command line, so that it is empty; `trace` and `debug` become one severity.

mod artifacts;
mod parts;
mod step;

use artifacts::{Artifact, Error, Line, Log, OfRun, Outcome, RunFacts, RunStart, Status};
use parts::Device;

use crate::record::{RunRecord, RunVerdict};
use crate::words::{counts_line, nothing_judged, verdict_line};

/// A record that cannot be written so.
#[derive(Debug, thiserror::Error)]
pub enum OcptvError {
    /// Every line has a time, and the record's cannot be read.
    #[error("the run's start `{text}` is no RFC 3339 time: {source}")]
    Started {
        /// What it says.
        text: String,
        /// What is wrong with it.
        source: jiff::Error,
    },
    /// A number is not finite.
    #[error("a line cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The record as lines of JSON, each with a final newline. The [module](self) says what becomes what.
///
/// # Errors
///
/// When the record's start is no time.
pub fn ocptv(record: &RunRecord) -> Result<String, OcptvError> {
    let started = record.started.parse::<jiff::Timestamp>();
    let started = started.map_err(|source| OcptvError::Started {
        text: record.started.clone(),
        source,
    })?;
    let mut lines = Lines {
        text: String::new(),
        next: 0,
        started,
        offset_ns: 0,
    };
    lines.push(Artifact::SchemaVersion { major: 2, minor: 0 })?;
    let device = Device::of(record);
    lines.of_run(OfRun::TestRunStart(start(record, &device)))?;
    for (id, stage) in record.stages.iter().enumerate() {
        step::write(id, stage, &device, &mut lines)?;
        lines.offset_ns += u128::from(stage.duration_ms) * 1_000_000;
    }
    for note in &record.notes {
        lines.of_run(OfRun::Log(Log {
            severity: "WARNING",
            message: note,
        }))?;
    }
    let counts = counts_line(record);
    lines.of_run(OfRun::Log(Log {
        severity: "INFO",
        message: &counts,
    }))?;
    let (status, result, symptom) = end(record);
    if let Some(symptom) = symptom {
        lines.of_run(OfRun::Error(Error {
            symptom,
            message: verdict_line(record).to_owned(),
            software_info_ids: Vec::new(),
        }))?;
    }
    lines.of_run(OfRun::TestRunEnd { status, result })?;
    Ok(lines.text)
}

fn start<'a>(record: &'a RunRecord, device: &Device<'a>) -> RunStart<'a> {
    let of_stage =
        |stage: &vetting_protocol::StageRecord| (stage.stage.clone(), stage.parameters.clone());
    let parameters: serde_json::Map<_, _> = record.stages.iter().map(of_stage).collect();
    RunStart {
        name: "vetting",
        version: &record.vetting_version,
        command_line: "",
        parameters: parameters.into(),
        dut_info: device.info(record),
        metadata: RunFacts {
            format: &record.format,
            contract: &record.contract,
            machine: &record.machine,
            seed: record.seed,
            duration_ms: record.duration_ms,
        },
    }
}

/// Status, result, and the symptom of what kept it from being judged.
fn end(record: &RunRecord) -> (Status, Outcome, Option<&'static str>) {
    match record.verdict {
        RunVerdict::Pass => (Status::Complete, Outcome::Pass, None),
        RunVerdict::Fail => (Status::Complete, Outcome::Fail, None),
        RunVerdict::Inconclusive if nothing_judged(record) => {
            (Status::Skip, Outcome::NotApplicable, None)
        }
        RunVerdict::Inconclusive => (Status::Error, Outcome::NotApplicable, Some("inconclusive")),
        RunVerdict::Cancelled => (Status::Skip, Outcome::NotApplicable, None),
        RunVerdict::Error => (Status::Error, Outcome::NotApplicable, Some("runtime-error")),
    }
}

/// The output as it grows.
struct Lines {
    text: String,
    next: u64,
    started: jiff::Timestamp,
    /// Where the present stage begins, since the run did.
    offset_ns: u128,
}

impl Lines {
    /// A line at the present stage's begin.
    fn push(&mut self, artifact: Artifact<'_>) -> Result<(), OcptvError> {
        self.push_at(0, artifact)
    }

    fn of_run(&mut self, artifact: OfRun<'_>) -> Result<(), OcptvError> {
        self.push(Artifact::OfRun(artifact))
    }

    /// A line so many nanoseconds after the present stage's begin.
    fn push_at(&mut self, at_ns: u64, artifact: Artifact<'_>) -> Result<(), OcptvError> {
        let line = Line {
            artifact,
            sequence_number: self.next,
            timestamp: self.timestamp(at_ns),
        };
        self.text.push_str(&serde_json::to_string(&line)?);
        self.text.push('\n');
        self.next += 1;
        Ok(())
    }

    /// That moment; the run's start where no calendar has it.
    fn timestamp(&self, at_ns: u64) -> String {
        let nanoseconds = self.offset_ns + u128::from(at_ns);
        let later = i64::try_from(nanoseconds).ok().and_then(|ns| {
            self.started
                .checked_add(jiff::SignedDuration::from_nanos(ns))
                .ok()
        });
        format!("{:.6}", later.unwrap_or(self.started))
    }
}

#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
