//! From a guest's outcome to the record's words. The host holds every measurement against its
//! validators itself, and so earns or refuses a pass.

use vetting_component::Rule;
use vetting_protocol as record;
use vetting_protocol::{Finding, Severity, Unearned, Verdict, met, unearned};

use super::declared::by_table;
use crate::host::bindings::vetting::stage::outcome as guest;
use vetting_protocol::printable;

/// An outcome, judged by the host.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The stage's verdict, lowered where it was not earned.
    pub verdict: Verdict,
    /// Why.
    pub message: String,
    /// What was tested.
    pub summary: String,
    /// What was measured.
    pub measurements: Vec<record::Measurement>,
    /// What was concluded.
    pub diagnoses: Vec<record::Diagnosis>,
}

/// Takes an outcome over, and lowers a pass or a skip that was not earned. `table` is the manifest's table
/// of rules; empty: it has none.
pub fn hold(outcome: guest::Outcome, table: &[Rule]) -> Held {
    let mut measurements: Vec<_> = outcome.measurements.into_iter().map(measurement).collect();
    let diagnoses: Vec<_> = outcome.diagnoses.into_iter().map(diagnosis).collect();
    let undeclared = by_table(table, &mut measurements);
    let message = printable(&outcome.message);
    let (verdict, message) = match outcome.verdict {
        guest::Verdict::Pass => (Verdict::Pass, message),
        guest::Verdict::Fail => (Verdict::Fail, message),
        guest::Verdict::Inconclusive(reason) => (Verdict::Inconclusive, or(reason, message)),
        guest::Verdict::Skip(reason) => (Verdict::Skip, or(reason, message)),
    };
    let (verdict, message) = match unearned(verdict, &measurements, &diagnoses) {
        None => (verdict, message),
        Some(reason) => {
            let mut lowered = format!("the stage says {}, but {reason}", verdict.as_str());
            if reason == Unearned::NothingMet && !undeclared.is_empty() {
                let names = undeclared.join("`, `");
                lowered += &format!("; its manifest has no rule `{names}` of that severity");
            }
            (Verdict::Inconclusive, lowered)
        }
    };
    Held {
        verdict,
        message,
        summary: printable(&outcome.summary),
        measurements,
        diagnoses,
    }
}

fn or(reason: String, message: String) -> String {
    if reason.trim().is_empty() {
        message
    } else {
        printable(&reason)
    }
}

fn measurement(measurement: guest::Measurement) -> record::Measurement {
    let finite = is_finite(&measurement.value);
    let value = value(measurement.value);
    let validators = measurement
        .validators
        .into_iter()
        .map(|validator| hold_one(&value, finite, validator))
        .collect();
    record::Measurement {
        name: printable(&measurement.name),
        value,
        unit: measurement.unit.map(|unit| printable(&unit)),
        part: measurement.part.map(part),
        validators,
    }
}

/// `finite`: whether the value is one; what is not finite meets and violates nothing.
fn hold_one(value: &record::Value, finite: bool, validator: guest::Validator) -> record::Validator {
    let comparison = comparison(validator.comparison);
    let finite = finite && validator.expected.iter().all(is_finite);
    let expected: Vec<_> = validator.expected.into_iter().map(self::value).collect();
    record::Validator {
        name: printable(&validator.name),
        met: met(value, &comparison, &expected).filter(|_| finite),
        comparison,
        expected,
        severity: match validator.severity {
            guest::Severity::Warn => Severity::Warn,
            guest::Severity::Fail | guest::Severity::Other(_) => Severity::Fail,
        },
        source: printable(&validator.source),
    }
}

fn is_finite(value: &guest::Value) -> bool {
    !matches!(value, guest::Value::Number(number) if !number.is_finite())
}

/// NaN and infinities are not numbers to JSON: they become texts, which no rule compares.
fn value(value: guest::Value) -> record::Value {
    match value {
        guest::Value::Number(number) if number.is_finite() => record::Value::Number(number),
        guest::Value::Number(number) => record::Value::Text(number.to_string()),
        guest::Value::Text(text) => record::Value::Text(printable(&text)),
        guest::Value::Boolean(yes) => record::Value::Boolean(yes),
    }
}

fn comparison(comparison: guest::Comparison) -> record::Comparison {
    match comparison {
        guest::Comparison::Equal => record::Comparison::Equal,
        guest::Comparison::NotEqual => record::Comparison::NotEqual,
        guest::Comparison::LessThan => record::Comparison::LessThan,
        guest::Comparison::LessThanOrEqual => record::Comparison::LessThanOrEqual,
        guest::Comparison::GreaterThan => record::Comparison::GreaterThan,
        guest::Comparison::GreaterThanOrEqual => record::Comparison::GreaterThanOrEqual,
        guest::Comparison::InSet => record::Comparison::InSet,
        guest::Comparison::NotInSet => record::Comparison::NotInSet,
        guest::Comparison::Other(name) => record::Comparison::Other(printable(&name)),
    }
}

fn part(part: guest::Part) -> record::Part {
    record::Part {
        kind: printable(&part.kind),
        location: printable(&part.location),
        serial: part.serial.map(|serial| printable(&serial)),
        model: part.model.map(|model| printable(&model)),
    }
}

fn diagnosis(diagnosis: guest::Diagnosis) -> record::Diagnosis {
    record::Diagnosis {
        name: printable(&diagnosis.name),
        finding: match diagnosis.finding {
            guest::Finding::Pass => Finding::Pass,
            guest::Finding::Warn => Finding::Warn,
            guest::Finding::Fail => Finding::Fail,
            guest::Finding::Unknown | guest::Finding::Other(_) => Finding::Unknown,
        },
        message: printable(&diagnosis.message),
        part: diagnosis.part.map(part),
    }
}

