//! The rules of the management controller's event log.

use std::collections::BTreeSet;

use vetting_stage::power::{Health, LogEntry};
use vetting_stage::types::Error;
use vetting_stage::{Findings, Measure, explain};

use crate::rules;

/// New critical entries are failures; old ones hide parts that arrived dead, and are remarks.
pub fn judge(before: &[LogEntry], after: Result<&Vec<LogEntry>, &Error>, findings: &mut Findings) {
    let after = match after {
        Ok(after) => after,
        Err(error) => {
            let message = format!("the event log was read only once: {}", explain(error));
            return findings.unknown(rules::EVENT_LOG, None, message);
        }
    };
    // Numbers start again when a log is cleared, so the whole entry is compared.
    let known: BTreeSet<(u32, &str, &str, &str)> = before.iter().map(key).collect();
    let bad = |entry: &&LogEntry| entry.asserted && entry.health == Health::Critical;
    let new: Vec<&LogEntry> = after
        .iter()
        .filter(|e| !known.contains(&key(e)))
        .filter(bad)
        .collect();
    let measure = Measure::number("new-critical-events", new.len() as f64);
    findings.hold(measure.at_most(rules::NEW_EVENTS, 0.0), || {
        format!("the controller logged: {}", told(&new))
    });
    let old: Vec<&LogEntry> = before.iter().filter(bad).collect();
    let measure = Measure::number("old-critical-events", old.len() as f64);
    findings.hold(measure.at_most(rules::OLD_EVENTS, 0.0), || {
        format!(
            "the controller's log holds {} critical entries: {}",
            old.len(),
            told(&old)
        )
    });
    let full = after
        .iter()
        .rev()
        .take(1)
        .any(|entry| entry.event.to_ascii_lowercase().contains("log full"));
    if full {
        findings.broken(
            rules::EVENT_LOG_FULL,
            None,
            "the controller's event log is full: save and clear it",
        );
    }
}

fn key(entry: &LogEntry) -> (u32, &str, &str, &str) {
    (entry.id, &entry.time, &entry.sensor, &entry.event)
}

