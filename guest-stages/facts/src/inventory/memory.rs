//! Memory: modules by SMBIOS, what the firmware maps, and what the kernel sees.

use std::collections::BTreeMap;

use serde::Serialize;

use super::makers;
use super::placeholder::Fillers;
use crate::files::Files;
use crate::smbios::{Code, MemoryDevice, Presence, Tables};

/// Files that [`super::memory`] reads.
pub const MEMORY_FILES: &[&str] = &[
    "proc/meminfo",
    "sys/firmware/dmi/tables/DMI",
    "sys/firmware/dmi/tables/smbios_entry_point",
];

/// What a module counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CountedAs {
    /// Memory: its size is part of `installed_bytes`.
    Memory,
    /// Persistent memory: only its volatile size is part of `installed_bytes`.
    Persistent,
    /// A flash chip, a ROM or an array of another use; no memory of the system.
    Other,
    /// An empty slot.
    #[default]
    Empty,
}

/// One memory slot.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemoryModule {
    /// The slot's name: `DIMM_A1`; empty where firmware gives none.
    pub locator: String,
    /// The bank's name.
    pub bank: Option<String>,
    /// A name that no other slot has: the locator, bank and locator, or with its place in the table.
    pub label: String,
    /// What it counts as.
    pub counted_as: CountedAs,
    /// Whether the slot is taken; `None` where SMBIOS does not say.
    pub presence: Option<Presence>,
    /// Size in bytes; `None` for an empty slot and for an unknown size.
    pub size_bytes: Option<u64>,
    /// How much is ordinary memory, in bytes, where SMBIOS says so.
    pub volatile_bytes: Option<u64>,
    /// How much is persistent, in bytes.
    pub non_volatile_bytes: Option<u64>,
    /// How much is a cache of other memory, in bytes.
    pub cache_bytes: Option<u64>,
    /// The kind of memory: `DDR4`, `DDR5`.
    pub kind: Option<String>,
    /// Its technology: `DRAM`, `Intel Optane persistent memory`.
    pub technology: Option<String>,
    /// Its form factor: `DIMM`.
    pub form_factor: Option<String>,
    /// The bits of the details of its kind: 7 synchronous, 13 registered, 14 unbuffered, 15 LRDIMM.
    pub detail: Option<u16>,
    /// What the module can do, in megatransfers per second.
    pub rated_mts: Option<u32>,
    /// What it is set to, in megatransfers per second.
    pub configured_mts: Option<u32>,
    /// Voltage that it is set to, in mV.
    pub configured_millivolts: Option<u16>,
    /// Who made it, one name for all ways to write it.
    pub manufacturer: Option<String>,
    /// Who made it, as firmware writes it.
    pub manufacturer_text: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its asset tag.
    pub asset_tag: Option<String>,
    /// Version of its firmware.
    pub firmware: Option<String>,
    /// Its ranks.
    pub ranks: Option<u8>,
    /// Width with check bits, in bits. Equal to `data_width`: the module has no ECC.
    pub total_width: Option<u16>,
    /// Width without check bits, in bits.
    pub data_width: Option<u16>,
    /// Handle of its structure in SMBIOS.
    pub handle: u16,
    /// Handle of its array in SMBIOS.
    pub array_handle: Option<u16>,
}

/// The machine's memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Memory {
    /// What the operating system sees, in bytes (`MemTotal`).
    pub visible_bytes: Option<u64>,
    /// What could be used at the time of reading, in bytes (`MemAvailable`).
    pub available_bytes: Option<u64>,
    /// What the kernel took out of use since it was broken, in bytes (`HardwareCorrupted`).
    pub corrupted_bytes: Option<u64>,
    /// The sum of all modules that are memory, in bytes; `None` where SMBIOS gives no size.
    pub installed_bytes: Option<u64>,
    /// The sum of persistent memory, in bytes; `None` without any.
    pub persistent_bytes: Option<u64>,
    /// What the firmware maps to arrays of memory (type 19), in bytes, each address once.
    pub mapped_bytes: Option<u64>,
    /// How much the firmware maps less than is installed, in bytes; negative where it maps more.
    pub unmapped_bytes: Option<i64>,
    /// How much the operating system sees less than the firmware maps, in bytes; negative for more.
    pub reserved_bytes: Option<i64>,
    /// SMBIOS' word for the error correction: `Multi-bit ECC`, `None`.
    pub error_correction: Option<String>,
    /// The most that all arrays of memory may have, in bytes.
    pub max_bytes: Option<u64>,
    /// Modules that are memory or persistent memory.
    pub populated: u32,
    /// Slots, empty ones included; chips that do not count as memory are left out.
    pub slot_count: u32,
    /// The slots, empty ones included, in SMBIOS' order.
    pub modules: Vec<MemoryModule>,
    /// Flash chips and other devices that do not count as memory.
    pub other_devices: Vec<MemoryModule>,
}

