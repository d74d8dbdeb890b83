//! The rules of Memory.

use vetting_stage::counters::MemoryCounters;
use vetting_stage::inventory::{Memory, MemoryModule, Parts};
use vetting_stage::{Findings, Measure, Part, part};

use crate::{Parameters, rules};

const GIB: f64 = (1_u64 << 30) as f64;

/// How much of what is free was tested. On a machine that somebody works on half is left alone.
pub fn coverage(
    bytes: u64,
    live_image: bool,
    machine: &Parts,
    parameters: &Parameters,
    findings: &mut Findings,
) {
    if bytes == 0 {
        let message = "not one round over the memory was finished: give it more time with duration";
        return findings.unknown(rules::COVERAGE, None, message);
    }
    let free = machine.memory.available_bytes.max(1) as f64;
    let measure = Measure::number("memory-tested", 100.0 * bytes as f64 / free).unit("%");
    if !live_image {
        return findings.note(measure);
    }
    let floor = parameters.coverage_warn_percent;
    findings.hold(measure.at_least(rules::COVERAGE_LOW, floor), || {
        format!(
            "{:.1} of {:.1} GiB that were free were tested",
            bytes as f64 / GIB,
            free / GIB
        )
    });
}

/// Error counts, before and after: what came during the test and what was there, by module.
pub fn errors(
    before: &MemoryCounters,
    after: &MemoryCounters,
    p: &Parameters,
    findings: &mut Findings,
) {
    let mut hold = |place: Option<Part>, corrected: (u64, u64), uncorrected: (u64, u64)| {
        let during = |(now, was): (u64, u64)| now.saturating_sub(was);
        let name = place
            .as_ref()
            .map_or("no module in particular".to_owned(), |p| p.location.clone());
        let with_part = |measure: Measure| match &place {
            Some(place) => measure.part(place),
            None => measure,
        };
        let measure = with_part(Measure::number("corrected-errors", corrected.0 as f64))
            .at_most(rules::CORRECTED, p.corrected_warn as f64)
            .at_most(rules::CORRECTED_MANY, p.corrected_fail as f64);
        findings.hold(measure, || {
            format!("{} corrected memory errors ({} during the test) at {name}: reseat or replace the module", corrected.0, during(corrected))
        });
        let measure = with_part(Measure::number("uncorrected-errors", uncorrected.0 as f64))
            .at_most(rules::UNCORRECTED, p.uncorrected_fail as f64);
        findings.hold(measure, || {
            format!(
                "{} uncorrected memory errors ({} during the test) at {name}: replace the module",
                uncorrected.0,
                during(uncorrected)
            )
        });
    };
    for dimm in &after.dimms {
        let same = |d: &&vetting_stage::counters::DimmCounters| {
            d.controller == dimm.controller && d.label == dimm.label && d.location == dimm.location
        };
        let was = before.dimms.iter().find(same);
        let place = part(
            "dimm",
            format!("{} ({} {})", dimm.label, dimm.controller, dimm.location),
        );
        let counts = was.map_or((0, 0), |d| (d.corrected, d.uncorrected));
        hold(
            Some(place),
            (dimm.corrected, counts.0),
            (dimm.uncorrected, counts.1),
        );
    }
    if !after.drivers.is_empty() {
        hold(
            None,
            (after.corrected_unattributed, before.corrected_unattributed),
            (
                after.uncorrected_unattributed,
                before.uncorrected_unattributed,
            ),
        );
    }
}

