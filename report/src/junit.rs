//! A record as JUnit XML, as CI systems read it: the run is a test suite, each stage a test case.
//!
//! No reader may show green what was not judged. So only a pass is a plain case and only a skip is
//! `skipped`; a failed stage has a `failure`, and everything else (inconclusive, trapped, cancelled,
//! never begun) an `error`. Where a run as a whole did not pass although no case says so, because
//! nothing was judged, one more case, `run`, has the error.

use maud::{Markup, PreEscaped, html};
use vetting_protocol::{StageRecord, Value, Verdict};

use crate::record::{RunRecord, RunVerdict};
use crate::words::{
    counts_line, diagnosis_line, measured, met_words, named, part_words, printable,
    printable_lines, rule_words, seconds, stage_word, unusual_ending, verdict_line,
};

/// The record as JUnit XML.
pub fn junit(record: &RunRecord) -> String {
    let failures = count(record, |stage| stage.verdict == Some(Verdict::Fail));
    let skipped = count(record, |stage| stage.verdict == Some(Verdict::Skip));
    let passed = count(record, |stage| stage.verdict == Some(Verdict::Pass));
    let of_stages = record.stages.len() - failures - skipped - passed;
    let unsaid = record.verdict != RunVerdict::Pass && failures + of_stages == 0;
    let tests = record.stages.len() + usize::from(unsaid);
    let errors = of_stages + usize::from(unsaid);
    let name = printable(&format!("vetting on {}", record.machine));
    let suite = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name="vetting" tests=(tests) failures=(failures) errors=(errors)
            skipped=(skipped) time=(time(record.duration_ms)) {
            (line())
            testsuite name=(name) tests=(tests) failures=(failures) errors=(errors)
                skipped=(skipped) time=(time(record.duration_ms))
                timestamp=(printable(&record.started)) {
                (line())
                (properties(record))
                @for stage in &record.stages { (case(stage)) }
                @if unsaid { (run_case(record)) }
            }
            (line())
        }
        (line())
    };
    suite.into_string()
}

fn count(record: &RunRecord, of: impl Fn(&StageRecord) -> bool) -> usize {
    record.stages.iter().filter(|stage| of(stage)).count()
}

/// Elements stand on lines of their own, for people and for diffs.
fn line() -> Markup {
    PreEscaped("\n".to_owned())
}

