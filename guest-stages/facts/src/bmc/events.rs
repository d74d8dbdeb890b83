//! The facts of the event log, and the choice of its parser.

use serde::Serialize;
use serde_json::{Map, Value};

use super::printed::{self, lines};
use super::{Entity, Meaning, SensorType, Time, Unit, listed_event, verbose_event};
use crate::Unreadable;

/// The controller's event log (SEL), in the listing's order: usually oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventLog {
    /// Its records.
    pub events: Vec<Event>,
    /// What ipmitool complained of.
    pub complaints: Vec<String>,
    /// Rows that could not be read.
    pub unread: Vec<String>,
}

/// One record of the event log.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The record's id, 1 to 65534. Ids begin anew when the log is cleared, and may wrap.
    pub id: u32,
    /// What kind of record it is.
    pub kind: RecordKind,
    /// The record type: 02h for system events, C0h to DFh and E0h to FFh for the maker's.
    pub record_type: Option<u8>,
    /// When it was logged; `None` for a record without a time.
    pub time: Option<Time>,
    /// Who sent it: the generator id of `-v`: 0020h is the controller, 0001h and 0033h are BIOS.
    pub generator: Option<u16>,
    /// The type of the sensor that sent it.
    pub sensor_type: Option<SensorType>,
    /// The number of that sensor, 0 to 255. `elist` prints the name instead, where it knows the sensor.
    pub sensor_number: Option<u8>,
    /// The name of that sensor. Several sensors may share it.
    pub sensor_name: Option<String>,
    /// The part of that sensor, which `-v` prints behind the record.
    pub entity: Option<Entity>,
    /// Sensor type and name as printed: `Power Supply PS1 Status`.
    pub sensor: String,
    /// The event/reading type: 01h threshold, 02h to 0Ch generic, 6Fh sensor-specific; by `-v` or by the words.
    pub event_type: Option<u8>,
    /// What happened, as printed, without detail and without spaces around it.
    pub text: String,
    /// What ipmitool adds to it: the memory module, the device's address, a reading and its threshold.
    pub detail: Option<String>,
    /// What it means by the standard.
    pub meaning: Option<Meaning>,
    /// The event's offset, 0 to 15: by its data or by its words.
    pub offset: Option<u8>,
    /// Whether the state came or went.
    pub direction: Option<Direction>,
    /// The reading and the threshold at that moment.
    pub reading: Option<EventReading>,
    /// The event data bytes as hexadecimal digits: `a10000`; of a maker's record all its data.
    pub data: Option<String>,
    /// The maker of a maker's record: its enterprise number.
    pub manufacturer: Option<u32>,
    /// Fields of a verbose record that are not known here, as printed.
    pub extra: Map<String, Value>,
    /// The row as printed; empty for a verbose record.
    pub row: String,
}

/// Kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// A system event in the standard's form.
    System,
    /// A record in the maker's own form.
    Oem,
    /// A panic that the kernel of Linux wrote: a few letters of its message a record.
    KernelPanic,
}

/// Whether a state came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It came.
    Asserted,
    /// It went.
    Deasserted,
}

/// The reading that sent a threshold event: `Reading 0 < Threshold 300 RPM`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventReading {
    /// The reading, in `unit`.
    pub reading: f64,
    /// The threshold, in `unit`.
    pub threshold: Option<f64>,
    /// The unit.
    pub unit: Option<Unit>,
}

/// Reads `ipmitool sel list`, `sel elist`, both with `-v` or `-c`, and `sel get ID`. An empty log is an empty list,
/// whether ipmitool prints nothing or that there are no entries.
pub fn event_log(sel: &[u8]) -> Result<EventLog, Unreadable> {
    let text = printed::text(sel);
    let is_block = |line: &str| line.trim_ascii_start().starts_with("SEL Record ID");
    let log = match lines(&text).any(is_block) {
        true => verbose_event::read(&text),
        false => listed_event::read(&text),
    };
    let says_empty = text.contains("SEL has no entries");
    if log.events.is_empty() && !says_empty && !text.trim_ascii().is_empty() {
        return Err(Unreadable::starting("ipmitool's event log", sel));
    }
    Ok(log)
}

