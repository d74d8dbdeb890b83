//! AMD's GPUs, from the files of their driver `amdgpu` below `sys/class/drm/card*/device/` or
//! `sys/bus/pci/devices/*/`.

mod ras;

use std::collections::BTreeMap;

use serde::Serialize;

use super::lines::{leading_number, normal_pci_address};
use crate::files::{Files, Gap};

pub use ras::{BadPage, Block};

/// One GPU. Counters run since the driver was loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AmdGpu {
    /// Address: `0000:68:00.0`.
    pub pci_address: Option<String>,
    /// `card0`, where it is known by that.
    pub card: Option<String>,
    /// PCI device id: `0x74a1`.
    pub device_id: Option<String>,
    /// Product name.
    pub product_name: Option<String>,
    /// Product number.
    pub product_number: Option<String>,
    /// Serial number of the board.
    pub serial: Option<String>,
    /// The chip's unique id, in hexadecimal.
    pub unique_id: Option<String>,
    /// VBIOS version.
    pub vbios: Option<String>,
    /// Version of the driver's module.
    pub driver: Option<String>,
    /// Device memory in bytes.
    pub vram_total: Option<u64>,
    /// Device memory in use, in bytes.
    pub vram_used: Option<u64>,
    /// How busy the GPU is, in per cent.
    pub busy_percent: Option<f64>,
    /// How busy its memory is, in per cent.
    pub memory_busy_percent: Option<f64>,
    /// PCI Express replays.
    pub pcie_replays: Option<u64>,
    /// `32.0 GT/s PCIe`, now.
    pub link_speed: Option<String>,
    /// The highest of them.
    pub max_link_speed: Option<String>,
    /// Lanes now.
    pub link_width: Option<u64>,
    /// Most lanes.
    pub max_link_width: Option<u64>,
    /// Errors by block of the GPU.
    pub blocks: Vec<Block>,
    /// Bad pages of the memory; absent where the driver has no list.
    pub bad_pages: Option<Vec<BadPage>>,
    /// Clocks: `sclk`, `mclk`, `pcie` and others, each with its levels.
    pub clocks: Vec<ClockTable>,
    /// Sensors.
    pub sensors: Vec<Sensor>,
    /// `auto`, `manual`, `low`, `high`.
    pub performance_level: Option<String>,
    /// 1 where a link to another GPU had an error.
    pub xgmi_error: Option<u64>,
    /// Other short files of the driver: `ras/features`, `current_compute_partition`.
    pub extra: BTreeMap<String, String>,
    /// Files that could not be read, or not as what they should be: `ras/umc_err_count: denied`.
    pub unread: Vec<String>,
}

/// The levels of one clock.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClockTable {
    /// `sclk`, `mclk`, `fclk`, `socclk`, `pcie`.
    pub name: String,
    /// Level by level.
    pub levels: Vec<ClockLevel>,
}

/// One level.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ClockLevel {
    /// In MHz; absent for `pcie`.
    pub megahertz: Option<f64>,
    /// As the driver writes it: `1700Mhz`, `16.0GT/s, x16 619Mhz`.
    pub text: String,
    /// Whether it is in use.
    pub active: bool,
}

/// One sensor of the GPU, in the units of hwmon: thousandths of a degree Celsius, microwatts,
/// millivolts, revolutions a minute, hertz.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sensor {
    /// `temp1`, `power1`, `fan1`, `in0`, `freq1`.
    pub name: String,
    /// `edge`, `junction`, `mem`, `PPT`, `sclk`.
    pub label: Option<String>,
    /// The reading; for power the average, if the driver gives no current value.
    pub value: Option<i64>,
    /// Limits and the like: `crit`, `emergency`, `cap`, `cap_max`.
    pub limits: BTreeMap<String, i64>,
}

const CARDS: &str = "sys/class/drm";
const BUS: &str = "sys/bus/pci/devices";
const VENDOR: &str = "0x1002";

/// Every GPU of AMD that has files of the driver, by address.
pub fn gpus(files: &Files) -> Vec<AmdGpu> {
    let mut found: BTreeMap<String, AmdGpu> = BTreeMap::new();
    let cards = files.names(CARDS);
    for card in cards.into_iter().filter(|name| is_card(name)) {
        let folder = format!("{CARDS}/{card}/device");
        let address = address(files, &folder);
        let vendor = files.text(&format!("{folder}/vendor"));
        if vendor.is_some_and(|vendor| vendor != VENDOR) || !has_driver(files, &folder) {
            continue;
        }
        let mut gpu = read(files, &folder);
        gpu.card = Some(card.to_owned());
        gpu.pci_address.clone_from(&address);
        found.insert(address.unwrap_or_else(|| card.to_owned()), gpu);
    }
    for name in files.names(BUS) {
        let folder = format!("{BUS}/{name}");
        let is_gpu = files.text(&format!("{folder}/class"));
        let is_gpu =
            is_gpu.is_some_and(|class| class.starts_with("0x03") || class.starts_with("0x12"));
        let vendor = files.text(&format!("{folder}/vendor"));
        let address = normal_pci_address(name).unwrap_or_else(|| name.to_owned());
        if !is_gpu
            || vendor != Some(VENDOR)
            || found.contains_key(&address)
            || !has_driver(files, &folder)
        {
            continue;
        }
        let mut gpu = read(files, &folder);
        gpu.pci_address = Some(address.clone());
        found.insert(address, gpu);
    }
    found.into_values().collect()
}

