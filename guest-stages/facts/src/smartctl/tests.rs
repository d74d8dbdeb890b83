use serde_json::{Value, json};

use super::*;

mod logs;

macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../captured/smartctl/", $name)).as_slice()
    };
}

fn read(bytes: &[u8]) -> Drive {
    drive(bytes).expect("a drive")
}

fn of(document: &Value) -> Drive {
    read(document.to_string().as_bytes())
}

#[test]
fn failing_hard_disk_is_read() {
    let drive = read(captured!("scrutiny-ata-failing-7.1.json"));
    assert_eq!(drive.run.version, Some(vec![7, 1]));
    let bits = exit_bits(drive.run.exit_status.expect("a status"));
    assert!(bits.failing && bits.prefail_now && bits.error_log && bits.self_test_log);
    assert!(!bits.usage && !bits.open_failed && !bits.command_failed && !bits.below_in_past);
    assert_eq!(drive.passed, Some(false));
    assert_eq!(drive.capacity_bytes, Some(500_107_862_016));
    assert_eq!(
        drive.link_speed.expect("a speed").bits_per_second,
        Some(1_500_000_000)
    );
    let ata = drive.ata.expect("ATA");
    let attributes = ata.attributes.expect("attributes");
    let reallocated = &attributes[1];
    assert_eq!(
        (reallocated.id, reallocated.value, reallocated.threshold),
        (5, Some(1), Some(5))
    );
    assert_eq!(reallocated.when_failed, Some(WhenFailed::Now));
    assert_eq!(
        (reallocated.raw, reallocated.prefailure, reallocated.flags),
        (Some(1975), Some(true), Some(51))
    );
    assert_eq!(
        attributes[3].raw_text.as_deref(),
        Some("25 (Min/Max 19/39)")
    );
    let errors = ata.summary_error_log.expect("a log");
    assert_eq!((errors.count, errors.logged), (Some(56), Some(5)));
    assert_eq!(errors.errors[0].lba, Some(16_087_784));
    assert_eq!(errors.errors[0].error_register, Some(0x10));
    assert_eq!(errors.errors[0].lifetime_hours, Some(61_957));
    assert_eq!(errors.errors[1].commands, ["WRITE FPDMA QUEUED"]);
    let tests = ata.standard_self_test_log.expect("a log");
    assert_eq!((tests.count, tests.failed), (Some(21), Some(3)));
    let failed = &tests.tests[2];
    assert_eq!(
        (failed.kind, failed.status, failed.passed),
        (Some(2), Some(121), Some(false))
    );
    assert_eq!(
        (failed.lba, failed.remaining_percent, failed.lifetime_hours),
        (Some(104_870_168), Some(90), Some(4))
    );
    assert_eq!(ata.extended_error_log, None);
}

#[test]
fn extended_output_of_an_ssd_is_read() {
    let drive = read(captured!("scrutiny-ata-x-7.0.json"));
    assert_eq!(drive.rotation_rpm, Some(0));
    assert_eq!(drive.wwn.expect("a name").oui, Some(9528));
    assert_eq!(
        (drive.write_cache, drive.read_lookahead),
        (Some(true), Some(true))
    );
    let temperature = drive.temperature.expect("temperatures");
    assert_eq!(
        (temperature.current, temperature.lifetime_max),
        (Some(36), Some(57))
    );
    assert_eq!(
        (temperature.op_limit_max, temperature.limit_max),
        (Some(70), Some(70))
    );
    let ata = drive.ata.expect("ATA");
    let security = ata.security.expect("security");
    assert_eq!(
        (security.enabled, security.frozen, security.locked),
        (Some(false), Some(false), None)
    );
    let pages = ata.statistics.expect("statistics");
    let used = &pages[2].statistics[0];
    assert_eq!((pages[2].number, used.value), (Some(7), Some(19)));
    assert_eq!((used.valid, used.normalized), (Some(true), Some(true)));
    let phy = ata.phy_counters.expect("counters");
    assert_eq!((phy[1].id, phy[1].value), (Some(9), Some(8)));
    assert_eq!(ata.sct.expect("SCT").over_limit_count, Some(0));
    assert_eq!(
        ata.error_recovery.expect("limits").read_enabled,
        Some(false)
    );
    assert_eq!(ata.sct_temperatures.expect("a history").ring.len(), 6);
    assert_eq!(ata.polling_minutes.expect("minutes").extended, Some(85));
    assert!(drive.extra.contains_key("ata_log_directory"));
}

