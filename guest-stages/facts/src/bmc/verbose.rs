//! The verbose listing: one block of `name : value` a record.

use serde_json::{Map, Value};

use super::printed::{self, field, lines};
use super::sensor::{Class, Device, DeviceKind, Sensor, Sensors, ThresholdFlags, TypeSource};
use super::{Entity, Meaning, Reading, ReadingState, SensorType, State, Status};
use crate::Unreadable;

/// Reads `ipmitool -v sdr elist all` and its like: `-v sdr`, `-v sensor`, `sensor get NAME`, with `-vv` too.
///
/// The output may be cut anywhere: what stands before the cut is read.
pub fn sensors(sdr: &[u8]) -> Result<Sensors, Unreadable> {
    let text = printed::text(sdr);
    let mut listing = Listing::default();
    for line in lines(&text) {
        listing.line(line);
    }
    listing.close();
    let found = listing.found;
    if found.sensors.is_empty() && found.devices.is_empty() {
        return Err(Unreadable::starting(
            "ipmitool's verbose sensor listing",
            sdr,
        ));
    }
    Ok(found)
}

#[derive(Default)]
struct Listing {
    found: Sensors,
    open: Open,
    states: States,
    record_id: Option<u16>,
}

/// The record whose fields are being read.
#[derive(Default)]
enum Open {
    #[default]
    None,
    Sensor(Box<Sensor>),
    Device(Device),
}

/// The list that lines in brackets belong to.
#[derive(Clone, Copy, Default, PartialEq)]
enum States {
    #[default]
    None,
    Asserted,
    Events,
    Possible,
    Other(&'static str),
}

/// Lines about how a record was fetched.
const FETCHING: [&str; 7] = [
    "Locating sensor record",
    "SDR record type",
    "SDR record next",
    "SDR record bytes",
    "Getting ",
    "SDR free space",
    "SDR records",
];

impl Listing {
    fn line(&mut self, line: &str) {
        let trimmed = line.trim_ascii_start();
        if trimmed.is_empty() {
            return;
        }
        if let Some(words) = trimmed.strip_prefix('[') {
            let words = words.strip_suffix(']').unwrap_or(words);
            if self.states != States::None {
                return self.state(words);
            }
        }
        let complaint = printed::is_complaint(trimmed);
        match field(trimmed) {
            _ if FETCHING.iter().any(|begin| trimmed.starts_with(begin)) => {}
            Some(("Sensor ID", name)) => self.open_sensor(name),
            Some(("Device ID", name)) => self.open_device(name),
            Some(("SDR record ID", id)) => {
                self.close();
                self.record_id = printed::hex(id);
            }
            _ if complaint => self.found.complaints.push(trimmed.to_owned()),
            Some((name, value)) => self.field(name, value, line),
            // Controllers list what they can do below a title.
            None if trimmed == "Device Capabilities" => {}
            None => self.found.unread.push(line.to_owned()),
        }
    }

    fn open_sensor(&mut self, value: &str) {
        let record_id = self.record_id.take();
        self.close();
        let (name, number) = match value.rsplit_once("(0x") {
            Some((name, number)) => (
                name.trim_ascii_end(),
                printed::hex(number.trim_end_matches(')')),
            ),
            None => (value, None),
        };
        let mut sensor = Sensor::named(name);
        sensor.number = number;
        sensor.record_id = record_id;
        self.open = Open::Sensor(Box::new(sensor));
    }

    fn open_device(&mut self, name: &str) {
        self.record_id = None;
        self.close();
        self.open = Open::Device(Device {
            name: name.to_owned(),
            kind: DeviceKind::Unknown,
            entity: None,
            fru_id: None,
            fields: Map::new(),
        });
    }

    fn close(&mut self) {
        self.states = States::None;
        match std::mem::take(&mut self.open) {
            Open::None => {}
            Open::Sensor(mut sensor) => {
                sensor.finish();
                self.found.sensors.push(*sensor);
            }
            Open::Device(device) => self.found.devices.push(device),
        }
    }

    fn state(&mut self, words: &str) {
        let Open::Sensor(sensor) = &mut self.open else {
            return self.found.unread.push(format!("[{words}]"));
        };
        let list = match self.states {
            States::Asserted => &mut sensor.asserted,
            States::Events => &mut sensor.events,
            States::Possible => &mut sensor.possible,
            States::None => return,
            States::Other(name) => {
                let list = sensor
                    .extra
                    .entry(name)
                    .or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(Value::String(words.to_owned()));
                }
                return;
            }
        };
        let code = sensor.sensor_type.as_ref().and_then(|kind| kind.code);
        let meaning = Meaning::of_type(code, words);
        list.push(State::new(words, meaning));
    }

