//! The rules of sensors that report states: drives, batteries, processors, boards, slots, fans.

use vetting_facts::bmc::{Meaning, Sensor, Sensors};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure};

use crate::severity::{self, Health};
use crate::{roles, rules};

/// Holds every state that is neither a supply's own (`of_supplies`, by places in the listing) nor a
/// redundancy. What is critical must be so in both readings; once is a remark.
pub fn judge(readings: &[Sensors; 2], of_supplies: &[usize], findings: &mut Findings) {
    let [first, second] = readings;
    for (at, sensor) in second.sensors.iter().enumerate() {
        let own = |meaning: Option<Meaning>| meaning.is_some_and(|m| m.sensor_type() == Some(0x08));
        let of_supply = of_supplies.contains(&at) && sensor.asserted.iter().all(|s| own(s.meaning));
        if sensor.asserted.is_empty() || of_supply || roles::redundancy(sensor).is_some() {
            continue;
        }
        one(sensor, roles::same(first, sensor), second, findings);
    }
}

fn words(sensor: &Sensor) -> String {
    let all: Vec<&str> = sensor
        .asserted
        .iter()
        .map(|state| state.text.as_str())
        .collect();
    all.join(", ")
}

fn one(sensor: &Sensor, before: Option<&Sensor>, sensors: &Sensors, findings: &mut Findings) {
    let kind = roles::kind(sensor);
    let now = severity::of_states(sensor, kind);
    let then = before.map_or(now, |before| severity::of_states(before, kind));
    let mut place = roles::place(sensors, sensor);
    if roles::kind(sensor) == Some(severity::watched::DRIVE) {
        place.kind = "drive".to_owned();
    }
    // The full log is one finding, by whatever it is seen.
    let of_log = |meaning: Option<Meaning>| {
        matches!(meaning, Some(Meaning::LogFull | Meaning::LogAlmostFull))
    };
    if sensor.asserted.iter().any(|state| of_log(state.meaning)) {
        let message = format!("{}: save and clear it", words(sensor));
        return findings.broken(rules::EVENT_LOG_FULL, Some(&place), message);
    }
    let once = (now == Health::Critical) != (then == Health::Critical) && before.is_some();
    let held = match (now, once) {
        (_, true) => Health::Warning,
        (Health::Unknown, _) => {
            return findings.note(Measure::text("state", words(sensor)).part(&place));
        }
        (now, _) => now,
    };
    let measure = Measure::text("state", held.word())
        .part(&place)
        .differs(rules::STATE_WARNING, Value::Text("warning".to_owned()))
        .differs(rules::STATE_CRITICAL, Value::Text("critical".to_owned()));
    findings.hold(measure, || match once {
        true => format!(
            "its state was {} in the first of two readings and is {} in the second",
            before.map_or_else(String::new, words),
            words(sensor)
        ),
        false => format!("its state is {}", words(sensor)),
    });
}
