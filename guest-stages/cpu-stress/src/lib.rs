//! CPUStress: does every core compute correctly, and can the machine cool it?
//!
//! First each CPU alone has a worker of its own doing integer work, which makes cores comparable;
//! then each has several kinds of work at once, every result checked.

mod cores;
mod counted;
mod coverage;
mod judge;
mod rules;

use vetting_stage::context::Facts;
use vetting_stage::stress::{Ending, Job, Stressor};
use vetting_stage::stress_endings::STRESS_NG;
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Findings, Heat, KernelEvents, Outcome, Plan, StressReport, clock, context, drive,
    explain, platform, sample, sampling_ms, stress,
};

vetting_stage::parameters! {
    /// How long to load the processors in all.
    duration: duration = "60s", "default";
    /// How far a core may be slower than the middle of its like, in per cent, before it is worth a look.
    core_slower_warn_percent: number = 5.0, "default";
    /// How far a core may be slower than the middle of its like, in per cent.
    core_slower_fail_percent: number = 15.0, "default";
    /// Robust z-score from which on a slow core is an outlier.
    core_outlier_z: number = 3.5, "Iglewicz and Hoaglin, How to Detect and Handle Outliers";
    /// Share of the run, in per cent, that a package may be throttled by heat.
    throttled_fail_percent: number = 1.0, "default";
    /// Frequency under full integer load, in per cent of base, below which it is worth a look.
    frequency_warn_percent: number = 95.0, "default";
    /// Frequency under full integer load, in per cent of base, that there must be.
    frequency_fail_percent: number = 80.0, "default";
    /// Degrees below a sensor's critical limit from which on it is worth a look.
    crit_margin_celsius: number = 5.0, "default";
}

vetting_stage::files! {
    /// to see throttling, base frequencies and PCI Express errors
    counted::FILES;
    /// to see frequencies under load
    counted::SAMPLED;
    /// to know whether the machine is a virtual or a portable one
    vetting_stage::platform::FILES;
}

vetting_stage::stage!(run);

/// Kept for tools to end and for judging.
const RESERVE_MS: u64 = 3_000;
/// Share of the time for the comparable phase, in per cent.
const ALONE_PERCENT: u64 = 35;
/// Less than this tests nothing.
const LEAST_MS: u64 = 2_000;