    fn field(&mut self, name: &str, value: &str, line: &str) {
        self.states = States::None;
        match &mut self.open {
            Open::None => self.found.unread.push(line.to_owned()),
            Open::Device(device) => device_field(device, name, value),
            Open::Sensor(sensor) => self.states = sensor_field(sensor, name, value),
        }
    }
}

fn device_field(device: &mut Device, name: &str, value: &str) {
    match name {
        "Entity ID" => device.entity = Entity::read(value),
        "Logical FRU Device" => {
            device.kind = DeviceKind::Fru;
            device.fru_id = printed::hex(value);
        }
        "Controller Presence" => device.kind = DeviceKind::Controller,
        "Address Span" => device.kind = DeviceKind::Generic,
        _ => {}
    }
    if name != "Entity ID" || device.entity.is_none() {
        device
            .fields
            .insert(name.to_owned(), Value::String(value.to_owned()));
    }
}

/// Takes one field; gives the list that the lines after it belong to.
fn sensor_field(sensor: &mut Sensor, name: &str, value: &str) -> States {
    let threshold = sensor.class == Class::Threshold;
    match name {
        "Entity ID" => sensor.entity = Entity::read(value),
        "Sensor Reading" => {
            let (reading, states) = Reading::read(value);
            sensor.reading = reading;
            // A verbose listing prints states in lines of their own; other words are not states.
            if !states.is_empty() && sensor.reading.value.is_none() {
                sensor.reading.state = ReadingState::Unknown;
                if value.contains("Not Present") {
                    sensor.reading.state = ReadingState::NotPresent;
                }
            }
        }
        "Status" => sensor.status = Status::read(value),
        "Readable Thresholds" => sensor.readable = Some(ThresholdFlags::read(value)),
        "Settable Thresholds" => sensor.settable = Some(ThresholdFlags::read(value)),
        "Assertion Events" if threshold => sensor.crossed = words(value),
        "Assertions Enabled" if threshold => sensor.watched = words(value),
        "States Asserted" => return States::Asserted,
        "Assertion Events" => return States::Events,
        "Assertions Enabled" => return States::Possible,
        "Deassertions Enabled" if !threshold => return States::Other("Deassertions Enabled"),
        "Deassertion Events" if !threshold => return States::Other("Deassertion Events"),
        _ if name.starts_with("Sensor Type") => {
            sensor.class = match name {
                "Sensor Type (Threshold)" | "Sensor Type (Analog)" => Class::Threshold,
                "Sensor Type (Discrete)" => Class::Discrete,
                // Event-only records have neither.
                _ => Class::EventOnly,
            };
            if sensor.class == Class::EventOnly {
                sensor.reading.state = ReadingState::EventOnly;
            }
            sensor.sensor_type = SensorType::read(value);
            sensor.type_source = sensor.sensor_type.is_some().then_some(TypeSource::Printed);
        }
        _ => match number_of(sensor, name) {
            Some(number) => {
                *number = printed::number(value);
                if number.is_none() && !is_none(value) {
                    sensor
                        .extra
                        .insert(name.to_owned(), Value::String(value.to_owned()));
                }
            }
            None => {
                sensor
                    .extra
                    .insert(name.to_owned(), Value::String(value.to_owned()));
            }
        },
    }
    States::None
}

/// The words for a number that is not there.
fn is_none(value: &str) -> bool {
    matches!(value, "na" | "Unspecified" | "Not Available" | "")
}

fn words(value: &str) -> Vec<String> {
    value.split_whitespace().map(str::to_owned).collect()
}

fn number_of<'a>(sensor: &'a mut Sensor, name: &str) -> Option<&'a mut Option<f64>> {
    let thresholds = &mut sensor.thresholds;
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    Some(match name {
        "Positive Hysteresis" => &mut sensor.positive_hysteresis,
        "Negative Hysteresis" => &mut sensor.negative_hysteresis,
        "Nominal Reading" => &mut sensor.nominal,
        "Normal Minimum" => &mut sensor.normal_minimum,
        "Normal Maximum" => &mut sensor.normal_maximum,
        "Minimum sensor range" => &mut sensor.minimum,
        "Maximum sensor range" => &mut sensor.maximum,
        _ if is("Lower non-recoverable") => &mut thresholds.lower_non_recoverable,
        _ if is("Lower critical") => &mut thresholds.lower_critical,
        _ if is("Lower non-critical") => &mut thresholds.lower_non_critical,
        _ if is("Upper non-critical") => &mut thresholds.upper_non_critical,
        _ if is("Upper critical") => &mut thresholds.upper_critical,
        _ if is("Upper non-recoverable") => &mut thresholds.upper_non_recoverable,
        _ => return None,
    })
}
