//! Which CPUs were loaded, and whether that is all of them.

use std::collections::BTreeSet;

use vetting_stage::{Findings, Measure};

use crate::judge::{Evidence, Phase};
use crate::{counted, rules};

/// What was tested, in a line.
pub fn summary(seen: &Evidence, hottest: Option<f64>, allowance: u32) -> String {
    let all = counted::online(&seen.before).len();
    let at_once = seen.phases.iter().map(|phase| phase.job.cpus.len()).max();
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
        .flat_map(|phase| phase.job.cpus.iter().copied())
        .collect()
}

/// Every CPU has its turn, unless fewer than half of them may be loaded.
pub fn turns(seen: &Evidence, findings: &mut Findings) {
    let whole = seen.phases.len() > 1 && seen.phases.iter().all(|phase| !phase.cancelled);
    let loaded = loaded(seen);
    let all = counted::online(&seen.before);
    let left: Vec<String> = all
        .into_iter()
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
        .report
        .metrics()
        .filter(|(_, metrics)| metrics.bogo_ops > Some(0))
        .filter_map(|(cpu, _)| cpu)
        .collect();
    let cpus = &phase.job.cpus;
    let idle = cpus.iter().filter(|cpu| !worked.contains(cpu));
    let idle: Vec<String> = idle.map(u32::to_string).collect();
    let tested = cpus.len().saturating_sub(idle.len());
    findings.note(Measure::number("cpus-tested", tested as f64));
    if !idle.is_empty() && !phase.cancelled {
        let message = format!("{}: CPU {} did no work", phase.name, idle.join(", "));
        findings.unknown(rules::COVERAGE, None, message);
    } else if cpus.is_empty() {
        findings.unknown(rules::COVERAGE, None, "no CPU was found to load");
    }
}
