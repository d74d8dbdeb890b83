//! One view of two listings of the same sensors.

use std::collections::{BTreeMap, VecDeque};

use super::ReadingState;
use super::sensor::{Class, Sensor, Sensors};

/// Adds to a listing ([`sensors`](super::sensors) or [`from_elist`](super::from_elist)) what the table of
/// `ipmitool sensor` has in addition: thresholds, state bits, readings that the listing lacks.
///
/// Both list sensors in the repository's order, so that of several sensors with one name the first row belongs to
/// the first. Rows of sensors that the listing lacks come last. What the listing says stays: the two were read one
/// after the other and may differ; `row` then holds the table's row.
pub fn joined(mut listing: Sensors, table: &Sensors) -> Sensors {
    let mut by_name: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    for (at, sensor) in listing.sensors.iter().enumerate() {
        if sensor.class != Class::EventOnly {
            by_name
                .entry(sensor.name.clone())
                .or_default()
                .push_back(at);
        }
    }
    for row in &table.sensors {
        let at = by_name.get_mut(&row.name).and_then(VecDeque::pop_front);
        match at.and_then(|at| listing.sensors.get_mut(at)) {
            Some(sensor) => add(sensor, row),
            None => listing.sensors.push(row.clone()),
        }
    }
    listing.complaints.extend(table.complaints.iter().cloned());
    listing.unread.extend(table.unread.iter().cloned());
    listing
}

fn add(sensor: &mut Sensor, row: &Sensor) {
    if sensor.thresholds.is_empty() {
        sensor.thresholds = row.thresholds.clone();
    }
    if sensor.class == Class::Unknown {
        sensor.class = row.class;
    }
    let silent = matches!(
        sensor.reading.state,
        ReadingState::Unknown | ReadingState::NoReading
    );
    if silent && row.reading.state == ReadingState::Value {
        sensor.reading = row.reading.clone();
    }
    if sensor.reading.byte.is_none() {
        sensor.reading.byte = row.reading.byte;
    }
    sensor.status = sensor.status.take().or_else(|| row.status.clone());
    sensor.bits = sensor.bits.or(row.bits);
    sensor.row.clone_from(&row.row);
    sensor.finish();
}
