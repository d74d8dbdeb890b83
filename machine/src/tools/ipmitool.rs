//! ipmitool.
use crate::contract::inventory::Bmc;
use crate::contract::power::{LogEntry, Redundancy, Sensor, Supply};
use crate::contract::types::Error;

use super::Toolbox;

/// What the sensor repository's discrete records tell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sdr {
    /// Power supplies.
    pub supplies: Vec<Supply>,
    /// Redundancy sensors.
    pub redundancy: Vec<Redundancy>,
    /// Other discrete sensors, their states in words.
    pub discrete: Vec<Sensor>,
}

/// One field-replaceable unit's data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fru {
    /// Its name: `PS1`.
    pub name: String,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its model.
    pub product: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
}

/// Threshold sensors, from `ipmitool sensor`.
pub async fn sensors(_tools: &Toolbox) -> Result<Vec<Sensor>, Error> {
    Err(Error::tool_missing("ipmitool", "ipmitool"))
}
/// Discrete sensors, from `ipmitool sdr elist all`.
pub async fn sdr(_tools: &Toolbox) -> Result<Sdr, Error> {
    Err(Error::tool_missing("ipmitool", "ipmitool"))
}
/// Field-replaceable units, from `ipmitool fru print`.
pub async fn fru(_tools: &Toolbox) -> Result<Vec<Fru>, Error> {
    Err(Error::tool_missing("ipmitool", "ipmitool"))
}
/// The event log, oldest first, from `ipmitool sel elist`.
pub async fn sel(_tools: &Toolbox) -> Result<Vec<LogEntry>, Error> {
    Err(Error::tool_missing("ipmitool", "ipmitool"))
}
/// The controller itself, from `ipmitool mc info` and `ipmitool lan print`.
pub async fn mc_info(_tools: &Toolbox) -> Result<Bmc, Error> {
    Err(Error::tool_missing("ipmitool", "ipmitool"))
}
