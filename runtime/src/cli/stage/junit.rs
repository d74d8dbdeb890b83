//! Scenarios as JUnit, which every CI system reads: a test case per scenario.

use std::fmt::Write as _;

use super::test::Tested;

/// A test suite of the stage's scenarios.
pub(super) fn junit(stage: &str, all: &[Tested]) -> String {
    let failed = all.iter().filter(|t| !t.mismatches.is_empty()).count();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string does not fail.
    let _written = writeln!(
        text,
        "<testsuites tests=\"{0}\" failures=\"{failed}\" errors=\"0\">\n\
         <testsuite name=\"{1}\" tests=\"{0}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">",
        all.len(),
        escaped(stage)
    );
    for tested in all {
        let took = tested.stage.as_ref().map_or(0, |s| s.duration_ms) as f64 / 1e3;
        let (name, stage) = (escaped(&tested.name), escaped(stage));
        let _written = write!(
            text,
            "<testcase classname=\"{stage}\" name=\"{name}\" time=\"{took:.3}\">"
        );
        if let Some(first) = tested.mismatches.first() {
            let all: Vec<_> = tested.mismatches.iter().map(|m| m.0.as_str()).collect();
            let summary = first.0.lines().next().unwrap_or_default();
            let _written = write!(
                text,
                "<failure message=\"{}\">{}</failure>",
                escaped(summary),
                escaped(&all.join("\n"))
            );
        }
        text += "</testcase>\n";
    }
    text += "</testsuite>\n</testsuites>\n";
    text
}

/// A text as XML has it: what XML 1.0 cannot hold is written out. (XML 1.0, section 2.2.)
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                escaped.extend(c.escape_default());
            }
            c => escaped.push(c),
        }
    }
    escaped
}
