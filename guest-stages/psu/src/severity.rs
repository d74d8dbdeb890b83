//! How bad a state or an event is: by its code and its sensor's type, as FreeIPMI's tables have it
//! (`freeipmi_interpret_sensor.conf`), never by a word inside its text. Where a row differs from these
//! tables, it says why.

use vetting_facts::bmc::{Meaning, SENSOR_SPECIFIC, Sensor};

/// How bad something is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// No table has it.
    Unknown,
    /// As it should be.
    Nominal,
    /// Worth a look.
    Warning,
    /// Bad.
    Critical,
}

use Health::{Critical, Nominal, Unknown, Warning};

impl Health {
    /// As reports have it.
    pub fn word(self) -> &'static str {
        match self {
            Unknown => "unknown",
            Nominal => "nominal",
            Warning => "warning",
            Critical => "critical",
        }
    }
}

/// Sensor types (IPMI 2.0, table 42-3).
pub mod watched {
    pub const TEMPERATURE: u8 = 0x01;
    pub const VOLTAGE: u8 = 0x02;
    pub const FAN: u8 = 0x04;
    pub const PROCESSOR: u8 = 0x07;
    pub const POWER_UNIT: u8 = 0x09;
    pub const COOLING: u8 = 0x0a;
    pub const DRIVE: u8 = 0x0d;
    pub const BOARD: u8 = 0x15;
}

/// The worst of a sensor's states.
pub fn of_states(sensor: &Sensor, kind: Option<u8>) -> Health {
    let each = sensor.asserted.iter().map(|state| match state.meaning {
        Some(meaning) => of(meaning, kind, &sensor.name),
        None => Unknown,
    });
    each.max().unwrap_or(Unknown)
}

/// How bad a state is of a sensor of this type and name.
pub fn of(meaning: Meaning, kind: Option<u8>, name: &str) -> Health {
    let offset = meaning.offset();
    match meaning.event_type() {
        0x01 => threshold(offset, kind),
        0x03 => asserted(offset, kind, name),
        0x04 => [Nominal, Critical][usize::from(offset == 1)],
        0x05 | 0x06 if offset == 0 => Nominal,
        // Beyond a limit of power is a setting; beyond one of heat or voltage is not.
        0x05 | 0x06 => match kind {
            Some(watched::TEMPERATURE | watched::VOLTAGE | watched::FAN) => Critical,
            _ => Warning,
        },
        0x07 => match offset {
            0 | 8 => Nominal,
            1 | 4 | 7 => Warning,
            _ => Critical,
        },
        // An empty socket, slot or bay is how a machine was bought; a fan or a power unit is not left out.
        0x08 => match (offset, kind) {
            (0, Some(watched::FAN | watched::COOLING | watched::POWER_UNIT)) => Critical,
            (0, Some(watched::DRIVE)) => Warning,
            _ => Nominal,
        },
        0x0a => match (offset, kind) {
            (6 | 8, _) => Critical,
            (0 | 3 | 7, _) => Nominal,
            (_, Some(watched::FAN | watched::COOLING)) => Warning,
            _ => Unknown,
        },
        0x0b => match offset {
            0 => Nominal,
            2 | 6 | 7 => Warning,
            _ => Critical,
        },
        0x02 | 0x09 | 0x0c => Nominal,
        SENSOR_SPECIFIC => own(meaning.sensor_type().unwrap_or(0), offset),
        _ => Unknown,
    }
}

/// A fan that runs at its top was told to.
fn threshold(offset: u8, kind: Option<u8>) -> Health {
    match (offset, kind) {
        (6.., Some(watched::FAN)) => Nominal,
        (2 | 4 | 9 | 11, _) => Critical,
        (0 | 7, _) => Warning,
        _ => Nominal,
    }
}

