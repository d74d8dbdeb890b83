//! Processors: packages and cores by sysfs, names by `proc/cpuinfo`, sockets by SMBIOS.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::arm;
use super::cpuinfo::Cpuinfo;
use super::placeholder::Fillers;
use super::topology::{self, CpuNumbers, Node};
use crate::files::Files;
use crate::smbios::{Processor, ProcessorStatus, Tables};

pub(super) const FOLDER: &str = "sys/devices/system/cpu";

/// One processor package that the kernel uses.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cpu {
    /// The socket's name by SMBIOS, or the package's number: `CPU1`, `0`.
    pub socket: String,
    /// The package's number by the kernel.
    pub package: u32,
    /// Its model as it names itself; of ARM the core's name.
    pub model: Option<String>,
    /// All models of its CPUs, where they differ.
    pub models: Vec<String>,
    /// Its vendor: `GenuineIntel`, `AuthenticAMD`; of ARM the implementer's name.
    pub vendor: Option<String>,
    /// Physical cores with a CPU that is online.
    pub cores: u32,
    /// Logical CPUs that are online.
    pub threads: u32,
    /// Numbers of these CPUs: `0-15,32-47`.
    pub cpus: String,
    /// Dies, where the kernel numbers them.
    pub dies: Option<u32>,
    /// NUMA nodes of these CPUs.
    pub numa_nodes: Vec<u32>,
    /// Base frequency in MHz.
    pub base_mhz: Option<u32>,
    /// Highest frequency in MHz.
    pub max_mhz: Option<u32>,
    /// Family, model and stepping as the kernel prints them: `6-85-7`; of ARM `r0p1`.
    pub stepping: Option<String>,
    /// Microcode revision: `0x2006e05`.
    pub microcode: Option<String>,
    /// All microcode revisions of its CPUs, where they differ.
    pub microcodes: Vec<String>,
}

/// One processor socket by SMBIOS.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Socket {
    /// Its name: `CPU1`.
    pub socket: String,
    /// Whether it is populated.
    pub populated: Option<bool>,
    /// State of the processor.
    pub status: Option<ProcessorStatus>,
    /// Number of the kernel's package that is in it, where the numbers of sockets and packages agree.
    pub package: Option<u32>,
    /// Model of the processor.
    pub model: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Cores that it has.
    pub cores: Option<u16>,
    /// Cores that the firmware enabled.
    pub cores_enabled: Option<u16>,
    /// Threads that it has.
    pub threads: Option<u16>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// Clock at boot in MHz.
    pub current_mhz: Option<u16>,
    /// The fastest that the socket supports, in MHz.
    pub max_mhz: Option<u16>,
}

/// What this file reads.
pub(super) struct Cpus {
    pub packages: Vec<Cpu>,
    pub sockets: Vec<Socket>,
    pub numbers: CpuNumbers,
}

pub(super) fn read(
    files: &Files,
    info: &Cpuinfo<'_>,
    tables: &Tables,
    nodes: &[Node],
    fillers: &mut Fillers,
) -> Cpus {
    let mut packages: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for cpu in topology::online(files, info) {
        packages
            .entry(topology::package_of(files, info, cpu))
            .or_default()
            .push(cpu);
    }
    let places = places(tables, packages.len());
    let numbers = places.iter().copied().zip(packages.keys().copied());
    let numbers: BTreeMap<usize, u32> = numbers.collect();
    let sockets = tables.processors.iter().enumerate();
    let sockets: Vec<Socket> = sockets
        .map(|(index, processor)| {
            let package = numbers.get(&index).copied();
            socket(processor, index, package, fillers)
        })
        .collect();
    let packages = packages.iter().enumerate().map(|(index, (number, cpus))| {
        let place = places.get(index).and_then(|at| tables.processors.get(*at));
        package(files, info, nodes, *number, cpus, place)
    });
    Cpus {
        packages: packages.collect(),
        sockets,
        numbers: topology::cpu_numbers(files),
    }
}

