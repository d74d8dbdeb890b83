//! The rules of the inventory: nothing is there twice, what is expected is there, and the system
//! sees the memory that is installed.

use std::collections::BTreeMap;

use vetting_facts::inventory::{CountedAs, Disk, Inventory, MemoryModule};
use vetting_stage::context::ExpectedDisk;
use vetting_stage::{Findings, Measure, Part, Rule, part};

use crate::rules::{FEWER_CORES, FEWER_CPUS, FEWER_DIMMS, FEWER_DISKS, FEWER_GPUS, FEWER_NICS};
use crate::rules::{MORE_CORES, MORE_CPUS, MORE_DIMMS, MORE_DISKS, MORE_GPUS, MORE_NICS};
use crate::{Parameters, rules, seen};

const GIB: f64 = (1_u64 << 30) as f64;

/// Ubuntu's checkbox allows this much less memory to be visible than is installed: GiB at most, per
/// cent.
const VISIBLE: [(f64, f64); 4] = [(2.0, 25.0), (6.0, 20.0), (8.0, 15.0), (16.0, 12.0)];
const VISIBLE_LARGE: f64 = 10.0;

/// Holds everything.
pub fn parts(
    parts: &Inventory,
    expected: &[ExpectedDisk],
    parameters: &Parameters,
    findings: &mut Findings,
) {
    let measure = Measure::number("cpus", parts.cpus.len() as f64);
    findings.hold(measure.at_least(rules::NO_CPU, 1.0), || {
        "no processor was found".to_owned()
    });
    memory(parts, findings);
    seen::processors(parts, findings);
    seen::mapped_out(&parts.memory, findings);
    counts(parts, parameters, findings);
    duplicates(parts, findings);
    disks(&parts.disks, expected, parameters, findings);
    for gap in &parts.gaps {
        findings.broken(
            rules::GAP,
            None,
            format!("not everything could be read: {gap}"),
        );
    }
}

/// The record in a line.
pub fn summary(parts: &Inventory) -> String {
    let cores: u32 = parts.cpus.iter().map(|cpu| cpu.cores).sum();
    let model = parts
        .cpus
        .first()
        .map_or("no CPU", |cpu| cpu.model.as_deref().unwrap_or("CPU"));
    let memory = &parts.memory;
    let bytes = memory.installed_bytes.or(memory.visible_bytes);
    let bytes = bytes.unwrap_or_default() as f64;
    format!(
        "{} × {model}, {cores} cores, {:.0} GiB, {} disks, {} network ports, {} GPUs",
        parts.cpus.len(),
        bytes / GIB,
        parts.disks.len(),
        parts.nics.len(),
        parts.gpus.iter().filter(|gpu| gpu.accelerator).count(),
    )
}

fn memory(parts: &Inventory, findings: &mut Findings) {
    let Some(visible) = parts.memory.visible_bytes else {
        return;
    };
    let visible = visible as f64;
    let measure = Measure::number("visible-memory", visible).unit("B");
    let Some(installed) = parts.memory.installed_bytes.filter(|bytes| *bytes > 0) else {
        return findings.note(measure);
    };
    let installed = installed as f64;
    let gib = installed / GIB;
    let allowed = VISIBLE
        .iter()
        .find(|(most, _)| gib <= *most)
        .map_or(VISIBLE_LARGE, |(_, p)| *p);
    let floor = installed * (1.0 - allowed / 100.0);
    findings.hold(measure.at_least(rules::VISIBLE_MEMORY, floor), || {
        format!(
            "the system sees {:.1} GiB of the {gib:.1} GiB that are installed",
            visible / GIB
        )
    });
}

fn counts(parts: &Inventory, parameters: &Parameters, findings: &mut Findings) {
    let cores: u32 = parts.cpus.iter().map(|cpu| cpu.cores).sum();
    let dimms = filled(parts).count();
    let gpus = parts.gpus.iter().filter(|gpu| gpu.accelerator).count();
    let p = parameters;
    let (cpus, disks, nics) = (parts.cpus.len(), parts.disks.len(), parts.nics.len());
    for (what, found, expected, rules) in [
        (
            "cpus",
            cpus as f64,
            p.expected_cpus,
            (FEWER_CPUS, MORE_CPUS),
        ),
        (
            "cores",
            f64::from(cores),
            p.expected_cores,
            (FEWER_CORES, MORE_CORES),
        ),
        (
            "dimms",
            dimms as f64,
            p.expected_dimms,
            (FEWER_DIMMS, MORE_DIMMS),
        ),
        (
            "disks",
            disks as f64,
            p.expected_disks,
            (FEWER_DISKS, MORE_DISKS),
        ),
        (
            "nics",
            nics as f64,
            p.expected_nics,
            (FEWER_NICS, MORE_NICS),
        ),
        (
            "gpus",
            gpus as f64,
            p.expected_gpus,
            (FEWER_GPUS, MORE_GPUS),
        ),
    ] {
        count(what, found, expected, rules, findings);
    }
    if let Some(expected) = p.expected_memory_gib {
        let rules = (rules::FEWER_MEMORY, rules::MORE_MEMORY);
        match parts.memory.installed_bytes {
            Some(bytes) => count(
                "memory_gib",
                (bytes as f64 / GIB).round(),
                Some(expected),
                rules,
                findings,
            ),
            None => findings.unknown(
                rules::MEMORY_NOT_TOLD,
                None,
                "the firmware does not tell how much memory is installed: run as root, or look at SMBIOS",
            ),
        }
    }
}

