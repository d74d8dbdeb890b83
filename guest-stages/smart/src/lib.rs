//! SMART: what every drive says of its own health.

mod ata;
mod drive;
mod nvme;
mod rules;
mod scsi;
#[cfg(test)]
mod tests;

use vetting_stage::types::Error;
use vetting_stage::{Findings, Measure, Outcome, absence, context, explain, info, part, smart};

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
    unsafe_shutdowns_warn_percent: number = 50.0, "default";
    /// Minutes above the critical temperature in an NVMe drive's life that are no remark.
    critical_minutes_warn: integer = 0, "default";
    /// Grown defects of a SAS drive from which on it is worth a look: more than this.
    grown_defects_warn: integer = 0, "AnalogJ/scrutiny";
    /// Errors that a SAS drive could not correct.
    uncorrected_fail: integer = 0, "AnalogJ/scrutiny";
    /// How many drives must tell their health.
    expected_drives: optional_integer = null, "the machine's spec";
}

vetting_stage::stage!(run);

fn run() -> Result<Outcome, String> {
    let parameters = Parameters::read()?;
    let mut findings = Findings::new();
    let devices = smart::devices().map_err(|e| explain(&e))?;
    let (mut judged, mut silent) = (0_u64, Vec::new());
    let count = devices.len();
    for (index, device) in devices.iter().enumerate() {
        let id = &device.id;
        let _shown = context::progress(index as f64 / count.max(1) as f64, id);
        match smart::read(id) {
            Ok(health) => {
                judged += 1;
                drive::judge(&health, &parameters, &mut findings);
            }
            Err(Error::Cancelled) => {
                for left in devices.iter().skip(index) {
                    let missed = part("disk", left.id.clone());
                    findings.unknown(
                        rules::NOT_REACHED,
                        Some(&missed),
                        "the stage was cut short before it",
                    );
                }
                break;
            }
            Err(error) => match absence(&error) {
                Some(what) => {
                    info!("{id} is not judged: {what} is not there");
                    silent.push(format!("{id} ({what})"));
                }
                None => findings.unknown(
                    rules::UNREADABLE,
                    Some(&part("disk", id.clone())),
                    format!("its health could not be read: {}", explain(&error)),
                ),
            },
        }
    }
    // A disk that went meanwhile is no virtual one that tells nothing. Those that only smartctl's
    // scan finds may be missing because the scan failed.
    if let Ok(now) = smart::devices() {
        let shown = devices.iter().filter(|d| d.kind.is_none());
        for gone in shown.filter(|d| !now.contains(d)) {
            let place = part("disk", gone.id.clone());
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
