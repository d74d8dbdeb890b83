//! The rules of Memory.

use vetting_facts::counters::{Controller, Edac};
use vetting_facts::inventory::{Memory, MemoryModule};
use vetting_stage::{Findings, Measure, Part, part};

use crate::edac::{self, Module};
use crate::modules::present;
use crate::patterns::Tested;
use crate::{Parameters, rules};

const GIB: f64 = (1_u64 << 30) as f64;

/// From this duration on a test is meant to be of the whole memory; a shorter one is its operator's choice.
const WHOLE_TEST_SECONDS: u64 = 60;

/// How much of what is free was tested. On a machine that somebody works on half is left alone.
pub fn coverage(
    tested: &Tested,
    live_image: bool,
    memory: &Memory,
    parameters: &Parameters,
    findings: &mut Findings,
) {
    let (Some(free), Some(visible)) = (memory.available_bytes, memory.visible_bytes) else {
        let message = "proc/meminfo does not say how much memory is free, so that no share of it is known";
        return findings.unknown(rules::COVERAGE, None, message);
    };
    if free < visible / 2 {
        let message = format!(
            "only {} of {} GiB are free to be tested: huge pages are reserved, or others use them",
            gib(free),
            gib(visible)
        );
        findings.broken(rules::FREE_LOW, None, message);
    }
    if !tested.is_whole() {
        let message = format!(
            "{:.2} of a round over {} GiB was finished, and none is whole: give it more time with duration",
            tested.rounds,
            gib(tested.asked)
        );
        return findings.unknown(rules::COVERAGE, None, message);
    }
    let share = 100.0 * tested.asked as f64 / free.max(1) as f64;
    let measure = Measure::number("memory-tested", share).unit("%");
    if live_image {
        let floor = parameters.coverage_warn_percent;
        findings.hold(measure.at_least(rules::COVERAGE_LOW, floor), || {
            format!(
                "{} of {} GiB that were free were tested",
                gib(tested.asked),
                gib(free)
            )
        });
        return;
    }
    findings.note(measure);
    let whole = parameters.duration.as_secs() >= WHOLE_TEST_SECONDS;
    if whole && tested.asked < tested.may / 2 {
        let message = format!(
            "{} of {} GiB that may be touched were tested: give it more time with duration",
            gib(tested.asked),
            gib(tested.may)
        );
        findings.broken(rules::COVERAGE_PART, None, message);
    }
}

fn gib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / GIB)
}

/// Error counts, before and after: what came during the test and what was there, by module.
pub fn errors(before: &Edac, after: &Edac, p: &Parameters, findings: &mut Findings) {
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
    let earlier = edac::modules(before);
    for module in edac::modules(after) {
        let same = |m: &&Module| m.controller == module.controller && m.name == module.name;
        let was = earlier.iter().find(same);
        let was = |count: fn(&Module) -> Option<u64>| was.and_then(count).unwrap_or(0);
        // A count that could not be read is said below.
        hold(
            Some(part("dimm", module.place())),
            (module.corrected.unwrap_or(0), was(|m| m.corrected)),
            (module.uncorrected.unwrap_or(0), was(|m| m.uncorrected)),
        );
    }
    if !after.controllers.is_empty() {
        let sum = |edac: &Edac, count: fn(&Controller) -> Option<u64>| {
            let counts = edac.controllers.iter().filter_map(count);
            counts.fold(0, u64::saturating_add)
        };
        hold(
            None,
            (
                sum(after, |c| c.corrected_unattributed),
                sum(before, |c| c.corrected_unattributed),
            ),
            (
                sum(after, |c| c.uncorrected_unattributed),
                sum(before, |c| c.uncorrected_unattributed),
            ),
        );
    }
    let unread = edac::unread(after);
    if let Some(first) = unread.first() {
        let message = format!(
            "{} counters of memory errors could not be read: {first}",
            unread.len()
        );
        findings.unknown(rules::COUNTERS, None, message);
    }
    let modules = edac::modules(after).into_iter();
    let counts = modules.filter_map(|module| module.corrected);
    let counts: Vec<u64> = counts.filter(|count| *count > 0).collect();
    let all = counts
        .iter()
        .fold(0_u64, |all, count| all.saturating_add(*count));
    let limit = p.corrected_fail;
    if counts.len() > 1 && all > limit && counts.iter().all(|count| *count <= limit) {
        let message = format!(
            "{all} corrected memory errors over {} modules, none of which has more than {limit} alone: look at seating, board and processor",
            counts.len()
        );
        findings.broken(rules::CORRECTED_ALL, None, message);
    }
}

/// Whether errors are corrected and counted.
pub fn correction(
    memory: &Memory,
    is_virtual: bool,
    counters: &Edac,
    p: &Parameters,
    findings: &mut Findings,
) {
    let word = memory.error_correction.as_deref().unwrap_or_default();
    let wide =
        |m: &MemoryModule| matches!((m.total_width, m.data_width), (Some(t), Some(d)) if t > d);
    let has_ecc =
        word.contains("ECC") || present(memory).any(wide) || !counters.controllers.is_empty();
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
    if has_ecc && counters.controllers.is_empty() && !is_virtual {
        let message = "the memory corrects errors, but there are no EDAC error counters: load the chipset's EDAC driver";
        findings.unknown(rules::EDAC, None, message);
    }
}

