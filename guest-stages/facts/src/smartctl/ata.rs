//! What only ATA drives have: attributes, self-test status, security.

use serde::Serialize;

use super::ata_logs::{self, AtaErrorLog, AtaPendingDefects, AtaSelfTestLog, Farm};
use super::ata_statistics::{
    self, ErrorRecovery, PhyCounter, SctStatus, SctTemperatureHistory, StatisticsPage,
};
use super::members::{Members, Node, boolean, drop_if, number, rows, text, within};

/// What only ATA drives have.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ata {
    /// Version of the ATA standard.
    pub version: Option<String>,
    /// Whether and how the drive takes TRIM.
    pub trim: Option<Trim>,
    /// Passwords and locks.
    pub security: Option<Security>,
    /// SMART attributes, as the drive orders them.
    pub attributes: Option<Vec<Attribute>>,
    /// How the last self-test ended, or how far the running one is; kept apart from the log.
    pub self_test: Option<SelfTestStatus>,
    /// How long self-tests take.
    pub polling_minutes: Option<PollingMinutes>,
    /// What the drive says that it can do.
    pub capabilities: Option<Capabilities>,
    /// Seconds of an offline data collection.
    pub offline_collection_seconds: Option<u64>,
    /// How the last offline data collection ended: bits 0 to 6 are ATA's status, bit 7 is automatic mode.
    pub offline_collection_status: Option<u8>,
    /// The extended error log (a list of 48-bit addresses).
    pub extended_error_log: Option<AtaErrorLog>,
    /// The summary error log: the last five errors.
    pub summary_error_log: Option<AtaErrorLog>,
    /// The extended self-test log.
    pub extended_self_test_log: Option<AtaSelfTestLog>,
    /// The self-test log of older drives: at most 21 tests.
    pub standard_self_test_log: Option<AtaSelfTestLog>,
    /// Pending defects.
    pub pending_defects: Option<AtaPendingDefects>,
    /// Device statistics, page by page.
    pub statistics: Option<Vec<StatisticsPage>>,
    /// Counters of the SATA link.
    pub phy_counters: Option<Vec<PhyCounter>>,
    /// Whether smartctl set the counters of the SATA link to 0 after it read them.
    pub phy_counters_reset: Option<bool>,
    /// SMART Command Transport status.
    pub sct: Option<SctStatus>,
    /// Temperature history.
    pub sct_temperatures: Option<SctTemperatureHistory>,
    /// Time limits of error recovery.
    pub error_recovery: Option<ErrorRecovery>,
    /// Field access reliability metrics of Seagate drives.
    pub farm: Option<Farm>,
}

/// One SMART attribute.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Attribute {
    /// Its number, which makers reuse: trust the name before it.
    pub id: u8,
    /// Its name in the drive database: `Reallocated_Sector_Ct`.
    pub name: Option<String>,
    /// Normalised value, usually 1 to 253, higher is better.
    pub value: Option<u8>,
    /// Lowest normalised value ever.
    pub worst: Option<u8>,
    /// Threshold of the normalised value; 0 is none.
    pub threshold: Option<u8>,
    /// Whether the value is or was at or below the threshold.
    pub when_failed: Option<WhenFailed>,
    /// Whether reaching the threshold predicts a failure; otherwise age.
    pub prefailure: Option<bool>,
    /// All flags, 16 bits.
    pub flags: Option<u16>,
    /// Raw value, 48 to 64 bits. Its encoding is the maker's.
    pub raw: Option<u64>,
    /// Raw value as smartctl decodes it: `32 (Min/Max 24/38)`.
    pub raw_text: Option<String>,
}

/// When an attribute was at or below its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFailed {
    /// Never.
    Never,
    /// In the past only.
    Past,
    /// Now.
    Now,
}

/// How the last self-test ended, or how far the running one is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SelfTestStatus {
    /// ATA's number: the high four bits are the result (0 good, 3 to 8 failed, 15 running).
    pub value: Option<u8>,
    /// In words.
    pub text: Option<String>,
    /// Whether it passed; absent where it was aborted or runs.
    pub passed: Option<bool>,
    /// Per cent that a running test still has to do.
    pub remaining_percent: Option<u8>,
}

/// Minutes that self-tests take by the drive's own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct PollingMinutes {
    /// Of a short test.
    pub short: Option<u64>,
    /// Of an extended test.
    pub extended: Option<u64>,
    /// Of a conveyance test.
    pub conveyance: Option<u64>,
}

/// What a drive says that it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Capabilities {
    /// Self-tests.
    pub self_tests: Option<bool>,
    /// Conveyance self-tests.
    pub conveyance_self_tests: Option<bool>,
    /// Selective self-tests.
    pub selective_self_tests: Option<bool>,
    /// Error logs.
    pub error_logs: Option<bool>,
    /// General purpose logs, which device statistics and pending defects are.
    pub general_purpose_logs: Option<bool>,
}

