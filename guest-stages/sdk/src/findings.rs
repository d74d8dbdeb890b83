//! The bookkeeping of a judgement: measurements held against rules, diagnoses, and the verdict that
//! follows from them.

use crate::outcome::{
    Comparison, Diagnosis, Finding, Measurement, Outcome, Part, Severity, Validator, Value, Verdict,
};
use crate::{Gap, Rule};

/// Names a part: its kind and where it is. Set `serial` and `model` on it where they are known.
pub fn part(kind: &str, location: impl Into<String>) -> Part {
    Part {
        kind: kind.to_owned(),
        location: location.into(),
        serial: None,
        model: None,
        extra: Vec::new(),
    }
}

/// A measurement being written down, with the rules it is held against.
#[derive(Clone, Debug)]
pub struct Measure {
    measurement: Measurement,
}

impl Measure {
    /// A number.
    pub fn number(name: &str, value: f64) -> Self {
        Self::value(name, Value::Number(value))
    }

    /// A text.
    pub fn text(name: &str, value: impl Into<String>) -> Self {
        Self::value(name, Value::Text(value.into()))
    }

    /// A yes or no.
    pub fn boolean(name: &str, value: bool) -> Self {
        Self::value(name, Value::Boolean(value))
    }

    fn value(name: &str, value: Value) -> Self {
        Measure {
            measurement: Measurement {
                name: name.to_owned(),
                value,
                unit: None,
                part: None,
                validators: Vec::new(),
                extra: Vec::new(),
            },
        }
    }

    /// Its unit.
    pub fn unit(mut self, unit: &str) -> Self {
        self.measurement.unit = Some(unit.to_owned());
        self
    }

    /// The part it is about.
    pub fn part(mut self, part: &Part) -> Self {
        self.measurement.part = Some(part.clone());
        self
    }

    /// It must be at most `limit`.
    pub fn at_most(self, rule: Rule, limit: f64) -> Self {
        self.rule(
            rule,
            Comparison::LessThanOrEqual,
            vec![Value::Number(limit)],
        )
    }

    /// It must be at least `limit`.
    pub fn at_least(self, rule: Rule, limit: f64) -> Self {
        let limit = vec![Value::Number(limit)];
        self.rule(rule, Comparison::GreaterThanOrEqual, limit)
    }

    /// It must be below `limit`.
    pub fn below(self, rule: Rule, limit: f64) -> Self {
        self.rule(rule, Comparison::LessThan, vec![Value::Number(limit)])
    }

    /// It must be above `limit`.
    pub fn above(self, rule: Rule, limit: f64) -> Self {
        self.rule(rule, Comparison::GreaterThan, vec![Value::Number(limit)])
    }

    /// It must equal `expected`.
    pub fn equals(self, rule: Rule, expected: Value) -> Self {
        self.rule(rule, Comparison::Equal, vec![expected])
    }

    /// It must be anything but `unwanted`.
    pub fn differs(self, rule: Rule, unwanted: Value) -> Self {
        self.rule(rule, Comparison::NotEqual, vec![unwanted])
    }

    /// Any comparison.
    pub fn rule(mut self, rule: Rule, comparison: Comparison, expected: Vec<Value>) -> Self {
        self.measurement.validators.push(Validator {
            name: rule.name.to_owned(),
            comparison,
            expected,
            severity: match rule.is_bad {
                true => Severity::Fail,
                false => Severity::Warn,
            },
            source: rule.source.to_owned(),
        });
        self
    }

    /// Who told the newest rule's limit, where the table cannot know it beforehand.
    pub fn told_by(mut self, source: &str) -> Self {
        if let Some(newest) = self.measurement.validators.last_mut() {
            newest.source = source.to_owned();
        }
        self
    }
}

/// Everything a stage has found so far.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    measurements: Vec<Measurement>,
    diagnoses: Vec<Diagnosis>,
}

