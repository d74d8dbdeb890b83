//! Thermal throttling of Intel's CPUs, as the kernel counts it per core and package.

use serde::Serialize;

use super::folder::{Folder, Leftover};
use crate::files::Files;

/// One CPU's throttling, counted since boot. Every CPU of a core or package repeats its counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Throttle {
    /// Times that this core was too hot. It counts spikes too that the kernel does not log.
    pub core_count: Option<u64>,
    /// Longest throttling of this core in milliseconds.
    pub core_max_ms: Option<u64>,
    /// Milliseconds that this core was throttled.
    pub core_total_ms: Option<u64>,
    /// Times that the package was too hot.
    pub package_count: Option<u64>,
    /// Longest throttling of the package in milliseconds.
    pub package_max_ms: Option<u64>,
    /// Milliseconds that the package was throttled.
    pub package_total_ms: Option<u64>,
    /// Times that this core met its power limit.
    pub core_power_limit_count: Option<u64>,
    /// Times that the package met its power limit.
    pub package_power_limit_count: Option<u64>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads one CPU's folder; `None`: it has none (AMD, ARM, virtual machines).
pub(crate) fn throttle(files: &Files, cpu: &str) -> Option<Throttle> {
    let mut folder = Folder::open(files, &format!("{cpu}/thermal_throttle"));
    (!folder.is_empty()).then(|| Throttle {
        core_count: folder.number("core_throttle_count"),
        core_max_ms: folder.number("core_throttle_max_time_ms"),
        core_total_ms: folder.number("core_throttle_total_time_ms"),
        package_count: folder.number("package_throttle_count"),
        package_max_ms: folder.number("package_throttle_max_time_ms"),
        package_total_ms: folder.number("package_throttle_total_time_ms"),
        core_power_limit_count: folder.number("core_power_limit_count"),
        package_power_limit_count: folder.number("package_power_limit_count"),
        leftover: folder.close(),
    })
}