/// Seconds, as the format counts.
fn time(milliseconds: u64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn properties(record: &RunRecord) -> Markup {
    let mut all = vec![
        ("verdict".to_owned(), verdict_line(record).to_owned()),
        ("exit_status".to_owned(), record.exit_status.to_string()),
        ("counts".to_owned(), counts_line(record)),
        ("machine".to_owned(), record.machine.clone()),
        ("vetting_version".to_owned(), record.vetting_version.clone()),
        ("contract".to_owned(), record.contract.clone()),
        ("started".to_owned(), record.started.clone()),
    ];
    all.extend(
        record
            .seed
            .map(|seed| ("seed".to_owned(), seed.to_string())),
    );
    for stage in &record.stages {
        let of_stage = |what: &str| format!("{}.{what}", stage.stage);
        all.push((of_stage("attempt"), stage.attempt.to_string()));
        all.extend(stage.version.clone().map(|v| (of_stage("version"), v)));
        all.extend(stage.digest.clone().map(|d| (of_stage("sha256"), d)));
    }
    all.extend(record.notes.iter().map(|n| ("note".to_owned(), n.clone())));
    html! {
        properties {
            (line())
            @for (name, value) in &all {
                property name=(printable(name)) value=(printable(value)) {}
                (line())
            }
        }
        (line())
    }
}

fn case(stage: &StageRecord) -> Markup {
    let message = printable(&stage.message);
    let ending = unusual_ending(&stage.ending);
    let kind = ending.as_ref().map_or(stage_word(stage), |(name, _)| *name);
    let details = details(stage);
    html! {
        testcase name=(printable(&stage.stage)) classname="vetting" time=(time(stage.duration_ms)) {
            (line())
            @match stage.verdict {
                Some(Verdict::Pass) => {}
                Some(Verdict::Skip) => { skipped message=(message) {} (line()) }
                Some(Verdict::Fail) => {
                    failure message=(message) type="fail" { (details) } (line())
                }
                _ => { error message=(message) type=(kind) { (details) } (line()) }
            }
            system-out { (output(stage)) }
            (line())
        }
        (line())
    }
}

/// The run's own case, where no stage's says that it did not pass.
fn run_case(record: &RunRecord) -> Markup {
    html! {
        testcase name="run" classname="vetting" time="0.000" {
            error message=(verdict_line(record)) type="inconclusive" { (counts_line(record)) }
        }
        (line())
    }
}

/// What a reader must act on: every diagnosis, and every rule that was not met.
fn details(stage: &StageRecord) -> String {
    let mut text = printable(&stage.message);
    text.push('\n');
    if let Some((_, words)) = unusual_ending(&stage.ending) {
        text.push_str(&format!("{words}\n"));
    }
    for diagnosis in &stage.diagnoses {
        text.push_str(&format!("{}\n", diagnosis_line(diagnosis)));
    }
    for measurement in &stage.measurements {
        let part = measurement.part.as_ref();
        let part = part.map_or(String::new(), |part| format!(" of {}", part_words(part)));
        for rule in measurement
            .validators
            .iter()
            .filter(|v| v.met != Some(true))
        {
            text.push_str(&format!(
                "{}{part}: {}, {}: {} [{}; {}]\n",
                printable(&measurement.name),
                measured(measurement),
                met_words(rule).1,
                rule_words(rule),
                printable(&rule.name),
                printable(&rule.source),
            ));
        }
    }
    text
}

/// The stage in its own words, what it was denied, and its log.
fn output(stage: &StageRecord) -> String {
    let mut text = format!("{}: {}\n", named(stage), stage_word(stage));
    let mut tell = |words: &str| {
        if !words.is_empty() {
            text.push_str(&printable(words));
            text.push('\n');
        }
    };
    tell(&stage.summary);
    tell(&stage.message);
    if matches!(stage.verdict, Some(Verdict::Pass | Verdict::Skip)) {
        // Others have it in their failure or error.
        for diagnosis in &stage.diagnoses {
            tell(&diagnosis_line(diagnosis));
        }
    }
    for denial in &stage.denials {
        let (function, reason, count) = (&denial.function, &denial.reason, denial.count);
        tell(&format!("denied {count} times: {function}: {reason}"));
    }
    for file in &stage.attachments {
        let (name, media_type, bytes) = (&file.name, &file.media_type, file.bytes);
        tell(&format!("attached: {name} ({media_type}, {bytes} bytes)"));
    }
    for line in &stage.log {
        let at = seconds(line.at_ns / 1_000_000);
        tell(&format!("{at} {:?} {}", line.level, line.text));
    }
    if stage.log_dropped > 0 {
        tell(&format!("{} more lines were dropped", stage.log_dropped));
    }
    for measurement in &stage.measurements {
        // Numbers as they are, for whoever reads this with a program.
        let value = match &measurement.value {
            Value::Number(number) => number.to_string(),
            Value::Boolean(value) => value.to_string(),
            Value::Text(text) => text.clone(),
        };
        let unit = measurement.unit.as_deref().unwrap_or_default();
        let part = measurement
            .part
            .as_ref()
            .map(part_words)
            .unwrap_or_default();
        tell(&format!("{} = {value} {unit} {part}", measurement.name));
    }
    printable_lines(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{record, stage};
    use crate::specimen;

    /// What a reader that knows no more than the format makes of it: cases, failures, errors, skipped.
    fn read(text: &str) -> (usize, usize, usize, usize) {
        let document = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let suite = document.descendants().find(|n| n.has_tag_name("testsuite"));
        let suite = suite.expect("a suite");
        let count = |name: &str| suite.descendants().filter(|n| n.has_tag_name(name)).count();
        let counts = (
            count("testcase"),
            count("failure"),
            count("error"),
            count("skipped"),
        );
        let told: [usize; 4] = ["tests", "failures", "errors", "skipped"].map(|name| {
            suite
                .attribute(name)
                .expect("a count")
                .parse()
                .expect("a number")
        });
        assert_eq!(told, [counts.0, counts.1, counts.2, counts.3]);
        counts
    }

    #[test]
    fn something_of_everything() {
        insta::assert_snapshot!(junit(&specimen::full()));
    }

    #[test]
    fn nothing_that_was_not_judged_is_green() {
        let (pass, skip) = (Some(Verdict::Pass), Some(Verdict::Skip));
        let of = |verdicts: &[Option<Verdict>]| {
            read(&junit(&record(
                verdicts.iter().map(|v| stage("S", *v)).collect(),
            )))
        };
        assert_eq!(of(&[pass, skip]), (2, 0, 0, 1));
        assert_eq!(of(&[pass, Some(Verdict::Fail)]), (2, 1, 0, 0));
        assert_eq!(of(&[pass, Some(Verdict::Inconclusive)]), (2, 0, 1, 0));
        assert_eq!(of(&[pass, Some(Verdict::Cancelled)]), (2, 0, 1, 0));
        assert_eq!(of(&[pass, None]), (2, 0, 1, 0), "not run");
        assert_eq!(of(&[skip, skip]), (3, 0, 1, 2), "nothing was judged");
        assert_eq!(of(&[]), (1, 0, 1, 0), "nothing at all");
    }

    #[test]
    fn hostile_texts_stay_in_their_place() {
        let text = junit(&specimen::hostile());
        assert_eq!(read(&text), (1, 1, 0, 0));
        let document = roxmltree::Document::parse(&text).expect("XML");
        let known = [
            "testsuites",
            "testsuite",
            "properties",
            "property",
            "testcase",
            "failure",
            "system-out",
        ];
        for element in document.descendants().filter(roxmltree::Node::is_element) {
            assert!(known.contains(&element.tag_name().name()), "{element:?}");
        }
        // XML 1.0 has no place for these, however they are written.
        let forbidden =
            |c: char| c < ' ' && !"\n\t\r".contains(c) || "\u{fffe}\u{ffff}".contains(c);
        assert!(!text.contains(forbidden) && !text.contains("&#"), "{text}");
    }

    #[test]
    fn the_specimen_as_a_reader_counts_it() {
        assert_eq!(read(&junit(&specimen::full())), (6, 1, 3, 1));
    }
}
