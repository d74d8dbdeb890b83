use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::contract::smart::Details;

fn device() -> Device {
    Device {
        id: "sda".into(),
        disk: "sda".into(),
        kind: None,
    }
}

fn read(answer: &Value, exit: i32) -> Result<Health, Error> {
    parse(answer.to_string().as_bytes(), &device(), exit)
}

fn hard_disk() -> Value {
    json!({
        "smartctl": {"exit_status": 0},
        "device": {"name": "/dev/sda", "protocol": "ATA"},
        "model_name": "ST4000NM0035", "serial_number": "ZC1ABCDE", "firmware_version": "TN05",
        "user_capacity": {"bytes": 4_000_787_030_016_u64}, "rotation_rate": 7200,
        "smart_support": {"available": true, "enabled": true},
        "smart_status": {"passed": true},
        "temperature": {"current": 31, "op_limit_max": 60},
        "power_on_time": {"hours": 12345}, "power_cycle_count": 17,
        "ata_smart_attributes": {"table": [
            {"id": 5, "name": "Reallocated_Sector_Ct", "value": 100, "worst": 100, "thresh": 10,
             "when_failed": "", "flags": {"prefailure": true}, "raw": {"value": 8, "string": "8"}},
            {"id": 190, "name": "Airflow", "thresh": 0, "flags": {},
             "raw": {"value": 1, "string": "1"}},
        ]},
        "ata_smart_error_log": {"extended": {"count": 3, "table": [
            {"error_description": "Error: UNC at LBA = 0x0fffffff = 268435455"},
            {"error_description": "Error: ABRT"},
            {"completion_registers": {"error": 0x10}},
        ]}},
        "ata_smart_self_test_log": {"standard": {"table": [
            {"type": {"string": "Extended offline"},
             "status": {"string": "Completed: read failure", "passed": false},
             "lifetime_hours": 12000},
        ]}},
    })
}

#[test]
fn a_hard_disk_tells_attributes_errors_and_tests() {
    let health = read(&hard_disk(), 192).expect("a health");
    assert_eq!(health.serial.as_deref(), Some("ZC1ABCDE"));
    assert!(health.exit.error_log && health.exit.self_test_log && !health.exit.failing);
    assert_eq!(health.temperature_limit, Some(60.0));
    let Details::Ata(ata) = &health.details else {
        panic!("{:?}", health.details)
    };
    assert_eq!(
        (ata.error_count, ata.media_or_path_errors),
        (Some(3), Some(2))
    );
    let reallocated = &ata.attributes[0];
    assert_eq!(
        (reallocated.raw, reallocated.value, reallocated.prefailure),
        (8, Some(100), true)
    );
    assert_eq!(
        ata.attributes[1].value, None,
        "a value that is not told is not zero"
    );
    let tests = health.self_tests.expect("a log");
    assert_eq!(tests[0].passed, Some(false));
}

#[test]
fn the_exit_status_of_a_recording_counts() {
    let mut answer = hard_disk();
    answer["smartctl"]["exit_status"] = json!(8);
    assert!(read(&answer, 0).expect("a health").exit.failing);
}

#[test]
fn an_nvme_log_must_hold_what_is_judged() {
    let log = json!({
        "critical_warning": 4, "available_spare": 100, "available_spare_threshold": 10,
        "percentage_used": 3, "media_errors": 2, "num_err_log_entries": 60, "power_cycles": 9,
        "unsafe_shutdowns": 4, "warning_temp_time": 1, "critical_comp_time": 0,
        "data_units_read": "340282366920938463463374607431768211455",
    });
    let mut answer = json!({
        "device": {"protocol": "NVMe"}, "smart_status": {"passed": false},
        "nvme_smart_health_information_log": log,
        "nvme_self_test_log": {"table": [
            null, {"self_test_code": {"string": "Short"}, "self_test_result": {"value": 7}},
        ]},
        "temperature": {"current": 40, "op_limit_max": 80, "critical_limit_max": 85},
    });
    let health = read(&answer, 8).expect("a health");
    let Details::Nvme(nvme) = &health.details else {
        panic!("{:?}", health.details)
    };
    assert_eq!((nvme.critical_warning, nvme.media_errors), (4, 2));
    assert_eq!(nvme.data_units_read, u64::MAX, "128-bit counters saturate");
    assert_eq!(health.temperature_limit, Some(85.0));
    assert_eq!(health.self_tests.expect("a log")[0].passed, Some(false));

    let log = answer["nvme_smart_health_information_log"]
        .as_object_mut()
        .expect("a log");
    log.remove("media_errors");
    let error = read(&answer, 0).expect_err("no media errors told");
    assert!(error.to_string().contains("media_errors"), "{error}");
}

