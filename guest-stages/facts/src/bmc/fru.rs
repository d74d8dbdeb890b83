//! Parts with data of their own: `fru print`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::printed::{self, field, lines};
use crate::Unreadable;

/// What `fru print` lists.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Frus {
    /// The units, in the listing's order. The controller's own board is unit 0, and may come twice.
    pub units: Vec<Fru>,
    /// Rows that belong to no unit, and complaints.
    pub unread: Vec<String>,
}

/// One field-replaceable unit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fru {
    /// Its name in the repository: `PS1`, `Builtin FRU Device`.
    pub description: String,
    /// Its number, 0 to 254; `None` where the listing does not print it.
    pub id: Option<u8>,
    /// Whether its data were read.
    pub presence: FruPresence,
    /// The controller's words where they were not: "Timeout".
    pub absence: Option<String>,
    /// The chassis.
    pub chassis: FruChassis,
    /// The board.
    pub board: FruBoard,
    /// The product.
    pub product: FruProduct,
    /// Rated power of a power supply, in watts (`-v` only).
    pub capacity_watts: Option<f64>,
    /// The other records (`-v` only) and fields, as printed, by the record's title and the field's name:
    /// `Power Supply Record: Peak VA`. A field that repeats is a list.
    pub extra: Map<String, Value>,
    /// Rows that could not be read.
    pub unread: Vec<String>,
}

/// Whether a unit's data were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FruPresence {
    /// They were.
    Read,
    /// `Device not present`: the unit did not answer. A supply that is there but dead says the same.
    NotPresent,
    /// The listing names the unit, and nothing more.
    Empty,
}

/// A unit's chassis fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FruChassis {
    /// "Rack Mount Chassis".
    pub kind: Option<String>,
    /// Part number.
    pub part_number: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// The maker's own fields.
    pub extra: Vec<String>,
}

/// A unit's board fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FruBoard {
    /// When it was made, as printed.
    pub made: Option<String>,
    /// Maker.
    pub manufacturer: Option<String>,
    /// Name.
    pub product: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Part number.
    pub part_number: Option<String>,
    /// Id of the file of its data.
    pub file_id: Option<String>,
    /// The maker's own fields.
    pub extra: Vec<String>,
}

/// A unit's product fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FruProduct {
    /// Maker.
    pub manufacturer: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Part number or model.
    pub part_number: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Asset tag, which the operator sets.
    pub asset_tag: Option<String>,
    /// Id of the file of its data.
    pub file_id: Option<String>,
    /// The maker's own fields.
    pub extra: Vec<String>,
}

/// Reads `ipmitool fru print`, with or without `-v`; of one unit (`fru print 1`) too, which then has no description.
pub fn frus(print: &[u8]) -> Result<Frus, Unreadable> {
    let text = printed::text(print);
    let mut found = Frus::default();
    let mut record = String::new();
    for line in lines(&text).filter(|line| !line.trim_ascii().is_empty()) {
        let trimmed = line.trim_ascii_start();
        if let Some(("FRU Device Description", value)) = field(trimmed) {
            found.units.push(described(value));
            record.clear();
            continue;
        }
        let absent = trimmed.strip_prefix("Device not present");
        let of_unit = line.starts_with(' ') && (absent.is_some() || is_of_unit(trimmed));
        if found.units.is_empty() && of_unit {
            found.units.push(described(""));
        }
        let Some(unit) = found.units.last_mut().filter(|_| line.starts_with(' ')) else {
            found.unread.push(line.to_owned());
            continue;
        };
        match (absent, field(trimmed)) {
            (Some(why), _) => {
                unit.presence = FruPresence::NotPresent;
                let why = why
                    .trim_ascii()
                    .trim_start_matches('(')
                    .trim_end_matches(')');
                unit.absence = Some(why.to_owned()).filter(|why| !why.is_empty());
            }
            (None, Some((name, value))) => {
                unit.presence = FruPresence::Read;
                // A record's fields are indented deeper than its title.
                if !line.starts_with("  ") {
                    record.clear();
                }
                take(unit, &record, name, value);
            }
            (None, None) if trimmed.ends_with("Record") => record = trimmed.to_owned(),
            (None, None) => unit.unread.push(line.to_owned()),
        }
    }
    match found.units.is_empty() {
        true => Err(Unreadable::starting(
            "the output of `ipmitool fru print`",
            print,
        )),
        false => Ok(found),
    }
}

fn is_of_unit(line: &str) -> bool {
    let begins = |word: &&str| line.starts_with(*word);
    ["Chassis ", "Board ", "Product "].iter().any(begins) && line.contains(':')
}

/// `PS1 (ID 4)`.
fn described(value: &str) -> Fru {
    let (name, id) = match value.rsplit_once("(ID") {
        Some((name, id)) => (name.trim_ascii(), printed::whole(id.trim_end_matches(')'))),
        None => (value, None),
    };
    Fru {
        description: name.to_owned(),
        id,
        presence: FruPresence::Empty,
        absence: None,
        chassis: FruChassis::default(),
        board: FruBoard::default(),
        product: FruProduct::default(),
        capacity_watts: None,
        extra: Map::new(),
        unread: Vec::new(),
    }
}

fn take(unit: &mut Fru, record: &str, name: &str, value: &str) {
    let (chassis, board, product) = (&mut unit.chassis, &mut unit.board, &mut unit.product);
    let place = match name {
        _ if !record.is_empty() => None,
        "Chassis Type" => Some(&mut chassis.kind),
        "Chassis Part Number" => Some(&mut chassis.part_number),
        "Chassis Serial" => Some(&mut chassis.serial),
        "Board Mfg Date" => Some(&mut board.made),
        "Board Mfg" => Some(&mut board.manufacturer),
        "Board Product" => Some(&mut board.product),
        "Board Serial" => Some(&mut board.serial),
        "Board Part Number" => Some(&mut board.part_number),
        "Board FRU ID" => Some(&mut board.file_id),
        "Product Manufacturer" => Some(&mut product.manufacturer),
        "Product Name" => Some(&mut product.name),
        "Product Part Number" => Some(&mut product.part_number),
        "Product Version" => Some(&mut product.version),
        "Product Serial" => Some(&mut product.serial),
        "Product Asset Tag" => Some(&mut product.asset_tag),
        "Product FRU ID" => Some(&mut product.file_id),
        _ => None,
    };
    let value = value.to_owned();
    match (place, name) {
        (Some(place @ None), _) => *place = Some(value).filter(|value| !value.is_empty()),
        (None, "Chassis Extra") => chassis.extra.push(value),
        (None, "Board Extra") => board.extra.push(value),
        (None, "Product Extra") => product.extra.push(value),
        _ => {
            if record.starts_with("Power Supply") && name == "Capacity" {
                unit.capacity_watts = printed::number(&value);
            }
            let key = match record {
                "" => name.to_owned(),
                record => format!("{record}: {name}"),
            };
            add(&mut unit.extra, key, Value::String(value));
        }
    }
}

fn add(extra: &mut Map<String, Value>, key: String, value: Value) {
    match extra.get_mut(&key) {
        None => {
            extra.insert(key, value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(one) => *one = Value::Array(vec![one.take(), value]),
    }
}
