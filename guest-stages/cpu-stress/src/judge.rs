//! The rules of CPUStress, on what was seen.

use std::collections::BTreeMap;

use vetting_facts::counters::{AerErrors, AerFunction};
use vetting_stage::kernel_events::{PCIE_CORRECTED, PCIE_UNCORRECTED};
use vetting_stage::stress::Job;
use vetting_stage::{Findings, Measure, Platform, StressReport, judge_endings, part};

use crate::counted::{self, Counted};
use crate::{Parameters, cores, coverage, rules};

/// Chips whose temperatures are processors'.
pub const CPU_SENSORS: &[&str] = &["coretemp", "k10temp", "k8temp", "zenpower", "cpu", "fam15h"];

/// One phase of load.
pub struct Phase {
    /// Its name in messages.
    pub name: &'static str,
    /// What was asked for.
    pub job: Job,
    /// What stress-ng reported.
    pub report: StressReport,
    /// Whether the attempt was cancelled under it.
    pub cancelled: bool,
}

/// Everything that was seen.
pub struct Evidence {
    /// The phases that were run, the comparable one first.
    pub phases: Vec<Phase>,
    /// How long the load ran.
    pub ran_ms: u64,
    /// Median frequencies in MHz under integer load.
    pub frequencies: Vec<f64>,
    /// Counters before the load.
    pub before: Counted,
    /// Counters after it.
    pub after: Option<Counted>,
    /// The machine.
    pub machine: Platform,
}

/// Holds everything.
pub fn evidence(seen: &Evidence, parameters: &Parameters, findings: &mut Findings) {
    for phase in &seen.phases {
        judge_endings(
            rules::Table,
            &phase.report,
            &phase.job,
            phase.name,
            phase.cancelled,
            findings,
        );
        coverage::held(phase, findings);
    }
    coverage::turns(seen, findings);
    cores::judge(seen, parameters, findings);
    if let Some(after) = &seen.after {
        throttling(seen, after, parameters, findings);
        pcie(&seen.before, after, findings);
    }
    // Idle clocks say nothing: a stress-ng that hung loaded nothing.
    let alone = seen.phases.first().map(|phase| &phase.report);
    let worked = |report: &StressReport| report.metrics().any(|(_, m)| m.bogo_ops > Some(0));
    if alone.is_some_and(worked) {
        frequency(seen, parameters, findings);
    }
}

/// Time that packages were throttled by heat. Spikes that the kernel does not time do not count.
fn throttling(seen: &Evidence, after: &Counted, p: &Parameters, findings: &mut Findings) {
    let mut packages: BTreeMap<u32, u64> = BTreeMap::new();
    let mut told = false;
    for cpu in &after.cpus.cpus {
        let was = seen.before.cpus.cpus.iter().find(|c| c.cpu == cpu.cpu);
        let was = was.and_then(|was| was.throttle.as_ref());
        let (Some(throttle), Some(was)) = (&cpu.throttle, was) else {
            continue;
        };
        for (now, before) in [
            (throttle.core_total_ms, was.core_total_ms),
            (throttle.package_total_ms, was.package_total_ms),
        ] {
            let (Some(now), Some(before)) = (now, before) else {
                continue;
            };
            told = true;
            let worst = packages.entry(cpu.package.unwrap_or(0)).or_default();
            *worst = (*worst).max(now.saturating_sub(before));
        }
    }
    if !told {
        return;
    }
    let bad = match seen.machine.is_portable {
        true => rules::THROTTLED_LONG_LENIENT,
        false => rules::THROTTLED_LONG,
    };
    for (package, milliseconds) in packages {
        let percent = 100.0 * milliseconds as f64 / seen.ran_ms as f64;
        let measure = Measure::number("throttled", percent)
            .unit("%")
            .part(&part("cpu", format!("package {package}")))
            .at_most(rules::THROTTLED, 0.0)
            .at_most(bad, p.throttled_fail_percent);
        findings.hold(measure, || {
            format!("throttled by heat for {milliseconds} ms, {percent:.1} % of the load: look at paste, fans, ducts and inlet")
        });
    }
}

