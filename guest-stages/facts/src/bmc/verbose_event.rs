//! The event log as blocks: `-v sel list`, `-v sel elist`, `sel get ID`.

use serde_json::Value;

use super::events::{Direction, Event, EventLog, RecordKind};
use super::printed::{self, field, lines};
use super::{Entity, SensorType, Time};

pub(super) fn read(text: &str) -> EventLog {
    let mut log = EventLog::default();
    let mut open: Option<Event> = None;
    let mut list: Option<String> = None;
    for line in lines(text) {
        let trimmed = line.trim_ascii_start();
        // `sel get` draws a line between records.
        if trimmed.bytes().all(|byte| byte == b'-') {
            continue;
        }
        match (field(trimmed), &mut open) {
            (Some(("SEL Record ID", id)), open) => {
                log.events.extend(open.take().map(finish));
                list = None;
                match printed::hex(id) {
                    Some(id) => *open = Some(Event::numbered(id)),
                    None => log.unread.push(line.to_owned()),
                }
            }
            (_, Some(event)) if trimmed.starts_with('[') && list.is_some() => {
                let words = trimmed.trim_start_matches('[').trim_end_matches(']');
                let name = list.clone().unwrap_or_default();
                add(event, &name, words);
            }
            (_, _) if printed::is_complaint(trimmed) => log.complaints.push(trimmed.to_owned()),
            (Some((name, value)), Some(event)) => {
                list = take(event, name, value).then(|| name.to_owned());
            }
            (_, _) => log.unread.push(line.to_owned()),
        }
    }
    log.events.extend(open.map(finish));
    log
}

/// Takes one field; gives whether lines in brackets may follow it.
fn take(event: &mut Event, name: &str, value: &str) -> bool {
    match name {
        "Record Type" => {
            if value.contains("kernel panic") {
                event.kind = RecordKind::KernelPanic;
                event.text = "Linux kernel panic".to_owned();
            }
            let code = value
                .rsplit_once("OEM record ")
                .map_or(value, |(_, code)| code);
            let code = code.split([' ', ')']).next().unwrap_or_default();
            event.record_type = printed::hex(code);
            let of_maker = event.record_type.is_some_and(|code| code >= 0xc0);
            if of_maker && event.kind == RecordKind::System {
                event.kind = RecordKind::Oem;
                event.text = format!("OEM record {code}");
            }
        }
        "Timestamp" => event.time = time(value),
        "Generator ID" => event.generator = printed::hex(value),
        // The sensor as it is now may follow, with a type of the same name.
        "Sensor Type" if event.sensor_type.is_none() => {
            event.sensor = value.to_owned();
            event.sensor_type = SensorType::read(value).map(|mut kind| {
                let unknown = kind.name == "Unknown" && kind.code.is_none();
                kind.code = kind.code.filter(|_| !unknown);
                kind
            });
        }
        "Sensor Number" if event.sensor_number.is_none() => {
            event.sensor_number = printed::hex(value)
        }
        "Event Type" => {
            event.event_type = event_type(value);
            if event.event_type.is_none() {
                add(event, name, value);
            }
        }
        "Event Direction" => {
            event.direction = match value {
                "Assertion Event" => Some(Direction::Asserted),
                "Deassertion Event" => Some(Direction::Deasserted),
                _ => None,
            }
        }
        "Event Data" | "Event Data (RAW)" | "OEM Defined" => {
            let data = value.split(" [").next().unwrap_or_default().trim_ascii();
            event.data = Some(data.to_owned()).filter(|data| !data.is_empty());
            if name == "OEM Defined" && value.contains('[') {
                add(event, name, value);
            }
        }
        "Manufactacturer ID" | "Manufacturer ID" => event.manufacturer = printed::hex(value),
        "Panic string" => event.text = format!("Linux kernel panic: {value}"),
        "Description" => event.text = value.to_owned(),
        "Sensor ID" => {
            let name = value
                .rsplit_once("(0x")
                .map_or(value, |(name, _)| name.trim_ascii_end());
            event.sensor_name = Some(name.to_owned()).filter(|name| !name.is_empty());
        }
        "Entity ID" if event.entity.is_none() => event.entity = Entity::read(value),
        "Trigger Reading" | "Trigger Threshold" => {
            add(event, name, value);
            return true;
        }
        _ => {
            if !value.is_empty() {
                add(event, name, value);
            }
            return true;
        }
    }
    false
}

/// Keeps a field; a name that repeats becomes a list.
fn add(event: &mut Event, name: &str, value: &str) {
    let value = Value::String(value.to_owned());
    match event.extra.get_mut(name) {
        None => {
            event.extra.insert(name.to_owned(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
    }
}

/// ipmitool 1.8.19 prints the date twice and leaves the time of day out.
fn time(value: &str) -> Option<Time> {
    let (date, clock) = value.split_once(' ').unwrap_or((value, ""));
    if date.starts_with("S+") {
        return Some(Time::read(
            "S+",
            value.trim_start_matches("S+").trim_ascii(),
        ));
    }
    match clock.trim_ascii() == date {
        true => Time::read_one(date),
        false => Time::read_one(value),
    }
}

fn event_type(value: &str) -> Option<u8> {
    match value {
        "Threshold" => Some(0x01),
        "Sensor-specific Discrete" => Some(super::SENSOR_SPECIFIC),
        // Which of the generic types it is the words say.
        _ => printed::hex(value.strip_prefix("0x")?),
    }
}

fn finish(mut event: Event) -> Event {
    if event.kind != RecordKind::System {
        return event;
    }
    let text = std::mem::take(&mut event.text);
    event.happened(&text);
    let of = |name: &str| {
        let value = event.extra.get(name)?.as_str()?;
        let number = value
            .split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-')))
            .next()?;
        Some((
            printed::decimal(number)?,
            value.get(number.len()..)?.to_owned(),
        ))
    };
    if let Some((reading, unit)) = of("Trigger Reading") {
        let threshold = of("Trigger Threshold").map(|(threshold, _)| threshold);
        let unit = super::Unit::read(&unit).map(|(unit, _)| unit);
        event.reading = Some(super::EventReading {
            reading,
            threshold,
            unit,
        });
    }
    event
}
