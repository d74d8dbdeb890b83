//! The rules of rails, fans and the chips that watch them.

use vetting_stage::hwmon;
use vetting_stage::power::{Health, Reading, Sensor};
use vetting_stage::{Findings, Measure, median, part};

use crate::judge::hold;
use crate::{Parameters, rules};

/// Rails by the beginning of their names, and their nominal voltages.
const RAILS: [(&str, f64); 8] = [
    ("12v", 12.0),
    ("+12v", 12.0),
    ("5v", 5.0),
    ("+5v", 5.0),
    ("3.3v", 3.3),
    ("+3.3v", 3.3),
    ("p12v", 12.0),
    ("p5v", 5.0),
];

/// Fewer fans than this have no middle.
const FEWEST: usize = 3;

/// Holds every sensor of the controller. A fault must stand in both readings; a moment is a remark.
pub fn judge(readings: &[Reading; 2], p: &Parameters, findings: &mut Findings) {
    for sensor in &readings[1].sensors {
        let place = part(&sensor.kind, sensor.name.clone());
        let before = readings[0].sensors.iter().find(|s| s.name == sensor.name);
        let twice = before.is_none_or(|b| b.health == sensor.health);
        let health = match (&sensor.health, twice) {
            (Health::Critical, false) => Health::Warning,
            (health, _) => *health,
        };
        let value = sensor
            .value
            .map_or("no reading".to_owned(), |v| format!("{v} {}", sensor.unit));
        let message = format!("it reads {value}, its state is {}", sensor.state);
        let rules = (rules::SENSOR_WARNING, rules::SENSOR_CRITICAL);
        hold("sensor-state", rules, &health, &place, message, findings);
        match sensor.kind.as_str() {
            "fan" => fan(sensor, findings),
            "voltage" => rail(sensor, p, findings),
            _ => {}
        }
    }
    siblings(&readings[1].sensors, p, findings);
}

/// A fan that stands still has failed, whatever its state says; one with limits and no reading
/// could not be judged. A header without limits has no fan.
fn fan(sensor: &Sensor, findings: &mut Findings) {
    let place = part("fan", sensor.name.clone());
    let watched = sensor.lower_critical.is_some() || sensor.lower_warning.is_some();
    match sensor.value {
        Some(speed) if watched || speed > 0.0 => {
            let measure = Measure::number("fan-speed", speed)
                .unit("1/min")
                .part(&place);
            findings.hold(measure.above(rules::FAN_STANDS, 0.0), || {
                "it stands still: replace it".to_owned()
            });
        }
        None if watched => findings.unknown(rules::FAN_SILENT, Some(&place), "it has no reading"),
        _ => {}
    }
}

/// A rail without limits of its own, by its name.
fn rail(sensor: &Sensor, p: &Parameters, findings: &mut Findings) {
    let limited = sensor.lower_critical.is_some() || sensor.upper_critical.is_some();
    let name = sensor.name.to_ascii_lowercase();
    let whole = |rail: &str| {
        let rest = name.strip_prefix(rail)?;
        (!rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.')).then_some(())
    };
    let nominal = RAILS
        .iter()
        .find(|(rail, _)| whole(rail).is_some())
        .map(|(_, volts)| *volts);
    let (Some(volts), Some(nominal), false) = (sensor.value, nominal, limited) else {
        return;
    };
    let off = 100.0 * (volts - nominal).abs() / nominal;
    let measure = Measure::number("rail-off", off)
        .unit("%")
        .part(&part("rail", sensor.name.clone()));
    findings.hold(measure.at_most(rules::RAIL, p.rail_fail_percent), || {
        format!("it has {volts:.2} V, {off:.1} % from its nominal {nominal} V")
    });
}

fn siblings(sensors: &[Sensor], p: &Parameters, findings: &mut Findings) {
    let turning = sensors
        .iter()
        .filter(|s| s.kind == "fan" && s.unit == "1/min");
    let speeds: Vec<(&Sensor, f64)> = turning
        .filter_map(|s| Some((s, s.value.filter(|v| *v > 0.0)?)))
        .collect();
    let values: Vec<f64> = speeds.iter().map(|(_, speed)| *speed).collect();
    let Some(middle) = median(&values).filter(|_| values.len() >= FEWEST) else {
        return;
    };
    for (sensor, speed) in speeds {
        let percent = 100.0 * speed / middle;
        let measure = Measure::number("fan-of-siblings", percent)
            .unit("%")
            .part(&part("fan", sensor.name.clone()));
        findings.hold(
            measure.at_least(rules::FAN_SLOW, p.fan_warn_percent),
            || format!("it turns at {speed:.0} rpm, {percent:.0} % of the middle of the fans"),
        );
    }
}

/// Chips of power supplies (PMBus) raise alarms that mean something. Those of a board's
/// input-output chip are often of inputs that are not wired, and are left to its controller.
pub fn chips(sensors: &[hwmon::Sensor], findings: &mut Findings) {
    const OF_SUPPLIES: [&str; 6] = [
        "pmbus",
        "acpi_fan",
        "power_meter",
        "dps",
        "ibm-cffps",
        "inspur",
    ];
    for sensor in sensors {
        let watched = OF_SUPPLIES.iter().any(|chip| sensor.chip.starts_with(chip));
        if !watched {
            continue;
        }
        let name = format!("{} {} {}", sensor.chip, sensor.device, sensor.label);
        let alarms = sensor.alarms.len() + usize::from(sensor.fault);
        let measure = Measure::number("alarms", alarms as f64).part(&part("sensor", name.clone()));
        findings.hold(measure.at_most(rules::ALARMS, 0.0), || {
            format!(
                "{name} raises {}",
                if sensor.fault {
                    "a fault".to_owned()
                } else {
                    sensor.alarms.join(", ")
                }
            )
        });
    }
}
