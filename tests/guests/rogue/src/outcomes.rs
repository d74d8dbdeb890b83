//! Outcomes that must not count as what they say.

use vetting_stage::outcome::{Comparison, Diagnosis, Finding, Value};
use vetting_stage::{Findings, Measure, Measurement, Outcome, Severity, Validator, Verdict};

vetting_stage::rules! {
    /// The answer is too low.
    ANSWER: fail "answer_floor" = "0.5", "the tests";
}

/// Runs the mode, if it is one of these.
pub fn run(mode: &str) -> Option<Result<Outcome, String>> {
    Some(match mode {
        "outcome-nan" => Ok(measured(f64::NAN)),
        "outcome-infinite" => Ok(measured(f64::INFINITY)),
        "outcome-violated" => Ok(measured(0.0)),
        "outcome-violated-warning" => Ok(ruled(0.0, |rule| rule.severity = Severity::Warn)),
        "outcome-nan-differs" => Ok(ruled(f64::NAN, |rule| {
            rule.comparison = Comparison::NotEqual;
            rule.expected = vec![Value::Text("bad".to_owned())];
        })),
        "outcome-excludes" => Ok(ruled(1.0, |rule| {
            rule.comparison = Comparison::NotInSet;
            rule.expected = vec![Value::Number(-1.0)];
        })),
        "outcome-other-rule" => Ok(ruled(1.0, |rule| {
            "a_rule_of_my_own".clone_into(&mut rule.name)
        })),
        "outcome-skip-violated" => {
            let mut outcome = measured(0.0);
            outcome.verdict = Verdict::Skip("nothing to test".to_owned());
            Ok(outcome)
        }
        "outcome-skip-diagnosed" => {
            let mut outcome = passed();
            outcome.verdict = Verdict::Skip("nothing to test".to_owned());
            outcome.diagnoses = vec![Diagnosis {
                name: "pending-sectors".to_owned(),
                finding: Finding::Fail,
                message: "8 pending sectors".to_owned(),
                part: None,
                extra: Vec::new(),
            }];
            Ok(outcome)
        }
        "outcome-unheld" => {
            let mut outcome = passed();
            outcome.measurements.clear();
            Ok(outcome)
        }
        "outcome-huge" => {
            let mut outcome = passed();
            let one = outcome.measurements.pop().into_iter().next();
            outcome.measurements = one.into_iter().cycle().take(10_000).collect();
            Ok(outcome)
        }
        "outcome-huge-summary" => {
            let mut outcome = passed();
            outcome.summary = "s".repeat(4 << 20);
            Ok(outcome)
        }
        "outcome-escapes" => {
            let mut outcome = passed();
            outcome.verdict = Verdict::Fail;
            outcome.message = "\u{1b}[2J\r\n0 failed, 8 passed\u{9b}".to_owned();
            Ok(outcome)
        }
        "error-huge" => Err("e".repeat(7 << 20)),
        "error-escapes" => Err("\u{1b}]0;title\u{7}".to_owned()),
        _ => return None,
    })
}

/// A pass that is earned, by an honest stage at least.
pub fn passed() -> Outcome {
    let mut findings = Findings::new();
    let answer = Measure::number("answer", 1.0);
    let answer = answer.at_least(ANSWER, 0.5);
    findings.hold(answer, || "the answer is too low".to_owned());
    findings.outcome("one answer")
}

/// A pass over a measurement of that value and a rule that was bent.
fn ruled(value: f64, bend: fn(&mut Validator)) -> Outcome {
    let mut outcome = measured(value);
    let rules = outcome.measurements.iter_mut();
    rules.flat_map(|m| &mut m.validators).for_each(bend);
    outcome
}

/// A pass over a measurement of that value, which should be at least 0.5.
fn measured(value: f64) -> Outcome {
    let mut outcome = passed();
    outcome.verdict = Verdict::Pass;
    outcome.measurements = vec![Measurement {
        name: "answer".to_owned(),
        value: Value::Number(value),
        unit: None,
        part: None,
        validators: vec![Validator {
            name: "answer_floor".to_owned(),
            comparison: Comparison::GreaterThanOrEqual,
            expected: vec![Value::Number(0.5)],
            severity: Severity::Fail,
            source: "the tests".to_owned(),
        }],
        extra: Vec::new(),
    }];
    outcome
}
