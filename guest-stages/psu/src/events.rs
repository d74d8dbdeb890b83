//! The rules of the controller's event log: what came during the test, and what it holds of before.

use std::collections::BTreeMap;

use vetting_facts::bmc::{Direction, Event, EventLog, Meaning, RecordKind};
use vetting_stage::{Findings, Measure};

use crate::severity::{self, Health, watched};
use crate::{roles, rules};

/// So many different entries are named; the others are counted.
const SHOWN: usize = 12;

/// How bad an entry is. One that went away again is told by the one that came.
fn health(event: &Event) -> Health {
    let asserted = event.direction != Some(Direction::Deasserted);
    match (event.kind, event.meaning) {
        (RecordKind::KernelPanic, _) => Health::Critical,
        (RecordKind::Oem, _) => Health::Nominal,
        _ if !asserted => Health::Nominal,
        (RecordKind::System, None) => Health::Unknown,
        (RecordKind::System, Some(meaning)) => {
            let name = event.sensor_name.as_deref().unwrap_or_default();
            let kind = event.sensor_type.as_ref().and_then(|kind| kind.code);
            let health = severity::of(meaning, kind, name);
            // The room's heat breaks no part.
            let room = kind == Some(watched::TEMPERATURE) && roles::is_inlet_name(name);
            if room {
                health.min(Health::Warning)
            } else {
                health
            }
        }
    }
}

/// What an entry says, the time aside.
fn words(event: &Event) -> String {
    let detail = event
        .detail
        .as_deref()
        .map_or(String::new(), |detail| format!(" ({detail})"));
    let text = format!("{} {}{detail}", event.sensor, event.text);
    text.trim().to_owned()
}

