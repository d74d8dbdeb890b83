//! SMART: what every drive says of its own health.

mod asked;
mod ata;
mod drive;
mod media;
mod nvme;
mod rules;
mod scsi;
mod self_tests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use vetting_facts::smartctl::{self, ScannedDevice};
use vetting_stage::types::{Document, Error, MissingKind};
use vetting_stage::{Findings, Measure, Outcome, context, explain, info, part, smart};

use asked::Asked;

vetting_stage::parameters! {
    /// Reallocated sectors (attribute 5) from which on a drive is worth a look: more than this.
    reallocated_warn: integer = 0, "AnalogJ/scrutiny, failure rates by Backblaze's data";
    /// Reallocated sectors (attribute 5) that a drive may have.
    reallocated_fail: integer = 16, "AnalogJ/scrutiny: 17 to 70 sectors, 24 % fail in a year";
    /// Spin retries (attribute 10) that a drive may have.
    spin_retries_fail: integer = 0, "AnalogJ/scrutiny: 1 or more, 56 % fail in a year";
    /// Errors inside a hard disk's data path (attribute 184) that it may have.
    end_to_end_fail: integer = 0, "default";
    /// Reported uncorrectable errors (attribute 187) that a drive may have.
    reported_uncorrectable_fail: integer = 0, "AnalogJ/scrutiny: 1, 34 % fail in a year";
    /// Command time-outs (attribute 188) that are no more than a cable's.
    timeouts_warn: integer = 100, "AnalogJ/scrutiny";
    /// Reallocation events (attribute 196) from which on a drive is worth a look: more than this.
    reallocation_events_warn: integer = 0, "AnalogJ/scrutiny";
    /// Reallocation events (attribute 196) that a drive may have.
    reallocation_events_fail: integer = 11, "AnalogJ/scrutiny: 12 to 17, 17 % fail in a year";
    /// Pending sectors (attribute 197) that a drive may have.
    pending_fail: integer = 0, "AnalogJ/scrutiny: 1 or 2, 34 % fail in a year";
    /// Offline uncorrectable sectors (attribute 198) that a drive may have.
    offline_uncorrectable_fail: integer = 0, "AnalogJ/scrutiny: 1 or 2, 81 % fail in a year";
    /// Interface CRC errors (attribute 199) that say nothing yet of cable and backplane.
    crc_warn: integer = 1, "AnalogJ/scrutiny: 2, 15 % fail in a year";
    /// Normalised life left of an SSD, in per cent, at which it is worth a look.
    life_left_warn_percent: integer = 10, "smartmontools drivedb.h, Micron attribute 202";
    /// Logged ATA errors of the medium or the path from which on a drive is worth a look: more than this.
    ata_errors_warn: integer = 0, "default";
    /// Temperature of a hard disk in degrees Celsius from which on it is worth a look.
    hdd_celsius_warn: number = 55.0, "default";
    /// Temperature of a solid-state drive in degrees Celsius from which on it is worth a look.
    ssd_celsius_warn: number = 65.0, "default";
    /// Rated life used of an NVMe or SAS SSD, in per cent, from which on it is worth a look.
    used_warn_percent: integer = 79, "default";
    /// Rated life used of an NVMe or SAS SSD, in per cent, that it may have.
    used_fail_percent: integer = 100, "NVM Express Base Specification, Percentage Used";
    /// Unrecovered data-integrity errors that an NVMe drive may have.
    media_errors_fail: integer = 0, "smartctl(8)";
    /// Shutdowns without notice, in per cent of an NVMe drive's power cycles, that are usual.
    unsafe_shutdowns_warn_percent: number = 100.0, "default: drives with power-loss protection in racks that are switched off hard have most of theirs without notice";
    /// Minutes above the critical temperature in an NVMe drive's life that are no remark.
    critical_minutes_warn: integer = 0, "default";
    /// Grown defects of a SAS drive from which on it is worth a look: more than this.
    grown_defects_warn: integer = 0, "AnalogJ/scrutiny";
    /// Errors that a SAS drive could not correct.
    uncorrected_fail: integer = 0, "AnalogJ/scrutiny";
    /// Errors that the ports of a SAS drive have counted on their links that say nothing yet of cable and backplane.
    sas_link_errors_warn: integer = 1000, "default";
    /// Commands that an NVMe drive may have answered while it counts no byte read or written.
    nvme_commands_without_data: integer = 1000, "default";
    /// How many drives must tell their health.
    expected_drives: optional_integer = null, "the machine's spec";
}

