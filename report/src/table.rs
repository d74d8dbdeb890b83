//! The final table for a terminal: a row per stage with its reason, the findings with their parts,
//! the counts. Texts of stages are hostile until they were made printable.

use comfy_table::presets::{ASCII_BORDERS_ONLY_CONDENSED, UTF8_BORDERS_ONLY};
use comfy_table::{Cell, Color, ContentArrangement, Table};
use vetting_protocol::{Diagnosis, Ending, Finding, StageRecord, Verdict};

use crate::record::RunRecord;
use crate::words::{
    counts_line, diagnosis_line, named, printable, seconds, stage_word, verdict_line,
};

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
        let mut verdict = Cell::new(stage_word(stage));
        if style.colour {
            verdict = verdict.fg(colour(stage));
        }
        table.add_row([
            Cell::new(named(stage)),
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
    text.push_str(&format!("\n{}\n", counts_line(record)));
    text.push_str(&format!(
        "{} on {}\n",
        verdict_line(record),
        printable(&record.machine)
    ));
    text
}

fn colour(stage: &StageRecord) -> Color {
    match (stage.verdict, &stage.ending) {
        (Some(Verdict::Pass), _) => Color::Green,
        (Some(Verdict::Fail), _) => Color::Red,
        (Some(Verdict::Inconclusive | Verdict::Cancelled), _) => Color::Yellow,
        (Some(Verdict::Skip), _) | (None, Ending::NotRun) => Color::DarkGrey,
        (None, _) => Color::Red,
    }
}

fn time(stage: &StageRecord) -> String {
    if stage.ending == Ending::NotRun {
        return String::new();
    }
    seconds(stage.duration_ms)
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
        text.push_str(&format!(
            "{}: {}\n",
            printable(&stage.stage),
            diagnosis_line(diagnosis)
        ));
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
