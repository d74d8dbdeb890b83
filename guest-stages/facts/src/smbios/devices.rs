//! Slots and devices: types 9, 38, 39, 41, 42 and 43.

use serde::Serialize;

use super::Code;
use super::structure::{Reader, hex};
use super::words;

/// Whether a slot is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SlotUsage {
    /// Not known.
    Unknown,
    /// Free.
    Available,
    /// Taken.
    InUse,
    /// Not usable, for instance since its processor is absent.
    Unavailable,
    /// Another state.
    Other,
}

/// Type 9: a slot.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slot {
    /// Handle of the structure.
    pub handle: u16,
    /// Its name: `PCIe Slot 3`.
    pub designation: Option<String>,
    /// What it takes: `PCIe 4.0 x16`.
    pub kind: Option<Code>,
    /// Width of its bus: `x8`.
    pub width: Option<Code>,
    /// Whether it is taken.
    pub usage: Option<SlotUsage>,
    /// Its length, as a number of the specification: 3 short, 4 long.
    pub length: Option<u8>,
    /// Its number.
    pub id: Option<u16>,
    /// PCI address `0000:41:00.0`, of its bridge or of its device; firmware differs.
    pub pci_address: Option<String>,
    /// The bits of both bytes of characteristics, the first in the low byte.
    pub characteristics: Option<u16>,
    /// Bytes of the structure after the address (peers, physical width, pitch, height), as hexadecimal
    /// digits.
    pub beyond: Option<String>,
}

pub(super) fn slot(s: &mut Reader<'_>) -> Slot {
    Slot {
        handle: s.handle(),
        designation: s.text(4),
        kind: s.code(5, words::slot),
        width: s.code(6, words::slot_width),
        usage: s.byte(7).map(|usage| match usage {
            2 => SlotUsage::Unknown,
            3 => SlotUsage::Available,
            4 => SlotUsage::InUse,
            5 => SlotUsage::Unavailable,
            _ => SlotUsage::Other,
        }),
        length: s.byte(8),
        id: s.word(9),
        pci_address: s.pci_address(13),
        characteristics: s.word(11),
        beyond: s.beyond(17),
    }
}

/// Type 38: the management controller as IPMI reaches it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ManagementDevice {
    /// Handle of the structure.
    pub handle: u16,
    /// Its interface: `KCS`.
    pub interface: Option<Code>,
    /// Version of the IPMI specification: `2.0`.
    pub version: Option<String>,
    /// Its base address; bit 0 set for I/O ports.
    pub base_address: Option<u64>,
}

pub(super) fn management(s: &mut Reader<'_>) -> ManagementDevice {
    let version = s.byte(5);
    ManagementDevice {
        handle: s.handle(),
        interface: s.code(4, words::ipmi),
        version: version.map(|bcd| format!("{}.{}", bcd >> 4, bcd & 15)),
        base_address: s.qword(8),
    }
}

/// Type 39: a power supply.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PowerSupply {
    /// Handle of the structure.
    pub handle: u16,
    /// Number of the unit that it belongs to.
    pub group: Option<u8>,
    /// Where it is.
    pub location: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its asset tag.
    pub asset_tag: Option<String>,
    /// Its model and part number.
    pub part_number: Option<String>,
    /// Its revision.
    pub revision: Option<String>,
    /// The most that it gives, in W.
    pub max_watts: Option<u16>,
    /// Whether it is there.
    pub present: Option<bool>,
    /// Whether it is plugged in.
    pub plugged: Option<bool>,
    /// Whether it may be replaced while the machine runs.
    pub hot_replaceable: Option<bool>,
    /// Its state: `OK`, `Critical`.
    pub status: Option<Code>,
}

