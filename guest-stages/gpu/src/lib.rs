//! GPU: are all GPUs there, is their memory whole, and do they work under load?

mod amd;
mod burned;
mod bus;
mod dcgm;
mod evidence;
mod fabric;
mod health;
mod known;
mod load;
mod presence;
mod rules;
mod seen;
#[cfg(test)]
mod tests;

use vetting_stage::gpu::{Burn, Diagnosis, Ending, Job};
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Findings, KernelEvents, Measure, Outcome, Part, Plan, clock, context, drive, explain,
    gpu, sampling_ms,
};

use evidence::{Look, address_of, all_of, model_of, part_of};

vetting_stage::parameters! {
    /// How long to load the GPUs.
    duration: duration = "60s", "default";
    /// How many GPUs there must be.
    expected_gpus: optional_integer = null, "the machine's spec";
    /// How many PCI Express lanes each GPU must have, where its slot has less than the GPU.
    expected_pcie_width: optional_integer = null, "the machine's spec";
    /// The level of DCGM's diagnostic to run after the load, from 1 (seconds) to 4 (an hour or more); not set: none.
    dcgm_level: optional_integer = null, "NVIDIA DCGM: 3 at intake, 4 for a suspect";
    /// Uncorrected memory errors since the driver was loaded that a GPU may have.
    uncorrected_fail: integer = 0, "NVIDIA DCGM";
    /// Uncorrected memory errors in a GPU's life from which on it is worth a look: more than this.
    lifetime_uncorrected_warn: integer = 0, "default";
    /// Rows remapped for uncorrected errors from which on a GPU is worth a look: more than this.
    remapped_rows_warn: integer = 0, "default";
    /// Rows remapped for uncorrected errors that a GPU may have.
    remapped_rows_fail: integer = 511, "NVIDIA DCGM: 512 is the most there can be";
    /// Retired pages that a GPU may have.
    retired_pages_fail: integer = 62, "NVIDIA DCGM: 63";
    /// Pages retired for double-bit errors from which on a GPU is worth a look: more than this.
    retired_double_bit_warn: integer = 10, "facebookresearch/gcm";
    /// Bad pages of an AMD GPU from which on it is worth a look: more than this.
    bad_pages_warn: integer = 0, "default";
    /// CRC errors of a GPU's NVLinks that it may have in a second.
    fabric_errors_per_second: number = 100.0, "NVIDIA DCGM";
    /// Share of the time under load, in per cent, that a GPU's hardware may hold its clocks down.
    held_down_fail_percent: number = 10.0, "default; leptonai/gpud counts events in ten minutes";
    /// Temperature of a GPU's memory in degrees Celsius from which on it is worth a look, where the GPU gives no limit.
    memory_celsius_warn: number = 95.0, "NVIDIA A100, highest operating temperature of its HBM2e";
    /// Temperature of a GPU's memory in degrees Celsius that it may not reach.
    memory_celsius_fail: number = 105.0, "JEDEC JESD235 and JESD238, HBM junction temperature";
    /// Work done, in per cent of that of the others of its model, below which a GPU is worth a look.
    peers_warn_percent: number = 85.0, "default";
    /// Work done, in per cent of that of the others of its model, that a GPU must do.
    peers_fail_percent: number = 75.0, "NVIDIA DCGM: 75 % of what is known to be good";
    /// PCI Express replays per minute, per lane and gigatransfer per second, that a link may have.
    replays_per_minute: number = 0.06, "NVIDIA DCGM, a bit error rate of 1e-12";
}

vetting_stage::stage!(run);

