//! Each interface on what real tools printed.

use crate::Facts;
use crate::bindings::exports::vetting::facts::{
    bmc, bmc::Guest as _, counters, counters::Guest as _, gpu::Guest as _, inventory::Guest as _,
    kernel_events::Guest as _, smart, smart::Guest as _,
};

fn captured(path: &str) -> Vec<u8> {
    let path = format!("{}/../facts/captured/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn drive(path: &str) -> smart::Drive {
    Facts::read_drive(captured(&format!("smartctl/{path}"))).expect("a drive")
}

#[test]
fn drives_of_each_protocol_are_flat() {
    let ata = drive("scrutiny-ata-failing-7.1.json");
    assert_eq!(ata.protocol.as_deref(), Some("ATA"));
    assert!(!ata.attributes.is_empty() && ata.serial.is_some());
    let nvme = drive("telegraf-nvme-7.4.json");
    assert_eq!(nvme.protocol.as_deref(), Some("NVMe"));
    assert!(nvme.media_errors.is_some() && nvme.used_percent.is_some());
    let sas = drive("scrutiny-sas-7.0.json");
    assert_eq!(sas.protocol.as_deref(), Some("SCSI"));
    assert!(sas.grown_defects.is_some() && sas.read_uncorrected.is_some());
}

#[test]
fn unreadable_documents_are_a_sentence() {
    let error = Facts::read_drive(b"Segmentation fault".to_vec()).expect_err("no drive");
    assert!(error.contains("Segmentation fault"), "{error}");
    let error = Facts::read_sensors(b"?".to_vec(), Vec::new()).expect_err("no sensors");
    assert!(error.starts_with("expected "), "{error}");
}

#[test]
fn sensors_are_joined_with_their_thresholds() {
    let read = |name: &str| captured(&format!("bmc/{name}"));
    let (listing, table) = (read("dell-sdr-elist-all.txt"), read("dell-sensor.txt"));
    let joined = Facts::read_sensors(listing.clone(), table.clone()).expect("sensors");
    let fan = joined
        .sensors
        .iter()
        .find(|sensor| sensor.unit.as_deref() == Some("rpm"))
        .expect("a fan");
    assert!(fan.entity.is_some(), "the listing has it: {fan:?}");
    assert!(fan.lower_critical.is_some(), "the table has it: {fan:?}");
    let alone = Facts::read_sensors(Vec::new(), table.clone()).expect("sensors");
    assert!(
        alone
            .sensors
            .iter()
            .any(|sensor| sensor.lower_critical.is_some())
    );
    let supplies = Facts::read_supplies(listing, table, Vec::new()).expect("supplies");
    assert!(!supplies.is_empty());
    let log = Facts::read_event_log(read("dell-sel-elist.txt")).expect("a log");
    let named = |event: &bmc::Event| event.what.meaning.is_some();
    assert!(log.events.iter().any(named));
}

#[test]
fn lines_of_the_kernel_become_incidents() {
    let lines = Facts::read_dmesg(captured("kernel/aer-corrected.txt"));
    let incidents = Facts::incidents(lines);
    let aer = incidents.iter().find(|incident| incident.kind == "aer");
    let part = aer.and_then(|aer| aer.part.as_ref()).expect("a part");
    assert_eq!(part.kind, "pci");
}

#[test]
fn gpus_are_flat() {
    let report = Facts::read_report(captured("gpu/qx-h100-580.xml")).expect("a report");
    assert!(report.complete);
    let card = report.cards.first().expect("a card");
    assert!(card.temperature.is_some() && card.ecc_uncorrected.is_some());
}

#[test]
fn counters_are_compared() {
    let file = |count: &str| counters::File {
        path: "sys/devices/system/edac/mc/mc0/ce_count".to_owned(),
        bytes: count.as_bytes().to_vec(),
    };
    let read = |count| Facts::read_counts(vec![file(count)], Vec::new());
    let changes = Facts::differences(read("1\n"), read("3\n"));
    assert!(
        changes
            .iter()
            .any(|change| change.change == counters::Change::By(2)),
        "{changes:?}"
    );
    let inventory = Facts::read_inventory(Vec::new(), Vec::new()).expect("JSON");
    assert!(inventory.contains("\"cpus\""), "{inventory}");
}