/// `card0`, not its connector `card0-DP-1`.
fn is_card(name: &str) -> bool {
    let digits = name.strip_prefix("card").unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn address(files: &Files, folder: &str) -> Option<String> {
    let last = |path: &str| path.rsplit('/').next().and_then(normal_pci_address);
    let uevent = files.text(&format!("{folder}/uevent"));
    let slot = uevent.and_then(|text| text.lines().find_map(|l| l.strip_prefix("PCI_SLOT_NAME=")));
    slot.and_then(normal_pci_address)
        .or_else(|| files.target(folder).and_then(last))
}

/// Whether the driver that runs the GPU is `amdgpu`, by its link or by files that only it has.
fn has_driver(files: &Files, folder: &str) -> bool {
    let own = [
        "mem_info_vram_total",
        "vbios_version",
        "gpu_busy_percent",
        "unique_id",
    ];
    let driver = files.target(&format!("{folder}/driver"));
    driver.is_some_and(|path| path.ends_with("/amdgpu"))
        || own
            .iter()
            .any(|file| files.get(&format!("{folder}/{file}")).is_some())
        || !files.names(&format!("{folder}/ras")).is_empty()
}

fn read(files: &Files, folder: &str) -> AmdGpu {
    let mut unread = Vec::new();
    for (path, gap) in files.gaps(folder) {
        let file = path.get(folder.len().saturating_add(1)..).unwrap_or(path);
        let reason = match gap {
            Gap::Denied => "denied",
            Gap::TimedOut => "timed out",
            Gap::Failed(words) => words,
        };
        unread.push(format!("{file}: {reason}"));
    }
    let text = |file: &str| files.text(&format!("{folder}/{file}")).map(str::to_owned);
    let mut number = |file: &str| -> Option<u64> {
        let said = text(file)?;
        let number = said.parse().ok();
        if number.is_none() {
            unread.push(format!("{file}: {said}"));
        }
        number
    };
    let mut gpu = AmdGpu {
        device_id: text("device"),
        product_name: text("product_name"),
        product_number: text("product_number"),
        serial: text("serial_number"),
        unique_id: text("unique_id"),
        vbios: text("vbios_version"),
        driver: files.text("sys/module/amdgpu/version").map(str::to_owned),
        vram_total: number("mem_info_vram_total"),
        vram_used: number("mem_info_vram_used"),
        busy_percent: number("gpu_busy_percent").map(|n| n as f64),
        memory_busy_percent: number("mem_busy_percent").map(|n| n as f64),
        pcie_replays: number("pcie_replay_count"),
        link_width: number("current_link_width"),
        max_link_width: number("max_link_width"),
        xgmi_error: number("xgmi_error"),
        link_speed: text("current_link_speed"),
        max_link_speed: text("max_link_speed"),
        performance_level: text("power_dpm_force_performance_level"),
        unread,
        ..AmdGpu::default()
    };
    ras::read(files, folder, &mut gpu);
    for file in files.names(folder) {
        if let Some(name) = file.strip_prefix("pp_dpm_")
            && let Some(text) = files.text(&format!("{folder}/{file}"))
        {
            let levels = text.lines().filter_map(level).collect();
            let name = name.to_owned();
            gpu.clocks.push(ClockTable { name, levels });
        }
    }
    for file in OTHERS {
        if let Some(text) = files.text(&format!("{folder}/{file}")) {
            gpu.extra.insert(file.to_owned(), text.to_owned());
        }
    }
    let hwmon = format!("{folder}/hwmon");
    for chip in files.names(&hwmon) {
        sensors(files, &format!("{hwmon}/{chip}"), &mut gpu.sensors);
    }
    gpu
}

/// Files of one line that are kept as they are.
const OTHERS: [&str; 10] = [
    "current_compute_partition",
    "current_memory_partition",
    "mem_info_vram_vendor",
    "mem_info_vis_vram_total",
    "mem_info_gtt_total",
    "power_dpm_state",
    "thermal_throttling_logging",
    "xgmi_device_id",
    "xgmi_physical_id",
    "fru_id",
];

/// `1: 1700Mhz *`.
fn level(line: &str) -> Option<ClockLevel> {
    let (_, text) = line.split_once(':')?;
    let text = text.trim();
    let active = text.ends_with('*');
    let text = text.trim_end_matches('*').trim_end().to_owned();
    let number = leading_number(&text).filter(|(_, unit)| unit.eq_ignore_ascii_case("mhz"));
    Some(ClockLevel {
        megahertz: number.map(|(number, _)| number),
        text,
        active,
    })
}

fn sensors(files: &Files, folder: &str, sensors: &mut Vec<Sensor>) {
    let mut found: BTreeMap<String, Sensor> = BTreeMap::new();
    for file in files.names(folder) {
        let Some((name, what)) = file.split_once('_') else {
            continue;
        };
        let is_sensor = ["temp", "power", "fan", "in", "freq", "energy", "curr"]
            .iter()
            .any(|kind| {
                name.strip_prefix(kind)
                    .is_some_and(|n| n.parse::<u32>().is_ok())
            });
        let path = format!("{folder}/{file}");
        if !is_sensor || files.text(&path).is_none() {
            continue;
        }
        let sensor = found.entry(name.to_owned()).or_default();
        name.clone_into(&mut sensor.name);
        match (what, files.number::<i64>(&path)) {
            ("label", _) => sensor.label = files.text(&path).map(str::to_owned),
            ("input", value) => sensor.value = value,
            (what, Some(value)) => {
                sensor.limits.insert(what.to_owned(), value);
            }
            _ => {}
        }
    }
    for mut sensor in found.into_values() {
        sensor.value = sensor
            .value
            .or_else(|| sensor.limits.get("average").copied());
        sensors.push(sensor);
    }
    sensors.sort_by(|a, b| crate::files::natural(&a.name, &b.name));
}
