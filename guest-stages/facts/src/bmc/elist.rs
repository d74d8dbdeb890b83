//! Listings of one row a sensor: `sdr`, `sdr elist`, `sdr type`, and the same with `-c`.

use serde_json::{Map, Value};

use super::columns::{Columns, is_status};
use super::printed::{self, lines};
use super::sensor::{Class, Device, DeviceKind, Sensor, Sensors, TypeSource};
use super::{Entity, Reading, ReadingState, SensorType, Status, guess, states};
use crate::Unreadable;

/// Reads `ipmitool sdr elist all` and its like: name, number, status, entity, reading and states; also the three
/// columns of `ipmitool sdr`, and both with `-c`. Sensor types are those that words, entity or name give away.
pub fn from_elist(elist: &[u8]) -> Result<Sensors, Unreadable> {
    let text = printed::text(elist);
    let mut found = Sensors::default();
    for line in lines(&text).filter(|line| !line.trim_ascii().is_empty()) {
        let taken = row(line, &mut found);
        if taken.is_none() && printed::is_complaint(line) {
            found.complaints.push(line.trim_ascii().to_owned());
        } else if taken.is_none() {
            found.unread.push(line.to_owned());
        }
    }
    if found.sensors.is_empty() && found.devices.is_empty() {
        return Err(Unreadable::starting("ipmitool's sensor listing", elist));
    }
    Ok(found)
}

fn row(line: &str, found: &mut Sensors) -> Option<()> {
    if let Some(columns) = Columns::of(line, b'|') {
        return match columns.numbered() {
            Some(at) => numbered(&columns, at, line, found),
            None => short(&columns, line, found),
        };
    }
    let columns = Columns::of(line, b',')?;
    match columns.numbered() {
        Some(at) => numbered(&columns, at, line, found),
        None => measured(&columns, line, found),
    }
}

/// `name | 0Eh | ok | 3.1 | 45 degrees C`.
fn numbered(columns: &Columns<'_>, at: usize, line: &str, found: &mut Sensors) -> Option<()> {
    let [status, entity, last] = [1, 2, 3].map(|more| at.saturating_add(more));
    let text = columns.from(last);
    let (name, entity) = (columns.before(at), Entity::read(columns.get(entity)));
    let bars = line.contains('|');
    // With commas, a device's row has no column for a reading.
    if let Some(kind) = device_kind(text, bars || columns.len() > last) {
        found.devices.push(device(name, kind, entity, text));
        return Some(());
    }
    let mut sensor = Sensor::named(name);
    sensor.number = printed::hex(columns.get(at));
    sensor.status = Status::read(columns.get(status));
    sensor.entity = entity;
    sensor.row = line.to_owned();
    reading(&mut sensor, text);
    sensor.finish();
    found.sensors.push(sensor);
    Some(())
}

fn device_kind(text: &str, has_reading: bool) -> Option<DeviceKind> {
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    match () {
        () if !has_reading => Some(DeviceKind::Unknown),
        () if begins(&["Dynamic MC", "Static MC"]) => Some(DeviceKind::Controller),
        () if begins(&["Logical FRU", "FRU @", "Physical FRU"]) => Some(DeviceKind::Fru),
        () if begins(&["Generic Device"]) => Some(DeviceKind::Generic),
        () => None,
    }
}

fn device(name: &str, kind: DeviceKind, entity: Option<Entity>, text: &str) -> Device {
    let fru = match kind {
        DeviceKind::Fru => text.rsplit_once('@').and_then(|(_, id)| printed::hex(id)),
        _ => None,
    };
    let mut fields = Map::new();
    if !text.is_empty() {
        fields.insert("reading".into(), Value::String(text.to_owned()));
    }
    Device {
        name: name.to_owned(),
        kind,
        entity,
        fru_id: fru,
        fields,
    }
}

