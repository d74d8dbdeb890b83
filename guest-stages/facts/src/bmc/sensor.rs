//! The facts of one sensor, and of a whole listing.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Entity, Reading, SensorType, State, Status};

/// What a listing of the sensor data repository holds, in its order.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sensors {
    /// The sensors, event-only ones included. Names repeat: number and entity identify a sensor.
    pub sensors: Vec<Sensor>,
    /// Records of devices other than sensors: controllers and units with data of their own.
    pub devices: Vec<Device>,
    /// What ipmitool complained of: records or readings that the controller did not give.
    pub complaints: Vec<String>,
    /// Rows that could not be read.
    pub unread: Vec<String>,
}

/// One sensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensor {
    /// The name in its record; several sensors may share it, and it may hold any character.
    pub name: String,
    /// The sensor's number, 0 to 254.
    pub number: Option<u8>,
    /// The record's id in the repository, where the listing prints it (`-vv`).
    pub record_id: Option<u16>,
    /// The part that it belongs to.
    pub entity: Option<Entity>,
    /// What it watches.
    pub sensor_type: Option<SensorType>,
    /// Where `sensor_type` comes from.
    pub type_source: Option<TypeSource>,
    /// The event/reading type (IPMI 2.0, table 42-1): 01h threshold, 02h to 0Ch generic, 6Fh sensor-specific.
    /// ipmitool does not print it; it is known by the words of the sensor's states.
    pub event_type: Option<u8>,
    /// Threshold, discrete or event-only.
    pub class: Class,
    /// What it reads now.
    pub reading: Reading,
    /// The status that the controller or ipmitool gives. `ok` of a discrete sensor means that it was read.
    pub status: Option<Status>,
    /// The states that are asserted now.
    pub asserted: Vec<State>,
    /// All state bits as printed, bit 0 to 14; `None` where the listing prints states only in words.
    pub bits: Option<u16>,
    /// Assertion events that are set, by state. Of threshold sensors see `crossed`.
    pub events: Vec<State>,
    /// The states that the sensor can report, by its enabled assertion events.
    pub possible: Vec<State>,
    /// Thresholds whose assertion event is set: `ucr+` is going high through the upper critical one.
    pub crossed: Vec<String>,
    /// Thresholds whose assertion event is enabled, in the same words.
    pub watched: Vec<String>,
    /// The thresholds, in the reading's unit.
    pub thresholds: Thresholds,
    /// Which thresholds the controller gives; `None` where the listing does not say.
    pub readable: Option<ThresholdFlags>,
    /// Which thresholds can be set.
    pub settable: Option<ThresholdFlags>,
    /// Hysteresis of upper thresholds, in the reading's unit.
    pub positive_hysteresis: Option<f64>,
    /// Hysteresis of lower thresholds, in the reading's unit.
    pub negative_hysteresis: Option<f64>,
    /// The nominal reading.
    pub nominal: Option<f64>,
    /// The lowest reading in normal operation.
    pub normal_minimum: Option<f64>,
    /// The highest reading in normal operation.
    pub normal_maximum: Option<f64>,
    /// The lowest reading that the sensor can give.
    pub minimum: Option<f64>,
    /// The highest reading that the sensor can give.
    pub maximum: Option<f64>,
    /// Fields that are not known here, as printed.
    pub extra: Map<String, Value>,
    /// The row of a table as printed; empty for a verbose listing.
    pub row: String,
}

/// Where a sensor's type comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypeSource {
    /// The listing prints it.
    Printed,
    /// Only this type has states with these words.
    Words,
    /// Several types have such states; that of the sensor's entity was taken.
    Entity,
    /// Several types have such states; the sensor's name decided.
    Name,
}

/// The kind of a sensor's readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// An analog value that is compared with thresholds, if it has any.
    Threshold,
    /// State bits; some makers give such a sensor an analog value too.
    Discrete,
    /// No reading: it only sends events.
    EventOnly,
    /// The listing does not say.
    Unknown,
}

/// The six thresholds of a sensor, in its reading's unit; `None` where there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Thresholds {
    /// Lower non-recoverable.
    pub lower_non_recoverable: Option<f64>,
    /// Lower critical.
    pub lower_critical: Option<f64>,
    /// Lower non-critical.
    pub lower_non_critical: Option<f64>,
    /// Upper non-critical.
    pub upper_non_critical: Option<f64>,
    /// Upper critical.
    pub upper_critical: Option<f64>,
    /// Upper non-recoverable.
    pub upper_non_recoverable: Option<f64>,
}

