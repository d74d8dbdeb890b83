//! AMD's GPUs, by the files of their driver (Linux, Documentation/gpu/amdgpu): errors of their blocks, bad
//! pages, sensors.

use vetting_facts::gpu::amd::{self, AmdGpu, Block};
use vetting_stage::{Findings, Measure, Part, kernel_files, part};

use crate::bus::OnBus;
use crate::evidence::all_of;
use crate::{Parameters, rules};

/// PCI's number of AMD.
pub const VENDOR: u64 = 0x1002;

/// The class of processing accelerators.
const ACCELERATOR: u64 = 0x12;

/// What is read of each GPU.
pub const FILES: &[&str] = &[
    "sys/bus/pci/devices/*/class",
    "sys/bus/pci/devices/*/vendor",
    "sys/bus/pci/devices/*/device",
    "sys/bus/pci/devices/*/driver",
    "sys/bus/pci/devices/*/product_name",
    "sys/bus/pci/devices/*/product_number",
    "sys/bus/pci/devices/*/serial_number",
    "sys/bus/pci/devices/*/unique_id",
    "sys/bus/pci/devices/*/vbios_version",
    "sys/bus/pci/devices/*/mem_info_vram_total",
    "sys/bus/pci/devices/*/mem_info_vram_used",
    "sys/bus/pci/devices/*/gpu_busy_percent",
    "sys/bus/pci/devices/*/mem_busy_percent",
    "sys/bus/pci/devices/*/pcie_replay_count",
    "sys/bus/pci/devices/*/current_link_speed",
    "sys/bus/pci/devices/*/current_link_width",
    "sys/bus/pci/devices/*/max_link_speed",
    "sys/bus/pci/devices/*/max_link_width",
    "sys/bus/pci/devices/*/xgmi_error",
    "sys/bus/pci/devices/*/power_dpm_force_performance_level",
    "sys/bus/pci/devices/*/ras/*",
    "sys/bus/pci/devices/*/hwmon/*/*",
];

/// Reads those among the GPUs that AMD's driver runs.
pub fn read(bus: &[OnBus]) -> Vec<AmdGpu> {
    let addresses = bus.iter().filter(|on| on.vendor == Some(VENDOR));
    let paths = addresses.flat_map(|on| kernel_files::of_part(FILES, &on.address));
    let paths: Vec<String> = paths.collect();
    if paths.is_empty() {
        return Vec::new();
    }
    let globs: Vec<&str> = paths.iter().map(String::as_str).collect();
    amd::gpus(&kernel_files::read(&globs).unwrap_or_default())
}

/// A GPU as a part.
fn part_of(gpu: &AmdGpu) -> Part {
    let address = gpu.pci_address.as_deref().unwrap_or("an unknown address");
    Part {
        serial: gpu.serial.clone().or_else(|| gpu.unique_id.clone()),
        model: gpu.product_name.clone(),
        ..part("gpu", address)
    }
}

/// Judges them, as they were at the stage's begin and are at its end.
pub fn judge(
    bus: &[OnBus],
    before: &[AmdGpu],
    after: &[AmdGpu],
    p: &Parameters,
    findings: &mut Findings,
) {
    for was in before {
        let now = after.iter().find(|gpu| gpu.pci_address == was.pci_address);
        match now {
            Some(now) => one(bus, now, p, findings),
            None => {
                let message = "its driver's files are gone: it stopped answering during the test";
                findings.broken(rules::LOST, Some(&part_of(was)), message);
                one(bus, was, p, findings);
            }
        }
    }
    if !before.is_empty() {
        let parts: Vec<Part> = before.iter().map(part_of).collect();
        let message = format!(
            "not loaded: {}: no tool here loads GPUs of AMD. Load them by rvs, and look at their counters again",
            all_of(&parts)
        );
        findings.unknown(rules::LOAD, None, message);
    }
}

