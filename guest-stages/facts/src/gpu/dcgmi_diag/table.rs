//! The table: a frame of `+`, `-` and `|`, a line per category, one or more per test.

use super::{Report, Test, TestResult, Warning, status};
use crate::gpu::lines::lines;

/// Where the text of a row without a name belongs.
#[derive(Clone, Copy, PartialEq)]
enum Last {
    Result,
    Warning,
    Info,
}

pub(super) fn read(text: &str) -> Option<Report> {
    let mut report = Report::default();
    let mut category = String::new();
    let mut last = Last::Result;
    let mut rows: usize = 0;
    for line in lines(text) {
        let line = line.text.trim();
        if let Some(name) = section(line) {
            name.clone_into(&mut category);
            last = Last::Result;
            rows = rows.saturating_add(1);
            continue;
        }
        if line.starts_with('+') {
            continue;
        }
        let Some(row) = line.strip_prefix('|') else {
            report.messages.push(line.to_owned());
            continue;
        };
        let Some((name, value)) = row.trim_end_matches('|').split_once('|') else {
            report.unread.push(line.to_owned());
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        rows = rows.saturating_add(1);
        match name {
            "Diagnostic" => {}
            "DCGM Version" => report.version = some(value),
            "Driver Version Detected" => report.driver = some(value),
            "GPU Device IDs Detected" => {
                let ids = value.split([',', ' ']).filter(|id| !id.is_empty());
                report.device_ids.extend(ids.map(str::to_owned));
            }
            "" => last = more(&mut report, value, last),
            "Warning" | "Warnings" | "Error" | "Errors" => {
                last = Last::Warning;
                warn(&mut report, value);
            }
            "Info" => {
                last = Last::Info;
                remark(&mut report, value);
            }
            _ if category.eq_ignore_ascii_case("metadata") => report.unread.push(line.to_owned()),
            _ => {
                last = Last::Result;
                report.tests.push(test(&category, name, value));
            }
        }
    }
    let read = !report.tests.is_empty() || report.version.is_some() || report.driver.is_some();
    (rows > 0 && read).then_some(report)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// `|-----  Metadata  ----------+-----…|`, `+-----  Hardware  ----+---…+`.
fn section(line: &str) -> Option<&str> {
    let inner = line.trim_start_matches(['|', '+']).strip_prefix("--")?;
    let (left, _) = inner.split_once('+')?;
    let name = left.trim_matches('-').trim();
    (!name.is_empty()).then_some(name)
}

/// `Pass`, `Pass - All`, `Fail - GPU: 1`, `Skip - GPUs: 0, 1`.
fn test(category: &str, name: &str, value: &str) -> Test {
    let mut test = Test {
        category: category.to_owned(),
        name: name.to_owned(),
        ..Test::default()
    };
    let known = status(value);
    match value.split_once(" - ") {
        Some((_, parts)) if parts.starts_with("GPU") => test.results.push(TestResult {
            ids: numbers(parts),
            status: known,
            ..TestResult::default()
        }),
        _ => test.summary = known,
    }
    if known.is_none() {
        test.info.extend(some(value));
    }
    test
}

fn numbers(text: &str) -> Vec<u64> {
    let words = text.split(|c: char| !c.is_ascii_digit());
    words.filter_map(|word| word.parse().ok()).collect()
}

/// A row without a name: a part's result (`GPU0: Fail`), `Warning: …`, or the rest of a text.
fn more(report: &mut Report, value: &str, last: Last) -> Last {
    let part = value.split_once(": ").and_then(|(part, word)| {
        let digits = part.find(|c: char| c.is_ascii_digit())?;
        let (group, id) = part.split_at(digits);
        let status = status(word).filter(|_| word.len() <= 8)?;
        Some((group.trim().to_owned(), id.trim().parse().ok()?, status))
    });
    if let Some(test) = report.tests.last_mut()
        && let Some((group, id, status)) = part
    {
        test.results.push(TestResult {
            entity_group: Some(group),
            ids: vec![id],
            status: Some(status),
            ..TestResult::default()
        });
        return Last::Result;
    }
    // `Fail - GPU: 1` below `Pass - GPU: 0`.
    if let Some(test) = report.tests.last_mut()
        && let Some(known) = status(value)
        && let Some((_, parts)) = value.split_once(" - ")
    {
        test.results.push(TestResult {
            ids: numbers(parts),
            status: Some(known),
            ..TestResult::default()
        });
        return Last::Result;
    }
    if let Some(text) = value.strip_prefix("Warning:") {
        warn(report, text.trim());
        return Last::Warning;
    }
    if let Some(text) = value.strip_prefix("Info:") {
        remark(report, text.trim());
        return Last::Info;
    }
    let Some(test) = report.tests.last_mut() else {
        report.unread.extend(some(value));
        return last;
    };
    let text = match last {
        Last::Warning => match test.results.last_mut().and_then(|r| r.warnings.last_mut()) {
            Some(warning) => Some(&mut warning.text),
            None => test.warnings.last_mut().map(|warning| &mut warning.text),
        },
        Last::Info => match test.results.last_mut().and_then(|r| r.info.last_mut()) {
            Some(info) => Some(info),
            None => test.info.last_mut(),
        },
        Last::Result => None,
    };
    match text {
        Some(text) => {
            text.push(' ');
            text.push_str(value);
        }
        None => test.info.extend(some(value)),
    }
    last
}

fn warn(report: &mut Report, text: &str) {
    let warning = Warning {
        text: text.to_owned(),
        ..Warning::default()
    };
    match report.tests.last_mut() {
        // DCGM 4 prints it below the part.
        Some(test) => match test.results.last_mut().filter(|r| r.entity_group.is_some()) {
            Some(result) => result.warnings.push(warning),
            None => test.warnings.push(warning),
        },
        None => report.unread.push(text.to_owned()),
    }
}

fn remark(report: &mut Report, text: &str) {
    match report.tests.last_mut() {
        Some(test) => match test.results.last_mut().filter(|r| r.entity_group.is_some()) {
            Some(result) => result.info.push(text.to_owned()),
            None => test.info.push(text.to_owned()),
        },
        None => report.unread.push(text.to_owned()),
    }
}
