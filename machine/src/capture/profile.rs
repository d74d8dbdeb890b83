//! From readings to a profile: what of a machine a profile can say.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::{Table, Value};

use super::{CaptureError, KnownGpu, Readers, Readings, Supply, Watched};
use crate::Reply;
use crate::contract::disks::{Content, Disk, Transport};
use crate::contract::hwmon::{Sensor, SensorKind};
use crate::contract::inventory::{Memory, Parts};
use crate::contract::types::PcieLink;

/// Chips whose temperatures are a processor's.
const CPU_CHIPS: [&str; 3] = ["coretemp", "k10temp", "zenpower"];

/// What the kernel leaves of the modules' bytes, as the simulated machine has it.
const VISIBLE: (u64, u64) = (197, 200);

/// Everything that was read, by kind.
#[derive(Default)]
struct Seen<'a> {
    parts: Option<&'a Parts>,
    sensors: &'a [Sensor],
    disks: &'a [Disk],
    gpus: Vec<KnownGpu>,
    /// What EDAC's first memory controller calls itself.
    edac: Option<&'a str>,
}

impl<'a> Seen<'a> {
    fn of(readings: &'a Readings, read: Readers) -> Self {
        let mut seen = Seen {
            edac: readings.edac.as_deref(),
            ..Seen::default()
        };
        for reply in &readings.replies {
            match reply {
                Reply::Inventory(parts) => seen.parts = Some(parts),
                Reply::Hwmon(reading) => seen.sensors = &reading.sensors,
                Reply::Disks(disks) => seen.disks = disks,
                Reply::Document(document) if document.query == "gpu.ask" => {
                    seen.gpus.extend((read.gpus)(document));
                }
                _ => {}
            }
        }
        seen
    }
}

/// The profile's text.
pub fn toml(readings: &Readings, read: Readers, watched: &Watched) -> Result<String, CaptureError> {
    let seen = Seen::of(readings, read);
    let wrong = |reason: String| CaptureError::Profile(reason);
    let parts = seen
        .parts
        .ok_or_else(|| wrong("there is no inventory".into()))?;
    let mut profile = Table::new();
    let product = parts.system.product.as_deref().unwrap_or("a machine");
    put(&mut profile, "description", format!("{product}, captured"));
    for (key, record) in [
        ("system", record(&parts.system)),
        ("board", record(&parts.board)),
        ("bios", record(&parts.bios)),
    ] {
        put(&mut profile, key, record.map_err(wrong)?);
    }
    if let Some(bmc) = &parts.bmc {
        put(&mut profile, "bmc", record(bmc).map_err(wrong)?);
    }
    put(&mut profile, "cpu", cpu(parts, &seen));
    put(&mut profile, "memory", memory(&parts.memory, seen.edac));
    let list = |key: &str, parts: Vec<Table>, profile: &mut Table| {
        if !parts.is_empty() {
            let parts = parts.into_iter().map(Value::Table).collect();
            profile.insert(key.to_owned(), Value::Array(parts));
        }
    };
    let disks = seen.disks.iter().map(disk);
    list("disk", disks.collect(), &mut profile);
    list("nic", nics(parts), &mut profile);
    list("gpu", gpus(parts, &seen.gpus), &mut profile);
    list("psu", psus(watched), &mut profile);
    list("fan", fans(&seen, watched), &mut profile);
    list("rail", rails(watched), &mut profile);
    let mut scratch = Table::new();
    put(&mut scratch, "allowance_bytes", 4_i64 << 30);
    put(&mut scratch, "file_system", "tmpfs");
    put(&mut profile, "scratch", scratch);
    let mut tools = Table::new();
    for tool in ["fio", "iperf3", "ipmitool", "smartctl", "stress-ng"] {
        put(&mut tools, tool, "as captured");
    }
    put(&mut profile, "tools", tools);
    let text = toml::to_string(&profile).map_err(|error| wrong(error.to_string()))?;
    Ok(format!(
        "# A machine that was captured. Its spec, its peer and its faults are yours to add;\n\
         # `vetting machine profiles healthy-server` shows what a profile may say.\n{text}"
    ))
}

fn put(table: &mut Table, key: &str, value: impl Into<Value>) {
    table.insert(key.to_owned(), value.into());
}

/// A value where there is one.
fn may(table: &mut Table, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(table, key, value);
    }
}

