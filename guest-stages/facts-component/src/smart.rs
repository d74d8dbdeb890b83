//! Drives: `smartctl`.

use vetting_facts::smartctl::{self, Drive as Read};

use crate::Facts;
use crate::bindings::exports::vetting::facts::smart::{
    Attribute, Device, Drive, Guest, SelfTest, WhenFailed,
};
use crate::read::sentence;

impl Guest for Facts {
    fn read_drive(document: Vec<u8>) -> Result<Drive, String> {
        smartctl::drive(&document).map(flat).map_err(sentence)
    }

    fn read_scan(document: Vec<u8>) -> Result<Vec<Device>, String> {
        let devices = smartctl::scan(&document).map_err(sentence)?;
        let flat = devices.into_iter().map(|device| Device {
            name: device.name,
            kind: device.kind,
            protocol: device.protocol,
            open_error: device.open_error,
        });
        Ok(flat.collect())
    }
}

fn flat(drive: Read) -> Drive {
    let self_tests = self_tests(&drive);
    let pending_defects = pending(&drive);
    let used_percent = used(&drive);
    let temperature_limit = temperature_limit(&drive);
    let device = drive.device.unwrap_or_default();
    let ata = drive.ata.unwrap_or_default();
    let nvme = drive.nvme.unwrap_or_default();
    let health = nvme.health.unwrap_or_default();
    let scsi = drive.scsi.unwrap_or_default();
    let log = ata.extended_error_log.or(ata.summary_error_log);
    let uncorrected = |counters: Option<smartctl::ErrorCounters>| counters?.uncorrected;
    Drive {
        device: device.name,
        protocol: device.protocol,
        model: drive.model,
        serial: drive.serial,
        firmware: drive.firmware,
        capacity_bytes: drive.capacity_bytes,
        logical_block_bytes: drive.logical_block_bytes,
        rotation_rpm: drive.rotation_rpm,
        exit_status: drive.run.exit_status,
        messages: drive.run.messages.into_iter().map(|m| m.text).collect(),
        power_mode: drive.power_mode.and_then(|mode| mode.name),
        smart_available: drive.smart_available,
        smart_enabled: drive.smart_enabled,
        passed: drive.passed,
        temperature: drive
            .temperature
            .and_then(|temperature| temperature.current)
            .or(health.temperature),
        temperature_limit,
        power_on_hours: drive.power_on_hours.or(health.power_on_hours),
        power_cycles: drive.power_cycles.or(health.power_cycles),
        used_percent,
        spare_percent: drive
            .spare_available_percent
            .or(health.available_spare.map(u64::from)),
        spare_threshold_percent: drive
            .spare_threshold_percent
            .or(health.available_spare_threshold.map(u64::from)),
        attributes: ata
            .attributes
            .unwrap_or_default()
            .into_iter()
            .map(attribute)
            .collect(),
        logged_errors: log.and_then(|log| log.count),
        pending_defects,
        critical_warning: health.critical_warning,
        media_errors: health.media_errors,
        warning_temperature_minutes: health.warning_temperature_minutes,
        critical_temperature_minutes: health.critical_temperature_minutes,
        unsafe_shutdowns: health.unsafe_shutdowns,
        exception: scsi.exception.and_then(|exception| exception.text),
        grown_defects: scsi.grown_defects,
        read_uncorrected: uncorrected(scsi.read_errors),
        write_uncorrected: uncorrected(scsi.write_errors),
        verify_uncorrected: uncorrected(scsi.verify_errors),
        self_tests,
        unread: drive.unread,
    }
}

fn attribute(attribute: smartctl::Attribute) -> Attribute {
    Attribute {
        id: attribute.id,
        name: attribute.name,
        value: attribute.value,
        worst: attribute.worst,
        threshold: attribute.threshold,
        failed: attribute.when_failed.map(|when| match when {
            smartctl::WhenFailed::Never => WhenFailed::Never,
            smartctl::WhenFailed::Past => WhenFailed::Past,
            smartctl::WhenFailed::Now => WhenFailed::Now,
        }),
        prefailure: attribute.prefailure,
        raw: attribute.raw,
        raw_text: attribute.raw_text,
    }
}

/// The limit of the drive's own protocol. A SCSI drive without one says 0.
fn temperature_limit(drive: &Read) -> Option<i64> {
    let warning = drive.nvme.as_ref().and_then(|n| n.warning_temperature);
    let limits = drive.temperature;
    let recommended = limits.and_then(|limits| limits.op_limit_max);
    let trip = limits.and_then(|limits| limits.drive_trip);
    warning
        .or(recommended)
        .or(trip.filter(|celsius| *celsius > 0))
}

fn used(drive: &Read) -> Option<u64> {
    let health = drive.nvme.as_ref().and_then(|nvme| nvme.health.as_ref());
    let by_nvme = health.and_then(|health| health.percentage_used);
    let by_scsi = drive.scsi.as_ref().and_then(|scsi| scsi.percentage_used);
    drive
        .endurance_used_percent
        .or(by_nvme.map(u64::from))
        .or(by_scsi)
}

fn pending(drive: &Read) -> Option<u64> {
    let log = drive.ata.as_ref().and_then(|a| a.pending_defects.as_ref());
    let by_scsi = drive.scsi.as_ref().and_then(|s| s.pending_defect_count);
    log.and_then(|log| log.count).or(by_scsi)
}

/// The newest log that has any: of an ATA drive the extended one, else the old one.
fn self_tests(drive: &Read) -> Vec<SelfTest> {
    let ata = drive.ata.as_ref();
    let extended = ata.and_then(|ata| ata.extended_self_test_log.as_ref());
    let standard = ata.and_then(|ata| ata.standard_self_test_log.as_ref());
    let mut tests = Vec::new();
    if let Some(log) = extended.or(standard) {
        tests.extend(log.tests.iter().map(by_ata));
    }
    if let Some(log) = drive.nvme.as_ref().and_then(|n| n.self_tests.as_ref()) {
        tests.extend(log.tests.iter().map(by_nvme));
    }
    if let Some(log) = drive.scsi.as_ref().and_then(|s| s.self_tests.as_ref()) {
        tests.extend(log.iter().map(by_scsi));
    }
    tests
}

/// Of an ATA test the high four bits of the status decide: 0 good, 3 to 8 failed, others neither.
fn by_ata(test: &smartctl::AtaSelfTest) -> SelfTest {
    SelfTest {
        kind: test.kind_text.clone(),
        outcome: test.status_text.clone(),
        passed: match test.status.map(|status| status >> 4) {
            Some(0) => Some(true),
            Some(3..=8) => Some(false),
            Some(_) => None,
            None => test.passed,
        },
        power_on_hours: test.lifetime_hours,
        lba: test.lba,
    }
}

fn by_nvme(test: &smartctl::NvmeSelfTest) -> SelfTest {
    SelfTest {
        kind: test.kind_text.clone(),
        outcome: test.result_text.clone(),
        passed: match test.result {
            Some(0) => Some(true),
            Some(5..=7) => Some(false),
            _ => None,
        },
        power_on_hours: test.power_on_hours,
        lba: test.lba,
    }
}

fn by_scsi(test: &smartctl::ScsiSelfTest) -> SelfTest {
    SelfTest {
        kind: test.kind_text.clone(),
        outcome: test.result_text.clone(),
        passed: match test.result {
            Some(0) => Some(true),
            Some(3..=7) => Some(false),
            _ => None,
        },
        power_on_hours: test.power_on_hours,
        lba: test.lba,
    }
}
