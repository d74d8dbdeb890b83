//! What the stage in the machine was answered, and reading a denial.

use serde_json::Value;
use vetting_tests::eventually;
use vetting_tests::fleet::{Orchestrator, Run};
use vetting_tests::qemu::Machine;

use crate::disks;

/// Every condition that a denial may name.
const CONDITIONS: [&str; 18] = [
    "live image: flag",
    "live image: this machine",
    "live image: marker",
    "live image: root off disk",
    "live image: not portable",
    "run may write",
    "whole disk",
    "held alone",
    "unchanged",
    "one expected disk",
    "transport",
    "writable",
    "not in use",
    "one path",
    "no writer",
    "no reservation",
    "empty",
    "wipe override",
];

/// What the stage said in one attempt.
pub struct Said {
    pub text: String,
}

impl Said {
    /// What came of trying a disk, by its serial number or, where that is empty, its name.
    pub fn of(&self, key: &str, time: &str) -> &str {
        let of = |line: &str| {
            let (head, answer) = line.split_once(": ")?;
            let mut words = head.split(' ');
            let (told, name, serial) = (words.next()?, words.next()?, words.next()?);
            let is = match key {
                disks::NAMELESS => name.starts_with("vd") && serial.is_empty(),
                // The kernel shows it, and the host takes it for none.
                disks::PLACEHOLDER => {
                    name.starts_with("sd")
                        && name.len() == 3
                        && serial.is_empty()
                        && !answer.contains("usb,")
                }
                "USBSTICK" => {
                    name.starts_with("sd") && serial.is_empty() && answer.contains("usb,")
                }
                "PARTITION" => name.starts_with("sd") && name.ends_with('1'),
                "loop0" => name == key,
                // A namespace by its number.
                _ if key.contains('/') => format!("{serial}/{}", &name[name.len() - 1..]) == key,
                _ => serial == key.trim(),
            };
            (told == time && is).then_some(answer.len())
        };
        let found = self
            .text
            .lines()
            .find_map(|line| Some(&line[line.len() - of(line)?..]));
        found.unwrap_or_else(|| panic!("{key} was not tried: {}", self.text))
    }
}

/// Waits until a run holds after an attempt, and reads what its stage said.
pub fn held(orchestrator: &Orchestrator, machine: &Machine, run: &Run, attempt: u32) -> Said {
    let mut last = Value::Null;
    let found = eventually(|| {
        last = orchestrator.show(run);
        (last["state"] == "FailedHolding" && last["stages"][0]["attempt"] == attempt).then_some(())
    });
    assert!(
        found.is_some(),
        "it does not hold: {last:#}\n{}",
        machine.story()
    );
    let report = orchestrator.report(run);
    let stages = report["stages"].as_array().expect("stages");
    let record = stages
        .iter()
        .find(|s| s["stage"] == "Wipe" && s["attempt"] == attempt);
    let record = record.unwrap_or_else(|| panic!("no attempt {attempt}: {report:#}"));
    let lines = record["log"].as_array().expect("a log").iter();
    let lines: Vec<_> = lines.filter_map(|line| line["text"].as_str()).collect();
    Said {
        text: lines.join("\n"),
    }
}

/// That an answer denies for exactly these conditions (and for want of an override), with a reason.
pub fn refused(answer: &str, conditions: &[&str], why: &str) {
    let mut expected = conditions.to_vec();
    if !conditions.contains(&"whole disk") {
        expected.push("wipe override");
    }
    assert_eq!(unmet(answer), expected, "{answer}");
    assert!(answer.contains(why), "not `{why}`: {answer}");
}

/// That an answer denies for exactly these conditions although the override lists the disk.
pub fn waived(answer: &str, conditions: &[&str]) {
    assert_eq!(unmet(answer), conditions, "{answer}");
}

fn unmet(answer: &str) -> Vec<&'static str> {
    let unmet = answer
        .split_once("Not met: ")
        .and_then(|(_, rest)| rest.split_once(" Met: "));
    let (unmet, met) = unmet.unwrap_or_else(|| panic!("no denial: {answer}"));
    let named = |text: &str, name: &str| {
        text.starts_with(&format!("{name} (")) || text.contains(&format!("; {name} ("))
    };
    let all = CONDITIONS.into_iter();
    let told = all
        .clone()
        .filter(|name| named(unmet, name) || named(met, name))
        .count();
    assert!(
        told == CONDITIONS.len() || named(unmet, "whole disk"),
        "not every state is told: {answer}"
    );
    all.filter(|name| named(unmet, name)).collect()
}