fn integer(value: u64) -> Value {
    Value::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

/// A record of the contract as it is.
fn record(record: &impl Serialize) -> Result<Value, String> {
    Value::try_from(record).map_err(|error| error.to_string())
}

fn cpu(parts: &Parts, seen: &Seen) -> Table {
    let mut cpu = Table::new();
    let first = parts.cpus.first();
    let text = |of: fn(&crate::contract::inventory::Cpu) -> &String| {
        first.map_or_else(|| "unknown".to_owned(), |cpu| of(cpu).clone())
    };
    put(&mut cpu, "model", text(|cpu| &cpu.model));
    put(&mut cpu, "vendor", text(|cpu| &cpu.vendor));
    put(&mut cpu, "sockets", integer(parts.cpus.len().max(1) as u64));
    let cores = first.map_or(1, |cpu| cpu.cores.max(1));
    let threads = first.map_or(1, |cpu| cpu.threads.max(cores));
    put(&mut cpu, "cores", integer(cores.into()));
    put(
        &mut cpu,
        "threads_per_core",
        integer((threads / cores).into()),
    );
    let base = first.and_then(|cpu| cpu.base_mhz.or(cpu.max_mhz));
    let base = base.unwrap_or(2_000);
    let most = first.and_then(|cpu| cpu.max_mhz).unwrap_or(base).max(base);
    put(&mut cpu, "base_mhz", integer(base.into()));
    put(&mut cpu, "max_mhz", integer(most.into()));
    put(
        &mut cpu,
        "all_core_mhz",
        integer(u32::midpoint(base, most).into()),
    );
    may(
        &mut cpu,
        "stepping",
        first.and_then(|cpu| cpu.stepping.clone()),
    );
    may(
        &mut cpu,
        "microcode",
        first.and_then(|cpu| cpu.microcode.clone()),
    );
    let chip = seen
        .sensors
        .iter()
        .find(|s| CPU_CHIPS.contains(&s.chip.as_str()));
    may(&mut cpu, "sensors", chip.map(|sensor| sensor.chip.clone()));
    if let Some(limit) = chip.and_then(|sensor| sensor.limits.crit) {
        put(&mut cpu, "throttle_at", limit);
    }
    cpu
}

/// All modules of a profile are alike: those of the commonest size are taken, other slots are empty.
fn memory(told: &Memory, edac: Option<&str>) -> Table {
    let mut memory = Table::new();
    let filled = || told.modules.iter().filter(|module| module.size_bytes > 0);
    let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
    filled().for_each(|module| *sizes.entry(module.size_bytes).or_default() += 1);
    let size = sizes.into_iter().max_by_key(|(_, count)| *count);
    let first = filled().find(|module| Some(module.size_bytes) == size.map(|(size, _)| size));
    let locators = |wanted: bool| -> Vec<Value> {
        let of_size = |bytes: u64| Some(bytes) == size.map(|(size, _)| size);
        let modules = told
            .modules
            .iter()
            .filter(|m| of_size(m.size_bytes) == wanted);
        modules.map(|m| Value::from(m.locator.clone())).collect()
    };
    let (bytes, slots) = match size {
        Some((bytes, _)) => (bytes, locators(true)),
        None => {
            let (part, whole) = VISIBLE;
            (
                told.visible_bytes / part * whole,
                vec![Value::from("DIMM 0")],
            )
        }
    };
    let kind = first.and_then(|m| m.kind.clone());
    put(
        &mut memory,
        "kind",
        kind.unwrap_or_else(|| "RAM".to_owned()),
    );
    let speed = first.and_then(|m| m.configured_mts.or(m.rated_mts));
    may(&mut memory, "mts", speed.map(|mts| integer(mts.into())));
    put(&mut memory, "module_bytes", integer(bytes));
    put(&mut memory, "slots", slots);
    let empty = match size {
        Some(_) => locators(false),
        None => Vec::new(),
    };
    put(&mut memory, "empty", empty);
    may(
        &mut memory,
        "manufacturer",
        first.and_then(|m| m.manufacturer.clone()),
    );
    may(
        &mut memory,
        "part_number",
        first.and_then(|m| m.part_number.clone()),
    );
    may(
        &mut memory,
        "ranks",
        first
            .and_then(|m| m.ranks)
            .map(|ranks| integer(ranks.into())),
    );
    let word = told.error_correction.as_deref().unwrap_or_default();
    put(&mut memory, "ecc", word.contains("ECC"));
    may(&mut memory, "edac", edac);
    memory
}

fn disk(told: &Disk) -> Table {
    let mut disk = Table::new();
    put(&mut disk, "name", told.name.clone());
    put(&mut disk, "kind", disk_kind(told));
    for (key, value) in [
        ("model", &told.model),
        ("serial", &told.serial),
        ("wwn", &told.wwn),
        ("firmware", &told.firmware),
        ("pci", &told.controller),
    ] {
        may(&mut disk, key, value.clone());
    }
    put(&mut disk, "size_bytes", integer(told.size_bytes));
    let mounted = told.in_use.iter().filter(|usage| usage.kind == "mounted");
    let mounted: Vec<Value> = mounted.map(|usage| Value::from(usage.by.clone())).collect();
    put(&mut disk, "mounted", mounted);
    if let Content::Signatures(found) = &told.content {
        let kinds: Vec<Value> = found.iter().map(|s| Value::from(s.kind.clone())).collect();
        put(&mut disk, "signatures", kinds);
    }
    disk
}

/// The kind that is nearest.
fn disk_kind(disk: &Disk) -> &'static str {
    let speed = disk.link.as_ref().map_or(0.0, |link| link.max_speed);
    match (&disk.transport, disk.rotational) {
        (Transport::Nvme, _) if speed >= 32.0 => "nvme-gen5",
        (Transport::Nvme, _) if speed >= 16.0 => "nvme-gen4",
        (Transport::Nvme, _) => "nvme-gen3",
        (Transport::Sas, true) => "sas-hdd",
        (Transport::Sata, true) => "sata-hdd",
        (Transport::Sata | Transport::Sas, false) => "sata-ssd",
        _ => "virtio",
    }
}

