//! A stage as a test step: start, what came in the order of its time, what was measured and
//! concluded, end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vetting_protocol::{
    AttachmentRecord, Bucket, Comparison, Diagnosis, Ending, Finding, Level, Measurement, Series,
    StageRecord, Validator, Value, Verdict,
};

use super::artifacts::{
    Artifact, Diagnosed, Error, Facts, File, FileFacts, Held, HeldFacts, Log, Measured, NotMapped,
    OfStep, SeriesElement, SeriesEnd, SeriesFacts, SeriesStart, Spread, Status,
};
use super::parts::Device;
use super::{Lines, OcptvError};
use crate::words::{named, unusual_ending};

/// Writes the step with that number.
pub(super) fn write(
    id: usize,
    stage: &StageRecord,
    device: &Device<'_>,
    lines: &mut Lines,
) -> Result<(), OcptvError> {
    let end_ns = stage.duration_ms.saturating_mul(1_000_000);
    let mut step = Step { id, lines };
    let name = &named(stage);
    step.push(0, OfStep::TestStepStart { name })?;
    for (at, series) in stage.series.iter().enumerate() {
        let start = series_start(series, step.series_id(at));
        step.push(0, start)?;
    }
    for (at_ns, happened) in in_time(stage) {
        let artifact = match happened {
            Happened::Line(severity, message) => OfStep::Log(Log { severity, message }),
            Happened::Bucket {
                series,
                index,
                bucket,
            } => step.element(series, index, bucket),
        };
        step.push(at_ns, artifact)?;
    }
    for (at, series) in stage.series.iter().enumerate() {
        let end = SeriesEnd {
            measurement_series_id: step.series_id(at),
            total_count: series.buckets.len() as u64,
        };
        step.push(end_ns, OfStep::MeasurementSeriesEnd(end))?;
    }
    for measurement in &stage.measurements {
        step.push(end_ns, OfStep::Measurement(measured(measurement, device)))?;
    }
    for diagnosis in &stage.diagnoses {
        step.push(end_ns, OfStep::Diagnosis(diagnosed(diagnosis, device)))?;
    }
    step.push(end_ns, ended(stage, device))?;
    for file in stage.attachments.iter().filter_map(file) {
        step.push(end_ns, OfStep::File(file))?;
    }
    let (name, content) = ("vetting.stage", facts(stage));
    step.push(end_ns, OfStep::Extension { name, content })?;
    let status = status(stage);
    step.push(end_ns, OfStep::TestStepEnd { status })
}

/// A step's lines.
struct Step<'l> {
    id: usize,
    lines: &'l mut Lines,
}

impl Step<'_> {
    fn push(&mut self, at_ns: u64, artifact: OfStep<'_>) -> Result<(), OcptvError> {
        let step = self.id.to_string();
        let artifact = Artifact::OfStep { step, artifact };
        self.lines.push_at(at_ns, artifact)
    }

    /// One of no other series of the run.
    fn series_id(&self, at: usize) -> String {
        format!("{}.{at}", self.id)
    }

    fn element(&self, series: usize, index: u64, bucket: &Bucket) -> OfStep<'static> {
        OfStep::MeasurementSeriesElement(SeriesElement {
            index,
            value: bucket.mean,
            timestamp: self.lines.timestamp(bucket.at_ns),
            measurement_series_id: self.series_id(series),
            metadata: (bucket.points > 1).then_some(Spread {
                points: bucket.points,
                min: bucket.min,
                max: bucket.max,
            }),
        })
    }
}

/// What has a moment of its own.
enum Happened<'a> {
    Line(&'static str, &'a str),
    Bucket {
        series: usize,
        index: u64,
        bucket: &'a Bucket,
    },
}

/// Log lines and points of series, by time.
fn in_time(stage: &StageRecord) -> Vec<(u64, Happened<'_>)> {
    let lines = stage.log.iter();
    let lines = lines.map(|line| (line.at_ns, Happened::Line(severity(line.level), &line.text)));
    let mut all: Vec<_> = lines.collect();
    for (series, of) in stage.series.iter().enumerate() {
        let buckets = (0..).zip(&of.buckets);
        all.extend(buckets.map(|(index, bucket)| {
            let happened = Happened::Bucket {
                series,
                index,
                bucket,
            };
            (bucket.at_ns, happened)
        }));
    }
    all.sort_by_key(|(at_ns, _)| *at_ns);
    all
}

fn severity(level: Level) -> &'static str {
    match level {
        Level::Trace | Level::Debug => "DEBUG",
        Level::Info => "INFO",
        Level::Warn => "WARNING",
        Level::Error => "ERROR",
    }
}

fn series_start(series: &Series, id: String) -> OfStep<'_> {
    OfStep::MeasurementSeriesStart(SeriesStart {
        measurement_series_id: id,
        name: format!("{} {}", series.kind, series.key),
        unit: &series.unit,
        metadata: SeriesFacts {
            kind: &series.kind,
            key: &series.key,
            points: series.points,
        },
    })
}

