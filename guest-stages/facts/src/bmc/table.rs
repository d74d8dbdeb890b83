//! The table of `ipmitool sensor`: readings, state bits and thresholds.

use super::columns::Columns;
use super::printed::{self, lines};
use super::sensor::{Class, Sensor, Sensors, Thresholds};
use super::{Reading, ReadingState, Status};
use crate::Unreadable;

/// Columns of a row: value, unit, state, and six thresholds; the name stands before them.
const AFTER_NAME: usize = 9;

/// Reads `ipmitool sensor`. Its rows have neither number nor entity nor type: [`joined`](super::joined) adds them.
pub fn sensor_table(sensor: &[u8]) -> Result<Sensors, Unreadable> {
    let text = printed::text(sensor);
    let mut found = Sensors::default();
    for line in lines(&text).filter(|line| !line.trim_ascii().is_empty()) {
        match row(line) {
            Some(sensor) => found.sensors.push(sensor),
            None if printed::is_complaint(line) => {
                found.complaints.push(line.trim_ascii().to_owned())
            }
            None => found.unread.push(line.to_owned()),
        }
    }
    match found.sensors.is_empty() {
        true => Err(Unreadable::starting(
            "the table of `ipmitool sensor`",
            sensor,
        )),
        false => Ok(found),
    }
}

fn row(line: &str) -> Option<Sensor> {
    let columns = Columns::of(line, b'|')?;
    let at = columns.len().checked_sub(AFTER_NAME).filter(|at| *at > 0)?;
    let column = |more: usize| columns.get(at.saturating_add(more));
    let (value, unit, state) = (column(0), column(1), column(2));
    let mut sensor = Sensor::named(columns.before(at));
    sensor.row = line.to_owned();
    let numbers: Vec<Option<f64>> = (3..AFTER_NAME)
        .map(|n| printed::decimal(column(n)))
        .collect();
    let number = |index: usize| numbers.get(index).copied().flatten();
    sensor.thresholds = Thresholds {
        lower_non_recoverable: number(0),
        lower_critical: number(1),
        lower_non_critical: number(2),
        upper_non_critical: number(3),
        upper_critical: number(4),
        upper_non_recoverable: number(5),
    };
    sensor.status = Status::read(state);
    if unit == "discrete" {
        sensor.class = Class::Discrete;
        sensor.reading = Reading::read(value).0;
        // The lower byte of the bits comes first; bit 15 is always set.
        if let Some(bits) = state.strip_prefix("0x").and_then(printed::hex::<u16>) {
            sensor.bits = Some(bits.swap_bytes() & 0x7fff);
            sensor.status = None;
        }
    } else {
        let known = matches!(sensor.status, Some(Status::Other(_)) | None);
        if known && !value.eq_ignore_ascii_case("na") {
            return None;
        }
        sensor.reading = Reading::of_value(value, unit, value);
        if sensor.reading.value.is_none() {
            sensor.reading.state = ReadingState::NoReading;
        }
        // A row without unit and thresholds may be of either kind.
        if !unit.is_empty() || !sensor.thresholds.is_empty() {
            sensor.class = Class::Threshold;
        }
    }
    sensor.finish();
    Some(sensor)
}
