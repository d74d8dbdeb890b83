//! Processors: `sys/devices/system/cpu`, `proc/cpuinfo`, and SMBIOS for the names of the sockets.

use std::collections::{BTreeMap, BTreeSet};

use super::smbios::{Tables, kind};
use crate::contract::inventory::Cpu;
use crate::real::root::Root;

/// Where the kernel shows its CPUs.
pub const FOLDER: &str = "sys/devices/system/cpu";

/// The most logical CPUs that a list may name; Linux allows 8,192 (`NR_CPUS_RANGE_END`).
const MOST: u32 = 65_536;

/// Where a logical CPU is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Physical core within the package.
    pub core: u32,
    /// Package (socket).
    pub package: u32,
}

/// The logical CPUs that are online, in order.
pub fn online(root: &Root) -> Vec<u32> {
    let listed = root.value(&format!("{FOLDER}/online"));
    let listed = listed.map(|text| ranges(&text)).unwrap_or_default();
    if !listed.is_empty() {
        return listed;
    }
    let names = root.list(FOLDER);
    let number = |name: &String| name.strip_prefix("cpu")?.parse::<u32>().ok();
    let is_on =
        |cpu: &u32| root.value(&format!("{FOLDER}/cpu{cpu}/online")).as_deref() != Some("0");
    let folders: Vec<u32> = names.iter().filter_map(number).filter(is_on).collect();
    if !folders.is_empty() {
        return folders;
    }
    let entries = cpuinfo(&root.value("proc/cpuinfo").unwrap_or_default());
    entries.into_keys().collect()
}

/// The logical CPUs that a tool may run on, in order: those online, less what a cpuset or an affinity
/// mask of this process forbids. Of another root's machine only its own files are known.
pub fn usable(root: &Root) -> Vec<u32> {
    let online = online(root);
    if !root.is_here() {
        return online;
    }
    let status = root.value("proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let allowed = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let allowed = allowed.map(ranges).unwrap_or_default();
    let usable: Vec<u32> = online
        .iter()
        .copied()
        .filter(|cpu| allowed.contains(cpu))
        .collect();
    // A list that names none of them was not understood.
    if usable.is_empty() { online } else { usable }
}

/// The kernel's way to write lists: `0-3,8,10-11`.
pub fn ranges(text: &str) -> Vec<u32> {
    let mut numbers = BTreeSet::new();
    for part in text.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.trim().parse::<u32>(), last.trim().parse::<u32>()) {
            numbers.extend(first..=last.min(MOST));
        }
    }
    numbers.into_iter().collect()
}

/// Where a logical CPU is, by sysfs. Virtual machines and ARM boards write -1 for what they do not
/// know; that is package 0.
pub fn place(root: &Root, cpu: u32) -> Place {
    let id = |file: &str| {
        let id = root.number::<i64>(&format!("{FOLDER}/cpu{cpu}/topology/{file}"));
        id.and_then(|id| u32::try_from(id).ok())
    };
    Place {
        core: id("core_id").unwrap_or(cpu),
        package: id("physical_package_id").unwrap_or(0),
    }
}

/// One processor's lines in `proc/cpuinfo`.
pub type Lines = BTreeMap<String, String>;

pub fn cpuinfo(text: &str) -> BTreeMap<u32, Lines> {
    let mut all: BTreeMap<u32, Lines> = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if name == "processor" {
            current = value.parse().ok().filter(|n| *n < MOST);
        }
        if let Some(current) = current {
            all.entry(current)
                .or_default()
                .insert(name.to_owned(), value.to_owned());
        }
    }
    all
}

/// Whether a hypervisor says that it is below us.
pub fn is_virtual(root: &Root) -> bool {
    let text = root.value("proc/cpuinfo").unwrap_or_default();
    let flags = text
        .lines()
        .find_map(|l| l.strip_prefix("flags"))
        .unwrap_or_default();
    flags.split_whitespace().any(|flag| flag == "hypervisor")
}