pub(super) fn read(files: &Files, tables: &Tables, fillers: &mut Fillers) -> Memory {
    let meminfo = files.text("proc/meminfo").unwrap_or_default();
    let labels = labels(&tables.memory_devices);
    let devices = tables.memory_devices.iter().zip(labels);
    // Uses of arrays by handle; of two arrays of one handle the first counts.
    let arrays = tables.memory_arrays.iter().rev();
    let usages: Usages = arrays
        .map(|array| (array.handle, code(array.usage)))
        .collect();
    let all: Vec<MemoryModule> = devices
        .enumerate()
        .map(|(at, (device, label))| module(&usages, device, label, at, fillers))
        .collect();
    let (other_devices, modules): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|module| module.counted_as == CountedAs::Other);
    let sum = |values: &mut dyn Iterator<Item = u64>| {
        values.fold(None, |sum: Option<u64>, value| {
            Some(sum.unwrap_or(0).saturating_add(value))
        })
    };
    let installed = sum(&mut modules.iter().filter_map(|m| match m.counted_as {
        CountedAs::Memory => m.size_bytes,
        // Some kernels and firmware give a volatile size of 0 in App Direct mode, others none.
        CountedAs::Persistent => m.volatile_bytes.filter(|bytes| *bytes > 0),
        CountedAs::Other | CountedAs::Empty => None,
    }));
    let persistent = sum(&mut modules
        .iter()
        .filter(|m| m.counted_as == CountedAs::Persistent)
        .filter_map(|m| {
            let known = m.non_volatile_bytes.filter(|bytes| *bytes > 0);
            known.or_else(|| m.size_bytes?.checked_sub(m.volatile_bytes.unwrap_or(0)))
        }));
    let system = tables
        .memory_arrays
        .iter()
        .filter(|array| array.usage.is_some_and(|usage| usage.code == 3));
    let system: Vec<_> = system.collect();
    let visible = field(meminfo, "MemTotal");
    let mapped = mapped(tables, &usages);
    let taken = modules.iter().filter(|m| m.counted_as != CountedAs::Empty);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Memory {
        visible_bytes: visible,
        available_bytes: field(meminfo, "MemAvailable").or_else(|| field(meminfo, "MemFree")),
        corrupted_bytes: field(meminfo, "HardwareCorrupted"),
        installed_bytes: installed,
        persistent_bytes: persistent,
        mapped_bytes: mapped,
        unmapped_bytes: difference(installed, mapped),
        reserved_bytes: difference(mapped, visible),
        error_correction: system
            .iter()
            .find_map(|array| array.error_correction?.word)
            .map(str::to_owned),
        max_bytes: sum(&mut system.iter().filter_map(|array| array.max_bytes)),
        populated: count(taken.count()),
        slot_count: count(modules.len()),
        modules,
        other_devices,
    }
}

fn difference(more: Option<u64>, less: Option<u64>) -> Option<i64> {
    let (more, less) = (i64::try_from(more?).ok()?, i64::try_from(less?).ok()?);
    more.checked_sub(less)
}

/// One field of `proc/meminfo` in bytes: `MemTotal:  16384 kB`.
fn field(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(field, _)| field.trim() == name)?;
    let kib: u64 = value.split_ascii_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// Uses of arrays by handle, as numbers of the specification.
type Usages = BTreeMap<u16, u16>;

/// A number of the specification; 2, unknown, where there is none.
fn code(code: Option<Code>) -> u16 {
    code.map_or(2, |code| code.code)
}

/// Whether an array is the system's memory: other, unknown and system memory; the rest is video, flash, NVRAM
/// and cache.
fn is_system(usages: &Usages, array: Option<u16>) -> bool {
    let usage = array.and_then(|handle| usages.get(&handle));
    usage.is_none_or(|usage| *usage <= 3)
}

