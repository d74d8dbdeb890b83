//! Sensors, as the kernel's hardware monitoring shows them (Documentation/hwmon/sysfs-interface.rst
//! and ABI/testing/sysfs-class-hwmon): `sys/class/hwmon/hwmonN/{temp,in,fan,…}M_input` and beside
//! each its label, limits, alarms and fault. Old drivers have them in `hwmonN/device/`.
//!
//! Most alarm flags clear when they are read, so each is read once per reading, and [`Alarms`] keeps it.

mod alarms;

use std::collections::{BTreeMap, BTreeSet};

pub use alarms::Alarms;

use super::pci::is_address;
use super::root::Root;
use crate::contract::hwmon::{Limits, Reading, Sensor, SensorKind, Unreadable};
use crate::files::natural;

const CLASS: &str = "sys/class/hwmon";

/// Reads every sensor of every chip.
pub fn read(root: &Root) -> Reading {
    let mut reading = Reading::default();
    let mut old_homes = BTreeSet::new();
    for name in root.list(CLASS) {
        chip(root, &name, &mut old_homes, &mut reading);
    }
    reading.sensors.sort_by(|a, b| {
        natural(&a.chip, &b.chip)
            .then_with(|| natural(&a.device, &b.device))
            .then_with(|| natural(&a.channel, &b.channel))
    });
    reading
}

/// A sensor's files: attribute (`input`, `crit`) to path.
type Attributes = BTreeMap<String, String>;

fn chip(root: &Root, name: &str, old_homes: &mut BTreeSet<String>, reading: &mut Reading) {
    let home = format!("{CLASS}/{name}");
    let mut channels: BTreeMap<String, Attributes> = BTreeMap::new();
    collect(root, &home, &mut channels);
    let parent = format!("{home}/device");
    if root.resolve(&parent).is_ok_and(|p| old_homes.insert(p)) {
        collect(root, &parent, &mut channels);
    }
    let chip = root
        .value(&format!("{home}/name"))
        .or_else(|| root.value(&format!("{parent}/name")))
        .unwrap_or_else(|| name.to_owned());
    let device = device(root, name);
    for (channel, attributes) in channels {
        match sensor(root, &channel, &attributes) {
            None => {}
            Some(Ok(sensor)) => reading.sensors.push(Sensor {
                chip: chip.clone(),
                device: device.clone(),
                ..sensor
            }),
            Some(Err(unreadable)) => {
                tracing::warn!(
                    path = unreadable.path,
                    reason = unreadable.reason,
                    chip,
                    "a sensor could not be read"
                );
                reading.unreadable.push(unreadable);
            }
        }
    }
}

/// Adds a folder's attributes, by channel. What is there already stays.
fn collect(root: &Root, folder: &str, channels: &mut BTreeMap<String, Attributes>) {
    for file in root.list(folder) {
        if let Some((channel, attribute)) = split(&file) {
            channels
                .entry(channel.to_owned())
                .or_default()
                .entry(attribute.to_owned())
                .or_insert_with(|| format!("{folder}/{file}"));
        }
    }
}

/// `temp1_crit_alarm` is the attribute `crit_alarm` of the channel `temp1`.
fn split(file: &str) -> Option<(&str, &str)> {
    let (channel, attribute) = file.split_once('_')?;
    let (kind, number) = channel.split_at(channel.find(|c: char| c.is_ascii_digit())?);
    let well_formed = !kind.is_empty()
        && kind.bytes().all(|b| b.is_ascii_lowercase())
        && number.bytes().all(|b| b.is_ascii_digit());
    well_formed.then_some((channel, attribute))
}

/// What a channel measures, and by what its numbers are multiplied.
fn kind(channel: &str) -> (SensorKind, f64) {
    match channel.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "temp" => (SensorKind::Temperature, 1e3),
        "fan" => (SensorKind::Fan, 1.0),
        "in" => (SensorKind::Voltage, 1e3),
        "curr" => (SensorKind::Current, 1e3),
        "power" => (SensorKind::Power, 1e6),
        "energy" => (SensorKind::Energy, 1e6),
        "humidity" => (SensorKind::Humidity, 1e3),
        other => (SensorKind::Other(other.to_owned()), 1.0),
    }
}

