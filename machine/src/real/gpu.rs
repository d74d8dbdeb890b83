//! Graphics processors: NVIDIA's by `nvidia-smi`, AMD's by the driver's files in sysfs
//! (Documentation/gpu/amdgpu), others are named as silent.

use std::collections::BTreeMap;

use super::pci;
use super::root::Root;
use super::{hwmon, inventory};
use crate::contract::gpu::{Device, Ecc, Reading, Repairs, Silent};
use crate::contract::hwmon::{Sensor, SensorKind};
use crate::contract::inventory::Gpu;
use crate::contract::types::{Error, Missing, MissingKind};
use crate::tools::{Toolbox, nvidia_smi};

/// What sysfs tells: the GPUs on the bus, and what AMD's driver says of its own.
#[derive(Clone, Debug, Default)]
pub struct Bus {
    gpus: Vec<Gpu>,
    amd: BTreeMap<String, Device>,
}

/// Looks at the bus.
pub fn bus(root: &Root) -> Bus {
    let gpus = inventory::gpus(root);
    let of_amd = gpus
        .iter()
        .filter(|gpu| gpu.driver.as_deref() == Some("amdgpu"));
    let with_amd: Vec<&Gpu> = of_amd.collect();
    let sensors = match with_amd.is_empty() {
        true => Vec::new(),
        false => hwmon::read(root).sensors,
    };
    let amd = with_amd
        .into_iter()
        .map(|gpu| (gpu.pci_address.clone(), amd(root, gpu, &sensors)));
    Bus {
        amd: amd.collect(),
        gpus,
    }
}

/// Reads every GPU once.
pub async fn read(bus: Bus, tools: &Toolbox) -> Reading {
    let mut reading = Reading::default();
    let has_nvidia = bus.gpus.iter().any(|gpu| gpu.vendor_id == "10de");
    let installed = tools.find("nvidia-smi", "nvidia-smi").is_ok();
    let nvidia = match has_nvidia || installed {
        true => nvidia_smi::read(tools).await,
        false => Ok(Vec::new()),
    };
    let why = match nvidia {
        Ok(devices) => {
            reading.devices = devices;
            "nvidia-smi does not list it: look at the kernel's log for its driver".to_owned()
        }
        Err(error) => nvidia_reason(&error),
    };
    for gpu in bus.gpus {
        let answered = |d: &Device| d.pci_address.eq_ignore_ascii_case(&gpu.pci_address);
        if reading.devices.iter().any(answered) {
            continue;
        }
        if let Some(device) = bus.amd.get(&gpu.pci_address) {
            reading.devices.push(device.clone());
        } else if gpu.accelerator {
            let driver = gpu.driver.as_deref().unwrap_or("none");
            let reason = match gpu.vendor_id.as_str() {
                "10de" => why.clone(),
                "1002" => format!(
                    "its driver is {driver}: load amdgpu (apt-get install firmware-amd-graphics)"
                ),
                vendor => {
                    format!("no way is known to ask a GPU of vendor {vendor} (driver {driver})")
                }
            };
            let ids = format!("{}:{}", gpu.vendor_id, gpu.device_id);
            reading.silent.push(Silent {
                model: gpu.model.unwrap_or(ids),
                pci_address: gpu.pci_address,
                reason,
            });
        }
    }
    reading
        .devices
        .sort_by(|a, b| a.pci_address.cmp(&b.pci_address));
    reading
}

fn nvidia_reason(error: &Error) -> String {
    match error {
        Error::Unavailable(Missing {
            kind: MissingKind::Tool,
            ..
        }) => {
            format!("{error}; it comes with NVIDIA's driver")
        }
        other => other.to_string(),
    }
}

