//! `sensors -j`: chips with their values, as the kernel's hwmon gives them.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Unreadable;
use crate::fio::document;

/// The chips.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sensors {
    /// Each chip.
    pub chips: Vec<Chip>,
    /// Whether the document came to its end.
    pub whole: bool,
    /// Lines that are not JSON, such as errors of single values.
    pub unread: Vec<String>,
}

/// One chip.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Chip {
    /// Its name: `coretemp-isa-0000`.
    pub name: String,
    /// What it is connected to: `ISA adapter`.
    pub adapter: Option<String>,
    /// Its values.
    pub values: Vec<Reading>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// One value.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reading {
    /// The label: `Package id 0`, `fan1`.
    pub label: String,
    /// The value's name: `temp1_input`, `temp1_crit_alarm`, `fan1_fault`.
    pub name: String,
    /// The value in °C, V, A, W, rpm; 0 and 1 for alarms and faults.
    pub value: f64,
}

/// Reads the chips.
pub fn sensors(bytes: &[u8]) -> Result<Sensors, Unreadable> {
    let found = document::find(bytes);
    let mut sensors = Sensors {
        unread: found.outside,
        ..Sensors::default()
    };
    sensors.unread.extend(found.unread);
    let some = !found.documents.is_empty();
    sensors.whole = some;
    for document in found.documents {
        sensors.whole &= document.whole;
        for (name, value) in document.value {
            match value {
                Value::Object(members) => sensors.chips.push(chip(name, members)),
                other => sensors.unread.push(format!("{name}: {other}")),
            }
        }
    }
    match some {
        true => Ok(sensors),
        false => Err(Unreadable::starting("the JSON of sensors", bytes)),
    }
}

fn chip(name: String, members: Map<String, Value>) -> Chip {
    let mut chip = Chip {
        name,
        ..Chip::default()
    };
    for (label, value) in members {
        match value {
            Value::String(adapter) if label == "Adapter" => chip.adapter = Some(adapter),
            Value::Object(values) => add(&mut chip, &label, values),
            other => {
                chip.extra.insert(label, other);
            }
        }
    }
    chip
}

fn add(chip: &mut Chip, label: &str, values: Map<String, Value>) {
    let mut others = Map::new();
    for (name, value) in values {
        match value.as_f64() {
            Some(value) => chip.values.push(Reading {
                label: label.to_owned(),
                name,
                value,
            }),
            None => {
                others.insert(name, value);
            }
        }
    }
    if !others.is_empty() {
        chip.extra.insert(label.to_owned(), Value::Object(others));
    }
}