/// Takes the last column of a sensor: a value, states, both, or why there is none.
fn reading(sensor: &mut Sensor, text: &str) {
    let (reading, words) = Reading::read(text);
    sensor.reading = reading;
    let was_read = sensor.status == Some(Status::Ok);
    let unread = matches!(
        sensor.reading.state,
        ReadingState::Disabled | ReadingState::NotPresent | ReadingState::Unknown
    );
    // A sensor that was read and is `Disabled` reports that of its part.
    let words = match was_read && unread && !text.is_empty() {
        true => {
            sensor.reading.state = ReadingState::States;
            text
        }
        false => words,
    };
    if text.is_empty() && !was_read {
        sensor.reading.state = ReadingState::Unknown;
    }
    guess::states(sensor, &states::split(words));
    sensor.class = match sensor.reading.state {
        ReadingState::Value if words.is_empty() => Class::Threshold,
        ReadingState::Value | ReadingState::States => Class::Discrete,
        ReadingState::EventOnly => Class::EventOnly,
        _ => Class::Unknown,
    };
}

/// `name | 45 degrees C | ok`.
fn short(columns: &Columns<'_>, line: &str, found: &mut Sensors) -> Option<()> {
    let (last, value) = (columns.len().checked_sub(1)?, columns.len().checked_sub(2)?);
    if !is_status(columns.get(last)) {
        return None;
    }
    let mut sensor = Sensor::named(columns.before(value));
    sensor.status = Status::read(columns.get(last));
    sensor.row = line.to_owned();
    reading(&mut sensor, columns.get(value));
    sensor.finish();
    found.sensors.push(sensor);
    Some(())
}

/// `name,45,degrees C,ok`, and with `-v` also entity, its name, type and twelve numbers.
fn measured(columns: &Columns<'_>, line: &str, found: &mut Sensors) -> Option<()> {
    let at = (3..columns.len()).find(|at| is_status(columns.get(*at)))?;
    let column = |more: usize| columns.get(at.saturating_add(more));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (unit_at, mut value_at) = (at.checked_sub(1)?, at.checked_sub(2)?);
    let (unit, mut value) = (columns.get(unit_at), columns.get(value_at).to_owned());
    // Where the locale's decimal point is a comma it cuts the value; `%.3f` prints three digits behind it.
    let whole = value_at.checked_sub(1).filter(|at| *at > 0);
    let whole = whole.map(|at| (at, columns.get(at)));
    let cut = whole.filter(|(_, whole)| {
        value.len() == 3 && digits(&value) && digits(whole.trim_start_matches('-'))
    });
    if let Some((at, whole)) = cut {
        value = format!("{whole}.{value}");
        value_at = at;
    }
    let mut sensor = Sensor::named(columns.before(value_at));
    sensor.status = Status::read(columns.get(at));
    sensor.row = line.to_owned();
    sensor.class = Class::Threshold;
    sensor.reading = match value.is_empty() {
        true => Reading::of_state(ReadingState::NoReading, ""),
        false => Reading::of_value(&value, unit, &format!("{value} {unit}")),
    };
    if let Some(mut entity) = Entity::read(column(1)) {
        entity.name = Some(column(2))
            .filter(|name| !name.is_empty())
            .map(str::to_owned);
        sensor.entity = Some(entity);
    }
    sensor.sensor_type = SensorType::read(column(3));
    sensor.type_source = sensor.sensor_type.is_some().then_some(TypeSource::Printed);
    // Then the numbers behind it are cut too, and not known.
    let last = if cut.is_some() { 4 } else { 16 };
    let numbers = (4..last).map(|more| printed::decimal(column(more)));
    let numbers: Vec<Option<f64>> = numbers.collect();
    let number = |index: usize| numbers.get(index).copied().flatten();
    (sensor.nominal, sensor.normal_minimum, sensor.normal_maximum) =
        (number(0), number(1), number(2));
    sensor.thresholds.upper_non_recoverable = number(3);
    sensor.thresholds.upper_critical = number(4);
    sensor.thresholds.upper_non_critical = number(5);
    sensor.thresholds.lower_non_recoverable = number(6);
    sensor.thresholds.lower_critical = number(7);
    sensor.thresholds.lower_non_critical = number(8);
    (sensor.minimum, sensor.maximum) = (number(9), number(10));
    sensor.finish();
    found.sensors.push(sensor);
    Some(())
}
