//! The rules of CPUStress, on what was seen.

use std::collections::BTreeMap;

use vetting_stage::counters::Reading;
use vetting_stage::inventory::Parts;
use vetting_stage::kernel_events::{PCIE_CORRECTED, PCIE_UNCORRECTED};
use vetting_stage::stress::{Metrics, Summary};
use vetting_stage::{Findings, Measure, judge_endings, median, part};

use crate::{Parameters, coverage, rules};

/// Chips whose temperatures are processors'.
pub const CPU_SENSORS: &[&str] = &["coretemp", "k10temp", "k8temp", "zenpower", "cpu", "fam15h"];

/// Outliers among fewer cores than this are noise.
const FEWEST: usize = 4;

/// What kind of machine it is, as far as the rules ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine {
    /// Its clocks and heat are another machine's.
    pub is_virtual: bool,
    /// It is built to be throttled.
    pub portable: bool,
}

impl Machine {
    /// By its inventory; an ordinary machine where there is none.
    pub fn of(parts: Option<&Parts>) -> Self {
        let Some(parts) = parts else {
            return Machine::default();
        };
        let chassis = parts.system.chassis.as_deref().unwrap_or_default();
        let words = [
            "Notebook",
            "Laptop",
            "Portable",
            "Convertible",
            "Tablet",
            "Hand Held",
        ];
        Machine {
            is_virtual: parts.system.hypervisor.is_some(),
            portable: words.iter().any(|word| chassis.contains(word)),
        }
    }
}

/// One phase of load.
pub struct Phase {
    /// Its name in messages.
    pub name: &'static str,
    /// The CPUs that were to be loaded.
    pub cpus: Vec<u32>,
    /// stress-ng's result.
    pub summary: Summary,
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
    pub before: Reading,
    /// Counters after it.
    pub after: Option<Reading>,
    /// The machine.
    pub machine: Machine,
}

/// Holds everything.
pub fn evidence(seen: &Evidence, parameters: &Parameters, findings: &mut Findings) {
    for phase in &seen.phases {
        judge_endings(
            rules::Table,
            &phase.summary,
            phase.name,
            phase.cancelled,
            findings,
        );
        coverage::held(phase, findings);
    }
    coverage::turns(seen, findings);
    if let Some(alone) = seen.phases.first().filter(|phase| !phase.cancelled) {
        outliers(&alone.summary.metrics, seen, parameters, findings);
    }
    if let Some(after) = &seen.after {
        throttling(seen, after, parameters, findings);
        pcie(&seen.before, after, findings);
    }
    frequency(seen, parameters, findings);
}

/// Each core against the middle of those of its kind, by work done per second of its own time.
fn outliers(metrics: &[Metrics], seen: &Evidence, p: &Parameters, findings: &mut Findings) {
    let kind_of = |cpu: u32| {
        let found = seen.before.cpus.iter().find(|c| c.cpu == cpu);
        found.and_then(|c| c.max_mhz).map_or(0, |mhz| mhz as u64)
    };
    let mut kinds: BTreeMap<u64, Vec<(u32, f64)>> = BTreeMap::new();
    for metric in metrics {
        let Some(cpu) = metric.cpu else { continue };
        // CPU time, so that what others did on the machine does not count.
        let busy = metric.user_seconds + metric.system_seconds;
        let rate = match busy > 0.0 {
            true => metric.bogo_ops as f64 / busy,
            false => metric.bogo_ops_per_second,
        };
        if rate.is_finite() && rate > 0.0 {
            let place = part("cpu", format!("CPU {cpu}"));
            findings.note(Measure::number("core-work", rate).unit("1/s").part(&place));
            kinds.entry(kind_of(cpu)).or_default().push((cpu, rate));
        }
    }
    let bad = match seen.machine.is_virtual || seen.machine.portable {
        true => rules::CORE_MUCH_SLOWER_LENIENT,
        false => rules::CORE_MUCH_SLOWER,
    };
    for cores in kinds.into_values().filter(|cores| cores.len() >= FEWEST) {
        let rates: Vec<f64> = cores.iter().map(|(_, rate)| *rate).collect();
        let Some(middle) = median(&rates) else {
            continue;
        };
        let distances: Vec<f64> = rates.iter().map(|rate| (rate - middle).abs()).collect();
        // Where nearly all are equal, one per cent of the middle stands for the spread.
        let spread = median(&distances).unwrap_or_default().max(0.01 * middle);
        for (cpu, rate) in cores {
            let z = 0.6745 * (rate - middle) / spread;
            let slower = 100.0 * (1.0 - rate / middle);
            // Within the noise of its like it is not slower at all.
            let slower = if z <= -p.core_outlier_z { slower } else { 0.0 };
            let measure = Measure::number("core-slower", slower)
                .unit("%")
                .part(&part("cpu", format!("CPU {cpu}")))
                .below(rules::CORE_SLOWER, p.core_slower_warn_percent)
                .below(bad, p.core_slower_fail_percent);
            findings.hold(measure, || {
                format!("CPU {cpu} is {slower:.0} % slower than its like (z {z:.1}): throttled or defective")
            });
        }
    }
}

