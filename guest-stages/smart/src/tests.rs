//! One drive at a time, against every rule.

use vetting_stage::smart::{AtaHealth, Attribute, Device, ExitBits, NvmeHealth, ScsiHealth};
use vetting_stage::{Outcome, Verdict};

use vetting_stage::Findings;
use vetting_stage::smart::{Details, Health, SelfTest};

use crate::Parameters;
use crate::drive::judge;

fn health(details: Details) -> Health {
    Health {
        device: Device {
            id: "sda".into(),
            disk: "sda".into(),
            kind: None,
        },
        model: Some("M".into()),
        serial: Some("SER1AL".into()),
        firmware: None,
        size_bytes: None,
        rotation_rpm: Some(7200),
        overall_passed: Some(true),
        exit: ExitBits {
            usage: false,
            open_failed: false,
            command_failed: false,
            failing: false,
            prefail_now: false,
            below_in_past: false,
            error_log: false,
            self_test_log: false,
        },
        messages: Vec::new(),
        temperature: Some(30.0),
        temperature_limit: Some(60.0),
        power_on_hours: None,
        power_cycles: None,
        self_tests: None,
        details,
        extra: Vec::new(),
    }
}

fn attribute(id: u8, name: &str, raw: u64) -> Attribute {
    Attribute {
        id,
        name: name.into(),
        value: Some(100),
        worst: Some(100),
        threshold: 10,
        when_failed: String::new(),
        prefailure: true,
        raw,
        raw_text: raw.to_string(),
    }
}

fn ata(attributes: Vec<Attribute>) -> Health {
    let details = AtaHealth {
        attributes,
        error_count: None,
        media_or_path_errors: None,
    };
    health(Details::Ata(details))
}

fn nvme() -> NvmeHealth {
    NvmeHealth {
        critical_warning: 0,
        available_spare: 100,
        available_spare_threshold: 10,
        percentage_used: 1,
        data_units_read: 1,
        data_units_written: 1,
        controller_busy_minutes: 1,
        power_cycles: 10,
        unsafe_shutdowns: 1,
        media_errors: 0,
        error_log_entries: 500,
        warning_temperature_minutes: 0,
        critical_temperature_minutes: 0,
    }
}

fn outcome(health: &Health) -> Outcome {
    let mut findings = Findings::new();
    judge(health, &Parameters::default(), &mut findings);
    findings.outcome("")
}

fn verdict(health: &Health) -> Verdict {
    outcome(health).verdict
}

#[test]
fn a_pending_sector_fails_and_is_named_with_the_serial_number() {
    let outcome = outcome(&ata(vec![attribute(197, "Current_Pending_Sector", 1)]));
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert!(outcome.message.contains("SER1AL"), "{}", outcome.message);
    assert!(
        outcome.message.contains("Current_Pending_Sector"),
        "{}",
        outcome.message
    );
}

#[test]
fn counts_at_their_limits() {
    for (id, name, good, bad) in [
        (5, "Reallocated_Sector_Ct", 16, 17),
        (10, "Spin_Retry_Count", 0, 1),
        (184, "End-to-End_Error", 0, 1),
        (187, "Reported_Uncorrect", 0, 1),
        (196, "Reallocated_Event_Count", 11, 12),
        (198, "Offline_Uncorrectable", 0, 1),
    ] {
        assert_eq!(
            verdict(&ata(vec![attribute(id, name, good)])),
            Verdict::Pass,
            "{name}"
        );
        assert_eq!(
            verdict(&ata(vec![attribute(id, name, bad)])),
            Verdict::Fail,
            "{name}"
        );
    }
    let crc = outcome(&ata(vec![attribute(199, "UDMA_CRC_Error_Count", 40)]));
    assert_eq!(
        (crc.verdict, crc.diagnoses.len()),
        (Verdict::Pass, 1),
        "a path, not a drive"
    );
}

#[test]
fn a_number_that_a_maker_uses_for_something_else_judges_nothing() {
    let used = attribute(197, "Total_Writes_GiB", 5000);
    assert_eq!(verdict(&ata(vec![used])), Verdict::Pass);
    let mut solid = ata(vec![attribute(184, "End-to-End_Error", 3)]);
    solid.rotation_rpm = Some(0);
    assert_eq!(verdict(&solid), Verdict::Pass);
}

#[test]
fn packed_raw_values_are_unpacked() {
    let mut timeouts = attribute(188, "Command_Timeout", 0x0002_0000_0002);
    timeouts.raw_text = "2 0 2".into();
    assert_eq!(outcome(&ata(vec![timeouts])).diagnoses.len(), 0);
    let mut sectors = attribute(5, "Reallocated_Sector_Ct", 0x1_0000_0000);
    sectors.raw_text = "0 (1, 0)".into();
    assert_eq!(outcome(&ata(vec![sectors])).diagnoses.len(), 0);
}

