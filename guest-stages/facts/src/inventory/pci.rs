//! Functions on the PCI bus, and the slots that they are in.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::files::Files;
use crate::smbios::{SlotUsage, Tables};

pub(super) const BUS: &str = "sys/bus/pci/devices";

/// A PCI Express link.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Link {
    /// Speed now, in GT/s.
    pub current_speed: Option<f64>,
    /// Lanes now.
    pub current_width: Option<u32>,
    /// The highest speed that the function supports, in GT/s.
    pub max_speed: Option<f64>,
    /// The most lanes that the function supports.
    pub max_width: Option<u32>,
}

/// A function on the PCI bus.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PciDevice {
    /// Address: `0000:03:00.0`.
    pub address: String,
    /// Class code, six lower-case hexadecimal digits: `020000`.
    pub class: Option<String>,
    /// Vendor id, four lower-case hexadecimal digits.
    pub vendor_id: Option<String>,
    /// Device id, four lower-case hexadecimal digits.
    pub device_id: Option<String>,
    /// Subsystem vendor id, four lower-case hexadecimal digits.
    pub subsystem_vendor_id: Option<String>,
    /// Subsystem device id, four lower-case hexadecimal digits.
    pub subsystem_device_id: Option<String>,
    /// Revision, two lower-case hexadecimal digits.
    pub revision: Option<String>,
    /// Driver bound to it.
    pub driver: Option<String>,
    /// PCI Express link; `None` where it has none or the kernel does not know it.
    pub link: Option<Link>,
    /// Address of the bridge above it.
    pub parent: Option<String>,
    /// Name of its slot by SMBIOS type 9: of the slot with the function's or the nearest bridge's address.
    pub slot: Option<String>,
    /// Name of its slot by the kernel (`sys/bus/pci/slots`).
    pub kernel_slot: Option<String>,
    /// Name on the board by SMBIOS type 41, or by the firmware (`label`).
    pub onboard: Option<String>,
    /// NUMA node.
    pub numa_node: Option<u32>,
    /// Address of the physical function, of a virtual one.
    pub physical_function: Option<String>,
    /// Virtual functions that are enabled, and that it supports.
    pub virtual_functions: Option<(u32, u32)>,
}

/// A slot for cards, by SMBIOS.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Slot {
    /// Its name: `PCIe Slot 3`.
    pub designation: String,
    /// What it takes: `PCIe 4 x16`.
    pub kind: Option<String>,
    /// Width of its bus: `x8`.
    pub width: Option<String>,
    /// Whether it is taken.
    pub usage: Option<SlotUsage>,
    /// PCI address of its bridge or its device.
    pub pci_address: Option<String>,
}

/// The slots, in SMBIOS' order.
pub(super) fn slots(tables: &Tables) -> Vec<Slot> {
    let word = |code: Option<crate::smbios::Code>| {
        let word = code.filter(|code| code.code > 2)?.word?;
        Some(word.to_owned())
    };
    let slot = |slot: &crate::smbios::Slot| Slot {
        designation: slot.designation.clone().unwrap_or_default(),
        kind: word(slot.kind),
        width: word(slot.width),
        usage: slot.usage,
        pci_address: slot.pci_address.clone(),
    };
    tables.slots.iter().map(slot).collect()
}

/// All functions, by address.
pub(super) fn devices(files: &Files, tables: &Tables, slots: &[Slot]) -> Vec<PciDevice> {
    let by_address = by_address(slots);
    let kernel_slots = kernel_slots(files);
    let onboard = tables.onboard_devices.iter().rev();
    let onboard: BTreeMap<&str, &str> = onboard
        .filter_map(|device| {
            device
                .pci_address
                .as_deref()
                .zip(device.reference.as_deref())
        })
        .collect();
    let names = files.names(BUS).into_iter().filter(|n| is_address(n));
    let mut devices: Vec<PciDevice> = names
        .map(|address| {
            let mut device = device(files, address);
            let place = files.target(&format!("{BUS}/{address}"));
            let above: Vec<&str> = place
                .unwrap_or(address)
                .rsplit('/')
                .filter(|part| is_address(part))
                .collect();
            let named = |address: &&str| by_address.get(without_function(address)).copied();
            device.slot = above.iter().find_map(named).flatten().map(str::to_owned);
            let named = |address: &&str| kernel_slots.get(without_function(address));
            device.kernel_slot = above.iter().find_map(named).cloned();
            let label = || files.text(&format!("{BUS}/{address}/label"));
            let named = onboard.get(address).copied().or_else(label);
            device.onboard = named.map(str::to_owned);
            device.parent = above.get(1).map(|address| (*address).to_owned());
            device
        })
        .collect();
    devices.sort_by(|a, b| a.address.cmp(&b.address));
    devices
}