impl Findings {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes a measurement down. For the worst rule it violates, a diagnosis with that rule's name
    /// and `message` follows. Returns whether every rule was met.
    pub fn hold(&mut self, measure: Measure, message: impl FnOnce() -> String) -> bool {
        let measurement = measure.measurement;
        let violated = |severity: &Severity| {
            measurement
                .validators
                .iter()
                .find(|v| v.severity == *severity && met(&measurement.value, v) == Some(false))
        };
        let worst = violated(&Severity::Fail)
            .map(|v| (Finding::Fail, v))
            .or_else(|| violated(&Severity::Warn).map(|v| (Finding::Warn, v)));
        let diagnosis = worst.map(|(finding, validator)| Diagnosis {
            name: validator.name.clone(),
            finding,
            message: message(),
            part: measurement.part.clone(),
            extra: Vec::new(),
        });
        let good = diagnosis.is_none();
        self.measurements.push(measurement);
        self.diagnoses.extend(diagnosis);
        good
    }

    /// Writes a measurement down that nothing judges, or whose rules cannot be violated here.
    pub fn note(&mut self, measure: Measure) {
        self.measurements.push(measure.measurement);
    }

    /// The part was judged by a rule, and is good.
    pub fn good(&mut self, rule: Rule, part: Option<&Part>, message: impl Into<String>) {
        self.diagnose(rule.name, Finding::Pass, part, message);
    }

    /// The part breaks a rule: it is bad, or worth a look, as the rule says.
    pub fn broken(&mut self, rule: Rule, part: Option<&Part>, message: impl Into<String>) {
        let finding = match rule.is_bad {
            true => Finding::Fail,
            false => Finding::Warn,
        };
        self.diagnose(rule.name, finding, part, message);
    }

    /// The part should have been judged and could not be.
    pub fn unknown(&mut self, gap: Gap, part: Option<&Part>, message: impl Into<String>) {
        self.diagnose(gap.name, Finding::Unknown, part, message);
    }

    fn diagnose(
        &mut self,
        name: &str,
        finding: Finding,
        part: Option<&Part>,
        message: impl Into<String>,
    ) {
        self.diagnoses.push(Diagnosis {
            name: name.to_owned(),
            finding,
            message: message.into(),
            part: part.cloned(),
            extra: Vec::new(),
        });
    }

    /// What was concluded so far.
    pub fn diagnoses(&self) -> &[Diagnosis] {
        &self.diagnoses
    }

    /// What was measured so far.
    pub fn measurements(&self) -> &[Measurement] {
        &self.measurements
    }

    /// The outcome that follows: one bad part is a `fail`; otherwise one part that could not be
    /// judged, or nothing held at all, is `inconclusive`; otherwise it is a `pass`.
    pub fn outcome(self, summary: impl Into<String>) -> Outcome {
        let of = |finding: Finding| -> Vec<&Diagnosis> {
            let same = |d: &&Diagnosis| d.finding == finding;
            self.diagnoses.iter().filter(same).collect()
        };
        let (bad, unjudged, warned) = (of(Finding::Fail), of(Finding::Unknown), of(Finding::Warn));
        let held = self.measurements.iter().any(|m| {
            let holds = |v| met(&m.value, v).is_some();
            m.validators.iter().any(holds)
        });
        let (verdict, message) = if !bad.is_empty() {
            (Verdict::Fail, tell(&bad))
        } else if !unjudged.is_empty() {
            let reason = tell(&unjudged);
            (Verdict::Inconclusive(reason.clone()), reason)
        } else if !held {
            let reason = "nothing could be measured".to_owned();
            (Verdict::Inconclusive(reason.clone()), reason)
        } else if !warned.is_empty() {
            (
                Verdict::Pass,
                format!("good, with warnings: {}", tell(&warned)),
            )
        } else {
            (Verdict::Pass, "good".to_owned())
        };
        Outcome {
            verdict,
            message,
            summary: summary.into(),
            measurements: self.measurements,
            diagnoses: self.diagnoses,
            extra: Vec::new(),
        }
    }

    /// A `skip`: the hardware does not exist and nothing expected it.
    pub fn skip(self, reason: impl Into<String>, summary: impl Into<String>) -> Outcome {
        let reason = reason.into();
        Outcome {
            verdict: Verdict::Skip(reason.clone()),
            message: reason,
            summary: summary.into(),
            measurements: self.measurements,
            diagnoses: self.diagnoses,
            extra: Vec::new(),
        }
    }
}

