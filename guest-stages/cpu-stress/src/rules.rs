//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    use kernel_events, stress_endings;

    /// The deadline left less than half of the time that was asked for.
    DEADLINE: unknown "deadline" = "half of {duration}, at least 2 s", "default";
    /// The deadline cut the load.
    DURATION: warn "duration" = "{duration}", "default";
    /// A processor did no work, may not be loaded, or none was found to load.
    COVERAGE: unknown "coverage";
    /// A core does less in a second of its own time than the middle of its like, and more so than their noise explains.
    CORE_SLOWER: warn "core_slower_warn_percent" = "less than {core_slower_warn_percent} % slower, where z is {core_outlier_z} or more below",
        "default; z-score by Iglewicz and Hoaglin";
    /// A core does much less than the middle of its like.
    CORE_MUCH_SLOWER: fail "core_slower_fail_percent" = "less than {core_slower_fail_percent} % slower, where z is {core_outlier_z} or more below",
        "default; z-score by Iglewicz and Hoaglin";
    /// On a virtual or portable machine, whose cores others or its design slow down, under a mix of loads, or where cores are too few to say what is usual: a core does much less than its like.
    CORE_MUCH_SLOWER_LENIENT: warn "core_slower_fail_percent" = "less than {core_slower_fail_percent} % slower, where z is {core_outlier_z} or more below",
        "default; z-score by Iglewicz and Hoaglin";
    /// Too few cores were loaded at once to be compared with each other.
    NOT_COMPARED: warn "cores-compared" = "2 cores at once", "default";
    /// The cores of a package do much less than those of the fastest package.
    PACKAGE_SLOWER: fail "package-slower" = "less than {core_slower_fail_percent} % slower than the fastest package", "default";
    /// A package was throttled by heat.
    THROTTLED: warn "throttled" = "0 % of the load", "Linux therm_throt.c, *_throttle_total_time_ms; default";
    /// A package was throttled by heat for too long.
    THROTTLED_LONG: fail "throttled_fail_percent" = "{throttled_fail_percent} % of the load",
        "Linux therm_throt.c, *_throttle_total_time_ms; default";
    /// On a portable machine, which is built to be throttled: a package was throttled by heat for too long.
    THROTTLED_LONG_LENIENT: warn "throttled_fail_percent" = "{throttled_fail_percent} % of the load",
        "Linux therm_throt.c, *_throttle_total_time_ms; default";
    /// Under integer load on all cores the frequency stays below the base frequency.
    FREQUENCY_LOW: warn frequency_warn_percent;
    /// Under integer load on all cores the frequency stays far below the base frequency.
    FREQUENCY_TOO_LOW: fail frequency_fail_percent;
    /// On a portable machine: under integer load on all cores the frequency stays far below the base frequency.
    FREQUENCY_TOO_LOW_LENIENT: warn frequency_fail_percent;
    /// Where no base frequency is known: under integer load on all cores the frequency stays far below the highest one.
    FREQUENCY_OF_MAX: warn "frequency-of-max" = "40 %", "default";
    /// Where no base frequency is known: under integer load on all cores the frequency stays below a quarter of the highest one.
    FREQUENCY_FAR_BELOW_MAX: fail "frequency-of-max" = "25 %", "default";
    /// On a portable machine, where no base frequency is known: the frequency stays below a quarter of the highest one.
    FREQUENCY_OF_MAX_LENIENT: warn "frequency-far-below-max" = "25 %", "default";
    /// A processor's sensor reached its critical limit.
    CRITICAL_TEMPERATURE: fail "critical_temperature" = "below the sensor's critical limit", "the chip's own limit (hwmon temp*_crit)";
    /// On a portable machine: a processor's sensor reached its critical limit.
    CRITICAL_TEMPERATURE_LENIENT: warn "critical_temperature" = "below the sensor's critical limit",
        "the chip's own limit (hwmon temp*_crit)";
    /// A processor's sensor came close to its critical limit.
    CRITICAL_MARGIN: warn crit_margin_celsius;
    /// No processor reports its temperature, though other parts do.
    NO_TEMPERATURE: warn "cpu-temperature" = "1 sensor", "default";
    /// The kernel's log, which tells of machine checks, could not be watched.
    KERNEL_LOG: unknown "kernel-log";
}