/// Functions that reported errors while the load ran; the culprit may be the link's other end.
fn pcie(before: &Counted, after: &Counted, findings: &mut Findings) {
    for function in &after.aer {
        let Some(was) = before.aer.iter().find(|f| f.address == function.address) else {
            continue;
        };
        let came = |of: fn(&AerFunction) -> &Option<AerErrors>| {
            let count = |function| of(function).as_ref().map_or(0, AerErrors::all);
            count(function).saturating_sub(count(was))
        };
        let bad = came(|f| &f.fatal).saturating_add(came(|f| &f.nonfatal));
        let corrected = came(|f| &f.correctable);
        let place = part("pci", function.address.clone());
        let measure = Measure::number("pcie-uncorrected", bad as f64).part(&place);
        findings.hold(measure.at_most(PCIE_UNCORRECTED, 0.0), || {
            format!("{bad} uncorrected PCI Express errors under load; the fault may be the link partner's")
        });
        let measure = Measure::number("pcie-corrected", corrected as f64).part(&place);
        findings.hold(measure.at_most(PCIE_CORRECTED, 0.0), || {
            format!("{corrected} corrected PCI Express errors under load: reseat, look at riser and slot")
        });
    }
}

fn frequency(seen: &Evidence, p: &Parameters, findings: &mut Findings) {
    let bases: Vec<f64> = seen
        .before
        .cpus
        .cpus
        .iter()
        .filter_map(counted::base_mhz)
        .collect();
    // A hypervisor's guest is told frequencies that mean nothing.
    let now = vetting_stage::median(&seen.frequencies).filter(|_| !seen.machine.is_virtual);
    let Some(now) = now else { return };
    let base = vetting_stage::median(&bases).filter(|base| *base > 0.0);
    let Some(base) = base else {
        return frequency_of_max(now, seen, findings);
    };
    let percent = 100.0 * now / base;
    let bad = match seen.machine.is_portable {
        true => rules::FREQUENCY_TOO_LOW_LENIENT,
        false => rules::FREQUENCY_TOO_LOW,
    };
    let measure = Measure::number("frequency-of-base", percent)
        .unit("%")
        .at_least(rules::FREQUENCY_LOW, p.frequency_warn_percent)
        .at_least(bad, p.frequency_fail_percent);
    findings.hold(measure, || {
        format!("{now:.0} MHz under integer load on all cores, {percent:.0} % of the base frequency: power cap, PROCHOT, firmware profile or heat")
    });
}

/// Shares of the highest frequency, in per cent, below which no processor that is well runs with all cores
/// at work: boost clocks are at most about twice the base.
const OF_MAX: (f64, f64) = (40.0, 25.0);

/// Where no base frequency is known (AMD), the highest one says at least what is far too low.
fn frequency_of_max(now: f64, seen: &Evidence, findings: &mut Findings) {
    let cpus = seen.before.cpus.cpus.iter();
    let highest = cpus
        .filter_map(counted::highest_khz)
        .map(|khz| khz as f64 / 1e3);
    let highest: Vec<f64> = highest.filter(|mhz| *mhz > 0.0).collect();
    let Some(highest) = vetting_stage::median(&highest) else {
        return;
    };
    let percent = 100.0 * now / highest;
    let bad = if seen.machine.is_portable {
        rules::FREQUENCY_OF_MAX_LENIENT
    } else {
        rules::FREQUENCY_FAR_BELOW_MAX
    };
    let measure = Measure::number("frequency-of-max", percent)
        .unit("%")
        .at_least(rules::FREQUENCY_OF_MAX, OF_MAX.0)
        .at_least(bad, OF_MAX.1);
    findings.hold(measure, || {
        format!("{now:.0} MHz under integer load on all cores, {percent:.0} % of the highest frequency: power cap, PROCHOT, firmware profile or heat")
    });
}

#[cfg(test)]
mod tests;
