//! From readings to a profile: what of a machine a profile can say.

use std::collections::BTreeMap;

use toml::{Table, Value};
use vetting_facts::gpu::nvidia_smi;
use vetting_facts::inventory::{Cpu, Gpu, Inventory, Link, Memory, MemoryModule, Nic};
use vetting_machine::contract::disks::{Content, Disk, Transport};
use vetting_machine::contract::hwmon::{Sensor, SensorKind};

use super::super::machine_power::ShownPower;

/// Chips whose temperatures are a processor's.
const CPU_CHIPS: [&str; 3] = ["coretemp", "k10temp", "zenpower"];

/// What the kernel leaves of the modules' bytes, as the simulated machine has it.
const VISIBLE: (u64, u64) = (197, 200);

/// The speed of a lane by its generation (PCI Express Base Specification), in gigatransfers per second.
const SPEEDS: [f64; 6] = [2.5, 5.0, 8.0, 16.0, 32.0, 64.0];

/// Everything that was read, by kind.
pub struct Seen<'a> {
    /// What the machine is made of.
    pub parts: &'a Inventory,
    /// The kernel's sensors.
    pub sensors: &'a [Sensor],
    /// Disks, with their links and what is on them.
    pub disks: &'a [Disk],
    /// What nvidia-smi says of GPUs.
    pub gpus: Option<&'a nvidia_smi::Report>,
    /// Supplies, batteries, fans and voltages.
    pub power: Option<&'a ShownPower>,
    /// What EDAC's first memory controller calls itself.
    pub edac: Option<&'a str>,
}