/// One of AMD's, by its driver's files.
fn amd(root: &Root, gpu: &Gpu, sensors: &[Sensor]) -> Device {
    let folder = format!("{}/{}", pci::BUS, gpu.pci_address);
    let value = |file: &str| root.value(&format!("{folder}/{file}"));
    let number = |file: &str| root.number::<u64>(&format!("{folder}/{file}"));
    let mine = || {
        sensors
            .iter()
            .filter(|s| s.chip == "amdgpu" && s.device == gpu.pci_address)
    };
    let labelled = |label: &str| mine().find(|s| s.label == label);
    let of_kind = |kind: SensorKind| mine().find(move |s| s.kind == kind);
    let clock = |label: &str| labelled(label).map(|s| s.value / 1e6);
    let temperature = labelled("junction").or_else(|| labelled("edge"));
    let temperature = temperature.or_else(|| of_kind(SensorKind::Temperature));
    let power = of_kind(SensorKind::Power);
    let counts = ras(root, &folder);
    Device {
        pci_address: gpu.pci_address.clone(),
        vendor: "amd".into(),
        model: value("product_name")
            .or_else(|| gpu.model.clone())
            .unwrap_or_else(|| format!("{}:{}", gpu.vendor_id, gpu.device_id)),
        uuid: value("unique_id"),
        serial: value("serial_number"),
        vbios: value("vbios_version"),
        driver: root
            .value("sys/module/amdgpu/version")
            .or_else(|| root.value("proc/sys/kernel/osrelease")),
        memory_bytes: number("mem_info_vram_total"),
        temperature: temperature.map(|s| s.value),
        memory_temperature: labelled("mem").map(|s| s.value),
        slowdown_temperature: temperature.and_then(|s| s.limits.crit),
        power: power.map(|s| s.value),
        power_limit: power.and_then(|s| s.limits.max),
        core_mhz: clock("sclk").or_else(|| level(&value("pp_dpm_sclk")?)),
        memory_mhz: clock("mclk").or_else(|| level(&value("pp_dpm_mclk")?)),
        utilization: number("gpu_busy_percent").map(|n| n as f64),
        throttle: None,
        link: pci::link(root, &gpu.pci_address),
        pcie_replays: number("pcie_replay_count"),
        ecc: Ecc {
            enabled: counts.map(|_| true),
            volatile_corrected: counts.map(|c| c.0),
            volatile_uncorrected: counts.map(|c| c.1),
            ..Ecc::default()
        },
        repairs: Repairs {
            bad_pages: bad_pages(root, &folder),
            ..Repairs::default()
        },
        fabric_links_up: None,
        fabric_links_down: None,
        extra: Vec::new(),
    }
}

/// The clock in use, marked by a star: `1: 1700Mhz *`.
pub fn level(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.trim_end().ends_with('*'))?;
    let (_, clock) = line.split_once(':')?;
    let digits: String = clock
        .trim()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok()
}

/// Corrected and uncorrected errors over all blocks: `ue: 0` and `ce: 0` in `ras/*_err_count`.
fn ras(root: &Root, folder: &str) -> Option<(u64, u64)> {
    let mut sums = None;
    for file in root.list(&format!("{folder}/ras")) {
        if !file.ends_with("_err_count") {
            continue;
        }
        let text = root
            .value(&format!("{folder}/ras/{file}"))
            .unwrap_or_default();
        for line in text.lines() {
            let Some((name, count)) = line.split_once(':') else {
                continue;
            };
            let Ok(count) = count.trim().parse::<u64>() else {
                continue;
            };
            let (corrected, uncorrected) = sums.get_or_insert((0u64, 0u64));
            match name.trim() {
                "ce" => *corrected = corrected.saturating_add(count),
                "ue" => *uncorrected = uncorrected.saturating_add(count),
                _ => {}
            }
        }
    }
    sums
}

/// Pages that the driver reserved because they are bad: a line each, `0x00000001 : 0x00001000 : R`.
fn bad_pages(root: &Root, folder: &str) -> Option<u64> {
    let text = root
        .text(&format!("{folder}/ras/gpu_vram_bad_pages"))
        .ok()?;
    Some(
        text.lines()
            .filter(|line| line.matches(':').count() == 2)
            .count() as u64,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_in_use_has_a_star() {
        assert_eq!(level("0: 500Mhz\n1: 1700Mhz *\n"), Some(1700.0));
        assert_eq!(level("garbage"), None);
    }
}
