//! The modules: how many, how fast, and whether they are alike.

use std::collections::BTreeSet;

use vetting_facts::inventory::{CountedAs, Memory, MemoryModule};
use vetting_stage::{Findings, Measure, Part, part};

use crate::{Parameters, rules};

/// Fewer modules than this have no slot that is odd.
const FEWEST: usize = 3;

/// The modules that are there.
pub fn present(memory: &Memory) -> impl Iterator<Item = &MemoryModule> {
    let is_there = |counted| matches!(counted, CountedAs::Memory | CountedAs::Persistent);
    memory
        .modules
        .iter()
        .filter(move |module| is_there(module.counted_as))
}

/// Compares them with the spec, and with each other.
pub fn judge(memory: &Memory, p: &Parameters, findings: &mut Findings) {
    count(memory, p, findings);
    let all: Vec<&MemoryModule> = present(memory).collect();
    for module in &all {
        speed(module, &all, p, findings);
    }
    slow_all(&all, p, findings);
    let sizes = distinct(all.iter().filter_map(|m| Some(m.size_bytes?.to_string())));
    let parts = distinct(all.iter().filter_map(|m| m.part_number.clone()));
    if sizes > 1 || parts > 1 {
        let message = format!(
            "modules of {sizes} sizes and {} part numbers are mixed",
            parts.max(1)
        );
        findings.broken(rules::MIXED_MODULES, None, message);
    }
    correction(&all, findings);
    ranks(&all, findings);
    serials(&all, findings);
}

fn count(memory: &Memory, p: &Parameters, findings: &mut Findings) {
    let count = present(memory).count();
    let measure = Measure::number("modules", count as f64);
    let empty = memory.modules.iter();
    let empty = empty.filter(|m| m.counted_as == CountedAs::Empty);
    let empty: Vec<&str> = empty.map(|m| m.label.as_str()).collect();
    let Some(expected) = p.expected_modules else {
        findings.note(measure);
        if let ([slot], FEWEST..) = (empty.as_slice(), count) {
            let message = format!(
                "it is the only empty slot, next to {count} modules: a module may not be seen, or a channel is without"
            );
            findings.broken(rules::ODD_SLOT, Some(&part("dimm", *slot)), message);
        }
        return;
    };
    let expected = expected as f64;
    let mut rule = measure.at_least(rules::FEWER_MODULES, expected);
    let mut slots = String::new();
    // Where as many slots are empty as modules are missing, those are the ones.
    if !empty.is_empty() && count as f64 + empty.len() as f64 == expected {
        rule = rule.part(&part("dimm", empty.join(", ")));
        slots = format!(" (not in {})", empty.join(", "));
    }
    findings.hold(rule, || {
        format!("{count} of {expected} expected memory modules were seen{slots}: reseat or replace the missing one")
    });
}

fn distinct(values: impl Iterator<Item = String>) -> usize {
    values.collect::<BTreeSet<_>>().len()
}

fn part_of(module: &MemoryModule) -> Part {
    Part {
        serial: module.serial.clone(),
        model: module.part_number.clone(),
        ..part("dimm", module.label.clone())
    }
}

fn set(module: &MemoryModule) -> Option<u32> {
    module.configured_mts.filter(|mts| *mts > 0)
}

/// A module against the spec, and against the fastest that can do as much.
fn speed(module: &MemoryModule, all: &[&MemoryModule], p: &Parameters, findings: &mut Findings) {
    let Some(own) = set(module) else {
        return;
    };
    let like = all.iter().filter(|m| m.rated_mts == module.rated_mts);
    let fastest = like.filter_map(|m| set(m)).max().unwrap_or(own);
    let mut measure = Measure::number("configured-speed", f64::from(own))
        .unit("MT/s")
        .part(&part_of(module))
        .at_least(rules::SPEED_ODD, f64::from(fastest));
    if let Some(expected) = p.expected_mts {
        let expected = expected as f64;
        measure = measure
            .at_least(rules::SPEED_UNEXPECTED, expected)
            .at_least(rules::SPEED_TOO_LOW, 0.8 * expected);
    }
    findings.hold(measure, || {
        format!("it is set to {own} MT/s, others to {fastest}: mixed modules, two per channel, or the firmware")
    });
}

/// All of them set far below what they can do is one cause.
fn slow_all(all: &[&MemoryModule], p: &Parameters, findings: &mut Findings) {
    let share = |m: &&MemoryModule| {
        let rated = m.rated_mts.filter(|mts| *mts > 0)?;
        Some(100.0 * f64::from(set(m)?) / f64::from(rated))
    };
    let best = all.iter().filter_map(share).reduce(f64::max);
    let Some(best) = best.filter(|_| p.expected_mts.is_none()) else {
        return;
    };
    let measure = Measure::number("configured-speed-of-rated", best).unit("%");
    findings.hold(measure.at_least(rules::SPEED_LOW, p.speed_warn_percent), || {
        format!("the modules are set to {best:.0} % of what they can do: two per channel, or the firmware")
    });
}

