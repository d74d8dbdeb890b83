//! Thermal zones and what cools them, by the kernel's thermal class.

use serde::Serialize;

use crate::counters::Leftover;
use crate::counters::folder::{Folder, last, link, names, numbered};
use crate::files::Files;

const CLASS: &str = "sys/class/thermal";

/// What to read for [`thermal`].
pub const THERMAL: &[&str] = &["sys/class/thermal/*", "sys/class/thermal/*/*"];

/// Zones and cooling devices.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Thermal {
    /// Zones.
    pub zones: Vec<ThermalZone>,
    /// Cooling devices.
    pub cooling: Vec<CoolingDevice>,
}

/// One thermal zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ThermalZone {
    /// Its number.
    pub zone: u32,
    /// What it is: `x86_pkg_temp`, `acpitz`.
    pub kind: Option<String>,
    /// Degrees Celsius; `None`: see `unread`.
    pub celsius: Option<f64>,
    /// Whether the kernel acts on it.
    pub enabled: Option<bool>,
    /// How the kernel acts: `step_wise`, `user_space`.
    pub policy: Option<String>,
    /// Its trip points.
    pub trips: Vec<Trip>,
    /// Its cooling devices, by their folders' names.
    pub cooling: Vec<String>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One trip point.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trip {
    /// Its number.
    pub number: u32,
    /// `critical`, `hot`, `passive`, `active`.
    pub kind: Option<String>,
    /// Degrees Celsius. Unset points are below zero, such as -274.
    pub celsius: Option<f64>,
    /// Degrees to fall below before it ends.
    pub hysteresis: Option<f64>,
}

/// One cooling device.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CoolingDevice {
    /// Its number.
    pub number: u32,
    /// What it is: `Processor`, `Fan`, `intel_powerclamp`.
    pub kind: Option<String>,
    /// How much it cools now; 0: not at all. Some write -1: unknown.
    pub state: Option<i64>,
    /// The most that it can.
    pub max_state: Option<i64>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads zones and cooling devices.
pub fn thermal(files: &Files) -> Thermal {
    let below = names(files, CLASS);
    let zones = below
        .iter()
        .filter_map(|name| numbered(name, "thermal_zone"));
    let cooling = below
        .iter()
        .filter_map(|name| numbered(name, "cooling_device"));
    Thermal {
        zones: zones.map(|number| zone(files, number)).collect(),
        cooling: cooling.map(|number| device(files, number)).collect(),
    }
}

/// The kernel writes thousandths of degrees.
fn degrees(text: &str) -> Option<f64> {
    let number: i64 = text.parse().ok()?;
    Some(number as f64 / 1e3)
}

fn zone(files: &Files, number: u32) -> ThermalZone {
    let home = format!("{CLASS}/thermal_zone{number}");
    let mut folder = Folder::open(files, &home);
    let trip_number = |name: &String| {
        let (head, _) = name.strip_prefix("trip_point_")?.split_once('_')?;
        numbered(head, "")
    };
    let mut numbers: Vec<u32> = folder.left().iter().filter_map(trip_number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let trips = numbers.into_iter().map(|number| {
        let file = |what: &str| format!("trip_point_{number}_{what}");
        Trip {
            number,
            kind: folder.text(&file("type")),
            celsius: folder.with(&file("temp"), degrees),
            hysteresis: folder.with(&file("hyst"), degrees),
        }
    });
    let trips = trips.collect();
    let below = names(files, &home);
    let devices = below.iter().filter(|name| numbered(name, "cdev").is_some());
    let cooling = devices.filter_map(|name| link(files, &home, name));
    let enabled = |text: &str| match text {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    };
    ThermalZone {
        zone: number,
        kind: folder.text("type"),
        celsius: folder.with("temp", degrees),
        enabled: folder.with("mode", enabled),
        policy: folder.text("policy"),
        trips,
        cooling: cooling.map(|to| last(&to).to_owned()).collect(),
        leftover: folder.close(),
    }
}

fn device(files: &Files, number: u32) -> CoolingDevice {
    let mut folder = Folder::open(files, &format!("{CLASS}/cooling_device{number}"));
    CoolingDevice {
        number,
        kind: folder.text("type"),
        state: folder.number("cur_state"),
        max_state: folder.number("max_state"),
        leftover: folder.close(),
    }
}