/// Whether errors are corrected, and whether somebody counts them.
pub fn correction(
    machine: &Parts,
    counters: &MemoryCounters,
    p: &Parameters,
    findings: &mut Findings,
) {
    let memory = &machine.memory;
    let word = memory.error_correction.as_deref().unwrap_or_default();
    let wide =
        |m: &MemoryModule| matches!((m.total_width, m.data_width), (Some(t), Some(d)) if t > d);
    let has_ecc = word.contains("ECC") || present(memory).any(wide) || !counters.drivers.is_empty();
    let told = !word.is_empty() || present(memory).any(|m| m.total_width.is_some()) || has_ecc;
    findings.note(Measure::boolean("error-correction", has_ecc));
    if p.require_ecc && !told {
        findings.unknown(
            rules::ECC_NOT_TOLD,
            None,
            "whether errors are corrected is not told: run as root, or look at SMBIOS",
        );
    } else if p.require_ecc && !has_ecc {
        findings.broken(rules::NO_ECC, None, "the memory has no error correction");
    }
    // A guest's firmware tells of error correction that is its host's.
    if has_ecc && counters.drivers.is_empty() && machine.system.hypervisor.is_none() {
        let message =
            "the memory corrects errors, but nobody counts them: load the chipset's EDAC driver";
        findings.unknown(rules::EDAC, None, message);
    }
}

fn present(memory: &Memory) -> impl Iterator<Item = &MemoryModule> {
    memory.modules.iter().filter(|module| module.size_bytes > 0)
}

