//! The rules of the inventory: nothing is there twice, what is expected is there, and the system
//! sees the memory that is installed.

use std::collections::BTreeMap;

use vetting_stage::context::ExpectedDisk;
use vetting_stage::inventory::{Disk, Parts};
use vetting_stage::{Findings, Measure, Part, Severity, part};

use crate::Parameters;

const GIB: f64 = (1_u64 << 30) as f64;

/// Ubuntu's checkbox allows this much less memory to be visible than is installed: GiB at most, per
/// cent.
const VISIBLE: [(f64, f64); 4] = [(2.0, 25.0), (6.0, 20.0), (8.0, 15.0), (16.0, 12.0)];
const VISIBLE_LARGE: f64 = 10.0;
const CHECKBOX: &str = "Canonical checkbox, memory_compare.py";

/// Holds everything.
pub fn parts(
    parts: &Parts,
    expected: &[ExpectedDisk],
    parameters: &Parameters,
    findings: &mut Findings,
) {
    let measure = Measure::number("cpus", parts.cpus.len() as f64);
    findings.hold(
        measure.at_least("cpus", 1.0, Severity::Fail, "default"),
        || "no processor was found".to_owned(),
    );
    memory(parts, findings);
    counts(parts, parameters, findings);
    duplicates(parts, findings);
    disks(&parts.disks, expected, parameters, findings);
    for gap in &parts.gaps {
        findings.warn(
            "inventory-gap",
            None,
            format!("not everything could be read: {gap}"),
        );
    }
}

/// The record in a line.
pub fn summary(parts: &Parts) -> String {
    let cores: u32 = parts.cpus.iter().map(|cpu| cpu.cores).sum();
    let model = parts
        .cpus
        .first()
        .map_or("no CPU", |cpu| cpu.model.as_str());
    let bytes = parts
        .memory
        .installed_bytes
        .unwrap_or(parts.memory.visible_bytes) as f64;
    format!(
        "{} × {model}, {cores} cores, {:.0} GiB, {} disks, {} network ports, {} GPUs",
        parts.cpus.len(),
        bytes / GIB,
        parts.disks.len(),
        parts.nics.len(),
        parts.gpus.iter().filter(|gpu| gpu.accelerator).count(),
    )
}

fn memory(parts: &Parts, findings: &mut Findings) {
    let visible = parts.memory.visible_bytes as f64;
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
    findings.hold(
        measure.at_least("visible_memory", floor, Severity::Warn, CHECKBOX),
        || {
            format!(
                "the system sees {:.1} GiB of the {gib:.1} GiB that are installed",
                visible / GIB
            )
        },
    );
}

fn counts(parts: &Parts, parameters: &Parameters, findings: &mut Findings) {
    let cores: u32 = parts.cpus.iter().map(|cpu| cpu.cores).sum();
    let dimms = parts
        .memory
        .modules
        .iter()
        .filter(|module| module.size_bytes > 0)
        .count();
    let gpus = parts.gpus.iter().filter(|gpu| gpu.accelerator).count();
    for (what, found, expected) in [
        ("cpus", parts.cpus.len() as f64, parameters.expected_cpus),
        ("cores", f64::from(cores), parameters.expected_cores),
        ("dimms", dimms as f64, parameters.expected_dimms),
        ("disks", parts.disks.len() as f64, parameters.expected_disks),
        ("nics", parts.nics.len() as f64, parameters.expected_nics),
        ("gpus", gpus as f64, parameters.expected_gpus),
    ] {
        count(what, found, expected, findings);
    }
    if let Some(expected) = parameters.expected_memory_gib {
        match parts.memory.installed_bytes {
            Some(bytes) => count("memory_gib", (bytes as f64 / GIB).round(), Some(expected), findings),
            None => findings.unknown(
                "expected_memory_gib",
                None,
                "the firmware does not tell how much memory is installed: run as root, or look at SMBIOS",
            ),
        }
    }
}

