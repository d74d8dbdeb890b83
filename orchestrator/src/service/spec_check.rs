//! SpecValidate: the inventory against the expected spec, as a result of its own.

use serde_json::Value;
use vetting_protocol::{
    AttachmentRecord, Comparison, Diagnosis, Ending, Finding, Measurement, Severity, StageRecord,
    Validator, Verdict,
};

use super::ServiceError;
use crate::lifecycle::{Event, Progress, step};
use crate::spec::{self, Difference, Spec};
use crate::store::results;
use crate::store::runs::Run;

/// The name under which its results are stored.
pub(super) const STAGE: &str = "SpecValidate";

/// Which list of the inventory each stage judges the parts of.
const JUDGES: [(&str, &str); 6] = [
    ("CPUStress", "cpus"),
    ("Memory", "memory"),
    ("SMART", "disks"),
    ("Storage", "disks"),
    ("Network", "nics"),
    ("GPU", "gpus"),
];

/// What the spec expects of the parts that a stage judges, where it expects any.
pub(super) fn expected_part(stage: &str, spec: Option<&Spec>) -> Option<String> {
    let (_, list) = JUDGES.iter().find(|(name, _)| *name == stage)?;
    let count = spec?.expects(list);
    (count > 0).then(|| format!("{count} {list}"))
}

/// Compares what the result of `Inventory` tells, stores the result, and says where the run is then.
pub(super) async fn judge(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
    spec: Option<&Spec>,
    inventory: Option<&Value>,
) -> Result<Progress, ServiceError> {
    let before = results::last_inventory(db, &run.id).await?;
    let voided = match (before, inventory) {
        (Some(before), Some(now)) => changed_stages(&before, now),
        _ => Vec::new(),
    };
    let attempt = results::last_attempt(db, &run.id, STAGE).await? + 1;
    let record = record(attempt, run, spec, inventory);
    judged(db, run, record, voided, true).await
}

/// The same once more with the inventory that was told last: the spec may be another one by now,
/// the host is what it was.
pub(super) async fn judge_again(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
    spec: Option<&Spec>,
) -> Result<Progress, ServiceError> {
    let inventory = results::newest_inventory(db, &run.id).await?;
    let attempt = results::last_attempt(db, &run.id, STAGE).await? + 1;
    let record = record(attempt, run, spec, inventory.as_ref());
    judged(db, run, record, Vec::new(), false).await
}

async fn judged(
    db: &mut sqlx::SqliteConnection,
    run: &Run,
    record: StageRecord,
    voided: Vec<String>,
    told: bool,
) -> Result<Progress, ServiceError> {
    let event = Event::SpecJudged {
        passed: record.passed(),
        reason: format!("{STAGE}: {}", record.message),
        voided,
        told,
    };
    let after = step(&run.progress, &event)?;
    let answer = super::result::answer(run, &after);
    super::result::store(db, run, &record, None, &answer).await?;
    Ok(after)
}

/// The stages whose parts are not what they were.
fn changed_stages(before: &Value, now: &Value) -> Vec<String> {
    let differs = |part: &str| {
        let of = |inventory: &Value| Spec::of_inventory(inventory).0.get(part).cloned();
        of(before) != of(now)
    };
    let board = differs("board") || differs("system");
    JUDGES
        .iter()
        .filter(|(_, part)| board || differs(part))
        .map(|(stage, _)| (*stage).to_owned())
        .collect()
}

/// The sha256 of the spec that a run was made against, where its host has none any more.
pub(super) fn lost_spec<'a>(run: &'a Run, spec: Option<&Spec>) -> Option<&'a str> {
    let made_against = run
        .spec_digest
        .as_deref()
        .filter(|digest| !digest.is_empty());
    made_against.filter(|_| spec.is_none())
}

fn record(attempt: u32, run: &Run, spec: Option<&Spec>, inventory: Option<&Value>) -> StageRecord {
    let mut record = StageRecord::not_run(STAGE, attempt);
    record.ending = Ending::Outcome;
    let (Some(spec), Some(inventory)) = (spec, inventory) else {
        let (verdict, message) = match (spec, lost_spec(run, spec)) {
            (None, Some(digest)) => (
                Verdict::Inconclusive,
                format!(
                    "the run was made against the spec with the sha256 {digest}, and {host} has no spec \
                     now: give it one (`host set {host} --spec FILE`) and retry SpecValidate",
                    host = run.host
                ),
            ),
            (None, None) => (
                Verdict::Skip,
                "no expected spec is registered for this host, so nothing was expected of it"
                    .to_owned(),
            ),
            (Some(_), _) => (
                Verdict::Inconclusive,
                "the agent delivered no inventory to compare with the expected spec".to_owned(),
            ),
        };
        record.verdict = Some(verdict);
        record.message = message;
        return record;
    };
    let differences = spec::compare(spec, inventory);
    record.verdict = Some(if differences.is_empty() {
        Verdict::Pass
    } else {
        Verdict::Fail
    });
    let told: Vec<_> = differences.iter().map(Difference::to_string).collect();
    record.message = match told.len() {
        0 => "the host is what its spec expects".to_owned(),
        1 => told.join(""),
        n => format!("{n} differences: {}", told.join("; ")),
    };
    let digest = spec.digest();
    record.summary = format!("{} parts of the spec {digest} compared", spec.0.len());
    if let Some(made_against) = run.spec_digest.as_deref().filter(|made| *made != digest) {
        let made_against = if made_against.is_empty() {
            "without a spec".to_owned()
        } else {
            format!("against the spec {made_against}")
        };
        record.summary += &format!("; the run was made {made_against}");
    }
    record.measurements = vec![count(differences.len())];
    record.diagnoses = differences.iter().map(diagnosis).collect();
    if let Ok(text) = serde_json::to_string_pretty(&differences) {
        record.attachments = vec![AttachmentRecord {
            name: "differences.json".to_owned(),
            media_type: "application/json".to_owned(),
            bytes: text.len() as u64,
            digest: vetting_component::digest(text.as_bytes()),
            text: Some(text),
            base64: None,
        }];
    }
    record
}

fn count(differences: usize) -> Measurement {
    Measurement {
        name: "spec_differences".to_owned(),
        value: vetting_protocol::Value::Number(differences as f64),
        unit: None,
        part: None,
        validators: vec![Validator {
            name: "as_expected".to_owned(),
            comparison: Comparison::Equal,
            expected: vec![vetting_protocol::Value::Number(0.0)],
            severity: Severity::Fail,
            source: "the host's expected spec".to_owned(),
            met: Some(differences == 0),
        }],
    }
}

fn diagnosis(difference: &Difference) -> Diagnosis {
    Diagnosis {
        name: "spec_difference".to_owned(),
        finding: Finding::Fail,
        message: difference.to_string(),
        part: None,
    }
}