#[test]
fn attributes_behind_a_controller_keep_their_decoding() {
    let drive = read(captured!("telegraf-megaraid-7.1.json"));
    let device = drive.device.expect("a device");
    assert_eq!(device.kind.as_deref(), Some("sat+megaraid,14"));
    assert_eq!(drive.run.messages[0].severity.as_deref(), Some("warning"));
    let attributes = drive.ata.expect("ATA").attributes.expect("attributes");
    assert_eq!(attributes[0].raw_text.as_deref(), Some("0 0 0"));
    assert_eq!(attributes[1].raw, Some(504_627_225));
    assert_eq!(
        attributes[2].raw_text.as_deref(),
        Some("44299h+04m+54.612s")
    );
}

#[test]
fn sas_drive_of_7_4_is_read() {
    let drive = read(captured!("telegraf-sas-7.4.json"));
    assert_eq!(drive.model.as_deref(), Some("SEAGATE ST0000000"));
    assert_eq!(drive.firmware.as_deref(), Some("RSL5"));
    assert_eq!(drive.temperature.expect("one").drive_trip, Some(60));
    assert_eq!(
        (drive.power_on_hours, drive.power_on_minutes),
        (Some(34_222), Some(9))
    );
    let scsi = drive.scsi.expect("SCSI");
    assert_eq!((scsi.protection_type, scsi.transport), (Some(2), Some(6)));
    assert_eq!(scsi.grown_defects, Some(0));
    let write = scsi.write_errors.expect("counters");
    assert_eq!(
        (write.rereads_rewrites, write.corrected, write.uncorrected),
        (Some(20), Some(20), Some(0))
    );
    assert_eq!(write.gigabytes, Some(132_824.923));
    let tests = scsi.self_tests.expect("tests");
    assert_eq!(tests.len(), 4);
    assert_eq!(
        (
            tests[2].kind,
            tests[2].failed_segment,
            tests[2].power_on_hours
        ),
        (Some(7), Some(80), Some(5))
    );
    assert_eq!(scsi.extended_self_test_seconds, Some(80_400));
    assert_eq!(scsi.start_stop.expect("cycles").loads, Some(1606));
    assert_eq!(
        drive.ata.expect("FARM").farm.expect("FARM").supported,
        Some(true)
    );
}

#[test]
fn sas_drive_of_7_0_is_read() {
    let drive = read(captured!("scrutiny-sas-7.0.json"));
    let scsi = drive.scsi.expect("SCSI");
    assert_eq!(
        (scsi.vendor.as_deref(), scsi.revision.as_deref()),
        (Some("SEAGATE"), Some("MS03"))
    );
    assert_eq!(scsi.grown_defects, Some(56));
    assert_eq!(
        scsi.read_errors.expect("counters").ecc_fast,
        Some(300_357_663)
    );
    assert_eq!(scsi.verify_errors, None);
    assert_eq!(drive.run.exit_status, None);
}

#[test]
fn nvme_drive_of_7_4_is_read() {
    let drive = read(captured!("telegraf-nvme-7.4.json"));
    let nvme = drive.nvme.expect("NVMe");
    assert_eq!((nvme.pci_vendor, nvme.controller_id), (Some(6535), Some(1)));
    let namespace = nvme.namespaces.expect("namespaces")[0];
    assert_eq!(
        (namespace.formatted_lba_bytes, namespace.size_bytes),
        (Some(512), Some(1_000_204_886_016))
    );
    let health = nvme.health.expect("a log");
    assert_eq!(
        (health.percentage_used, health.media_errors),
        (Some(4), Some(0))
    );
    assert_eq!(
        (health.unsafe_shutdowns, health.error_log_entries),
        (Some(39), Some(4871))
    );
    let errors = nvme.errors.expect("a log");
    assert_eq!((errors.size, errors.read), (Some(63), Some(16)));
    assert_eq!(
        errors.errors[0].status_text.as_deref(),
        Some("Invalid Field in Command")
    );
    assert_eq!(errors.errors[0].parameter_location, Some(40));
    assert_eq!(nvme.self_tests.expect("a log").current, Some(0));
    assert!(drive.extra.is_empty(), "{:?}", drive.extra);
}

