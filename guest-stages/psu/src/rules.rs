//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    /// Only one reading was made, so that a moment cannot be told from a fault.
    SECOND_READING: unknown "second-reading";
    /// The management controller is there and does not answer, or tells only its event log.
    CONTROLLER: unknown "management-controller";
    /// Fewer power supplies are there than expected.
    FEWER_SUPPLIES: fail expected_supplies;
    /// A power supply is in a state of warning, such as a fan or a temperature of its own.
    SUPPLY_WARNING: warn "supply-state" = "nominal", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// A power supply has failed, will fail, or has lost its input.
    SUPPLY_CRITICAL: fail "supply-state" = "nominal or warning", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// The state of a server's power supply is not told or not understood.
    SUPPLY_UNKNOWN: unknown "supply-state";
    /// Power supplies of several models are mixed.
    MIXED_SUPPLIES: warn "mixed-supplies" = "1 model", "default";
    /// Redundancy of supplies or fans is degraded. Where the spec expects one supply, that of supplies is not judged.
    REDUNDANCY_WARNING: warn "redundancy" = "nominal", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// Redundancy of supplies or fans is lost.
    REDUNDANCY_CRITICAL: fail "redundancy" = "nominal or warning", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// A sensor of the controller is in a state of warning, or in a critical one in only one of two readings.
    SENSOR_WARNING: warn "sensor-state" = "nominal", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// A sensor of the controller is in a critical state in both readings.
    SENSOR_CRITICAL: fail "sensor-state" = "nominal or warning", "FreeIPMI, freeipmi_interpret_sensor.conf";
    /// A fan stands still.
    FAN_STANDS: fail "fan-turns" = "more than 0 1/min", "default";
    /// A fan that has limits has no reading.
    FAN_SILENT: unknown "fan-speed";
    /// A fan turns slower than the middle of its siblings.
    FAN_SLOW: warn fan_warn_percent;
    /// A rail without limits of its own is off its nominal voltage.
    RAIL: fail rail_fail_percent;
    /// The chip of a power supply raises an alarm or a fault.
    ALARMS: fail "alarms" = "0", "Linux sysfs-class-hwmon, *_alarm and *_fault";
    /// The event log was read only once, so that new entries cannot be told from old ones.
    EVENT_LOG: unknown "event-log";
    /// Critical entries came into the controller's event log during the test.
    NEW_EVENTS: fail "new-critical-events" = "0", "FreeIPMI, freeipmi_interpret_sel.conf";
    /// Critical entries of the past are in the controller's event log: the part may have arrived dead.
    OLD_EVENTS: warn "old-critical-events" = "0", "FreeIPMI, freeipmi_interpret_sel.conf";
    /// The controller's event log is full, and takes no more entries.
    EVENT_LOG_FULL: warn "event-log-full" = "not full", "default";
}