/// The entries by what they say, each with its count and the time of the last, worst and newest first.
fn told(events: &[&Event]) -> String {
    let mut same: BTreeMap<String, (usize, usize, &str)> = BTreeMap::new();
    for (at, event) in events.iter().enumerate() {
        let time = event.time.as_ref().map_or("", |time| time.text.as_str());
        let entry = same.entry(words(event)).or_insert((0, at, time));
        *entry = (entry.0.saturating_add(1), at, time);
    }
    let mut all: Vec<(String, (usize, usize, &str))> = same.into_iter().collect();
    all.sort_by_key(|(_, (_, at, _))| std::cmp::Reverse(*at));
    let more = all.len().saturating_sub(SHOWN);
    let one = |(words, (times, _, time)): &(String, (usize, usize, &str))| {
        let times = match times {
            1 => String::new(),
            times => format!("{times} times, last "),
        };
        match time.is_empty() && times.is_empty() {
            true => words.clone(),
            false => format!("{words} [{times}{time}]"),
        }
    };
    let mut text = all
        .iter()
        .take(SHOWN)
        .map(one)
        .collect::<Vec<_>>()
        .join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

/// Judges two readings of the log. `None`: the second could not be read, which is a gap that was told.
pub fn judge(before: &EventLog, after: Option<&EventLog>, findings: &mut Findings) {
    let Some(after) = after else {
        let message = "the event log was read only once, so that new entries are not known";
        return findings.unknown(rules::EVENT_LOG, None, message);
    };
    // Numbers begin again when a log is cleared, so the whole entry is compared.
    let key = |event: &Event| {
        let time = event.time.as_ref().map(|time| time.text.clone());
        (
            event.id,
            time,
            event.sensor.clone(),
            event.text.clone(),
            event.direction.map(|d| d == Direction::Asserted),
        )
    };
    let known: std::collections::BTreeSet<_> = before.events.iter().map(key).collect();
    let is_new = |event: &&Event| !known.contains(&key(event));
    let new: Vec<&Event> = after.events.iter().filter(is_new).collect();
    let of = |events: &[&'_ Event], wanted: Health| -> usize {
        events
            .iter()
            .filter(|event| health(event) == wanted)
            .count()
    };
    let bad: Vec<&Event> = new
        .iter()
        .copied()
        .filter(|e| health(e) == Health::Critical)
        .collect();
    let measure = Measure::number("new-critical-events", bad.len() as f64);
    findings.hold(measure.at_most(rules::NEW_EVENTS, 0.0), || {
        format!("the controller logged during the test: {}", told(&bad))
    });
    let odd: Vec<&Event> = new
        .iter()
        .copied()
        .filter(|e| matches!(health(e), Health::Warning | Health::Unknown))
        .collect();
    let measure = Measure::number("new-events", odd.len() as f64);
    findings.hold(measure.at_most(rules::NEW_WARNINGS, 0.0), || {
        format!("the controller logged during the test: {}", told(&odd))
    });
    let old: Vec<&Event> = before
        .events
        .iter()
        .enumerate()
        .filter(|(at, event)| health(event) == Health::Critical && !is_over(&before.events, *at))
        .map(|(_, event)| event)
        .collect();
    let measure = Measure::number("old-critical-events", old.len() as f64);
    findings.hold(measure.at_most(rules::OLD_EVENTS, 0.0), || {
        format!(
            "the controller's event log holds {} grave entries from before the test: {}",
            old.len(),
            told(&old)
        )
    });
    let all: Vec<&Event> = before.events.iter().collect();
    let warned = of(&all, Health::Warning) as f64;
    findings.note(Measure::number("old-warning-events", warned));
    findings.note(Measure::number(
        "event-log-entries",
        after.events.len() as f64,
    ));
}

/// Whether a state went away again, by a later entry of the same sensor. An error that was counted stays
/// one.
fn is_over(events: &[Event], at: usize) -> bool {
    let Some(event) = events.get(at) else {
        return false;
    };
    let lasts = |meaning: Meaning| {
        matches!(meaning.event_type(), 0x01 | 0x0b)
            || matches!(meaning.sensor_type(), Some(0x08 | 0x09))
    };
    if !event.meaning.is_some_and(lasts) {
        return false;
    }
    let later = events.get(at.saturating_add(1)..).unwrap_or_default();
    later.iter().any(|other| {
        let same = other.sensor == event.sensor;
        let gone = other.direction == Some(Direction::Deasserted) && other.meaning == event.meaning;
        same && (gone
            || other.meaning == Some(Meaning::FullyRedundant) && event.event_type == Some(0x0b))
    })
}

/// Whether the newest entry that speaks of it says that the log is full, or nearly so.
pub fn says_full(log: &EventLog) -> bool {
    let full = |event: &Event| {
        matches!(
            event.meaning,
            Some(Meaning::LogFull | Meaning::LogAlmostFull)
        )
    };
    let about = |event: &&Event| full(event) || event.meaning == Some(Meaning::LogCleared);
    log.events.iter().rev().find(about).is_some_and(full)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_facts::bmc::event_log;
    use vetting_stage::Verdict;

    fn log(rows: &str) -> EventLog {
        event_log(rows.as_bytes()).expect("a log")
    }

    fn judged(before: &str, after: &str) -> (Verdict, Vec<String>) {
        let mut findings = Findings::new();
        judge(&log(before), Some(&log(after)), &mut findings);
        let said = findings
            .diagnoses()
            .iter()
            .map(|d| d.message.clone())
            .collect();
        (findings.outcome("").verdict, said)
    }

    const CLEARED: &str = "   1 | 03/11/25 | 13:33:20 UTC | Event Logging Disabled #0x72 | Log area reset/cleared | Asserted\n";
    const LOST: &str = "   2 | 03/11/25 | 13:35:00 UTC | Power Supply PS2 Status | Power Supply AC lost | Asserted\n";
    const BACK: &str = "   3 | 03/11/25 | 13:36:00 UTC | Power Supply PS2 Status | Power Supply AC lost | Deasserted\n";
    const ECC: &str =
        "   4 | 03/11/25 | 16:34:51 | Memory ECC | Uncorrectable ECC | Asserted | CPU 1 DIMM 2\n";

    #[test]
    fn new_entries_fail_and_old_ones_are_remarks() {
        assert_eq!(judged(CLEARED, CLEARED), (Verdict::Pass, Vec::new()));
        let old = format!("{CLEARED}{ECC}");
        let (verdict, said) = judged(&old, &old);
        assert_eq!(verdict, Verdict::Pass);
        assert!(said[0].contains("CPU 1 DIMM 2"), "{said:?}");
        let (verdict, said) = judged(CLEARED, &old);
        assert_eq!(verdict, Verdict::Fail);
        assert!(said[0].contains("during the test"), "{said:?}");
    }

    #[test]
    fn what_came_and_went_before_is_over_and_during_the_test_is_not() {
        let over = format!("{CLEARED}{LOST}{BACK}");
        assert_eq!(judged(&over, &over), (Verdict::Pass, Vec::new()));
        assert_eq!(judged(CLEARED, &over).0, Verdict::Fail);
    }

    #[test]
    fn an_entry_that_is_not_understood_is_a_remark_when_it_is_new() {
        let odd =
            format!("{CLEARED}   5 | 03/11/25 | 17:10:01 UTC | Unknown #0x61 |  | Asserted\n");
        assert_eq!(judged(&odd, &odd), (Verdict::Pass, Vec::new()));
        let (verdict, said) = judged(CLEARED, &odd);
        assert_eq!((verdict, said.len()), (Verdict::Pass, 1));
    }

    #[test]
    fn a_log_that_could_be_read_only_once_is_a_gap() {
        let mut findings = Findings::new();
        judge(&log(CLEARED), None, &mut findings);
        assert!(matches!(
            findings.outcome("").verdict,
            Verdict::Inconclusive(_)
        ));
    }
}
