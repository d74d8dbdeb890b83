//! One drive at a time, against every rule.

use vetting_facts::smartctl::{
    Ata, AtaSelfTest, AtaSelfTestLog, Attribute, DeviceName, Drive, ErrorCounters, Nvme,
    NvmeHealthLog, Scsi, Temperature, WhenFailed,
};
use vetting_stage::{Findings, Outcome, Verdict};

use crate::Parameters;
use crate::drive::judge;

mod media;

/// A drive and smartctl's exit status.
#[derive(Clone)]
struct Asked {
    drive: Drive,
    status: u8,
}

fn drive(protocol: &str) -> Asked {
    let drive = Drive {
        device: Some(DeviceName {
            protocol: Some(protocol.to_owned()),
            ..DeviceName::default()
        }),
        model: Some("M".into()),
        serial: Some("SER1AL".into()),
        rotation_rpm: Some(7200),
        passed: Some(true),
        temperature: Some(Temperature {
            current: Some(30),
            limit_max: Some(60),
            ..Temperature::default()
        }),
        ..Drive::default()
    };
    Asked { drive, status: 0 }
}

fn attribute(id: u8, name: &str, raw: u64) -> Attribute {
    Attribute {
        id,
        name: Some(name.into()),
        value: Some(100),
        worst: Some(100),
        threshold: Some(10),
        prefailure: Some(true),
        raw: Some(raw),
        raw_text: Some(raw.to_string()),
        ..Attribute::default()
    }
}

fn ata(attributes: Vec<Attribute>) -> Asked {
    let mut asked = drive("ATA");
    asked.drive.ata = Some(Ata {
        attributes: Some(attributes),
        ..Ata::default()
    });
    asked
}

fn nvme(log: NvmeHealthLog) -> Asked {
    let mut asked = drive("NVMe");
    asked.drive.nvme = Some(Nvme {
        health: Some(log),
        ..Nvme::default()
    });
    asked
}

fn log() -> NvmeHealthLog {
    NvmeHealthLog {
        critical_warning: Some(0),
        available_spare: Some(100),
        available_spare_threshold: Some(10),
        percentage_used: Some(1),
        power_cycles: Some(10),
        unsafe_shutdowns: Some(1),
        media_errors: Some(0),
        error_log_entries: Some(500),
        ..NvmeHealthLog::default()
    }
}

fn scsi(scsi: Scsi) -> Asked {
    let mut asked = drive("SCSI");
    asked.drive.scsi = Some(scsi);
    asked
}

fn outcome(asked: &Asked) -> Outcome {
    let mut findings = Findings::new();
    let (drive, status) = (&asked.drive, Some(asked.status));
    judge("sda", drive, status, &Parameters::default(), &mut findings);
    findings.outcome("")
}

fn verdict(asked: &Asked) -> Verdict {
    outcome(asked).verdict
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
    solid.drive.rotation_rpm = Some(0);
    assert_eq!(verdict(&solid), Verdict::Pass);
}

#[test]
fn packed_raw_values_are_unpacked() {
    let mut timeouts = attribute(188, "Command_Timeout", 0x0002_0000_0002);
    timeouts.raw_text = Some("2 0 2".into());
    assert_eq!(outcome(&ata(vec![timeouts])).diagnoses.len(), 0);
    let mut sectors = attribute(5, "Reallocated_Sector_Ct", 0x1_0000_0000);
    sectors.raw_text = Some("0 (1, 0)".into());
    assert_eq!(outcome(&ata(vec![sectors])).diagnoses.len(), 0);
}

#[test]
fn a_packed_count_of_events_is_a_remark() {
    let mut events = attribute(196, "Reallocated_Event_Count", 0x3095_0000_083f);
    events.raw_text = Some("2111 (12437 0)".into());
    let outcome = outcome(&ata(vec![events]));
    assert_eq!(
        (outcome.verdict, outcome.diagnoses.len()),
        (Verdict::Pass, 1)
    );
}

#[test]
fn the_makers_threshold_counts() {
    let mut now = attribute(1, "Raw_Read_Error_Rate", 7);
    now.when_failed = Some(WhenFailed::Now);
    assert_eq!(verdict(&ata(vec![now.clone()])), Verdict::Fail);
    now.when_failed = Some(WhenFailed::Past);
    assert_eq!(verdict(&ata(vec![now])), Verdict::Pass);
}

