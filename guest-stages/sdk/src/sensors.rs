//! Sampling the machine's sensors while a stage works.

use std::collections::BTreeMap;

use crate::context::Point;
use crate::hwmon::{Sensor, SensorKind};
use crate::{Findings, Measure, Severity, context, hwmon, part};

/// Writes one point down. A refused point is the host's to count.
pub fn sample(kind: &str, key: &str, value: f64, unit: &str) {
    let point = Point {
        kind: kind.to_owned(),
        key: key.to_owned(),
        value,
        unit: unit.to_owned(),
    };
    let _counted_by_the_host = context::sample(&[point]);
}

/// How often sensors are worth reading in a test of that length: every second in a short one, every
/// five seconds in one of hours.
pub fn sampling_ms(test_ms: u64) -> u64 {
    (test_ms / 300).clamp(1_000, 5_000)
}

/// The value in the middle, of finite ones.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values.get(middle).copied(),
        _ => Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0),
    }
}

/// The hottest that each temperature sensor was, with its critical limit.
#[derive(Clone, Debug, Default)]
pub struct Heat {
    hottest: BTreeMap<String, (f64, Option<f64>)>,
}

impl Heat {
    /// Reads every sensor once: a point for each, and the temperatures remembered.
    pub fn read(&mut self) {
        let Ok(reading) = hwmon::read() else { return };
        let points: Vec<Point> = reading.sensors.iter().filter_map(point).collect();
        let _counted_by_the_host = context::sample(&points);
        reading
            .sensors
            .iter()
            .for_each(|sensor| self.remember(sensor));
    }

    fn remember(&mut self, sensor: &Sensor) {
        // Unwired inputs read as far below or above anything that a room has.
        let plausible = (1.0..150.0).contains(&sensor.value);
        if sensor.kind != SensorKind::Temperature || sensor.fault || !plausible {
            return;
        }
        let critical = sensor
            .limits
            .crit
            .filter(|crit| (40.0..150.0).contains(crit));
        let name = format!("{} {} {}", sensor.chip, sensor.device, sensor.label);
        let hottest = self.hottest.entry(name).or_insert((sensor.value, critical));
        hottest.0 = hottest.0.max(sensor.value);
    }

    /// The highest of all, in degrees Celsius.
    pub fn highest(&self) -> Option<f64> {
        self.hottest
            .values()
            .map(|(celsius, _)| *celsius)
            .reduce(f64::max)
    }

    /// Holds each sensor that has a critical limit, and whose name begins with one of `chips`,
    /// against it: at or above it is a failure (a warning with `lenient`), within `margin` degrees
    /// of it a warning.
    pub fn judge(&self, findings: &mut Findings, chips: &[&str], margin: f64, lenient: bool) {
        let bad = if lenient {
            Severity::Warn
        } else {
            Severity::Fail
        };
        for (name, (celsius, critical)) in &self.hottest {
            let Some(critical) = critical else { continue };
            if !chips.iter().any(|chip| name.starts_with(chip)) {
                continue;
            }
            let measure = Measure::number("hottest", *celsius)
                .unit("Cel")
                .part(&part("sensor", name.clone()))
                .below(
                    "critical_temperature",
                    *critical,
                    bad.clone(),
                    "the chip's own limit (hwmon temp*_crit)",
                )
                .below(
                    "crit_margin_celsius",
                    critical - margin,
                    Severity::Warn,
                    "default",
                );
            findings.hold(measure, || {
                format!("{name} reached {celsius:.0} °C, its critical limit is {critical:.0} °C: look at cooler, paste, fans and inlet")
            });
        }
    }
}

fn point(sensor: &Sensor) -> Option<Point> {
    let (kind, unit) = match sensor.kind {
        SensorKind::Temperature => ("temperature", "Cel"),
        SensorKind::Fan => ("fan", "1/min"),
        SensorKind::Power => ("power", "W"),
        _ => return None,
    };
    Some(Point {
        kind: kind.to_owned(),
        key: format!("{}/{}/{}", sensor.chip, sensor.device, sensor.label),
        value: sensor.value,
        unit: unit.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::hwmon::Limits;

    fn sensor(value: f64, crit: Option<f64>) -> Sensor {
        Sensor {
            chip: "coretemp".into(),
            device: "platform:coretemp.0".into(),
            label: "Core 0".into(),
            channel: "temp2".into(),
            kind: SensorKind::Temperature,
            value,
            limits: Limits {
                min: None,
                max: None,
                lcrit: None,
                crit,
                emergency: None,
            },
            alarms: Vec::new(),
            fault: false,
            extra: Vec::new(),
        }
    }

    fn verdict(values: &[f64], crit: Option<f64>) -> (Verdict, usize) {
        let mut heat = Heat::default();
        values
            .iter()
            .for_each(|value| heat.remember(&sensor(*value, crit)));
        let mut findings = Findings::new();
        heat.judge(&mut findings, &["coretemp"], 5.0, false);
        let warnings = findings.diagnoses().len();
        (findings.outcome("").verdict, warnings)
    }

    #[test]
    fn the_hottest_moment_counts() {
        assert_eq!(
            verdict(&[60.0, 80.0, 40.0], Some(100.0)),
            (Verdict::Pass, 0)
        );
        assert_eq!(verdict(&[96.0, 40.0], Some(100.0)), (Verdict::Pass, 1));
        assert_eq!(verdict(&[100.0, 40.0], Some(100.0)), (Verdict::Fail, 1));
    }

    #[test]
    fn an_unwired_input_or_a_chip_without_limit_judges_nothing() {
        assert!(matches!(
            verdict(&[-128.0, 255.0], Some(100.0)).0,
            Verdict::Inconclusive(_)
        ));
        assert!(matches!(verdict(&[99.0], None).0, Verdict::Inconclusive(_)));
    }

    #[test]
    fn the_middle_of_a_few() {
        assert_eq!(median(&[3.0, 1.0, f64::NAN, 2.0]), Some(2.0));
        assert_eq!(median(&[1.0, 2.0]), Some(1.5));
        assert_eq!(median(&[]), None);
    }
}
