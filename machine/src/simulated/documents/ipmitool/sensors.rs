//! The sensors of a simulated machine's controller, by its profile and the faults that last.

use crate::simulated::profile::{Fault, Psu};
use crate::simulated::read::power;
use crate::simulated::world::World;

/// Kinds of parts (IPMI 2.0, table 43-13).
mod entity {
    pub const PROCESSOR: u8 = 3;
    pub const SYSTEM_BOARD: u8 = 7;
    pub const POWER_SUPPLY: u8 = 10;
    pub const FAN: u8 = 29;
    pub const AIR_INLET: u8 = 64;
}

/// A sensor.
#[derive(Debug)]
pub struct Sensor {
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: u8,
    /// The part that it belongs to: the kind, and which.
    pub entity: (u8, u8),
    /// Its type's name and code.
    pub kind: (&'static str, u8),
    /// What it reads.
    pub reads: Reads,
}

/// What a sensor reads.
#[derive(Debug)]
pub enum Reads {
    /// A number, and the limits beyond which it is worth a look, and bad.
    Value {
        value: f64,
        unit: &'static str,
        /// Critical, non-critical.
        lower: Option<(f64, f64)>,
        /// Non-critical, critical.
        upper: Option<(f64, f64)>,
    },
    /// States: the bit of each, and its words.
    States(Vec<(u8, &'static str)>),
}

/// A level of a sensor's limits, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Within all limits.
    Ok,
    /// Beyond a non-critical limit, on the lower side or not.
    NonCritical { lower: bool },
    /// Beyond a critical one.
    Critical { lower: bool },
}

impl Sensor {
    /// Where its value stands among its limits.
    pub fn level(&self) -> Level {
        let Reads::Value {
            value,
            lower,
            upper,
            ..
        } = &self.reads
        else {
            return Level::Ok;
        };
        let below =
            |limit: fn(&(f64, f64)) -> f64| lower.as_ref().is_some_and(|l| *value <= limit(l));
        let above =
            |limit: fn(&(f64, f64)) -> f64| upper.as_ref().is_some_and(|l| *value >= limit(l));
        match () {
            () if below(|l| l.0) => Level::Critical { lower: true },
            () if above(|l| l.1) => Level::Critical { lower: false },
            () if below(|l| l.1) => Level::NonCritical { lower: true },
            () if above(|l| l.0) => Level::NonCritical { lower: false },
            () => Level::Ok,
        }
    }
}

/// Which one of its kind, from 1.
fn nth(index: usize) -> u8 {
    u8::try_from(index.saturating_add(1)).unwrap_or(u8::MAX)
}

/// Every sensor.
pub fn of(world: &World) -> Vec<Sensor> {
    let profile = &world.profile;
    let mut sensors = Vec::new();
    let mut add = |name: String, entity, kind, reads| {
        let number = u8::try_from(sensors.len().saturating_add(4)).unwrap_or(u8::MAX);
        sensors.push(Sensor {
            name,
            number,
            entity,
            kind,
            reads,
        });
    };
    let celsius = |value: f64, upper| Reads::Value {
        value: value.round(),
        unit: "degrees C",
        lower: None,
        upper: Some(upper),
    };
    const TEMPERATURE: (&str, u8) = ("Temperature", 0x01);
    let inlet = world.about(profile.ambient, 0.01, "inlet");
    add(
        "Inlet Temp".to_owned(),
        (entity::AIR_INLET, 1),
        TEMPERATURE,
        celsius(inlet, (38.0, 42.0)),
    );
    for (package, degrees) in world.thermal.packages.iter().enumerate() {
        let limit = profile.cpu.throttle_at;
        add(
            format!("CPU{} Temp", nth(package)),
            (entity::PROCESSOR, nth(package)),
            TEMPERATURE,
            celsius(*degrees, (limit - 3.0, limit)),
        );
    }
    for (index, fan) in profile.fans.iter().enumerate() {
        let turning = world.about(fan.rpm * world.thermal.duty, 0.008, &fan.name);
        // A controller reports fans in steps of 60 rpm or so.
        let steps = (turning / 60.0).round();
        let rpm = if world.fan_turns(&fan.name) {
            steps * 60.0
        } else {
            0.0
        };
        let reads = Reads::Value {
            value: rpm,
            unit: "RPM",
            lower: Some(((fan.rpm * 0.08).round(), (fan.rpm * 0.12).round())),
            upper: None,
        };
        add(
            fan.name.clone(),
            (entity::FAN, nth(index)),
            ("Fan", 0x04),
            reads,
        );
    }
    for rail in &profile.rails {
        let off = world.faults().find_map(|f| match f {
            Fault::RailOff { rail: name, volts } if *name == rail.name => Some(*volts),
            _ => None,
        });
        let volts = world.about(off.unwrap_or(rail.volts), 0.006, &rail.name);
        let limit = |part: f64| (rail.volts * part * 1000.0).round() / 1000.0;
        let reads = Reads::Value {
            value: (volts * 100.0).round() / 100.0,
            unit: "Volts",
            lower: Some((limit(0.93), limit(0.95))),
            upper: Some((limit(1.05), limit(1.07))),
        };
        add(
            rail.name.clone(),
            (entity::SYSTEM_BOARD, 1),
            ("Voltage", 0x02),
            reads,
        );
    }
    for (index, psu) in power::servers(world).enumerate() {
        for (name, kind, reads) in of_supply(world, psu) {
            add(name, (entity::POWER_SUPPLY, nth(index)), kind, reads);
        }
    }
    if let Some(redundant) = power::redundant(world) {
        let states = if redundant {
            vec![(0, "Fully Redundant")]
        } else {
            vec![
                (1, "Redundancy Lost"),
                (3, "Non-Redundant: Sufficient from Redundant"),
            ]
        };
        add(
            "PS Redundancy".to_owned(),
            (entity::SYSTEM_BOARD, 1),
            ("Power Supply", 0x08),
            Reads::States(states),
        );
    }
    add(
        "Pwr Consumption".to_owned(),
        (entity::SYSTEM_BOARD, 1),
        ("Current", 0x03),
        Reads::Value {
            value: power::drawn(world).round(),
            unit: "Watts",
            lower: None,
            upper: None,
        },
    );
    sensors
}

/// The sensors of one supply: its state, and what goes into it.
fn of_supply(world: &World, psu: &Psu) -> [(String, (&'static str, u8), Reads); 3] {
    let mut states = vec![(0, "Presence detected")];
    if power::has_failed(world, psu) {
        states.push((1, "Failure detected"));
    }
    if power::has_lost_input(world, psu) {
        states.push((3, "Power Supply AC lost"));
    }
    let bare = psu.name.strip_suffix(" Status").unwrap_or(&psu.name);
    let measured = |value: f64, unit, upper| Reads::Value {
        value: value.round(),
        unit,
        lower: None,
        upper,
    };
    let rated = psu.rated_watts.map(|watts| (watts, (watts * 1.05).round()));
    [
        (
            psu.name.clone(),
            ("Power Supply", 0x08),
            Reads::States(states),
        ),
        (
            format!("{bare} Input Power"),
            ("Current", 0x03),
            measured(power::input_watts(world, psu), "Watts", rated),
        ),
        (
            format!("{bare} Input Volt"),
            ("Voltage", 0x02),
            measured(power::input_volts(world, psu), "Volts", None),
        ),
    ]
}
