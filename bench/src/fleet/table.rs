//! What was measured, a column for each fleet, and how it grows from the smallest to the largest.

use super::calls::BASELINE;
use super::run::{Figures, Latency};
use crate::table::{mebibytes, seconds};

/// What calls are for, and how they are told.
const CALLS: [(&str, &str); 7] = [
    (
        BASELINE,
        "Baseline: a path that nothing is at, answered 404",
    ),
    (
        "heartbeat",
        "Heartbeat, beyond the time that its answer is held back",
    ),
    ("result", "Result, stored and the run moved on"),
    ("claim", "Claim"),
    ("component", "Component, fetched"),
    ("log", "Batch of log lines"),
    ("sensor", "Batch of samples"),
];

/// A figure that is no latency: what it is, which, and how it is told.
type Plain = (&'static str, fn(&Figures) -> f64, fn(f64) -> String);

const PLAIN: [Plain; 9] = [
    (
        "Calls answered, each second",
        |f| f.calls_a_second,
        |v| format!("{v:.0}"),
    ),
    (
        "Calls refused or not answered",
        |f| f.failed_calls as f64,
        |v| format!("{v:.0}"),
    ),
    ("First boot to all runs completed", |f| f.seconds, seconds),
    ("`state.db`", |f| f.state_bytes, mebibytes),
    ("`journal.db`", |f| f.journal_bytes, mebibytes),
    (
        "Orchestrator: processor time",
        |f| f.orchestrator.0,
        seconds,
    ),
    ("Orchestrator: peak memory", |f| f.orchestrator.1, mebibytes),
    (
        "All agents in one process: processor time",
        |f| f.fleet.0,
        seconds,
    ),
    (
        "All agents in one process: peak memory",
        |f| f.fleet.1,
        mebibytes,
    ),
];

/// The table as Markdown.
pub fn markdown(fleets: &[Figures]) -> String {
    let mut text = String::from("| What |");
    for fleet in fleets {
        text.push_str(&format!(" {} agents |", fleet.agents));
    }
    text.push_str(" Growth |\n|---|");
    text.push_str(&"---|".repeat(fleets.len() + 1));
    text.push('\n');
    for (kind, what) in CALLS {
        let of = |fleet: &Figures| fleet.latencies.get(kind).copied();
        text.push_str(&format!("| {what} |"));
        for fleet in fleets {
            text.push_str(&format!(
                " {} |",
                latency(of(fleet), fleet.latencies.get(BASELINE))
            ));
        }
        let grown = |pick: fn(Latency) -> f64| growth(fleets, |fleet| of(fleet).map(pick));
        let (p50, p99) = (grown(|l| l.p50), grown(|l| l.p99));
        text.push_str(&format!(" **{p50} / {p99}** |\n"));
    }
    for (what, pick, unit) in PLAIN {
        text.push_str(&format!("| {what} |"));
        for fleet in fleets {
            text.push_str(&format!(" {} |", unit(pick(fleet))));
        }
        let grown = growth(fleets, |fleet| Some(pick(fleet)));
        text.push_str(&format!(" **{grown}** |\n"));
    }
    text
}

/// Median and 99th percentile, and as multiples of the baseline's.
fn latency(latency: Option<Latency>, baseline: Option<&Latency>) -> String {
    let (Some(latency), Some(baseline)) = (latency, baseline) else {
        return "none".to_owned();
    };
    format!(
        "{} / {} ({:.1} / {:.1})",
        seconds(latency.p50),
        seconds(latency.p99),
        latency.p50 / baseline.p50,
        latency.p99 / baseline.p99
    )
}

/// The largest fleet's figure over the smallest's.
fn growth(fleets: &[Figures], pick: impl Fn(&Figures) -> Option<f64>) -> String {
    let of = |fleet: Option<&Figures>| fleet.and_then(&pick);
    match (of(fleets.first()), of(fleets.last())) {
        (Some(first), Some(last)) if first > 0.0 => format!("{:.1}", last / first),
        _ => "–".to_owned(),
    }
}
