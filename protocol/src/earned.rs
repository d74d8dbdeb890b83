//! Whether a verdict was earned by what was measured: arithmetic over a record, which the runtime does for
//! a stage's outcome, and the orchestrator once more for what an agent sends.

use crate::{Comparison, Diagnosis, Finding, Measurement, Severity, Validator, Value, Verdict};

/// Why a pass or a skip was not earned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unearned {
    /// A measurement violates a rule whose violation means that the part is bad.
    Violated {
        /// The measurement's name.
        measurement: String,
        /// The rule's name.
        rule: String,
    },
    /// A pass, and no measurement met a rule that could have failed: a rule that was violated as a
    /// warning, that could not be compared, or that only excludes some values earns nothing.
    NothingMet,
    /// A diagnosis says that a part is bad, or that it could not be judged.
    Diagnosed {
        /// The diagnosis' name.
        diagnosis: String,
        /// What it says.
        finding: Finding,
    },
}

impl std::fmt::Display for Unearned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unearned::Violated { measurement, rule } => write!(
                f,
                "its measurement `{measurement}` violates its own rule `{rule}`"
            ),
            Unearned::NothingMet => f.write_str("no measurement met a rule that could have failed"),
            Unearned::Diagnosed {
                diagnosis,
                finding: Finding::Fail,
            } => write!(f, "its diagnosis `{diagnosis}` is a failure"),
            Unearned::Diagnosed { diagnosis, .. } => write!(
                f,
                "its diagnosis `{diagnosis}` says that something could not be judged"
            ),
        }
    }
}

impl std::error::Error for Unearned {}

/// Whether a value meets what is expected of it. `None`: it cannot be compared, because the types
/// differ, the comparison is unknown, nothing is expected, or a number is not finite.
pub fn met(value: &Value, comparison: &Comparison, expected: &[Value]) -> Option<bool> {
    use Comparison::{
        Equal, GreaterThan, GreaterThanOrEqual, InSet, LessThan, LessThanOrEqual, NotEqual,
        NotInSet, Other,
    };
    let first = expected.first()?;
    let comparable = |one: &Value| {
        let same = std::mem::discriminant(value) == std::mem::discriminant(one);
        same && is_finite(one)
    };
    if !is_finite(value) || !expected.iter().all(comparable) {
        return None;
    }
    let numbers = |test: fn(&f64, &f64) -> bool| match (value, first) {
        (Value::Number(a), Value::Number(b)) => Some(test(a, b)),
        _ => None,
    };
    match comparison {
        Equal => Some(value == first),
        NotEqual => Some(value != first),
        LessThan => numbers(f64::lt),
        LessThanOrEqual => numbers(f64::le),
        GreaterThan => numbers(f64::gt),
        GreaterThanOrEqual => numbers(f64::ge),
        InSet => Some(expected.contains(value)),
        NotInSet => Some(!expected.contains(value)),
        Other(_) => None,
    }
}

/// Why a pass or a skip is not earned, where it is not. Other verdicts need no earning.
///
/// Neither may stand beside a violated rule of severity `fail`, or a diagnosis that fails or could not
/// judge; a pass also needs a rule that was met. Rules are taken as [`Validator::met`] has them.
pub fn unearned(
    verdict: Verdict,
    measurements: &[Measurement],
    diagnoses: &[Diagnosis],
) -> Option<Unearned> {
    if !matches!(verdict, Verdict::Pass | Verdict::Skip) {
        return None;
    }
    let rules = || {
        measurements
            .iter()
            .flat_map(|m| m.validators.iter().map(move |rule| (m, rule)))
    };
    let violated = |rule: &Validator| rule.met == Some(false) && rule.severity == Severity::Fail;
    if let Some((measurement, rule)) = rules().find(|(_, rule)| violated(rule)) {
        return Some(Unearned::Violated {
            measurement: measurement.name.clone(),
            rule: rule.name.clone(),
        });
    }
    let contradicts = |d: &&Diagnosis| matches!(d.finding, Finding::Fail | Finding::Unknown);
    if let Some(diagnosis) = diagnoses.iter().find(contradicts) {
        return Some(Unearned::Diagnosed {
            diagnosis: diagnosis.name.clone(),
            finding: diagnosis.finding,
        });
    }
    let earns = |m: &Measurement, rule: &Validator| rule.met == Some(true) && decides(m, rule);
    if verdict == Verdict::Pass && !rules().any(|(m, rule)| earns(m, rule)) {
        return Some(Unearned::NothingMet);
    }
    None
}

