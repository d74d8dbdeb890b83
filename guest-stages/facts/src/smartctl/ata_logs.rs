//! ATA's logs of errors, self-tests and pending defects, and Seagate's FARM.

use serde::Serialize;

use super::ata::Ata;
use super::members::{Members, Node, boolean, drop_if, number, rows, text, wide, within};

/// A log of ATA errors.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AtaErrorLog {
    /// Errors since the drive was made; 16 bits, may start anew.
    pub count: Option<u64>,
    /// How many of them the log holds.
    pub logged: Option<u64>,
    /// Those that the log holds, the newest first.
    pub errors: Vec<AtaError>,
}

/// An error in the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AtaError {
    /// Its number.
    pub number: Option<u64>,
    /// Power-on hours when it happened; 16 bits, may start anew.
    pub lifetime_hours: Option<u64>,
    /// In words: `Error: UNC at LBA = 0x0fffffff = 268435455`.
    pub description: Option<String>,
    /// Logical block address in the registers.
    pub lba: Option<u64>,
    /// ATA's error register: 0x80 interface CRC, 0x40 uncorrectable, 0x10 id not found, 0x04 aborted.
    pub error_register: Option<u8>,
    /// ATA's status register.
    pub status_register: Option<u8>,
    /// Sectors left to do.
    pub sectors: Option<u64>,
    /// State of the drive: `in a vendor specific state`.
    pub device_state: Option<String>,
    /// The commands before the error, the failed one first: `READ FPDMA QUEUED`.
    pub commands: Vec<String>,
}

/// A log of self-tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AtaSelfTestLog {
    /// Tests in the log.
    pub count: Option<u64>,
    /// Failed tests in the log.
    pub failed: Option<u64>,
    /// Failed tests that are older than a good extended test.
    pub failed_outdated: Option<u64>,
    /// The tests, the newest first.
    pub tests: Vec<AtaSelfTest>,
}

/// A self-test in the log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AtaSelfTest {
    /// ATA's number of its kind: 1 short, 2 extended, 3 conveyance, 129 to 131 captive.
    pub kind: Option<u8>,
    /// Its kind in words: `Extended offline`.
    pub kind_text: Option<String>,
    /// ATA's number of its state: the high four bits are the result (0 good, 3 to 8 failed, 15 running).
    pub status: Option<u8>,
    /// Its state in words.
    pub status_text: Option<String>,
    /// Whether it passed. Some versions say true of a test that runs: look at `status` first.
    pub passed: Option<bool>,
    /// Per cent that were left to do.
    pub remaining_percent: Option<u8>,
    /// Power-on hours when it ended; 16 bits, may start anew.
    pub lifetime_hours: Option<u64>,
    /// Logical block address of the first failure.
    pub lba: Option<u64>,
}

/// Defects that the drive found and could not reallocate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AtaPendingDefects {
    /// How many.
    pub count: Option<u64>,
    /// For how many the log has room.
    pub size: Option<u64>,
    /// The first of them.
    pub defects: Vec<AtaPendingDefect>,
}

/// A pending defect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct AtaPendingDefect {
    /// Logical block address.
    pub lba: Option<u64>,
    /// Power-on hours when it was found.
    pub power_on_hours: Option<u64>,
}

/// A part of Seagate's field access reliability metrics (FARM); the rest stays in [`super::Drive::extra`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Farm {
    /// Whether the drive has it.
    pub supported: Option<bool>,
    /// Hours powered on.
    pub power_on_hours: Option<u64>,
    /// Hours the spindle turned.
    pub spindle_power_on_hours: Option<u64>,
    /// Hours the heads flew.
    pub head_flight_hours: Option<u64>,
    /// Power cycles.
    pub power_cycles: Option<u64>,
}

/// Takes the logs of an ATA drive.
pub(super) fn read(ata: &mut Ata, document: &mut Members) {
    within(document, "ata_smart_error_log", |logs| {
        ata.extended_error_log = within(logs, "extended", errors);
        ata.summary_error_log = within(logs, "summary", errors);
    });
    within(document, "ata_smart_self_test_log", |logs| {
        ata.extended_self_test_log = within(logs, "extended", self_tests);
        ata.standard_self_test_log = within(logs, "standard", self_tests);
    });
    ata.pending_defects = within(document, "ata_pending_defects_log", |log| {
        AtaPendingDefects {
            count: number(log, "count"),
            size: number(log, "size"),
            defects: rows(log, "table", |row| {
                Some(AtaPendingDefect {
                    lba: wide(row, "lba"),
                    power_on_hours: number(row, "power_on_hours"),
                })
            })
            .unwrap_or_default(),
        }
    });
    ata.farm = within(document, "seagate_farm_log", farm);
}

fn errors(log: &mut Members) -> AtaErrorLog {
    drop_if(log, "revision", Node::is_number);
    drop_if(log, "sectors", Node::is_number);
    AtaErrorLog {
        count: number(log, "count"),
        logged: number(log, "logged_count"),
        errors: rows(log, "table", |row| Some(error(row))).unwrap_or_default(),
    }
}

fn error(row: &mut Members) -> AtaError {
    let mut error = AtaError {
        number: number(row, "error_number"),
        lifetime_hours: number(row, "lifetime_hours"),
        description: text(row, "error_description"),
        ..AtaError::default()
    };
    within(row, "completion_registers", |registers| {
        error.lba = wide(registers, "lba");
        error.error_register = number(registers, "error");
        error.status_register = number(registers, "status");
        error.sectors = number(registers, "count");
    });
    let state = within(row, "device_state", |state| text(state, "string"));
    error.device_state = state.flatten();
    let commands = rows(row, "previous_commands", |command| {
        text(command, "command_name")
    });
    error.commands = commands.unwrap_or_default();
    error
}

fn self_tests(log: &mut Members) -> AtaSelfTestLog {
    drop_if(log, "revision", Node::is_number);
    drop_if(log, "sectors", Node::is_number);
    AtaSelfTestLog {
        count: number(log, "count"),
        failed: number(log, "error_count_total"),
        failed_outdated: number(log, "error_count_outdated"),
        tests: rows(log, "table", |row| Some(self_test(row))).unwrap_or_default(),
    }
}

fn self_test(row: &mut Members) -> AtaSelfTest {
    let mut test = AtaSelfTest {
        lifetime_hours: number(row, "lifetime_hours"),
        lba: wide(row, "lba"),
        ..AtaSelfTest::default()
    };
    within(row, "type", |kind| {
        test.kind = number(kind, "value");
        test.kind_text = text(kind, "string");
    });
    within(row, "status", |status| {
        test.status = number(status, "value");
        test.status_text = text(status, "string");
        test.passed = boolean(status, "passed");
        test.remaining_percent = number(status, "remaining_percent");
    });
    test
}

/// 7.4 names the pages by number for ATA drives and without it for SAS drives.
fn farm(log: &mut Members) -> Farm {
    let supported = boolean(log, "supported");
    let information = ["page_1_drive_information", "drive_information"];
    let found = information.into_iter().find_map(|key| {
        within(log, key, |page| Farm {
            supported,
            power_on_hours: number(page, "poh").or_else(|| number(page, "power_on_hour")),
            spindle_power_on_hours: number(page, "spoh"),
            head_flight_hours: number(page, "head_flight_hours"),
            power_cycles: number(page, "power_cycle_count"),
        })
    });
    found.unwrap_or(Farm {
        supported,
        ..Farm::default()
    })
}