/// The sockets of the packages, in order; empty where their numbers do not agree.
fn places(tables: &Tables, packages: usize) -> Vec<usize> {
    let central = |p: &Processor| p.kind.is_none_or(|kind| kind.code == 3 || kind.code == 0);
    let with = |wanted: fn(&Processor) -> bool| -> Vec<usize> {
        let all = tables.processors.iter().enumerate();
        let these = all.filter(|(_, p)| central(p) && wanted(p));
        these.map(|(index, _)| index).collect()
    };
    let populated = with(|p| p.populated != Some(false));
    if populated.len() == packages {
        return populated;
    }
    let enabled = with(|p| {
        p.populated != Some(false) && matches!(p.status, None | Some(ProcessorStatus::Enabled))
    });
    if enabled.len() == packages {
        return enabled;
    }
    Vec::new()
}

fn socket(
    processor: &Processor,
    index: usize,
    package: Option<u32>,
    fillers: &mut Fillers,
) -> Socket {
    let mut real = |field: &str, text: &Option<String>| {
        fillers.real(&format!("sockets[{index}].{field}"), text.as_deref())
    };
    Socket {
        socket: processor.socket.clone().unwrap_or_default(),
        populated: processor.populated,
        status: processor.status,
        package,
        model: real("model", &processor.version),
        manufacturer: real("manufacturer", &processor.manufacturer),
        cores: processor.cores,
        cores_enabled: processor.cores_enabled,
        threads: processor.threads,
        serial: real("serial", &processor.serial),
        part_number: real("part_number", &processor.part_number),
        current_mhz: processor.current_mhz,
        max_mhz: processor.max_mhz,
    }
}

fn package(
    files: &Files,
    info: &Cpuinfo<'_>,
    nodes: &[Node],
    number: u32,
    cpus: &[u32],
    place: Option<&Processor>,
) -> Cpu {
    let first = cpus.first().copied().unwrap_or_default();
    let file = |cpu: u32, file: &str| format!("{FOLDER}/cpu{cpu}/{file}");
    let line = |key: &str| info.get(first, key).or_else(|| info.any(key));
    let models = distinct(cpus, |cpu| model(files, info, cpu));
    let listed = place.and_then(|p| p.version.clone());
    let listed = listed.filter(|text| !super::is_placeholder(text));
    let model = models.first().cloned().or(listed);
    let model = model.or_else(|| self::model(files, info, *info.numbers().next().as_ref()?));
    let microcodes = distinct(cpus, |cpu| {
        let code = files.text(&file(cpu, "microcode/version"));
        code.or_else(|| info.get(cpu, "microcode"))
            .map(str::to_owned)
    });
    let mhz = |name: &str| {
        let khz: u32 = files.number(&file(first, name))?;
        (khz >= 1_000).then_some(khz / 1_000)
    };
    let nominal = files.number::<u32>(&file(first, "acpi_cppc/nominal_freq"));
    let die = |cpu: u32| files.number::<u32>(&file(cpu, "topology/die_id"));
    let dies: BTreeSet<u32> = cpus.iter().filter_map(|cpu| die(*cpu)).collect();
    let own = |node: &&Node| {
        let list = topology::ranges(node.cpus.as_deref().unwrap_or_default());
        list.iter().any(|cpu| cpus.binary_search(cpu).is_ok())
    };
    let vendor = line("vendor_id").map(str::to_owned).or_else(|| {
        let code = arm_ids(files, info, first)?.0;
        Some(arm::implementer(code).map_or_else(|| format!("{code:#04x}"), str::to_owned))
    });
    let name = place.and_then(|p| p.socket.clone());
    Cpu {
        socket: name.unwrap_or_else(|| number.to_string()),
        package: number,
        base_mhz: mhz("cpufreq/base_frequency")
            .or(nominal.filter(|mhz| *mhz > 0))
            .or_else(|| base(model.as_deref()?)),
        model,
        models: if models.len() > 1 { models } else { Vec::new() },
        vendor: vendor.or_else(|| place.and_then(|p| p.manufacturer.clone())),
        cores: topology::cores(files, info, cpus),
        threads: u32::try_from(cpus.len()).unwrap_or(u32::MAX),
        cpus: topology::list(cpus),
        dies: u32::try_from(dies.len()).ok().filter(|dies| *dies > 0),
        numa_nodes: nodes.iter().filter(own).map(|node| node.node).collect(),
        max_mhz: mhz("cpufreq/cpuinfo_max_freq"),
        stepping: stepping(info, first),
        microcode: microcodes.first().cloned(),
        microcodes: if microcodes.len() > 1 {
            microcodes
        } else {
            Vec::new()
        },
    }
}

