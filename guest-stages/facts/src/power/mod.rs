//! Sensors, power and cooling as the kernel's files show them.
//!
//! Each source has a function from [`Files`] to typed facts and a list of globs to read for it.

mod hwmon;
mod place;
mod powercap;
mod sensor;
mod supply;
mod thermal;
mod unit;
mod watchdog;

#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::files::Files;

pub use hwmon::{Chip, HWMON, HWMON_SAMPLE, Hwmon, hwmon};
pub use powercap::{POWERCAP, PowerLimit, Zone, energy_used, powercap};
pub use sensor::{Flag, Pwm, Sensor};
pub use supply::{PowerSupply, SUPPLY, supplies};
pub use thermal::{CoolingDevice, THERMAL, Thermal, ThermalZone, Trip, thermal};
pub use unit::SensorKind;
pub use watchdog::{WATCHDOG, Watchdog, watchdogs};

/// What to read for all of this room. `*` stays within one segment of a path.
pub fn globs() -> Vec<&'static str> {
    let all = [HWMON, POWERCAP, SUPPLY, THERMAL, WATCHDOG];
    all.iter().flat_map(|globs| globs.iter().copied()).collect()
}

/// One reading of everything.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Power {
    /// Sensors.
    pub hwmon: Hwmon,
    /// Power capping zones.
    pub powercap: Vec<Zone>,
    /// Batteries, adapters and supplies of the kernel's class.
    pub supplies: Vec<PowerSupply>,
    /// Thermal zones and cooling devices.
    pub thermal: Thermal,
    /// Watchdogs.
    pub watchdogs: Vec<Watchdog>,
}

/// Reads everything that the files hold. What is not there is absent, and never an error.
pub fn read(files: &Files) -> Power {
    Power {
        hwmon: hwmon(files),
        powercap: powercap(files),
        supplies: supplies(files),
        thermal: thermal(files),
        watchdogs: watchdogs(files),
    }
}