/// What was seen while a phase ran.
#[derive(Default)]
struct Seen {
    heat: Heat,
    /// Median frequencies of all CPUs in MHz, one per reading.
    frequencies: Vec<f64>,
}

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let facts = context::get();
    let plan = Plan::new(&facts);
    let mut findings = Findings::new();
    let wish = milliseconds(parameters.duration);
    let total = plan.fit_ms(wish, clock::monotonic(), RESERVE_MS);
    if total < LEAST_MS {
        let why = format!("only {total} ms are left before the deadline");
        findings.unknown(rules::DEADLINE, None, why);
        return Ok(findings.outcome("nothing was loaded"));
    }
    if total < wish / 2 {
        let message = format!(
            "the deadline left {} of {} s of load: less than half of what was asked for",
            total / 1000,
            wish / 1000
        );
        findings.unknown(rules::DEADLINE, None, message);
    } else if total < wish {
        let message = format!(
            "the deadline cut {} s of load to {} s",
            wish / 1000,
            total / 1000
        );
        findings.broken(rules::DURATION, None, message);
    }
    let mut kernel = KernelEvents::watch();
    let before = counted::read().map_err(|e| explain(&e))?;
    let [without_lowest, without_highest] = chosen(&counted::online(&before), &facts);
    let mut seen = Seen::default();
    let alone_ms = (total * ALONE_PERCENT / 100).max(1_000);
    let alone = job(&without_lowest, &[("cpu", Some("int64"))], alone_ms);
    let mixed_ms = total.saturating_sub(alone_ms).max(1_000);
    let mixed = [
        ("cpu", None),
        ("matrix", None),
        ("vecmath", None),
        ("zlib", None),
        ("hash", None),
        ("qsort", None),
    ];
    let mixed = job(&without_highest, &mixed, mixed_ms);
    let began = clock::monotonic();
    let every_ms = sampling_ms(total);
    let mut phases = Vec::new();
    for (name, job, from) in [
        ("each core alone", &alone, 0.0),
        ("a mix of loads", &mixed, 0.35),
    ] {
        let (ending, cancelled) = match phase(name, job, from, every_ms, &mut seen, &mut kernel) {
            Ok(done) => done,
            Err(error) => {
                findings.unknown(STRESS_NG, None, format!("{name}: {}", explain(&error)));
                break;
            }
        };
        phases.push(judge::Phase {
            name,
            job: job.clone(),
            report: StressReport::of(&ending),
            cancelled,
        });
        if cancelled {
            break;
        }
    }
    let ran_ms = (clock::monotonic().saturating_sub(began) / 1_000_000).max(1);
    let evidence = judge::Evidence {
        phases,
        ran_ms,
        frequencies: seen.frequencies,
        before,
        // After a cancel there is nothing to compare with.
        after: counted::read().ok(),
        machine: platform(),
    };
    judge::evidence(&evidence, &parameters, &mut findings);
    seen.heat.judge(
        &mut findings,
        judge::CPU_SENSORS,
        match evidence.machine.is_portable {
            true => rules::CRITICAL_TEMPERATURE_LENIENT,
            false => rules::CRITICAL_TEMPERATURE,
        },
        (rules::CRITICAL_MARGIN, parameters.crit_margin_celsius),
    );
    let other_sensors = seen.heat.highest().is_some();
    if other_sensors && !seen.heat.saw(judge::CPU_SENSORS) && !evidence.machine.is_virtual {
        let message =
            "no processor reports its temperature, though other parts do: cooling was not judged";
        findings.broken(rules::NO_TEMPERATURE, None, message);
    }
    if let Err(why) = kernel.judge(rules::Table, &mut findings) {
        findings.unknown(rules::KERNEL_LOG, None, why);
    }
    let summary = coverage::summary(&evidence, seen.heat.highest(), facts.cpu_allowance);
    Ok(findings.outcome(summary))
}

fn milliseconds(duration: core::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The CPUs to load in each phase: as many as may be, leaving the lowest ones to whoever works here in
/// the first phase, and the highest ones in the second, so that each has its turn.
fn chosen(all: &[u32], facts: &Facts) -> [Vec<u32>; 2] {
    let allowed = all.len().min(facts.cpu_allowance as usize);
    [all[all.len() - allowed..].to_vec(), all[..allowed].to_vec()]
}

fn job(cpus: &[u32], loads: &[(&str, Option<&str>)], duration_ms: u64) -> Job {
    let stressor = |(name, method): &(&str, Option<&str>)| Stressor {
        name: (*name).to_owned(),
        workers: 1,
        method: method.map(str::to_owned),
        memory_bytes: None,
    };
    Job {
        stressors: loads.iter().map(stressor).collect(),
        duration_ms,
        verify: true,
        cpus: cpus.to_vec(),
        per_cpu: true,
    }
}

fn phase(
    name: &str,
    job: &Job,
    from: f64,
    every_ms: u64,
    seen: &mut Seen,
    kernel: &mut KernelEvents,
) -> Result<(Ending, bool), Error> {
    let share = if from > 0.0 { 1.0 - from } else { 0.35 };
    let _shown = context::progress(from, name);
    let tool = stress::start(job)?;
    let driven = drive(&tool, every_ms, |progress| {
        if let Some(progress) = progress {
            let _shown = context::progress(from + share * progress.fraction, name);
        }
        seen.heat.read();
        kernel.collect();
        // Only integer load has the frequency that base promises.
        if from == 0.0
            && let Some(megahertz) = counted::frequency_mhz(&job.cpus)
        {
            sample("frequency", "cpu/median", megahertz, "MHz");
            seen.frequencies.push(megahertz);
        }
        Drive::On
    })?;
    Ok((driven.summary, driven.cancelled))
}