/// Fewer than expected is a failure; more is worth a look.
fn count(
    what: &str,
    found: f64,
    expected: Option<u64>,
    (fewer, more): (Rule, Rule),
    findings: &mut Findings,
) {
    let name = format!("{what}-found");
    let Some(expected) = expected else {
        return findings.note(Measure::number(&name, found));
    };
    let expected = expected as f64;
    let measure = Measure::number(&name, found)
        .at_least(fewer, expected)
        .at_most(more, expected);
    findings.hold(measure, || {
        format!(
            "{found} of the {expected} expected {} were found",
            what.replace('_', " ")
        )
    });
}

/// Modules that count as memory, persistent memory included.
fn filled(parts: &Inventory) -> impl Iterator<Item = &MemoryModule> {
    let counts =
        |m: &&MemoryModule| matches!(m.counted_as, CountedAs::Memory | CountedAs::Persistent);
    parts.memory.modules.iter().filter(counts)
}

/// A serial number or an address that is there twice is a cloned part or a misreading.
fn duplicates(parts: &Inventory, findings: &mut Findings) {
    let modules = filled(parts).filter_map(|m| Some((m.serial.clone()?, m.label.clone())));
    let nics = parts.nics.iter();
    let nics = nics.filter_map(|nic| Some((nic.mac.clone()?, nic.name.clone())));
    let mut found = 0;
    for (kind, what, places) in [
        ("dimm", "serial number", places(modules)),
        ("nic", "MAC address", places(nics)),
        ("disk", "serial number", disk_places(&parts.disks)),
    ] {
        for (id, places) in places.into_iter().filter(|(_, places)| places.len() > 1) {
            found += 1;
            let message = format!("{} have the same {what} {id}", places.join(" and "));
            findings.broken(
                rules::DUPLICATE,
                Some(&Part {
                    serial: Some(id),
                    ..part(kind, places.join(", "))
                }),
                message,
            );
        }
    }
    let measure = Measure::number("duplicates", f64::from(found));
    findings.hold(measure.at_most(rules::DUPLICATE, 0.0), || {
        format!("{found} serial numbers or addresses are there twice")
    });
}

fn places(parts: impl Iterator<Item = (String, String)>) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (id, place) in parts {
        places
            .entry(id.trim().to_uppercase())
            .or_default()
            .push(place);
    }
    places
}

/// Several paths to one disk, several namespaces of one controller, and both actuators of one drive
/// are one part.
fn disk_places(disks: &[Disk]) -> BTreeMap<String, Vec<String>> {
    let mut seen: Vec<(String, String)> = Vec::new();
    let mut kept = Vec::new();
    for disk in disks {
        let Some(serial) = disk.serial.clone() else {
            continue;
        };
        let one = identity(disk);
        if !seen.contains(&(serial.clone(), one.clone())) {
            seen.push((serial.clone(), one));
            kept.push((serial, disk.name.clone()));
        }
    }
    places(kept.into_iter())
}

fn identity(disk: &Disk) -> String {
    if let Some((controller, _)) = disk
        .name
        .strip_prefix("nvme")
        .and_then(|n| n.split_once('n'))
    {
        return format!("nvme{controller}");
    }
    // Two actuators differ in the last digits of their names only.
    match &disk.wwn {
        Some(wwn) => wwn
            .chars()
            .take(wwn.chars().count().saturating_sub(2))
            .collect(),
        None => disk.name.clone(),
    }
}

/// Every disk of the spec, by its serial number.
fn disks(
    found: &[Disk],
    expected: &[ExpectedDisk],
    parameters: &Parameters,
    findings: &mut Findings,
) {
    let tolerance = parameters.disk_size_tolerance_percent;
    for wanted in expected {
        let same = |serial: &str| serial.trim().eq_ignore_ascii_case(wanted.serial.trim());
        let disk = found
            .iter()
            .find(|disk| disk.serial.as_deref().is_some_and(same));
        let place = disk.map_or("missing", |disk| disk.name.as_str());
        let disk_part = Part {
            serial: Some(wanted.serial.clone()),
            ..part("disk", place)
        };
        let Some(disk) = disk else {
            findings.broken(
                rules::DISK_MISSING,
                Some(&disk_part),
                "the spec's disk was not found",
            );
            continue;
        };
        // The nearest size that is expected: of a range of sizes, the disk's own where it is within.
        let nearest = disk.size_bytes.clamp(wanted.size_bytes, most_bytes(wanted));
        let expected = nearest as f64;
        let off = 100.0 * (disk.size_bytes as f64 - expected).abs() / expected.max(1.0);
        let measure = Measure::number("disk-size-off", off)
            .unit("%")
            .part(&disk_part);
        findings.hold(measure.at_most(rules::DISK_SIZE, tolerance), || {
            format!(
                "it has {} bytes, the spec says {}",
                disk.size_bytes, nearest
            )
        });
    }
}

/// The most bytes that an expected disk may have: those of its range, or its one size.
fn most_bytes(wanted: &ExpectedDisk) -> u64 {
    let mut extra = wanted.extra.iter();
    let most = extra.find(|(name, _)| name == "most-bytes");
    let most = most.and_then(|(_, most)| most.parse().ok());
    most.unwrap_or(0).max(wanted.size_bytes)
}

#[cfg(test)]
mod table {
    use super::*;

    #[test]
    fn the_table_says_what_the_code_does() {
        let mut limit = format!("{} % of what is installed", 100.0 - VISIBLE_LARGE);
        for (most, less) in VISIBLE.iter().rev() {
            let joined = match limit.contains(';') {
                true => format!(", {} % of {most}", 100.0 - less),
                false => format!("; {} % of {most} GiB and less", 100.0 - less),
            };
            limit += &joined;
        }
        assert!(rules::Table::RULES.contains(&limit), "{limit}");
    }
}
