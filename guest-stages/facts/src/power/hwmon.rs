//! Sensors as the kernel's hardware monitoring shows them: a folder per chip, in it files per channel
//! (`temp1_input`, `temp1_crit`). Power supplies with PMBus are chips too. Old drivers have the files
//! in the chip's `device/`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::place::{device, short};
use super::sensor::{Pwm, Sensor, pwm, sensor};
use crate::counters::Leftover;
use crate::counters::folder::{Folder, link, names};
use crate::files::Files;

const CLASS: &str = "sys/class/hwmon";

/// What to read for [`hwmon`]. Most alarm flags clear when they are read: read each once, and keep it.
pub const HWMON: &[&str] = &[
    "sys/class/hwmon/*",
    "sys/class/hwmon/*/*",
    "sys/class/hwmon/*/device/name",
    "sys/class/hwmon/*/device/model",
    "sys/class/hwmon/*/device/label",
    "sys/class/hwmon/*/device/subsystem",
    "sys/class/hwmon/*/device/driver",
    "sys/class/hwmon/*/device/temp*_*",
    "sys/class/hwmon/*/device/fan*_*",
    "sys/class/hwmon/*/device/in*_*",
    "sys/class/hwmon/*/device/curr*_*",
    "sys/class/hwmon/*/device/power*_*",
    "sys/class/hwmon/*/device/energy*_*",
    "sys/class/hwmon/*/device/humidity*_*",
    "sys/class/hwmon/*/device/pwm*",
];

/// What to read again and again for a sample of every sensor: readings, alarms and faults alone.
pub const HWMON_SAMPLE: &[&str] = &[
    "sys/class/hwmon/*/*_input",
    "sys/class/hwmon/*/power*_average",
    "sys/class/hwmon/*/*_alarm",
    "sys/class/hwmon/*/*_fault",
];

/// All chips.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hwmon {
    /// The chips, in the kernel's order.
    pub chips: Vec<Chip>,
}

/// One chip.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Chip {
    /// Its folder: `hwmon3`. It may differ after a reboot.
    pub hwmon: String,
    /// The driver's name of it: `coretemp`, `k10temp`, `nvme`, `pmbus`.
    pub name: Option<String>,
    /// The firmware's name of it.
    pub label: Option<String>,
    /// The device that it sits on, as a path below the root.
    pub device: Option<String>,
    /// That device in short: `0000:04:00.0`, `platform:coretemp.0`, `i2c:5-0058`.
    pub place: Option<String>,
    /// The device's driver.
    pub driver: Option<String>,
    /// The device's model, where it says one (drives).
    pub model: Option<String>,
    /// Its sensors, by channel.
    pub sensors: Vec<Sensor>,
    /// Its fan controls.
    pub pwms: Vec<Pwm>,
    /// Files of no channel.
    #[serde(flatten)]
    pub leftover: Leftover,
}

impl Hwmon {
    /// Every sensor with its chip.
    pub fn sensors(&self) -> impl Iterator<Item = (&Chip, &Sensor)> {
        let of = |chip| move |sensor| (chip, sensor);
        self.chips
            .iter()
            .flat_map(move |chip| chip.sensors.iter().map(of(chip)))
    }
}

/// A channel's files: attribute (`input`, `crit`) to text, and what could not be read.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) texts: BTreeMap<String, String>,
    pub(crate) gaps: BTreeMap<String, String>,
}

/// Reads every chip.
pub fn hwmon(files: &Files) -> Hwmon {
    let mut homes = BTreeSet::new();
    let chips = names(files, CLASS).into_iter();
    Hwmon {
        chips: chips.map(|name| chip(files, name, &mut homes)).collect(),
    }
}

fn chip(files: &Files, hwmon: String, homes: &mut BTreeSet<String>) -> Chip {
    let home = format!("{CLASS}/{hwmon}");
    let mut channels = BTreeMap::new();
    let mut own = collect(files, &home, &mut channels);
    let device = device(files, CLASS, &hwmon);
    // Several chips may share a device: its files belong to the first.
    let mut parent = match device.clone() {
        Some(device) if homes.contains(&device) => Folder::default(),
        device => {
            homes.extend(device);
            collect(files, &format!("{home}/device"), &mut channels)
        }
    };
    let name = own.text("name").or_else(|| parent.text("name"));
    let label = own.text("label").or_else(|| parent.text("label"));
    let model = parent.text("model");
    let driver = link(files, &format!("{home}/device"), "driver");
    let mut channels: Vec<(String, Attributes)> = channels.into_iter().collect();
    channels.sort_by(|(a, _), (b, _)| crate::files::natural(a, b));
    let mut found = Chip {
        place: device.as_deref().map(|path| short(files, path)),
        hwmon,
        name,
        label,
        device,
        driver: driver.map(|to| crate::counters::folder::last(&to).to_owned()),
        model,
        sensors: Vec::new(),
        pwms: Vec::new(),
        leftover: own.close(),
    };
    for (channel, attributes) in channels {
        match channel.starts_with("pwm") {
            true => found.pwms.push(pwm(channel, attributes)),
            false => found.sensors.push(sensor(channel, attributes)),
        }
    }
    found
}

/// Takes a folder's channels. What is there already stays.
fn collect(files: &Files, path: &str, to: &mut BTreeMap<String, Attributes>) -> Folder {
    let mut folder = Folder::open(files, path);
    for file in folder.left() {
        let Some((channel, attribute)) = split(&file) else {
            continue;
        };
        let text = folder.text(&file).unwrap_or_default();
        let channel = to.entry(channel.to_owned()).or_default();
        match folder.gap(&file) {
            // A number that was cut is another number.
            Some(gap) => {
                let gap = format!("{gap} after {text:?}");
                channel.gaps.entry(attribute.to_owned()).or_insert(gap);
            }
            None => {
                channel.texts.entry(attribute.to_owned()).or_insert(text);
            }
        }
    }
    for file in folder.gaps() {
        let Some((channel, attribute)) = split(&file) else {
            continue;
        };
        let reason = folder.gap(&file).unwrap_or_default();
        let channel = to.entry(channel.to_owned()).or_default();
        channel.gaps.entry(attribute.to_owned()).or_insert(reason);
    }
    folder
}

const KINDS: [&str; 9] = [
    "temp",
    "fan",
    "in",
    "curr",
    "power",
    "energy",
    "humidity",
    "freq",
    "intrusion",
];

const USUAL: [&str; 9] = [
    "input",
    "label",
    "min",
    "max",
    "lcrit",
    "crit",
    "alarm",
    "crit_alarm",
    "fault",
];

/// `temp1_crit_alarm` is the attribute `crit_alarm` of the channel `temp1`; `pwm2` alone is its value.
fn split(file: &str) -> Option<(&str, &str)> {
    let (channel, attribute) = file.split_once('_').unwrap_or((file, ""));
    let kind = channel.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = kind.len() < channel.len() && kind.bytes().all(|b| b.is_ascii_lowercase());
    let known = match kind {
        "pwm" => true,
        kind if KINDS.contains(&kind) => !attribute.is_empty(),
        // A kind that a later kernel may have.
        kind => !kind.is_empty() && USUAL.contains(&attribute),
    };
    (numbered && known).then_some((channel, attribute))
}
