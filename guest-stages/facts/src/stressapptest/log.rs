//! stressapptest's log as a whole.

use serde::Serialize;

use super::failure::{Failure, FailureKind, ReportedError, failure, leading, reported};
use crate::Unreadable;

/// What stressapptest logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Log {
    /// Its version: `1.0.6_autoconf`.
    pub version: Option<String>,
    /// How it was called.
    pub command: Option<String>,
    /// NUMA nodes.
    pub nodes: Option<u32>,
    /// CPUs.
    pub cpus: Option<u32>,
    /// Memory under test, in MiB.
    pub memory_mib: Option<u64>,
    /// Seconds that were asked for.
    pub seconds: Option<u64>,
    /// The last `Seconds remaining`.
    pub seconds_remaining: Option<u64>,
    /// Hardware incidents that it counted.
    pub incidents: Option<u64>,
    /// What it did in all, at the end.
    pub totals: Option<Totals>,
    /// How much each kind of work moved.
    pub rates: Vec<Rate>,
    /// The status, at the end; `None`: it did not come to its end.
    pub ending: Option<Ending>,
    /// Errors, one per line.
    pub failures: Vec<Failure>,
    /// The same errors as a management system gets them.
    pub reported: Vec<ReportedError>,
    /// Lines of checksums that did not fit, where the data then did or did not.
    pub mismatches: Vec<String>,
    /// All other lines that it logged, without their time.
    pub extra: Vec<String>,
    /// Lines that it did not log in a known form.
    pub unread: Vec<String>,
}

/// `Completed: 87984.00M in 5.00s 17594.72MB/s, with 1 hardware incidents, 0 errors`
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Totals {
    /// MiB moved.
    pub mib: Option<f64>,
    /// Seconds it ran, cooling down included.
    pub seconds: Option<f64>,
    /// MiB per second.
    pub mib_per_second: Option<f64>,
    /// Hardware incidents.
    pub incidents: Option<u64>,
    /// Other errors.
    pub errors: Option<u64>,
}

/// `Memory Copy: 87984.00M at 17596.15MB/s`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// The kind of work.
    pub work: String,
    /// MiB moved.
    pub mib: f64,
    /// MiB per second.
    pub mib_per_second: Option<f64>,
}

/// The status at the end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ending {
    /// Its first word.
    pub status: Status,
    /// The words after it: `test discovered HW problems`.
    pub text: String,
}

/// The first word of the status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// `PASS`
    Pass,
    /// `FAIL`: by errors that it found, or by errors of its own.
    Fail,
    /// Any other word.
    Other,
}

/// Reads stressapptest's log.
pub fn log(bytes: &[u8]) -> Result<Log, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut log = Log::default();
    let mut some = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match known(line) {
            Some((kind, rest)) => {
                some = true;
                add(&mut log, kind, rest);
            }
            None => log.unread.push(line.to_owned()),
        }
    }
    match some {
        true => Ok(log),
        false => Err(Unreadable::starting("stressapptest's log", bytes)),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Log,
    Stats,
    Status,
    Report,
    Failure(FailureKind),
}

const KINDS: [(&str, Kind); 8] = [
    ("Log: ", Kind::Log),
    ("Stats: ", Kind::Stats),
    ("Status: ", Kind::Status),
    ("Report Error: ", Kind::Report),
    ("Hardware Error: ", Kind::Failure(FailureKind::Hardware)),
    ("Page Error: ", Kind::Failure(FailureKind::Page)),
    ("Block Error: ", Kind::Failure(FailureKind::Block)),
    ("Process Error: ", Kind::Failure(FailureKind::Process)),
];

/// The kind of a line, at its start or after a time such as `2017/11/01-05:32:30(PDT) `.
fn known(line: &str) -> Option<(Kind, &str)> {
    let at_start = |line| {
        let find = |(word, kind): &(&str, Kind)| Some((*kind, str::strip_prefix(line, word)?));
        KINDS.iter().find_map(find)
    };
    at_start(line).or_else(|| {
        let (time, rest) = line.split_once(' ')?;
        time.starts_with(|c: char| c.is_ascii_digit())
            .then_some(())?;
        at_start(rest)
    })
}

fn add(log: &mut Log, kind: Kind, text: &str) {
    match kind {
        Kind::Log => logged(log, text),
        Kind::Stats => stats(log, text),
        Kind::Status => {
            let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
            log.ending = Some(Ending {
                status: match word {
                    "PASS" => Status::Pass,
                    "FAIL" => Status::Fail,
                    _ => Status::Other,
                },
                text: rest.trim_start_matches(['-', ' ']).to_owned(),
            });
        }
        Kind::Report => match reported(text) {
            Some(error) => log.reported.push(error),
            None => log.unread.push(text.to_owned()),
        },
        Kind::Failure(kind) => log.failures.push(failure(kind, text)),
    }
}

fn logged(log: &mut Log, text: &str) {
    if let Some(command) = text.strip_prefix("Commandline - ") {
        log.command = Some(command.to_owned());
    } else if let Some(rest) = text.strip_prefix("Seconds remaining: ") {
        log.seconds_remaining = leading(rest);
    } else if let Some((nodes, rest)) = text.split_once(" nodes, ") {
        log.nodes = nodes.parse().ok();
        log.cpus = leading(rest);
    } else if text.contains("CRC mismatch") {
        log.mismatches.push(text.to_owned());
    } else {
        log.extra.push(text.to_owned());
    }
}

fn stats(log: &mut Log, text: &str) {
    if let Some(rest) = text.strip_prefix("SAT revision ") {
        log.version = rest.split([',', ' ']).next().map(str::to_owned);
    } else if let Some(rest) = text.strip_prefix("Starting SAT, ") {
        log.memory_mib = leading(rest);
        log.seconds = rest.split_once(", ").and_then(|(_, rest)| leading(rest));
    } else if let Some(rest) = text.strip_prefix("Found ") {
        log.incidents = leading(rest);
    } else if let Some(rest) = text.strip_prefix("Completed: ") {
        log.totals = Some(totals(rest));
    } else if let Some(rate) = rate(text) {
        log.rates.push(rate);
    } else {
        log.extra.push(text.to_owned());
    }
}

fn totals(text: &str) -> Totals {
    let mut totals = Totals::default();
    for word in text.split([' ', ',']) {
        if let Some(rate) = word.strip_suffix("MB/s") {
            totals.mib_per_second = rate.parse().ok();
        } else if let Some(mib) = word.strip_suffix('M') {
            totals.mib = mib.parse().ok();
        } else if let Some(seconds) = word.strip_suffix('s') {
            totals.seconds = seconds.parse().ok().or(totals.seconds);
        }
    }
    let before = |mark: &str| text.split_once(mark)?.0.rsplit(' ').next()?.parse().ok();
    totals.incidents = before(" hardware incidents");
    totals.errors = before(" errors");
    totals
}

fn rate(text: &str) -> Option<Rate> {
    let (work, rest) = text.split_once(": ")?;
    let (mib, rest) = match rest.split_once("M at ") {
        Some(found) => found,
        None => (rest.strip_suffix('M')?, ""),
    };
    Some(Rate {
        work: work.to_owned(),
        mib: mib.parse().ok()?,
        mib_per_second: rest.strip_suffix("MB/s").and_then(|rate| rate.parse().ok()),
    })
}