/// Kept for tools to end and for judging.
const RESERVE_MS: u64 = 5_000;
/// Less than this loads nothing.
const LEAST_MS: u64 = 2_000;

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let facts = context::get();
    let mut findings = Findings::new();
    let bus = bus::read()?;
    let amd_before = amd::read(&bus);
    let before = evidence::look();
    let count = presence::count(&bus, &before);
    if let Some(expected) = parameters.expected_gpus {
        let expected = expected as f64;
        let measure = Measure::number("gpus", count as f64);
        let rule = measure.at_least(rules::FEWER_GPUS, expected);
        findings.hold(rule, || {
            format!("{count} of {expected} expected GPUs are on the bus")
        });
    } else if count == 0 {
        return Ok(findings.skip("the machine has no GPU", "no GPU"));
    }
    let silent = presence::silent(&bus, &before, &amd_before, &mut findings);
    busy(&before, &mut findings);
    let mut kernel = KernelEvents::watch();
    let mut seen = seen::Seen::default();
    let mut ending = None;
    let able = able(&before, &mut findings);
    if !able.is_empty() {
        let wish = u64::try_from(parameters.duration.as_millis()).unwrap_or(u64::MAX);
        let total = Plan::new(&facts).fit_ms(wish, clock::monotonic(), RESERVE_MS);
        if total < LEAST_MS {
            findings.unknown(
                rules::DEADLINE,
                None,
                format!("only {total} ms are left before the deadline"),
            );
        } else {
            match burn(&able, total, &mut seen, &mut kernel) {
                Ok(done) => ending = Some((done, total)),
                Err(error) => {
                    let message = format!("no GPU was loaded: {}", explain(&error));
                    findings.unknown(rules::LOAD, None, message);
                }
            }
        }
    }
    if let Some(level) = parameters.dcgm_level.filter(|_| !able.is_empty()) {
        diagnose(&before, &able, level, &mut kernel, &mut findings);
    }
    // What the load brought to light.
    let after = match before.report.gpus.is_empty() {
        // A tool that did not answer would not answer again.
        true => before.clone(),
        false => evidence::look(),
    };
    presence::lost(&before, &after, &mut findings);
    amd::judge(
        &bus,
        &amd_before,
        &amd::read(&bus),
        &parameters,
        &mut findings,
    );
    for gpu in &before.report.gpus {
        let now = after.gpu(address_of(gpu)).unwrap_or(gpu);
        health::judge(now, &parameters, &mut findings);
    }
    let shown = if after.report.gpus.is_empty() {
        &before
    } else {
        &after
    };
    fabric::judge(shown, &mut findings);
    if let Some((ending, wanted_ms)) = &ending {
        let results = burned::results(&before, ending, *wanted_ms);
        let is_lost =
            |gpu: &vetting_facts::gpu::nvidia_smi::Gpu| presence::is_lost(&after, address_of(gpu));
        burned::judge(&results, ending.stopped, is_lost, &mut findings);
        let seconds = ending.ran_ms as f64 / 1000.0;
        fabric::errors(&before, &after, seconds, &parameters, &mut findings);
        let load = load::Load {
            bus: &bus,
            after: &after,
            seen: &seen,
            results: &results,
            runtime_ms: ending.ran_ms,
        };
        load::judge(&load, &parameters, &mut findings);
    }
    if let Err(why) = kernel.judge(rules::Table, &mut findings) {
        findings.unknown(rules::KERNEL_LOG, None, why);
    }
    Ok(findings.outcome(summary(
        &before,
        amd_before.len(),
        silent,
        ending.as_ref().map(|(ending, _)| ending),
    )))
}

/// The numbers of the GPUs that can be loaded. Why others cannot is a finding.
fn able(look: &Look, findings: &mut Findings) -> Vec<u32> {
    let mut able = Vec::new();
    let (mut split, mut closed) = (Vec::new(), Vec::new());
    for (number, gpu) in look.report.gpus.iter().enumerate() {
        if gpu.mig == Some(true) {
            split.push(part_of(gpu));
        } else if gpu.compute_mode.as_deref() == Some("Prohibited") {
            closed.push(part_of(gpu));
        } else if !gpu.lost && !gpu.requires_reset {
            able.extend(u32::try_from(number));
        }
    }
    for (parts, why) in [
        (split, "partitioned (MIG): nvidia-smi -mig 0, and a reset"),
        (closed, "closed for computing: nvidia-smi -c DEFAULT"),
    ] {
        if !parts.is_empty() {
            let message = format!("not loaded: {}: {why}", all_of(&parts));
            findings.unknown(rules::LOAD, None, message);
        }
    }
    able
}

