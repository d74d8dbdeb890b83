//! The event log and the sensor repository themselves: `sel info`, `sel time get`, `sdr info`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Time;
use super::printed::{self, field, lines};
use crate::Unreadable;

/// How full the event log is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventLogInfo {
    /// The version of its commands: "1.5 (v1.5, v2 compliant)".
    pub version: Option<String>,
    /// How many records it holds.
    pub entries: Option<u64>,
    /// Room left, in bytes. Some controllers always say 0.
    pub free_bytes: Option<u64>,
    /// Room used, in per cent; `None` where ipmitool prints `unknown`. Some controllers always say 100.
    pub used_percent: Option<f64>,
    /// When a record was last added.
    pub last_add: Option<Time>,
    /// When a record was last deleted, or the log cleared.
    pub last_delete: Option<Time>,
    /// Whether records were lost for lack of room.
    pub overflow: Option<bool>,
    /// The commands that the controller supports: `Delete`, `Reserve`, `Partial Add`, `Get Alloc Info`.
    pub commands: Vec<String>,
    /// How many allocation units there are.
    pub units: Option<u64>,
    /// The size of an allocation unit, in bytes.
    pub unit_bytes: Option<u64>,
    /// How many units are free.
    pub free_units: Option<u64>,
    /// Fields that are not known here, as printed.
    pub extra: Map<String, Value>,
    /// Rows that could not be read, and complaints.
    pub unread: Vec<String>,
}

/// How full the repository of sensor records is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Repository {
    /// How many records it holds.
    pub records: Option<u64>,
    /// Room left, in bytes; `None` where the controller does not say.
    pub free_bytes: Option<u64>,
    /// When a record was last added.
    pub last_add: Option<Time>,
    /// When a record was last erased.
    pub last_erase: Option<Time>,
    /// Whether a record was refused for lack of room.
    pub overflow: Option<bool>,
    /// The other fields, as printed.
    pub extra: Map<String, Value>,
    /// Rows that could not be read, and complaints.
    pub unread: Vec<String>,
}

/// Reads `ipmitool sel info`, which `ipmitool sel` prints too.
pub fn event_log_info(info: &[u8]) -> Result<EventLogInfo, Unreadable> {
    let mut found = EventLogInfo::default();
    let mut known = 0usize;
    let text = printed::text(info);
    for line in lines(&text).filter(|line| !line.is_empty() && *line != "SEL Information") {
        let Some((name, value)) = field(line).filter(|_| !printed::is_complaint(line)) else {
            found.unread.push(line.to_owned());
            continue;
        };
        known = known.saturating_add(1);
        match name {
            "Version" => found.version = Some(value.to_owned()),
            "Entries" => found.entries = printed::whole(value),
            "Free Space" => found.free_bytes = printed::whole(value),
            "Percent Used" => found.used_percent = printed::number(value),
            "Last Add Time" => found.last_add = Time::read_one(value),
            "Last Del Time" => found.last_delete = Time::read_one(value),
            "Overflow" => found.overflow = printed::flag(value),
            "Supported Cmds" => {
                let quoted = value.split('\'').skip(1).step_by(2);
                found.commands = quoted.map(str::to_owned).collect();
            }
            "# of Alloc Units" => found.units = printed::whole(value),
            "Alloc Unit Size" => found.unit_bytes = printed::whole(value),
            "# Free Units" => found.free_units = printed::whole(value),
            _ => {
                known = known.saturating_sub(1);
                found
                    .extra
                    .insert(name.to_owned(), Value::String(value.to_owned()));
            }
        }
    }
    match known {
        0 => Err(Unreadable::starting(
            "the output of `ipmitool sel info`",
            info,
        )),
        _ => Ok(found),
    }
}

/// Reads `ipmitool sdr info`.
pub fn repository(info: &[u8]) -> Result<Repository, Unreadable> {
    let mut found = Repository::default();
    let mut known = 0usize;
    let text = printed::text(info);
    for line in lines(&text).filter(|line| !line.is_empty()) {
        let Some((name, value)) = field(line).filter(|_| !printed::is_complaint(line)) else {
            found.unread.push(line.to_owned());
            continue;
        };
        known = known.saturating_add(1);
        match name {
            "Record Count" => found.records = printed::whole(value),
            "Free Space" => found.free_bytes = printed::whole(value),
            "Most recent Addition" => found.last_add = Time::read_one(value),
            "Most recent Erase" => found.last_erase = Time::read_one(value),
            "SDR overflow" => found.overflow = printed::flag(value),
            _ => {
                known = known.saturating_sub(1);
                found
                    .extra
                    .insert(name.to_owned(), Value::String(value.to_owned()));
            }
        }
    }
    match known {
        0 => Err(Unreadable::starting(
            "the output of `ipmitool sdr info`",
            info,
        )),
        _ => Ok(found),
    }
}

/// Reads the controller's clock: `ipmitool sel time get`.
pub fn clock(time: &[u8]) -> Result<Time, Unreadable> {
    let text = printed::text(time);
    let mut read = lines(&text).filter_map(Time::read_one);
    let found = read.find(|time| time.seconds.is_some() || time.pre_init);
    found.ok_or_else(|| Unreadable::starting("the controller's time", time))
}
