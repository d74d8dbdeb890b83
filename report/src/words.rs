//! What every format says in the same words. Texts of stages are hostile until they were made
//! printable here.

use vetting_protocol::{
    Comparison, Diagnosis, Ending, Finding, Measurement, Part, Severity, StageRecord, Validator,
    Value, Verdict,
};

use crate::record::{RunRecord, RunVerdict};

pub(crate) use vetting_protocol::{printable, printable_lines};

/// A stage's name, with the attempt's number where it is not the first.
pub(crate) fn named(stage: &StageRecord) -> String {
    let name = printable(&stage.stage);
    match stage.attempt {
        0 | 1 => name,
        attempt => format!("{name} (attempt {attempt})"),
    }
}

/// A stage's verdict, or what there is in its place.
pub(crate) fn stage_word(stage: &StageRecord) -> &'static str {
    match (stage.verdict, &stage.ending) {
        (Some(Verdict::Pass), _) => "pass",
        (Some(Verdict::Fail), _) => "FAIL",
        (Some(Verdict::Inconclusive), _) => "inconclusive",
        (Some(Verdict::Skip), _) => "skip",
        (Some(Verdict::Cancelled), _) => "cancelled",
        (None, Ending::NotRun) => "not run",
        (None, _) => "ERROR",
    }
}

/// What a diagnosis says of its part.
pub(crate) fn finding_word(finding: Finding) -> &'static str {
    match finding {
        Finding::Pass => "good",
        Finding::Warn => "warning",
        Finding::Fail => "FAIL",
        Finding::Unknown => "not judged",
    }
}

/// A diagnosis in one line: what it says, of which part, why, and by which rule.
pub(crate) fn diagnosis_line(diagnosis: &Diagnosis) -> String {
    let part = diagnosis.part.as_ref();
    let part = part.map_or(String::new(), |part| format!(" {}:", part_words(part)));
    let finding = finding_word(diagnosis.finding);
    let (message, name) = (&diagnosis.message, &diagnosis.name);
    format!(
        "{finding}:{part} {} [{}]",
        printable(message),
        printable(name)
    )
}

/// A part as a person looks for it: kind, location, serial number.
pub(crate) fn part_words(part: &Part) -> String {
    let serial = part.serial.as_ref();
    let serial = serial.map_or(String::new(), |serial| format!(" (serial {serial})"));
    printable(&format!("{} {}{serial}", part.kind, part.location))
}

/// A duration in seconds.
pub(crate) fn seconds(milliseconds: u64) -> String {
    format!("{:.1} s", milliseconds as f64 / 1000.0)
}

/// How many stages ended how.
pub(crate) fn counts_line(record: &RunRecord) -> String {
    let counts = &record.counts;
    let mut text = format!(
        "{} passed, {} failed, {} inconclusive, {} skipped, {} not run",
        counts.passed, counts.failed, counts.inconclusive, counts.skipped, counts.not_run
    );
    if counts.cancelled > 0 {
        text.push_str(&format!(", {} cancelled", counts.cancelled));
    }
    text
}

/// The run's verdict, with the reason that the counts alone do not tell.
pub(crate) fn verdict_line(record: &RunRecord) -> &'static str {
    match record.verdict {
        RunVerdict::Pass => "PASS",
        RunVerdict::Fail => "FAIL",
        RunVerdict::Inconclusive if nothing_judged(record) => "INCONCLUSIVE: nothing was judged",
        RunVerdict::Inconclusive => "INCONCLUSIVE: something could not be judged",
        RunVerdict::Cancelled => "CANCELLED",
        RunVerdict::Error => "ERROR: the runtime itself failed",
    }
}

/// Whether a run is inconclusive because every stage was skipped, or there was none.
pub(crate) fn nothing_judged(record: &RunRecord) -> bool {
    record.verdict == RunVerdict::Inconclusive
        && record.counts.inconclusive + record.counts.not_run == 0
}

