//! What is wrong with the medium or the way to it, beyond attributes and error logs.

use vetting_facts::smartctl::{self, Ata, Scsi};
use vetting_stage::{Findings, Measure};

use crate::drive::Drive;
use crate::rules;

/// Sizes of a logical block that file systems and RAID software take.
const BLOCK_SIZES: [u32; 2] = [512, 4096];

/// SCSI's sense key of a medium error (SPC-4).
const MEDIUM_ERROR: u8 = 3;

/// Holds what every drive may have.
pub fn judge(facts: &smartctl::Drive, drive: &Drive, findings: &mut Findings) {
    let name = &drive.name;
    if let Some(bytes) = facts.logical_block_bytes
        && bytes > 0
        && !BLOCK_SIZES.contains(&bytes)
    {
        let message = format!(
            "drive {name}: its blocks have {bytes} bytes, as in a disk array: format it to 512 or 4096"
        );
        findings.unknown(rules::BLOCK_SIZE, Some(&drive.part), message);
    }
    if let Some(ata) = &facts.ata {
        of_ata(ata, drive, findings);
    }
    if let Some(scsi) = &facts.scsi {
        of_scsi(scsi, drive, findings);
    }
}

fn of_ata(ata: &Ata, drive: &Drive, findings: &mut Findings) {
    let p = drive.parameters;
    let security = ata.security.as_ref();
    if security.is_some_and(|security| security.locked == Some(true)) {
        let message = format!(
            "drive {}: it is locked by a password: unlock or replace it",
            drive.name
        );
        findings.unknown(rules::LOCKED, Some(&drive.part), message);
    }
    let attributes = ata.attributes.as_deref().unwrap_or_default();
    let has = |id: u8| attributes.iter().any(|attribute| attribute.id == id);
    let log = ata.pending_defects.as_ref().and_then(|log| log.count);
    let candidates = statistic(ata, "Number of Realloc. Candidate Logical Sectors");
    // Where attribute 197 counts them, its own rule judges.
    if let Some(count) = log.or(candidates).filter(|_| !has(197)) {
        let rule = (rules::PENDING, p.pending_fail);
        let advice = "sectors wait to be replaced; a full write may clear them, then test again";
        drive.count(findings, "pending-defects", count, None, Some(rule), advice);
    }
    let uncorrected = statistic(ata, "Number of Reported Uncorrectable Errors");
    if let Some(count) = uncorrected.filter(|_| !has(187)) {
        let rule = (rules::REPORTED_UNCORRECTABLE, p.reported_uncorrectable_fail);
        drive.count(
            findings,
            "reported-uncorrectable",
            count,
            None,
            Some(rule),
            "data were lost",
        );
    }
}

/// A device statistic that is valid, by its name in smartctl's table.
fn statistic(ata: &Ata, name: &str) -> Option<u64> {
    let pages = ata.statistics.iter().flatten();
    let mut statistics = pages.flat_map(|page| &page.statistics);
    let found = statistics.find(|s| s.name.as_deref() == Some(name) && s.valid != Some(false))?;
    u64::try_from(found.value?).ok()
}

fn of_scsi(scsi: &Scsi, drive: &Drive, findings: &mut Findings) {
    let p = drive.parameters;
    if let Some(count) = scsi.pending_defect_count {
        let rule = (rules::PENDING, p.pending_fail);
        let advice = "sectors wait to be replaced; a full write may clear them, then test again";
        drive.count(findings, "pending-defects", count, None, Some(rule), advice);
    }
    if let Some(scan) = &scsi.background_scan {
        let lost = scan
            .results
            .iter()
            .filter(|r| r.sense_key == Some(MEDIUM_ERROR))
            .count() as u64;
        let advice = "its own scan could not read them";
        let rule = (rules::BACKGROUND_SCAN, 0);
        drive.count(
            findings,
            "background-scan-errors",
            lost,
            Some(rule),
            None,
            advice,
        );
    }
    let counts = scsi.phys.iter().map(|phy| {
        let counted = [
            phy.invalid_dwords,
            phy.disparity_errors,
            phy.losses_of_sync,
            phy.reset_problems,
        ];
        counted.into_iter().flatten().fold(0, u64::saturating_add)
    });
    if !scsi.phys.is_empty() {
        let errors = counts.fold(0, u64::saturating_add);
        let measure = Measure::number("sas-link-errors", errors as f64).part(&drive.part);
        let measure = measure.at_most(rules::SAS_LINK, p.sas_link_errors_warn as f64);
        findings.hold(measure, || {
            format!(
                "drive {}: its links counted {errors} errors: look at cable, backplane and expander",
                drive.name
            )
        });
    }
}
