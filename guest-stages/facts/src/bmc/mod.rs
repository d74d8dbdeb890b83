//! The management controller as ipmitool prints it: sensors, event log, parts, power and itself.
//!
//! Every parser takes the whole standard output of one command. Output of ipmitool 1.8.11 to 1.8.19 is
//! understood, with and without `-v`, `-vv` and `-c`. What a controller says in words of the IPMI standard
//! becomes a [`Meaning`] with the standard's codes; words of a maker stay text.
//!
//! | command | parser |
//! |---|---|
//! | `-v sdr elist all`, `-v sensor`, `sensor get NAME` | [`sensors`] |
//! | `sdr`, `sdr elist [all, full, compact]`, `sdr type TYPE`, `-c sdr` | [`from_elist`] |
//! | `sensor` | [`sensor_table`], joined to a listing by [`joined`] |
//! | `sel list`, `sel elist`, with `-v` or `-c`, `sel get ID` | [`event_log`] |
//! | `sel info` | [`event_log_info`] |
//! | `sel time get` | [`clock`] |
//! | `sdr info` | [`repository`] |
//! | `mc info`, `mc guid` | [`controller`] |
//! | `lan print` | [`network`] |
//! | `mc selftest` | [`self_test`] |
//! | `fru print` | [`frus`] |
//! | `chassis status` | [`chassis_status`] |
//! | `dcmi power reading` | [`power_reading`] |
//!
//! [`supplies`] joins the sensors of one power supply and its unit's data; [`machine_watts`] finds the sensor
//! of the whole machine's draw.

mod chassis;
mod columns;
mod controller;
mod elist;
mod entity;
mod events;
mod fru;
mod guess;
mod join;
mod listed_event;
mod log_info;
mod meanings;
mod network;
mod power;
mod printed;
mod reading;
mod sensor;
mod sensor_type;
mod states;
mod supplies;
mod table;
#[cfg(test)]
mod tests;
mod time;
mod verbose;
mod verbose_event;

pub use chassis::{ChassisStatus, chassis_status};
pub use controller::{Controller, SelfTest, SelfTestResult, controller, self_test};
pub use elist::from_elist;
pub use entity::Entity;
pub use events::{Direction, Event, EventLog, EventReading, RecordKind, event_log};
pub use fru::{Fru, FruBoard, FruChassis, FruPresence, FruProduct, Frus, frus};
pub use join::joined;
pub use log_info::{EventLogInfo, Repository, clock, event_log_info, repository};
pub use meanings::Meaning;
pub use network::{Network, network};
pub use power::{PowerReading, power_reading};
pub use reading::{Reading, ReadingState, Status, Unit};
pub use sensor::{
    Class, Device, DeviceKind, Sensor, Sensors, ThresholdFlags, Thresholds, TypeSource,
};
pub use sensor_type::SensorType;
pub use states::{SENSOR_SPECIFIC, State};
pub use supplies::{Supply, machine_watts, supplies};
pub use table::sensor_table;
pub use time::Time;
pub use verbose::sensors;
