//! `hwmon`: sensors.
//!
//! A long test reads hundreds of them thousands of times, so that a reading is taken over field by
//! field, none of its texts is copied, and the guest is told only values where nothing else changed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use vetting_machine::contract::hwmon as seam;
use vetting_machine::{Reply, Request};
use vetting_report::Place;

use super::bindings::vetting::stage::hwmon::{
    Host, Limits, Reading, Sampled, Sensor, SensorKind, Unreadable, Whole,
};
use super::context::{MAX_KEY, cut};
use super::{HostError, HostState, wrong_reply};

/// The series of the sensors that were sampled last.
#[derive(Debug, Default)]
pub struct SensorSeries {
    /// Of which reading; 0 before the first one.
    mark: u64,
    /// Each sensor's, in the reading's order. Outer: whether it has one at all; inner: whether there
    /// was room for it.
    places: Vec<Option<Option<Place>>>,
}

impl Host for HostState {
    async fn read(&mut self) -> Result<Reading, HostError> {
        Ok(told(self.sensors("hwmon.read").await?))
    }

    async fn sample(&mut self, known: u64) -> Result<Sampled, HostError> {
        let reading = self.sensors("hwmon.sample").await?;
        let mark = mark(&reading);
        self.note(&reading, mark);
        if mark == known {
            let values = reading.sensors.iter().map(|sensor| sensor.value);
            return Ok(Sampled::Values(values.collect()));
        }
        let reading = told(reading);
        Ok(Sampled::Whole(Whole { reading, mark }))
    }
}

impl HostState {
    async fn sensors(&mut self, function: &'static str) -> Result<seam::Reading, HostError> {
        match self.ask(function, Request::Hwmon).await? {
            Reply::Hwmon(reading) => Ok(reading),
            other => Err(wrong_reply(function, &other)),
        }
    }

    /// Adds a point to each sensor's series.
    fn note(&mut self, reading: &seam::Reading, mark: u64) {
        if self.series.mark != mark {
            let places = reading.sensors.iter().map(|sensor| {
                let (kind, unit) = series(&sensor.kind)?;
                let key = format!("{}/{}/{}", sensor.chip, sensor.device, sensor.label);
                Some(self.notebook.series(kind, cut(&key, MAX_KEY), unit))
            });
            let places = places.collect();
            self.series = SensorSeries { mark, places };
        }
        let both = self.series.places.iter().zip(&reading.sensors);
        let points = both.filter_map(|(place, sensor)| Some(((*place)?, sensor.value)));
        self.notebook.sample_all(self.session.stamp(), points);
    }
}

/// The kind and unit of a sensor's series; none where it has no series.
fn series(kind: &seam::SensorKind) -> Option<(&'static str, &'static str)> {
    match kind {
        seam::SensorKind::Temperature => Some(("temperature", "Cel")),
        seam::SensorKind::Fan => Some(("fan", "1/min")),
        seam::SensorKind::Power => Some(("power", "W")),
        _ => None,
    }
}

/// A number of all that a reading says but its values; never 0.
fn mark(reading: &seam::Reading) -> u64 {
    let mut hasher = DefaultHasher::new();
    let seam::Reading {
        sensors,
        unreadable,
    } = reading;
    sensors.len().hash(&mut hasher);
    for sensor in sensors {
        let seam::Sensor {
            chip,
            device,
            label,
            channel,
            kind,
            value: _,
            limits,
            alarms,
            fault,
            extra,
        } = sensor;
        (chip, device, label, channel).hash(&mut hasher);
        std::mem::discriminant(kind).hash(&mut hasher);
        if let seam::SensorKind::Other(other) = kind {
            other.hash(&mut hasher);
        }
        let seam::Limits {
            min,
            max,
            lcrit,
            crit,
            emergency,
        } = limits;
        for limit in [min, max, lcrit, crit, emergency] {
            limit.map(f64::to_bits).hash(&mut hasher);
        }
        (alarms, fault, extra).hash(&mut hasher);
    }
    for seam::Unreadable { path, reason } in unreadable {
        (path, reason).hash(&mut hasher);
    }
    hasher.finish().max(1)
}

