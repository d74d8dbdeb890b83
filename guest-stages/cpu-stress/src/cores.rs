//! Each core against its like.

use std::collections::{BTreeMap, BTreeSet};

use vetting_facts::counters::Cpu;
use vetting_facts::stress_ng::Metrics;
use vetting_stage::{Findings, Measure, StressReport, median, part};

use crate::judge::{Evidence, Phase};
use crate::{Parameters, counted, rules};

/// Outliers among fewer cores than this are noise.
const FEWEST: usize = 4;

/// Cores whose highest frequencies are closer than this, in per cent, are of one kind: preferred cores
/// differ by a few per cent (Linux admin-guide/pm/amd-pstate), performance and efficiency cores by more
/// than 20.
const ONE_KIND_PERCENT: f64 = 15.0;

/// Holds each core, and each package, against its like, by work done per second of its own time. A thread
/// that shares its core with another one at work is of another kind than one that has it alone.
pub fn judge(seen: &Evidence, p: &Parameters, findings: &mut Findings) {
    let mut slow = BTreeSet::new();
    for (index, phase) in seen.phases.iter().enumerate() {
        if phase.cancelled || phase.report.stopped {
            continue;
        }
        let kinds = Kinds::of(&phase.report, &seen.before.cpus.cpus);
        let work = work(phase, &kinds, index == 0, findings);
        // Only one kind of work at a time is comparable enough to call a core bad.
        let lenient = seen.machine.is_virtual || seen.machine.is_portable || index > 0;
        let judged = Judged { p, lenient };
        if index == 0 && !lenient {
            judged.packages(&work, &seen.before.cpus.cpus, &mut slow, findings);
        }
        let most = work.values().map(Vec::len).max().unwrap_or(0);
        let few = (2..FEWEST).contains(&counted::online(&seen.before).len());
        if index == 0 && few && most == 1 && !seen.machine.is_virtual {
            let message = "too few cores were loaded at once to compare them with each other";
            findings.broken(rules::NOT_COMPARED, None, message);
        }
        for cores in work.values() {
            judged.cores(cores, &mut slow, findings);
        }
    }
}

/// A kind of cores: by frequency, and by the threads at work on each.
type Kind = (u32, u32);

/// What each core of a kind did, with 1 for the middle of its kind, over all kinds of load.
type Work = BTreeMap<Kind, Vec<(u32, f64)>>;

fn work(phase: &Phase, kinds: &Kinds, note: bool, findings: &mut Findings) -> Work {
    let mut rates: BTreeMap<(Kind, &str), Vec<(u32, f64)>> = BTreeMap::new();
    let asked = phase.job.duration_ms as f64 / 1000.0;
    for process in phase
        .report
        .processes
        .iter()
        .filter(|p| p.can_be_compared())
    {
        let Some(cpu) = process.cpu else { continue };
        for metrics in process.metrics() {
            // What ended early worked under another load than the others.
            let early = metrics
                .real_seconds
                .is_some_and(|seconds| seconds < 0.5 * asked);
            if let Some(rate) = rate(metrics).filter(|_| !early) {
                if note {
                    let place = part("cpu", format!("CPU {cpu}"));
                    findings.note(Measure::number("core-work", rate).unit("1/s").part(&place));
                }
                let of_kind = rates
                    .entry((kinds.of_cpu(cpu), &metrics.stressor))
                    .or_default();
                of_kind.push((cpu, rate));
            }
        }
    }
    let mut shares: BTreeMap<(Kind, u32), Vec<f64>> = BTreeMap::new();
    for ((kind, _), cores) in rates {
        let all: Vec<f64> = cores.iter().map(|(_, rate)| *rate).collect();
        let Some(middle) = median(&all).filter(|middle| *middle > 0.0) else {
            continue;
        };
        for (cpu, rate) in cores {
            shares.entry((kind, cpu)).or_default().push(rate / middle);
        }
    }
    let mut work = Work::new();
    for ((kind, cpu), shares) in shares {
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        work.entry(kind).or_default().push((cpu, mean));
    }
    work
}

/// Rounds per second of CPU time, so that what others did on the machine does not count.
fn rate(metrics: &Metrics) -> Option<f64> {
    let busy = metrics.user_seconds? + metrics.system_seconds?;
    let rate = if busy > 0.0 {
        metrics.bogo_ops? as f64 / busy
    } else {
        metrics.bogo_ops_per_real_second?
    };
    (rate.is_finite() && rate > 0.0).then_some(rate)
}

struct Judged<'a> {
    p: &'a Parameters,
    lenient: bool,
}