/// A mark for each of the six thresholds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ThresholdFlags {
    /// Lower non-recoverable.
    pub lower_non_recoverable: bool,
    /// Lower critical.
    pub lower_critical: bool,
    /// Lower non-critical.
    pub lower_non_critical: bool,
    /// Upper non-critical.
    pub upper_non_critical: bool,
    /// Upper critical.
    pub upper_critical: bool,
    /// Upper non-recoverable.
    pub upper_non_recoverable: bool,
}

/// A record of a device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Device {
    /// Its name in the record.
    pub name: String,
    /// What kind of record it is.
    pub kind: DeviceKind,
    /// The part that it belongs to.
    pub entity: Option<Entity>,
    /// The number of the unit's data, as in `fru print`; 0 to 254.
    pub fru_id: Option<u8>,
    /// Its other fields, as printed.
    pub fields: Map<String, Value>,
}

/// Kinds of device records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// A management controller.
    Controller,
    /// A unit with data of its own (FRU).
    Fru,
    /// Any other device on the controller's buses.
    Generic,
    /// The listing does not say.
    Unknown,
}

impl Sensor {
    pub(super) fn named(name: &str) -> Self {
        Sensor {
            name: name.to_owned(),
            number: None,
            record_id: None,
            entity: None,
            sensor_type: None,
            type_source: None,
            event_type: None,
            class: Class::Unknown,
            reading: Reading::of_state(super::ReadingState::Unknown, ""),
            status: None,
            asserted: Vec::new(),
            bits: None,
            events: Vec::new(),
            possible: Vec::new(),
            crossed: Vec::new(),
            watched: Vec::new(),
            thresholds: Thresholds::default(),
            readable: None,
            settable: None,
            positive_hysteresis: None,
            negative_hysteresis: None,
            nominal: None,
            normal_minimum: None,
            normal_maximum: None,
            minimum: None,
            maximum: None,
            extra: Map::new(),
            row: String::new(),
        }
    }

    /// Derives the event/reading type from the states, where the listing is read to the end.
    pub(super) fn finish(&mut self) {
        if self.class == Class::Threshold {
            self.event_type = Some(1);
        }
        // ipmitool before 1.8.12 prints states without a reading.
        if self.reading.state == super::ReadingState::Unknown && !self.asserted.is_empty() {
            self.reading.state = super::ReadingState::States;
        }
        let states = self
            .asserted
            .iter()
            .chain(&self.possible)
            .chain(&self.events);
        let known = states.filter_map(|state| state.meaning).next();
        self.event_type = self
            .event_type
            .or(known.map(|meaning| meaning.event_type()));
        // ipmitool before 1.8.12 names some types without code.
        if let Some(kind) = &mut self.sensor_type {
            kind.code = kind.code.or(known.and_then(super::Meaning::sensor_type));
        }
        if let Some(bits) = self.bits {
            self.add_bits(bits);
        }
    }

    /// Adds the states of bits that no words stand for yet.
    fn add_bits(&mut self, bits: u16) {
        let sensor_type = self.sensor_type.as_ref().and_then(|kind| kind.code);
        for offset in 0..15u8 {
            let set = bits & 1u16.checked_shl(offset.into()).unwrap_or(0) != 0;
            if !set
                || self
                    .asserted
                    .iter()
                    .any(|state| state.offset == Some(offset))
            {
                continue;
            }
            let meaning = self.event_type.and_then(|event_type| {
                super::Meaning::of(event_type, sensor_type.unwrap_or(0), offset)
            });
            self.asserted.push(State {
                text: meaning.map_or(String::new(), |meaning| meaning.words().to_owned()),
                meaning,
                offset: Some(offset),
            });
        }
    }

    /// Whether the sensor has the state now.
    pub fn is(&self, meaning: super::Meaning) -> bool {
        self.asserted
            .iter()
            .any(|state| state.meaning == Some(meaning))
    }
}

impl Thresholds {
    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        *self == Thresholds::default()
    }
}

impl ThresholdFlags {
    /// Reads `lnr lcr lnc unc ucr unr`.
    pub(super) fn read(text: &str) -> Self {
        let mut flags = ThresholdFlags::default();
        for word in text.split_whitespace() {
            match word {
                "lnr" => flags.lower_non_recoverable = true,
                "lcr" => flags.lower_critical = true,
                "lnc" => flags.lower_non_critical = true,
                "unc" => flags.upper_non_critical = true,
                "ucr" => flags.upper_critical = true,
                "unr" => flags.upper_non_recoverable = true,
                _ => {}
            }
        }
        flags
    }
}