/// The modules: how many, how fast, and whether they are alike.
pub fn modules(memory: &Memory, p: &Parameters, findings: &mut Findings) {
    let count = present(memory).count();
    let measure = Measure::number("modules", count as f64);
    match p.expected_modules {
        Some(expected) => {
            let expected = expected as f64;
            let mut rule = measure.at_least(rules::FEWER_MODULES, expected);
            let empty = empty_slots(memory);
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
        None => findings.note(measure),
    }
    for module in present(memory) {
        speed(module, p, findings);
    }
    let sizes = distinct(present(memory).map(|m| m.size_bytes.to_string()));
    let parts = distinct(present(memory).filter_map(|m| m.part_number.clone()));
    if sizes > 1 || parts > 1 {
        let message = format!(
            "modules of {sizes} sizes and {} part numbers are mixed",
            parts.max(1)
        );
        findings.broken(rules::MIXED_MODULES, None, message);
    }
}

fn empty_slots(memory: &Memory) -> Vec<&str> {
    let empty = memory.modules.iter().filter(|m| m.size_bytes == 0);
    empty.map(|m| m.locator.as_str()).collect()
}

fn distinct(values: impl Iterator<Item = String>) -> usize {
    values.collect::<std::collections::BTreeSet<_>>().len()
}

fn speed(module: &MemoryModule, p: &Parameters, findings: &mut Findings) {
    let Some(set) = module.configured_mts.filter(|mts| *mts > 0) else {
        return;
    };
    let place = Part {
        serial: module.serial.clone(),
        model: module.part_number.clone(),
        ..part("dimm", module.locator.clone())
    };
    let mut measure = Measure::number("configured-speed", f64::from(set))
        .unit("MT/s")
        .part(&place);
    if let Some(rated) = module.rated_mts.filter(|mts| *mts > 0) {
        let floor = f64::from(rated) * p.speed_warn_percent / 100.0;
        measure = measure.at_least(rules::SPEED_LOW, floor);
    }
    if let Some(expected) = p.expected_mts {
        let expected = expected as f64;
        measure = measure
            .at_least(rules::SPEED_UNEXPECTED, expected)
            .at_least(rules::SPEED_TOO_LOW, 0.8 * expected);
    }
    findings.hold(measure, || {
        format!("it is set to {set} MT/s: mixed modules, two per channel, or the firmware")
    });
}

/// What was tested, in a line.
pub fn summary(memory: &Memory, tested: u64, counters: &MemoryCounters) -> String {
    let installed = memory.installed_bytes.unwrap_or(memory.visible_bytes) as f64 / GIB;
    let counted = match counters.drivers.is_empty() {
        true => "nobody counts errors".to_owned(),
        false => format!("errors counted by {}", counters.drivers.join(", ")),
    };
    format!(
        "{:.1} of {installed:.1} GiB written and checked, {counted}",
        tested as f64 / GIB
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_stage::counters::DimmCounters;
    use vetting_stage::{Outcome, Verdict};

    fn counters(corrected: u64, uncorrected: u64) -> MemoryCounters {
        MemoryCounters {
            drivers: vec!["skx_edac".into()],
            dimms: vec![DimmCounters {
                controller: "mc0".into(),
                label: "DIMM_A1".into(),
                location: "channel 0 slot 0".into(),
                corrected,
                uncorrected,
            }],
            corrected_unattributed: 0,
            uncorrected_unattributed: 0,
        }
    }

    fn module(size_gib: u64, configured: Option<u32>) -> MemoryModule {
        MemoryModule {
            locator: "DIMM_A1".into(),
            bank: None,
            size_bytes: size_gib << 30,
            kind: None,
            rated_mts: Some(5200),
            configured_mts: configured,
            manufacturer: None,
            part_number: Some("P".into()),
            serial: None,
            ranks: None,
            total_width: Some(80),
            data_width: Some(64),
        }
    }

    fn memory(modules: Vec<MemoryModule>) -> Memory {
        Memory {
            visible_bytes: 32 << 30,
            available_bytes: 30 << 30,
            installed_bytes: None,
            error_correction: None,
            modules,
        }
    }

    fn judged(rule: impl FnOnce(&mut Findings)) -> Outcome {
        let mut findings = Findings::new();
        findings.hold(
            Measure::number("x", 0.0).at_most(rules::UNCORRECTED, 0.0),
            String::new,
        );
        rule(&mut findings);
        findings.outcome("")
    }

    #[test]
    fn corrected_errors_warn_and_ten_of_them_fail() {
        let with = |corrected, uncorrected| {
            judged(|f| {
                errors(
                    &counters(0, 0),
                    &counters(corrected, uncorrected),
                    &Parameters::default(),
                    f,
                )
            })
        };
        assert_eq!(with(0, 0).diagnoses.len(), 0);
        assert_eq!(
            (with(1, 0).verdict, with(1, 0).diagnoses.len()),
            (Verdict::Pass, 1)
        );
        assert_eq!(with(9, 0).verdict, Verdict::Pass);
        assert_eq!(with(10, 0).verdict, Verdict::Fail);
        assert_eq!(with(0, 1).verdict, Verdict::Fail);
        assert!(with(0, 1).message.contains("DIMM_A1"));
    }

    #[test]
    fn a_missing_module_fails_against_the_spec_and_a_slow_one_warns() {
        let expecting = Parameters {
            expected_modules: Some(2),
            ..Parameters::default()
        };
        let slot = |locator: &str| MemoryModule {
            locator: locator.into(),
            ..module(0, None)
        };
        let one = memory(vec![module(16, Some(5200)), slot("DIMM_B1")]);
        let outcome = judged(|f| modules(&one, &expecting, f));
        assert_eq!(outcome.verdict, Verdict::Fail);
        let place = outcome.diagnoses[0].part.as_ref().expect("the slot");
        assert_eq!(place.location, "DIMM_B1");
        let more = memory(vec![
            module(16, Some(5200)),
            slot("DIMM_B1"),
            slot("DIMM_C1"),
        ]);
        let outcome = judged(|f| modules(&more, &expecting, f));
        assert!(outcome.diagnoses[0].part.is_none(), "any of the two");
        assert_eq!(
            judged(|f| modules(&one, &Parameters::default(), f))
                .diagnoses
                .len(),
            0
        );
        let slow = memory(vec![module(16, Some(4000))]);
        assert_eq!(
            judged(|f| modules(&slow, &Parameters::default(), f))
                .diagnoses
                .len(),
            1
        );
        let spec = Parameters {
            expected_mts: Some(5200),
            ..Parameters::default()
        };
        assert_eq!(judged(|f| modules(&slow, &spec, f)).verdict, Verdict::Fail);
        let mixed = memory(vec![module(16, None), module(32, None)]);
        assert_eq!(
            judged(|f| modules(&mixed, &Parameters::default(), f))
                .diagnoses
                .len(),
            1
        );
    }
}
