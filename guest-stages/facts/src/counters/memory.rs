//! Memory as the kernel accounts for it: of the machine and of each NUMA node.

use serde::Serialize;

use super::change::{Count, NamedCount, Part};
use super::cpu::list;
use super::folder::{Folder, Leftover, names, numbered, rows};
use crate::files::Files;

const NODES: &str = "sys/devices/system/node";

/// What to read for [`memory`].
pub const MEMORY: &[&str] = &[
    "proc/meminfo",
    "proc/vmstat",
    "sys/devices/system/node/*",
    "sys/devices/system/node/node*/meminfo",
    "sys/devices/system/node/node*/cpulist",
    "sys/devices/system/node/node*/distance",
    "sys/devices/system/node/node*/numastat",
    "sys/devices/system/node/node*/memory_failure/*",
];

/// The machine's memory.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Memory {
    /// `/proc/meminfo`; `None`: not read.
    pub total: Option<Meminfo>,
    /// Each NUMA node.
    pub nodes: Vec<Node>,
    /// Processes killed for want of memory since boot.
    pub oom_kills: Option<u64>,
    /// All of `/proc/vmstat`.
    pub vmstat: Vec<NamedCount>,
    /// Rows that could not be read.
    pub unread: Vec<String>,
}

/// Memory of the machine or of one node.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Meminfo {
    /// Usable memory in KiB.
    pub total_kib: Option<u64>,
    /// Unused memory in KiB.
    pub free_kib: Option<u64>,
    /// Memory that a new process could have, in KiB.
    pub available_kib: Option<u64>,
    /// Memory that the kernel took out of use after errors, in KiB.
    pub corrupted_kib: Option<u64>,
    /// Huge pages set aside: a number of pages.
    pub huge_pages: Option<u64>,
    /// Bytes of a huge page, in KiB.
    pub huge_page_kib: Option<u64>,
    /// Every row in KiB, by the kernel's name, those above included.
    pub kib: Vec<NamedCount>,
    /// Every row without a unit: numbers of pages.
    pub pages: Vec<NamedCount>,
}

/// One NUMA node.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Node {
    /// Its number.
    pub node: u32,
    /// Its memory.
    pub memory: Option<Meminfo>,
    /// Its CPUs.
    pub cpus: Option<Vec<u32>>,
    /// Distances to all nodes, by the firmware; 10 is its own.
    pub distances: Option<Vec<u32>>,
    /// Where pages came from: `numa_miss` …
    pub numastat: Vec<NamedCount>,
    /// Pages that the kernel took out of use after errors: `total`, `recovered`, `failed` …
    pub failures: Vec<NamedCount>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads memory.
pub fn memory(files: &Files) -> Memory {
    let mut unread = Vec::new();
    let total = rows(files, "proc/meminfo").map(|rows| meminfo(&rows, &mut unread));
    let vmstat = rows(files, "proc/vmstat").map(|rows| table(&rows, &mut unread));
    let vmstat = vmstat.unwrap_or_default();
    let kills = vmstat.iter().find(|row| row.name == "oom_kill");
    let below = names(files, NODES);
    let numbers = below.iter().filter_map(|name| numbered(name, "node"));
    Memory {
        total,
        nodes: numbers.map(|number| node(files, number)).collect(),
        oom_kills: kills.map(|row| row.count),
        vmstat,
        unread,
    }
}

fn node(files: &Files, number: u32) -> Node {
    let home = format!("{NODES}/node{number}");
    let mut folder = Folder::open(files, &home);
    let mut failures = Folder::open(files, &format!("{home}/memory_failure"));
    let mut failed = Vec::new();
    for name in failures.left() {
        if let Some(count) = failures.number(&name) {
            failed.push(NamedCount { name, count });
        }
    }
    let mut unread = Vec::new();
    let rows_of = |text: Option<String>| -> Vec<String> {
        let text = text.unwrap_or_default();
        text.lines().map(|row| row.trim().to_owned()).collect()
    };
    let statistics = table(&rows_of(folder.text("numastat")), &mut unread);
    let rows = folder.text("meminfo").map(|text| rows_of(Some(text)));
    let memory = rows.map(|rows| meminfo(&rows, &mut unread));
    let numbers = |text: &str| -> Option<Vec<u32>> {
        text.split_whitespace()
            .map(|cell| cell.parse().ok())
            .collect()
    };
    let mut found = Node {
        node: number,
        memory,
        cpus: folder.with("cpulist", list),
        distances: folder.with("distance", numbers),
        numastat: statistics,
        failures: failed,
        leftover: folder.close(),
    };
    failures.close_below("memory_failure", &mut found.leftover);
    found.leftover.unread.extend(unread);
    found
}

/// `MemTotal:  16303428 kB`, and of a node `Node 0 MemTotal:  16303428 kB`.
fn meminfo(rows: &[String], unread: &mut Vec<String>) -> Meminfo {
    let mut found = Meminfo::default();
    for row in rows {
        let Some((name, value)) = row.split_once(':') else {
            unread.push(row.clone());
            continue;
        };
        let name = name.rsplit(' ').next().unwrap_or(name).trim();
        let mut cells = value.split_whitespace();
        let count = cells.next().and_then(|cell| cell.parse().ok());
        let (Some(count), unit, None) = (count, cells.next(), cells.next()) else {
            unread.push(row.clone());
            continue;
        };
        let named = NamedCount {
            name: name.to_owned(),
            count,
        };
        match unit {
            Some("kB") => found.kib.push(named),
            None => found.pages.push(named),
            Some(_) => unread.push(row.clone()),
        }
    }
    let value = |rows: &[NamedCount], name: &str| {
        let row = rows.iter().find(|row| row.name == name);
        row.map(|row| row.count)
    };
    found.total_kib = value(&found.kib, "MemTotal");
    found.free_kib = value(&found.kib, "MemFree");
    found.available_kib = value(&found.kib, "MemAvailable");
    found.corrupted_kib = value(&found.kib, "HardwareCorrupted");
    found.huge_pages = value(&found.pages, "HugePages_Total");
    found.huge_page_kib = value(&found.kib, "Hugepagesize");
    found
}

fn table(rows: &[String], unread: &mut Vec<String>) -> Vec<NamedCount> {
    let mut counts = Vec::new();
    for row in rows {
        let cells = row.split_once(char::is_whitespace);
        match cells.map(|(name, count)| (name, count.trim().parse())) {
            Some((name, Ok(count))) => counts.push(NamedCount {
                name: name.to_owned(),
                count,
            }),
            _ => unread.push(row.clone()),
        }
    }
    counts
}

impl Memory {
    /// The counters: killed processes, and pages that failed by node.
    pub fn counts(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        let mut part = Part {
            to: &mut counts,
            part: "memory".to_owned(),
        };
        part.add("oom_kill", self.oom_kills);
        let corrupted = self.total.as_ref().and_then(|total| total.corrupted_kib);
        part.add("HardwareCorrupted", corrupted);
        for node in &self.nodes {
            part.part = format!("memory/node{}", node.node);
            part.all(&node.failures);
        }
        counts
    }
}
