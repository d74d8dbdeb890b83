//! Memory: does it keep what is written, and who counts its errors?

mod judge;

use vetting_stage::context::Facts;
use vetting_stage::stress::{Job, Stressor, Summary};
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Findings, Heat, KernelEvents, Outcome, Plan, clock, context, counters, drive, explain,
    inventory, judge_endings, stress,
};

vetting_stage::parameters! {
    /// How long to write and check memory.
    duration: duration = "60s", "default";
    /// How much of the memory that may be touched is touched, in per cent.
    coverage_percent: number = 95.0, "default";
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
        findings.unknown("deadline", None, why);
        return Ok(findings.outcome("nothing was tested"));
    }
    if total < wish {
        let message = format!("the deadline cut {} s of test to {} s", wish / 1000, total / 1000);
        findings.warn("duration", None, message);
    }
    let machine = inventory::read().map_err(|e| explain(&e))?;
    let mut kernel = KernelEvents::watch();
    let before = counters::read().map_err(|e| explain(&e))?;
    let mut heat = Heat::default();
    let job = job(&facts, &parameters, total);
    let bytes = job.stressors.first().and_then(|s| s.memory_bytes).unwrap_or_default();
    let tested = match test(&job, &mut heat, &mut kernel) {
        Ok((summary, cancelled)) => {
            judge_endings(&summary, "memory", cancelled, &mut findings);
            let rounds: u64 = summary.metrics.iter().map(|m| m.bogo_ops).sum();
            judge::coverage(bytes, rounds, facts.live_image, &machine, &parameters, &mut findings);
            bytes
        }
        Err(error) => {
            findings.unknown("stress-ng", None, explain(&error));
            0
        }
    };
    match counters::read() {
        Ok(after) => judge::errors(&before.memory, &after.memory, &parameters, &mut findings),
        Err(error) => findings.unknown("memory-counters", None, explain(&error)),
    }
    judge::correction(&machine, &before.memory, &parameters, &mut findings);
    judge::modules(&machine.memory, &parameters, &mut findings);
    kernel.judge(&mut findings, true);
    Ok(findings.outcome(judge::summary(&machine.memory, tested, &before.memory)))
}

fn job(facts: &Facts, parameters: &Parameters, duration_ms: u64) -> Job {
    let share = parameters.coverage_percent.clamp(1.0, 100.0) / 100.0;
    Job {
        stressors: vec![Stressor {
            name: "vm".into(),
            workers: facts.cpu_allowance.clamp(1, 4096),
            method: None,
            memory_bytes: Some((facts.memory_allowance_bytes as f64 * share) as u64),
        }],
        duration_ms,
        verify: true,
        cpus: Vec::new(),
        per_cpu: false,
    }
}

fn test(job: &Job, heat: &mut Heat, kernel: &mut KernelEvents) -> Result<(Summary, bool), Error> {
    let _shown = context::progress(0.0, "writing and checking");
    let tool = stress::start(job)?;
    let driven = drive(&tool, 1_000, |progress| {
        if let Some(progress) = progress {
            let _shown = context::progress(progress.fraction, "writing and checking");
        }
        heat.read();
        kernel.collect();
        Drive::On
    })?;
    Ok((driven.summary, driven.cancelled))
}