fn one(bus: &[OnBus], gpu: &AmdGpu, p: &Parameters, findings: &mut Findings) {
    let place = part_of(gpu);
    let on = bus
        .iter()
        .find(|on| Some(&on.address) == gpu.pci_address.as_ref());
    let sum = |count: fn(&Block) -> Option<u64>| {
        let counts = gpu.blocks.iter().filter_map(count);
        counts.reduce(u64::saturating_add)
    };
    let named = |count: fn(&Block) -> Option<u64>| {
        let bad = gpu
            .blocks
            .iter()
            .filter(|block| count(block).unwrap_or(0) > 0);
        let names: Vec<&str> = bad.map(|block| block.name.as_str()).collect();
        names.join(", ")
    };
    let uncorrectable = |block: &Block| block.uncorrectable;
    let deferred = |block: &Block| block.deferred;
    if let Some(count) = sum(uncorrectable) {
        let measure = Measure::number("uncorrected-errors", count as f64).part(&place);
        let measure = measure.at_most(rules::UNCORRECTED, p.uncorrected_fail as f64);
        findings.hold(measure, || {
            format!(
                "uncorrected-errors: {count} ({}). Reset it, test again, replace it",
                named(uncorrectable)
            )
        });
    }
    if let Some(count) = sum(deferred) {
        let measure = Measure::number("deferred-errors", count as f64).part(&place);
        findings.hold(measure.at_most(rules::DEFERRED, 0.0), || {
            format!("deferred-errors: {count} ({}): data was lost and not yet read. Reset it, test again, replace it", named(deferred))
        });
    }
    if let Some(count) = sum(|block| block.correctable) {
        findings.note(Measure::number("corrected-errors", count as f64).part(&place));
    }
    unread(gpu, on, &place, findings);
    pages(gpu, p, &place, findings);
    if gpu.xgmi_error == Some(1) {
        let message = "a link to another GPU had errors (xgmi_error)";
        findings.broken(rules::FABRIC_ERRORS, Some(&place), message);
    }
    for sensor in gpu
        .sensors
        .iter()
        .filter(|sensor| sensor.name.starts_with("temp"))
    {
        let (Some(value), Some(limit)) = (sensor.value, sensor.limits.get("crit")) else {
            continue;
        };
        let label = sensor.label.as_deref().unwrap_or(&sensor.name);
        let (celsius, limit) = (value as f64 / 1000.0, *limit as f64 / 1000.0);
        let measure = Measure::number(&format!("temperature-{label}"), celsius)
            .unit("Cel")
            .part(&place);
        findings.hold(measure.below(rules::TOO_HOT, limit), || {
            format!(
                "{label} is at {celsius:.0} °C, limit {limit:.0} °C. Check heatsink, fans, airflow"
            )
        });
    }
    let lanes = gpu
        .max_link_width
        .map(|lanes| match on.and_then(|on| on.port_width) {
            Some(port) => lanes.min(port.into()),
            None => lanes,
        });
    if let (Some(width), Some(lanes)) = (gpu.link_width, p.expected_pcie_width.or(lanes)) {
        let measure = Measure::number("pcie-width", width as f64).part(&place);
        findings.hold(measure.at_least(rules::LINK_NARROW, lanes as f64), || {
            format!("its link has {width} of {lanes} lanes. Reseat it, check riser and slot")
        });
    }
}

/// Counters of errors that could not be read, or that are not there though it is an accelerator.
fn unread(gpu: &AmdGpu, on: Option<&OnBus>, place: &Part, findings: &mut Findings) {
    if let Some(row) = gpu.unread.iter().find(|row| row.starts_with("ras/")) {
        let message = format!("its counters of errors could not be read: {row}");
        return findings.unknown(rules::UNREAD, Some(place), message);
    }
    let class = on.and_then(|on| on.class).map(|class| class >> 16);
    if gpu.blocks.is_empty() && class == Some(ACCELERATOR) {
        let message = "its driver counts no errors of the memory: RAS is off (amdgpu.ras_enable)";
        findings.unknown(rules::UNREAD, Some(place), message);
    }
}

/// Pages of the memory that are bad.
fn pages(gpu: &AmdGpu, p: &Parameters, place: &Part, findings: &mut Findings) {
    let Some(pages) = &gpu.bad_pages else { return };
    let of = |state: &str| pages.iter().filter(|page| page.state == state).count();
    let measure = Measure::number("bad-pages", pages.len() as f64).part(place);
    let measure = measure.at_most(rules::BAD_PAGES, p.bad_pages_warn as f64);
    findings.hold(measure, || {
        format!("bad-pages: {}: its memory lost data there", pages.len())
    });
    let measure = Measure::number("bad-pages-in-use", of("F") as f64).part(place);
    findings.hold(measure.at_most(rules::BAD_PAGE_IN_USE, 0.0), || {
        "a bad page could not be reserved and stays in use: replace it".to_owned()
    });
    let measure = Measure::number("bad-pages-pending", of("P") as f64).part(place);
    findings.hold(measure.at_most(rules::RETIREMENT_PENDING, 0.0), || {
        "a bad page waits to be reserved: reset it and test again".to_owned()
    });
}