impl Judged<'_> {
    /// The cores of one kind, each of which is named once.
    fn cores(&self, cores: &[(u32, f64)], slow: &mut BTreeSet<u32>, findings: &mut Findings) {
        let shares: Vec<f64> = cores.iter().map(|(_, share)| *share).collect();
        let few = cores.len() < FEWEST;
        let usual = match few {
            // Of a few the fastest is the measure, and no more than a remark follows.
            true if cores.len() > 1 => shares.iter().copied().fold(0.0, f64::max),
            true => return,
            false => median(&shares).unwrap_or_default(),
        };
        let distances: Vec<f64> = shares.iter().map(|share| (share - usual).abs()).collect();
        // Where nearly all are equal, one per cent of the middle stands for the spread.
        let spread = median(&distances).unwrap_or_default().max(0.01 * usual);
        let (warn, fail) = (
            self.p.core_slower_warn_percent,
            self.p.core_slower_fail_percent,
        );
        for (cpu, share) in cores {
            let z = 0.6745 * (share - usual) / spread;
            let slower = 100.0 * (1.0 - share / usual.max(f64::MIN_POSITIVE));
            // Within the noise of its like it is not slower at all.
            let slower = if few || z <= -self.p.core_outlier_z {
                slower
            } else {
                0.0
            };
            let mut measure = Measure::number("core-slower", slower)
                .unit("%")
                .part(&part("cpu", format!("CPU {cpu}")));
            if few {
                measure = measure.below(rules::CORE_MUCH_SLOWER_LENIENT, fail);
            } else if slow.contains(cpu) {
                findings.note(measure);
                continue;
            } else {
                let bad = if self.lenient {
                    rules::CORE_MUCH_SLOWER_LENIENT
                } else {
                    rules::CORE_MUCH_SLOWER
                };
                measure = measure.below(rules::CORE_SLOWER, warn).below(bad, fail);
            }
            let good = findings.hold(measure, || {
                format!("CPU {cpu} is {slower:.0} % slower than its like (z {z:.1}): throttled or defective")
            });
            if !good {
                slow.insert(*cpu);
            }
        }
    }

    /// Each package against the fastest: where all cores of one are slow, none of them is an outlier.
    fn packages(
        &self,
        work: &Work,
        cpus: &[Cpu],
        slow: &mut BTreeSet<u32>,
        findings: &mut Findings,
    ) {
        let package_of = |cpu: u32| {
            cpus.iter()
                .find(|c| c.cpu == cpu)
                .map(|c| c.package.unwrap_or(0))
        };
        for cores in work.values() {
            let mut packages: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
            for (cpu, share) in cores {
                if let Some(package) = package_of(*cpu) {
                    packages.entry(package).or_default().push(*share);
                }
            }
            let middles = packages.iter().filter(|(_, shares)| shares.len() >= FEWEST);
            let middles = middles.filter_map(|(package, shares)| Some((*package, median(shares)?)));
            let middles: Vec<(u32, f64)> = middles.collect();
            let fastest = middles
                .iter()
                .map(|(_, middle)| *middle)
                .fold(0.0, f64::max);
            if middles.len() < 2 || fastest <= 0.0 {
                continue;
            }
            for (package, middle) in middles {
                let slower = 100.0 * (1.0 - middle / fastest);
                let measure = Measure::number("package-slower", slower)
                    .unit("%")
                    .part(&part("cpu", format!("package {package}")))
                    .below(rules::PACKAGE_SLOWER, self.p.core_slower_fail_percent);
                let good = findings.hold(measure, || {
                    format!("its cores are {slower:.0} % slower than those of the fastest package: power cap, heat, memory of that socket, or another model")
                });
                if !good {
                    let of_it = cores
                        .iter()
                        .filter(|(cpu, _)| package_of(*cpu) == Some(package));
                    slow.extend(of_it.map(|(cpu, _)| *cpu));
                }
            }
        }
    }
}

/// Which CPUs can be compared with each other: by frequency, and by the threads at work on their core.
struct Kinds(BTreeMap<u32, Kind>);

impl Kinds {
    fn of(report: &StressReport, cpus: &[Cpu]) -> Self {
        let mut threads: BTreeMap<(Option<u32>, Option<u32>), u32> = BTreeMap::new();
        let loaded = |cpu: &&Cpu| report.processes.iter().any(|p| p.cpu == Some(cpu.cpu));
        for cpu in cpus.iter().filter(loaded) {
            let count = threads.entry((cpu.package, cpu.core)).or_default();
            *count = count.saturating_add(1);
        }
        let mut by_speed: Vec<(f64, &Cpu)> = cpus
            .iter()
            .map(|cpu| (counted::highest_khz(cpu).unwrap_or(0) as f64, cpu))
            .collect();
        by_speed.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut kinds = BTreeMap::new();
        let (mut kind, mut slowest) = (0_u32, by_speed.first().map_or(0.0, |(khz, _)| *khz));
        for (khz, cpu) in by_speed {
            if khz > slowest * (1.0 + ONE_KIND_PERCENT / 100.0) {
                kind = kind.saturating_add(1);
                slowest = khz;
            }
            let at_work = threads.get(&(cpu.package, cpu.core));
            kinds.insert(cpu.cpu, (kind, at_work.copied().unwrap_or_default()));
        }
        Kinds(kinds)
    }

    fn of_cpu(&self, cpu: u32) -> Kind {
        self.0.get(&cpu).copied().unwrap_or_default()
    }
}
