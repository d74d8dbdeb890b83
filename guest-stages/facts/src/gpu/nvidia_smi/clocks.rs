//! Clocks of a GPU, and what holds them down.

use serde::Serialize;

use super::values::Values;

/// Whether each reason holds the clocks down now (NVML's clock event or throttle reasons).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockReasons {
    /// Nothing to do (bit 0x1).
    pub idle: Option<bool>,
    /// Clocks set by applications (0x2).
    pub application_clocks: Option<bool>,
    /// The driver, at the power limit (0x4).
    pub sw_power_cap: Option<bool>,
    /// The hardware, for any cause (0x8).
    pub hw_slowdown: Option<bool>,
    /// Clocks in step with other GPUs (0x10).
    pub sync_boost: Option<bool>,
    /// The driver, for heat (0x20).
    pub sw_thermal: Option<bool>,
    /// The hardware, for heat (0x40).
    pub hw_thermal: Option<bool>,
    /// The hardware, because the power supply asked (0x80).
    pub hw_power_brake: Option<bool>,
    /// Clocks of a display (0x100).
    pub display_clocks: Option<bool>,
}

/// Microseconds for which each reason held the clocks down (drivers 550 and later).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockReasonTimes {
    /// The driver, at the power limit.
    pub sw_power_cap_us: Option<u64>,
    /// Clocks in step with other GPUs.
    pub sync_boost_us: Option<u64>,
    /// The driver, for heat.
    pub sw_thermal_us: Option<u64>,
    /// The hardware, for heat.
    pub hw_thermal_us: Option<u64>,
    /// The hardware, because the power supply asked.
    pub hw_power_brake_us: Option<u64>,
}

/// Clocks in MHz.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Clocks {
    /// Graphics.
    pub graphics: Option<f64>,
    /// Multiprocessors.
    pub sm: Option<f64>,
    /// Memory.
    pub memory: Option<f64>,
    /// Video.
    pub video: Option<f64>,
}

pub(super) fn clocks(values: &mut Values, section: &str) -> Clocks {
    let v = values.section(section);
    let mut megahertz = |name: &str| v.number(name, "MHz");
    Clocks {
        graphics: megahertz("graphics_clock"),
        sm: megahertz("sm_clock"),
        memory: megahertz("mem_clock"),
        video: megahertz("video_clock"),
    }
}

pub(super) fn reasons(values: &mut Values) -> ClockReasons {
    // Before driver 535 events were called throttling.
    let events = "clocks_event_reasons/clocks_event_reason_";
    let throttling = "clocks_throttle_reasons/clocks_throttle_reason_";
    let is_new = values.has(events);
    let v = values.section(if is_new { events } else { throttling });
    ClockReasons {
        idle: v.flag("gpu_idle"),
        application_clocks: v.flag("applications_clocks_setting"),
        sw_power_cap: v.flag("sw_power_cap"),
        hw_slowdown: v.flag("hw_slowdown"),
        sync_boost: v.flag("sync_boost"),
        sw_thermal: v.flag("sw_thermal_slowdown"),
        hw_thermal: v.flag("hw_thermal_slowdown"),
        hw_power_brake: v.flag("hw_power_brake_slowdown"),
        display_clocks: v.flag("display_clocks_setting"),
    }
}

pub(super) fn reason_times(values: &mut Values) -> ClockReasonTimes {
    let v = values.section("clocks_event_reasons_counters/clocks_event_reasons_counters_");
    ClockReasonTimes {
        sw_power_cap_us: v.count_of("sw_power_cap", "us"),
        sync_boost_us: v.count_of("sync_boost", "us"),
        sw_thermal_us: v.count_of("sw_therm_slowdown", "us"),
        hw_thermal_us: v.count_of("hw_therm_slowdown", "us"),
        hw_power_brake_us: v.count_of("hw_power_brake", "us"),
    }
}
