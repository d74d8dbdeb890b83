//! Memory: arrays, devices and the addresses that the firmware maps: types 16, 17, 19 and 20.

use serde::Serialize;

use super::Code;
use super::memory_words;
use super::structure::Reader;

/// Type 16: an array of memory devices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryArray {
    /// Handle of the structure.
    pub handle: u16,
    /// Where it is.
    pub location: Option<Code>,
    /// What it is used for: `System Memory`, `Flash Memory`.
    pub usage: Option<Code>,
    /// Its error correction: `Multi-bit ECC`.
    pub error_correction: Option<Code>,
    /// The most that it may have, in bytes.
    pub max_bytes: Option<u64>,
    /// Number of its slots.
    pub devices: Option<u16>,
}

pub(super) fn array(s: &mut Reader<'_>) -> MemoryArray {
    let max = match s.dword(7) {
        Some(0x8000_0000) => s.qword(15),
        kib => kib.map(|kib| u64::from(kib) << 10),
    };
    MemoryArray {
        handle: s.handle(),
        location: s.code(4, memory_words::array_location),
        usage: s.code(5, memory_words::array_usage),
        error_correction: s.code(6, memory_words::array_correction),
        max_bytes: max.filter(|bytes| *bytes > 0),
        devices: s.word(13),
    }
}

/// What the size of a memory device says of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Nothing is installed.
    Empty,
    /// Something is installed, and its size is not known.
    SizeUnknown,
    /// Something of a known size is installed.
    Installed,
}

/// Type 17: a memory device, or the empty slot of one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemoryDevice {
    /// Handle of the structure.
    pub handle: u16,
    /// Handle of its array.
    pub array_handle: Option<u16>,
    /// The slot's name: `DIMM_A1`. On some boards every slot has the same.
    pub locator: Option<String>,
    /// The bank's name: `P0 CHANNEL A`.
    pub bank: Option<String>,
    /// What the size says of the slot; `None` where the structure ends before it.
    pub presence: Option<Presence>,
    /// Size in bytes; `None` for an empty slot and for an unknown size.
    pub size_bytes: Option<u64>,
    /// Width with check bits, in bits.
    pub total_width: Option<u16>,
    /// Width without check bits, in bits.
    pub data_width: Option<u16>,
    /// Its form factor: `DIMM`.
    pub form_factor: Option<Code>,
    /// Number of the set of devices that it belongs to; 0 for none, 255 for unknown.
    pub set: Option<u8>,
    /// The kind of memory: `DDR4`.
    pub kind: Option<Code>,
    /// The bits of the details of its kind: 7 synchronous, 13 registered, 14 unbuffered, 15 LRDIMM.
    pub detail: Option<u16>,
    /// What the module can do, in megatransfers per second.
    pub rated_mts: Option<u32>,
    /// What it is set to, in megatransfers per second.
    pub configured_mts: Option<u32>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its serial number.
    pub serial: Option<String>,
    /// Its asset tag.
    pub asset_tag: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// Its ranks, 1 to 15.
    pub ranks: Option<u8>,
    /// Lowest voltage in mV.
    pub min_millivolts: Option<u16>,
    /// Highest voltage in mV.
    pub max_millivolts: Option<u16>,
    /// Voltage that it is set to, in mV.
    pub configured_millivolts: Option<u16>,
    /// Its technology: `DRAM`, `Intel Optane persistent memory`.
    pub technology: Option<Code>,
    /// The bits of the modes that it can work in: 3 volatile, 4 byte-accessible persistent, 5 block-accessible.
    pub modes: Option<u16>,
    /// Version of its firmware.
    pub firmware: Option<String>,
    /// Its maker by JEP106: the bank, without parity, in the low byte, the code in the high byte.
    pub manufacturer_id: Option<u16>,
    /// Product number that its maker gave it.
    pub product_id: Option<u16>,
    /// Maker of its controller by JEP106, as `manufacturer_id`.
    pub controller_manufacturer_id: Option<u16>,
    /// Product number of its controller.
    pub controller_product_id: Option<u16>,
    /// How much of it is persistent, in bytes.
    pub non_volatile_bytes: Option<u64>,
    /// How much of it is ordinary memory, in bytes.
    pub volatile_bytes: Option<u64>,
    /// How much of it is a cache of other memory, in bytes.
    pub cache_bytes: Option<u64>,
    /// Size of a logical device, in bytes.
    pub logical_bytes: Option<u64>,
    /// Bytes of the structure that this crate does not know, as hexadecimal digits.
    pub beyond: Option<String>,
}

