//! Records of attempts: what the built-in stages really say on a healthy machine, and the same from a
//! machine with a bad part.

use std::collections::BTreeMap;

use vetting_protocol::{
    Comparison, Diagnosis, Finding, Measurement, Severity, StageRecord, Value, Verdict,
};
use vetting_tests::{Vetting, stages};

/// The records that a healthy machine's stages end with, by stage.
#[derive(Clone)]
pub struct Models(BTreeMap<String, StageRecord>);

impl Models {
    /// Runs every built-in stage once, in virtual time.
    pub fn take() -> Self {
        let ended = Vetting::run(&stages(), &["--machine", "sim:healthy-server"]).output();
        let report = ended.report();
        let records: Vec<StageRecord> =
            serde_json::from_value(report["stages"].clone()).expect("records");
        let passed = records
            .into_iter()
            .filter(|record| record.verdict == Some(Verdict::Pass) && rule(record).is_some());
        let models: BTreeMap<_, _> = passed
            // The inventory goes with another message; a real agent delivers it.
            .filter(|record| record.stage != "Inventory")
            .map(|record| (record.stage.clone(), slim(record)))
            .collect();
        assert!(models.len() >= 4, "only {:?} pass", models.keys());
        Models(models)
    }

    /// The stages that a run may have.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// What an honest attempt of a good machine ends with.
    pub fn pass(&self, stage: &str, attempt: u32, message: &str) -> StageRecord {
        let mut record = self.0[stage].clone();
        record.attempt = attempt;
        record.message = message.to_owned();
        record
    }

    /// What an honest attempt of a machine with a bad part ends with.
    pub fn fail(&self, stage: &str, attempt: u32, message: &str) -> StageRecord {
        let mut record = self.pass(stage, attempt, message);
        violate(&mut record);
        record.verdict = Some(Verdict::Fail);
        record.diagnoses.push(bad_part());
        record
    }

    /// How long an attempt takes, in virtual seconds.
    pub fn seconds(&self, stage: &str) -> f64 {
        std::time::Duration::from_millis(self.0[stage].duration_ms).as_secs_f64()
    }
}

/// Without the bulk that no check looks at: many results must fit on a small disk.
fn slim(mut record: StageRecord) -> StageRecord {
    record.series.clear();
    record.log.clear();
    record.attachments.clear();
    record
}

/// The conclusion that a part is bad.
pub fn bad_part() -> Diagnosis {
    Diagnosis {
        name: "trouble-bad-part".to_owned(),
        finding: Finding::Fail,
        message: "the part is bad: replace it".to_owned(),
        part: None,
    }
}

/// Where a record has a rule that compares numbers and whose violation fails: measurement, validator.
fn rule(record: &StageRecord) -> Option<(usize, usize)> {
    let all = record.measurements.iter().enumerate();
    let mut rules = all.flat_map(|(m, measurement)| {
        let rules = measurement.validators.iter().enumerate();
        rules.map(move |(v, validator)| (m, v, measurement, validator))
    });
    rules.find_map(|(m, v, measurement, validator)| {
        let numbers = matches!(measurement.value, Value::Number(_))
            && matches!(validator.expected[..], [Value::Number(_)]);
        let compared = violating(&validator.comparison, 0.0).is_some();
        (numbers && compared && validator.severity == Severity::Fail).then_some((m, v))
    })
}

/// A value that violates a comparison with an expected number.
fn violating(comparison: &Comparison, expected: f64) -> Option<f64> {
    Some(match comparison {
        Comparison::Equal | Comparison::LessThan | Comparison::LessThanOrEqual => expected + 1.0,
        Comparison::NotEqual => expected,
        Comparison::GreaterThan | Comparison::GreaterThanOrEqual => expected - 1.0,
        _ => return None,
    })
}

/// Makes one measurement violate its rule, and says so.
pub fn violate(record: &mut StageRecord) {
    let (measurement, at) = broken(record);
    measurement.validators[at].met = Some(false);
}

/// Makes one measurement violate its rule, and says that it is met.
pub fn violate_and_deny(record: &mut StageRecord) {
    let (measurement, at) = broken(record);
    measurement.validators[at].met = Some(true);
}

fn broken(record: &mut StageRecord) -> (&mut Measurement, usize) {
    let (m, v) = rule(record).expect("a model has a rule that compares numbers");
    let measurement = &mut record.measurements[m];
    let validator = &measurement.validators[v];
    let expected = match validator.expected[..] {
        [Value::Number(expected)] => expected,
        _ => 0.0,
    };
    let value = violating(&validator.comparison, expected).unwrap_or(expected);
    measurement.value = Value::Number(value);
    (measurement, v)
}
