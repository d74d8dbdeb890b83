//! Alarm flags that stay: most clear when they are read, and several readers look at one machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::contract::hwmon::{Reading, Sensor};

/// A sensor: chip, device, channel.
type Key = (String, String, String);

/// The flags that were seen set since the first reading, by sensor. What was set at the first reading may be of
/// any time since boot, and is told as long as the chip says so.
#[derive(Debug, Default)]
pub struct Alarms(Mutex<Option<BTreeMap<Key, BTreeSet<String>>>>);

impl Alarms {
    /// Adds to a reading the flags that earlier ones saw, and keeps its own for later ones.
    pub fn keep(&self, reading: &mut Reading) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.as_mut() else {
            *known = Some(BTreeMap::new());
            return;
        };
        for sensor in &mut reading.sensors {
            let key = key(sensor);
            if sensor.alarms.is_empty() && !known.contains_key(&key) {
                continue;
            }
            let seen = known.entry(key).or_default();
            seen.extend(sensor.alarms.drain(..));
            sensor.alarms.extend(seen.iter().cloned());
        }
    }
}

fn key(sensor: &Sensor) -> Key {
    (
        sensor.chip.clone(),
        sensor.device.clone(),
        sensor.channel.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::hwmon::{Limits, SensorKind};

    fn reading(alarms: &[&str]) -> Reading {
        let sensor = Sensor {
            chip: "nct6798".to_owned(),
            device: "platform:nct6775.656".to_owned(),
            label: "VIN0".to_owned(),
            channel: "in0".to_owned(),
            kind: SensorKind::Voltage,
            value: 1.0,
            limits: Limits::default(),
            alarms: alarms.iter().map(|flag| (*flag).to_owned()).collect(),
            fault: false,
            extra: Vec::new(),
        };
        Reading {
            sensors: vec![sensor],
            unreadable: Vec::new(),
        }
    }

    #[test]
    fn a_flag_that_clears_when_it_is_read_stays_known() {
        let alarms = Alarms::default();
        let seen = |flags: &[&str]| {
            let mut reading = reading(flags);
            alarms.keep(&mut reading);
            reading.sensors.remove(0).alarms
        };
        assert_eq!(seen(&["alarm"]), ["alarm"], "of any time since boot");
        assert_eq!(seen(&[]), [""; 0]);
        assert_eq!(seen(&["min-alarm"]), ["min-alarm"]);
        assert_eq!(seen(&[]), ["min-alarm"]);
        assert_eq!(seen(&["alarm"]), ["alarm", "min-alarm"]);
    }
}
