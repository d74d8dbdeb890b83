//! Memory: does it keep what is written, and who counts its errors?

mod edac;
mod judge;
mod memtest;
mod modules;
mod patterns;
mod rules;

use vetting_facts::inventory;
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Driven, Findings, Heat, KernelEvents, Outcome, Plan, Tool, clock, context, drive,
    explain, kernel_files, platform, sampling_ms,
};

vetting_stage::parameters! {
    /// How long to write and check memory.
    duration: duration = "60s", "default";
    /// How much of the memory that may be touched is touched, in per cent.
    coverage_percent: number = 95.0, "default";
    /// What one worker writes and checks in a second, in MiB, so that a round over the memory fits
    /// into the duration: more is not touched.
    worker_mib_per_second: integer = 400, "default: half of what a slow server core does";
    /// Share of the duration, in per cent, for stressapptest, where it is installed; 0: it is not run.
    memtest_percent: number = 20.0, "default";
    /// Share of the free memory, in per cent, that a live image should test at least.
    coverage_warn_percent: number = 90.0, "default; OpenStack Ironic uses 98";
    /// Corrected errors of one module from which on it is worth a look: more than this.
    corrected_warn: integer = 0, "default";
    /// Corrected errors that one module may have.
    corrected_fail: integer = 9, "mcelog.conf: 10 in 24 h";
    /// Uncorrected errors that one module may have.
    uncorrected_fail: integer = 0, "Linux EDAC, admin-guide/RAS";
    /// Degrees below a module sensor's critical limit from which on it is worth a look.
    crit_margin_celsius: number = 5.0, "default";
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
    if total < wish / 2 {
        let message = format!(
            "the deadline left {} of {} s of test: less than half of what was asked for",
            total / 1000,
            wish / 1000
        );
        findings.unknown(rules::DEADLINE, None, message);
    } else if total < wish {
        let message = format!(
            "the deadline cut {} s of test to {} s",
            wish / 1000,
            total / 1000
        );
        findings.broken(rules::DURATION, None, message);
    }
    let memory = kernel_files::read(inventory::MEMORY_FILES).map_err(|e| explain(&e))?;
    let memory = inventory::memory(&memory);
    let mut watching = Watching {
        heat: Heat::default(),
        kernel: KernelEvents::watch(),
        every_ms: sampling_ms(total),
    };
    let before = edac::read().map_err(|e| explain(&e))?;
    let began = clock::monotonic();
    let job = memtest::asked(&facts, &parameters, total);
    let share = match &job {
        Ok(_) => memtest::share_ms(&parameters, total),
        Err(_) => 0,
    };
    let passes = patterns::Passes::new(&facts, &parameters, total.saturating_sub(share));
    let passed = passes.run(&mut watching, &mut findings);
    let memtest = match passed.cancelled {
        true => Err("the attempt was cancelled".to_owned()),
        false => memtest::run(job, &mut watching, &mut findings),
    };
    let spent = clock::monotonic().saturating_sub(began) / 1_000_000;
    let left = total.saturating_sub(spent);
    if memtest.is_err() && passed.tested.rounds > 0.0 && !passed.cancelled && left >= LEAST_MS {
        // The time that stressapptest does not use is for more patterns.
        passes.more_patterns(left, &mut watching, &mut findings);
    }
    let tested = passed.tested;
    judge::coverage(
        &tested,
        facts.live_image,
        &memory,
        &parameters,
        &mut findings,
    );
    match edac::read() {
        Ok(after) => judge::errors(&before, &after, &parameters, &mut findings),
        Err(error) => findings.unknown(rules::COUNTERS, None, explain(&error)),
    }
    let is_virtual = platform().is_virtual;
    judge::correction(&memory, is_virtual, &before, &parameters, &mut findings);
    modules::judge(&memory, &parameters, &mut findings);
    let margin = (rules::CRITICAL_MARGIN, parameters.crit_margin_celsius);
    watching.heat.judge(
        &mut findings,
        MODULE_SENSORS,
        rules::CRITICAL_TEMPERATURE,
        margin,
    );
    if let Err(why) = watching.kernel.judge(rules::Table, &mut findings) {
        findings.unknown(rules::KERNEL_LOG, None, why);
    }
    let summary = judge::summary(&memory, tested.bytes(), &before);
    let further = memtest.unwrap_or_else(|why| format!("stressapptest was not run: {why}"));
    Ok(findings.outcome(format!("{summary}; {further}")))
}

/// Chips whose temperatures are memory modules': the thermal sensor of DDR3 and DDR4, the hub of DDR5.
const MODULE_SENSORS: &[&str] = &["jc42", "spd5118"];

/// What is watched while memory is tested.
struct Watching {
    heat: Heat,
    kernel: KernelEvents,
    every_ms: u64,
}

impl Watching {
    /// Follows a tool to its end, and shows how far it is: `from` is where its part begins, `share` how
    /// long that is, of 1. `fraction` is that of its progress.
    fn follow<T: Tool>(
        &mut self,
        tool: &T,
        (name, from, share): (&str, f64, f64),
        fraction: impl Fn(&T::Progress) -> f64,
    ) -> Result<Driven<T::Summary>, Error> {
        let _shown = context::progress(from, name);
        drive(tool, self.every_ms, |progress| {
            if let Some(progress) = progress {
                let _shown = context::progress(from + share * fraction(progress), name);
            }
            self.heat.read();
            self.kernel.collect();
            Drive::On
        })
    }
}