pub(super) fn power_supply(s: &mut Reader<'_>) -> PowerSupply {
    let bits = s.word(14);
    PowerSupply {
        handle: s.handle(),
        group: s.byte(4),
        location: s.text(5),
        name: s.text(6),
        manufacturer: s.text(7),
        serial: s.text(8),
        asset_tag: s.text(9),
        part_number: s.text(10),
        revision: s.text(11),
        max_watts: s.word(12).filter(|watts| *watts != 0x8000),
        present: bits.map(|bits| bits & 2 != 0),
        plugged: bits.map(|bits| bits & 4 == 0),
        hot_replaceable: bits.map(|bits| bits & 1 != 0),
        status: bits.map(|bits| {
            let code = (bits >> 7) & 7;
            Code {
                code,
                word: words::supply_status(code),
            }
        }),
    }
}

/// Type 41: a device on the board.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnboardDevice {
    /// Handle of the structure.
    pub handle: u16,
    /// Its name on the board: `Integrated NIC 1`.
    pub reference: Option<String>,
    /// What it is: `Ethernet`.
    pub kind: Option<Code>,
    /// Whether the firmware enabled it.
    pub enabled: Option<bool>,
    /// Its number among those of its kind.
    pub instance: Option<u8>,
    /// Its PCI address: `0000:01:00.0`.
    pub pci_address: Option<String>,
}

pub(super) fn onboard(s: &mut Reader<'_>) -> OnboardDevice {
    let kind = s.byte(5);
    OnboardDevice {
        handle: s.handle(),
        reference: s.text(4),
        kind: kind.map(|kind| {
            let code = u16::from(kind & 0x7f);
            Code {
                code,
                word: words::onboard(code),
            }
        }),
        enabled: kind.map(|kind| kind & 0x80 != 0),
        instance: s.byte(6),
        pci_address: s.pci_address(7),
    }
}

/// Type 42: a way from the host to its management controller.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HostInterface {
    /// Handle of the structure.
    pub handle: u16,
    /// What it is: `Network`.
    pub kind: Option<Code>,
    /// USB vendor id of a network port, four lower-case hexadecimal digits: `046b`.
    pub usb_vendor: Option<String>,
    /// USB product id of a network port, four lower-case hexadecimal digits.
    pub usb_product: Option<String>,
    /// What describes the port and its protocols, as hexadecimal digits.
    pub data: Option<String>,
}

pub(super) fn host_interface(s: &mut Reader<'_>) -> HostInterface {
    // Device type 2 and 4 are USB; 4 has its length before the numbers.
    let at = match s.byte(6) {
        Some(2) if s.byte(4) == Some(0x40) => Some(7),
        Some(4) if s.byte(4) == Some(0x40) => Some(8),
        _ => None,
    };
    let id = |offset: Option<usize>| s.word(offset?).map(|id| format!("{id:04x}"));
    HostInterface {
        handle: s.handle(),
        kind: s.code(4, words::host_interface),
        usb_vendor: id(at),
        usb_product: id(at.and_then(|at| at.checked_add(2))),
        data: s.beyond(6),
    }
}

/// Type 43: the TPM.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tpm {
    /// Handle of the structure.
    pub handle: u16,
    /// Who made it, four letters: `IFX`.
    pub vendor: Option<String>,
    /// Version of its specification: `2.0`.
    pub version: Option<String>,
    /// Both numbers of its firmware, as sixteen hexadecimal digits.
    pub firmware: Option<String>,
    /// Its description.
    pub description: Option<String>,
}

pub(super) fn tpm(s: &mut Reader<'_>) -> Tpm {
    let vendor = s.bytes(4, 4).map(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let kept = text.chars().filter(|c| !c.is_control());
        kept.collect::<String>().trim().to_owned()
    });
    let version = s.byte(8).zip(s.byte(9));
    let firmware = s.dword(10).zip(s.dword(14));
    let firmware =
        firmware.map(|(high, low)| hex(&[high.to_be_bytes(), low.to_be_bytes()].concat()));
    Tpm {
        handle: s.handle(),
        vendor: vendor.filter(|vendor| !vendor.is_empty()),
        version: version.map(|(major, minor)| format!("{major}.{minor}")),
        firmware,
        description: s.text(0x12),
    }
}