#[test]
fn a_packed_count_of_events_is_a_remark() {
    let mut events = attribute(196, "Reallocated_Event_Count", 0x3095_0000_083f);
    events.raw_text = "2111 (12437 0)".into();
    let outcome = outcome(&ata(vec![events]));
    assert_eq!(
        (outcome.verdict, outcome.diagnoses.len()),
        (Verdict::Pass, 1)
    );
}

#[test]
fn the_makers_threshold_counts() {
    let mut now = attribute(1, "Raw_Read_Error_Rate", 7);
    now.when_failed = "now".into();
    assert_eq!(verdict(&ata(vec![now.clone()])), Verdict::Fail);
    now.when_failed = "past".into();
    assert_eq!(verdict(&ata(vec![now])), Verdict::Pass);
}

#[test]
fn the_drives_own_verdict_and_the_exit_bits_count() {
    let good = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    let mut failing = good.clone();
    failing.overall_passed = Some(false);
    assert_eq!(verdict(&failing), Verdict::Fail);
    let mut failing = good.clone();
    failing.exit.failing = true;
    assert_eq!(verdict(&failing), Verdict::Fail);
    let mut closed = good.clone();
    closed.exit.open_failed = true;
    assert!(matches!(verdict(&closed), Verdict::Inconclusive(_)));
    let mut odd = good;
    odd.exit.command_failed = true;
    assert_eq!(verdict(&odd), Verdict::Pass);
}

#[test]
fn a_drive_that_tells_nothing_is_not_good() {
    assert!(matches!(
        verdict(&ata(Vec::new())),
        Verdict::Inconclusive(_)
    ));
    let other = health(Details::Other("NVMe".into()));
    assert!(matches!(verdict(&other), Verdict::Inconclusive(_)));
    let silent = ScsiHealth {
        grown_defects: None,
        read_uncorrected: None,
        write_uncorrected: None,
        verify_uncorrected: None,
        non_medium_errors: None,
        percentage_used: None,
    };
    assert!(matches!(
        verdict(&health(Details::Scsi(silent))),
        Verdict::Inconclusive(_)
    ));
    let bad = ScsiHealth {
        read_uncorrected: Some(1),
        ..silent
    };
    assert_eq!(verdict(&health(Details::Scsi(bad))), Verdict::Fail);
}

#[test]
fn nvme_warnings_are_judged_bit_by_bit() {
    let with = |change: fn(&mut NvmeHealth)| {
        let mut log = nvme();
        change(&mut log);
        let mut health = health(Details::Nvme(log));
        health.overall_passed = Some(log.critical_warning == 0);
        health.exit.failing = log.critical_warning != 0;
        verdict(&health)
    };
    assert_eq!(with(|_| {}), Verdict::Pass);
    assert_eq!(
        with(|l| l.critical_warning = 0x02),
        Verdict::Pass,
        "warm, not broken"
    );
    for bit in [0x01, 0x04, 0x08, 0x10, 0x20] {
        let mut log = nvme();
        log.critical_warning = bit;
        assert_eq!(
            verdict(&health(Details::Nvme(log))),
            Verdict::Fail,
            "{bit:#x}"
        );
    }
    assert_eq!(with(|l| l.available_spare = 9), Verdict::Fail);
    assert_eq!(with(|l| l.percentage_used = 100), Verdict::Pass);
    assert_eq!(with(|l| l.percentage_used = 101), Verdict::Fail);
    assert_eq!(with(|l| l.media_errors = 1), Verdict::Fail);
}

#[test]
fn temperature_and_self_tests() {
    let mut drive = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    drive.temperature = Some(60.0);
    assert_eq!(verdict(&drive), Verdict::Fail, "at its own limit");
    drive.temperature = Some(255.0);
    let test = |kind: &str, passed| SelfTest {
        kind: kind.into(),
        passed,
        status: "s".into(),
        at_hours: None,
    };
    drive.self_tests = Some(vec![
        test("Short offline", Some(true)),
        test("Extended offline", Some(false)),
    ]);
    assert_eq!(verdict(&drive), Verdict::Fail);
    let outdated = vec![
        test("Extended offline", Some(true)),
        test("Extended offline", Some(false)),
    ];
    drive.self_tests = Some(outdated);
    drive.exit.self_test_log = true;
    assert_eq!(
        verdict(&drive),
        Verdict::Pass,
        "a later good test outdates it"
    );
}
