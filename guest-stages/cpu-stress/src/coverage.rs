//! Which CPUs were loaded, and whether that is all of them.

use std::collections::BTreeSet;

use vetting_stage::{Findings, Measure};

use crate::judge::{Evidence, Phase};
use crate::rules;

/// What was tested, in a line.
pub fn summary(seen: &Evidence, hottest: Option<f64>, allowance: u32) -> String {
    let all = seen.before.cpus.len();
    let at_once = seen.phases.iter().map(|phase| phase.cpus.len()).max();
    let minutes = at_once.unwrap_or_default() as f64 * seen.ran_ms as f64 / 60_000.0;
    let heat = hottest.map_or(String::new(), |celsius| {
        format!(", at most {celsius:.0} °C")
    });
    let left = match all > allowance as usize {
        true => format!(" ({allowance} at once, the rest was left to whoever works here)"),
        false => String::new(),
    };
    format!(
        "{} of {all} CPUs loaded{left}, {minutes:.1} core-minutes checked{heat}",
        loaded(seen).len()
    )
}

/// The CPUs that were to be loaded in one phase or another.
fn loaded(seen: &Evidence) -> BTreeSet<u32> {
    let phases = seen.phases.iter();
    phases
        .flat_map(|phase| phase.cpus.iter().copied())
        .collect()
}

/// Every CPU has its turn, unless fewer than half of them may be loaded.
pub fn turns(seen: &Evidence, findings: &mut Findings) {
    let whole = seen.phases.len() > 1 && seen.phases.iter().all(|phase| !phase.cancelled);
    let loaded = loaded(seen);
    let all = seen.before.cpus.iter().map(|cpu| cpu.cpu);
    let left: Vec<String> = all
        .filter(|cpu| whole && !loaded.contains(cpu))
        .map(|cpu| cpu.to_string())
        .collect();
    if !left.is_empty() {
        let message = format!("CPU {} may not be loaded here", left.join(", "));
        findings.unknown(rules::COVERAGE, None, message);
    }
}

/// Every CPU that a phase loads must have done something.
pub fn held(phase: &Phase, findings: &mut Findings) {
    let worked: BTreeSet<u32> = phase
        .summary
        .metrics
        .iter()
        .filter(|m| m.bogo_ops > 0)
        .filter_map(|m| m.cpu)
        .collect();
    let idle: Vec<String> = phase
        .cpus
        .iter()
        .filter(|cpu| !worked.contains(cpu))
        .map(u32::to_string)
        .collect();
    let tested = phase.cpus.len() - idle.len();
    findings.note(Measure::number("cpus-tested", tested as f64));
    if !idle.is_empty() && !phase.cancelled {
        let message = format!("{}: CPU {} did no work", phase.name, idle.join(", "));
        findings.unknown(rules::COVERAGE, None, message);
    } else if phase.cpus.is_empty() {
        findings.unknown(rules::COVERAGE, None, "no CPU was found to load");
    }
}