fn device(files: &Files, address: &str) -> PciDevice {
    let folder = format!("{BUS}/{address}");
    let id = |file: &str, digits: usize| {
        let text = files.text(&format!("{folder}/{file}"))?;
        let text = text.trim_start_matches("0x").to_ascii_lowercase();
        Some(format!("{text:0>digits$}"))
    };
    let last = |file: &str| {
        let target = files.target(&format!("{folder}/{file}"))?;
        target.rsplit('/').next().map(str::to_owned)
    };
    let number = |file: &str| files.number::<u32>(&format!("{folder}/{file}"));
    PciDevice {
        address: address.to_owned(),
        class: id("class", 6),
        vendor_id: id("vendor", 4),
        device_id: id("device", 4),
        subsystem_vendor_id: id("subsystem_vendor", 4),
        subsystem_device_id: id("subsystem_device", 4),
        revision: id("revision", 2),
        driver: last("driver"),
        link: link(files, &folder),
        numa_node: number("numa_node"),
        physical_function: last("physfn"),
        virtual_functions: number("sriov_numvfs").zip(number("sriov_totalvfs")),
        ..PciDevice::default()
    }
}

fn link(files: &Files, folder: &str) -> Option<Link> {
    // `16.0 GT/s PCIe`, `8 GT/s`, or `Unknown`.
    let speed = |file: &str| {
        let text = files.text(&format!("{folder}/{file}"))?;
        let speed: f64 = text.split_whitespace().next()?.parse().ok()?;
        (speed.is_finite() && speed > 0.0).then_some(speed)
    };
    // 0 and 255 stand for unknown.
    let width = |file: &str| {
        let width: u32 = files.number(&format!("{folder}/{file}"))?;
        (1..255).contains(&width).then_some(width)
    };
    let link = Link {
        current_speed: speed("current_link_speed"),
        current_width: width("current_link_width"),
        max_speed: speed("max_link_speed"),
        max_width: width("max_link_width"),
    };
    (link != Link::default()).then_some(link)
}

/// Names of slots by domain, bus and device; `None` where several slots have the same address, of which not
/// exactly one is taken.
fn by_address(slots: &[Slot]) -> BTreeMap<&str, Option<&str>> {
    let mut groups: BTreeMap<&str, Vec<&Slot>> = BTreeMap::new();
    for slot in slots.iter().filter(|slot| !slot.designation.is_empty()) {
        if let Some(address) = &slot.pci_address {
            let group = groups.entry(without_function(address)).or_default();
            group.push(slot);
        }
    }
    let one = |group: &[&Slot]| -> Option<usize> {
        if group.len() == 1 {
            return Some(0);
        }
        let is_taken = |slot: &&Slot| slot.usage == Some(SlotUsage::InUse);
        let first = group.iter().position(is_taken)?;
        let last = group.iter().rposition(is_taken)?;
        (first == last).then_some(first)
    };
    let groups = groups.into_iter().map(|(address, group)| {
        let slot = one(&group).and_then(|at| group.get(at).copied());
        (address, slot.map(|slot| slot.designation.as_str()))
    });
    groups.collect()
}

/// The kernel's names of slots, by domain, bus and device.
fn kernel_slots(files: &Files) -> BTreeMap<String, String> {
    const SLOTS: &str = "sys/bus/pci/slots";
    let slot = |name: &str| {
        let address = files.text(&format!("{SLOTS}/{name}/address"))?;
        Some((address.to_owned(), name.to_owned()))
    };
    files.names(SLOTS).into_iter().filter_map(slot).collect()
}

/// `0000:41:00` of `0000:41:00.0`.
fn without_function(address: &str) -> &str {
    address.split('.').next().unwrap_or(address)
}

/// The PCI function nearest to a device, by the device's resolved path.
pub(super) fn nearest(path: &str) -> Option<&str> {
    path.rsplit('/').find(|part| is_address(part))
}

/// Whether this is a PCI address such as `0000:41:00.0`.
pub(super) fn is_address(text: &str) -> bool {
    let hex = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let fields = || {
        let (domain, rest) = text.split_once(':')?;
        let (bus, rest) = rest.split_once(':')?;
        let (slot, function) = rest.split_once('.')?;
        Some(hex(domain, 4..=8) && hex(bus, 2..=2) && hex(slot, 2..=2) && hex(function, 1..=1))
    };
    fields().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_from_other_names() {
        for good in ["0000:41:00.0", "10000:01:00.0", "0000:ff:1f.7"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "pci0000:00", "0:0:0:0", "0000:41:00", "virtio1"] {
            assert!(!is_address(bad), "{bad}");
        }
        let path = "sys/devices/pci0000:00/0000:00:1d.0/0000:04:00.0/nvme/nvme0";
        assert_eq!(nearest(path), Some("0000:04:00.0"));
    }
}