/// Processor packages, by socket.
pub fn packages(root: &Root, tables: &Tables) -> Vec<Cpu> {
    let info = cpuinfo(&root.value("proc/cpuinfo").unwrap_or_default());
    let mut packages: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for cpu in online(root) {
        let mut place = place(root, cpu);
        if !root.exists(&format!("{FOLDER}/cpu{cpu}/topology")) {
            let id = |name: &str| info.get(&cpu)?.get(name)?.parse().ok();
            place = Place {
                core: id("core id").unwrap_or(cpu),
                package: id("physical id").unwrap_or(0),
            };
        }
        packages
            .entry(place.package)
            .or_default()
            .push((cpu, place.core));
    }
    // Sockets can be told apart only when SMBIOS knows as many processors as there are packages.
    let sockets: Vec<_> = tables
        .all(kind::PROCESSOR)
        .filter(|s| s.byte(0x18).is_none_or(|status| status & 0x40 != 0))
        .collect();
    let named = sockets.len() == packages.len();
    let packages = packages.into_iter().enumerate();
    packages
        .map(|(index, (package, cpus))| {
            let socket = sockets.get(index).filter(|_| named);
            let first = cpus.first().map_or(0, |(cpu, _)| *cpu);
            let empty = Lines::new();
            let lines = info.get(&first).unwrap_or(&empty);
            let line = |name: &str| lines.get(name).filter(|t| !t.is_empty()).cloned();
            let mhz = |file: &str| {
                let khz: u32 = root.number(&format!("{FOLDER}/cpu{first}/cpufreq/{file}"))?;
                (khz >= 1_000).then_some(khz / 1_000)
            };
            let model = line("model name")
                .or_else(|| socket?.text(0x10))
                .or_else(|| line("cpu"));
            let model = model
                .or_else(|| arm(lines))
                .unwrap_or_else(|| "unknown".into());
            let cores: BTreeSet<u32> = cpus.iter().map(|(_, core)| *core).collect();
            let stepping = || {
                let number = |name: &str| line(name);
                Some(format!(
                    "{}-{}-{}",
                    number("cpu family")?,
                    number("model")?,
                    number("stepping")?
                ))
            };
            Cpu {
                socket: socket
                    .and_then(|s| s.text(4))
                    .unwrap_or_else(|| package.to_string()),
                vendor: line("vendor_id")
                    .or_else(|| line("CPU implementer"))
                    .or_else(|| socket?.text(7))
                    .unwrap_or_default(),
                cores: cores.len() as u32,
                threads: cpus.len() as u32,
                base_mhz: mhz("base_frequency").or_else(|| base(&model)),
                max_mhz: mhz("cpuinfo_max_freq"),
                stepping: stepping(),
                microcode: line("microcode")
                    .or_else(|| root.value(&format!("{FOLDER}/cpu{first}/microcode/version"))),
                model,
            }
        })
        .collect()
}

/// ARM's cpuinfo has numbers only.
fn arm(lines: &Lines) -> Option<String> {
    let implementer = lines.get("CPU implementer")?;
    let part = lines.get("CPU part")?;
    Some(format!("ARM implementer {implementer} part {part}"))
}

/// Intel's names end in the base frequency: `… CPU @ 2.40GHz`.
pub fn base(model: &str) -> Option<u32> {
    let (_, text) = model.rsplit_once('@')?;
    let ghz: f64 = text.trim().strip_suffix("GHz")?.trim().parse().ok()?;
    (0.1..100.0)
        .contains(&ghz)
        .then(|| (ghz * 1e3).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_of_cpus_are_read() {
        assert_eq!(ranges("0-3,8,10-11\n"), [0, 1, 2, 3, 8, 10, 11]);
        assert_eq!(ranges(""), [0; 0]);
        assert_eq!(ranges("3-1,x"), [0; 0]);
    }

    #[test]
    fn a_model_name_may_tell_the_base_frequency() {
        assert_eq!(base("Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz"), Some(2400));
        assert_eq!(base("AMD EPYC 7763 64-Core Processor"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "(processor|flags|model name|[0-9a-z\n\t :,-])*") {
            cpuinfo(&text);
            prop_assert!(ranges(&text).len() <= MOST as usize + 2);
        }
    }
}