/// One module without check bits leaves what lies on it without correction, whatever the others have.
fn correction(all: &[&MemoryModule], findings: &mut Findings) {
    let widths = |m: &MemoryModule| Some((m.total_width?, m.data_width?));
    let corrects = |m: &MemoryModule| widths(m).is_some_and(|(total, data)| total > data);
    if !all.iter().any(|m| corrects(m)) {
        return;
    }
    let without = |m: &&&MemoryModule| widths(m).is_some_and(|(total, data)| total == data);
    for module in all.iter().filter(without) {
        let message = "it has no check bits, and the others have: it cannot correct errors";
        findings.broken(rules::NO_ECC_MODULE, Some(&part_of(module)), message);
    }
}

/// Modules of one part number that are built otherwise than most.
fn ranks(all: &[&MemoryModule], findings: &mut Findings) {
    for module in all {
        let like = || all.iter().filter(|m| m.part_number == module.part_number);
        let (Some(own), true) = (module.ranks, module.part_number.is_some()) else {
            continue;
        };
        let same = like().filter(|m| m.ranks == Some(own)).count();
        let known = like().filter(|m| m.ranks.is_some()).count();
        if same < known.saturating_sub(same) {
            let message =
                format!("it has {own} ranks, others of its part number have another number");
            findings.broken(rules::ODD_RANKS, Some(&part_of(module)), message);
        }
    }
}

/// Serial numbers are one module's each.
fn serials(all: &[&MemoryModule], findings: &mut Findings) {
    for (index, module) in all.iter().enumerate() {
        let Some(serial) = module.serial.as_deref().filter(|serial| is_one(serial)) else {
            continue;
        };
        let earlier = all.iter().take(index);
        let twin = earlier
            .into_iter()
            .find(|m| m.serial.as_deref() == Some(serial) && m.part_number == module.part_number);
        if let Some(twin) = twin {
            let message = format!(
                "it has the serial number {serial} of the module in {}: one of the two is misprogrammed, or was counted twice",
                twin.label
            );
            findings.broken(rules::SAME_SERIAL, Some(&part_of(module)), message);
        }
    }
}

/// Whether a text can be a serial number, and is not what stands for none.
fn is_one(serial: &str) -> bool {
    let mut letters = serial.chars();
    let first = letters.next();
    serial.len() >= 4 && !letters.all(|c| Some(c) == first)
}

#[cfg(test)]
mod tests {
    use vetting_stage::{Outcome, Verdict};

    use super::*;

    fn module(slot: &str) -> MemoryModule {
        MemoryModule {
            label: slot.into(),
            counted_as: CountedAs::Memory,
            size_bytes: Some(16 << 30),
            rated_mts: Some(5600),
            configured_mts: Some(5600),
            part_number: Some("P".into()),
            serial: Some(format!("S3R1AL-{slot}")),
            ranks: Some(2),
            total_width: Some(80),
            data_width: Some(64),
            ..MemoryModule::default()
        }
    }

    fn judged(change: impl Fn(&mut Vec<MemoryModule>)) -> Outcome {
        let mut modules = ["A1", "B1", "C1", "D1"].map(module).to_vec();
        change(&mut modules);
        let memory = Memory {
            visible_bytes: Some(64 << 30),
            available_bytes: Some(60 << 30),
            modules,
            ..Memory::default()
        };
        let mut findings = Findings::new();
        judge(&memory, &Parameters::default(), &mut findings);
        findings.outcome("")
    }

    fn named(outcome: &Outcome) -> Vec<&str> {
        let parts = outcome.diagnoses.iter().filter_map(|d| d.part.as_ref());
        parts.map(|part| part.location.as_str()).collect()
    }

    #[test]
    fn modules_alike_are_quiet() {
        let good = judged(|_| {});
        assert_eq!((good.verdict, good.diagnoses.len()), (Verdict::Pass, 0));
    }

    #[test]
    fn the_odd_one_is_named() {
        let slow = judged(|m| m[1].configured_mts = Some(4800));
        assert_eq!((named(&slow), &slow.verdict), (vec!["B1"], &Verdict::Pass));
        let ranks = judged(|m| m[2].ranks = Some(1));
        assert_eq!(
            (named(&ranks), &ranks.verdict),
            (vec!["C1"], &Verdict::Pass)
        );
        let plain = judged(|m| m[3].total_width = Some(64));
        assert_eq!(
            (named(&plain), &plain.verdict),
            (vec!["D1"], &Verdict::Fail)
        );
        let twice = judged(|m| m[3].serial = m[0].serial.clone());
        assert_eq!(
            (named(&twice), &twice.verdict),
            (vec!["D1"], &Verdict::Fail)
        );
        let slot = judged(|m| m[3].counted_as = CountedAs::Empty);
        assert_eq!((named(&slot), &slot.verdict), (vec!["D1"], &Verdict::Pass));
    }

    #[test]
    fn one_cause_is_one_finding() {
        let all = judged(|m| m.iter_mut().for_each(|m| m.configured_mts = Some(4400)));
        assert_eq!((all.verdict, all.diagnoses.len()), (Verdict::Pass, 1));
        let none = judged(|m| {
            m.iter_mut()
                .for_each(|m| m.serial = Some("00000000".into()))
        });
        assert_eq!(none.diagnoses.len(), 0);
    }
}