/// What CPUs say, each once, in order.
fn distinct(cpus: &[u32], say: impl Fn(u32) -> Option<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in cpus.iter().filter_map(|cpu| say(*cpu)) {
        if found.len() < 16 && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// A CPU's model by the kernel.
fn model(files: &Files, info: &Cpuinfo<'_>, cpu: u32) -> Option<String> {
    let line = |key: &str| info.get(cpu, key);
    let x86 = line("model name").or_else(|| line("Model Name"));
    // `POWER9, altivec supported`.
    let power = || line("cpu").map(|text| text.split(',').next().unwrap_or(text).trim());
    let s390 = || line("machine").filter(|_| line("identification").is_some());
    let text = x86.or_else(power).or_else(s390).or_else(|| line("uarch"));
    // ARMv7 kernels write `ARMv7 Processor rev 4 (v7l)` as the model's name.
    let generic = |text: &&str| !text.starts_with("ARMv");
    if let Some(text) = text.filter(generic) {
        return Some(text.to_owned());
    }
    let Some((maker, part)) = arm_ids(files, info, cpu) else {
        return text.map(str::to_owned);
    };
    Some(match arm::part(maker, part) {
        Some(name) => name.to_owned(),
        None => format!("ARM implementer {maker:#04x} part {part:#05x}"),
    })
}

/// Implementer and part of an ARM core.
fn arm_ids(files: &Files, info: &Cpuinfo<'_>, cpu: u32) -> Option<(u32, u32)> {
    let hex = |text: &str| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let maker = info.get(cpu, "CPU implementer").and_then(hex);
    let part = info.get(cpu, "CPU part").and_then(hex);
    if let (Some(maker), Some(part)) = (maker, part) {
        return Some((maker, part));
    }
    let path = format!("{FOLDER}/cpu{cpu}/regs/identification/midr_el1");
    let text = files.text(&path)?.trim_start_matches("0x");
    let midr = u64::from_str_radix(text, 16).ok()?;
    Some(((midr >> 24) as u32 & 0xff, (midr >> 4) as u32 & 0xfff))
}

fn stepping(info: &Cpuinfo<'_>, cpu: u32) -> Option<String> {
    let line = |key: &str| info.get(cpu, key).or_else(|| info.any(key));
    if let Some(family) = line("cpu family") {
        return Some(format!("{family}-{}-{}", line("model")?, line("stepping")?));
    }
    if let Some(variant) = line("CPU variant") {
        let variant = variant.trim_start_matches("0x");
        return Some(format!("r{variant}p{}", line("CPU revision")?));
    }
    line("revision").map(str::to_owned)
}

/// Intel's names end in the base frequency: `… CPU @ 2.40GHz`.
fn base(model: &str) -> Option<u32> {
    let (_, text) = model.rsplit_once('@')?;
    let ghz: f64 = text.trim().strip_suffix("GHz")?.trim().parse().ok()?;
    (0.1..100.0)
        .contains(&ghz)
        .then(|| (ghz * 1e3).round() as u32)
}