/// Whether and how a drive takes TRIM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Trim {
    /// Whether it takes the command.
    pub supported: Option<bool>,
    /// Whether reads of trimmed blocks always give the same.
    pub deterministic: Option<bool>,
    /// Whether they give zeros.
    pub zeroed: Option<bool>,
}

/// ATA security.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Security {
    /// Word 128 of the drive's identity.
    pub state: Option<u16>,
    /// In words: `Disabled, frozen [SEC2]`.
    pub text: Option<String>,
    /// Whether a password is set.
    pub enabled: Option<bool>,
    /// Whether security commands are refused until power-off.
    pub frozen: Option<bool>,
    /// Whether data cannot be read or written without the password.
    pub locked: Option<bool>,
    /// Whether too many wrong passwords were tried.
    pub attempts_exceeded: Option<bool>,
    /// Whether the master password's level is maximum.
    pub level_max: Option<bool>,
}

/// Takes the members of an ATA drive.
pub(super) fn read(document: &mut Members) -> Ata {
    let mut ata = Ata {
        version: within(document, "ata_version", |version| {
            let name = text(version, "string");
            if name.is_some() {
                // The same as numbers.
                drop_if(version, "major_value", Node::is_number);
                drop_if(version, "minor_value", Node::is_number);
            }
            name
        })
        .flatten(),
        trim: within(document, "trim", |trim| Trim {
            supported: boolean(trim, "supported"),
            deterministic: boolean(trim, "deterministic"),
            zeroed: boolean(trim, "zeroed"),
        }),
        security: within(document, "ata_security", security),
        attributes: within(document, "ata_smart_attributes", |found| {
            drop_if(found, "revision", Node::is_number);
            rows(found, "table", attribute)
        })
        .flatten(),
        ..Ata::default()
    };
    within(document, "ata_smart_data", |data| {
        self_tests(&mut ata, data)
    });
    ata_logs::read(&mut ata, document);
    ata_statistics::read(&mut ata, document);
    ata
}

fn security(found: &mut Members) -> Security {
    Security {
        state: number(found, "state"),
        text: text(found, "string"),
        enabled: boolean(found, "enabled"),
        frozen: boolean(found, "frozen"),
        locked: boolean(found, "locked"),
        attempts_exceeded: boolean(found, "pw_attempts_exceeded"),
        level_max: boolean(found, "pw_level_max"),
    }
}

fn attribute(row: &mut Members) -> Option<Attribute> {
    let id = number(row, "id")?;
    let when_failed = match row.get("when_failed").and_then(Node::as_text) {
        Some("") => Some(WhenFailed::Never),
        Some("past") => Some(WhenFailed::Past),
        Some("now") => Some(WhenFailed::Now),
        _ => None,
    };
    if when_failed.is_some() {
        row.remove("when_failed");
    }
    let flags = within(row, "flags", |flags| {
        let value: Option<u16> = number(flags, "value");
        let prefailure = boolean(flags, "prefailure");
        if value.is_some() {
            // The bits of the value once more.
            flags.retain(|key, value| key == "other" || !(value.is_boolean() || key == "string"));
        }
        (value, prefailure)
    });
    let (flags, prefailure) = flags.unwrap_or_default();
    let raw = within(row, "raw", |raw| {
        (number(raw, "value"), text(raw, "string"))
    });
    let (raw, raw_text) = raw.unwrap_or_default();
    Some(Attribute {
        id,
        name: text(row, "name"),
        value: number(row, "value"),
        worst: number(row, "worst"),
        threshold: number(row, "thresh"),
        when_failed,
        prefailure,
        flags,
        raw,
        raw_text,
    })
}

fn self_tests(ata: &mut Ata, data: &mut Members) {
    within(data, "self_test", |test| {
        ata.self_test = within(test, "status", |status| SelfTestStatus {
            value: number(status, "value"),
            text: text(status, "string"),
            passed: boolean(status, "passed"),
            remaining_percent: number(status, "remaining_percent"),
        });
        ata.polling_minutes = within(test, "polling_minutes", |minutes| PollingMinutes {
            short: number(minutes, "short"),
            extended: number(minutes, "extended"),
            conveyance: number(minutes, "conveyance"),
        });
    });
    ata.capabilities = within(data, "capabilities", |found| Capabilities {
        self_tests: boolean(found, "self_tests_supported"),
        conveyance_self_tests: boolean(found, "conveyance_self_test_supported"),
        selective_self_tests: boolean(found, "selective_self_test_supported"),
        error_logs: boolean(found, "error_logging_supported"),
        general_purpose_logs: boolean(found, "gp_logging_supported"),
    });
    within(data, "offline_data_collection", |collection| {
        ata.offline_collection_seconds = number(collection, "completion_seconds");
        let status = within(collection, "status", |status| {
            let value = number(status, "value");
            if value.is_some() {
                drop_if(status, "string", Node::is_text);
                drop_if(status, "passed", Node::is_boolean);
            }
            value
        });
        ata.offline_collection_status = status.flatten();
    });
}