fn told(reading: seam::Reading) -> Reading {
    Reading {
        sensors: reading.sensors.into_iter().map(sensor).collect(),
        unreadable: reading.unreadable.into_iter().map(unreadable).collect(),
    }
}

fn sensor(sensor: seam::Sensor) -> Sensor {
    let limits = sensor.limits;
    Sensor {
        chip: sensor.chip,
        device: sensor.device,
        label: sensor.label,
        channel: sensor.channel,
        kind: kind(sensor.kind),
        value: sensor.value,
        limits: Limits {
            min: limits.min,
            max: limits.max,
            lcrit: limits.lcrit,
            crit: limits.crit,
            emergency: limits.emergency,
        },
        alarms: sensor.alarms,
        fault: sensor.fault,
        extra: sensor.extra,
    }
}

fn kind(kind: seam::SensorKind) -> SensorKind {
    match kind {
        seam::SensorKind::Temperature => SensorKind::Temperature,
        seam::SensorKind::Fan => SensorKind::Fan,
        seam::SensorKind::Voltage => SensorKind::Voltage,
        seam::SensorKind::Current => SensorKind::Current,
        seam::SensorKind::Power => SensorKind::Power,
        seam::SensorKind::Energy => SensorKind::Energy,
        seam::SensorKind::Humidity => SensorKind::Humidity,
        seam::SensorKind::Other(other) => SensorKind::Other(other),
    }
}

fn unreadable(unreadable: seam::Unreadable) -> Unreadable {
    Unreadable {
        path: unreadable.path,
        reason: unreadable.reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading() -> seam::Reading {
        let sensor = seam::Sensor {
            chip: "coretemp".to_owned(),
            device: "platform:coretemp.0".to_owned(),
            label: "Core 0".to_owned(),
            channel: "temp2".to_owned(),
            kind: seam::SensorKind::Temperature,
            value: 40.0,
            limits: seam::Limits {
                min: None,
                max: Some(80.0),
                lcrit: None,
                crit: Some(100.0),
                emergency: None,
            },
            alarms: Vec::new(),
            fault: false,
            extra: Vec::new(),
        };
        seam::Reading {
            sensors: vec![sensor],
            unreadable: Vec::new(),
        }
    }

    #[test]
    fn a_mark_covers_all_but_the_values() {
        let first = mark(&reading());
        let with = |change: fn(&mut seam::Sensor)| {
            let mut other = reading();
            change(&mut other.sensors[0]);
            mark(&other)
        };
        assert_eq!(with(|sensor| sensor.value = f64::NAN), first);
        let changes: [fn(&mut seam::Sensor); 9] = [
            |sensor| sensor.chip.push('x'),
            |sensor| sensor.device.push('x'),
            |sensor| sensor.label.push('x'),
            |sensor| sensor.channel.push('x'),
            |sensor| sensor.kind = seam::SensorKind::Fan,
            |sensor| sensor.limits.crit = None,
            |sensor| sensor.alarms.push("crit-alarm".to_owned()),
            |sensor| sensor.fault = true,
            |sensor| sensor.kind = seam::SensorKind::Other("x".to_owned()),
        ];
        for (at, change) in changes.into_iter().enumerate() {
            assert_ne!(with(change), first, "change {at}");
        }
        let mut fewer = reading();
        let gone = fewer.sensors.remove(0);
        assert_ne!(mark(&fewer), first);
        fewer.unreadable.push(seam::Unreadable {
            path: gone.chip,
            reason: gone.label,
        });
        assert_ne!(
            mark(&fewer),
            mark(&seam::Reading {
                sensors: Vec::new(),
                unreadable: Vec::new()
            })
        );
    }
}
