//! GPU: are all GPUs there, is their memory whole, and do they work under load?

mod judge;
mod load;
mod rules;

use vetting_stage::gpu::{Job, Reading, Summary};
use vetting_stage::types::Error;
use vetting_stage::{
    Drive, Findings, KernelEvents, Measure, Outcome, Plan, clock, context, drive, explain, gpu,
    inventory, part, sample,
};

vetting_stage::parameters! {
    /// How long to load the GPUs.
    duration: duration = "60s", "default";
    /// How many GPUs there must be.
    expected_gpus: optional_integer = null, "the machine's spec";
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
    /// Bad pages of an AMD GPU from which on it is worth a look: more than this.
    bad_pages_warn: integer = 0, "default";
    /// Share of the readings under load, in per cent, that a GPU's hardware may hold its clocks down.
    held_down_fail_percent: number = 50.0, "default; leptonai/gpud counts events in ten minutes";
    /// Work done, in per cent of the middle of GPUs of one model, below which a GPU is worth a look.
    peers_warn_percent: number = 85.0, "default";
    /// Work done, in per cent of the middle of GPUs of one model, that a GPU must do.
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
    let parts = inventory::read().map_err(|e| explain(&e))?;
    let on_the_bus: Vec<String> = parts
        .gpus
        .iter()
        .filter(|g| g.accelerator)
        .map(|g| g.pci_address.clone())
        .collect();
    let before = gpu::read().map_err(|e| explain(&e))?;
    let count = on_the_bus
        .len()
        .max(before.devices.len() + before.silent.len());
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
    for silent in &before.silent {
        let place = part("gpu", format!("{} {}", silent.pci_address, silent.model));
        findings.unknown(
            rules::SILENT,
            Some(&place),
            format!("nothing can ask it: {}", silent.reason),
        );
    }
    let mut kernel = KernelEvents::watch();
    let mut seen = load::Seen::default();
    let mut summary = None;
    if !before.devices.is_empty() {
        let wish = u64::try_from(parameters.duration.as_millis()).unwrap_or(u64::MAX);
        let total = Plan::new(&facts).fit_ms(wish, clock::monotonic(), RESERVE_MS);
        if total < LEAST_MS {
            findings.unknown(
                rules::DEADLINE,
                None,
                format!("only {total} ms are left before the deadline"),
            );
        } else {
            match run_load(total, &mut seen, &mut kernel) {
                Ok((done, cancelled)) => {
                    load::judge(&before, &seen, &done, cancelled, &parameters, &mut findings);
                    summary = Some(done);
                }
                Err(error) => {
                    let message = format!("no GPU was loaded: {}", explain(&error));
                    findings.unknown(rules::LOAD, None, message);
                }
            }
        }
    }
    // What the load brought to light.
    match gpu::read() {
        Ok(after) => judge::devices(&before, &after, &parameters, &mut findings),
        Err(_) => judge::devices(&before, &before, &parameters, &mut findings),
    }
    if let Err(why) = kernel.judge(rules::Table, &mut findings) {
        findings.unknown(rules::KERNEL_LOG, None, why);
    }
    Ok(findings.outcome(told(&before, summary.as_ref())))
}

fn run_load(
    duration_ms: u64,
    seen: &mut load::Seen,
    kernel: &mut KernelEvents,
) -> Result<(Summary, bool), Error> {
    let _shown = context::progress(0.0, "loading");
    let tool = gpu::start(&Job {
        devices: Vec::new(),
        duration_ms,
    })?;
    let driven = drive(&tool, 2_000, |progress| {
        if let Some(progress) = progress {
            let _shown = context::progress(progress.fraction, "loading");
        }
        if let Ok(reading) = gpu::read() {
            points(&reading);
            seen.add(&reading);
        }
        kernel.collect();
        Drive::On
    })?;
    Ok((driven.summary, driven.cancelled))
}

fn points(reading: &Reading) {
    for device in &reading.devices {
        let at = &device.pci_address;
        if let Some(celsius) = device.temperature {
            sample("temperature", &format!("gpu/{at}"), celsius, "Cel");
        }
        if let Some(watts) = device.power {
            sample("power", &format!("gpu/{at}"), watts, "W");
        }
    }
}

fn told(reading: &Reading, load: Option<&Summary>) -> String {
    let models: Vec<&str> = reading.devices.iter().map(|d| d.model.as_str()).collect();
    let model = models.first().copied().unwrap_or("no GPU that answers");
    let loaded = match load {
        Some(summary) => format!("loaded {} s by {}", summary.runtime_ms / 1000, summary.tool),
        None => "not loaded".to_owned(),
    };
    format!(
        "{} × {model}, {} silent, {loaded}",
        models.len(),
        reading.silent.len()
    )
}
