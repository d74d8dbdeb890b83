//! What a sensor is for, by type, unit, entity and name, and how a report names it.

use vetting_facts::bmc::{Sensor, Sensors, Unit};
use vetting_stage::{Part, part};

use crate::severity::watched;

/// Kinds of parts (IPMI 2.0, table 43-13).
mod entity {
    pub const PROCESSORS: [u8; 2] = [3, 65];
    pub const POWER: [u8; 4] = [10, 19, 20, 21];
    pub const COOLING: [u8; 2] = [29, 30];
    pub const INLETS: [u8; 3] = [39, 55, 64];
}

fn named(sensor: &Sensor, words: &[&str]) -> bool {
    let name = sensor.name.to_ascii_lowercase();
    words.iter().any(|word| name.contains(word))
}

fn is_of(sensor: &Sensor, kinds: &[u8]) -> bool {
    sensor
        .entity
        .as_ref()
        .is_some_and(|entity| kinds.contains(&entity.id))
}

/// The sensor's type: the listing's, or what its unit, entity and name leave no doubt of.
pub fn kind(sensor: &Sensor) -> Option<u8> {
    let listed = sensor.sensor_type.as_ref().and_then(|kind| kind.code);
    listed.or(match sensor.reading.unit {
        Some(Unit::Rpm) => Some(watched::FAN),
        Some(Unit::DegreesC | Unit::DegreesF | Unit::DegreesK) => Some(watched::TEMPERATURE),
        Some(Unit::Volts) => Some(watched::VOLTAGE),
        _ if is_of(sensor, &entity::COOLING) || named(sensor, &["fan"]) => Some(watched::FAN),
        _ if is_of(sensor, &entity::PROCESSORS) => Some(watched::PROCESSOR),
        _ if is_of(sensor, &[4, 26]) => Some(watched::DRIVE),
        _ if is_of(sensor, &[19, 21]) => Some(watched::POWER_UNIT),
        _ if named(sensor, &["temp"]) => Some(watched::TEMPERATURE),
        _ => None,
    })
}

/// Whether it measures a fan, in revolutions or in per cent of its top speed.
pub fn is_fan(sensor: &Sensor) -> bool {
    if sensor.event_type == Some(0x0b) {
        return false;
    }
    match sensor.reading.unit {
        Some(Unit::Rpm) => true,
        Some(Unit::Percent) => kind(sensor) == Some(watched::FAN),
        None => {
            kind(sensor) == Some(watched::FAN)
                && sensor.bits.is_none()
                && sensor.asserted.is_empty()
        }
        _ => false,
    }
}

/// Whether it measures the air that comes in: too warm is the room's affair.
pub fn is_inlet(sensor: &Sensor) -> bool {
    is_of(sensor, &entity::INLETS) || is_inlet_name(&sensor.name)
}

/// Whether a name is that of the air that comes in.
pub fn is_inlet_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["inlet", "ambient", "intake", "front panel temp", "fp temp"]
        .iter()
        .any(|word| name.contains(word))
}

/// Whether it measures how full the event log is.
pub fn is_log(sensor: &Sensor) -> bool {
    let name = sensor.name.to_ascii_lowercase();
    name == "sel"
        || name.starts_with("sel_")
        || name.starts_with("sel ")
        || name.contains("event log")
}

/// Whether it belongs to a processor.
pub fn is_processor(sensor: &Sensor) -> bool {
    is_of(sensor, &entity::PROCESSORS) || named(sensor, &["cpu", "proc"])
}

/// What is redundant, where the sensor has such states: `power`, `fan`, `other`.
pub fn redundancy(sensor: &Sensor) -> Option<&'static str> {
    if sensor.event_type != Some(0x0b) || sensor.asserted.is_empty() {
        return None;
    }
    Some(match () {
        () if named(sensor, &["fan", "cool"]) || is_of(sensor, &entity::COOLING) => "fan",
        () if named(
            sensor,
            &["sd ", "sd_", "mem", "dimm", "disk", "drive", "bios"],
        ) =>
        {
            "other"
        }
        () if named(sensor, &["ps", "power", "pwr"]) || is_of(sensor, &entity::POWER) => "power",
        () => "other",
    })
}

/// How a report names a sensor. Where several share its name, it says which part it belongs to.
pub fn place(sensors: &Sensors, sensor: &Sensor) -> Part {
    let what = match kind(sensor) {
        _ if is_fan(sensor) => "fan",
        Some(watched::TEMPERATURE) => "temperature",
        Some(watched::VOLTAGE) => "voltage",
        _ => "sensor",
    };
    part(what, name(sensors, sensor))
}

/// The sensor's name, with its part where several share it.
pub fn name(sensors: &Sensors, sensor: &Sensor) -> String {
    let same = sensors
        .sensors
        .iter()
        .filter(|other| other.name == sensor.name);
    let (name, entity) = (&sensor.name, sensor.entity.as_ref());
    match (same.count() > 1, entity) {
        (true, Some(entity)) => {
            let (id, instance) = (entity.id, entity.instance);
            let what = match id {
                3 | 65 => "processor",
                4 | 26 => "drive",
                7 => "system board",
                8 | 32 => "memory",
                10 => "power supply",
                29 | 30 => "fan",
                _ => "part",
            };
            format!("{name} of {what} {instance} (entity {id}.{instance})")
        }
        _ => name.clone(),
    }
}

/// The same sensor in another reading of the listing: by number and entity, and by its name where the
/// listing has none.
pub fn same<'a>(sensors: &'a Sensors, sensor: &Sensor) -> Option<&'a Sensor> {
    let mut all = sensors.sensors.iter();
    all.find(|other| {
        other.name == sensor.name && other.number == sensor.number && other.entity == sensor.entity
    })
}
