//! Sampling the machine's sensors while a stage works.

use std::collections::BTreeMap;

use crate::context::Point;
use crate::hwmon::{Sampled, Sensor, SensorKind, Whole};
use crate::{Findings, Measure, Rule, context, hwmon, part};

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
///
/// A long test reads hundreds of sensors thousands of times, so that their names and limits are taken
/// once, and only values after that.
#[derive(Clone, Debug, Default)]
pub struct Heat {
    /// Which whole reading is known.
    mark: u64,
    /// The sensors of that reading, in its order.
    followed: Vec<Followed>,
    /// Those of the readings before.
    earlier: BTreeMap<String, Hottest>,
}

/// The highest value, in degrees Celsius, and the critical limit.
type Hottest = (f64, Option<f64>);

#[derive(Clone, Debug)]
struct Followed {
    name: String,
    /// Whether it tells a temperature; one that the chip calls broken tells nothing.
    is_heat: bool,
    critical: Option<f64>,
    hottest: Option<Hottest>,
}

impl Heat {
    /// Reads every sensor once: a point for each, and the temperatures remembered.
    pub fn read(&mut self) {
        match hwmon::sample(self.mark) {
            Ok(Sampled::Whole(whole)) => self.follow(&whole),
            Ok(Sampled::Values(values)) => self.take(&values),
            Err(_) => {}
        }
    }

    /// Others than before, or otherwise than before: what the old ones were is kept.
    fn follow(&mut self, whole: &Whole) {
        self.earlier = self.all();
        self.mark = whole.mark;
        let sensors = &whole.reading.sensors;
        self.followed = sensors.iter().map(Followed::new).collect();
        let values: Vec<f64> = sensors.iter().map(|sensor| sensor.value).collect();
        self.take(&values);
    }

    fn take(&mut self, values: &[f64]) {
        for (followed, celsius) in self.followed.iter_mut().zip(values) {
            // Unwired inputs read as far below or above anything that a room has.
            if followed.is_heat && (1.0..150.0).contains(celsius) {
                let new = (*celsius, followed.critical);
                let hottest = followed.hottest.get_or_insert(new);
                hottest.0 = hottest.0.max(*celsius);
            }
        }
    }

    /// Whether a temperature of one of these chips was seen.
    pub fn saw(&self, chips: &[&str]) -> bool {
        let all = self.all();
        let mut names = all.keys();
        names.any(|name| chips.iter().any(|chip| name.starts_with(chip)))
    }

    /// All that there were, by name.
    fn all(&self) -> BTreeMap<String, Hottest> {
        let mut all = self.earlier.clone();
        for followed in &self.followed {
            if let Some((celsius, critical)) = followed.hottest {
                let hottest = all
                    .entry(followed.name.clone())
                    .or_insert((celsius, critical));
                hottest.0 = hottest.0.max(celsius);
            }
        }
        all
    }

    /// The highest of all, in degrees Celsius.
    pub fn highest(&self) -> Option<f64> {
        let all = self.all();
        let celsius = all.values().map(|(celsius, _)| *celsius);
        celsius.reduce(f64::max)
    }

    /// Holds each sensor that has a critical limit, and whose name begins with one of `chips`,
    /// against it: at or above it breaks `at_limit`, within `margin` degrees of it `near_limit`.
    pub fn judge(
        &self,
        findings: &mut Findings,
        chips: &[&str],
        at_limit: Rule,
        (near_limit, margin): (Rule, f64),
    ) {
        for (name, (celsius, critical)) in &self.all() {
            let Some(critical) = critical else { continue };
            if !chips.iter().any(|chip| name.starts_with(chip)) {
                continue;
            }
            let measure = Measure::number("hottest", *celsius)
                .unit("Cel")
                .part(&part("sensor", name.clone()))
                .below(at_limit, *critical)
                .below(near_limit, critical - margin);
            findings.hold(measure, || {
                format!("{name} reached {celsius:.0} °C, its critical limit is {critical:.0} °C: look at cooler, paste, fans and inlet")
            });
        }
    }
}

impl Followed {
    fn new(sensor: &Sensor) -> Self {
        let plausible = |crit: &f64| (40.0..150.0).contains(crit);
        Followed {
            name: format!("{} {} {}", sensor.chip, sensor.device, sensor.label),
            is_heat: sensor.kind == SensorKind::Temperature && !sensor.fault,
            critical: sensor.limits.crit.filter(plausible),
            hottest: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;
    use crate::hwmon::{Limits, Reading};

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

    fn whole(mark: u64, sensors: &[Sensor]) -> Whole {
        let reading = Reading {
            sensors: sensors.to_vec(),
            unreadable: Vec::new(),
        };
        Whole { reading, mark }
    }

    fn verdict(values: &[f64], crit: Option<f64>) -> (Verdict, usize) {
        let mut heat = Heat::default();
        heat.follow(&whole(1, &[sensor(values[0], crit)]));
        values[1..].iter().for_each(|value| heat.take(&[*value]));
        let mut findings = Findings::new();
        let (at_limit, near_limit) = (Rule::fail("critical", "t"), Rule::warn("margin", "t"));
        heat.judge(&mut findings, &["coretemp"], at_limit, (near_limit, 5.0));
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
    fn a_sensor_that_goes_and_comes_is_remembered() {
        let mut heat = Heat::default();
        let other = Sensor {
            label: "Core 1".into(),
            channel: "temp3".into(),
            ..sensor(50.0, Some(100.0))
        };
        let first = sensor(96.0, Some(100.0));
        heat.follow(&whole(1, &[first, other.clone()]));
        heat.follow(&whole(2, std::slice::from_ref(&other)));
        assert_eq!(heat.highest(), Some(96.0));
        heat.follow(&whole(3, &[sensor(60.0, Some(100.0)), other]));
        heat.take(&[60.0, 97.0]);
        assert_eq!(heat.highest(), Some(97.0));
        assert_eq!(heat.all().len(), 2);
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