/// Fewer than expected is a failure; more is worth a look.
fn count(what: &str, found: f64, expected: Option<u64>, findings: &mut Findings) {
    let name = format!("{what}-found");
    let Some(expected) = expected else {
        return findings.note(Measure::number(&name, found));
    };
    let expected = expected as f64;
    let rule = format!("expected_{what}");
    let measure = Measure::number(&name, found)
        .at_least(&rule, expected, Severity::Fail, "the machine's spec")
        .at_most(&rule, expected, Severity::Warn, "the machine's spec");
    findings.hold(measure, || {
        format!(
            "{found} of the {expected} expected {} were found",
            what.replace('_', " ")
        )
    });
}

/// A serial number or an address that is there twice is a cloned part or a misreading.
fn duplicates(parts: &Parts, findings: &mut Findings) {
    let modules = parts
        .memory
        .modules
        .iter()
        .filter(|module| module.size_bytes > 0);
    let modules = modules.filter_map(|m| Some((m.serial.clone()?, m.locator.clone())));
    let nics = parts.nics.iter().filter(|nic| !nic.mac.is_empty());
    let nics = nics.map(|nic| (nic.mac.clone(), nic.name.clone()));
    let mut found = 0;
    for (kind, what, places) in [
        ("dimm", "serial number", places(modules)),
        ("nic", "MAC address", places(nics)),
        ("disk", "serial number", disk_places(&parts.disks)),
    ] {
        for (id, places) in places.into_iter().filter(|(_, places)| places.len() > 1) {
            found += 1;
            let message = format!("{} have the same {what} {id}", places.join(" and "));
            findings.fail(
                "duplicate",
                Some(&Part {
                    serial: Some(id),
                    ..part(kind, places.join(", "))
                }),
                message,
            );
        }
    }
    let measure = Measure::number("duplicates", f64::from(found));
    findings.hold(
        measure.at_most("duplicate", 0.0, Severity::Fail, "default"),
        || format!("{found} serial numbers or addresses are there twice"),
    );
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
            findings.fail(
                "expected-disk",
                Some(&disk_part),
                "the spec's disk was not found",
            );
            continue;
        };
        let expected = wanted.size_bytes as f64;
        let off = 100.0 * (disk.size_bytes as f64 - expected).abs() / expected.max(1.0);
        let measure = Measure::number("disk-size-off", off)
            .unit("%")
            .part(&disk_part);
        findings.hold(
            measure.at_most(
                "disk_size_tolerance_percent",
                tolerance,
                Severity::Fail,
                "default",
            ),
            || {
                format!(
                    "it has {} bytes, the spec says {}",
                    disk.size_bytes, wanted.size_bytes
                )
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_stage::Verdict;
    use vetting_stage::inventory::{Bios, Board, Cpu, Memory, MemoryModule, System};

    fn disk(name: &str, serial: &str, wwn: Option<&str>) -> Disk {
        Disk {
            name: name.into(),
            model: None,
            serial: Some(serial.into()),
            wwn: wwn.map(str::to_owned),
            firmware: None,
            size_bytes: 1_000_000,
            rotational: false,
            transport: "sas".into(),
        }
    }

    fn module(locator: &str, serial: &str, gib: u64) -> MemoryModule {
        MemoryModule {
            locator: locator.into(),
            bank: None,
            size_bytes: gib << 30,
            kind: None,
            rated_mts: None,
            configured_mts: None,
            manufacturer: None,
            part_number: None,
            serial: Some(serial.into()),
            ranks: None,
            total_width: None,
            data_width: None,
        }
    }

    fn machine() -> Parts {
        Parts {
            system: System {
                manufacturer: None,
                product: None,
                serial: None,
                uuid: None,
                chassis: None,
                hypervisor: None,
                kernel: "6.12".into(),
            },
            board: Board {
                manufacturer: None,
                product: None,
                version: None,
                serial: None,
            },
            bios: Bios {
                vendor: None,
                version: None,
                date: None,
                uefi: true,
            },
            bmc: None,
            cpus: vec![Cpu {
                socket: "0".into(),
                model: "a CPU".into(),
                vendor: "v".into(),
                cores: 8,
                threads: 16,
                base_mhz: None,
                max_mhz: None,
                stepping: None,
                microcode: None,
            }],
            memory: Memory {
                visible_bytes: 31 << 30,
                available_bytes: 30 << 30,
                installed_bytes: Some(32 << 30),
                error_correction: None,
                modules: vec![
                    module("A1", "S1", 16),
                    module("B1", "S2", 16),
                    module("C1", "S2", 0),
                ],
            },
            disks: vec![disk("sda", "D1", None), disk("sdb", "D2", None)],
            nics: Vec::new(),
            gpus: Vec::new(),
            pci: Vec::new(),
            gaps: Vec::new(),
            extra: Vec::new(),
        }
    }

    fn verdict(
        machine: &Parts,
        expected: &[ExpectedDisk],
        parameters: &Parameters,
    ) -> (Verdict, String) {
        let mut findings = Findings::new();
        parts(machine, expected, parameters, &mut findings);
        let outcome = findings.outcome("");
        (outcome.verdict, outcome.message)
    }

    #[test]
    fn a_whole_machine_passes_and_one_without_a_module_fails() {
        let expecting = Parameters {
            expected_dimms: Some(2),
            ..Parameters::default()
        };
        assert_eq!(verdict(&machine(), &[], &expecting).0, Verdict::Pass);
        let mut short = machine();
        short.memory.modules.pop();
        short.memory.modules.pop();
        let (verdict, message) = verdict(&short, &[], &expecting);
        assert_eq!(verdict, Verdict::Fail);
        assert!(message.contains("1 of the 2 expected dimms"), "{message}");
    }

    #[test]
    fn invisible_memory_is_a_warning() {
        let mut short = machine();
        short.memory.visible_bytes = 16 << 30;
        let (verdict, message) = verdict(&short, &[], &Parameters::default());
        assert_eq!(verdict, Verdict::Pass);
        assert!(message.contains("warnings"), "{message}");
    }

    #[test]
    fn one_serial_number_on_two_disks_fails_unless_they_are_one_part() {
        let with = |disks: Vec<Disk>| {
            let machine = Parts { disks, ..machine() };
            verdict(&machine, &[], &Parameters::default()).0
        };
        assert_eq!(
            with(vec![disk("sda", "D1", None), disk("sdb", "d1 ", None)]),
            Verdict::Fail
        );
        let (a, b) = (Some("5000c500a1b2c301"), Some("5000c500a1b2c399"));
        assert_eq!(
            with(vec![disk("sda", "D1", a), disk("sdb", "D1", a)]),
            Verdict::Pass
        );
        assert_eq!(
            with(vec![disk("sda", "D1", a), disk("sdb", "D1", b)]),
            Verdict::Pass
        );
        let other = Some("5000c500ffffff01");
        assert_eq!(
            with(vec![disk("sda", "D1", a), disk("sdb", "D1", other)]),
            Verdict::Fail
        );
        let namespaces = vec![disk("nvme0n1", "N", None), disk("nvme0n2", "N", None)];
        assert_eq!(with(namespaces), Verdict::Pass);
        let drives = vec![disk("nvme0n1", "N", None), disk("nvme1n1", "N", None)];
        assert_eq!(with(drives), Verdict::Fail);
    }

    #[test]
    fn the_disks_of_the_spec_must_be_there() {
        let wanted = |serial: &str, size_bytes: u64| ExpectedDisk {
            serial: serial.into(),
            size_bytes,
            wwn: None,
            extra: Vec::new(),
        };
        let with = |disk: ExpectedDisk| verdict(&machine(), &[disk], &Parameters::default()).0;
        assert_eq!(with(wanted("d1", 1_005_000)), Verdict::Pass);
        assert_eq!(with(wanted("D1", 2_000_000)), Verdict::Fail);
        assert_eq!(with(wanted("D9", 1_000_000)), Verdict::Fail);
    }
}
