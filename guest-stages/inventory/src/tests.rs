//! One machine at a time, against every rule.

use vetting_facts::files::Files;
use vetting_facts::inventory::{CountedAs, Cpu, Disk, Given, Inventory, MemoryModule, inventory};
use vetting_stage::context::ExpectedDisk;
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
        label: locator.into(),
        counted_as: match gib {
            0 => CountedAs::Empty,
            _ => CountedAs::Memory,
        },
        presence: None,
        size_bytes: Some(gib << 30).filter(|bytes| *bytes > 0),
        volatile_bytes: None,
        non_volatile_bytes: None,
        cache_bytes: None,
        kind: None,
        technology: None,
        form_factor: None,
        detail: None,
        rated_mts: None,
        configured_mts: None,
        configured_millivolts: None,
        manufacturer: None,
        manufacturer_text: None,
        part_number: None,
        serial: Some(serial.into()),
        asset_tag: None,
        firmware: None,
        ranks: None,
        total_width: None,
        data_width: None,
        handle: 0,
        array_handle: None,
    }
}

fn with_disks(disks: Vec<Disk>) -> Inventory {
    let given = Given {
        disks,
        ..Given::default()
    };
    let mut machine = inventory(&Files::new(), &given);
    machine.gaps.clear();
    machine.cpus = vec![Cpu {
        socket: "0".into(),
        package: 0,
        model: Some("a CPU".into()),
        models: Vec::new(),
        vendor: None,
        cores: 8,
        threads: 16,
        cpus: "0-15".into(),
        dies: None,
        numa_nodes: Vec::new(),
        base_mhz: None,
        max_mhz: None,
        stepping: None,
        microcode: None,
        microcodes: Vec::new(),
    }];
    machine.memory.visible_bytes = Some(31 << 30);
    machine.memory.installed_bytes = Some(32 << 30);
    machine.memory.modules = vec![
        module("A1", "S1", 16),
        module("B1", "S2", 16),
        module("C1", "S2", 0),
    ];
    machine
}

fn machine() -> Inventory {
    with_disks(vec![disk("sda", "D1", None), disk("sdb", "D2", None)])
}

fn verdict(
    machine: &Inventory,
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
    short.memory.visible_bytes = Some(16 << 30);
    let (verdict, message) = verdict(&short, &[], &Parameters::default());
    assert_eq!(verdict, Verdict::Pass);
    assert!(message.contains("warnings"), "{message}");
}

#[test]
fn one_serial_number_on_two_disks_fails_unless_they_are_one_part() {
    let with = |disks: Vec<Disk>| verdict(&with_disks(disks), &[], &Parameters::default()).0;
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
