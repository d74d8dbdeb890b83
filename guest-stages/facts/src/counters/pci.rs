//! PCI Express links: how fast and wide they are, and could be, and the slots.

use serde::Serialize;

use super::aer::{BUS, is_address, parent};
use super::folder::{Folder, Leftover, last, link, names};
use crate::files::Files;

const SLOTS: &str = "sys/bus/pci/slots";

/// What to read for [`pci_links`] and [`pci_slots`].
pub const PCI: &[&str] = &[
    "sys/bus/pci/devices/*",
    "sys/bus/pci/devices/*/current_link_speed",
    "sys/bus/pci/devices/*/current_link_width",
    "sys/bus/pci/devices/*/max_link_speed",
    "sys/bus/pci/devices/*/max_link_width",
    "sys/bus/pci/devices/*/class",
    "sys/bus/pci/devices/*/vendor",
    "sys/bus/pci/devices/*/device",
    "sys/bus/pci/devices/*/subsystem_vendor",
    "sys/bus/pci/devices/*/subsystem_device",
    "sys/bus/pci/devices/*/numa_node",
    "sys/bus/pci/devices/*/enable",
    "sys/bus/pci/devices/*/power_state",
    "sys/bus/pci/devices/*/driver",
    "sys/bus/pci/slots/*/address",
    "sys/bus/pci/slots/*/cur_bus_speed",
    "sys/bus/pci/slots/*/max_bus_speed",
    "sys/bus/pci/slots/*/power",
    "sys/bus/pci/slots/*/adapter",
    "sys/bus/pci/slots/*/attention",
    "sys/bus/pci/slots/*/latch",
];

/// One PCI function and its link upwards.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PciLink {
    /// Its address: `0000:3b:00.0`.
    pub address: String,
    /// The bridge or root port above it, by address: the link's other end.
    pub parent: Option<String>,
    /// Speed now in GT/s, per lane; `None`: not PCI Express, or unknown to the kernel (then in `extra`).
    pub current_gts: Option<f64>,
    /// Lanes now. Some functions that are not PCI Express say 0 or 255.
    pub current_width: Option<u32>,
    /// Highest speed of the function itself in GT/s, per lane.
    pub max_gts: Option<f64>,
    /// Most lanes of the function itself.
    pub max_width: Option<u32>,
    /// Class, subclass and interface: 0x010802 for an NVMe controller.
    pub class: Option<u64>,
    /// Vendor's number.
    pub vendor: Option<u64>,
    /// Device's number.
    pub device: Option<u64>,
    /// Subsystem vendor's number.
    pub subsystem_vendor: Option<u64>,
    /// Subsystem device's number.
    pub subsystem_device: Option<u64>,
    /// NUMA node; `None` where the firmware names none (-1, then in `extra`).
    pub numa_node: Option<u32>,
    /// How many users have it enabled.
    pub enabled: Option<u32>,
    /// Power state: `D0`, `D3hot`.
    pub power_state: Option<String>,
    /// The driver bound to it.
    pub driver: Option<String>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One physical slot that the firmware names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PciSlot {
    /// Its name: `3`, `8-1`.
    pub name: String,
    /// Domain, bus and device in it, without function: `0000:3b:00`.
    pub address: Option<String>,
    /// Its bus's speed now: `8.0 GT/s PCIe`.
    pub current_speed: Option<String>,
    /// Its bus's highest speed.
    pub max_speed: Option<String>,
    /// What does not fit: `power`, `adapter`, `attention`, `latch`.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads every function's link.
pub fn pci_links(files: &Files) -> Vec<PciLink> {
    let functions = names(files, BUS);
    let functions = functions.iter().filter(|name| is_address(name));
    functions.map(|address| function(files, address)).collect()
}

fn function(files: &Files, address: &str) -> PciLink {
    let home = format!("{BUS}/{address}");
    let mut folder = Folder::open(files, &home);
    let found = PciLink {
        address: address.to_owned(),
        parent: parent(files, address),
        current_gts: folder.with("current_link_speed", gts),
        current_width: folder.number("current_link_width"),
        max_gts: folder.with("max_link_speed", gts),
        max_width: folder.number("max_link_width"),
        class: folder.any_radix("class"),
        vendor: folder.any_radix("vendor"),
        device: folder.any_radix("device"),
        subsystem_vendor: folder.any_radix("subsystem_vendor"),
        subsystem_device: folder.any_radix("subsystem_device"),
        numa_node: folder.number("numa_node"),
        enabled: folder.number("enable"),
        power_state: folder.text("power_state"),
        driver: link(files, &home, "driver").map(|to| last(&to).to_owned()),
        leftover: Leftover::default(),
    };
    // What other readers of this room read is nothing that was missed here.
    for name in folder.left() {
        if name.starts_with("aer_") {
            folder.text(&name);
        }
    }
    PciLink {
        leftover: folder.close(),
        ..found
    }
}

/// `8.0 GT/s PCIe`, and `8 GT/s` of old kernels.
fn gts(text: &str) -> Option<f64> {
    let (number, rest) = text.split_once(' ')?;
    let number: f64 = number.parse().ok()?;
    (rest.starts_with("GT/s") && number.is_finite()).then_some(number)
}

/// Reads the slots.
pub fn pci_slots(files: &Files) -> Vec<PciSlot> {
    let slot = |name: String| {
        let mut folder = Folder::open(files, &format!("{SLOTS}/{name}"));
        PciSlot {
            name,
            address: folder.text("address"),
            current_speed: folder.text("cur_bus_speed"),
            max_speed: folder.text("max_bus_speed"),
            leftover: folder.close(),
        }
    };
    names(files, SLOTS).into_iter().map(slot).collect()
}
