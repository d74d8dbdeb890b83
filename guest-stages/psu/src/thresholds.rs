//! The rules of sensors with limits: temperatures, voltages and whatever else a controller measures.

use vetting_facts::bmc::{ReadingState, Sensor, Sensors, Status, Unit};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure};

use crate::severity::{Health, watched};
use crate::{Parameters, roles, rules};

/// How bad a sensor's status is.
pub fn health(sensor: &Sensor) -> Health {
    match sensor.status {
        Some(Status::Ok) => Health::Nominal,
        Some(Status::NonCritical | Status::LowerNonCritical | Status::UpperNonCritical) => {
            Health::Warning
        }
        Some(
            Status::Critical
            | Status::LowerCritical
            | Status::UpperCritical
            | Status::NonRecoverable
            | Status::LowerNonRecoverable
            | Status::UpperNonRecoverable,
        ) => Health::Critical,
        _ => Health::Unknown,
    }
}

/// Whether its status means something: a number without unit and limits is a state that the firmware
/// does not give as one.
fn is_meant(sensor: &Sensor) -> bool {
    !sensor.thresholds.is_empty() || !matches!(sensor.reading.unit, None | Some(Unit::Unspecified))
}

/// Its reading in words.
pub fn reading(sensor: &Sensor) -> String {
    let unit = match &sensor.reading.unit {
        Some(Unit::DegreesC) => "°C",
        Some(Unit::DegreesF) => "°F",
        Some(Unit::DegreesK) => "K",
        Some(Unit::Volts) => "V",
        Some(Unit::Amps) => "A",
        Some(Unit::Watts) => "W",
        Some(Unit::Rpm) => "rpm",
        Some(Unit::Percent) => "%",
        Some(Unit::Other(other)) => other,
        _ => "",
    };
    match sensor.reading.value {
        Some(value) => format!("{value} {unit}").trim_end().to_owned(),
        None => "no reading".to_owned(),
    }
}

/// The limit that its reading is beyond, in words.
fn limit(sensor: &Sensor) -> String {
    let Some(value) = sensor.reading.value else {
        return String::new();
    };
    let limits = &sensor.thresholds;
    let upper = [limits.upper_critical, limits.upper_non_critical];
    let lower = [limits.lower_critical, limits.lower_non_critical];
    let above = upper.into_iter().flatten().find(|limit| value >= *limit);
    let below = lower.into_iter().flatten().find(|limit| value <= *limit);
    match above.or(below) {
        Some(limit) => format!(", its limit is {limit}"),
        None => String::new(),
    }
}

/// Holds every sensor with a status that is neither a fan nor the event log's. What is critical must be so
/// in both readings; once is a remark.
pub fn judge(readings: &[Sensors; 2], p: &Parameters, findings: &mut Findings) {
    let [first, second] = readings;
    for sensor in &second.sensors {
        let discrete = sensor.bits.is_some() || !sensor.asserted.is_empty();
        if discrete || roles::is_fan(sensor) || !is_meant(sensor) {
            continue;
        }
        let (now, place) = (health(sensor), roles::place(second, sensor));
        if roles::is_log(sensor) {
            if now > Health::Nominal {
                let full = reading(sensor);
                let message =
                    format!("the event log is full or nearly so ({full}): save and clear it");
                findings.broken(rules::EVENT_LOG_FULL, Some(&place), message);
            }
            continue;
        }
        if roles::is_inlet(sensor) {
            inlet(second, sensor, p, findings);
            continue;
        }
        if now == Health::Unknown {
            continue;
        }
        let before = roles::same(first, sensor);
        let once = now == Health::Critical && before.is_some_and(|b| health(b) != now);
        let held = if once { Health::Warning } else { now };
        let measure = Measure::text("sensor-state", held.word())
            .part(&place)
            .differs(rules::SENSOR_WARNING, Value::Text("warning".to_owned()))
            .differs(rules::SENSOR_CRITICAL, Value::Text("critical".to_owned()));
        findings.hold(measure, || {
            let (value, limit) = (reading(sensor), limit(sensor));
            match once {
                true => format!("it reads {value}{limit}, in one of two readings"),
                false => format!("it reads {value}{limit}"),
            }
        });
    }
    blind(second, findings);
}

/// Warm air at the inlet is the room's: no part of the machine is bad.
fn inlet(sensors: &Sensors, sensor: &Sensor, p: &Parameters, findings: &mut Findings) {
    let is_heat = sensor.reading.unit == Some(Unit::DegreesC);
    let Some(celsius) = sensor.reading.value.filter(|_| is_heat) else {
        return;
    };
    let limits = &sensor.thresholds;
    let own = limits.upper_non_critical.or(limits.upper_critical);
    let limit = own.map_or(p.inlet_celsius_warn, |own| own.min(p.inlet_celsius_warn));
    let measure = Measure::number("inlet", celsius)
        .unit("Cel")
        .part(&roles::place(sensors, sensor))
        .at_most(rules::INLET, limit);
    findings.hold(measure, || {
        format!("the air at the inlet has {celsius:.0} °C, at most {limit:.0} °C are meant: cool the room, and look for air that comes round")
    });
}

/// Processors whose temperature the controller does not know, none of them: it then runs its fans blindly.
/// One of several is a socket without a processor.
fn blind(sensors: &Sensors, findings: &mut Findings) {
    let is_watched = |sensor: &&Sensor| {
        let limits = &sensor.thresholds;
        let limited = limits.upper_critical.is_some() || limits.upper_non_critical.is_some();
        let heat = match sensor.reading.unit {
            Some(_) => roles::kind(sensor) == Some(watched::TEMPERATURE),
            None => sensor.name.to_ascii_lowercase().contains("temp"),
        };
        limited && heat && roles::is_processor(sensor)
    };
    let watched: Vec<&Sensor> = sensors.sensors.iter().filter(is_watched).collect();
    let silent = |sensor: &&Sensor| sensor.reading.state != ReadingState::Value;
    if watched.is_empty() || !watched.iter().all(silent) {
        return;
    }
    for sensor in watched {
        let place = roles::place(sensors, sensor);
        let message = "the controller has no reading of any processor's temperature, though it has limits for it: pull all power, and update its firmware";
        findings.broken(rules::BLIND, Some(&place), message);
    }
}