fn nics(parts: &Parts) -> Vec<Table> {
    let one = |told: &crate::contract::inventory::Nic| {
        let mut nic = Table::new();
        put(&mut nic, "name", told.name.clone());
        put(&mut nic, "mac", told.mac.clone());
        let driver = told.driver.clone();
        put(
            &mut nic,
            "driver",
            driver.unwrap_or_else(|| "unknown".to_owned()),
        );
        may(&mut nic, "firmware", told.firmware.clone());
        may(&mut nic, "pci", told.pci_address.clone());
        let function = parts
            .pci
            .iter()
            .find(|function| Some(&function.address) == told.pci_address.as_ref());
        may(
            &mut nic,
            "pci_id",
            function.map(|f| format!("{}:{}", f.vendor_id, f.device_id)),
        );
        put(&mut nic, "paravirtual", told.paravirtual);
        put(&mut nic, "carrier", told.carrier);
        may(
            &mut nic,
            "mbps",
            told.max_speed_mbps.or(told.speed_mbps).map(integer),
        );
        put(&mut nic, "mtu", integer(told.mtu.into()));
        may(&mut nic, "link", told.link.as_ref().map(link));
        nic
    };
    parts.nics.iter().map(one).collect()
}

fn link(told: &PcieLink) -> Table {
    let mut link = Table::new();
    put(&mut link, "speed", told.max_speed);
    put(&mut link, "width", integer(told.max_width.into()));
    link
}

fn gpus(parts: &Parts, known: &[KnownGpu]) -> Vec<Table> {
    let one = |(index, told): (usize, &crate::contract::inventory::Gpu)| {
        let known = known.iter().find(|k| k.pci_address == told.pci_address);
        let mut gpu = Table::new();
        put(&mut gpu, "name", format!("gpu{index}"));
        put(&mut gpu, "pci", told.pci_address.clone());
        put(
            &mut gpu,
            "pci_id",
            format!("{}:{}", told.vendor_id, told.device_id),
        );
        let vendor = match told.vendor_id.as_str() {
            "10de" => "nvidia",
            "1002" => "amd",
            "8086" => "intel",
            other => other,
        };
        put(&mut gpu, "vendor", vendor);
        let model = known.and_then(|known| known.model.clone());
        let model = model.or_else(|| told.model.clone());
        put(
            &mut gpu,
            "model",
            model.unwrap_or_else(|| "unknown".to_owned()),
        );
        put(&mut gpu, "accelerator", told.accelerator);
        if let Some(known) = known {
            may(&mut gpu, "uuid", known.uuid.clone());
            may(&mut gpu, "serial", known.serial.clone());
            may(&mut gpu, "vbios", known.vbios.clone());
            may(&mut gpu, "driver", known.driver.clone());
            may(&mut gpu, "memory_bytes", known.memory_bytes.map(integer));
            may(&mut gpu, "power_limit", known.power_limit);
            may(&mut gpu, "core_mhz", known.core_mhz);
            may(&mut gpu, "memory_mhz", known.memory_mhz);
            if let Some((speed, width)) = known.link {
                let mut link = Table::new();
                put(&mut link, "speed", speed);
                put(&mut link, "width", integer(width.into()));
                put(&mut gpu, "link", link);
            }
        }
        gpu
    };
    parts.gpus.iter().enumerate().map(one).collect()
}

fn psus(watched: &Watched) -> Vec<Table> {
    let one = |told: &Supply| {
        let mut psu = Table::new();
        put(&mut psu, "name", told.name.clone());
        may(&mut psu, "model", told.model.clone());
        may(&mut psu, "serial", told.serial.clone());
        put(&mut psu, "portable", told.portable);
        psu
    };
    watched.supplies.iter().map(one).collect()
}

/// A fan's highest speed is not known: twice its speed now.
fn fans(seen: &Seen, watched: &Watched) -> Vec<Table> {
    let own = seen.sensors.iter().filter(|s| s.kind == SensorKind::Fan);
    let own = own.map(|s| (s.label.clone(), s.value));
    let one = |(name, rpm): (String, f64)| {
        let mut fan = Table::new();
        put(&mut fan, "name", name);
        put(&mut fan, "rpm", (2.0 * rpm).max(1_000.0));
        fan
    };
    watched.fans.iter().cloned().chain(own).map(one).collect()
}

fn rails(watched: &Watched) -> Vec<Table> {
    let one = |(name, volts): &(String, f64)| {
        let mut rail = Table::new();
        put(&mut rail, "name", name.clone());
        put(&mut rail, "volts", *volts);
        rail
    };
    watched.rails.iter().map(one).collect()
}
