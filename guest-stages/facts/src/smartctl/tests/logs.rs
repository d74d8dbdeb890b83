//! Logs that drives keep.

use super::*;

#[test]
fn logs_of_a_failing_sas_drive_are_read() {
    let phy = json!({"identifier": 0, "attached_device_type": "expander device",
        "negotiated_logical_link_rate": "phy enabled; 12 Gbps", "sas_address": "0x5000c50000000001",
        "invalid_dword_count": 918_273, "running_disparity_error_count": 771_234,
        "loss_of_dword_synchronization_count": 4411, "phy_reset_problem_count": 37});
    let result = json!({"parameter_code": 1, "accumulated_power_on": {"minutes": 333_240},
        "lba": 4_021_254_232_u64, "sense_key": {"value": 3, "string": "Medium Error"}, "asc": 17,
        "ascq": 0, "reassign_status": {"value": 1, "string": "Require Write or Reassign Blocks command"}});
    let drive = of(&json!({
        "device": {"protocol": "SCSI"},
        "smart_status": {"passed": false, "scsi": {"asc": 93, "ascq": 16,
            "ie_string": "FAILURE PREDICTION THRESHOLD EXCEEDED"}},
        "scsi_pending_defects": {"count": 56, "table": [{"lba": 4_021_254_152_u64,
            "accum_power_on_hours": 5554}]},
        "scsi_background_scan": {"status": {"value": 1, "string": "scan is active",
            "number_scans_performed": 40, "scan_progress": "12.00%",
            "number_medium_scans_performed": 39}, "result_10": result.clone(), "result_2": result},
        "scsi_self_test_status": {"in_progress": true, "completion_percent": 30},
        "scsi_self_test_0": {"code": {"value": 2}, "result": {"value": 15},
            "self_test_in_progress": true},
        "scsi_self_test_1": {"code": {"value": 2, "string": "Background long"}, "result": {"value": 7},
            "lba_first_failure": {"value": 99, "aka": "address_of_first_failure"},
            "sense_key": {"value": 3, "string": "Medium Error"}, "asc": 17, "ascq": 1},
        "scsi_sas_port_0": {"relative_target_port_id": 1, "generation_code": 2, "number_of_phys": 1,
            "phy_0": phy},
        "scsi_percentage_used_endurance_indicator": 104, "endurance_used": {"current_percent": 104},
        "scsi_format_status": {"grown_defects_during_cert": "not_available",
            "total_new_block_since_format": 12},
    }));
    let scsi = drive.scsi.expect("SCSI");
    assert_eq!(scsi.exception.expect("one").asc, Some(0x5d));
    assert_eq!(scsi.pending_defect_count, Some(56));
    assert_eq!(
        scsi.pending_defects.expect("a list")[0].power_on_hours,
        Some(5554)
    );
    let scan = scsi.background_scan.expect("a scan");
    assert_eq!(
        (scan.status, scan.progress.as_deref()),
        (Some(1), Some("12.00%"))
    );
    assert_eq!(scan.results.len(), 2);
    assert_eq!(
        (scan.results[0].asc, scan.results[0].reassign),
        (Some(17), Some(1))
    );
    assert_eq!(scan.results[0].power_on_minutes, Some(333_240));
    assert_eq!(
        (scsi.self_test_in_progress, scsi.self_test_percent),
        (Some(true), Some(30))
    );
    let tests = scsi.self_tests.expect("tests");
    assert_eq!(
        (tests[0].in_progress, tests[0].power_on_hours),
        (Some(true), None)
    );
    assert_eq!((tests[1].lba, tests[1].sense_key), (Some(99), Some(3)));
    assert_eq!(scsi.phys[0].port, "scsi_sas_port_0");
    assert_eq!(
        (scsi.phys[0].invalid_dwords, scsi.phys[0].reset_problems),
        (Some(918_273), Some(37))
    );
    assert_eq!(scsi.percentage_used, Some(104));
    let format = scsi.format_status.expect("a status");
    assert_eq!(
        (format.grown_defects, format.new_reassigned),
        (None, Some(12))
    );
    assert!(drive.extra.is_empty(), "{:?}", drive.extra);
}