/// `State Asserted` means what the sensor's name says: power is good as well as power has failed.
fn asserted(offset: u8, kind: Option<u8>, name: &str) -> Health {
    const BAD: [&str; 13] = [
        "fault",
        "fail",
        "err",
        "trip",
        "prochot",
        "vrhot",
        "vrd hot",
        "alert",
        "over temp",
        "overtemp",
        "throt",
        "mismatch",
        "lost",
    ];
    let name = name.to_ascii_lowercase();
    let bad = offset == 1 && BAD.iter().any(|word| name.contains(word));
    match (bad, kind) {
        (true, Some(watched::PROCESSOR | watched::BOARD)) => Critical,
        (true, _) => Warning,
        _ => Unknown,
    }
}

/// States that a sensor type defines for itself.
fn own(kind: u8, offset: u8) -> Health {
    match (kind, offset) {
        // An open lid is seen by whoever opened it; a lost cable is the network stage's.
        (0x05 | 0x06, _) => Warning,
        (watched::PROCESSOR, 0..=6 | 11) => Critical,
        // A socket without a processor is `Disabled` on some boards, and has a terminator on old ones.
        (watched::PROCESSOR, 8 | 10 | 12) => Warning,
        (0x08, 1..=6) => Critical,
        (0x08, 7) => Warning,
        (watched::POWER_UNIT, 2 | 3) => Warning,
        (watched::POWER_UNIT, 4..=7) => Critical,
        (0x0c, 0 | 5 | 9) => Warning,
        (0x0c, 1..=4 | 7 | 10) => Critical,
        (watched::DRIVE, 1 | 2 | 5 | 6 | 8) => Critical,
        (0x0f, 0 | 1) => Critical,
        // Dell's BIOS does not log correctable errors by default; a full log breaks no part.
        (0x10, 0 | 1 | 3..=6) => Warning,
        (0x11, 0..=4) | (0x23, 1..=3) => Critical,
        (0x11, _) | (0x23, 0 | 8) => Warning,
        (0x12, 2) => Critical,
        (0x13, 3 | 7 | 11) => Warning,
        (0x13, _) => Critical,
        (0x19, _) | (0x1b, 1) | (0x21, 0) | (0x2c, 7) => Critical,
        // Failed attempts to boot are part of how a machine is set up.
        (0x1e, _) | (0x20, 5) | (0x21, 8) | (0x27, 0) | (0x2b, 2..=5) | (0x2c, 1) => Warning,
        (0x20, 0 | 1) => Critical,
        (0x28, 2 | 3) => Critical,
        (0x28, _) => Warning,
        (0x29, 0) => Warning,
        (0x29, 1) => Critical,
        _ => Nominal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_decides_and_not_a_word() {
        assert_eq!(
            of(Meaning::DriveParityCheckInProgress, None, "HDD4"),
            Nominal
        );
        assert_eq!(of(Meaning::MemoryParity, None, "ECC"), Critical);
        assert_eq!(of(Meaning::DriveRebuildAborted, None, "HDD8"), Critical);
        assert_eq!(of(Meaning::PredictiveFailureDeasserted, None, ""), Nominal);
        assert_eq!(of(Meaning::EntityAbsent, None, "BP1"), Nominal);
        assert_eq!(of(Meaning::OsStopRunTimeCriticalStop, None, ""), Critical);
        assert_eq!(
            of(Meaning::NonRedundantSufficientFromRedundant, None, ""),
            Critical
        );
    }

    #[test]
    fn the_sensor_s_type_and_name_decide_what_is_ambiguous() {
        assert_eq!(
            of(Meaning::DeviceAbsent, Some(watched::FAN), "FAN1"),
            Critical
        );
        assert_eq!(of(Meaning::DeviceAbsent, None, "P2_PRESENT"), Nominal);
        assert_eq!(of(Meaning::StateAsserted, None, "PSU1_PWRGD"), Unknown);
        assert_eq!(of(Meaning::StateAsserted, None, "PS1 Fault"), Warning);
        let catterr = of(Meaning::StateAsserted, Some(watched::PROCESSOR), "CATERR");
        assert_eq!(catterr, Critical);
        let top = Meaning::UpperNonCriticalGoingHigh;
        assert_eq!(of(top, Some(watched::FAN), "FAN1"), Nominal);
        assert_eq!(of(top, Some(watched::TEMPERATURE), "CPU"), Warning);
    }
}
