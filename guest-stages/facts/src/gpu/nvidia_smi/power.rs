//! Temperatures and power of a GPU, with their limits.

use serde::Serialize;

use super::values::Values;

/// Temperatures in degrees Celsius. A GPU gives limits, or (Ada, Hopper and later) margins to them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Temperatures {
    /// The GPU.
    pub gpu: Option<f64>,
    /// Its memory.
    pub memory: Option<f64>,
    /// How far the GPU is below the limit at which it throttles (T.Limit); below 0: over it.
    pub tlimit: Option<f64>,
    /// Limit: shut-down.
    pub shutdown: Option<f64>,
    /// Limit: hardware slow-down.
    pub slowdown: Option<f64>,
    /// Limit: highest in operation, held by software.
    pub max_operating: Option<f64>,
    /// Limit: highest of the memory in operation.
    pub memory_max_operating: Option<f64>,
    /// Target that the driver regulates to.
    pub target: Option<f64>,
    /// T.Limit at which the GPU shuts down, mostly below 0.
    pub shutdown_tlimit: Option<f64>,
    /// T.Limit at which the hardware slows down, mostly below 0.
    pub slowdown_tlimit: Option<f64>,
    /// T.Limit at which software slows down.
    pub max_operating_tlimit: Option<f64>,
    /// T.Limit of the memory at which software slows down.
    pub memory_max_operating_tlimit: Option<f64>,
}

/// Power in watts, of a GPU, its memory, or a module.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Power {
    /// Performance state: `P0` is the fastest.
    pub state: Option<String>,
    /// Whether power management is supported, in the driver's word.
    pub management: Option<String>,
    /// Drawn, where the driver gives one number (average or instant, by GPU).
    pub draw: Option<f64>,
    /// Drawn, averaged over about a second.
    pub average_draw: Option<f64>,
    /// Drawn now.
    pub instant_draw: Option<f64>,
    /// The limit in force.
    pub limit: Option<f64>,
    /// The limit that was asked for.
    pub requested_limit: Option<f64>,
    /// The limit that is enforced where others are lower (drivers before 530).
    pub enforced_limit: Option<f64>,
    /// The limit after a reset.
    pub default_limit: Option<f64>,
    /// The lowest limit that can be set.
    pub min_limit: Option<f64>,
    /// The highest limit that can be set.
    pub max_limit: Option<f64>,
}

pub(super) fn temperatures(values: &mut Values) -> Temperatures {
    let v = values.section("temperature/");
    let mut celsius = |name: &str| v.number(name, "C");
    Temperatures {
        gpu: celsius("gpu_temp"),
        memory: celsius("memory_temp"),
        tlimit: celsius("gpu_temp_tlimit"),
        shutdown: celsius("gpu_temp_max_threshold"),
        slowdown: celsius("gpu_temp_slow_threshold"),
        max_operating: celsius("gpu_temp_max_gpu_threshold"),
        memory_max_operating: celsius("gpu_temp_max_mem_threshold"),
        target: celsius("gpu_target_temperature"),
        shutdown_tlimit: celsius("gpu_temp_max_tlimit_threshold"),
        slowdown_tlimit: celsius("gpu_temp_slow_tlimit_threshold"),
        max_operating_tlimit: celsius("gpu_temp_max_gpu_tlimit_threshold"),
        memory_max_operating_tlimit: celsius("gpu_temp_max_mem_tlimit_threshold"),
    }
}

/// The readings of one section; `None` where the document has no such section.
pub(super) fn power(values: &mut Values, section: &str) -> Option<Power> {
    if !values.has(section) {
        return None;
    }
    let v = values.section(section);
    let (state, management) = (v.text("power_state"), v.text("power_management"));
    let mut watts = |name: &str| v.number(name, "W");
    let (current, plain) = (watts("current_power_limit"), watts("power_limit"));
    Some(Power {
        state,
        management,
        draw: watts("power_draw"),
        average_draw: watts("average_power_draw"),
        instant_draw: watts("instant_power_draw"),
        limit: current.or(plain),
        requested_limit: watts("requested_power_limit"),
        enforced_limit: watts("enforced_power_limit"),
        default_limit: watts("default_power_limit"),
        min_limit: watts("min_power_limit"),
        max_limit: watts("max_power_limit"),
    })
}
