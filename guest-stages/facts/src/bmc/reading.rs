//! A sensor's reading and status, in all the words that ipmitool's listings use.

use serde::Serialize;

use super::printed;

/// What a sensor reads now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// Whether there is a reading, and why not.
    pub state: ReadingState,
    /// The value in `unit`; `None` without an analog reading.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: Option<Unit>,
    /// Whether the record marks the unit as per cent (`% RPM`), which many controllers do by mistake.
    pub percent: bool,
    /// The tolerance in `unit` that the record states: `(+/- 1)`.
    pub tolerance: Option<f64>,
    /// The reading's byte, where it is printed (`13h`, `0x1`): no state bits, except in `sensor` and plain
    /// `sdr` listings, where it holds the lower eight of them.
    pub byte: Option<u8>,
    /// The reading as printed, states included.
    pub text: String,
}

/// Whether a sensor has a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadingState {
    /// An analog value was read.
    Value,
    /// State bits were read, and no analog value. Perhaps no bit is set.
    States,
    /// The controller marks the reading as unavailable, or did not answer for this sensor.
    NoReading,
    /// Scanning of this sensor is switched off.
    Disabled,
    /// The device that holds the sensor is not there.
    NotPresent,
    /// Such a sensor has no reading: it only sends events.
    EventOnly,
    /// The listing prints no reading in words that are known.
    Unknown,
}

/// Units of readings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Degrees Celsius.
    DegreesC,
    /// Degrees Fahrenheit.
    DegreesF,
    /// Kelvin.
    DegreesK,
    /// Volts.
    Volts,
    /// Amperes.
    Amps,
    /// Watts.
    Watts,
    /// Joules.
    Joules,
    /// Revolutions per minute.
    Rpm,
    /// Per cent of the maximum.
    Percent,
    /// Cubic feet per minute.
    Cfm,
    /// The record states none: the number may be anything.
    Unspecified,
    /// Another, as printed.
    Other(String),
}

impl Unit {
    /// Reads a unit and the per-cent mark before it.
    pub(super) fn read(text: &str) -> Option<(Self, bool)> {
        let text = text.trim_ascii();
        let (bare, marked) = match text.strip_prefix("% ") {
            Some(bare) => (bare.trim_ascii_start(), true),
            None => (text, false),
        };
        let unit = match bare {
            "" => return None,
            "degrees C" => Unit::DegreesC,
            "degrees F" => Unit::DegreesF,
            "degrees K" => Unit::DegreesK,
            "Volts" => Unit::Volts,
            "Amps" => Unit::Amps,
            "Watts" => Unit::Watts,
            "Joules" => Unit::Joules,
            "RPM" => Unit::Rpm,
            "percent" | "%" | "% unspecified" => Unit::Percent,
            "unspecified" if marked => Unit::Percent,
            "CFM" => Unit::Cfm,
            "unspecified" => Unit::Unspecified,
            other => Unit::Other(other.to_owned()),
        };
        Some((unit, marked))
    }
}

/// The status that the controller gives a threshold sensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Within all limits; of a discrete sensor: it was read.
    Ok,
    /// No status: the sensor was not read (`ns`, `na`, `Not Available`).
    NotAvailable,
    /// Beyond a non-critical limit; which side is not printed (`nc`).
    NonCritical,
    /// At or below the lower non-critical limit.
    LowerNonCritical,
    /// At or above the upper non-critical limit.
    UpperNonCritical,
    /// Beyond a critical limit; which side is not printed (`cr`).
    Critical,
    /// At or below the lower critical limit.
    LowerCritical,
    /// At or above the upper critical limit.
    UpperCritical,
    /// Beyond a non-recoverable limit; which side is not printed (`nr`).
    NonRecoverable,
    /// At or below the lower non-recoverable limit.
    LowerNonRecoverable,
    /// At or above the upper non-recoverable limit.
    UpperNonRecoverable,
    /// Another word, as printed.
    Other(String),
}

