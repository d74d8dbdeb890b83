//! The rules of redundancy: of supplies, fans, and other parts.

use vetting_facts::bmc::{Sensor, Sensors};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, part};

use crate::severity::{self, Health};
use crate::{Parameters, roles, rules};

fn words(sensor: &Sensor) -> String {
    let all: Vec<&str> = sensor
        .asserted
        .iter()
        .map(|state| state.text.as_str())
        .collect();
    all.join(", ")
}

/// Whether the supplies are redundant, as the controller has it.
pub fn of_supplies(sensors: &Sensors) -> bool {
    let mut all = sensors.sensors.iter();
    all.any(|sensor| {
        roles::redundancy(sensor) == Some("power")
            && severity::of_states(sensor, None) == Health::Nominal
    })
}

/// Holds every redundancy by two readings. That of supplies is noted where the spec expects one supply.
pub fn judge(readings: &[Sensors; 2], p: &Parameters, findings: &mut Findings) {
    let [first, second] = readings;
    for sensor in &second.sensors {
        let Some(of) = roles::redundancy(sensor) else {
            continue;
        };
        let place = part("redundancy", roles::name(second, sensor));
        let states = words(sensor);
        if of == "power" && p.expected_supplies == Some(1) {
            findings.note(Measure::text("redundancy", states).part(&place));
            continue;
        }
        let now = severity::of_states(sensor, None);
        let before = roles::same(first, sensor);
        let then = before.map_or(now, |before| severity::of_states(before, None));
        if then == Health::Critical && now < Health::Critical {
            let lost = before.map_or_else(String::new, words);
            let message = format!("{lost} in the first of two readings, {states} in the second");
            findings.broken(rules::REDUNDANCY_FLICKERS, Some(&place), message);
            continue;
        }
        let measure = Measure::text("redundancy", now.word()).part(&place);
        if now == Health::Unknown {
            findings.note(measure);
            continue;
        }
        let measure = measure
            .differs(rules::REDUNDANCY_WARNING, Value::Text("warning".to_owned()))
            .differs(
                rules::REDUNDANCY_CRITICAL,
                Value::Text("critical".to_owned()),
            );
        findings.hold(measure, || {
            format!("{states}: find the part that is missing or has failed")
        });
    }
}
