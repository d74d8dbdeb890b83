//! Disks as they were given, joined to parts, and media that a management controller offers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::placeholder::is_placeholder;
use super::usb::UsbDevice;

/// A disk, as native code found it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Disk {
    /// The kernel's name: `sda`, `nvme0n1`.
    pub name: String,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// World-wide name, NGUID or EUI-64, lower-case hexadecimal digits without separators.
    pub wwn: Option<String>,
    /// Firmware revision.
    pub firmware: Option<String>,
    /// Size in bytes; 0 for a drive without a medium.
    pub size_bytes: u64,
    /// Whether it spins.
    pub rotational: bool,
    /// How it is attached: `sata`, `sas`, `nvme`, `usb`, `virtio` …
    pub transport: String,
}

/// One disk, by all names that the kernel has for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DiskPart {
    /// The names: several for several paths to one disk.
    pub names: Vec<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// World-wide name.
    pub wwn: Option<String>,
}

/// A medium that a management controller offers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct VirtualMedium {
    /// The disk's name, or the place of the USB device that offers it.
    pub name: String,
    /// Its model.
    pub model: Option<String>,
    /// Its size in bytes; `None` where it is not known, 0 without a medium.
    pub size_bytes: Option<u64>,
    /// Why it is one.
    pub reason: &'static str,
}

/// Disks by world-wide name and serial number: names that have both the same are paths to one disk. A disk
/// without a world-wide name is one of its own.
pub(super) fn parts(disks: &[Disk]) -> Vec<DiskPart> {
    let mut parts: Vec<DiskPart> = Vec::new();
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for disk in disks {
        let key = disk.wwn.as_ref().map(|wwn| {
            let serial = disk.serial.clone().unwrap_or_default();
            (wwn.to_ascii_lowercase(), serial)
        });
        let known = key.as_ref().and_then(|key| places.get(key).copied());
        match known.and_then(|at| parts.get_mut(at)) {
            Some(part) => part.names.push(disk.name.clone()),
            None => {
                if let Some(key) = key {
                    places.insert(key, parts.len());
                }
                parts.push(DiskPart {
                    names: vec![disk.name.clone()],
                    serial: disk.serial.clone(),
                    wwn: disk.wwn.clone(),
                });
            }
        }
    }
    parts
}

/// The disks without media of the management controller, each once.
pub(super) fn own(disks: &[Disk]) -> Vec<Disk> {
    let parts = parts(disks);
    let is_first = |disk: &&Disk| {
        let mut first = parts.iter().filter_map(|part| part.names.first());
        first.any(|name| *name == disk.name)
    };
    let own = disks.iter().filter(|disk| reason(disk).is_none());
    own.filter(is_first).cloned().collect()
}

/// Media that the management controller offers: among the disks, and among USB devices.
pub(super) fn offered(disks: &[Disk], usb: &[UsbDevice]) -> Vec<VirtualMedium> {
    let of_disk = |disk: &Disk| {
        let reason = reason(disk)?;
        Some(VirtualMedium {
            name: disk.name.clone(),
            model: disk.model.clone(),
            size_bytes: Some(disk.size_bytes),
            reason,
        })
    };
    let of_usb = |device: &UsbDevice| {
        let name = device.product.as_deref().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        let medium = [
            "cdrom",
            "cd-rom",
            "floppy",
            "hdisk",
            "virtual media",
            "disk",
        ];
        let reason = device.management_controller?;
        let is_medium = medium.iter().any(|word| name.contains(word));
        is_medium.then(|| VirtualMedium {
            name: device.place.clone(),
            model: device.product.clone(),
            size_bytes: None,
            reason,
        })
    };
    let media = disks.iter().filter_map(of_disk);
    media.chain(usb.iter().filter_map(of_usb)).collect()
}

/// Why a disk is a medium of the management controller.
fn reason(disk: &Disk) -> Option<&'static str> {
    if disk.transport != "usb" {
        return None;
    }
    let model = disk.model.as_deref().unwrap_or_default();
    let model = model.to_ascii_lowercase();
    let words = [
        "virtual",
        "idrac",
        "lcdrive",
        "secupd",
        "oemdrv",
        "remote disk",
        "imm",
        "ilo",
    ];
    let has = |word: &str| match word.len() {
        // Short words stand alone.
        0..=3 => model
            .split(|c: char| !c.is_alphanumeric())
            .any(|w| w == word),
        _ => model.contains(word),
    };
    if words.iter().any(|word| has(word)) {
        return Some("on USB, and its model is that of a management controller's medium");
    }
    let nameless = disk.serial.as_deref().is_none_or(is_placeholder);
    (disk.size_bytes == 0 && nameless).then_some("on USB, without a medium and a serial number")
}
