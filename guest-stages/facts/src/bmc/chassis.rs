//! The chassis: `chassis status`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::printed::{self, field, flag, lines};
use crate::Unreadable;

/// The state of the chassis and its power.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChassisStatus {
    /// Whether the machine is powered on.
    pub power_on: Option<bool>,
    /// Whether it was shut down by an overload.
    pub power_overload: Option<bool>,
    /// Whether it was shut down by an open interlock switch.
    pub power_interlock: Option<bool>,
    /// Whether the main power has a fault.
    pub main_power_fault: Option<bool>,
    /// Whether the controller failed to switch power.
    pub power_control_fault: Option<bool>,
    /// What happens when mains power returns: `always-on`, `previous`, `always-off`.
    pub restore_policy: Option<String>,
    /// Why power was last lost or switched: `ac-failed`, `overload`, `interlock`, `fault`, `command`.
    pub last_power_events: Vec<String>,
    /// Whether the chassis is open.
    pub intrusion: Option<bool>,
    /// Whether the front panel is locked.
    pub front_panel_lockout: Option<bool>,
    /// Whether a drive has a fault.
    pub drive_fault: Option<bool>,
    /// Whether cooling or a fan has a fault.
    pub cooling_fault: Option<bool>,
    /// The other fields, as printed: buttons, identify light.
    pub extra: Map<String, Value>,
    /// Rows that could not be read, and complaints.
    pub unread: Vec<String>,
}

/// Reads `ipmitool chassis status`, and `ipmitool chassis power status`, which has only `power_on`.
pub fn chassis_status(status: &[u8]) -> Result<ChassisStatus, Unreadable> {
    let text = printed::text(status);
    let mut found = ChassisStatus::default();
    let mut known = false;
    for line in lines(&text).filter(|line| !line.is_empty()) {
        if let Some(power) = line.strip_prefix("Chassis Power is ") {
            found.power_on = flag(power);
            known |= found.power_on.is_some();
            continue;
        }
        let Some((name, value)) = field(line).filter(|_| !printed::is_complaint(line)) else {
            found.unread.push(line.to_owned());
            continue;
        };
        let place = match name {
            "System Power" => &mut found.power_on,
            "Power Overload" => &mut found.power_overload,
            "Power Interlock" => &mut found.power_interlock,
            "Main Power Fault" => &mut found.main_power_fault,
            "Power Control Fault" => &mut found.power_control_fault,
            "Chassis Intrusion" => &mut found.intrusion,
            "Front-Panel Lockout" => &mut found.front_panel_lockout,
            "Drive Fault" => &mut found.drive_fault,
            "Cooling/Fan Fault" => &mut found.cooling_fault,
            "Power Restore Policy" => {
                known = true;
                found.restore_policy = Some(value.to_owned()).filter(|value| !value.is_empty());
                continue;
            }
            "Last Power Event" => {
                known = true;
                let events = value.split_whitespace();
                found.last_power_events = events.map(str::to_owned).collect();
                continue;
            }
            _ => {
                found
                    .extra
                    .insert(name.to_owned(), Value::String(value.to_owned()));
                continue;
            }
        };
        known = true;
        *place = flag(value);
        if place.is_none() {
            found.unread.push(line.to_owned());
        }
    }
    match known {
        true => Ok(found),
        false => Err(Unreadable::starting(
            "the output of `ipmitool chassis status`",
            status,
        )),
    }
}
