//! Power capping zones: RAPL of CPUs, in packages, cores and memory.

use serde::Serialize;

use crate::counters::Leftover;
use crate::counters::folder::{Folder, names, numbered};
use crate::files::Files;

const CLASS: &str = "sys/class/powercap";

/// What to read for [`powercap`].
pub const POWERCAP: &[&str] = &[
    "sys/class/powercap/*",
    "sys/class/powercap/*/name",
    "sys/class/powercap/*/enabled",
    "sys/class/powercap/*/energy_uj",
    "sys/class/powercap/*/max_energy_range_uj",
    "sys/class/powercap/*/power_uw",
    "sys/class/powercap/*/constraint_*",
];

/// One zone, or a control type (`intel-rapl`), which has a switch alone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Zone {
    /// Its folder: `intel-rapl:0`, in it `intel-rapl:0:1`.
    pub zone: String,
    /// Its name: `package-0`, `core`, `dram`, `psys`.
    pub name: Option<String>,
    /// Whether limits are in force.
    pub enabled: Option<bool>,
    /// Energy used since some start, in microjoules; it wraps at `energy_range_uj`.
    pub energy_uj: Option<u64>,
    /// The highest value of the energy counter, in microjoules.
    pub energy_range_uj: Option<u64>,
    /// Power now in microwatts.
    pub power_uw: Option<u64>,
    /// Its limits.
    pub limits: Vec<PowerLimit>,
    /// What does not fit; `unread` names `energy_uj` where only root may read it.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One limit of a zone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PowerLimit {
    /// Its number.
    pub number: u32,
    /// Its name: `long_term`, `short_term`, `peak_power`.
    pub name: Option<String>,
    /// The limit in microwatts.
    pub limit_uw: Option<u64>,
    /// The highest limit that the hardware names, in microwatts; some CPUs write 0 or less.
    pub max_uw: Option<u64>,
    /// The time over which it counts, in microseconds.
    pub window_us: Option<u64>,
}

/// What a zone's energy counter did, with its wrap: microjoules used between two readings. `None` where
/// a value is missing, or where the counter went down and its range is unknown.
pub fn energy_used(before: &Zone, after: &Zone) -> Option<u64> {
    let (before, now) = (before.energy_uj?, after.energy_uj?);
    match now.checked_sub(before) {
        Some(used) => Some(used),
        None => after.energy_range_uj?.checked_sub(before)?.checked_add(now),
    }
}

/// Reads every zone.
pub fn powercap(files: &Files) -> Vec<Zone> {
    let one = |zone: String| {
        let mut folder = Folder::open(files, &format!("{CLASS}/{zone}"));
        let mut numbers: Vec<u32> = folder.left().iter().filter_map(|n| constraint(n)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let limits = numbers.into_iter().map(|number| {
            let file = |what: &str| format!("constraint_{number}_{what}");
            PowerLimit {
                number,
                name: folder.text(&file("name")),
                limit_uw: folder.number(&file("power_limit_uw")),
                max_uw: folder.number(&file("max_power_uw")),
                window_us: folder.number(&file("time_window_us")),
            }
        });
        let limits = limits.collect();
        Zone {
            zone,
            name: folder.text("name"),
            enabled: folder.flag("enabled"),
            energy_uj: folder.number("energy_uj"),
            energy_range_uj: folder.number("max_energy_range_uj"),
            power_uw: folder.number("power_uw"),
            limits,
            leftover: folder.close(),
        }
    };
    names(files, CLASS).into_iter().map(one).collect()
}

fn constraint(file: &str) -> Option<u32> {
    let (head, _) = file.strip_prefix("constraint_")?.split_once('_')?;
    numbered(head, "")
}
