//! One machine at a time, against every rule.

use vetting_stage::context::ExpectedDisk;
use vetting_stage::inventory::{Bios, Board, Cpu, Disk, Memory, MemoryModule, Parts, System};
use vetting_stage::{Findings, Verdict};

use crate::Parameters;
use crate::judge::parts;

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
