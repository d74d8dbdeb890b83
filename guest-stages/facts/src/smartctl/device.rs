//! Facts that drives of every protocol have: name, link, temperature, traffic.

use serde::Serialize;

use super::members::{Members, Node, number, signed, text, wide, within};

/// How smartctl reached a drive.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DeviceName {
    /// The device file: `/dev/sda`.
    pub name: Option<String>,
    /// The name with what smartctl knows of the way to it: `/dev/sda [SAT]`.
    pub info_name: Option<String>,
    /// What option `-d` takes: `sat`, `megaraid,5`.
    pub kind: Option<String>,
    /// `ATA`, `SCSI`, `NVMe`.
    pub protocol: Option<String>,
}

/// A world-wide name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Wwn {
    /// Network address authority: 5 is IEEE registered.
    pub naa: Option<u8>,
    /// The maker's number at the IEEE, 24 bits.
    pub oui: Option<u32>,
    /// The maker's number of the drive, 36 bits.
    pub id: Option<u64>,
}

/// A speed of the SATA link.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LinkSpeed {
    /// The number in the drive's identity; generations 1 to 3, as bits for the maximum.
    pub sata_value: Option<u64>,
    /// In words: `6.0 Gb/s`.
    pub text: Option<String>,
    /// Bits per second.
    pub bits_per_second: Option<u64>,
}

/// The power mode that a drive was in, with option `-n`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PowerMode {
    /// ATA's number of the mode; 255 is active.
    pub ata_value: Option<u8>,
    /// SCSI's number of the power condition.
    pub scsi_value: Option<u64>,
    /// In words: `STANDBY`.
    pub name: Option<String>,
}

/// Temperatures in degrees Celsius, with the limits that the drive has for itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Temperature {
    /// Now.
    pub current: Option<i64>,
    /// Highest since the drive was made.
    pub lifetime_max: Option<i64>,
    /// Lowest since the drive was made.
    pub lifetime_min: Option<i64>,
    /// Highest since power-on.
    pub power_cycle_max: Option<i64>,
    /// Lowest since power-on.
    pub power_cycle_min: Option<i64>,
    /// ATA: the highest that is recommended. NVMe: the warning threshold.
    pub op_limit_max: Option<i64>,
    /// The lowest that is recommended.
    pub op_limit_min: Option<i64>,
    /// The highest that is allowed (SCT).
    pub limit_max: Option<i64>,
    /// The lowest that is allowed (SCT).
    pub limit_min: Option<i64>,
    /// NVMe: the critical threshold.
    pub critical_limit_max: Option<i64>,
    /// SCSI: where the drive reports itself too warm; 0 of drives that have no such limit.
    pub drive_trip: Option<i64>,
    /// Minutes above the highest recommended temperature.
    pub lifetime_over_limit_minutes: Option<u64>,
    /// Minutes below the lowest recommended temperature.
    pub lifetime_under_limit_minutes: Option<u64>,
}

/// What hosts read from or wrote to a drive since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Traffic {
    /// Units; `u64::MAX` stands for more.
    pub units: Option<u64>,
    /// Bytes of a unit.
    pub bytes_per_unit: Option<u64>,
    /// Commands; `u64::MAX` stands for more.
    pub commands: Option<u64>,
}

pub(super) fn name(document: &mut Members) -> Option<DeviceName> {
    within(document, "device", |device| DeviceName {
        name: text(device, "name"),
        info_name: text(device, "info_name"),
        kind: text(device, "type"),
        protocol: text(device, "protocol"),
    })
}

pub(super) fn wwn(document: &mut Members) -> Option<Wwn> {
    within(document, "wwn", |wwn| Wwn {
        naa: number(wwn, "naa"),
        oui: number(wwn, "oui"),
        id: number(wwn, "id"),
    })
}

pub(super) fn link_speed(speeds: &mut Members, key: &str) -> Option<LinkSpeed> {
    within(speeds, key, |speed| {
        let units: Option<u64> = number(speed, "units_per_second");
        let bits: Option<u64> = number(speed, "bits_per_unit");
        LinkSpeed {
            sata_value: number(speed, "sata_value"),
            text: text(speed, "string"),
            bits_per_second: units
                .zip(bits)
                .and_then(|(units, bits)| units.checked_mul(bits)),
        }
    })
}

pub(super) fn power_mode(document: &mut Members) -> Option<PowerMode> {
    within(document, "power_mode", |mode| PowerMode {
        ata_value: number(mode, "ata_value"),
        scsi_value: number(mode, "scsi_value"),
        name: text(mode, "name"),
    })
}

pub(super) fn temperature(holder: &mut Members) -> Option<Temperature> {
    within(holder, "temperature", |found| Temperature {
        current: signed(found, "current"),
        lifetime_max: signed(found, "lifetime_max"),
        lifetime_min: signed(found, "lifetime_min"),
        power_cycle_max: signed(found, "power_cycle_max"),
        power_cycle_min: signed(found, "power_cycle_min"),
        op_limit_max: signed(found, "op_limit_max"),
        op_limit_min: signed(found, "op_limit_min"),
        limit_max: signed(found, "limit_max"),
        limit_min: signed(found, "limit_min"),
        critical_limit_max: signed(found, "critical_limit_max"),
        drive_trip: signed(found, "drive_trip"),
        lifetime_over_limit_minutes: number(found, "lifetime_over_limit_minutes"),
        lifetime_under_limit_minutes: number(found, "lifetime_under_limit_minutes"),
    })
}

pub(super) fn traffic(document: &mut Members, key: &str) -> Option<Traffic> {
    within(document, key, |found| {
        let traffic = Traffic {
            units: wide(found, "units"),
            bytes_per_unit: number(found, "bytes_per_unit"),
            commands: wide(found, "commands"),
        };
        if traffic.units.is_some() {
            // The units once more, rounded.
            super::members::drop_if(found, "string", Node::is_text);
        }
        traffic
    })
}