/// What ended an attempt other than its outcome, in a short name and in words.
pub(crate) fn unusual_ending(ending: &Ending) -> Option<(&'static str, String)> {
    let partial = |partial: bool| match partial {
        true => ", with a partial outcome",
        false => "",
    };
    let (name, words) = match ending {
        Ending::Outcome => return None,
        Ending::Error { text } => (
            "stage-error",
            format!("the stage returned an error: {text}"),
        ),
        Ending::Trap { reason, panic, .. } => {
            let panic = panic.as_ref();
            let panic = panic.map_or(String::new(), |panic| format!(": {panic}"));
            ("trap", format!("the stage trapped: {reason}{panic}"))
        }
        Ending::Limit { limit, detail } => {
            ("limit", format!("the limit {limit} was reached: {detail}"))
        }
        Ending::Deadline { partial_outcome } => (
            "deadline",
            format!("the deadline came{}", partial(*partial_outcome)),
        ),
        Ending::Cancelled {
            by,
            partial_outcome,
        } => (
            "cancelled",
            format!("cancelled by {by}{}", partial(*partial_outcome)),
        ),
        Ending::Refused { reason } => ("refused", format!("it could not be run: {reason}")),
        Ending::Runtime { error } => ("runtime-error", format!("the runtime broke: {error}")),
        Ending::Diverged { exchange, reason } => (
            "diverged",
            format!(
                "it asked for something else than was recorded, at exchange {exchange}: {reason}"
            ),
        ),
        Ending::HostDown => ("host-down", "the host went down under it".to_owned()),
        Ending::AgentGone { reason } => ("agent-gone", format!("its agent ended: {reason}")),
        Ending::NotRun => ("not-run", "it was never begun".to_owned()),
    };
    Some((name, printable(&words)))
}

/// A value with few digits; the record has all of them.
pub(crate) fn value_words(value: &Value) -> String {
    match value {
        Value::Boolean(true) => "yes".to_owned(),
        Value::Boolean(false) => "no".to_owned(),
        Value::Number(number) => number_words(*number),
        Value::Text(text) => printable(text),
    }
}

/// A number for people: at most four digits after the point, thousands of long ones apart.
pub(crate) fn number_words(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e15).contains(&size) {
        return format!("{number:.3e}");
    }
    let decimals = match size {
        s if s >= 1000.0 => 1,
        s if s >= 100.0 => 2,
        s if s >= 1.0 => 3,
        _ => 4,
    };
    let text = format!("{number:.decimals$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let rest = rest.trim_end_matches('0');
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", whole),
    };
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.len() > 4 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    match rest {
        "" => format!("{sign}{grouped}"),
        rest => format!("{sign}{grouped}.{rest}"),
    }
}

/// A measured value with its unit.
pub(crate) fn measured(measurement: &Measurement) -> String {
    let value = value_words(&measurement.value);
    match measurement.unit.as_deref().map(unit_words) {
        Some(unit) if !unit.is_empty() => format!("{value} {unit}"),
        _ => value,
    }
}

/// A unit as people write it: `°C` for UCUM's `Cel`.
pub(crate) fn unit_words(unit: &str) -> String {
    match unit {
        "Cel" => "°C".to_owned(),
        "1" => String::new(),
        other => printable(other),
    }
}

/// A rule: `at most 85`.
pub(crate) fn rule_words(validator: &Validator) -> String {
    let expected: Vec<String> = validator.expected.iter().map(value_words).collect();
    let expected = expected.join(", ");
    let comparison = match &validator.comparison {
        Comparison::Equal => "is",
        Comparison::NotEqual => "is not",
        Comparison::LessThan => "below",
        Comparison::LessThanOrEqual => "at most",
        Comparison::GreaterThan => "above",
        Comparison::GreaterThanOrEqual => "at least",
        Comparison::InSet => "one of",
        Comparison::NotInSet => "none of",
        Comparison::Other(other) => return format!("{} {expected}", printable(other)),
    };
    format!("{comparison} {expected}")
}

/// Whether a rule was met: a sign and a word.
pub(crate) fn met_words(validator: &Validator) -> (&'static str, &'static str) {
    match (validator.met, validator.severity) {
        (Some(true), _) => ("✓", "met"),
        (Some(false), Severity::Warn) => ("!", "not met, worth a look"),
        (Some(false), Severity::Fail) => ("✗", "not met"),
        (None, _) => ("?", "could not be held"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        let told = [0.0, 0.5, -3.25, 99.999, 1234.5, 2_500_000.0, 1e-7, 1e18].map(number_words);
        insta::assert_snapshot!(told.join("|"), @"0|0.5|−3.25|99.999|1234.5|2 500 000|1.000e-7|1.000e18");
    }
}
