//! The event log as rows: `sel list` and `sel elist`, with bars or commas.

use super::events::{Direction, Event, EventLog, RecordKind};
use super::printed::{self, lines};
use super::{Meaning, SensorType, Time};

pub(super) fn read(text: &str) -> EventLog {
    let mut log = EventLog::default();
    for line in lines(text).filter(|line| !line.trim_ascii().is_empty()) {
        match row(line) {
            Some(event) => log.events.push(event),
            None if line.contains("SEL has no entries") => {}
            None if printed::is_complaint(line) => {
                log.complaints.push(line.trim_ascii().to_owned())
            }
            None => log.unread.push(line.to_owned()),
        }
    }
    log
}

fn row(line: &str) -> Option<Event> {
    let bars = line.contains('|');
    let mut columns = printed::cut(line, if bars { b'|' } else { b',' });
    for column in &mut columns {
        *column = column.trim_ascii();
    }
    let (id, rest) = columns.split_first()?;
    // Ids of a log have neither `0x` nor `h`.
    let digits = !id.is_empty() && id.len() <= 8 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let mut event = Event::numbered(printed::hex(id).filter(|_| digits && !rest.is_empty())?);
    event.row = line.to_owned();
    let filled = |column: &&&str| !column.is_empty();
    let first = rest.iter().find(filled).copied().unwrap_or_default();
    if first.starts_with("Linux kernel panic") {
        event.kind = RecordKind::KernelPanic;
        // Its letters may hold separators.
        let at = line.find("Linux kernel panic")?;
        event.text = line.get(at..)?.trim_ascii().to_owned();
        return Some(event);
    }
    if first.starts_with("OEM record") {
        event.kind = RecordKind::Oem;
        maker(&mut event, first, rest);
        return Some(event);
    }
    let [date, time, more @ ..] = rest else {
        return None;
    };
    event.time = Some(Time::read(date, time)).filter(|time| !time.text.is_empty());
    let sensor = more.first().copied()?;
    if sensor.starts_with("OEM record") {
        event.kind = RecordKind::Oem;
        maker(&mut event, sensor, more);
        return Some(event);
    }
    event.sensor = sensor.to_owned();
    source(&mut event, sensor);
    let after = more.get(1..).unwrap_or_default();
    let separator = if bars { " | " } else { ", " };
    system(&mut event, after, separator);
    Some(event)
}

/// `OEM record c1 | 002a7c | 010203040506`: the maker's number only for records with a time.
fn maker(event: &mut Event, title: &str, columns: &[&str]) {
    event.text = title.to_owned();
    event.record_type = title
        .strip_prefix("OEM record")
        .and_then(|code| printed::hex(code.trim_ascii()));
    let after = columns
        .iter()
        .skip_while(|column| **column != title)
        .skip(1);
    let after: Vec<&str> = after.copied().collect();
    let data = match after[..] {
        [maker, data, ..] => {
            event.manufacturer = printed::hex(maker);
            data
        }
        [data] => data,
        [] => return,
    };
    event.data = Some(data.to_owned()).filter(|data| !data.is_empty());
}

/// `Power Supply PS1 Status`, `Power Supply #0xc9`.
fn source(event: &mut Event, sensor: &str) {
    let (kind, rest) = match SensorType::beginning(sensor) {
        Some((kind, rest)) => (Some(kind), rest),
        None => match sensor.split_once('#') {
            Some((kind, _)) => (Some(SensorType::named(kind.trim_ascii())), sensor),
            None => (None, sensor),
        },
    };
    event.sensor_type = kind;
    match rest
        .rsplit_once('#')
        .map(|(before, number)| (before, printed::hex(number)))
    {
        Some((_, Some(number))) => event.sensor_number = Some(number),
        _ => event.sensor_name = Some(rest.to_owned()).filter(|name| !name.is_empty()),
    }
}

/// The columns behind the sensor: what happened, its direction, and details. What happened, or the sensor's name,
/// may hold the separator.
fn system(event: &mut Event, columns: &[&str], separator: &str) {
    let direction = |column: &&str| match *column {
        "Asserted" => Some(Direction::Asserted),
        "Deasserted" => Some(Direction::Deasserted),
        _ => None,
    };
    let at = columns
        .iter()
        .position(|column| direction(column).is_some());
    event.direction = at.and_then(|at| direction(columns.get(at)?));
    let happened = columns
        .get(..at.unwrap_or(columns.len()))
        .unwrap_or_default();
    let details = at
        .and_then(|at| columns.get(at.saturating_add(1)..))
        .unwrap_or_default();
    let details = details.join(separator);
    let code = event
        .sensor_type
        .as_ref()
        .and_then(|kind| kind.code)
        .unwrap_or(0);
    let known = |words: &str| Meaning::of_words(code, words.trim_end_matches(" ()")).is_some();
    match happened {
        // The name was cut: only what stands last is an event.
        [name @ .., words]
            if !name.is_empty() && known(words) && !known(&happened.join(separator)) =>
        {
            let name = name.join(separator);
            event.sensor = format!("{}{separator}{name}", event.sensor);
            let begin = event.sensor_name.take();
            event.sensor_name =
                Some(begin.map_or(name.clone(), |begin| format!("{begin}{separator}{name}")));
            event.happened(words);
        }
        _ => event.happened(&happened.join(separator)),
    }
    if !details.is_empty() {
        event.measured(&details);
        event.detail = match event.detail.take() {
            Some(detail) => Some(format!("{detail}; {details}")),
            None => Some(details),
        };
    }
}