/// Time that packages were throttled by heat. Spikes that the kernel does not time do not count.
fn throttling(seen: &Evidence, after: &Reading, p: &Parameters, findings: &mut Findings) {
    let mut packages: BTreeMap<u32, u64> = BTreeMap::new();
    let mut told = false;
    for cpu in &after.cpus {
        let Some(was) = seen.before.cpus.iter().find(|c| c.cpu == cpu.cpu) else {
            continue;
        };
        for (now, before) in [
            (cpu.core_throttle_ms, was.core_throttle_ms),
            (cpu.package_throttle_ms, was.package_throttle_ms),
        ] {
            let (Some(now), Some(before)) = (now, before) else {
                continue;
            };
            told = true;
            let worst = packages.entry(cpu.package).or_default();
            *worst = (*worst).max(now.saturating_sub(before));
        }
    }
    if !told {
        return;
    }
    let bad = match seen.machine.portable {
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
fn pcie(before: &Reading, after: &Reading, findings: &mut Findings) {
    for function in &after.pcie {
        let Some(was) = before.pcie.iter().find(|f| f.address == function.address) else {
            continue;
        };
        let bad = function.fatal.saturating_sub(was.fatal)
            + function.nonfatal.saturating_sub(was.nonfatal);
        let corrected = function.correctable.saturating_sub(was.correctable);
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
        .iter()
        .filter_map(|cpu| cpu.base_mhz)
        .collect();
    let (Some(now), Some(base)) = (median(&seen.frequencies), median(&bases)) else {
        return;
    };
    // A hypervisor's guest is told frequencies that mean nothing.
    if seen.machine.is_virtual || base <= 0.0 {
        return;
    }
    let percent = 100.0 * now / base;
    let bad = match seen.machine.portable {
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

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_stage::Verdict;
    use vetting_stage::counters::{CpuCounters, MemoryCounters, PcieCounters};
    use vetting_stage::stress::Ending;

    fn counters(throttled: u64, fatal: u64) -> Reading {
        let cpu = |cpu| CpuCounters {
            cpu,
            core: cpu,
            package: 0,
            current_mhz: Some(3000.0),
            base_mhz: Some(2800.0),
            max_mhz: Some(3900.0),
            core_throttle_ms: Some(0),
            package_throttle_ms: Some(throttled),
        };
        Reading {
            cpus: (0..8).map(cpu).collect(),
            memory: MemoryCounters {
                drivers: Vec::new(),
                dimms: Vec::new(),
                corrected_unattributed: 0,
                uncorrected_unattributed: 0,
            },
            pcie: vec![PcieCounters {
                address: "0000:50:00.0".into(),
                correctable: 0,
                nonfatal: 0,
                fatal,
            }],
            nics: Vec::new(),
            disks: Vec::new(),
            extra: Vec::new(),
        }
    }

    fn phase(rates: [f64; 8]) -> Phase {
        let metric = |(cpu, rate): (usize, &f64)| Metrics {
            stressor: "cpu".into(),
            cpu: u32::try_from(cpu).ok(),
            bogo_ops: (rate * 10.0) as u64,
            bogo_ops_per_second: *rate,
            real_seconds: 10.0,
            user_seconds: 10.0,
            system_seconds: 0.0,
        };
        let ending = |cpu| Ending {
            cpu: Some(cpu),
            exit_status: Some(0),
            failures: Vec::new(),
            output_tail: String::new(),
        };
        Phase {
            name: "each core alone",
            cpus: (0..8).collect(),
            summary: Summary {
                version: "0.15.06".into(),
                metrics: rates.iter().enumerate().map(metric).collect(),
                endings: (0..8).map(ending).collect(),
                partial: false,
                runtime_ms: 10_000,
                extra: Vec::new(),
            },
            cancelled: false,
        }
    }

    fn good() -> Evidence {
        Evidence {
            phases: vec![phase([
                1000.0, 1003.0, 998.0, 1001.0, 999.0, 1002.0, 1000.0, 1000.0,
            ])],
            ran_ms: 10_000,
            frequencies: vec![3000.0],
            before: counters(0, 0),
            after: Some(counters(0, 0)),
            machine: Machine::default(),
        }
    }

    fn judged(seen: &Evidence) -> (Verdict, usize) {
        let mut findings = Findings::new();
        evidence(seen, &Parameters::default(), &mut findings);
        let outcome = findings.outcome("");
        (outcome.verdict, outcome.diagnoses.len())
    }

    #[test]
    fn even_cores_pass() {
        assert_eq!(judged(&good()), (Verdict::Pass, 0));
    }

    #[test]
    fn a_slow_core_fails_on_iron_and_warns_on_a_guest() {
        let mut seen = good();
        seen.phases = vec![phase([
            1000.0, 1003.0, 998.0, 700.0, 999.0, 1002.0, 1000.0, 1000.0,
        ])];
        assert_eq!(judged(&seen).0, Verdict::Fail);
        seen.machine.is_virtual = true;
        assert_eq!(judged(&seen), (Verdict::Pass, 1));
        seen.machine.is_virtual = false;
        seen.phases = vec![phase([
            1000.0, 1003.0, 998.0, 920.0, 999.0, 1002.0, 1000.0, 1000.0,
        ])];
        assert_eq!(judged(&seen), (Verdict::Pass, 1), "8 % is a remark");
    }

    #[test]
    fn a_core_that_did_nothing_was_not_tested() {
        let mut seen = good();
        seen.phases[0].summary.metrics[5].bogo_ops = 0;
        assert!(matches!(judged(&seen).0, Verdict::Inconclusive(_)));
        let mut turns = good();
        turns.phases.push(phase([1000.0; 8]));
        for (first, passes) in [(1, true), (2, false)] {
            turns.phases[0].cpus = (first..8).collect();
            turns.phases[1].cpus = vec![0];
            assert_eq!(judged(&turns).0 == Verdict::Pass, passes);
        }
    }

    #[test]
    fn heat_and_pcie_errors_under_load() {
        let mut seen = good();
        seen.after = Some(counters(50, 0));
        assert_eq!(judged(&seen), (Verdict::Pass, 1));
        seen.after = Some(counters(101, 0));
        assert_eq!(judged(&seen).0, Verdict::Fail);
        seen.machine.portable = true;
        assert_eq!(judged(&seen).0, Verdict::Pass);
        seen.after = Some(counters(0, 1));
        assert_eq!(judged(&seen).0, Verdict::Fail);
    }

    #[test]
    fn the_frequency_that_base_promises() {
        let mut seen = good();
        for (megahertz, verdict, findings) in [
            (2660.0, Verdict::Pass, 0),
            (2500.0, Verdict::Pass, 1),
            (2200.0, Verdict::Fail, 1),
        ] {
            seen.frequencies = vec![megahertz];
            assert_eq!(judged(&seen), (verdict, findings), "{megahertz}");
        }
    }
}