#[test]
fn a_sas_drive_tells_defects_and_uncorrected_errors() {
    let answer = json!({
        "device": {"protocol": "SCSI"}, "scsi_model_name": "SEAGATE ST8000NM0075",
        "serial_number": "ZA1", "smart_status": {"passed": false,
            "scsi": {"ie_string": "FAILURE PREDICTION THRESHOLD EXCEEDED [asc=5d, ascq=0]"}},
        "scsi_grown_defect_list": 42, "temperature": {"current": 30, "drive_trip": 0},
        "scsi_error_counter_log": {"read": {"total_uncorrected_errors": 1}},
        "scsi_self_test_0": {"code": {"string": "Background long"}, "result": {"value": 15}},
        "scsi_self_test_1": {"code": {"string": "Background long"}, "result": {"value": 4},
            "power_on_time": {"hours": 7}},
    });
    let health = read(&answer, 8).expect("a health");
    let Details::Scsi(scsi) = &health.details else {
        panic!("{:?}", health.details)
    };
    assert_eq!(
        (scsi.grown_defects, scsi.read_uncorrected),
        (Some(42), Some(1))
    );
    assert_eq!(scsi.write_uncorrected, None);
    assert_eq!(
        health.temperature_limit, None,
        "a trip point of zero is none"
    );
    assert!(
        health
            .messages
            .iter()
            .any(|m| m.contains("THRESHOLD EXCEEDED"))
    );
    let passed: Vec<_> = health
        .self_tests
        .expect("a log")
        .iter()
        .map(|t| t.passed)
        .collect();
    assert_eq!(passed, [None, Some(false)]);
}

#[test]
fn why_a_drive_tells_nothing_is_told_apart() {
    let says =
        |text: &str| json!({"smartctl": {"messages": [{"string": text, "severity": "error"}]}});
    let kind = |answer: &Value, exit: i32| match read(answer, exit) {
        Err(Error::Unavailable(missing)) => missing.kind,
        other => panic!("{other:?}"),
    };
    let asleep = says("Device is in STANDBY mode, exit(2)");
    assert_eq!(kind(&asleep, 2), MissingKind::Asleep);
    assert_eq!(kind(&json!({}), 3), MissingKind::Asleep);
    let closed = says("Smartctl open device: /dev/sda failed: Permission denied");
    assert_eq!(kind(&closed, 2), MissingKind::Permission);
    let volume = json!({"device": {"protocol": "SCSI"}, "scsi_vendor": "DELL",
        "smart_support": {"available": false}});
    assert_eq!(kind(&volume, 4), MissingKind::Driver);
    let machine = json!({"device": {"protocol": "SCSI"}, "scsi_vendor": "QEMU",
        "smart_support": {"available": false}});
    assert_eq!(kind(&machine, 4), MissingKind::Hardware);
    let off = json!({"device": {"protocol": "ATA"},
        "smart_support": {"available": true, "enabled": false}});
    assert_eq!(kind(&off, 4), MissingKind::Driver);
}

#[test]
fn what_is_no_answer_is_a_typed_error() {
    for bytes in [
        &b""[..],
        b"  \n",
        b"{\"smart_status\": {\"pas",
        b"[]",
        b"7",
        b"{}",
        b"\xff\xfe{}",
    ] {
        let error = parse(bytes, &device(), 0).expect_err("no health");
        assert!(matches!(error, Error::Failed(_)), "{error:?}");
    }
    let odd =
        json!({"smart_status": "PASSED", "ata_smart_attributes": {"table": [5, {"id": 900}]}});
    assert!(matches!(read(&odd, 0), Err(Error::Failed(_))));
}

#[test]
fn hidden_drives_keep_the_type_that_reaches_them() {
    let found = output::scanned(&json!({"devices": [
        {"name": "/dev/sda", "type": "scsi", "protocol": "SCSI"},
        {"name": "/dev/bus/0", "type": "megaraid,3", "protocol": "SCSI"},
        {"name": "/dev/sdb", "type": "sat", "open_error": "No such device"},
        {"type": "sat"},
    ]}));
    let ids: Vec<_> = found
        .iter()
        .map(|d| (d.id.as_str(), d.kind.as_deref()))
        .collect();
    assert_eq!(
        ids,
        [("sda", None), ("bus/0:megaraid,3", Some("megaraid,3"))]
    );
}

/// Values of every type at every place that the parser looks at.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "smartctl",
        "exit_status",
        "messages",
        "string",
        "device",
        "protocol",
        "smart_status",
        "passed",
        "temperature",
        "current",
        "ata_smart_attributes",
        "table",
        "id",
        "raw",
        "value",
        "nvme_smart_health_information_log",
        "nvme_self_test_log",
        "scsi_error_counter_log",
        "ata_smart_error_log",
        "extended",
        "count",
        "ata_smart_self_test_log",
        "status",
    ]);
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..8).prop_map(|entries| {
                let entries = entries.into_iter().map(|(k, v)| (k.to_owned(), v));
                Value::Object(entries.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_that_is_printed_panics(answer in any_json(), exit in any::<i32>()) {
        let _any_answer = read(&answer, exit);
        let _any_list = output::scanned(&answer);
        let _any_percentage = output::remaining(&answer);
    }

    #[test]
    fn no_cut_of_an_answer_panics(cut in 0..2000_usize) {
        let text = hard_disk().to_string();
        let bytes = text.as_bytes();
        let _any_answer = parse(bytes.get(..cut).unwrap_or(bytes), &device(), 0);
    }
}