/// Processes that compute already: what is measured is not the GPU alone.
fn busy(look: &Look, findings: &mut Findings) {
    for gpu in &look.report.gpus {
        let computes = |kind: &Option<String>| kind.as_deref().is_none_or(|k| k.contains('C'));
        let mut processes = gpu
            .processes
            .iter()
            .filter(|process| computes(&process.kind));
        if let Some(process) = processes.next() {
            let name = process.name.as_deref().unwrap_or("a process");
            let pid = process
                .pid
                .map_or(String::new(), |pid| format!(" (process {pid})"));
            let message =
                format!("{name}{pid} computed on it before the test. End it and test again");
            findings.broken(rules::BUSY, Some(&part_of(gpu)), message);
        }
    }
}

/// Loads GPUs and samples them meanwhile.
fn burn(
    gpus: &[u32],
    duration_ms: u64,
    seen: &mut seen::Seen,
    kernel: &mut KernelEvents,
) -> Result<Ending, Error> {
    let _shown = context::progress(0.0, "loading");
    let tool = gpu::start(&Job::Burn(Burn {
        gpus: gpus.to_vec(),
        duration_ms,
    }))?;
    let driven = drive(&tool, sampling_ms(duration_ms), |progress| {
        if let Some(fraction) = progress.and_then(|progress| progress.fraction) {
            let _shown = context::progress(fraction, "loading");
        }
        seen.read();
        kernel.collect();
        Drive::On
    })?;
    Ok(Ending {
        stopped: driven.summary.stopped || driven.cancelled,
        ..driven.summary
    })
}

/// Runs DCGM's diagnostic.
fn diagnose(
    look: &Look,
    gpus: &[u32],
    level: u64,
    kernel: &mut KernelEvents,
    findings: &mut Findings,
) {
    let _shown = context::progress(0.5, "diagnosing");
    let job = Job::Diagnosis(Diagnosis {
        gpus: gpus.to_vec(),
        level: u8::try_from(level).unwrap_or(u8::MAX),
    });
    let done = gpu::start(&job).and_then(|tool| {
        drive(&tool, 5_000, |_| {
            kernel.collect();
            Drive::On
        })
    });
    match done {
        Ok(driven) => dcgm::judge(look, &driven.summary, findings),
        Err(error) => {
            let message = format!("DCGM did not run: {}", explain(&error));
            findings.unknown(rules::NOT_DIAGNOSED, None, message);
        }
    }
}

fn summary(look: &Look, amd: usize, silent: usize, load: Option<&Ending>) -> String {
    let gpus = &look.report.gpus;
    let model = match (gpus.first(), amd) {
        (Some(gpu), _) => model_of(gpu),
        (None, 0) => "no GPU that answers",
        (None, _) => "AMD GPU",
    };
    let count = gpus.len() + amd;
    let loaded = match load {
        Some(ending) => format!("loaded {} s by gpu_burn", ending.ran_ms / 1000),
        None => "not loaded".to_owned(),
    };
    format!("{count} × {model}, {silent} silent, {loaded}")
}

/// Parts of one cause are one finding; a part that is alone is named by it.
fn grouped(causes: Vec<(String, Vec<Part>)>, mut each: impl FnMut(Option<&Part>, String)) {
    for (cause, parts) in causes {
        match parts.as_slice() {
            [part] => each(Some(part), cause),
            parts => each(None, format!("{}: {cause}", all_of(parts))),
        }
    }
}
