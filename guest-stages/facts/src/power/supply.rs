//! The kernel's `power_supply` class: batteries and adapters, and supplies of some boards.

use serde::Serialize;

use super::place::device;
use crate::counters::Leftover;
use crate::counters::folder::{Folder, names};
use crate::files::Files;

const CLASS: &str = "sys/class/power_supply";

/// What to read for [`supplies`].
pub const SUPPLY: &[&str] = &["sys/class/power_supply/*", "sys/class/power_supply/*/*"];

/// One power supply, battery or adapter. Numbers are in the kernel's millionths.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PowerSupply {
    /// Its folder: `BAT0`, `AC`.
    pub name: String,
    /// `Battery`, `Mains`, `UPS`, `USB`, `Wireless`.
    pub kind: Option<String>,
    /// `System`, or `Device` for a mouse's or a keyboard's.
    pub scope: Option<String>,
    /// The device that it sits on, as a path below the root.
    pub device: Option<String>,
    /// Whether it is there.
    pub present: Option<bool>,
    /// 0: gives no power; 1: fixed; 2: programmable.
    pub online: Option<u32>,
    /// `Charging`, `Discharging`, `Full`, `Not charging`, `Unknown`.
    pub status: Option<String>,
    /// `Good`, `Overheat`, `Dead`, `Over voltage`, `Unspecified failure` …
    pub health: Option<String>,
    /// Charge in per cent.
    pub capacity: Option<u32>,
    /// `Normal`, `Low`, `Critical`.
    pub capacity_level: Option<String>,
    /// Charge cycles.
    pub cycles: Option<u64>,
    /// Microvolts now.
    pub voltage_uv: Option<i64>,
    /// Microamperes now; below zero while it discharges, by some drivers.
    pub current_ua: Option<i64>,
    /// Microwatts now.
    pub power_uw: Option<i64>,
    /// Microwatt-hours when full.
    pub energy_full_uwh: Option<u64>,
    /// Microwatt-hours when full and new.
    pub energy_design_uwh: Option<u64>,
    /// Microampere-hours when full.
    pub charge_full_uah: Option<u64>,
    /// Microampere-hours when full and new.
    pub charge_design_uah: Option<u64>,
    /// Tenths of degrees Celsius.
    pub temperature_dc: Option<i64>,
    /// Manufacturer.
    pub manufacturer: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads every power supply of the class.
pub fn supplies(files: &Files) -> Vec<PowerSupply> {
    let one = |name: String| {
        let mut folder = Folder::open(files, &format!("{CLASS}/{name}"));
        // It says the same again.
        folder.text("uevent");
        PowerSupply {
            device: device(files, CLASS, &name),
            name,
            kind: folder.text("type"),
            scope: folder.text("scope"),
            present: folder.flag("present"),
            online: folder.number("online"),
            status: folder.text("status"),
            health: folder.text("health"),
            capacity: folder.number("capacity"),
            capacity_level: folder.text("capacity_level"),
            cycles: folder.number("cycle_count"),
            voltage_uv: folder.number("voltage_now"),
            current_ua: folder.number("current_now"),
            power_uw: folder.number("power_now"),
            energy_full_uwh: folder.number("energy_full"),
            energy_design_uwh: folder.number("energy_full_design"),
            charge_full_uah: folder.number("charge_full"),
            charge_design_uah: folder.number("charge_full_design"),
            temperature_dc: folder.number("temp"),
            manufacturer: folder.text("manufacturer"),
            model: folder.text("model_name"),
            serial: folder.text("serial_number"),
            leftover: folder.close(),
        }
    };
    names(files, CLASS).into_iter().map(one).collect()
}
