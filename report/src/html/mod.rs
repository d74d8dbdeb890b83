//! A record as one HTML file: nothing is fetched, no script runs, and everything that a stage wrote is
//! text. It reads on a phone and on paper, light and dark; what colour tells, a word tells too.

mod chart;
mod curves;
mod results;
mod scale;
mod stage;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use vetting_protocol::{Ending, StageRecord, Verdict};

use crate::record::{RunRecord, RunVerdict};
use crate::words::{counts_line, named, printable, seconds, stage_word, verdict_line};

const STYLE: &str = include_str!("style.css");
/// What the file may do: style itself. A reader's browser holds it to that.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The record as HTML.
pub fn html(record: &RunRecord) -> String {
    let machine = printable(&record.machine);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (verdict_line(record)) " · vetting of " (machine) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (definitions())
                main {
                    (head(record, &machine))
                    (overview(record))
                    @for (number, stage) in record.stages.iter().enumerate() {
                        (stage::section(number, stage))
                    }
                }
            }
        }
    };
    page.into_string()
}

/// What charts refer to: the hatching of bars that missed a rule.
fn definitions() -> Markup {
    html! {
        svg class="definitions" aria-hidden="true" {
            defs {
                pattern id="missed" width="6" height="6" patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)" {
                    line class="hatch" x1="0" y1="0" x2="0" y2="6" {}
                }
            }
        }
    }
}

fn head(record: &RunRecord, machine: &str) -> Markup {
    let (sign, class) = match record.verdict {
        RunVerdict::Pass => ("✓", "pass"),
        RunVerdict::Fail => ("✗", "fail"),
        RunVerdict::Inconclusive => ("?", "inconclusive"),
        RunVerdict::Cancelled => ("■", "cancelled"),
        RunVerdict::Error => ("!", "error"),
    };
    html! {
        header {
            h1 { "Vetting of " (machine) }
            p { span class={ "verdict " (class) } { (sign) " " (verdict_line(record)) } }
            p { (counts_line(record)) }
            ul class="facts quiet" {
                li { "began " (printable(&record.started)) }
                li { "took " (seconds(record.duration_ms)) }
                @if let Some(seed) = record.seed { li { "simulated, seed " (seed) } }
                li { "vetting " (printable(&record.vetting_version)) }
                li { (printable(&record.contract)) }
                li { "exit status " (record.exit_status) }
            }
            @if !record.notes.is_empty() {
                h2 { "Notes" }
                ul { @for note in &record.notes { li { (printable(note)) } } }
            }
        }
    }
}

fn overview(record: &RunRecord) -> Markup {
    html! {
        section aria-label="stages" {
            h2 { "Stages" }
            @if record.stages.is_empty() { p { "None was run, so nothing was judged." } }
            @else {
                table class="overview" {
                    thead { tr { th { "stage" } th { "verdict" } th { "time" } th { "why" } } }
                    tbody {
                        @for (number, stage) in record.stages.iter().enumerate() {
                            tr {
                                td { a href=(format!("#stage{number}")) { b { (named(stage)) } } }
                                td { (badge(stage)) }
                                td class="number" {
                                    @if stage.ending != Ending::NotRun { (seconds(stage.duration_ms)) }
                                }
                                td { (why(stage)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Why it ended so; of a plain pass, what was tested.
fn why(stage: &StageRecord) -> String {
    match stage.verdict == Some(Verdict::Pass) && stage.message == "good" {
        true => printable(&stage.summary),
        false => printable(&stage.message),
    }
}

/// A stage's verdict: a sign, a word, a colour.
fn badge(stage: &StageRecord) -> Markup {
    let (sign, class) = match (stage.verdict, &stage.ending) {
        (Some(Verdict::Pass), _) => ("✓", "pass"),
        (Some(Verdict::Fail), _) => ("✗", "fail"),
        (Some(Verdict::Inconclusive), _) => ("?", "inconclusive"),
        (Some(Verdict::Skip), _) => ("–", "skip"),
        (Some(Verdict::Cancelled), _) => ("■", "cancelled"),
        (None, Ending::NotRun) => ("○", "notrun"),
        (None, _) => ("!", "error"),
    };
    html! { span class={ "verdict " (class) } { (sign) " " (stage_word(stage)) } }
}

#[cfg(test)]
mod tests;