/// What was tested, in a line.
pub fn summary(memory: &Memory, tested: u64, counters: &Edac) -> String {
    let installed = memory.installed_bytes.or(memory.visible_bytes);
    let installed = installed.unwrap_or(0) as f64 / GIB;
    let controllers = edac::controllers(counters);
    let counted = match controllers.is_empty() {
        true => "no EDAC error counters".to_owned(),
        false => format!("errors counted by {}", controllers.join(", ")),
    };
    format!(
        "{:.1} of {installed:.1} GiB written and checked, {counted}",
        tested as f64 / GIB
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules;
    use vetting_facts::counters::Dimm;
    use vetting_facts::inventory::CountedAs;
    use vetting_stage::{Outcome, Verdict};

    fn counters(corrected: u64, uncorrected: u64) -> Edac {
        Edac {
            controllers: vec![Controller {
                controller: "mc0".into(),
                name: Some("Skylake Socket#0 IMC#0".into()),
                dimms: vec![Dimm {
                    name: "dimm0".into(),
                    label: Some("DIMM_A1".into()),
                    location: Some("channel 0 slot 0".into()),
                    corrected: Some(corrected),
                    uncorrected: Some(uncorrected),
                    ..Dimm::default()
                }],
                ..Controller::default()
            }],
            ..Edac::default()
        }
    }

    fn module(size_gib: u64, configured: Option<u32>) -> MemoryModule {
        MemoryModule {
            label: "DIMM_A1".into(),
            counted_as: match size_gib {
                0 => CountedAs::Empty,
                _ => CountedAs::Memory,
            },
            size_bytes: Some(size_gib << 30).filter(|bytes| *bytes > 0),
            rated_mts: Some(5200),
            configured_mts: configured,
            part_number: Some("P".into()),
            total_width: Some(80),
            data_width: Some(64),
            ..MemoryModule::default()
        }
    }

    fn memory(modules: Vec<MemoryModule>) -> Memory {
        Memory {
            visible_bytes: Some(32 << 30),
            available_bytes: Some(30 << 30),
            modules,
            ..Memory::default()
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
        let slot = |label: &str| MemoryModule {
            label: label.into(),
            ..module(0, None)
        };
        let one = memory(vec![module(16, Some(5200)), slot("DIMM_B1")]);
        let outcome = judged(|f| modules::judge(&one, &expecting, f));
        assert_eq!(outcome.verdict, Verdict::Fail);
        let place = outcome.diagnoses[0].part.as_ref().expect("the slot");
        assert_eq!(place.location, "DIMM_B1");
        let more = memory(vec![
            module(16, Some(5200)),
            slot("DIMM_B1"),
            slot("DIMM_C1"),
        ]);
        let outcome = judged(|f| modules::judge(&more, &expecting, f));
        assert!(outcome.diagnoses[0].part.is_none(), "any of the two");
        assert_eq!(
            judged(|f| modules::judge(&one, &Parameters::default(), f))
                .diagnoses
                .len(),
            0
        );
        let slow = memory(vec![module(16, Some(4000))]);
        assert_eq!(
            judged(|f| modules::judge(&slow, &Parameters::default(), f))
                .diagnoses
                .len(),
            1
        );
        let spec = Parameters {
            expected_mts: Some(5200),
            ..Parameters::default()
        };
        assert_eq!(
            judged(|f| modules::judge(&slow, &spec, f)).verdict,
            Verdict::Fail
        );
        let mixed = memory(vec![module(16, None), module(32, None)]);
        assert_eq!(
            judged(|f| modules::judge(&mixed, &Parameters::default(), f))
                .diagnoses
                .len(),
            1
        );
    }

    #[test]
    fn what_was_not_tested_is_said() {
        let with = |tested: Tested, free: u64| {
            let memory = Memory {
                available_bytes: Some(free),
                ..memory(Vec::new())
            };
            judged(|f| coverage(&tested, false, &memory, &Parameters::default(), f))
        };
        let whole = Tested {
            may: 14 << 30,
            asked: 14 << 30,
            rounds: 3.0,
        };
        assert_eq!(with(whole, 30 << 30).diagnoses.len(), 0);
        let half = Tested {
            rounds: 0.5,
            ..whole
        };
        assert!(matches!(
            with(half, 30 << 30).verdict,
            Verdict::Inconclusive(_)
        ));
        let part = Tested {
            asked: 1 << 30,
            ..whole
        };
        assert_eq!(with(part, 30 << 30).diagnoses.len(), 1);
        let reserved = with(whole, 2 << 30);
        assert!(
            reserved.message.contains("2.0 of 32.0 GiB"),
            "{}",
            reserved.message
        );
    }
}