impl Event {
    pub(super) fn numbered(id: u32) -> Self {
        Event {
            id,
            kind: RecordKind::System,
            record_type: None,
            time: None,
            generator: None,
            sensor_type: None,
            sensor_number: None,
            sensor_name: None,
            entity: None,
            sensor: String::new(),
            event_type: None,
            text: String::new(),
            detail: None,
            meaning: None,
            offset: None,
            direction: None,
            reading: None,
            data: None,
            manufacturer: None,
            extra: Map::new(),
            row: String::new(),
        }
    }

    /// Takes the words for what happened: their detail, and what they mean.
    pub(super) fn happened(&mut self, text: &str) {
        let text = text.trim_ascii();
        let (words, detail) = match self.meaning_of(text) {
            Some(_) => (text, ""),
            None => self.apart(text),
        };
        self.text = words.to_owned();
        if !detail.is_empty() {
            self.detail = Some(detail.to_owned());
        }
        self.meaning = self.meaning_of(words);
        self.settle();
    }

    /// Splits `Uncorrectable ECC (CPU0_G1)`, `Config Error: Vendor Mismatch` and the like. Words without brackets are a
    /// detail only behind words that mean something.
    fn apart<'a>(&self, text: &'a str) -> (&'a str, &'a str) {
        let bracket = text
            .strip_suffix(')')
            .and_then(|text| text.split_once(" ("));
        if let Some((words, detail)) = bracket {
            return (words.trim_ascii(), detail.trim_ascii());
        }
        for separator in [": ", ", ", " @"] {
            if let Some((words, detail)) = text.split_once(separator)
                && self.meaning_of(words).is_some()
            {
                return (words, detail.trim_ascii());
            }
        }
        (text, "")
    }

    fn meaning_of(&self, words: &str) -> Option<Meaning> {
        let code = self.sensor_type.as_ref().and_then(|kind| kind.code);
        Meaning::of_type(code, words)
    }

    /// Fills codes from the meaning, and the meaning from codes, which are surer than words.
    fn settle(&mut self) {
        let data = self
            .data
            .as_deref()
            .filter(|_| self.kind == RecordKind::System);
        let first = data.and_then(|data| printed::hex::<u8>(data.get(..2)?));
        self.offset = first.map(|first| first & 0x0f);
        let code = self.sensor_type.as_ref().and_then(|kind| kind.code);
        if let (Some(event_type), Some(offset)) = (self.event_type, self.offset) {
            self.meaning = Meaning::of(event_type, code.unwrap_or(0), offset).or(self.meaning);
        }
        self.event_type = self.event_type.or(self.meaning.map(Meaning::event_type));
        if let Some(kind) = &mut self.sensor_type {
            kind.code = kind.code.or(self.meaning.and_then(Meaning::sensor_type));
        }
        self.offset = self.offset.or(self.meaning.map(Meaning::offset));
    }

    /// Takes `Reading 101 > Threshold 100 degrees C`.
    pub(super) fn measured(&mut self, detail: &str) {
        let Some(rest) = detail.trim_ascii().strip_prefix("Reading ") else {
            return;
        };
        let mut words = rest.splitn(2, ' ');
        let Some(reading) = words.next().and_then(printed::decimal) else {
            return;
        };
        let more = words.next().unwrap_or_default();
        let (threshold, unit) = match more.split_once("Threshold ") {
            Some((_, limit)) => limit
                .trim_ascii()
                .split_once(' ')
                .unwrap_or((limit.trim_ascii(), "")),
            None => ("", more),
        };
        self.reading = Some(EventReading {
            reading,
            threshold: printed::decimal(threshold),
            unit: Unit::read(unit).map(|(unit, _)| unit),
        });
    }
}
