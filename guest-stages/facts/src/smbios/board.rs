//! Firmware, system, boards and enclosures: types 0 to 3.

use serde::Serialize;

use super::Code;
use super::structure::{Reader, hex};
use super::words;

/// Type 0: the firmware that boots the machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bios {
    /// Handle of the structure.
    pub handle: u16,
    /// Who made it.
    pub vendor: Option<String>,
    /// Its version as the vendor writes it; HPE writes its family: `U30`.
    pub version: Option<String>,
    /// Its date as the vendor writes it, mostly `MM/DD/YYYY`.
    pub date: Option<String>,
    /// Size of its flash chip in bytes.
    pub rom_bytes: Option<u64>,
    /// Its release as major and minor number: `2.76`.
    pub release: Option<String>,
    /// Release of the embedded controller's firmware: `1.40`; on HPE's servers that of iLO.
    pub controller_release: Option<String>,
    /// Whether UEFI is supported.
    pub uefi_supported: Option<bool>,
    /// Whether these tables say that they describe a virtual machine.
    pub virtual_machine: Option<bool>,
    /// The bits of the characteristics.
    pub characteristics: Option<u64>,
    /// Bytes of the structure that this crate does not know, as hexadecimal digits.
    pub beyond: Option<String>,
}

pub(super) fn bios(s: &mut Reader<'_>) -> Bios {
    let release = |s: &Reader<'_>, offset: usize| {
        let (major, minor) = (s.byte(offset)?, s.byte(offset.checked_add(1)?)?);
        (major != 0xff || minor != 0xff).then(|| format!("{major}.{minor}"))
    };
    let size = |s: &Reader<'_>| match s.byte(9)? {
        // In units of 64 KiB, less one.
        blocks @ 0..=0xfe => Some((u64::from(blocks) + 1) << 16),
        0xff => {
            let Some(size) = s.word(0x18) else {
                return Some(16 << 20);
            };
            let unit = if size >> 14 == 0 { 20 } else { 30 };
            Some(u64::from(size & 0x3fff) << unit).filter(|bytes| *bytes > 0)
        }
    };
    Bios {
        handle: s.handle(),
        vendor: s.text(4),
        version: s.text(5),
        date: s.text(8),
        rom_bytes: size(s),
        release: release(s, 0x14),
        controller_release: release(s, 0x16),
        uefi_supported: s.byte(0x13).map(|bits| bits & 8 != 0),
        virtual_machine: s.byte(0x13).map(|bits| bits & 16 != 0),
        characteristics: s.qword(10),
        beyond: s.beyond(0x1a),
    }
}

/// Type 1: the system.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct System {
    /// Handle of the structure.
    pub handle: u16,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its UUID, lower case with hyphens; the first three fields are little-endian since SMBIOS 2.6 and
    /// where the version is not known. `None` for zeros and for ones all over, which stand for absent.
    pub uuid: Option<String>,
    /// The sixteen bytes of the UUID, as hexadecimal digits.
    pub uuid_bytes: Option<String>,
    /// What switched the machine on.
    pub wake_up: Option<Code>,
    /// Its number in the vendor's catalogue.
    pub sku: Option<String>,
    /// Its family.
    pub family: Option<String>,
    /// Bytes of the structure that this crate does not know, as hexadecimal digits.
    pub beyond: Option<String>,
}

pub(super) fn system(s: &mut Reader<'_>) -> System {
    let bytes = s.bytes(8, 16);
    let swapped = s.since(2, 6).unwrap_or(true);
    System {
        handle: s.handle(),
        manufacturer: s.text(4),
        product: s.text(5),
        version: s.text(6),
        serial: s.text(7),
        uuid: bytes.and_then(|bytes| uuid(bytes, swapped)),
        uuid_bytes: bytes.map(hex),
        wake_up: s.code(0x18, words::wake_up),
        sku: s.text(0x19),
        family: s.text(0x1a),
        beyond: s.beyond(0x1b),
    }
}

fn uuid(bytes: &[u8], swapped: bool) -> Option<String> {
    let mut bytes: [u8; 16] = bytes.try_into().ok()?;
    if bytes == [0; 16] || bytes == [0xff; 16] {
        return None;
    }
    if swapped {
        for range in [0..4, 4..6, 6..8] {
            bytes.get_mut(range)?.reverse();
        }
    }
    let digits = hex(&bytes);
    let fields = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range));
    let fields: Option<Vec<&str>> = fields.into_iter().collect();
    Some(fields?.join("-"))
}

/// Type 2: a board.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Board {
    /// Handle of the structure.
    pub handle: u16,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its product name.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its asset tag.
    pub asset_tag: Option<String>,
    /// Whether it is one that hosts others: a main board.
    pub hosting: Option<bool>,
    /// Where it is within the enclosure.
    pub location: Option<String>,
    /// Handle of its enclosure.
    pub chassis_handle: Option<u16>,
    /// What it is.
    pub kind: Option<Code>,
}

pub(super) fn board(s: &mut Reader<'_>) -> Board {
    Board {
        handle: s.handle(),
        manufacturer: s.text(4),
        product: s.text(5),
        version: s.text(6),
        serial: s.text(7),
        asset_tag: s.text(8),
        hosting: s.byte(9).map(|bits| bits & 1 != 0),
        location: s.text(10),
        chassis_handle: s.link(11),
        kind: s.code(13, words::board),
    }
}

/// Type 3: an enclosure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chassis {
    /// Handle of the structure.
    pub handle: u16,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// What it is: `Rack Mount Chassis`. The bit of the lock is left out of the number.
    pub kind: Option<Code>,
    /// Whether it has a lock.
    pub lock: Option<bool>,
    /// Its version.
    pub version: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its asset tag.
    pub asset_tag: Option<String>,
    /// Its state at the last boot.
    pub boot_up_state: Option<Code>,
    /// State of its power supplies at the last boot.
    pub power_supply_state: Option<Code>,
    /// Its thermal state at the last boot.
    pub thermal_state: Option<Code>,
    /// Height in rack units; `None` where it is not given.
    pub height_units: Option<u8>,
    /// Number of power cords; `None` where it is not given.
    pub power_cords: Option<u8>,
    /// Its number in the vendor's catalogue.
    pub sku: Option<String>,
}

pub(super) fn chassis(s: &mut Reader<'_>) -> Chassis {
    let contained = || {
        let (count, length) = (s.byte(0x13)?, s.byte(0x14)?);
        usize::from(count).checked_mul(usize::from(length))
    };
    let sku = contained().and_then(|bytes| bytes.checked_add(0x15));
    let kind = s.byte(5).map(|kind| u16::from(kind & 0x7f));
    Chassis {
        handle: s.handle(),
        manufacturer: s.text(4),
        kind: kind.map(|code| Code {
            code,
            word: words::chassis(code),
        }),
        lock: s.byte(5).map(|kind| kind & 0x80 != 0),
        version: s.text(6),
        serial: s.text(7),
        asset_tag: s.text(8),
        boot_up_state: s.code(9, words::chassis_state),
        power_supply_state: s.code(10, words::chassis_state),
        thermal_state: s.code(11, words::chassis_state),
        height_units: s.byte(0x11).filter(|height| *height > 0),
        power_cords: s.byte(0x12).filter(|cords| *cords > 0),
        sku: sku.and_then(|offset| s.text(offset)),
    }
}