/// The profile's text.
pub fn toml(seen: &Seen) -> Result<String, toml::ser::Error> {
    let parts = seen.parts;
    let mut profile = Table::new();
    let product = parts.system.product.as_deref().unwrap_or("a machine");
    put(&mut profile, "description", format!("{product}, captured"));
    put(&mut profile, "system", system(parts));
    let board = &parts.board;
    let of_board = [
        ("manufacturer", &board.manufacturer),
        ("product", &board.product),
        ("version", &board.version),
        ("serial", &board.serial),
    ];
    put(&mut profile, "board", texts(&of_board));
    let bios = [
        ("vendor", &parts.bios.vendor),
        ("version", &parts.bios.version),
        ("date", &parts.bios.date),
    ];
    let mut bios = texts(&bios);
    put(&mut bios, "uefi", parts.bios.uefi == Some(true));
    put(&mut profile, "bios", bios);
    if let Some(bmc) = &parts.bmc {
        let of_bmc = [
            ("manufacturer", &bmc.manufacturer),
            ("firmware", &bmc.firmware),
            ("address", &bmc.address),
            ("mac", &bmc.mac),
        ];
        put(&mut profile, "bmc", texts(&of_bmc));
    }
    put(&mut profile, "cpu", cpu(seen));
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
    list("gpu", gpus(parts, seen.gpus), &mut profile);
    list("psu", psus(seen.power), &mut profile);
    list("fan", fans(seen), &mut profile);
    list("rail", rails(seen.power), &mut profile);
    let mut scratch = Table::new();
    put(&mut scratch, "allowance_bytes", 4_i64 << 30);
    put(&mut scratch, "file_system", "tmpfs");
    put(&mut profile, "scratch", scratch);
    let mut tools = Table::new();
    for tool in ["ethtool", "fio", "iperf3", "ipmitool", "smartctl", "stress-ng"] {
        put(&mut tools, tool, "as captured");
    }
    put(&mut profile, "tools", tools);
    let text = toml::to_string(&profile)?;
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

/// The texts that there are.
fn texts(fields: &[(&str, &Option<String>)]) -> Table {
    let mut table = Table::new();
    for (key, text) in fields {
        may(&mut table, key, (*text).clone());
    }
    table
}

fn system(parts: &Inventory) -> Table {
    let system = &parts.system;
    let mut table = texts(&[
        ("manufacturer", &system.manufacturer),
        ("product", &system.product),
        ("serial", &system.serial),
        ("uuid", &system.uuid),
        ("chassis", &system.chassis),
        ("hypervisor", &system.hypervisor),
    ]);
    let kernel = system.kernel.clone().unwrap_or_default();
    put(&mut table, "kernel", kernel);
    table
}

fn cpu(seen: &Seen) -> Table {
    let mut cpu = Table::new();
    let first = seen.parts.cpus.first();
    let text = |of: fn(&Cpu) -> &Option<String>| {
        let text = first.and_then(|cpu| of(cpu).clone());
        text.unwrap_or_else(|| "unknown".to_owned())
    };
    put(&mut cpu, "model", text(|cpu| &cpu.model));
    put(&mut cpu, "vendor", text(|cpu| &cpu.vendor));
    let sockets = seen.parts.cpus.len().max(1) as u64;
    put(&mut cpu, "sockets", integer(sockets));
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
fn memory(parts: &Memory, edac: Option<&str>) -> Table {
    let mut memory = Table::new();
    let size_of = |module: &MemoryModule| module.size_bytes.unwrap_or(0);
    let filled = || parts.modules.iter().filter(|module| size_of(module) > 0);
    let mut sizes: BTreeMap<u64, usize> = BTreeMap::new();
    filled().for_each(|module| *sizes.entry(size_of(module)).or_default() += 1);
    let size = sizes.into_iter().max_by_key(|(_, count)| *count);
    let size = size.map(|(size, _)| size);
    let first = filled().find(|module| module.size_bytes == size);
    let labels = |wanted: bool| -> Vec<Value> {
        let modules = parts.modules.iter();
        let modules = modules.filter(|module| (Some(size_of(module)) == size) == wanted);
        modules.map(|m| Value::from(m.label.clone())).collect()
    };
    let (bytes, slots) = match size {
        Some(bytes) => (bytes, labels(true)),
        None => {
            let (part, whole) = VISIBLE;
            let visible = parts.visible_bytes.unwrap_or(0);
            let bytes = (visible / part).saturating_mul(whole);
            (bytes, vec![Value::from("DIMM 0")])
        }
    };
    let kind = first.and_then(|m| m.kind.clone());
    let kind = kind.unwrap_or_else(|| "RAM".to_owned());
    put(&mut memory, "kind", kind);
    let speed = first.and_then(|m| m.configured_mts.or(m.rated_mts));
    may(&mut memory, "mts", speed.map(|mts| integer(mts.into())));
    put(&mut memory, "module_bytes", integer(bytes));
    put(&mut memory, "slots", slots);
    let empty = size.map_or_else(Vec::new, |_| labels(false));
    put(&mut memory, "empty", empty);
    let maker = first.and_then(|m| m.manufacturer.clone());
    may(&mut memory, "manufacturer", maker);
    let number = first.and_then(|m| m.part_number.clone());
    may(&mut memory, "part_number", number);
    let ranks = first.and_then(|m| m.ranks);
    may(&mut memory, "ranks", ranks.map(|ranks| integer(ranks.into())));
    let word = parts.error_correction.as_deref().unwrap_or_default();
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

fn nics(parts: &Inventory) -> Vec<Table> {
    let one = |port: &Nic| {
        let mut nic = Table::new();
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        put(&mut nic, "name", port.name.clone());
        let mac = port.mac.clone().unwrap_or_default();
        put(&mut nic, "mac", mac);
        put(&mut nic, "driver", known(&port.driver));
        may(&mut nic, "firmware", port.firmware.clone());
        may(&mut nic, "pci", port.pci_address.clone());
        let ids = port.vendor_id.as_ref().zip(port.device_id.as_ref());
        let ids = ids.filter(|_| port.pci_address.is_some());
        let ids = ids.map(|(vendor, device)| format!("{vendor}:{device}"));
        may(&mut nic, "pci_id", ids);
        put(&mut nic, "paravirtual", port.paravirtual);
        put(&mut nic, "carrier", port.carrier == Some(true));
        let speed = port.max_speed_mbps.or(port.speed_mbps);
        may(&mut nic, "mbps", speed.map(integer));
        let mtu = port.mtu.unwrap_or(1500);
        put(&mut nic, "mtu", integer(mtu.into()));
        may(&mut nic, "link", port.link.as_ref().and_then(link));
        nic
    };
    parts.nics.iter().map(one).collect()
}

fn link(of: &Link) -> Option<Table> {
    let mut link = Table::new();
    put(&mut link, "speed", of.max_speed?);
    put(&mut link, "width", integer(of.max_width?.into()));
    Some(link)
}

fn gpus(parts: &Inventory, report: Option<&nvidia_smi::Report>) -> Vec<Table> {
    let all = parts.gpus.iter().chain(&parts.displays).enumerate();
    let one = |(index, seen): (usize, &Gpu)| {
        let mut gpu = Table::new();
        let of_tool = report.into_iter().flat_map(|report| &report.gpus);
        let mut of_tool = of_tool.filter(|gpu| gpu.pci_address.as_ref() == Some(&seen.pci_address));
        let of_tool = of_tool.next();
        put(&mut gpu, "name", format!("gpu{index}"));
        put(&mut gpu, "pci", seen.pci_address.clone());
        let ids = format!("{}:{}", seen.vendor_id, seen.device_id);
        put(&mut gpu, "pci_id", ids);
        let vendor = match seen.vendor_id.as_str() {
            "10de" => "nvidia",
            "1002" => "amd",
            "8086" => "intel",
            other => other,
        };
        put(&mut gpu, "vendor", vendor);
        let model = of_tool.and_then(|gpu| gpu.identity.name.clone());
        let model = model.or_else(|| seen.model.clone());
        let model = model.unwrap_or_else(|| "unknown".to_owned());
        put(&mut gpu, "model", model);
        put(&mut gpu, "accelerator", seen.accelerator);
        if let Some(told) = of_tool {
            let driver = report.and_then(|report| report.driver.clone());
            may(&mut gpu, "driver", driver);
            of_nvidia(told, &mut gpu);
        }
        gpu
    };
    all.map(one).collect()
}

/// What only NVIDIA's tool says of a GPU.
fn of_nvidia(seen: &nvidia_smi::Gpu, gpu: &mut Table) {
    may(gpu, "uuid", seen.identity.uuid.clone());
    may(gpu, "serial", seen.identity.serial.clone());
    may(gpu, "vbios", seen.identity.vbios.clone());
    may(gpu, "memory_bytes", seen.memory.total.map(integer));
    let power = seen.power.clone().unwrap_or_default();
    may(gpu, "power_limit", power.limit.or(power.enforced_limit));
    let core = seen.max_clocks.sm.or(seen.max_clocks.graphics);
    may(gpu, "core_mhz", core);
    may(gpu, "memory_mhz", seen.max_clocks.memory);
    let generation = seen.pci.max_generation.and_then(|n| usize::try_from(n).ok());
    let speed = generation.and_then(|n| SPEEDS.get(n.checked_sub(1)?).copied());
    if let (Some(speed), Some(width)) = (speed, seen.pci.max_width) {
        let mut link = Table::new();
        put(&mut link, "speed", speed);
        put(&mut link, "width", integer(width));
        put(gpu, "link", link);
    }
}

fn psus(power: Option<&ShownPower>) -> Vec<Table> {
    let one = |(name, model, serial, portable): (String, Option<String>, Option<String>, bool)| {
        let mut psu = Table::new();
        put(&mut psu, "name", name);
        may(&mut psu, "model", model);
        may(&mut psu, "serial", serial);
        put(&mut psu, "portable", portable);
        psu
    };
    let all = power.map(ShownPower::sources).unwrap_or_default();
    all.into_iter().map(one).collect()
}

/// A fan's highest speed is not known: twice its speed now.
fn fans(seen: &Seen) -> Vec<Table> {
    let own = seen.sensors.iter().filter(|s| s.kind == SensorKind::Fan);
    let own = own.map(|s| (s.label.clone(), s.value));
    let of_controller = seen.power.map(ShownPower::fans).unwrap_or_default();
    let one = |(name, rpm): (String, f64)| {
        let mut fan = Table::new();
        put(&mut fan, "name", name);
        put(&mut fan, "rpm", (2.0 * rpm).max(1_000.0));
        fan
    };
    of_controller.into_iter().chain(own).map(one).collect()
}

fn rails(power: Option<&ShownPower>) -> Vec<Table> {
    let one = |(name, volts): (String, f64)| {
        let mut rail = Table::new();
        put(&mut rail, "name", name);
        put(&mut rail, "volts", volts);
        rail
    };
    let all = power.map(ShownPower::rails).unwrap_or_default();
    all.into_iter().map(one).collect()
}
