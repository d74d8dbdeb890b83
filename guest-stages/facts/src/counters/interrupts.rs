//! `/proc/interrupts`: the interrupts that have a name and not a number, as machine checks have.

use serde::Serialize;

use super::change::{Count, Part};
use super::folder::{numbered, rows};
use crate::files::Files;

/// What to read for [`interrupts`].
pub const INTERRUPTS: &[&str] = &["proc/interrupts"];

/// One named interrupt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Interrupt {
    /// Its name: `MCE` (machine check exceptions), `MCP` (polls), `TRM` (thermal events), `THR`
    /// (threshold), `DFR` (deferred errors), `NMI`, `ERR`.
    pub name: String,
    /// All CPUs together.
    pub sum: u64,
    /// The CPUs that had any: empty for a row without CPUs (`ERR`).
    pub by_cpu: Vec<CpuCount>,
    /// What the kernel calls it: `Machine check exceptions`.
    pub text: Option<String>,
}

/// What one CPU counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CpuCount {
    /// The CPU.
    pub cpu: u32,
    /// The count.
    pub count: u64,
}

/// Named interrupts, and rows that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Interrupts {
    /// The interrupts.
    pub named: Vec<Interrupt>,
    /// Rows that could not be read.
    pub unread: Vec<String>,
}

/// Reads the table; `None`: not read.
pub fn interrupts(files: &Files) -> Option<Interrupts> {
    let rows = rows(files, "proc/interrupts")?;
    let (header, rows) = rows.split_first()?;
    let cpus: Vec<u32> = header
        .split_whitespace()
        .filter_map(|cell| numbered(cell, "CPU"))
        .collect();
    let mut found = Interrupts::default();
    for row in rows {
        let Some((name, cells)) = row.split_once(':') else {
            found.unread.push(row.clone());
            continue;
        };
        let name = name.trim();
        if name.bytes().all(|b| b.is_ascii_digit()) {
            continue;
        }
        match interrupt(name, cells, &cpus) {
            Some(interrupt) => found.named.push(interrupt),
            None => found.unread.push(row.clone()),
        }
    }
    Some(found)
}

fn interrupt(name: &str, cells: &str, cpus: &[u32]) -> Option<Interrupt> {
    let mut counts: Vec<u64> = Vec::new();
    let mut rest = cells.trim_start();
    // At least one: `ERR: 0` has a single number whatever CPUs there are.
    while counts.len() < cpus.len().max(1) {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (cell, after) = rest.split_at_checked(end)?;
        let Ok(count) = cell.parse() else { break };
        counts.push(count);
        rest = after.trim_start();
    }
    if counts.is_empty() {
        return None;
    }
    let by_cpu = cpus.iter().zip(&counts).filter(|(_, count)| **count > 0);
    let by_cpu = by_cpu.map(|(cpu, count)| CpuCount {
        cpu: *cpu,
        count: *count,
    });
    let whole = counts.len() == cpus.len();
    Some(Interrupt {
        name: name.to_owned(),
        sum: counts.iter().fold(0, |sum: u64, n| sum.saturating_add(*n)),
        by_cpu: if whole { by_cpu.collect() } else { Vec::new() },
        text: (!rest.is_empty()).then(|| rest.to_owned()),
    })
}

impl Interrupts {
    /// The sum of one; `None`: this kernel has no such row.
    pub fn sum(&self, name: &str) -> Option<u64> {
        let row = self.named.iter().find(|row| row.name == name);
        row.map(|row| row.sum)
    }

    /// The counters that speak of errors and heat.
    pub fn counts(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        let mut part = Part {
            to: &mut counts,
            part: "interrupts".to_owned(),
        };
        for name in ["MCE", "MCP", "TRM", "THR", "DFR", "NMI", "ERR"] {
            part.add(name, self.sum(name));
        }
        counts
    }
}