/// Drives that are looked for behind one controller.
const MOST_BEHIND: u32 = 128;

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let mut findings = Findings::new();
    let shown = smart::devices().map_err(|e| explain(&e))?;
    let found = match smart::scan() {
        Ok(document) => scanned(&document, &mut findings),
        Err(_) if shown.is_empty() => Vec::new(),
        // Evidence that somebody collected may hold drives and no scan.
        Err(Error::Unavailable(missing)) if matches!(missing.kind, MissingKind::Other(_)) => {
            let message = format!(
                "drives behind controllers may be missing: {} is not there",
                missing.what
            );
            findings.unknown(rules::SCAN, None, message);
            Vec::new()
        }
        // Without smartctl there is nothing that could be judged.
        Err(error) => return Err(explain(&error)),
    };
    for device in &found {
        if let Some(error) = &device.open_error {
            unreadable(&asked::name(device), error, &mut findings);
        }
    }
    let mut devices = asked::drives(&shown, &found);
    let (mut judged, mut silent, mut volumes) = (0_u64, Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    // Drives behind a controller have answered by the time that they are known.
    let mut answered = BTreeMap::new();
    let mut index = 0;
    while let Some(device) = devices.get(index).cloned() {
        let _shown = context::progress(index as f64 / devices.len().max(1) as f64, &device);
        index += 1;
        let document = match answered.remove(&device) {
            Some(document) => Ok(document),
            None => smart::read(&device),
        };
        let document = match document {
            Ok(document) => document,
            Err(Error::Cancelled) => {
                for left in devices.iter().skip(index - 1) {
                    let missed = part("disk", left.clone());
                    findings.unknown(
                        rules::NOT_REACHED,
                        Some(&missed),
                        "the stage was cut short before it",
                    );
                }
                break;
            }
            Err(error) => {
                unreadable(&device, &explain(&error), &mut findings);
                continue;
            }
        };
        match asked::read(&device, &document) {
            // A drive on two paths is one drive.
            Asked::Answered(drive)
                if drive.serial.is_some() && !seen.insert(asked::identity(&drive)) =>
            {
                info!("{device} is another path to a drive that was judged already");
            }
            Asked::Answered(drive) => {
                judged += 1;
                let status = asked::status(&document, &drive);
                drive::judge(&device, &drive, status, &parameters, &mut findings);
            }
            Asked::Absent(what) => {
                info!("{device} is not judged: {what} is not there");
                silent.push(what);
            }
            Asked::Volume => volumes.push(device),
            Asked::Behind(kind) => {
                for (name, document) in behind(&device, kind, &mut findings) {
                    if !devices.contains(&name) {
                        devices.push(name.clone());
                        answered.insert(name, document);
                    }
                }
            }
            Asked::Silent(why) => unreadable(&device, &why, &mut findings),
        }
    }
    // The drives behind a controller have a place of their own in its type.
    let is_behind = |name: &String| {
        name.split_once(':')
            .is_some_and(|(_, kind)| kind.contains(','))
    };
    for volume in volumes {
        match devices.iter().any(is_behind) {
            true => info!("{volume} is a RAID volume: the drives behind it are judged"),
            false => unreadable(
                &volume,
                "it does not support SMART: name the drives behind the controller (smartctl --scan-open)",
                &mut findings,
            ),
        }
    }
    let count = devices.len();
    // A disk that disappeared during the test is not a virtual one without health.
    if let Ok(now) = smart::devices() {
        for gone in shown.iter().filter(|d| !now.contains(d)) {
            let place = part("disk", gone.clone());
            findings.broken(rules::DRIVE_LOST, Some(&place), "it went during the test");
        }
    }
    let found = Measure::number("drives-judged", judged as f64);
    match parameters.expected_drives {
        Some(expected) => {
            let rule = found.at_least(rules::FEWER_DRIVES, expected as f64);
            findings.hold(rule, || {
                format!("{judged} of {expected} drives told their health")
            });
        }
        None => findings.note(found),
    }
    if findings.diagnoses().is_empty() && judged == 0 {
        let reason = match silent.is_empty() {
            true => "the machine has no disk".to_owned(),
            false => format!("no disk here tells its health: {}", silent.join(", ")),
        };
        return Ok(findings.skip(reason, format!("{count} disks, none judged")));
    }
    let wrong = findings.diagnoses().len();
    Ok(findings.outcome(format!(
        "{judged} of {count} drives judged, {wrong} findings"
    )))
}

/// The drives behind a controller that smartctl's scan does not list, asked one after the other until
/// none answers: each with its document.
fn behind(device: &str, kind: &str, findings: &mut Findings) -> Vec<(String, Document)> {
    let mut drives = Vec::new();
    for number in 0..MOST_BEHIND {
        let name = format!("{device}:{kind},{number}");
        let document = match smart::read(&name) {
            Ok(document) => document,
            Err(_) => break,
        };
        match smartctl::drive(&document.stdout) {
            Ok(drive) if drive.serial.is_some() || drive.passed.is_some() => {
                drives.push((name, document));
            }
            _ => break,
        }
    }
    if drives.is_empty() {
        let why = format!("smartctl wants the type {kind},N, and none from {kind},0 on answers");
        unreadable(device, &why, findings);
    }
    drives
}

fn unreadable(device: &str, why: &str, findings: &mut Findings) {
    findings.unknown(
        rules::UNREADABLE,
        Some(&part("disk", device.to_owned())),
        format!("its health could not be read: {why}"),
    );
}

/// What smartctl's scan found. One that cannot be read hides drives behind RAID controllers.
fn scanned(document: &Document, findings: &mut Findings) -> Vec<ScannedDevice> {
    match smartctl::scan(&document.stdout) {
        Ok(found) => found,
        Err(error) => {
            let message =
                format!("drives behind RAID controllers could not be looked for: {error}");
            findings.unknown(rules::SCAN, None, message);
            Vec::new()
        }
    }
}
