//! stress-ng's log as a whole: its lines, metrics and summary.

use std::collections::BTreeMap;

use serde::Serialize;

use super::figures::{Figure, Metrics};
use super::row::{Level, Row, number, row};
use super::yaml::whole;

/// What stress-ng logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// Its version, with `--verbose`.
    pub version: Option<String>,
    /// Every line with a level, in order; metrics and their headings left out.
    pub rows: Vec<Row>,
    /// What was started: `2 cpu, 1 vm`.
    pub started: Vec<Counted>,
    /// Metrics (`--metrics`, `--metrics-brief`), one entry per stressor.
    pub metrics: Vec<Metrics>,
    /// Workers that passed; this and the next three exist from 0.16 on.
    pub passed: Option<Tally>,
    /// Workers that failed.
    pub failed: Option<Tally>,
    /// Workers that were left out.
    pub skipped: Option<Tally>,
    /// Workers whose metrics cannot be trusted.
    pub untrustworthy: Option<Tally>,
    /// How the run ended; `None`: stress-ng did not come to its end.
    pub completion: Option<Completion>,
    /// Lines without a level, such as those about wrong options.
    pub unread: Vec<String>,
}

/// A number of workers with the stressors they are of.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    /// Workers in all.
    pub count: u64,
    /// Workers by stressor.
    pub stressors: Vec<Counted>,
}

/// A stressor with a number of workers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counted {
    /// The stressor.
    pub stressor: String,
    /// Workers.
    pub count: u64,
}

/// How a run ended: `successful run completed in 1.00s`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Completion {
    /// Whether stress-ng calls it successful.
    pub successful: bool,
    /// How long it took, in seconds.
    pub seconds: Option<f64>,
}

/// Reads what stress-ng printed; standard output and error may be joined.
pub fn log(bytes: &[u8]) -> Log {
    let text = String::from_utf8_lossy(bytes);
    let mut log = Log::default();
    let mut places = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        match row(line) {
            Some(row) => add(&mut log, &mut places, row),
            None if line.is_empty() => {}
            None => log.unread.push(line.to_owned()),
        }
    }
    log
}

/// `places`: where the metrics of a stressor are.
fn add(log: &mut Log, places: &mut BTreeMap<String, usize>, row: Row) {
    let figures = matches!(row.level, Level::Metric | Level::Info);
    if figures && metric(&mut log.metrics, places, &row.text) {
        return;
    }
    let text = row.text.as_str();
    if matches!(row.level, Level::Metric | Level::Info) && heading(text) {
        return;
    }
    if let Some(rest) = text.strip_prefix("dispatching hogs:") {
        log.started = rest.split(',').filter_map(counted).collect();
    } else if let Some(rest) = text.strip_prefix("metrics untrustworthy:") {
        log.untrustworthy = tally(rest);
    } else if let Some(rest) = text.strip_prefix("passed:") {
        log.passed = tally(rest);
    } else if let Some(rest) = text.strip_prefix("failed:") {
        log.failed = tally(rest);
    } else if let Some(rest) = text.strip_prefix("skipped:") {
        log.skipped = tally(rest);
    } else if let Some((how, time)) = text.split_once("successful run completed in ") {
        log.completion = Some(Completion {
            successful: how.is_empty(),
            seconds: seconds(time),
        });
    } else if row.level == Level::Debug && log.version.is_none() {
        let version = text.strip_prefix("stress-ng ").map(str::to_owned);
        log.version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    }
    log.rows.push(row);
}

/// `2 cpu`
fn counted(text: &str) -> Option<Counted> {
    let (count, stressor) = text.trim().split_once(' ')?;
    Some(Counted {
        stressor: stressor.trim().to_owned(),
        count: count.parse().ok()?,
    })
}

/// ` 2: zlib (1) vecmath (1)`
fn tally(text: &str) -> Option<Tally> {
    let text = text.trim();
    let (count, rest) = text.split_once(':').unwrap_or((text, ""));
    let count = count.trim().parse().ok()?;
    let mut stressors = Vec::new();
    let mut words = rest.split_whitespace();
    while let Some(stressor) = words.next() {
        let of = words
            .next()
            .and_then(|word| number(word.trim_start_matches('(')));
        stressors.push(Counted {
            stressor: stressor.to_owned(),
            count: of.unwrap_or(1),
        });
    }
    Some(Tally { count, stressors })
}

/// `1.00s`, `7879.76s (2 hours, 11 mins, 19.76 secs)`, `25 mins, 50.56 secs`
fn seconds(text: &str) -> Option<f64> {
    let text = text.split('(').next()?.trim();
    if let Some(seconds) = text.strip_suffix('s').and_then(|text| text.parse().ok()) {
        return Some(seconds);
    }
    let mut total = 0.0;
    for part in text.split(',') {
        let (number, unit) = part.trim().split_once(' ')?;
        let number: f64 = number.parse().ok()?;
        total += number
            * match unit.trim().trim_end_matches('s') {
                "sec" => 1.0,
                "min" => 60.0,
                "hour" => 3600.0,
                "day" => 86_400.0,
                "year" => 31_557_600.0,
                _ => return None,
            };
    }
    Some(total)
}

fn heading(text: &str) -> bool {
    (text.starts_with("stressor ") && text.contains("bogo ops"))
        || text.starts_with("(secs)")
        || text == "miscellaneous metrics:"
}

/// A line of metrics: `cpu 1645 1.00 0.99 0.00 1644.95 1668.69 46.25 6492`, or
/// `matrix 130757.68 add matrix ops per sec (geometric mean of 1 instances)`.
fn metric(metrics: &mut Vec<Metrics>, places: &mut BTreeMap<String, usize>, text: &str) -> bool {
    let mut words = text.split_whitespace();
    let Some(stressor) = words.next() else {
        return false;
    };
    let mut numbers: Vec<(&str, f64)> = Vec::new();
    let mut name = String::new();
    for word in words {
        match word.parse::<f64>() {
            Ok(number) if name.is_empty() && number.is_finite() => numbers.push((word, number)),
            _ => {
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(word);
            }
        }
    }
    if name.is_empty() && numbers.len() >= 6 {
        places.insert(stressor.to_owned(), metrics.len());
        metrics.push(table(stressor, &numbers));
        return true;
    }
    let place = places.get(stressor).copied();
    let entry = place.and_then(|place| metrics.get_mut(place));
    let (Some(entry), [(_, value)]) = (entry, numbers.as_slice()) else {
        return false;
    };
    let value = *value;
    entry.figures.push(Figure { name, value });
    true
}

fn table(stressor: &str, numbers: &[(&str, f64)]) -> Metrics {
    let at = |index: usize| numbers.get(index).map(|(_, number)| *number);
    let count = |index: usize| {
        numbers
            .get(index)
            .and_then(|(text, number)| whole(text, *number))
    };
    Metrics {
        stressor: stressor.to_owned(),
        bogo_ops: count(0),
        real_seconds: at(1),
        user_seconds: at(2),
        system_seconds: at(3),
        bogo_ops_per_real_second: at(4),
        bogo_ops_per_cpu_second: at(5),
        cpu_percent: at(6),
        max_rss_kib: count(7),
        ..Metrics::default()
    }
}