#[test]
fn nvme_warning_is_read_bit_by_bit() {
    let drive = read(captured!("qemu-nvme-warning.json"));
    assert_eq!(drive.passed, Some(false));
    let nvme = drive.nvme.expect("NVMe");
    let status = nvme.status.expect("flags");
    assert_eq!(status.value, Some(20));
    assert_eq!(
        (status.reliability_degraded, status.memory_backup_failed),
        (Some(true), Some(true))
    );
    assert_eq!(status.media_read_only, Some(false));
    assert_eq!(nvme.health.expect("a log").critical_warning, Some(20));
}

#[test]
fn verbose_numbers_are_read_once() {
    let verbose = read(captured!("qemu-nvme-verbose.json"));
    let plain = read(captured!("qemu-nvme-warning.json"));
    assert!(verbose.extra.is_empty(), "{:?}", verbose.extra);
    let counts = |drive: Drive| drive.nvme.and_then(|nvme| nvme.health);
    assert_eq!(counts(verbose), counts(plain));
}

#[test]
fn environment_of_a_sas_drive_is_read() {
    let drive = read(captured!("scsi-debug.json"));
    assert_eq!(drive.temperature, None);
    assert_eq!(drive.smart_enabled, Some(false));
    let scsi = drive.scsi.expect("SCSI");
    assert_eq!(scsi.environment.len(), 2);
    let temperature = scsi.environment.iter().find(|r| r.name == "temperature_1");
    let temperature = temperature.expect("a temperature");
    assert_eq!(
        (temperature.current, temperature.lifetime_min),
        (Some(40), Some(-1))
    );
    assert_eq!(temperature.limit_max, None);
    assert_eq!(
        (scsi.protection_type, scsi.protection_bytes),
        (Some(1), Some(8))
    );
    assert_eq!(scsi.write_cache, None, "smartctl prints it as text only");
}

#[test]
fn text_beside_the_json_fills_what_the_json_lacks() {
    let drive = read(captured!("scsi-debug-text.json"));
    let scsi = drive.scsi.expect("SCSI");
    assert_eq!(
        (scsi.read_cache, scsi.write_cache),
        (Some(true), Some(true))
    );
    let text = json!({"smartctl": {"output": ["Non-medium error count:       17"]},
        "device": {"protocol": "SCSI"}});
    assert_eq!(of(&text).scsi.expect("SCSI").non_medium_errors, Some(17));
    let text = json!({"smartctl_0042_u": "Non-medium error count:        3"});
    assert_eq!(of(&text).scsi.expect("SCSI").non_medium_errors, Some(3));
}

#[test]
fn drives_that_do_not_open_say_why() {
    let said = |bytes| {
        let drive = read(bytes);
        let status = drive.run.exit_status.expect("a status");
        let said = drive.run.messages.into_iter().next();
        (status, said.map(|message| message.text))
    };
    let expected = [
        (captured!("no-such-device.json"), 2, "No such device"),
        (captured!("permission-denied.json"), 2, "Permission denied"),
        (
            captured!("megaraid-inquiry-failed.json"),
            2,
            "INQUIRY failed",
        ),
        (
            captured!("cciss-on-sata.json"),
            2,
            "No such device or address",
        ),
        (
            captured!("scrutiny-windows-open-failed-7.0.json"),
            2,
            "Error=5",
        ),
        (
            captured!("usb-bridge-unknown.json"),
            1,
            "Unknown USB bridge",
        ),
        (
            captured!("type-unknown.json"),
            1,
            "Unable to detect device type",
        ),
        (captured!("bad-option.json"), 1, "UNRECOGNIZED OPTION"),
    ];
    for (bytes, status, words) in expected {
        let (found, text) = said(bytes);
        assert_eq!(found, status, "{words}");
        let text = text.expect("a message");
        assert!(text.contains(words), "{text}");
    }
    // Some failures have no message: smartctl prints it as text that the JSON leaves out.
    assert_eq!(said(captured!("sat-on-nvme.json")), (2, None));
    assert_eq!(said(captured!("qemu-megaraid-volume.json")), (2, None));
}

