//! One stage's section: how it ended and why, what was concluded of which part, charts, everything
//! that was measured with its rules, and then its log, its files and what it was denied.

use maud::{Markup, html};
use vetting_protocol::{AttachmentRecord, Diagnosis, Finding, Measurement, StageRecord};

use super::{badge, curves, results};
use crate::words::{
    finding_word, measured, met_words, named, part_words, printable, printable_lines, rule_words,
    seconds, unusual_ending,
};

/// Charts of one stage; what they leave out is told.
const CHARTS: usize = 40;
/// A longer table of measurements is folded.
const SHORT: usize = 30;

/// The section with that number.
pub(super) fn section(number: usize, stage: &StageRecord) -> Markup {
    let heading = format!("stage{number}");
    html! {
        section id=(heading) aria-labelledby=(format!("{heading}h")) {
            div class="head" {
                h2 id=(format!("{heading}h")) { (named(stage)) }
                (badge(stage))
            }
            p { (printable(&stage.message)) }
            @if !stage.summary.is_empty() { p class="quiet" { (printable(&stage.summary)) } }
            @if let Some((_, words)) = unusual_ending(&stage.ending) { p { (words) } }
            (facts(stage))
            (findings(&stage.diagnoses))
            (charts(number, stage))
            (measurements(&stage.measurements))
            (log(stage))
            (attachments(&stage.attachments))
            (denials(stage))
            (parameters(stage))
        }
    }
}

fn facts(stage: &StageRecord) -> Markup {
    html! {
        ul class="facts quiet" {
            @if let Some(version) = &stage.version { li { "version " (printable(version)) } }
            li { "attempt " (stage.attempt) }
            li { "took " (seconds(stage.duration_ms)) }
            li { (stage.host_calls) " host calls" }
            li { (stage.peak_memory_bytes / 1024) " KiB of memory" }
            @if let Some(digest) = &stage.digest { li { "sha256 " code { (printable(digest)) } } }
        }
    }
}

/// What was concluded, the worst first.
fn findings(diagnoses: &[Diagnosis]) -> Markup {
    let mut all: Vec<&Diagnosis> = diagnoses.iter().collect();
    all.sort_by_key(|diagnosis| match diagnosis.finding {
        Finding::Fail => 0,
        Finding::Unknown => 1,
        Finding::Warn => 2,
        Finding::Pass => 3,
    });
    html! {
        @if !all.is_empty() {
            h3 { "Findings" }
            ul class="plain findings" { @for diagnosis in all { (finding(diagnosis)) } }
        }
    }
}

fn finding(diagnosis: &Diagnosis) -> Markup {
    let (sign, class) = match diagnosis.finding {
        Finding::Pass => ("✓", "good"),
        Finding::Warn => ("!", "warn"),
        Finding::Fail => ("✗", "fail"),
        Finding::Unknown => ("?", "unknown"),
    };
    html! {
        li class=(class) {
            b { (sign) " " (finding_word(diagnosis.finding)) }
            span {
                @if let Some(part) = &diagnosis.part {
                    ": " b { (part_words(part)) }
                    @if let Some(model) = &part.model { " " (printable(model)) }
                }
                ": " (printable(&diagnosis.message)) " "
                code class="quiet" { (printable(&diagnosis.name)) }
            }
        }
    }
}

fn charts(number: usize, stage: &StageRecord) -> Markup {
    let id = format!("stage{number}");
    let mut charts = results::charts(&id, &stage.measurements);
    let beyond = charts.len().saturating_sub(CHARTS);
    charts.truncate(CHARTS);
    let (curves, left_out) = curves::charts(&id, &stage.series, CHARTS - charts.len());
    charts.extend(curves);
    html! {
        @if !charts.is_empty() {
            h3 { "Charts" }
            div class="charts" { @for chart in &charts { (chart) } }
        }
        @if left_out > 0 {
            p class="quiet" { (left_out) " more series are not drawn; the JSON record has them." }
        }
        @if beyond > 0 {
            p class="quiet" { (beyond) " more charts of measurements are not drawn; the table has their numbers." }
        }
        @if stage.samples_dropped > 0 {
            p { (stage.samples_dropped) " points of series were dropped: beyond the limit, or no numbers." }
        }
    }
}

