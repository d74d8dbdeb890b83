//! The medium and the way to it, each rule with a good drive that must stay quiet.

use vetting_facts::smartctl::{
    AtaPendingDefects, BackgroundScan, BackgroundScanResult, EnvironmentReading, Exception, SasPhy,
    Security, SelfTestStatus, Statistic, StatisticsPage,
};
use vetting_stage::Finding;

use super::*;

/// The names and kinds of what is found.
fn found(asked: &Asked) -> Vec<(String, Finding)> {
    let diagnoses = outcome(asked).diagnoses.into_iter();
    diagnoses.map(|d| (d.name, d.finding)).collect()
}

fn good_scsi() -> Scsi {
    Scsi {
        grown_defects: Some(0),
        ..Scsi::default()
    }
}

#[test]
fn good_drives_stay_quiet() {
    let mut disk = ata(vec![attribute(197, "Current_Pending_Sector", 0)]);
    disk.drive.logical_block_bytes = Some(512);
    for drive in [disk, scsi(good_scsi()), nvme(log())] {
        assert_eq!(found(&drive), []);
    }
}

#[test]
fn pending_defects_count_where_no_attribute_does() {
    let mut disk = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    if let Some(ata) = &mut disk.drive.ata {
        ata.pending_defects = Some(AtaPendingDefects {
            count: Some(56),
            ..AtaPendingDefects::default()
        });
    }
    assert_eq!(verdict(&disk), Verdict::Fail);
    let mut disk = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    if let Some(ata) = &mut disk.drive.ata {
        ata.statistics = Some(vec![StatisticsPage {
            statistics: vec![Statistic {
                name: Some("Number of Reported Uncorrectable Errors".into()),
                value: Some(17),
                valid: Some(true),
                ..Statistic::default()
            }],
            ..StatisticsPage::default()
        }]);
    }
    assert_eq!(verdict(&disk), Verdict::Fail);
    let pending = Scsi {
        pending_defect_count: Some(56),
        ..good_scsi()
    };
    assert_eq!(verdict(&scsi(pending)), Verdict::Fail);
}

#[test]
fn a_sas_drive_is_judged_by_its_logs() {
    let exception = |asc| Scsi {
        exception: Some(Exception {
            asc: Some(asc),
            ..Exception::default()
        }),
        ..good_scsi()
    };
    let mut warned = scsi(exception(0x0b));
    (warned.drive.passed, warned.status) = (Some(false), 0x08);
    assert_eq!(
        found(&warned),
        [("smart-warning".to_owned(), Finding::Warn)]
    );
    let mut failing = scsi(exception(0x5d));
    (failing.drive.passed, failing.status) = (Some(false), 0x08);
    assert_eq!(verdict(&failing), Verdict::Fail);
    let scan = Scsi {
        background_scan: Some(BackgroundScan {
            results: vec![BackgroundScanResult {
                sense_key: Some(3),
                ..BackgroundScanResult::default()
            }],
            ..BackgroundScan::default()
        }),
        ..good_scsi()
    };
    assert_eq!(found(&scsi(scan))[0].1, Finding::Warn);
    let link = |count| Scsi {
        phys: vec![SasPhy {
            invalid_dwords: Some(count),
            ..SasPhy::default()
        }],
        ..good_scsi()
    };
    assert_eq!(found(&scsi(link(12))), [], "a cable was pulled once");
    assert_eq!(found(&scsi(link(918_273)))[0].1, Finding::Warn);
    let mut hot = scsi(Scsi {
        environment: vec![EnvironmentReading {
            name: "temperature_1".into(),
            current: Some(67),
            ..EnvironmentReading::default()
        }],
        ..good_scsi()
    });
    hot.drive.temperature = None;
    assert_eq!(found(&hot)[0].1, Finding::Warn);
}

#[test]
fn what_cannot_go_into_service_as_it_is_was_not_judged() {
    let mut locked = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    if let Some(ata) = &mut locked.drive.ata {
        ata.security = Some(Security {
            locked: Some(true),
            ..Security::default()
        });
    }
    assert!(matches!(verdict(&locked), Verdict::Inconclusive(_)));
    let mut array = scsi(good_scsi());
    array.drive.logical_block_bytes = Some(528);
    assert!(matches!(verdict(&array), Verdict::Inconclusive(_)));
    let lying = NvmeHealthLog {
        data_units_read: Some(0),
        data_units_written: Some(0),
        host_reads: Some(315),
        host_writes: Some(1485),
        ..log()
    };
    assert!(matches!(verdict(&nvme(lying)), Verdict::Inconclusive(_)));
}

#[test]
fn life_is_read_as_its_maker_means_it() {
    let with = |name: &str, id, value, raw| {
        let mut row = attribute(id, name, raw);
        (row.value, row.threshold) = (Some(value), Some(0));
        let mut solid = ata(vec![row]);
        solid.drive.rotation_rpm = Some(0);
        solid
    };
    assert_eq!(found(&with("Wear_Range_Delta", 177, 0, 1)), []);
    assert_eq!(found(&with("SSD_Life_Left", 231, 95, 0)), []);
    let raw = with("Remaining_Lifetime_Perc", 169, 100, 2);
    assert_eq!(found(&raw)[0].1, Finding::Warn);
    assert_eq!(verdict(&with("SSD_Life_Left", 231, 0, 0)), Verdict::Fail);
}

#[test]
fn a_failed_self_test_counts_without_a_log() {
    let mut disk = ata(vec![attribute(5, "Reallocated_Sector_Ct", 0)]);
    if let Some(ata) = &mut disk.drive.ata {
        ata.self_test = Some(SelfTestStatus {
            passed: Some(false),
            ..SelfTestStatus::default()
        });
    }
    assert_eq!(verdict(&disk), Verdict::Fail);
}
