//! SCSI and SAS drives: grown defects and what could not be corrected.

use vetting_facts::smartctl;
use vetting_stage::{Findings, Measure};

use crate::drive::Drive;
use crate::rules;

/// Holds what the drive's log pages tell.
pub fn judge(facts: &smartctl::Drive, drive: &Drive, findings: &mut Findings) {
    let p = drive.parameters;
    let scsi = facts.scsi.clone().unwrap_or_default();
    let uncorrected = [
        ("read-uncorrected", &scsi.read_errors),
        ("write-uncorrected", &scsi.write_errors),
        ("verify-uncorrected", &scsi.verify_errors),
    ];
    let uncorrected = uncorrected.map(|(what, log)| {
        let count = log.as_ref().and_then(|log| log.uncorrected);
        (what, count)
    });
    if scsi.grown_defects.is_none() && uncorrected.iter().all(|(_, count)| count.is_none()) {
        let message = format!("drive {}: it tells neither defects nor errors", drive.name);
        findings.unknown(rules::NO_LOGS, Some(&drive.part), message);
    }
    if let Some(defects) = scsi.grown_defects {
        let rule = (rules::GROWN_DEFECTS, p.grown_defects_warn);
        drive.count(
            findings,
            "grown-defects",
            defects,
            Some(rule),
            None,
            "its medium has got worse",
        );
    }
    for (what, count) in uncorrected {
        if let Some(count) = count {
            let rule = (rules::UNCORRECTED, p.uncorrected_fail);
            drive.count(
                findings,
                what,
                count,
                None,
                Some(rule),
                "errors were not corrected",
            );
        }
    }
    if let Some(used) = scsi.percentage_used.or(facts.endurance_used_percent) {
        let warn = (rules::USED, p.used_warn_percent);
        let fail = (rules::USED_UP, p.used_fail_percent);
        drive.count(
            findings,
            "percentage_used",
            used,
            Some(warn),
            Some(fail),
            "per cent of its rated life",
        );
    }
    if let Some(count) = scsi.non_medium_errors {
        findings.note(Measure::number("non-medium-errors", count as f64).part(&drive.part));
    }
}