impl Status {
    /// Reads the short word of a table or the long one of a verbose listing.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
        Some(match () {
            () if text.is_empty() => return None,
            () if is(&["ok"]) => Status::Ok,
            () if is(&["ns", "na", "n/a", "not available", "no reading"]) => Status::NotAvailable,
            () if is(&["nc", "non-critical"]) => Status::NonCritical,
            () if is(&["lnc", "lower non-critical"]) => Status::LowerNonCritical,
            () if is(&["unc", "upper non-critical"]) => Status::UpperNonCritical,
            () if is(&["cr", "critical"]) => Status::Critical,
            () if is(&["lcr", "lower critical"]) => Status::LowerCritical,
            () if is(&["ucr", "upper critical"]) => Status::UpperCritical,
            () if is(&["nr", "non-recoverable"]) => Status::NonRecoverable,
            () if is(&["lnr", "lower non-recoverable"]) => Status::LowerNonRecoverable,
            () if is(&["unr", "upper non-recoverable"]) => Status::UpperNonRecoverable,
            () => Status::Other(text.to_owned()),
        })
    }
}

impl Reading {
    pub(super) fn of_state(state: ReadingState, text: &str) -> Self {
        Reading {
            state,
            value: None,
            unit: None,
            percent: false,
            tolerance: None,
            byte: None,
            text: text.to_owned(),
        }
    }

    /// A value with its unit apart.
    pub(super) fn of_value(value: &str, unit: &str, text: &str) -> Self {
        let mut reading = Self::of_state(ReadingState::Unknown, text);
        reading.value = printed::decimal(value.trim_ascii());
        if let Some((unit, percent)) = Unit::read(unit) {
            reading.unit = Some(unit);
            reading.percent = percent;
        }
        if reading.value.is_some() {
            reading.state = ReadingState::Value;
        }
        reading
    }

    /// Reads one column or field, and gives what follows a comma: the states of a sensor that has both.
    /// `45 (+/- 1) degrees C`, `0 Watts, Presence detected`, `13h`, `0x01`, `No Reading`.
    pub(super) fn read(text: &str) -> (Self, &str) {
        let text = text.trim_ascii();
        if let Some(state) = absent(text) {
            return (Self::of_state(state, text), "");
        }
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        if let Some(byte) = byte(word).filter(|_| rest.is_empty()) {
            let mut reading = Self::of_state(ReadingState::States, text);
            reading.byte = Some(byte);
            return (reading, "");
        }
        if printed::decimal(word).is_none() {
            return (Self::of_state(ReadingState::States, text), text);
        }
        let (measure, states) = rest.split_once(", ").unwrap_or((rest, ""));
        let (tolerance, unit) = match measure.trim_ascii().strip_prefix("(+/-") {
            Some(more) => match more.split_once(')') {
                Some((tolerance, unit)) => (printed::decimal(tolerance.trim_ascii()), unit),
                None => (None, ""),
            },
            None => (None, measure),
        };
        let mut reading = Self::of_value(word, unit, text);
        reading.tolerance = tolerance;
        (reading, states)
    }
}

fn byte(word: &str) -> Option<u8> {
    (word.starts_with("0x") || word.ends_with('h')).then(|| printed::hex(word))?
}

/// The words for a reading that is not there.
fn absent(text: &str) -> Option<ReadingState> {
    const WORDS: [(&str, ReadingState); 12] = [
        ("No Reading", ReadingState::NoReading),
        ("na", ReadingState::NoReading),
        ("Not Readable", ReadingState::NoReading),
        ("Not Available", ReadingState::NoReading),
        ("Unable to read", ReadingState::NoReading),
        ("Disabled", ReadingState::Disabled),
        ("Not Present", ReadingState::NotPresent),
        ("Device Not Present", ReadingState::NotPresent),
        ("Event-Only", ReadingState::EventOnly),
        ("Event Only", ReadingState::EventOnly),
        ("Unavailable", ReadingState::NoReading),
        ("Unknown", ReadingState::Unknown),
    ];
    let found = WORDS
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text));
    found.map(|(_, state)| *state)
}