fn measured<'a>(measurement: &'a Measurement, device: &Device<'_>) -> Measured<'a> {
    let validators = measurement.validators.iter();
    let other: Vec<_> = validators
        .clone()
        .filter(|validator| comparison(&validator.comparison).is_none())
        .collect();
    Measured {
        name: &measurement.name,
        value: &measurement.value,
        unit: measurement.unit.as_deref(),
        validators: validators.filter_map(held).collect(),
        hardware_info_id: device.part(measurement.part.as_ref()),
        metadata: (!other.is_empty()).then_some(NotMapped {
            other_validators: other,
        }),
    }
}

/// A validator, where the specification knows its comparison.
fn held(validator: &Validator) -> Option<Held<'_>> {
    let comparison = comparison(&validator.comparison)?;
    let (value, expected) = match validator.expected.as_slice() {
        [one] if !comparison.ends_with("IN_SET") => (one.clone(), None),
        set => {
            let list = serde_json::to_string(set).unwrap_or_default();
            (Value::Text(list), Some(set))
        }
    };
    Some(Held {
        name: &validator.name,
        comparison,
        value,
        metadata: HeldFacts {
            severity: validator.severity,
            source: &validator.source,
            met: validator.met,
            expected,
        },
    })
}

fn comparison(comparison: &Comparison) -> Option<&'static str> {
    Some(match comparison {
        Comparison::Equal => "EQUAL",
        Comparison::NotEqual => "NOT_EQUAL",
        Comparison::LessThan => "LESS_THAN",
        Comparison::LessThanOrEqual => "LESS_THAN_OR_EQUAL",
        Comparison::GreaterThan => "GREATER_THAN",
        Comparison::GreaterThanOrEqual => "GREATER_THAN_OR_EQUAL",
        Comparison::InSet => "IN_SET",
        Comparison::NotInSet => "NOT_IN_SET",
        Comparison::Other(_) => return None,
    })
}

fn diagnosed<'a>(diagnosis: &'a Diagnosis, device: &Device<'_>) -> Diagnosed<'a> {
    let (ending, finding) = match diagnosis.finding {
        Finding::Pass => ("pass", "PASS"),
        Finding::Warn => ("warn", "PASS"),
        Finding::Fail => ("fail", "FAIL"),
        Finding::Unknown => ("unknown", "UNKNOWN"),
    };
    Diagnosed {
        verdict: format!("{}-{ending}", diagnosis.name),
        finding,
        message: &diagnosis.message,
        hardware_info_id: device.part(diagnosis.part.as_ref()),
    }
}

/// The stage as a whole: its diagnosis where it was judged, else why it was not.
fn ended<'a>(stage: &'a StageRecord, device: &Device<'_>) -> OfStep<'a> {
    let message = &stage.message;
    let (ending, finding) = match (stage.verdict, &stage.ending) {
        (Some(Verdict::Pass), _) => ("pass", "PASS"),
        (Some(Verdict::Fail), _) => ("fail", "FAIL"),
        (Some(Verdict::Skip | Verdict::Cancelled), _) | (None, Ending::NotRun) => {
            let severity = "WARNING";
            return OfStep::Log(Log { severity, message });
        }
        (Some(Verdict::Inconclusive) | None, ending) => {
            let symptom = unusual_ending(ending).map_or("inconclusive", |(name, _)| name);
            return OfStep::Error(Error {
                symptom,
                message: message.clone(),
                software_info_ids: device.component(stage).into_iter().collect(),
            });
        }
    };
    OfStep::Diagnosis(Diagnosed {
        verdict: format!("{}-{ending}", stage.stage),
        finding,
        message,
        hardware_info_id: None,
    })
}

/// An attachment whose content the record has.
fn file(attachment: &AttachmentRecord) -> Option<File<'_>> {
    let text = attachment.text.as_ref().map(|text| STANDARD.encode(text));
    let content = text.or_else(|| attachment.base64.clone())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/.+-_;= ".contains(c);
    // What is no media type is no part of a URI.
    let media_type = match attachment.media_type.chars().all(plain) {
        true => attachment.media_type.replace(' ', ""),
        false => "application/octet-stream".to_owned(),
    };
    Some(File {
        display_name: &attachment.name,
        uri: format!("data:{media_type};base64,{content}"),
        content_type: &attachment.media_type,
        is_snapshot: false,
        metadata: FileFacts {
            bytes: attachment.bytes,
            sha256: &attachment.digest,
        },
    })
}

fn facts(stage: &StageRecord) -> Facts<'_> {
    let without_content = |file: &&AttachmentRecord| file.text.is_none() && file.base64.is_none();
    Facts {
        stage: &stage.stage,
        attempt: stage.attempt,
        verdict: stage.verdict,
        message: &stage.message,
        summary: &stage.summary,
        ending: &stage.ending,
        duration_ms: stage.duration_ms,
        log_dropped: stage.log_dropped,
        samples_dropped: stage.samples_dropped,
        host_calls: stage.host_calls,
        peak_memory_bytes: stage.peak_memory_bytes,
        denials: &stage.denials,
        attachments: stage.attachments.iter().filter(without_content).collect(),
    }
}

fn status(stage: &StageRecord) -> Status {
    match (stage.verdict, &stage.ending) {
        (Some(Verdict::Skip | Verdict::Cancelled), _) | (None, Ending::NotRun) => Status::Skip,
        (Some(Verdict::Pass | Verdict::Fail), _) => Status::Complete,
        (Some(Verdict::Inconclusive) | None, _) => Status::Error,
    }
}
