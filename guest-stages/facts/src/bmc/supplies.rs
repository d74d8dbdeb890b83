//! Power supplies: the sensors of one bay joined, with the data of the unit in it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sensor::{Class, DeviceKind, Sensor, Sensors};
use super::{Frus, Meaning, ReadingState, State, Unit};

/// The kind of part of a power supply (IPMI 2.0, table 43-13).
const POWER_SUPPLY: u8 = 0x0a;

/// Event/reading type of redundancy states (IPMI 2.0, table 42-2).
const REDUNDANCY: u8 = 0x0b;

/// Beyond this many volts a supply's voltage is that of its mains.
const MAINS_VOLTS: f64 = 60.0;

/// One bay for a power supply.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Supply {
    /// Its name: that of the sensor with its state, or what its sensors' names begin with.
    pub name: String,
    /// Which one it is, by its sensors' names, and without a number in them by its entity.
    pub number: Option<u8>,
    /// Whether a supply is in it. A bay whose sensors have no reading is empty.
    pub present: Option<bool>,
    /// The states that are asserted now, each once.
    pub states: Vec<State>,
    /// What goes into it, in watts.
    pub input_watts: Option<f64>,
    /// What comes out of it, in watts.
    pub output_watts: Option<f64>,
    /// The voltage at its input, in volts.
    pub input_volts: Option<f64>,
    /// Model, by its unit's data.
    pub model: Option<String>,
    /// Serial number, by its unit's data.
    pub serial: Option<String>,
    /// Its sensors, by their places in the listing.
    pub sensors: Vec<usize>,
}

/// The bays of a listing, in its order. Sensors of one entity are one bay, however they are called; those
/// without such an entity are joined by the number in their names. `units` gives models and serial numbers.
pub fn supplies(listing: &Sensors, units: &Frus) -> Vec<Supply> {
    let mut bays = Bays::default();
    for (at, sensor) in listing.sensors.iter().enumerate() {
        if !of_supplies_together(sensor) && sensor.class != Class::EventOnly {
            bays.add_by_entity(at, sensor);
        }
    }
    for (at, sensor) in listing.sensors.iter().enumerate() {
        if !of_supplies_together(sensor) && sensor.class != Class::EventOnly {
            bays.add_by_name(at, sensor);
        }
    }
    let mut found: Vec<Supply> = bays.0.iter().map(|bay| bay.supply(listing)).collect();
    found.sort_by_key(|supply| supply.sensors.first().copied());
    name_units(&mut found, &bays, listing, units);
    found
}

/// Whether it is about all supplies together, such as their redundancy, whatever its entity.
fn of_supplies_together(sensor: &Sensor) -> bool {
    let name = sensor.name.to_ascii_lowercase();
    sensor.event_type == Some(REDUNDANCY)
        || ["redun", "rdndn", "power supplies", "mismatch"]
            .iter()
            .any(|word| name.contains(word))
}