#[cfg(test)]
mod tests {
    use vetting_component::RuleSeverity;

    use super::*;

    fn outcome(value: guest::Value, limit: f64, severity: guest::Severity) -> guest::Outcome {
        guest::Outcome {
            verdict: guest::Verdict::Pass,
            message: "good".to_owned(),
            summary: "one thing".to_owned(),
            measurements: vec![guest::Measurement {
                name: "wear".to_owned(),
                value,
                unit: None,
                part: None,
                validators: vec![guest::Validator {
                    name: "wear_fail".to_owned(),
                    comparison: guest::Comparison::LessThanOrEqual,
                    expected: vec![guest::Value::Number(limit)],
                    severity,
                    source: "a standard".to_owned(),
                }],
                extra: Vec::new(),
            }],
            diagnoses: Vec::new(),
            extra: Vec::new(),
        }
    }

    #[test]
    fn a_held_measurement_earns_a_pass() {
        let held = hold(
            outcome(guest::Value::Number(5.0), 100.0, guest::Severity::Fail),
            &[],
        );
        assert_eq!(held.verdict, Verdict::Pass);
        assert_eq!(held.measurements[0].validators[0].met, Some(true));
    }

    #[test]
    fn a_pass_without_anything_held_is_inconclusive() {
        let mut bare = outcome(guest::Value::Number(5.0), 100.0, guest::Severity::Fail);
        bare.measurements.clear();
        assert_eq!(hold(bare, &[]).verdict, Verdict::Inconclusive);
        for nothing in [f64::NAN, f64::INFINITY] {
            let value = guest::Value::Number(nothing);
            let held = hold(outcome(value, 100.0, guest::Severity::Fail), &[]);
            assert_eq!(held.verdict, Verdict::Inconclusive, "{nothing}");
        }
        let text = guest::Value::Text("5".to_owned());
        let held = hold(outcome(text, 100.0, guest::Severity::Fail), &[]);
        assert_eq!(held.verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_pass_over_a_violated_rule_contradicts_itself() {
        let held = hold(
            outcome(guest::Value::Number(500.0), 100.0, guest::Severity::Fail),
            &[],
        );
        assert_eq!(held.verdict, Verdict::Inconclusive);
        assert!(held.message.contains("`wear_fail`"), "{}", held.message);
    }

    #[test]
    fn a_violated_warning_neither_earns_a_pass_nor_takes_it() {
        let warned = || outcome(guest::Value::Number(500.0), 100.0, guest::Severity::Warn);
        let held = hold(warned(), &[]);
        assert_eq!(held.verdict, Verdict::Inconclusive, "{}", held.message);
        let mut also_good = outcome(guest::Value::Number(5.0), 100.0, guest::Severity::Fail);
        also_good.measurements.extend(warned().measurements);
        assert_eq!(hold(also_good, &[]).verdict, Verdict::Pass);
    }

    #[test]
    fn a_pass_beside_a_failing_diagnosis_contradicts_itself() {
        let mut torn = outcome(guest::Value::Number(5.0), 100.0, guest::Severity::Fail);
        torn.diagnoses.push(guest::Diagnosis {
            name: "smart-pending".to_owned(),
            finding: guest::Finding::Fail,
            message: "8 pending sectors".to_owned(),
            part: None,
            extra: Vec::new(),
        });
        assert_eq!(hold(torn, &[]).verdict, Verdict::Inconclusive);
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let mut hostile = outcome(guest::Value::Number(5.0), 100.0, guest::Severity::Fail);
        hostile.message = "\u{1b}[2Jgood".to_owned();
        assert_eq!(hold(hostile, &[]).message, "\\u001b[2Jgood");
    }

    #[test]
    fn a_number_that_is_not_finite_is_not_a_text_that_differs() {
        for nothing in [f64::NAN, f64::INFINITY] {
            let mut outcome = outcome(guest::Value::Number(nothing), 1.0, guest::Severity::Fail);
            let validator = &mut outcome.measurements[0].validators[0];
            validator.comparison = guest::Comparison::NotEqual;
            validator.expected = vec![guest::Value::Text("bad".to_owned())];
            assert_eq!(
                hold(outcome, &[]).verdict,
                Verdict::Inconclusive,
                "{nothing}"
            );
        }
    }

    #[test]
    fn a_skip_beside_a_violated_rule_contradicts_itself() {
        let mut skipped = outcome(guest::Value::Number(500.0), 100.0, guest::Severity::Fail);
        skipped.verdict = guest::Verdict::Skip("no disk".to_owned());
        let held = hold(skipped, &[]);
        assert_eq!(held.verdict, Verdict::Inconclusive);
        assert!(held.message.contains("says skip, but"), "{}", held.message);
    }

    #[test]
    fn a_rule_that_the_manifest_does_not_have_earns_nothing() {
        let rule = |name: &str, severity| Rule {
            name: name.to_owned(),
            severity,
            description: "worn".to_owned(),
            limit: "100 %".to_owned(),
            source: "the table's source".to_owned(),
        };
        let good = || outcome(guest::Value::Number(5.0), 100.0, guest::Severity::Fail);
        let held = hold(good(), &[rule("wear_fail", RuleSeverity::Fail)]);
        assert_eq!(held.verdict, Verdict::Pass);
        assert_eq!(
            held.measurements[0].validators[0].source,
            "the table's source"
        );
        for table in [
            rule("wear_warn", RuleSeverity::Fail),
            rule("wear_fail", RuleSeverity::Warn),
        ] {
            let held = hold(good(), &[table]);
            assert_eq!(held.verdict, Verdict::Inconclusive);
            assert!(
                held.message.contains("no rule `wear_fail`"),
                "{}",
                held.message
            );
        }
    }
}
