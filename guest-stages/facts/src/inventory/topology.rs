//! Where logical CPUs are: packages, cores and NUMA nodes; and the kernel's way to write lists of them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::cpuinfo::{Cpuinfo, MAX_CPUS};
use super::cpus::FOLDER;
use crate::files::Files;

/// Which logical CPUs there are, in the kernel's lists: `0-3,8`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CpuNumbers {
    /// CPUs that the kernel has room for.
    pub possible: Option<String>,
    /// CPUs that are there.
    pub present: Option<String>,
    /// CPUs that are in use.
    pub online: Option<String>,
    /// CPUs that are there and not in use; `None` where the kernel gives neither list.
    pub offline: Option<String>,
    /// How many are there.
    pub present_count: Option<u32>,
    /// How many are in use.
    pub online_count: Option<u32>,
    /// How many are there and not in use.
    pub offline_count: Option<u32>,
    /// The kernel's word for simultaneous threads: `on`, `off`, `forceoff`, `notsupported`.
    pub smt: Option<String>,
}

/// One NUMA node.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Node {
    /// Its number.
    pub node: u32,
    /// Its CPUs; `None` for a node of memory alone.
    pub cpus: Option<String>,
    /// Its memory in bytes, as the kernel counts it.
    pub memory_bytes: Option<u64>,
    /// Its distances to all nodes, itself included, by their number; 10 is local.
    pub distances: Vec<u32>,
}

/// Physical cores: by the list of threads that share one, else by the numbers of die and core, which may
/// repeat within a package.
pub(super) fn cores(files: &Files, info: &Cpuinfo<'_>, cpus: &[u32]) -> u32 {
    let core = |cpu: u32| {
        let file = |name: &str| format!("{FOLDER}/cpu{cpu}/topology/{name}");
        let threads = files.text(&file("core_cpus_list"));
        let threads = threads.or_else(|| files.text(&file("thread_siblings_list")));
        if let Some(first) = threads.and_then(lowest) {
            return (None, None, first);
        }
        let number = |name: &str| files.number::<i64>(&file(name)).filter(|n| *n >= 0);
        let listed = number("core_id").or_else(|| info.get(cpu, "core id")?.parse().ok());
        match listed {
            Some(core) => (number("die_id"), Some(core), 0),
            None => (None, None, cpu),
        }
    };
    let all: BTreeSet<_> = cpus.iter().map(|cpu| core(*cpu)).collect();
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}

/// The package of a CPU. Virtual machines and ARM boards write -1 for what they do not know.
pub(super) fn package_of(files: &Files, info: &Cpuinfo<'_>, cpu: u32) -> u32 {
    let file = |name: &str| format!("{FOLDER}/cpu{cpu}/topology/{name}");
    let number: Option<u32> = files.number(&file("physical_package_id"));
    let number = number.or_else(|| info.get(cpu, "physical id")?.parse().ok());
    let listed = || {
        let list = files.text(&file("package_cpus_list"));
        let list = list.or_else(|| files.text(&file("core_siblings_list")))?;
        let first = lowest(list)?;
        files.number::<u32>(&format!("{FOLDER}/cpu{first}/topology/physical_package_id"))
    };
    number.or_else(listed).unwrap_or(0)
}

/// CPUs that are online, in order.
pub(super) fn online(files: &Files, info: &Cpuinfo<'_>) -> Vec<u32> {
    let listed = files.text(&format!("{FOLDER}/online")).map(ranges);
    if let Some(listed) = listed.filter(|listed| !listed.is_empty()) {
        return listed;
    }
    let (on, _) = folders(files);
    if on.is_empty() {
        return info.numbers().collect();
    }
    on
}

/// CPUs that have a folder: online, and offline. CPU 0 of most machines has no file that says so.
fn folders(files: &Files) -> (Vec<u32>, Vec<u32>) {
    let number = |name: &str| name.strip_prefix("cpu")?.parse::<u32>().ok();
    let numbers = files.names(FOLDER).into_iter().filter_map(number);
    let is_on = |cpu: &u32| files.text(&format!("{FOLDER}/cpu{cpu}/online")) != Some("0");
    numbers.partition(is_on)
}

pub(super) fn cpu_numbers(files: &Files) -> CpuNumbers {
    let text = |name: &str| files.text(&format!("{FOLDER}/{name}")).map(str::to_owned);
    let (mut present, mut online) = (text("present"), text("online"));
    if present.is_none() && online.is_none() {
        // Kernels before 2.6.28 have no lists.
        let (on, off) = folders(files);
        let mut all = [on.as_slice(), off.as_slice()].concat();
        all.sort_unstable();
        online = Some(list(&on)).filter(|list| !list.is_empty());
        present = Some(list(&all)).filter(|list| !list.is_empty());
    }
    let count = |list: &Option<String>| {
        let list = ranges(list.as_deref()?);
        u32::try_from(list.len()).ok()
    };
    // The kernel's list of those offline has those too that could be added later.
    let both = present.as_deref().zip(online.as_deref());
    let difference = both.map(|(present, online)| {
        let online = ranges(online);
        let mut off = ranges(present);
        off.retain(|cpu| online.binary_search(cpu).is_err());
        off
    });
    let offline = difference.or_else(|| text("offline").map(|text| ranges(&text)));
    CpuNumbers {
        possible: text("possible"),
        present_count: count(&present),
        online_count: count(&online),
        offline_count: offline
            .as_ref()
            .and_then(|off| u32::try_from(off.len()).ok()),
        offline: offline.as_deref().map(list),
        present,
        online,
        smt: text("smt/control"),
    }
}

/// NUMA nodes, by number.
pub(super) fn nodes(files: &Files) -> Vec<Node> {
    const NODES: &str = "sys/devices/system/node";
    let number = |name: &str| name.strip_prefix("node")?.parse::<u32>().ok();
    let numbers = files.names(NODES).into_iter().filter_map(number);
    let node = |node: u32| {
        let text = |file: &str| files.text(&format!("{NODES}/node{node}/{file}"));
        let total = text("meminfo").and_then(|text| {
            let line = text.lines().find(|line| line.contains(" MemTotal:"))?;
            let (_, value) = line.split_once("MemTotal:")?;
            let kib: u64 = value.split_ascii_whitespace().next()?.parse().ok()?;
            kib.checked_mul(1024)
        });
        let distances = text("distance").unwrap_or_default();
        Node {
            node,
            cpus: text("cpulist").map(str::to_owned),
            memory_bytes: total,
            distances: distances
                .split_ascii_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect(),
        }
    };
    numbers.map(node).collect()
}

/// The kernel's way to write lists: `0-3,8,10-11`; in order, each number once.
pub(super) fn ranges(text: &str) -> Vec<u32> {
    let mut numbers = Vec::new();
    for part in text.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let bounds = first
            .trim()
            .parse::<u32>()
            .ok()
            .zip(last.trim().parse().ok());
        if let Some((first, last)) = bounds {
            let last: u32 = last;
            numbers.extend((first..=last.min(MAX_CPUS)).take(MAX_CPUS as usize));
        }
        if numbers.len() > MAX_CPUS as usize {
            break;
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Numbers in order as the kernel writes them.
pub(super) fn list(numbers: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match parts.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => parts.push((*number, *number)),
        }
    }
    let part = |(first, last): &(u32, u32)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(",")
}

/// The lowest number of a list, which the kernel writes first.
fn lowest(list: &str) -> Option<u32> {
    list.trim().split([',', '-']).next()?.parse().ok()
}