/// What the firmware maps to arrays of memory; ranges that overlap count once.
fn mapped(tables: &Tables, usages: &Usages) -> Option<u64> {
    let ranges = tables.mapped_ranges.iter();
    let ranges = ranges.filter(|range| is_system(usages, range.array_handle));
    let mut ranges: Vec<(u64, u64)> = ranges
        .filter_map(|range| range.first.zip(range.last))
        .filter(|(first, last)| first < last)
        .collect();
    ranges.sort_unstable();
    let mut sum: Option<u64> = None;
    let mut end: Option<u64> = None;
    for (first, last) in ranges {
        let from = match end {
            Some(end) if first <= end => end.saturating_add(1),
            _ => first,
        };
        if last >= from {
            let bytes = (last - from).saturating_add(1);
            sum = Some(sum.unwrap_or(0).saturating_add(bytes));
        }
        end = Some(end.unwrap_or(0).max(last));
    }
    sum
}

fn counted(usages: &Usages, device: &MemoryDevice) -> CountedAs {
    // ROM, flash, EEPROM, FEPROM and EPROM.
    if !is_system(usages, device.array_handle) || matches!(code(device.kind), 8..=12) {
        return CountedAs::Other;
    }
    if device.presence == Some(Presence::Empty) {
        return CountedAs::Empty;
    }
    // Logical non-volatile device; NVDIMM-N, -F, -P and Optane.
    if code(device.kind) == 31 || matches!(code(device.technology), 4..=7) {
        return CountedAs::Persistent;
    }
    CountedAs::Memory
}

fn module(
    usages: &Usages,
    device: &MemoryDevice,
    label: String,
    at: usize,
    fillers: &mut Fillers,
) -> MemoryModule {
    let counted_as = counted(usages, device);
    let word = |code: Option<Code>| {
        // 1 and 2 stand for other and unknown.
        let word = code.filter(|code| code.code > 2)?.word?;
        Some(word.to_owned())
    };
    let mut text = |field: &str, text: &Option<String>| {
        if counted_as == CountedAs::Empty {
            return None;
        }
        fillers.real(&format!("memory.modules[{at}].{field}"), text.as_deref())
    };
    let maker = text("manufacturer", &device.manufacturer);
    let by_id = || device.manufacturer_id.and_then(makers::of_id);
    let empty = counted_as == CountedAs::Empty;
    MemoryModule {
        locator: device.locator.clone().unwrap_or_default(),
        bank: device.bank.clone(),
        label,
        counted_as,
        presence: device.presence,
        size_bytes: device.size_bytes,
        volatile_bytes: device.volatile_bytes,
        non_volatile_bytes: device.non_volatile_bytes,
        cache_bytes: device.cache_bytes,
        kind: word(device.kind),
        technology: word(device.technology),
        form_factor: word(device.form_factor),
        detail: device.detail,
        rated_mts: device.rated_mts,
        configured_mts: device.configured_mts,
        configured_millivolts: device.configured_millivolts,
        manufacturer: maker
            .as_deref()
            .map(makers::name)
            .or_else(|| by_id().filter(|_| !empty).map(str::to_owned)),
        manufacturer_text: device.manufacturer.clone(),
        part_number: text("part_number", &device.part_number),
        serial: text("serial", &device.serial),
        asset_tag: text("asset_tag", &device.asset_tag),
        firmware: text("firmware", &device.firmware),
        ranks: device.ranks,
        total_width: device.total_width,
        data_width: device.data_width,
        handle: device.handle,
        array_handle: device.array_handle,
    }
}

/// Names of the slots, each of them once: the locator alone where it differs from all others.
fn labels(devices: &[MemoryDevice]) -> Vec<String> {
    let locator = |device: &MemoryDevice| device.locator.clone().unwrap_or_default();
    let long = |device: &MemoryDevice| {
        let bank = device.bank.clone().unwrap_or_default();
        format!("{bank} {}", locator(device)).trim().to_owned()
    };
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for device in devices {
        for name in [locator(device), format!("\0{}", long(device))] {
            let count = counts.entry(name).or_default();
            *count = count.saturating_add(1);
        }
    }
    let once = |name: &str| counts.get(name) == Some(&1);
    let label = |(at, device): (usize, &MemoryDevice)| {
        let (short, long) = (locator(device), long(device));
        match (once(&short), once(&format!("\0{long}"))) {
            (true, _) if !short.is_empty() => short,
            (_, true) if !long.is_empty() => long,
            _ => format!("{long} (slot {} of the table)", at.saturating_add(1)),
        }
    };
    devices.iter().enumerate().map(label).collect()
}