/// The number of the supply that a name speaks of: `PS1 Status`, `PSU_2`, `Pwr Supply 1 FRU`, `STATUS_PSU0`.
pub(super) fn number(name: &str) -> Option<u8> {
    let name = name.to_ascii_lowercase();
    for word in ["power supply", "pwr supply", "psu", "ps"] {
        for (at, _) in name.match_indices(word) {
            let before = name.get(..at).unwrap_or_default();
            if before.ends_with(|c: char| c.is_ascii_alphabetic()) {
                continue;
            }
            let rest = name
                .get(at.saturating_add(word.len())..)
                .unwrap_or_default();
            let rest = rest.trim_start_matches([' ', '_', '-', '#']);
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (digits, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            // A voltage is no supply's number.
            if after.starts_with(['v', '.']) {
                continue;
            }
            if let Ok(number) = digits.parse() {
                return Some(number);
            }
        }
    }
    None
}

/// One bay while its sensors are gathered.
#[derive(Default)]
struct Bay {
    instance: Option<u8>,
    number: Option<u8>,
    sensors: Vec<usize>,
}

#[derive(Default)]
struct Bays(Vec<Bay>);

impl Bays {
    fn add_by_entity(&mut self, at: usize, sensor: &Sensor) {
        let Some(entity) = sensor.entity.as_ref().filter(|e| e.id == POWER_SUPPLY) else {
            return;
        };
        let number = number(&sensor.name);
        let same = |bay: &&mut Bay| bay.instance == Some(entity.instance);
        match self.0.iter_mut().find(same) {
            Some(bay) => {
                bay.sensors.push(at);
                bay.number = bay.number.or(number);
            }
            None => self.0.push(Bay {
                instance: Some(entity.instance),
                number,
                sensors: vec![at],
            }),
        }
    }

    fn add_by_name(&mut self, at: usize, sensor: &Sensor) {
        let entity = sensor.entity.as_ref();
        let Some(number) =
            number(&sensor.name).filter(|_| entity.is_none_or(|e| e.id != POWER_SUPPLY))
        else {
            return;
        };
        let numbered = self.0.iter().any(|bay| bay.number.is_some());
        let same = |bay: &&mut Bay| match numbered {
            true => bay.number == Some(number),
            false => bay.instance == Some(number),
        };
        match self.0.iter_mut().find(same) {
            Some(bay) => bay.sensors.push(at),
            None => self.0.push(Bay {
                instance: None,
                number: Some(number),
                sensors: vec![at],
            }),
        }
    }
}

impl Bay {
    fn supply(&self, listing: &Sensors) -> Supply {
        let sensors = || {
            self.sensors
                .iter()
                .filter_map(|at| listing.sensors.get(*at))
        };
        let mut supply = Supply {
            number: self.number.or(self.instance),
            sensors: self.sensors.clone(),
            ..Supply::default()
        };
        for sensor in sensors() {
            supply.measure(sensor);
            for state in &sensor.asserted {
                if !supply.states.contains(state) {
                    supply.states.push(state.clone());
                }
            }
        }
        supply.present = present(sensors());
        supply.name = self.name(listing);
        supply
    }

    fn name(&self, listing: &Sensors) -> String {
        let sensors = || {
            self.sensors
                .iter()
                .filter_map(|at| listing.sensors.get(*at))
        };
        let states = || sensors().filter(|sensor| is_state(sensor));
        let first = states().next().or_else(|| sensors().next());
        let name = first.map_or("", |sensor| sensor.name.as_str());
        let number = self.number.or(self.instance);
        match (self.number, number) {
            // Several sensors have its state, or none: what their names have in common.
            (Some(_), Some(number)) if states().count() != 1 => {
                let digits = number.to_string();
                let end = name.find(&digits).map(|at| at.saturating_add(digits.len()));
                end.and_then(|end| name.get(..end))
                    .unwrap_or(name)
                    .to_owned()
            }
            // Dell calls the state of every supply `Status`.
            (None, Some(number)) => format!("PS{number} {name}"),
            _ => name.to_owned(),
        }
    }
}

/// Whether a sensor shows a supply's own state.
fn is_state(sensor: &Sensor) -> bool {
    let of_type = |code| sensor.sensor_type.as_ref().and_then(|kind| kind.code) == Some(code);
    let name = sensor.name.to_ascii_lowercase();
    of_type(0x08) || name.contains("status")
}

fn present<'a>(sensors: impl Iterator<Item = &'a Sensor>) -> Option<bool> {
    let (mut there, mut gone, mut silent, mut all) = (false, false, 0_usize, 0_usize);
    for sensor in sensors {
        all = all.saturating_add(1);
        let meanings = || sensor.asserted.iter().filter_map(|state| state.meaning);
        let is = |wanted: &[Meaning]| meanings().any(|meaning| wanted.contains(&meaning));
        there |= meanings().any(|meaning| meaning.sensor_type() == Some(0x08))
            || is(&[Meaning::DevicePresent, Meaning::EntityPresent])
            || sensor.reading.value.is_some_and(|value| value > 0.0);
        gone |= is(&[Meaning::DeviceAbsent, Meaning::EntityAbsent]);
        let name = sensor.name.to_ascii_lowercase();
        let of_state = ["status", "pres", "detect"]
            .iter()
            .any(|w| name.contains(w));
        gone |= of_state
            && sensor.asserted.is_empty()
            && sensor.reading.state == ReadingState::States
            && sensor.bits.unwrap_or(0) == 0
            && sensor.reading.byte.unwrap_or(0) == 0;
        let unread = matches!(
            sensor.reading.state,
            ReadingState::NoReading | ReadingState::Disabled | ReadingState::NotPresent
        );
        silent = silent.saturating_add(usize::from(unread));
    }
    match (there, gone || silent == all) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

impl Supply {
    fn measure(&mut self, sensor: &Sensor) {
        let Some(value) = sensor.reading.value else {
            return;
        };
        let name = sensor.name.to_ascii_lowercase();
        let input = ["input", "pin", "_in", " in", "vin"]
            .iter()
            .any(|w| name.contains(w));
        match sensor.reading.unit {
            Some(Unit::Watts) if input => self.input_watts = self.input_watts.or(Some(value)),
            Some(Unit::Watts) => self.output_watts = self.output_watts.or(Some(value)),
            Some(Unit::Volts) if value >= MAINS_VOLTS || input => {
                self.input_volts = self.input_volts.or(Some(value));
            }
            _ => {}
        }
    }
}

/// Gives supplies their models and serial numbers: by the number of the unit in the listing's records, or
/// by that in the unit's description.
fn name_units(found: &mut [Supply], bays: &Bays, listing: &Sensors, units: &Frus) {
    let mut of_instance = BTreeMap::new();
    for device in &listing.devices {
        let entity = device.entity.as_ref().filter(|e| e.id == POWER_SUPPLY);
        if let (DeviceKind::Fru, Some(entity), Some(id)) = (device.kind, entity, device.fru_id) {
            of_instance.insert(entity.instance, id);
        }
    }
    for supply in found {
        let bay = bays.0.iter().find(|bay| bay.sensors == supply.sensors);
        let id = bay.and_then(|bay| of_instance.get(&bay.instance?).copied());
        let by_id = units
            .units
            .iter()
            .find(|unit| id.is_some() && unit.id == id);
        let by_name = || {
            let mut named = units.units.iter();
            named.find(|unit| supply.number.is_some() && number(&unit.description) == supply.number)
        };
        if let Some(unit) = by_id.or_else(by_name) {
            let (product, board) = (&unit.product, &unit.board);
            let either = |a: &Option<String>, b: &Option<String>| a.clone().or_else(|| b.clone());
            supply.model = either(&product.name, &board.product)
                .or_else(|| either(&product.part_number, &board.part_number));
            supply.serial = either(&product.serial, &board.serial);
        }
    }
}

/// What the whole machine draws, in watts, by the sensor that measures it.
pub fn machine_watts(listing: &Sensors) -> Option<f64> {
    /// Beginnings of such sensors' names: Dell, HPE, Supermicro and Gigabyte, Lenovo and IBM, Quanta,
    /// Inspur, Fujitsu.
    const NAMES: [&str; 14] = [
        "pwr consumption",
        "system level",
        "power meter",
        "sys power",
        "sys_power",
        "system power",
        "total power",
        "total_power",
        "totalpower",
        "avg power",
        "sys total power",
        "node power",
        "chassis power",
        "psu total power",
    ];
    let named = |sensor: &&Sensor| {
        let name = sensor.name.to_ascii_lowercase();
        sensor.reading.unit == Some(Unit::Watts) && NAMES.iter().any(|n| name.starts_with(n))
    };
    let watts = listing
        .sensors
        .iter()
        .filter(named)
        .filter_map(|sensor| sensor.reading.value);
    watts.reduce(f64::max)
}
