//! Memory: does it keep what is written, and who counts its errors?

mod judge;
mod rules;

use vetting_stage::context::Facts;
use vetting_stage::stress::{Job, Stressor, Summary};
use vetting_stage::stress_endings::STRESS_NG;
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Findings, Heat, KernelEvents, Outcome, Plan, clock, context, counters, drive, explain,
    inventory, judge_endings, sampling_ms, stress,
};

vetting_stage::parameters! {
    /// How long to write and check memory.
    duration: duration = "60s", "default";
    /// How much of the memory that may be touched is touched, in per cent.
    coverage_percent: number = 95.0, "default";
    /// What one worker writes and checks in a second, in MiB, so that a round over the memory fits
    /// into the duration: more is not touched.
    worker_mib_per_second: integer = 400, "default: half of what a slow server core does";
    /// Share of the free memory, in per cent, that a live image should test at least.
    coverage_warn_percent: number = 90.0, "default; OpenStack Ironic uses 98";
    /// Corrected errors of one module from which on it is worth a look: more than this.
    corrected_warn: integer = 0, "default";
    /// Corrected errors that one module may have.
    corrected_fail: integer = 9, "mcelog.conf: 10 in 24 h";
    /// Uncorrected errors that one module may have.
    uncorrected_fail: integer = 0, "Linux EDAC, admin-guide/RAS";
    /// Whether memory without error correction is a failure.
    require_ecc: boolean = false, "the machine's spec";
    /// How many modules must be seen.
    expected_modules: optional_integer = null, "the machine's spec";
    /// The speed that every module must be set to, in megatransfers per second.
    expected_mts: optional_integer = null, "the machine's spec";
    /// Configured speed, in per cent of what a module can do, below which it is worth a look.
    speed_warn_percent: number = 80.0, "default";
}

vetting_stage::stage!(run);

/// Kept for tools to end and for judging.
const RESERVE_MS: u64 = 3_000;
/// Less than this tests nothing.
const LEAST_MS: u64 = 2_000;

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let facts = context::get();
    let mut findings = Findings::new();
    let wish = u64::try_from(parameters.duration.as_millis()).unwrap_or(u64::MAX);
    let total = Plan::new(&facts).fit_ms(wish, clock::monotonic(), RESERVE_MS);
    if total < LEAST_MS {
        let why = format!("only {total} ms are left before the deadline");
        findings.unknown(rules::DEADLINE, None, why);
        return Ok(findings.outcome("nothing was tested"));
    }
    if total < wish {
        let message = format!(
            "the deadline cut {} s of test to {} s",
            wish / 1000,
            total / 1000
        );
        findings.broken(rules::DURATION, None, message);
    }
    let machine = inventory::read().map_err(|e| explain(&e))?;
    let mut kernel = KernelEvents::watch();
    let before = counters::read().map_err(|e| explain(&e))?;
    let mut heat = Heat::default();
    let bytes = touched(&facts, &parameters, total);
    let mut tested = 0;
    for pass in PASSES {
        match test(
            &pass,
            &job(&pass, &facts, bytes, total),
            sampling_ms(total),
            &mut heat,
            &mut kernel,
        ) {
            Ok((summary, cancelled)) => {
                judge_endings(rules::Table, &summary, pass.name, cancelled, &mut findings);
                let rounds: u64 = summary.metrics.iter().map(|m| m.bogo_ops).sum();
                if pass.covers && rounds > 0 {
                    tested = bytes;
                }
                // An exit status alone is no work done.
                if summary.metrics.is_empty() && !cancelled && !summary.partial {
                    let message = format!("{}: stress-ng told of no work", pass.name);
                    findings.unknown(STRESS_NG, None, message);
                }
                if cancelled {
                    break;
                }
            }
            Err(error) => {
                findings.unknown(STRESS_NG, None, explain(&error));
                break;
            }
        }
    }
    judge::coverage(
        tested,
        facts.live_image,
        &machine,
        &parameters,
        &mut findings,
    );
    match counters::read() {
        Ok(after) => judge::errors(&before.memory, &after.memory, &parameters, &mut findings),
        Err(error) => findings.unknown(rules::COUNTERS, None, explain(&error)),
    }
    judge::correction(&machine, &before.memory, &parameters, &mut findings);
    judge::modules(&machine.memory, &parameters, &mut findings);
    if let Err(why) = kernel.judge(rules::Table, &mut findings) {
        findings.unknown(rules::KERNEL_LOG, None, why);
    }
    Ok(findings.outcome(judge::summary(&machine.memory, tested, &before.memory)))
}

/// One pass over the memory.
struct Pass {
    /// In messages.
    name: &'static str,
    /// stress-ng's pattern; `None`: all that there are, one after the other.
    method: Option<&'static str>,
    /// Its share of the time, in per cent, and where that begins.
    percent: u64,
    from: f64,
    /// Whether it is meant to touch everything.
    covers: bool,
}

/// First zeros and ones over everything, which is quick; then as many patterns as there is time for.
const PASSES: [Pass; 2] = [
    Pass {
        name: "zeros and ones",
        method: Some("zero-one"),
        percent: 60,
        from: 0.0,
        covers: true,
    },
    Pass {
        name: "many patterns",
        method: None,
        percent: 40,
        from: 0.6,
        covers: false,
    },
];

/// How many bytes: what may be touched, and can be in the time there is.
fn touched(facts: &Facts, parameters: &Parameters, total_ms: u64) -> u64 {
    let share = parameters.coverage_percent.clamp(1.0, 100.0) / 100.0;
    let may = (facts.memory_allowance_bytes as f64 * share) as u64;
    let milliseconds = total_ms * PASSES[0].percent / 100;
    let rate = parameters.worker_mib_per_second.saturating_mul(1 << 20) / 1000;
    let can = rate
        .saturating_mul(milliseconds)
        .saturating_mul(facts.cpu_allowance.max(1).into());
    may.min(can)
}

fn job(pass: &Pass, facts: &Facts, bytes: u64, total_ms: u64) -> Job {
    Job {
        stressors: vec![Stressor {
            name: "vm".into(),
            workers: facts.cpu_allowance.clamp(1, 4096),
            method: pass.method.map(str::to_owned),
            memory_bytes: Some(bytes),
        }],
        duration_ms: (total_ms * pass.percent / 100).max(1_000),
        verify: true,
        cpus: Vec::new(),
        per_cpu: false,
    }
}

fn test(
    pass: &Pass,
    job: &Job,
    every_ms: u64,
    heat: &mut Heat,
    kernel: &mut KernelEvents,
) -> Result<(Summary, bool), Error> {
    let _shown = context::progress(pass.from, pass.name);
    let tool = stress::start(job)?;
    let driven = drive(&tool, every_ms, |progress| {
        if let Some(progress) = progress {
            let share = pass.percent as f64 / 100.0;
            let _shown = context::progress(pass.from + share * progress.fraction, pass.name);
        }
        heat.read();
        kernel.collect();
        Drive::On
    })?;
    Ok((driven.summary, driven.cancelled))
}
