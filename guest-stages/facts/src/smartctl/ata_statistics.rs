//! ATA device statistics, counters of the SATA link, and SMART Command Transport (SCT).

use serde::Serialize;

use super::ata::Ata;
use super::device::{self, Temperature};
use super::members::{
    Members, Node, boolean, drop_if, number, numbers, rows, signed, text, within,
};

/// A page of the device statistics log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StatisticsPage {
    /// Its number: 1 general, 2 free fall, 3 rotating media, 4 general errors, 5 temperature, 6 transport, 7
    /// solid state, 255 vendor's.
    pub number: Option<u64>,
    /// Its name: `Rotating Media Statistics`.
    pub name: Option<String>,
    /// Its statistics.
    pub statistics: Vec<Statistic>,
}

/// A device statistic.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistic {
    /// Byte within the page: with the page's number it names the statistic.
    pub offset: Option<u64>,
    /// Its name: `Number of Reallocated Logical Sectors`.
    pub name: Option<String>,
    /// Its value, of which `valid` says whether it holds.
    pub value: Option<i64>,
    /// Its value in other words, where it has such.
    pub text: Option<String>,
    /// Whether the value holds.
    pub valid: Option<bool>,
    /// Whether the value is normalised.
    pub normalized: Option<bool>,
    /// Whether the drive supports notifications of it.
    pub supports_notification: Option<bool>,
    /// Whether a condition that is monitored was met.
    pub condition_met: Option<bool>,
}

/// A counter of the SATA link.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PhyCounter {
    /// Its number: 1 command failed due to ICRC error, 10 device-to-host reset.
    pub id: Option<u16>,
    /// Its name.
    pub name: Option<String>,
    /// Its value.
    pub value: Option<u64>,
    /// Whether it stands at its maximum.
    pub overflow: Option<bool>,
}

/// SMART Command Transport status.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SctStatus {
    /// Number of the drive's state.
    pub state: Option<u64>,
    /// The drive's state in words: `Active (0)`.
    pub state_text: Option<String>,
    /// Temperatures; limits that only this log has included.
    pub temperature: Option<Temperature>,
    /// How often the temperature was below the limit.
    pub under_limit_count: Option<u64>,
    /// How often the temperature was above the limit.
    pub over_limit_count: Option<u64>,
    /// The overall health that this log has.
    pub passed: Option<bool>,
}

/// The drive's own record of temperatures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SctTemperatureHistory {
    /// Minutes between two of them.
    pub interval_minutes: Option<u64>,
    /// Place of the newest in the ring.
    pub index: Option<u64>,
    /// Limits, in degrees Celsius.
    pub limits: Option<Temperature>,
    /// The ring, in degrees Celsius; `None`: not recorded.
    pub ring: Vec<Option<i64>>,
}

/// Time limits of error recovery (SCT ERC), in tenths of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ErrorRecovery {
    /// Whether reads have a limit.
    pub read_enabled: Option<bool>,
    /// Limit of reads.
    pub read_deciseconds: Option<u64>,
    /// Whether writes have a limit.
    pub write_enabled: Option<bool>,
    /// Limit of writes.
    pub write_deciseconds: Option<u64>,
}

/// Takes statistics, link counters and SCT of an ATA drive.
pub(super) fn read(ata: &mut Ata, document: &mut Members) {
    ata.statistics = within(document, "ata_device_statistics", |log| {
        rows(log, "pages", |page| Some(statistics(page)))
    })
    .flatten();
    ata.phy_counters = within(document, "sata_phy_event_counters", |log| {
        ata.phy_counters_reset = boolean(log, "reset");
        rows(log, "table", |row| {
            drop_if(row, "size", Node::is_number);
            Some(PhyCounter {
                id: number(row, "id"),
                name: text(row, "name"),
                value: number(row, "value"),
                overflow: boolean(row, "overflow"),
            })
        })
    })
    .flatten();
    ata.sct = within(document, "ata_sct_status", sct);
    ata.sct_temperatures = within(document, "ata_sct_temperature_history", temperatures);
    ata.error_recovery = within(document, "ata_sct_erc", |erc| {
        let mut of = |key| {
            let limit = within(erc, key, |limit| {
                (boolean(limit, "enabled"), number(limit, "deciseconds"))
            });
            limit.unwrap_or_default()
        };
        let ((read_enabled, read_deciseconds), (write_enabled, write_deciseconds)) =
            (of("read"), of("write"));
        ErrorRecovery {
            read_enabled,
            read_deciseconds,
            write_enabled,
            write_deciseconds,
        }
    });
}

fn statistics(page: &mut Members) -> StatisticsPage {
    drop_if(page, "revision", Node::is_number);
    StatisticsPage {
        number: number(page, "number"),
        name: text(page, "name"),
        statistics: rows(page, "table", |row| Some(statistic(row))).unwrap_or_default(),
    }
}

fn statistic(row: &mut Members) -> Statistic {
    drop_if(row, "size", Node::is_number);
    let mut statistic = Statistic {
        offset: number(row, "offset"),
        name: text(row, "name"),
        value: signed(row, "value"),
        text: text(row, "string"),
        ..Statistic::default()
    };
    within(row, "flags", |flags| {
        statistic.valid = boolean(flags, "valid");
        statistic.normalized = boolean(flags, "normalized");
        statistic.supports_notification = boolean(flags, "supports_dsn");
        statistic.condition_met = boolean(flags, "monitored_condition_met");
        if statistic.valid.is_some() {
            // The same once more.
            drop_if(flags, "value", Node::is_number);
            drop_if(flags, "string", Node::is_text);
        }
    });
    statistic
}

fn sct(status: &mut Members) -> SctStatus {
    let mut sct = SctStatus::default();
    within(status, "device_state", |state| {
        sct.state = number(state, "value");
        sct.state_text = text(state, "string");
    });
    within(status, "temperature", |temperature| {
        sct.under_limit_count = number(temperature, "under_limit_count");
        sct.over_limit_count = number(temperature, "over_limit_count");
    });
    sct.temperature = device::temperature(status);
    let passed = within(status, "smart_status", |health| boolean(health, "passed"));
    sct.passed = passed.flatten();
    sct
}

fn temperatures(history: &mut Members) -> SctTemperatureHistory {
    let ring = numbers(history, "table").unwrap_or_default();
    drop_if(history, "size", Node::is_number);
    SctTemperatureHistory {
        interval_minutes: number(history, "logging_interval_minutes"),
        index: number(history, "index"),
        limits: device::temperature(history),
        ring,
    }
}