fn measurements(all: &[Measurement]) -> Markup {
    let unmet = |m: &&Measurement| m.validators.iter().any(|v| v.met != Some(true));
    let missed = all.iter().filter(unmet).count();
    html! {
        @if !all.is_empty() {
            details open[all.len() <= SHORT] {
                summary { (all.len()) " measurements, " (missed) " with a rule that was not met" }
                table {
                    thead { tr { th { "what" } th { "part" } th { "measured" } th { "rules" } } }
                    tbody { @for measurement in all { (row(measurement)) } }
                }
            }
        }
    }
}

fn row(measurement: &Measurement) -> Markup {
    html! {
        tr {
            td { b { (printable(&measurement.name)) } }
            td { @if let Some(part) = &measurement.part { (part_words(part)) } }
            td data-label="measured" { (measured(measurement)) }
            td {
                @if measurement.validators.is_empty() { span class="quiet" { "noted, not held" } }
                @else {
                    ul class="plain" {
                        @for rule in &measurement.validators {
                            @let (sign, word) = met_words(rule);
                            li {
                                b class=(class(sign)) { (sign) " " (word) } ": " (rule_words(rule)) " "
                                span class="quiet" { (printable(&rule.name)) ", " (printable(&rule.source)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn class(sign: &str) -> &'static str {
    match sign {
        "✓" => "good",
        "✗" => "fail",
        _ => "warn",
    }
}

fn log(stage: &StageRecord) -> Markup {
    let mut text = String::new();
    for line in &stage.log {
        let at = seconds(line.at_ns / 1_000_000);
        text.push_str(&format!(
            "{at:>10} {:<5} {}\n",
            format!("{:?}", line.level),
            printable(&line.text)
        ));
    }
    if stage.log_dropped > 0 {
        text.push_str(&format!("{} more lines were dropped\n", stage.log_dropped));
    }
    folded(&format!("Log, {} lines", stage.log.len()), &text)
}

/// A text that opens at a click; none where there is none.
fn folded(title: &str, text: &str) -> Markup {
    html! {
        @if !text.is_empty() { details { summary { (title) } pre { (text) } } }
    }
}

fn attachments(files: &[AttachmentRecord]) -> Markup {
    html! {
        @if !files.is_empty() { h3 { "Files" } }
        @for file in files {
            @let about = format!("{} ({}, {} bytes)", printable(&file.name), printable(&file.media_type), file.bytes);
            @if let Some(text) = &file.text { (folded(&about, &printable_lines(text))) }
            @else if let Some(content) = &file.base64 {
                // Of a type that no browser opens, whatever the stage says it is.
                p { a download=(printable(&file.name)) href=(download(content)) { (about) } }
            }
            @else { p { (about) ", kept elsewhere" } }
            p class="quiet" { "sha256 " code { (printable(&file.digest)) } }
        }
    }
}

fn download(content: &str) -> String {
    let alphabet = |c: &char| c.is_ascii_alphanumeric() || "+/=".contains(*c);
    let content: String = content.chars().filter(alphabet).collect();
    format!("data:application/octet-stream;base64,{content}")
}

fn denials(stage: &StageRecord) -> Markup {
    html! {
        @if !stage.denials.is_empty() {
            h3 { "Denied" }
            ul {
                @for denial in &stage.denials {
                    li {
                        code { (printable(&denial.function)) } ", " (denial.count) " times: "
                        (printable(&denial.reason))
                    }
                }
            }
        }
    }
}

fn parameters(stage: &StageRecord) -> Markup {
    let text = match &stage.parameters {
        serde_json::Value::Null => String::new(),
        parameters => serde_json::to_string_pretty(parameters).unwrap_or_default(),
    };
    folded("Parameters", &printable_lines(&text))
}