#[test]
fn ata_logs_of_newer_versions_are_read() {
    let drive = of(&json!({
        "device": {"protocol": "ATA"},
        "ata_smart_error_log": {"extended": {"revision": 1, "sectors": 5, "count": 2, "logged_count": 2,
            "table": [{"error_number": 2, "log_index": 1, "lifetime_hours": 100,
                "device_state": {"value": 3, "string": "active or idle"},
                "completion_registers": {"error": 64, "status": 81, "count": 8,
                    "lba": 268_435_455, "device": 64, "device_control": 0},
                "error_description": "Error: UNC at LBA = 0x0fffffff = 268435455"}]}},
        "ata_smart_data": {"self_test": {"status": {"value": 249, "string": "in progress, 90% remaining",
            "remaining_percent": 90}}},
        "ata_smart_self_test_log": {"extended": {"revision": 1, "sectors": 1, "count": 1, "table": [
            {"type": {"value": 2, "string": "Extended offline"}, "status": {"value": 249,
                "string": "Self-test routine in progress", "remaining_percent": 90, "passed": true},
                "lifetime_hours": 100}]}},
        "ata_pending_defects_log": {"size": 2047, "count": 1, "table": [
            {"lba": 4_021_254_152_u64, "power_on_hours": 5554}]},
        "ata_security": {"state": 7, "string": "ENABLED, PW level HIGH, **LOCKED** [SEC4]",
            "enabled": true, "frozen": false, "locked": true, "pw_level_max": false},
        "ata_sct_erc": {"read": {"enabled": true, "deciseconds": 70}, "write": {"enabled": false}},
        "spare_available": {"current_percent": 98, "threshold_percent": 10},
        "host_writes": {"units": 7, "bytes_per_unit": 512, "string": "3.58 kB", "commands": 2},
        "seagate_farm_log": {"supported": true, "page_1_drive_information": {"poh": 1200, "spoh": 1190,
            "head_flight_hours": 900, "power_cycle_count": 12}},
    }));
    let ata = drive.ata.expect("ATA");
    let errors = ata.extended_error_log.expect("a log");
    assert_eq!(
        errors.errors[0].device_state.as_deref(),
        Some("active or idle")
    );
    let running = ata.self_test.expect("a status");
    assert_eq!(
        (running.value, running.passed, running.remaining_percent),
        (Some(249), None, Some(90))
    );
    let test = &ata.extended_self_test_log.expect("a log").tests[0];
    assert_eq!(
        (test.status, test.passed),
        (Some(249), Some(true)),
        "as smartctl says it"
    );
    let pending = ata.pending_defects.expect("a log");
    assert_eq!(
        (pending.count, pending.defects[0].lba),
        (Some(1), Some(4_021_254_152))
    );
    assert_eq!(ata.security.expect("security").locked, Some(true));
    assert_eq!(
        ata.error_recovery.expect("limits").read_deciseconds,
        Some(70)
    );
    let farm = ata.farm.expect("FARM");
    assert_eq!(
        (farm.power_on_hours, farm.head_flight_hours),
        (Some(1200), Some(900))
    );
    assert_eq!(
        (drive.spare_available_percent, drive.spare_threshold_percent),
        (Some(98), Some(10))
    );
    assert_eq!(drive.host_writes.expect("traffic").units, Some(7));
}

#[test]
fn nvme_logs_are_read() {
    let drive = of(&json!({
        "device": {"protocol": "NVMe"},
        "nvme_composite_temperature_threshold": {"warning": 77, "critical": 80},
        "nvme_smart_health_information_log": {"nsid": -1, "critical_warning": 4,
            "data_units_read": "340282366920938463463374607431768211455",
            "data_units_written": 18_446_744_073_709_551_615_u64,
            "data_units_written_s": "18446744073709551615", "temperature_sensors": [41, null, 55],
            "thermal_mgmt_temperature_1_transition_count": 3},
        "nvme_self_test_log": {"nsid": -1,
            "current_self_test_operation": {"value": 2, "string": "Extended self-test in progress"},
            "current_self_test_completion_percent": 12, "table": [null,
                {"self_test_code": {"value": 1, "string": "Short"},
                 "self_test_result": {"value": 7, "string": "Completed: failed segments"},
                 "power_on_hours": 99, "segment": 3, "nsid": 1, "lba": 5}]},
        "nvme_error_information_log": {"size": 64, "read": 16, "unread": 48},
    }));
    let nvme = drive.nvme.expect("NVMe");
    assert_eq!(
        (nvme.warning_temperature, nvme.critical_temperature),
        (Some(77), Some(80))
    );
    let health = nvme.health.expect("a log");
    assert_eq!(
        health.temperature_sensors,
        Some(vec![Some(41), None, Some(55)])
    );
    assert_eq!(
        health.data_units_read,
        Some(u64::MAX),
        "128 bits do not fit"
    );
    assert_eq!(health.data_units_written, Some(u64::MAX));
    assert_eq!(
        (health.namespace, health.throttle_1_count),
        (Some(-1), Some(3))
    );
    assert_eq!(health.media_errors, None, "what is absent is not zero");
    let tests = nvme.self_tests.expect("a log");
    assert_eq!((tests.current, tests.current_percent), (Some(2), Some(12)));
    assert_eq!(
        (tests.tests[0].result, tests.tests[0].lba),
        (Some(7), Some(5))
    );
    assert_eq!(nvme.errors.expect("a log").unread, Some(48));
    let kept = &drive.extra["nvme_smart_health_information_log"]["data_units_read"];
    assert_eq!(kept, "340282366920938463463374607431768211455");
}
