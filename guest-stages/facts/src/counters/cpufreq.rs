//! Frequencies of CPUs, by cpufreq and ACPI CPPC.

use serde::Serialize;

use super::change::NamedCount;
use super::folder::{Folder, Leftover};
use crate::files::Files;

/// One CPU's frequencies. All are in kHz, as the kernel writes them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Frequency {
    /// Now, by the scaling driver.
    pub current_khz: Option<u64>,
    /// Now, by the hardware.
    pub hardware_khz: Option<u64>,
    /// Average over the last moments, by the hardware's counters.
    pub average_khz: Option<u64>,
    /// Lowest that the governor may choose now.
    pub scaling_min_khz: Option<u64>,
    /// Highest that the governor may choose now; lower than `max_khz` while something caps it.
    pub scaling_max_khz: Option<u64>,
    /// Lowest of the hardware.
    pub min_khz: Option<u64>,
    /// Highest of the hardware, with boost.
    pub max_khz: Option<u64>,
    /// Base frequency (`intel_pstate` alone).
    pub base_khz: Option<u64>,
    /// Highest that the firmware allows now.
    pub firmware_limit_khz: Option<u64>,
    /// The governor: `performance`.
    pub governor: Option<String>,
    /// The driver: `intel_pstate`, `amd-pstate-epp`, `acpi-cpufreq`.
    pub driver: Option<String>,
    /// The preference between speed and energy: `balance_performance`.
    pub preference: Option<String>,
    /// Whether this policy may boost.
    pub boost: Option<bool>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One CPU's ACPI collaborative performance control, by the file's name: `nominal_freq` (MHz),
/// `highest_perf`, `nominal_perf` (without unit).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cppc {
    /// The values.
    pub values: Vec<NamedCount>,
    /// What is not a number: `feedback_ctrs`.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads one CPU's frequencies; `None`: no cpufreq driver.
pub(crate) fn frequency(files: &Files, cpu: &str) -> Option<Frequency> {
    let mut folder = Folder::open(files, &format!("{cpu}/cpufreq"));
    (!folder.is_empty()).then(|| Frequency {
        current_khz: folder.number("scaling_cur_freq"),
        hardware_khz: folder.number("cpuinfo_cur_freq"),
        average_khz: folder.number("cpuinfo_avg_freq"),
        scaling_min_khz: folder.number("scaling_min_freq"),
        scaling_max_khz: folder.number("scaling_max_freq"),
        min_khz: folder.number("cpuinfo_min_freq"),
        max_khz: folder.number("cpuinfo_max_freq"),
        base_khz: folder.number("base_frequency"),
        firmware_limit_khz: folder.number("bios_limit"),
        governor: folder.text("scaling_governor"),
        driver: folder.text("scaling_driver"),
        preference: folder.text("energy_performance_preference"),
        boost: folder.flag("boost"),
        leftover: folder.close(),
    })
}

/// Reads one CPU's CPPC; `None`: the firmware has none.
pub(crate) fn cppc(files: &Files, cpu: &str) -> Option<Cppc> {
    let mut folder = Folder::open(files, &format!("{cpu}/acpi_cppc"));
    if folder.is_empty() {
        return None;
    }
    let mut values = Vec::new();
    for name in folder.left() {
        if let Some(count) = folder.number(&name) {
            values.push(NamedCount { name, count });
        }
    }
    Some(Cppc {
        values,
        leftover: folder.close(),
    })
}