pub(super) fn device(s: &mut Reader<'_>) -> MemoryDevice {
    let speed = |s: &Reader<'_>, word: usize, dword: usize| match s.word(word)? {
        0 => None,
        0xffff => s.dword(dword).filter(|mts| *mts > 0),
        mts => Some(u32::from(mts)),
    };
    let number = |s: &Reader<'_>, offset: usize| s.word(offset).filter(|n| *n > 0 && *n < 0xffff);
    let long = |s: &Reader<'_>, offset: usize| s.qword(offset).filter(|n| *n < u64::MAX);
    let size = size(s);
    MemoryDevice {
        handle: s.handle(),
        array_handle: s.link(4),
        locator: s.text(0x10),
        bank: s.text(0x11),
        presence: size.map(|(presence, _)| presence),
        size_bytes: size.and_then(|(_, bytes)| bytes),
        total_width: number(s, 8),
        data_width: number(s, 10),
        form_factor: s.code(14, memory_words::form_factor),
        set: s.byte(15),
        kind: s.code(0x12, memory_words::memory_kind),
        detail: s.word(0x13),
        rated_mts: speed(s, 0x15, 0x54),
        configured_mts: speed(s, 0x20, 0x58),
        manufacturer: s.text(0x17),
        serial: s.text(0x18),
        asset_tag: s.text(0x19),
        part_number: s.text(0x1a),
        ranks: s.byte(0x1b).map(|bits| bits & 15).filter(|n| *n > 0),
        min_millivolts: number(s, 0x22),
        max_millivolts: number(s, 0x24),
        configured_millivolts: number(s, 0x26),
        technology: s.code(0x28, memory_words::technology),
        modes: s.word(0x29),
        firmware: s.text(0x2b),
        manufacturer_id: maker(s, 0x2c),
        product_id: number(s, 0x2e),
        controller_manufacturer_id: maker(s, 0x30),
        controller_product_id: number(s, 0x32),
        non_volatile_bytes: long(s, 0x34),
        volatile_bytes: long(s, 0x3c),
        cache_bytes: long(s, 0x44),
        logical_bytes: long(s, 0x4c),
        beyond: s.beyond(0x5c),
    }
}

fn size(s: &Reader<'_>) -> Option<(Presence, Option<u64>)> {
    let bytes = match s.word(12)? {
        0 => return Some((Presence::Empty, None)),
        0xffff => return Some((Presence::SizeUnknown, None)),
        // An older structure ends before the extended size: then this is the size.
        0x7fff => {
            let mib = s.dword(0x1c).map(|mib| mib & 0x7fff_ffff);
            u64::from(mib.filter(|mib| *mib > 0).unwrap_or(0x7fff)) << 20
        }
        kib if kib >> 15 != 0 => u64::from(kib & 0x7fff) << 10,
        mib => u64::from(mib) << 20,
    };
    Some((Presence::Installed, Some(bytes)))
}

/// A maker's number: parity taken off the bank; `None` for zeros.
fn maker(s: &Reader<'_>, offset: usize) -> Option<u16> {
    let id = s.word(offset).filter(|id| *id > 0 && *id < 0xffff)?;
    Some(id & 0xff7f)
}

/// Type 19: a range of addresses that the firmware maps to an array.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MappedRange {
    /// Handle of the structure.
    pub handle: u16,
    /// First address.
    pub first: Option<u64>,
    /// Last address.
    pub last: Option<u64>,
    /// Handle of the array.
    pub array_handle: Option<u16>,
    /// Number of devices in a row of the range.
    pub width: Option<u8>,
}

pub(super) fn mapped_range(s: &mut Reader<'_>) -> MappedRange {
    let (first, last) = range(s, 15);
    MappedRange {
        handle: s.handle(),
        first,
        last,
        array_handle: s.link(12),
        width: s.byte(14),
    }
}

/// Type 20: a range of addresses that the firmware maps to a device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MappedDevice {
    /// Handle of the structure.
    pub handle: u16,
    /// First address.
    pub first: Option<u64>,
    /// Last address.
    pub last: Option<u64>,
    /// Handle of the memory device.
    pub device_handle: Option<u16>,
    /// Handle of the range of type 19 that it belongs to.
    pub range_handle: Option<u16>,
    /// Position of the device in an interleave; 0 for none, 255 for unknown.
    pub interleave_position: Option<u8>,
}

pub(super) fn mapped_device(s: &mut Reader<'_>) -> MappedDevice {
    let (first, last) = range(s, 0x13);
    MappedDevice {
        handle: s.handle(),
        first,
        last,
        device_handle: s.link(12),
        range_handle: s.link(14),
        interleave_position: s.byte(17),
    }
}

/// First and last address: in KiB, or in bytes at `extended` where the first has all bits set.
fn range(s: &Reader<'_>, extended: usize) -> (Option<u64>, Option<u64>) {
    match s.dword(4) {
        Some(u32::MAX) => {
            let last = extended.checked_add(8).and_then(|at| s.qword(at));
            (s.qword(extended), last)
        }
        first => {
            let last = s.dword(8).map(|kib| (u64::from(kib) << 10) | 0x3ff);
            (first.map(|kib| u64::from(kib) << 10), last)
        }
    }
}
