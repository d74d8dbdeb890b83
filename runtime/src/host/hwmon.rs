//! `hwmon`: sensors.
//!
//! A long test reads hundreds of them thousands of times, so that a reading is taken over field by
//! field, and none of its texts is copied.

use vetting_machine::contract::hwmon as seam;
use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::hwmon::{
    Host, Limits, Reading, Sensor, SensorKind, Unreadable,
};
use super::{HostError, HostState, wrong_reply};

impl Host for HostState {
    async fn read(&mut self) -> Result<Reading, HostError> {
        match self.ask("hwmon.read", Request::Hwmon).await? {
            Reply::Hwmon(reading) => Ok(Reading {
                sensors: reading.sensors.into_iter().map(sensor).collect(),
                unreadable: reading.unreadable.into_iter().map(unreadable).collect(),
            }),
            other => Err(wrong_reply("hwmon.read", &other)),
        }
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