/// The first few messages, each with its part, and how many more there are.
fn tell(diagnoses: &[&Diagnosis]) -> String {
    const SHOWN: usize = 3;
    let mut text: Vec<String> = diagnoses
        .iter()
        .take(SHOWN)
        .map(|d| match &d.part {
            Some(part) => format!("{} {}: {}", part.kind, part.location, d.message),
            None => d.message.clone(),
        })
        .collect();
    if diagnoses.len() > SHOWN {
        text.push(format!("and {} more", diagnoses.len() - SHOWN));
    }
    text.join("; ")
}

/// Whether a value meets a validator; `None` when it cannot be held.
fn met(value: &Value, validator: &Validator) -> Option<bool> {
    let expected = validator.expected.first()?;
    let numbers = |test: fn(f64, f64) -> bool| match (value, expected) {
        (Value::Number(a), Value::Number(b)) if a.is_finite() && b.is_finite() => {
            Some(test(*a, *b))
        }
        _ => None,
    };
    let same_kind = std::mem::discriminant(value) == std::mem::discriminant(expected);
    match &validator.comparison {
        Comparison::Equal => same_kind.then(|| value == expected),
        Comparison::NotEqual => same_kind.then(|| value != expected),
        Comparison::LessThan => numbers(|a, b| a < b),
        Comparison::LessThanOrEqual => numbers(|a, b| a <= b),
        Comparison::GreaterThan => numbers(|a, b| a > b),
        Comparison::GreaterThanOrEqual => numbers(|a, b| a >= b),
        Comparison::InSet => same_kind.then(|| validator.expected.contains(value)),
        Comparison::NotInSet => same_kind.then(|| !validator.expected.contains(value)),
        Comparison::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOOR: Rule = Rule::fail("floor", "t");
    const USUAL: Rule = Rule::warn("usual", "t");

    #[test]
    fn nothing_held_is_never_a_pass() {
        let mut findings = Findings::new();
        findings.note(Measure::number("temperature", 40.0));
        findings.good(FLOOR, None, "looks fine");
        let outcome = findings.outcome("1 disk");
        assert!(matches!(outcome.verdict, Verdict::Inconclusive(_)));
    }

    #[test]
    fn a_number_that_is_none_holds_nothing() {
        let mut findings = Findings::new();
        let measure = Measure::number("speed", f64::NAN).at_least(FLOOR, 1.0);
        findings.hold(measure, || "slow".to_owned());
        assert!(matches!(
            findings.outcome("").verdict,
            Verdict::Inconclusive(_)
        ));
    }

    #[test]
    fn the_worst_violated_rule_is_the_diagnosis() {
        let mut findings = Findings::new();
        let disk = part("disk", "sda");
        let measure = Measure::number("speed", 40.0)
            .part(&disk)
            .at_least(USUAL, 75.0)
            .at_least(FLOOR, 50.0);
        assert!(!findings.hold(measure, || "reads 40 B/s".to_owned()));
        let outcome = findings.outcome("1 disk");
        assert_eq!(outcome.verdict, Verdict::Fail);
        assert_eq!(outcome.diagnoses.len(), 1);
        assert_eq!(outcome.diagnoses[0].name, "floor");
        assert_eq!(outcome.message, "disk sda: reads 40 B/s");
        let told = &outcome.measurements[0].validators;
        assert_eq!(
            (told[0].severity.clone(), told[0].source.as_str()),
            (Severity::Warn, "t")
        );
    }

    #[test]
    fn a_warning_does_not_change_a_pass() {
        let mut findings = Findings::new();
        let measure = Measure::number("wear", 85.0)
            .at_most(USUAL, 80.0)
            .at_most(FLOOR, 100.0);
        findings.hold(measure, || "worn".to_owned());
        assert_eq!(findings.outcome("").verdict, Verdict::Pass);
    }

    #[test]
    fn one_part_unjudged_holds_the_rest_back() {
        let mut findings = Findings::new();
        let measure = Measure::number("wear", 5.0).at_most(FLOOR, 100.0);
        findings.hold(measure, String::new);
        findings.unknown(Gap::unknown("smart"), Some(&part("disk", "sdb")), "asleep");
        assert_eq!(
            findings.outcome("").verdict,
            Verdict::Inconclusive("disk sdb: asleep".to_owned())
        );
    }
}
