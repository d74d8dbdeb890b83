//! What a hardware monitoring channel measures, and the unit of its numbers.

use serde::Serialize;

/// What a channel measures. It fixes the unit of its values and limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SensorKind {
    /// Degrees Celsius; the kernel writes thousandths.
    Temperature,
    /// Revolutions a minute.
    Fan,
    /// Volts; the kernel writes thousandths.
    Voltage,
    /// Amperes; the kernel writes thousandths.
    Current,
    /// Watts; the kernel writes millionths.
    Power,
    /// Joules since some start; the kernel writes millionths.
    Energy,
    /// Per cent of relative humidity; the kernel writes thousandths.
    Humidity,
    /// Hertz.
    Frequency,
    /// A switch that says whether the case was opened: no value, its alarm says so.
    Intrusion,
    /// Something else; the number is as the kernel writes it.
    Other,
}

impl SensorKind {
    /// The kind of a channel: `temp1`, `in0`.
    pub fn of(channel: &str) -> SensorKind {
        match channel.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "temp" => SensorKind::Temperature,
            "fan" => SensorKind::Fan,
            "in" => SensorKind::Voltage,
            "curr" => SensorKind::Current,
            "power" => SensorKind::Power,
            "energy" => SensorKind::Energy,
            "humidity" => SensorKind::Humidity,
            "freq" => SensorKind::Frequency,
            "intrusion" => SensorKind::Intrusion,
            _ => SensorKind::Other,
        }
    }

    /// By what the kernel's numbers are multiplied.
    pub fn divisor(self) -> f64 {
        match self {
            SensorKind::Temperature
            | SensorKind::Voltage
            | SensorKind::Current
            | SensorKind::Humidity => 1e3,
            SensorKind::Power | SensorKind::Energy => 1e6,
            _ => 1.0,
        }
    }

    /// The unit's UCUM code: `Cel`, `/min`, `V`, `A`, `W`, `J`, `%`, `Hz`; empty where there is none.
    pub fn unit(self) -> &'static str {
        match self {
            SensorKind::Temperature => "Cel",
            SensorKind::Fan => "/min",
            SensorKind::Voltage => "V",
            SensorKind::Current => "A",
            SensorKind::Power => "W",
            SensorKind::Energy => "J",
            SensorKind::Humidity => "%",
            SensorKind::Frequency => "Hz",
            SensorKind::Intrusion | SensorKind::Other => "",
        }
    }
}