/// Reads one channel; `None` when it is no sensor (a fan's control, a lone label).
fn sensor(root: &Root, channel: &str, files: &Attributes) -> Option<Result<Sensor, Unreadable>> {
    let (kind, divisor) = kind(channel);
    // The intrusion switch has an alarm flag and nothing else: the flag is its value. It is no alarm
    // of ours, since every board shows it set until somebody clears it.
    let switch = kind == SensorKind::Other("intrusion".into());
    let input = match &kind {
        _ if switch => files.get("alarm")?,
        SensorKind::Power => files.get("input").or_else(|| files.get("average"))?,
        _ => files.get("input")?,
    };
    let flag = |name: &str| files.get(name).map(|path| number(root, path));
    let fault = matches!(flag("fault"), Some(Ok(value)) if value != 0.0);
    let value = match number(root, input) {
        Ok(value) => value / divisor,
        Err(reason) => {
            let reason = match flag("enable") {
                _ if fault => format!("{reason}; the chip reports a broken or missing sensor"),
                Some(Ok(0.0)) => format!("{reason}; the sensor is switched off"),
                _ => reason,
            };
            let path = input.clone();
            return Some(Err(Unreadable { path, reason }));
        }
    };
    let mut extra = Vec::new();
    let mut alarms = Vec::new();
    for (name, path) in files.iter().filter(|(name, _)| !switch && is_alarm(name)) {
        match number(root, path) {
            Ok(0.0) => {}
            Ok(_) => alarms.push(name.replace('_', "-")),
            Err(reason) => {
                tracing::warn!(path, reason, "an alarm flag could not be read");
                extra.push((format!("unreadable-{}", name.replace('_', "-")), reason));
            }
        }
    }
    let limit = |name: &str| {
        let path = files.get(name)?;
        let limit = number(root, path);
        let limit = limit.inspect_err(|reason| {
            tracing::warn!(path, reason, "a sensor's limit could not be read");
        });
        Some(limit.ok()? / divisor)
    };
    let limits = Limits {
        min: limit("min"),
        max: limit("max").or_else(|| limit("cap")),
        lcrit: limit("lcrit"),
        crit: limit("crit"),
        emergency: limit("emergency"),
    };
    let label = files.get("label").and_then(|path| root.value(path));
    Some(Ok(Sensor {
        chip: String::new(),
        device: String::new(),
        label: label.unwrap_or_else(|| channel.to_owned()),
        channel: channel.to_owned(),
        kind,
        value,
        limits,
        alarms,
        fault,
        extra,
    }))
}

fn is_alarm(attribute: &str) -> bool {
    attribute == "alarm" || attribute.ends_with("_alarm")
}

/// An attribute's number; the kernel writes whole ones.
fn number(root: &Root, path: &str) -> Result<f64, String> {
    let text = root.text(path).map_err(|error| error.to_string())?;
    match text.parse::<i64>() {
        Ok(number) => Ok(number as f64),
        Err(_) if text.is_empty() => Err("the file is empty".into()),
        Err(_) => {
            let start: String = text.chars().take(40).collect();
            Err(format!("{start:?} is no number"))
        }
    }
}

/// What tells two chips of one name apart: the device it sits on.
fn device(root: &Root, name: &str) -> String {
    let home = format!("{CLASS}/{name}");
    let link = format!("{home}/device");
    let path = match root.link_name(&link) {
        Some(_) => root.resolve(&link).ok(),
        // Without a `device` link the chip's own place tells: `…/coretemp.0/hwmon/hwmon2`.
        None => root.resolve(&home).ok().and_then(|own| {
            let (parent, _) = own.rsplit_once("/hwmon/")?;
            (parent.starts_with("sys/devices/") && !parent.ends_with("/virtual"))
                .then(|| parent.to_owned())
        }),
    };
    let Some(path) = path else {
        return name.to_owned();
    };
    let mut ancestors = path.rsplit('/');
    let Some(last) = ancestors.next() else {
        return name.to_owned();
    };
    let bus = root.link_name(&format!("{path}/subsystem"));
    let guess = path.split('/').rev().nth(1).unwrap_or_default();
    match bus.as_deref() {
        _ if is_address(last) => last.to_owned(),
        // An NVMe controller has its PCI function to itself.
        Some("nvme") | None if last.starts_with("nvme") => ancestors
            .find(|part| is_address(part))
            .map_or_else(|| format!("nvme:{last}"), str::to_owned),
        Some(bus) => format!("{bus}:{last}"),
        None if guess == "platform" => format!("platform:{last}"),
        None if guess.starts_with("i2c-") => format!("i2c:{last}"),
        None => last.to_owned(),
    }
}
