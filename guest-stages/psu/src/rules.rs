//! The rules, each written down once.

use crate::Parameters;

/// The name of [`EVENT_LOG_FULL`], so that one full log is one finding.
pub const EVENT_LOG_FULL_NAME: &str = "event-log-full";

vetting_stage::rules! {
    /// The management controller is there and does not answer, or not whole.
    CONTROLLER: unknown "management-controller";
    /// The management controller takes long for an answer.
    SLOW_CONTROLLER: warn "slow-controller" = "60 s", "default";
    /// The controller's sensors were read only once, so that a moment cannot be told from a fault.
    SECOND_READING: unknown "second-reading";
    /// Fewer power supplies are there than expected.
    FEWER_SUPPLIES: fail expected_supplies;
    /// A power supply is in a state of warning, such as inactive without redundancy.
    SUPPLY_WARNING: warn "supply-state" = "nominal", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// A power supply has failed, will fail, or has lost its input.
    SUPPLY_CRITICAL: fail "supply-state" = "nominal or warning", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// The state of a power supply, or of all of them, is not known.
    SUPPLY_UNKNOWN: unknown "supply-state";
    /// A power supply had failed or lost its input in the first of two readings, and not in the second.
    SUPPLY_FLICKERS: warn "supply-flickers" = "2 alike readings", "default";
    /// A power supply went during the test.
    SUPPLY_GONE: fail "supply-gone" = "there in both readings", "default";
    /// Of several power supplies one hardly gives anything, and does not say that it rests.
    SUPPLY_SHARE: warn "supply-share" = "20 % of the load of two, less of more", "default";
    /// Power supplies of several models are mixed.
    MIXED_SUPPLIES: warn "mixed-supplies" = "1 model", "default";
    /// A feed has no mains while others have it.
    NO_MAINS: fail "no-mains" = "20 % of the voltage of the other feeds", "default";
    /// Redundancy of supplies, fans or other parts is degraded. That of supplies is not judged where the spec expects one.
    REDUNDANCY_WARNING: warn "redundancy" = "nominal", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// Redundancy of supplies, fans or other parts is lost.
    REDUNDANCY_CRITICAL: fail "redundancy" = "nominal or warning", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// Redundancy was lost in the first of two readings, and not in the second.
    REDUNDANCY_FLICKERS: warn "redundancy-flickers" = "2 alike readings", "default";
    /// A sensor is beyond its non-critical limit, or beyond its critical one in only one of two readings.
    SENSOR_WARNING: warn "sensor-state" = "nominal", "IPMI 2.0, section 35.12; FreeIPMI calls the non-critical limit nominal";
    /// A sensor is beyond its critical limit in both readings.
    SENSOR_CRITICAL: fail "sensor-state" = "nominal or warning", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// A sensor reports a state that is worth a look, or a bad one in only one of two readings.
    STATE_WARNING: warn "state" = "nominal", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// A drive, a battery, a processor or another part reports a bad state in both readings.
    STATE_CRITICAL: fail "state" = "nominal or warning", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// The controller has limits for the processors' temperatures and a reading of none.
    BLIND: warn "blind-sensor" = "a reading of any processor", "default";
    /// The air at the inlet is warmer than the machine is made for.
    INLET: warn inlet_celsius_warn;
    /// A fan stands still in both readings.
    FAN_STANDS: fail "fan-turns" = "more than 0 1/min", "default";
    /// A fan stands still, or has no reading, in only one of two readings.
    FAN_FLICKERS: warn "fan-flickers" = "2 alike readings", "default";
    /// Fans read 0, and their lower limits are 0 too: empty headers or fans that stand still.
    FANS_IN_DOUBT: warn "fans-in-doubt" = "more than 0 1/min, or limits above 0", "default";
    /// No fan has a reading, though the controller has limits for them.
    FANS_SILENT: unknown "fan-speed";
    /// A fan turns slower than fans of its kind.
    FAN_SLOW: warn fan_warn_percent;
    /// A fan hardly turns, while fans of its kind do.
    FAN_FAR_TOO_SLOW: fail fan_fail_percent;
    /// A rail without limits of its own is off its nominal voltage.
    RAIL: fail rail_fail_percent;
    /// A rail has a voltage that it cannot have: the controller misreads it.
    IMPLAUSIBLE: unknown "implausible-reading";
    /// The input of a power supply that the kernel reads has no voltage.
    NO_INPUT: fail "supply-input" = "10 V", "default";
    /// The chip of a power supply raises an alarm or a fault.
    ALARMS: fail "alarms" = "0", "Linux sysfs-class-hwmon, *_alarm and *_fault";
    /// A power meter raises an alarm: the machine draws more than its cap.
    METER: warn "power-cap" = "0", "Linux hwmon acpi_power_meter, power1_alarm";
    /// A battery's health is worth a look, such as cold or calibration required.
    BATTERY_WARNING: warn "battery-health" = "Good", "Linux ABI/testing/sysfs-class-power, health";
    /// A battery is dead, overheated or over its voltage.
    BATTERY_CRITICAL: fail "battery-health" = "Good or a warning", "Linux ABI/testing/sysfs-class-power, health";
    /// The kernel's sensors could not be read.
    CHIPS: unknown "kernel-sensors";
    /// The event log was read only once, so that new entries cannot be told from old ones.
    EVENT_LOG: unknown "event-log";
    /// Grave entries came into the controller's event log during the test.
    NEW_EVENTS: fail "new-critical-events" = "0", "FreeIPMI, freeipmi_interpret_sel.conf";
    /// Entries that warn, or are not understood, came into the event log during the test.
    NEW_WARNINGS: warn "new-events" = "0", "FreeIPMI, freeipmi_interpret_sel.conf";
    /// Grave entries of the past are in the controller's event log, and did not go away: the part may have arrived dead.
    OLD_EVENTS: warn "old-critical-events" = "0", "FreeIPMI, freeipmi_interpret_sel.conf";
    /// The controller's event log is full or nearly so, and loses what comes next.
    EVENT_LOG_FULL: warn "event-log-full" = "90 %", "default";
    /// The controller's clock is wrong, and so are the times of its event log.
    CLOCK: warn clock_skew_warn;
    /// The newest entry of the event log is of the future, or of before there were such machines.
    CLOCK_OF_LOG: warn "event-log-clock" = "2010-01-01 to now", "default";
    /// The machine's own calendar is wrong.
    CALENDAR: warn "calendar" = "after 2020-01-01", "default";
    /// The controller's test of itself finds a fatal error.
    SELF_TEST_FATAL: fail "self-test" = "passed or not implemented", "IPMI 2.0, section 20.4";
    /// The controller's test of itself finds corrupted data, or a fault of the maker's.
    SELF_TEST: warn "self-test" = "passed or not implemented", "IPMI 2.0, section 20.4";
    /// The chassis status has a fault of the power.
    CHASSIS_POWER: fail "chassis-power" = "no fault", "IPMI 2.0, section 28.2";
    /// The chassis status has a fault of a drive or of cooling, and no sensor names the part.
    CHASSIS: warn "chassis-fault" = "no fault", "IPMI 2.0, section 28.2";
}
