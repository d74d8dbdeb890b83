//! `ethtool -m PORT`: the plugged-in module, with its measured values (DOM), limits and alarms.

use serde::Serialize;

use super::lines::{known, lines, number};
use crate::Unreadable;

/// A transceiver module or cable.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Module {
    /// Its kind: `0x11 (QSFP28)`.
    pub identifier: Option<String>,
    /// Its connector: `0x0c (MPO Parallel Optic)`.
    pub connector: Option<String>,
    /// What it can carry, one entry per row: `100G Ethernet: 100G Base-SR4 or 25GBase-SR`.
    pub types: Vec<String>,
    /// Its maker.
    pub vendor: Option<String>,
    /// The maker's part number.
    pub part: Option<String>,
    /// The revision.
    pub revision: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// The date code as printed.
    pub date: Option<String>,
    /// Temperature in °C.
    pub temperature_c: Option<f64>,
    /// Supply voltage in V.
    pub voltage_v: Option<f64>,
    /// Light and current of each lane.
    pub lanes: Vec<Lane>,
    /// Limits: the module's own, in the unit of the value.
    pub limits: Vec<Limit>,
    /// Flags of alarms and warnings that the module raised or may raise.
    pub flags: Vec<Flag>,
    /// All other rows.
    pub extra: Vec<(String, String)>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// What a module measures on one lane.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lane {
    /// Its number, from 1; a module with one lane has 1.
    pub lane: u32,
    /// Current of the laser in mA.
    pub bias_ma: Option<f64>,
    /// Light sent in mW.
    pub sent_mw: Option<f64>,
    /// Light sent in dBm; `None` for no light at all (`-inf dBm`).
    pub sent_dbm: Option<f64>,
    /// Light received in mW.
    pub received_mw: Option<f64>,
    /// Light received in dBm; `None` for no light at all (`-inf dBm`).
    pub received_dbm: Option<f64>,
}

/// One limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Limit {
    /// Its name: `Laser bias current high alarm threshold`.
    pub name: String,
    /// Its value in mA, mW, °C or V.
    pub value: f64,
    /// Its value in dBm, for light.
    pub dbm: Option<f64>,
}

/// One flag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flag {
    /// Its name: `Laser tx power low alarm`, `Rx loss of signal`.
    pub name: String,
    /// The lane, where it belongs to one.
    pub lane: Option<u32>,
    /// Whether it is raised.
    pub on: bool,
}

/// Reads the module's text.
pub fn module(bytes: &[u8]) -> Result<Module, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut module = Module::default();
    let mut some = false;
    for line in lines(&text) {
        match line.row() {
            Some((name, value)) => {
                some |= line.text.contains(" : ") || name == "Identifier";
                add(&mut module, name, value);
            }
            None => module.unread.push(line.text.to_owned()),
        }
    }
    match some {
        true => Ok(module),
        false => Err(Unreadable::starting(
            "the module that ethtool -m prints",
            bytes,
        )),
    }
}

fn add(module: &mut Module, name: &str, value: &str) {
    let slot = match name {
        "Identifier" => &mut module.identifier,
        "Connector" => &mut module.connector,
        "Vendor name" => &mut module.vendor,
        "Vendor PN" => &mut module.part,
        "Vendor rev" => &mut module.revision,
        "Vendor SN" => &mut module.serial,
        "Date code" => &mut module.date,
        "Transceiver type" => {
            module.types.push(value.to_owned());
            return;
        }
        _ => return measured(module, name, value),
    };
    *slot = known(value);
}

fn measured(module: &mut Module, name: &str, value: &str) {
    let (base, lane) = without_lane(name);
    if base.ends_with("threshold")
        && let Some(first) = number(value)
    {
        module.limits.push(Limit {
            name: base.to_owned(),
            value: first,
            dbm: dbm(value),
        });
        return;
    }
    match base {
        "Module temperature" if number::<f64>(value).is_some() => {
            module.temperature_c = number(value)
        }
        "Module voltage" if number::<f64>(value).is_some() => module.voltage_v = number(value),
        "Laser bias current" | "Laser tx bias current" => {
            at_lane(module, lane, |lane| lane.bias_ma = number(value));
        }
        "Laser output power" | "Transmit avg optical power" => {
            at_lane(module, lane, |lane| {
                (lane.sent_mw, lane.sent_dbm) = (number(value), dbm(value))
            });
        }
        "Receiver signal average optical power"
        | "Receiver signal OMA"
        | "Rcvr signal avg optical power" => {
            at_lane(module, lane, |lane| {
                (lane.received_mw, lane.received_dbm) = (number(value), dbm(value));
            });
        }
        _ => flags(module, name, base, lane, value),
    }
}

/// `Off`, `On`, `Yes`, `No`, or one of them per lane: `[ Yes, No, No, No ]`. Other values go to `extra`.
fn flags(module: &mut Module, name: &str, base: &str, lane: Option<u32>, value: &str) {
    let one = |word: &str| match word.trim() {
        "On" | "Yes" => Some(true),
        "Off" | "No" => Some(false),
        _ => None,
    };
    let list = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let read: Option<Vec<bool>> = match list {
        Some(list) => list.split(',').map(one).collect(),
        None => one(value).map(|on| vec![on]),
    };
    let lower = name.to_ascii_lowercase();
    let raised = [" alarm", " warning", "loss of", "fault"];
    let alarm = raised.iter().any(|word| lower.contains(word));
    let Some(read) = read.filter(|_| alarm) else {
        module.extra.push((name.to_owned(), value.to_owned()));
        return;
    };
    for (number, on) in (1..).zip(read) {
        module.flags.push(Flag {
            name: base.to_owned(),
            lane: lane.or(list.map(|_| number)),
            on,
        });
    }
}

/// `Laser tx power low alarm    (Channel 1)`: name and lane.
fn without_lane(name: &str) -> (&str, Option<u32>) {
    let Some((base, rest)) = name.rsplit_once('(') else {
        return (name, None);
    };
    let digits = rest
        .strip_prefix("Channel ")
        .or_else(|| rest.strip_prefix("Chan "));
    match digits.and_then(lane_number) {
        Some(lane) => (base.trim(), Some(lane)),
        None => (name, None),
    }
}

fn at_lane(module: &mut Module, lane: Option<u32>, set: impl FnOnce(&mut Lane)) {
    let lane = lane.unwrap_or(1);
    if let Some(known) = module.lanes.iter_mut().find(|known| known.lane == lane) {
        return set(known);
    }
    let mut new = Lane {
        lane,
        ..Lane::default()
    };
    set(&mut new);
    module.lanes.push(new);
}

/// A lane's number; modules have at most 16 lanes.
fn lane_number(digits: &str) -> Option<u32> {
    let number = digits.trim_end_matches(')').trim().parse().ok();
    number.filter(|number| (1..=64).contains(number))
}

/// `1.0000 mW / 0.00 dBm`
fn dbm(value: &str) -> Option<f64> {
    let text = value.strip_suffix("dBm")?;
    let word = text.trim_end().rsplit([' ', '/']).next()?;
    word.parse().ok().filter(|dbm: &f64| dbm.is_finite())
}
