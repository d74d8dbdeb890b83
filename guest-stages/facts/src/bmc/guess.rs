//! The sensor type of a row that does not print it, by the words of its states.

use super::sensor::{Sensor, TypeSource};
use super::{Meaning, SensorType, State};

/// Gives a sensor its states, and its type where they or the sensor's entity or name decide it.
pub(super) fn states(sensor: &mut Sensor, words: &[&str]) {
    if sensor.sensor_type.is_none() {
        let found = sensor_type(sensor, words);
        sensor.type_source = found.map(|(_, source)| source);
        sensor.sensor_type = found.map(|(code, _)| SensorType::coded(code));
    }
    let code = sensor.sensor_type.as_ref().and_then(|kind| kind.code);
    let meaning = |words: &&str| match code {
        Some(code) => Meaning::of_words(code, words),
        None => Meaning::generic(words),
    };
    sensor.asserted = words
        .iter()
        .map(|words| State::new(words, meaning(words)))
        .collect();
}

fn sensor_type(sensor: &Sensor, words: &[&str]) -> Option<(u8, TypeSource)> {
    // Types that know all words, generic ones aside.
    let mut types: Option<Vec<(u8, Meaning)>> = None;
    for words in words
        .iter()
        .filter(|words| Meaning::generic(words).is_none())
    {
        let known: Vec<(u8, Meaning)> = Meaning::specific(words).collect();
        if known.is_empty() {
            continue;
        }
        types = Some(match types {
            None => known,
            Some(types) => types
                .into_iter()
                .filter(|(code, _)| known.iter().any(|(other, _)| other == code))
                .collect(),
        });
    }
    let types = types?;
    let has = |code: u8| types.iter().any(|(other, _)| *other == code);
    if let [(code, _)] = types[..] {
        return Some((code, TypeSource::Words));
    }
    let of_entity = sensor
        .entity
        .as_ref()
        .and_then(|entity| entity.usual_sensor_type());
    if let Some(code) = of_entity.filter(|code| has(*code)) {
        return Some((code, TypeSource::Entity));
    }
    let of_name = by_name(&sensor.name).filter(|code| has(*code));
    of_name.map(|code| (code, TypeSource::Name))
}

/// The type that a name speaks of.
fn by_name(name: &str) -> Option<u8> {
    const BEGINNINGS: [(&str, u8); 17] = [
        ("PSU", 0x08),
        ("PS", 0x08),
        ("PWR SUPPLY", 0x08),
        ("POWER SUPPLY", 0x08),
        ("POWER UNIT", 0x09),
        ("PWR UNIT", 0x09),
        ("CPU", 0x07),
        ("PROC", 0x07),
        ("DIMM", 0x0c),
        ("MEM", 0x0c),
        ("HDD", 0x0d),
        ("SSD", 0x0d),
        ("NVME", 0x0d),
        ("DRIVE", 0x0d),
        ("DISK", 0x0d),
        ("BAT", 0x29),
        ("VBAT", 0x29),
    ];
    let begins = |begin: &str| {
        let start = name.get(..begin.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(begin))
    };
    let found = BEGINNINGS.iter().find(|(begin, _)| begins(begin));
    found.map(|(_, code)| *code)
}