#[test]
fn standby_is_read() {
    let drive = of(&json!({
        "smartctl": {"exit_status": 2, "messages": [{"severity": "information",
            "string": "Device is in STANDBY mode, exit(2)"}]},
        "power_mode": {"ata_value": 0, "name": "STANDBY"},
    }));
    let mode = drive.power_mode.expect("a mode");
    assert_eq!(
        (mode.ata_value, mode.name.as_deref()),
        (Some(0), Some("STANDBY"))
    );
    assert_eq!(drive.run.messages.len(), 1);
}

#[test]
fn virtual_drives_say_that_they_have_no_health() {
    let drive = read(captured!("qemu-scsi.json"));
    assert_eq!(drive.smart_available, Some(false));
    let temperature = drive.temperature.expect("one");
    assert_eq!(
        (temperature.current, temperature.drive_trip),
        (Some(0), Some(0))
    );
    let volume = read(captured!("scrutiny-raid-volume-7.0.json"));
    assert_eq!(volume.model.as_deref(), Some("Intel Raid 1 Volume"));
    assert_eq!(volume.passed, None);
}

#[test]
fn scans_are_read() {
    let found = scan(captured!("qemu-scan-open.json")).expect("a scan");
    let kinds: Vec<_> = found.iter().filter_map(|d| d.kind.as_deref()).collect();
    assert_eq!(kinds, ["sat", "scsi", "scsi", "megaraid,0", "nvme"]);
    assert_eq!(found[3].name, "/dev/bus/12");
    let nothing = scan_with_messages(captured!("scan-empty.json")).expect("a scan");
    assert_eq!(
        (nothing.devices.len(), nothing.run.exit_status),
        (0, Some(0))
    );
    let closed = json!({"devices": [
        {"name": "/dev/bus/0", "info_name": "/dev/bus/0 [megaraid_disk_05]", "type": "megaraid,5",
            "protocol": "SCSI", "open_error": "INQUIRY failed"}, {"type": "sat"}]});
    let found = scan_with_messages(closed.to_string().as_bytes()).expect("a scan");
    assert_eq!(
        found.devices[0].open_error.as_deref(),
        Some("INQUIRY failed")
    );
    assert_eq!(found.extra["devices"], json!([null, {"type": "sat"}]));
    assert!(scan(b"no such tool").is_err());
    assert!(scan(b"{\"a\": 1}").is_err());
}

#[test]
fn unknown_members_and_wrong_kinds_are_kept() {
    let mut document: Value =
        serde_json::from_slice(captured!("telegraf-megaraid-7.1.json")).expect("JSON");
    document["new_log"] = json!({"count": 1});
    document["temperature"]["current"] = json!("warm");
    document["ata_smart_attributes"]["table"][1]["colour"] = json!("red");
    document["ata_smart_attributes"]["table"][2]["id"] = json!(900);
    let drive = of(&document);
    assert_eq!(drive.extra["new_log"], json!({"count": 1}));
    assert_eq!(drive.extra["temperature"], json!({"current": "warm"}));
    assert_eq!(drive.temperature.expect("an object").current, None);
    let kept = &drive.extra["ata_smart_attributes"]["table"];
    assert_eq!(
        (&kept[0], &kept[1]),
        (&Value::Null, &json!({"colour": "red"}))
    );
    assert_eq!(kept[2]["raw"]["value"], json!(1_265_348_905_053_451_u64));
    assert_eq!(
        drive.ata.expect("ATA").attributes.expect("a table").len(),
        2
    );
}