/// Whether a comparison says what a value is. One that only says what a number or a text is not is met by
/// nearly everything, also by what a reading that failed gives; of a yes or no it says the same.
fn decides(measurement: &Measurement, rule: &Validator) -> bool {
    let excludes = matches!(rule.comparison, Comparison::NotEqual | Comparison::NotInSet);
    !excludes || matches!(measurement.value, Value::Boolean(_))
}

fn is_finite(value: &Value) -> bool {
    !matches!(value, Value::Number(number) if !number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(value: Value, comparison: Comparison, expected: Vec<Value>) -> Measurement {
        let met = met(&value, &comparison, &expected);
        Measurement {
            name: "wear".to_owned(),
            value,
            unit: None,
            part: None,
            validators: vec![Validator {
                name: "wear_fail".to_owned(),
                comparison,
                expected,
                severity: Severity::Fail,
                source: "a standard".to_owned(),
                met,
            }],
        }
    }

    fn number(number: f64) -> Value {
        Value::Number(number)
    }

    fn diagnosis(finding: Finding) -> Diagnosis {
        Diagnosis {
            name: "pending".to_owned(),
            finding,
            message: String::new(),
            part: None,
        }
    }

    #[test]
    fn a_rule_that_was_met_earns_a_pass_and_nothing_else_does() {
        let good = measured(number(5.0), Comparison::LessThan, vec![number(9.0)]);
        let pass = |measurements: &[Measurement]| unearned(Verdict::Pass, measurements, &[]);
        assert_eq!(pass(std::slice::from_ref(&good)), None);
        assert_eq!(pass(&[]), Some(Unearned::NothingMet));
        let mut warned = measured(number(50.0), Comparison::LessThan, vec![number(9.0)]);
        warned.validators[0].severity = Severity::Warn;
        assert_eq!(
            pass(std::slice::from_ref(&warned)),
            Some(Unearned::NothingMet)
        );
        assert_eq!(pass(&[warned, good]), None, "a warning changes nothing");
        let bad = measured(number(50.0), Comparison::LessThan, vec![number(9.0)]);
        assert!(matches!(pass(&[bad]), Some(Unearned::Violated { .. })));
    }

    #[test]
    fn what_only_excludes_or_cannot_be_compared_earns_nothing() {
        let text = |text: &str| Value::Text(text.to_owned());
        for (value, comparison, expected) in [
            (number(5.0), Comparison::NotInSet, vec![number(-1.0)]),
            (number(5.0), Comparison::NotEqual, vec![number(-1.0)]),
            (text("NaN"), Comparison::NotEqual, vec![text("bad")]),
            (text("NaN"), Comparison::NotEqual, vec![number(1.0)]),
            (number(f64::NAN), Comparison::NotEqual, vec![number(1.0)]),
            (
                number(5.0),
                Comparison::LessThan,
                vec![number(f64::INFINITY)],
            ),
            (
                number(5.0),
                Comparison::Other("near".to_owned()),
                vec![number(5.0)],
            ),
            (number(5.0), Comparison::InSet, Vec::new()),
        ] {
            let what = format!("{value:?} {comparison:?} {expected:?}");
            let measurement = measured(value, comparison, expected);
            let unearned = unearned(Verdict::Pass, &[measurement], &[]);
            assert_eq!(unearned, Some(Unearned::NothingMet), "{what}");
        }
        let off = measured(
            Value::Boolean(false),
            Comparison::NotEqual,
            vec![Value::Boolean(true)],
        );
        assert_eq!(unearned(Verdict::Pass, &[off], &[]), None);
    }

    #[test]
    fn a_pass_and_a_skip_contradict_what_fails_and_what_could_not_be_judged() {
        let good = measured(number(5.0), Comparison::LessThan, vec![number(9.0)]);
        let bad = measured(number(50.0), Comparison::LessThan, vec![number(9.0)]);
        for verdict in [Verdict::Pass, Verdict::Skip] {
            for finding in [Finding::Fail, Finding::Unknown] {
                let found = unearned(verdict, std::slice::from_ref(&good), &[diagnosis(finding)]);
                assert!(
                    matches!(found, Some(Unearned::Diagnosed { .. })),
                    "{verdict:?}"
                );
            }
            let found = unearned(verdict, std::slice::from_ref(&bad), &[]);
            assert!(
                matches!(found, Some(Unearned::Violated { .. })),
                "{verdict:?}"
            );
            let remark = [diagnosis(Finding::Warn), diagnosis(Finding::Pass)];
            assert_eq!(
                unearned(verdict, std::slice::from_ref(&good), &remark),
                None
            );
        }
        assert_eq!(unearned(Verdict::Skip, &[], &[]), None);
        assert_eq!(unearned(Verdict::Fail, &[bad], &[]), None);
    }
}
