//! One channel of a hardware monitoring chip.

use std::collections::BTreeMap;

use serde::Serialize;

use super::hwmon::Attributes;
use super::unit::SensorKind;

/// One sensor. Values and limits are in the unit that its kind says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensor {
    /// Its channel: `temp1`, `in0`.
    pub channel: String,
    /// What it measures.
    pub kind: SensorKind,
    /// Its label: `Package id 0`, `vin`, `Composite`.
    pub label: Option<String>,
    /// The reading; a power meter without one gives its average. `None`: see `unread`, `enabled`.
    pub value: Option<f64>,
    /// Why there is no reading, where the file is there.
    pub unread: Option<String>,
    /// The average (power).
    pub average: Option<f64>,
    /// Lowest normal value.
    pub min: Option<f64>,
    /// Highest normal value.
    pub max: Option<f64>,
    /// Critically low.
    pub lcrit: Option<f64>,
    /// Critically high.
    pub crit: Option<f64>,
    /// Beyond it the hardware acts by itself.
    pub emergency: Option<f64>,
    /// The power cap that is set.
    pub cap: Option<f64>,
    /// The lowest rated value.
    pub rated_min: Option<f64>,
    /// The highest rated value.
    pub rated_max: Option<f64>,
    /// The lowest value seen.
    pub lowest: Option<f64>,
    /// The highest value seen.
    pub highest: Option<f64>,
    /// The speed that a fan should have.
    pub target: Option<f64>,
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Whether the chip says that the sensor is broken or missing.
    pub fault: Option<bool>,
    /// What the chip says of alarms, set or not. Most clear when they are read.
    pub alarms: Vec<Flag>,
    /// A temperature sensor's type: 1 CPU diode, 2 transistor, 3 thermal diode, 4 thermistor, 5 AMD's
    /// interface, 6 Intel's PECI.
    pub sensor_type: Option<u32>,
    /// Other attributes as they were, and those whose text is not a number: `max_hyst`, `offset`.
    pub extra: BTreeMap<String, String>,
    /// Other attributes that could not be read, and why.
    pub gaps: BTreeMap<String, String>,
}

/// A flag that is set or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// Its name: `alarm`, `crit_alarm`, `min_alarm`.
    pub name: String,
    /// Whether it is set.
    pub set: bool,
}

/// One fan control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pwm {
    /// Its channel: `pwm1`.
    pub channel: String,
    /// Its duty from 0 to 255.
    pub duty: Option<u32>,
    /// 0: full speed without control; 1: by hand; 2 and above: by the chip.
    pub mode: Option<i64>,
    /// Other attributes as they were.
    pub extra: BTreeMap<String, String>,
    /// Attributes that could not be read, and why; the duty's is ``.
    pub gaps: BTreeMap<String, String>,
}

/// Takes an attribute that is a whole number; one that is not stays.
fn take(texts: &mut BTreeMap<String, String>, name: &str) -> Option<i64> {
    let number = texts.get(name)?.parse().ok()?;
    texts.remove(name);
    Some(number)
}

fn switch(texts: &mut BTreeMap<String, String>, name: &str) -> Option<bool> {
    take(texts, name).map(|number| number != 0)
}

pub(crate) fn sensor(channel: String, attributes: Attributes) -> Sensor {
    let Attributes {
        mut texts,
        mut gaps,
    } = attributes;
    let kind = SensorKind::of(&channel);
    // The kernel's numbers are far below what a 64-bit float holds exactly.
    let scale = |number: i64| number as f64 / kind.divisor();
    let label = texts.remove("label").filter(|label| !label.is_empty());
    let mut names: Vec<String> = texts
        .keys()
        .filter(|name| is_alarm(name))
        .cloned()
        .collect();
    names.sort_unstable();
    let alarms = names.into_iter().filter_map(|name| {
        let set = switch(&mut texts, &name)?;
        Some(Flag { name, set })
    });
    let alarms: Vec<Flag> = alarms.collect();
    let mut value = |name: &str| take(&mut texts, name).map(scale);
    let input = value("input");
    let average = value("average");
    let mut found = Sensor {
        kind,
        label,
        value: match kind {
            SensorKind::Power => input.or(average),
            _ => input,
        },
        unread: None,
        average,
        min: value("min"),
        max: value("max"),
        lcrit: value("lcrit"),
        crit: value("crit"),
        emergency: value("emergency"),
        cap: value("cap"),
        rated_min: value("rated_min"),
        rated_max: value("rated_max"),
        lowest: value("lowest").or_else(|| value("input_lowest")),
        highest: value("highest").or_else(|| value("input_highest")),
        target: value("target"),
        enabled: switch(&mut texts, "enable"),
        fault: switch(&mut texts, "fault"),
        alarms,
        sensor_type: texts.get("type").and_then(|text| text.parse().ok()),
        extra: BTreeMap::new(),
        gaps: BTreeMap::new(),
        channel,
    };
    if found.sensor_type.is_some() {
        texts.remove("type");
    }
    if found.value.is_none() {
        let gap = gaps.remove("input").or_else(|| gaps.remove("average"));
        let text = texts.get("input").map(|text| match text.is_empty() {
            true => "empty".to_owned(),
            false => format!("not a number: {text:?}"),
        });
        found.unread = gap.or(text);
    }
    found.extra = texts;
    found.gaps = gaps;
    found
}

fn is_alarm(attribute: &str) -> bool {
    attribute == "alarm" || attribute.ends_with("_alarm")
}

pub(crate) fn pwm(channel: String, attributes: Attributes) -> Pwm {
    let Attributes { mut texts, gaps } = attributes;
    let duty = texts.get("").and_then(|text| text.parse().ok());
    if duty.is_some() {
        texts.remove("");
    }
    Pwm {
        channel,
        duty,
        mode: take(&mut texts, "enable"),
        extra: texts,
        gaps,
    }
}
