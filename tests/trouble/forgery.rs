//! Forged results: passes that nothing earned, each wrong in a way that the orchestrator can see.

use vetting_protocol::{
    Comparison, Ending, Measurement, Severity, StageRecord, Validator, Value, Verdict,
};

use crate::record::{bad_part, violate, violate_and_deny};

/// From how many seconds on an attempt is a load that was ordered to take so long.
const SHORTEST_LOAD: f64 = 20.0;

/// What is forged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Forgery {
    /// A pass with a rule that is not met.
    ViolatedRule,
    /// A pass whose rule is said to be met by a value that violates it.
    RuleSaidToBeMet,
    /// A pass with a diagnosis that the part is bad.
    FailingDiagnosis,
    /// A pass of an attempt that was not run.
    NotRun,
    /// A pass of another component than the ordered one.
    OtherDigest,
    /// A minute of load within a millisecond.
    TooShort,
    /// A skip with a diagnosis that the part is bad.
    SkipWithFailure,
    /// A pass held by a value that is not a number, which is not equal to anything.
    NotANumber,
    /// A pass without anything that was measured.
    NothingMeasured,
    /// A pass whose only rule warns, and is not met.
    OnlyAWarning,
    /// The result of an attempt once more, with another content.
    OtherContent,
    /// The result of another run's attempt.
    OtherRun,
    /// A result under another claim's number.
    OtherEpoch,
}

impl Forgery {
    /// All of them.
    pub const ALL: [Forgery; 13] = [
        Forgery::ViolatedRule,
        Forgery::RuleSaidToBeMet,
        Forgery::FailingDiagnosis,
        Forgery::NotRun,
        Forgery::OtherDigest,
        Forgery::TooShort,
        Forgery::SkipWithFailure,
        Forgery::NotANumber,
        Forgery::NothingMeasured,
        Forgery::OnlyAWarning,
        Forgery::OtherContent,
        Forgery::OtherRun,
        Forgery::OtherEpoch,
    ];

    /// Whether the attempt's own result stays honest, so that its run passes all the same.
    pub fn leaves_an_honest_result(self) -> bool {
        matches!(
            self,
            Forgery::OtherContent | Forgery::OtherRun | Forgery::OtherEpoch
        )
    }

    /// Whether it is one where an attempt takes so many seconds: only a load can be too short.
    pub fn fits(self, seconds: f64) -> bool {
        self != Forgery::TooShort || seconds >= SHORTEST_LOAD
    }

    /// Makes an honest pass such a forgery.
    pub fn forge(self, record: &mut StageRecord) {
        match self {
            Forgery::ViolatedRule => violate(record),
            Forgery::RuleSaidToBeMet => violate_and_deny(record),
            Forgery::FailingDiagnosis => record.diagnoses.push(bad_part()),
            Forgery::NotRun => record.ending = Ending::NotRun,
            Forgery::OtherDigest => record.digest = Some("ab".repeat(32)),
            Forgery::TooShort => record.duration_ms = 1,
            Forgery::SkipWithFailure => {
                record.verdict = Some(Verdict::Skip);
                record.diagnoses.push(bad_part());
            }
            Forgery::NotANumber => record.measurements = vec![not_a_number()],
            Forgery::NothingMeasured => record.measurements.clear(),
            Forgery::OnlyAWarning => record.measurements = vec![only_a_warning()],
            Forgery::OtherContent | Forgery::OtherRun | Forgery::OtherEpoch => {}
        }
    }
}

fn not_a_number() -> Measurement {
    measurement(
        Value::Text("NaN".to_owned()),
        Comparison::NotEqual,
        Severity::Fail,
        true,
    )
}

fn only_a_warning() -> Measurement {
    let value = Value::Number(1.0);
    measurement(value, Comparison::LessThan, Severity::Warn, false)
}

/// A measurement that is compared with zero.
fn measurement(value: Value, comparison: Comparison, severity: Severity, met: bool) -> Measurement {
    Measurement {
        name: "trouble".to_owned(),
        value,
        unit: None,
        part: None,
        validators: vec![Validator {
            name: "trouble".to_owned(),
            comparison,
            expected: vec![Value::Number(0.0)],
            severity,
            source: "nothing".to_owned(),
            met: Some(met),
        }],
    }
}