#[test]
fn the_drives_own_verdict_and_the_exit_bits_count() {
    let good = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    let mut failing = good.clone();
    failing.drive.passed = Some(false);
    assert_eq!(verdict(&failing), Verdict::Fail);
    let mut failing = good.clone();
    failing.status = 0x08;
    assert_eq!(verdict(&failing), Verdict::Fail);
    let mut closed = good.clone();
    closed.status = 0x02;
    assert!(matches!(verdict(&closed), Verdict::Inconclusive(_)));
    let mut odd = good;
    odd.status = 0x04;
    assert_eq!(verdict(&odd), Verdict::Pass);
}

#[test]
fn a_drive_that_tells_nothing_is_not_good() {
    assert!(matches!(
        verdict(&ata(Vec::new())),
        Verdict::Inconclusive(_)
    ));
    assert!(matches!(verdict(&drive("NVMe")), Verdict::Inconclusive(_)));
    let silent = scsi(Scsi::default());
    assert!(matches!(verdict(&silent), Verdict::Inconclusive(_)));
    let counters = ErrorCounters {
        uncorrected: Some(1),
        ..ErrorCounters::default()
    };
    let bad = Scsi {
        read_errors: Some(counters),
        ..Scsi::default()
    };
    assert_eq!(verdict(&scsi(bad)), Verdict::Fail);
}

#[test]
fn nvme_warnings_are_judged_bit_by_bit() {
    let with = |change: fn(&mut NvmeHealthLog)| {
        let mut log = log();
        change(&mut log);
        let warned = log.critical_warning != Some(0);
        let mut asked = nvme(log);
        asked.drive.passed = Some(!warned);
        asked.status = if warned { 0x08 } else { 0 };
        verdict(&asked)
    };
    assert_eq!(with(|_| {}), Verdict::Pass);
    let warm = with(|l| l.critical_warning = Some(0x02));
    assert_eq!(warm, Verdict::Pass, "warm, not broken");
    for bit in [0x01, 0x04, 0x08, 0x10, 0x20] {
        let mut log = log();
        log.critical_warning = Some(bit);
        assert_eq!(verdict(&nvme(log)), Verdict::Fail, "{bit:#x}");
    }
    assert_eq!(with(|l| l.available_spare = Some(9)), Verdict::Fail);
    assert_eq!(with(|l| l.percentage_used = Some(100)), Verdict::Pass);
    assert_eq!(with(|l| l.percentage_used = Some(101)), Verdict::Fail);
    assert_eq!(with(|l| l.media_errors = Some(1)), Verdict::Fail);
    let silent = with(|l| l.critical_warning = None);
    assert!(matches!(silent, Verdict::Inconclusive(_) | Verdict::Fail));
}

#[test]
fn temperature_and_self_tests() {
    let mut asked = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    let heat = |asked: &mut Asked, celsius| {
        if let Some(heat) = &mut asked.drive.temperature {
            heat.current = Some(celsius);
        }
    };
    heat(&mut asked, 60);
    assert_eq!(verdict(&asked), Verdict::Fail, "at its own limit");
    heat(&mut asked, 255);
    let test = |kind: &str, passed| AtaSelfTest {
        kind_text: Some(kind.into()),
        passed: Some(passed),
        status_text: Some("s".into()),
        ..AtaSelfTest::default()
    };
    let log = |asked: &mut Asked, tests| {
        if let Some(ata) = &mut asked.drive.ata {
            ata.standard_self_test_log = Some(AtaSelfTestLog {
                tests,
                ..AtaSelfTestLog::default()
            });
        }
    };
    log(
        &mut asked,
        vec![test("Short offline", true), test("Extended offline", false)],
    );
    assert_eq!(verdict(&asked), Verdict::Fail);
    log(
        &mut asked,
        vec![
            test("Extended offline", true),
            test("Extended offline", false),
        ],
    );
    asked.status = 0x80;
    let outdated = verdict(&asked);
    assert_eq!(outdated, Verdict::Pass, "a later good test outdates it");
}
