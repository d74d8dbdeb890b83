//! Scenarios as JUnit, which every CI system reads: a test case per scenario.

use maud::{Markup, PreEscaped, html};
use vetting_protocol::{printable, printable_lines};

use super::test::Tested;

/// A test suite of the stage's scenarios.
pub(super) fn junit(stage: &str, all: &[Tested]) -> String {
    let failed = all.iter().filter(|t| !t.mismatches.is_empty()).count();
    let suite = html! {
        (PreEscaped("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"))
        testsuites name="vetting stage test" tests=(all.len()) failures=(failed) errors="0" {
            testsuite name=(stage) tests=(all.len()) failures=(failed) errors="0" skipped="0" {
                @for tested in all { (case(stage, tested)) }
            }
        }
    };
    suite.into_string() + "\n"
}

fn case(stage: &str, tested: &Tested) -> Markup {
    let took = tested.stage.as_ref().map_or(0, |s| s.duration_ms) as f64 / 1e3;
    let first = tested.mismatches.first();
    let first = first.map(|m| printable(m.0.lines().next().unwrap_or_default()));
    let all: Vec<_> = tested.mismatches.iter().map(|m| m.0.as_str()).collect();
    html! {
        testcase classname=(stage) name=(printable(&tested.name)) time=(format!("{took:.3}")) {
            @if let Some(first) = first {
                failure message=(first) { (printable_lines(&all.join("\n"))) }
            }
        }
    }
}
