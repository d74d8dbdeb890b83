//! The final table for a terminal: a row per stage with its reason, the findings with their parts,
//! the counts. Texts of stages are hostile until they were made printable.

use comfy_table::presets::{ASCII_BORDERS_ONLY_CONDENSED, UTF8_BORDERS_ONLY};
use comfy_table::{Cell, Color, ContentArrangement, Table};
use vetting_protocol::{Diagnosis, Ending, Finding, StageRecord, Verdict};

use crate::record::{RunRecord, RunVerdict};

/// How it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal.
    pub width: u16,
    /// Whether ANSI colours and drawn lines may be used.
    pub colour: bool,
}

/// The narrowest table that can still be read.
const MIN_WIDTH: u16 = 60;
/// Findings shown per stage; the JSON has all of them.
const MAX_FINDINGS: usize = 20;

/// A run as text.
pub fn table(record: &RunRecord, style: &Style) -> String {
    let mut table = Table::new();
    table
        .load_style(if style.colour {
            UTF8_BORDERS_ONLY
        } else {
            ASCII_BORDERS_ONLY_CONDENSED
        })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(style.width.max(MIN_WIDTH))
        .set_header([
            "Stage",
            "Verdict",
            "Time",
            "What was tested, and why it ended so",
        ]);
    if style.colour {
        table.enforce_styling();
    }
    for stage in &record.stages {
        let (word, colour) = word(stage);
        let verdict = if style.colour {
            Cell::new(word).fg(colour)
        } else {
            Cell::new(word)
        };
        table.add_row([
            Cell::new(printable(&stage.stage)),
            verdict,
            Cell::new(time(stage)),
            Cell::new(told(stage)),
        ]);
    }
    let mut text = format!("{table}\n");
    for stage in &record.stages {
        text.push_str(&findings(stage));
    }
    for note in &record.notes {
        text.push_str(&format!("note: {}\n", printable(note)));
    }
    text.push_str(&format!("\n{}\n", counts(record)));
    text.push_str(&format!(
        "{} on {}\n",
        verdict_line(record),
        printable(&record.machine)
    ));
    text
}

fn word(stage: &StageRecord) -> (&'static str, Color) {
    match (stage.verdict, &stage.ending) {
        (Some(Verdict::Pass), _) => ("pass", Color::Green),
        (Some(Verdict::Fail), _) => ("FAIL", Color::Red),
        (Some(Verdict::Inconclusive), _) => ("inconclusive", Color::Yellow),
        (Some(Verdict::Skip), _) => ("skip", Color::DarkGrey),
        (Some(Verdict::Cancelled), _) => ("cancelled", Color::Yellow),
        (None, Ending::NotRun) => ("not run", Color::DarkGrey),
        (None, _) => ("ERROR", Color::Red),
    }
}

fn time(stage: &StageRecord) -> String {
    if stage.ending == Ending::NotRun {
        return String::new();
    }
    let seconds = stage.duration_ms as f64 / 1000.0;
    format!("{seconds:.1} s")
}

/// The summary, and the reason where the verdict alone does not tell.
fn told(stage: &StageRecord) -> String {
    let (summary, message) = (printable(&stage.summary), printable(&stage.message));
    let plain_pass = stage.verdict == Some(Verdict::Pass) && message == "good";
    match (summary.is_empty(), plain_pass || message.is_empty()) {
        (true, _) => message,
        (false, true) => summary,
        (false, false) => format!("{summary}\n{message}"),
    }
}

/// What a reader must act on: everything but the parts that are good.
fn findings(stage: &StageRecord) -> String {
    let of = |d: &&Diagnosis| d.finding != Finding::Pass;
    let all: Vec<_> = stage.diagnoses.iter().filter(of).collect();
    let mut text = String::new();
    for diagnosis in all.iter().take(MAX_FINDINGS) {
        let finding = match diagnosis.finding {
            Finding::Pass => "good",
            Finding::Warn => "warning",
            Finding::Fail => "FAIL",
            Finding::Unknown => "not judged",
        };
        let part = diagnosis.part.as_ref().map_or(String::new(), |part| {
            let serial = part.serial.as_ref();
            let serial = serial.map_or(String::new(), |serial| format!(" (serial {serial})"));
            format!(" {} {}{serial}:", part.kind, part.location)
        });
        text.push_str(&printable(&format!(
            "{}: {finding}:{part} {} [{}]",
            stage.stage, diagnosis.message, diagnosis.name
        )));
        text.push('\n');
    }
    if all.len() > MAX_FINDINGS {
        let more = all.len() - MAX_FINDINGS;
        text.push_str(&format!(
            "{}: and {more} more findings\n",
            printable(&stage.stage)
        ));
    }
    text
}

fn counts(record: &RunRecord) -> String {
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

fn verdict_line(record: &RunRecord) -> &'static str {
    match record.verdict {
        RunVerdict::Pass => "PASS",
        RunVerdict::Fail => "FAIL",
        RunVerdict::Inconclusive if record.counts.inconclusive + record.counts.not_run == 0 => {
            "INCONCLUSIVE: nothing was judged"
        }
        RunVerdict::Inconclusive => "INCONCLUSIVE: something could not be judged",
        RunVerdict::Cancelled => "CANCELLED",
        RunVerdict::Error => "ERROR: the runtime itself failed",
    }
}

/// Control characters escaped, so that a stage cannot steer the reader's terminal.
fn printable(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            clean.extend(c.escape_default());
        } else {
            clean.push(c);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use vetting_protocol::Part;

    use super::*;
    use crate::record::tests::{record, stage};

    const PLAIN: Style = Style {
        width: 80,
        colour: false,
    };

    fn mixed() -> RunRecord {
        let mut smart = stage("SMART", Some(Verdict::Fail));
        smart.summary = "4 drives".to_owned();
        smart.message = "disk sdb: 8 pending sectors".to_owned();
        smart.diagnoses.push(Diagnosis {
            name: "pending_fail".to_owned(),
            finding: Finding::Fail,
            message: "8 sectors wait to be reallocated; replace the drive".to_owned(),
            part: Some(Part {
                kind: "disk".to_owned(),
                location: "sdb".to_owned(),
                serial: Some("WD-1234".to_owned()),
                model: None,
            }),
        });
        let mut inventory = stage("Inventory", Some(Verdict::Pass));
        inventory.message = "good".to_owned();
        let mut gpu = stage("GPU", Some(Verdict::Skip));
        gpu.message = "there is no GPU".to_owned();
        gpu.summary = String::new();
        record(vec![inventory, smart, gpu, stage("PSU", None)])
    }

    #[test]
    fn a_mixed_run() {
        insta::assert_snapshot!(table(&mixed(), &PLAIN));
    }

    #[test]
    fn hostile_texts_stay_in_their_place() {
        let mut hostile = stage("Evil\u{1b}[31m", Some(Verdict::Pass));
        hostile.message = "good\r\n\u{1b}[2J999 passed".to_owned();
        let text = table(&record(vec![hostile]), &PLAIN);
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text}");
    }
}