fn told(entries: &[&LogEntry]) -> String {
    let last = entries.iter().rev().take(3);
    last.map(|e| format!("{} {} ({})", e.sensor, e.event, e.time))
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Parameters, judge as supplies, sensors};
    use vetting_stage::power::{Reading, Redundancy, Sensor, Supply};
    use vetting_stage::{Outcome, Verdict};

    fn entry(id: u32, health: Health) -> LogEntry {
        LogEntry {
            id,
            time: "t".into(),
            sensor: "Power Supply PS1 Status".into(),
            event: "Failure detected".into(),
            asserted: true,
            health,
        }
    }

    fn supply(name: &str, health: Health) -> Supply {
        Supply {
            name: name.into(),
            source: "ipmi".into(),
            present: Some(true),
            states: vec!["Presence detected".into()],
            health,
            input_watts: None,
            output_watts: None,
            input_volts: None,
            rated_watts: None,
            model: None,
            serial: None,
            portable: false,
            extra: Vec::new(),
        }
    }

    fn sensor(name: &str, kind: &str, value: Option<f64>, health: Health) -> Sensor {
        Sensor {
            name: name.into(),
            kind: kind.into(),
            value,
            unit: if kind == "fan" { "1/min" } else { "V" }.into(),
            state: "ok".into(),
            health,
            lower_critical: (kind == "fan").then_some(300.0),
            lower_warning: None,
            upper_warning: None,
            upper_critical: None,
        }
    }

    fn reading() -> Reading {
        Reading {
            sources: Vec::new(),
            supplies: vec![
                supply("PS1", Health::Nominal),
                supply("PS2", Health::Nominal),
            ],
            redundancy: Vec::new(),
            sensors: vec![
                sensor("FAN1", "fan", Some(4000.0), Health::Nominal),
                sensor("FAN2", "fan", Some(4100.0), Health::Nominal),
                sensor("FAN3", "fan", Some(4050.0), Health::Nominal),
                sensor("12V", "voltage", Some(12.1), Health::Nominal),
            ],
            total_watts: None,
            extra: Vec::new(),
        }
    }

    fn with(parameters: &Parameters, change: impl FnOnce(&mut Reading)) -> Outcome {
        let mut reading = reading();
        change(&mut reading);
        let readings = [reading.clone(), reading];
        let mut findings = Findings::new();
        supplies::supplies(&readings, parameters, &mut findings);
        supplies::redundancy(&readings[1], parameters, &mut findings);
        sensors::judge(&readings, parameters, &mut findings);
        findings.outcome("")
    }

    #[test]
    fn a_whole_supply_side_passes_and_every_fault_fails() {
        let p = Parameters::default();
        assert_eq!(with(&p, |_| {}).verdict, Verdict::Pass);
        let lost = Redundancy {
            name: "PS Redundancy".into(),
            kind: "power".into(),
            states: vec!["Redundancy Lost".into()],
            health: Health::Critical,
        };
        let again = lost.clone();
        assert_eq!(
            with(&p, |r| r.supplies[1].health = Health::Critical).verdict,
            Verdict::Fail
        );
        assert_eq!(
            with(&p, |r| r.sensors[2].value = Some(0.0)).verdict,
            Verdict::Fail
        );
        assert_eq!(
            with(&p, |r| r.sensors[3].value = Some(11.3)).verdict,
            Verdict::Fail
        );
        assert_eq!(
            with(&p, |r| r.sensors[0].health = Health::Critical).verdict,
            Verdict::Fail
        );
        assert_eq!(with(&p, |r| r.redundancy.push(lost)).verdict, Verdict::Fail);
        let three = Parameters {
            expected_supplies: Some(3),
            ..Parameters::default()
        };
        assert_eq!(with(&three, |_| {}).verdict, Verdict::Fail);
        let one = Parameters {
            expected_supplies: Some(1),
            ..Parameters::default()
        };
        assert_eq!(
            with(&one, |r| r.redundancy.push(again)).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn what_tells_nothing_is_not_good() {
        let p = Parameters::default();
        let silent = with(&p, |r| r.supplies[0].health = Health::Unknown);
        assert!(matches!(silent.verdict, Verdict::Inconclusive(_)));
        let still = with(&p, |r| r.sensors[0].value = None);
        assert!(matches!(still.verdict, Verdict::Inconclusive(_)));
    }

    #[test]
    fn a_controller_that_tells_only_its_log_was_not_judged() {
        let mut reading = reading();
        let source = |available| vetting_stage::power::Source {
            name: "ipmi".into(),
            available,
            detail: "its output holds nothing that can be understood".into(),
        };
        let verdict = |reading: &Reading| {
            let mut findings = Findings::new();
            super::judge(&[], Ok(&Vec::new()), &mut findings);
            supplies::controller_tells(reading, &mut findings);
            findings.outcome("").verdict
        };
        reading.sources = vec![source(true)];
        assert_eq!(verdict(&reading), Verdict::Pass);
        reading.sources = vec![source(false)];
        assert!(matches!(verdict(&reading), Verdict::Inconclusive(_)));
    }

    #[test]
    fn new_entries_fail_and_old_ones_are_remarks() {
        let log = |entries: &[LogEntry], after: &[LogEntry]| {
            let mut findings = Findings::new();
            super::judge(entries, Ok(&after.to_vec()), &mut findings);
            let outcome = findings.outcome("");
            (outcome.verdict, outcome.diagnoses.len())
        };
        let (old, new) = (entry(1, Health::Critical), entry(2, Health::Critical));
        assert_eq!(log(&[], &[]), (Verdict::Pass, 0));
        assert_eq!(
            log(std::slice::from_ref(&old), std::slice::from_ref(&old)),
            (Verdict::Pass, 1)
        );
        assert_eq!(
            log(std::slice::from_ref(&old), &[old.clone(), new]).0,
            Verdict::Fail
        );
    }
}
