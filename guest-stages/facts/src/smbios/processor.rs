//! Processor sockets and caches: types 4 and 7.

use serde::Serialize;

use super::Code;
use super::structure::{Reader, hex};
use super::words;

/// What the firmware says of a processor's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ProcessorStatus {
    /// Not known.
    Unknown,
    /// In use.
    Enabled,
    /// Switched off in the firmware's setup.
    DisabledByUser,
    /// Switched off by the firmware, after an error at power-on.
    DisabledByFirmware,
    /// Idle, waiting to be enabled.
    Idle,
    /// Another state.
    Other,
}

/// Type 4: a processor socket with its processor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Processor {
    /// Handle of the structure.
    pub handle: u16,
    /// The socket's name: `CPU1`.
    pub socket: Option<String>,
    /// What it is: `Central Processor`.
    pub kind: Option<Code>,
    /// Its family.
    pub family: Option<Code>,
    /// Who made it.
    pub manufacturer: Option<String>,
    /// Its identification, eight bytes as hexadecimal digits; on x86 the signature and features of CPUID.
    pub id: Option<String>,
    /// Its model name.
    pub version: Option<String>,
    /// Clock of the bus in MHz.
    pub external_clock_mhz: Option<u16>,
    /// The fastest that the *socket* supports, in MHz.
    pub max_mhz: Option<u16>,
    /// Clock at boot in MHz, for most processors their base.
    pub current_mhz: Option<u16>,
    /// Whether the socket is populated.
    pub populated: Option<bool>,
    /// State of the processor.
    pub status: Option<ProcessorStatus>,
    /// The socket's type, as a number of the specification.
    pub upgrade: Option<u8>,
    /// Handles of its caches of level 1, 2 and 3.
    pub caches: [Option<u16>; 3],
    /// Its serial number.
    pub serial: Option<String>,
    /// Its asset tag.
    pub asset_tag: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// Cores that it has.
    pub cores: Option<u16>,
    /// Cores that the firmware enabled.
    pub cores_enabled: Option<u16>,
    /// Threads that it has.
    pub threads: Option<u16>,
    /// Threads that the firmware enabled; SMBIOS 3.6 and later.
    pub threads_enabled: Option<u16>,
    /// The bits of the characteristics.
    pub characteristics: Option<u16>,
    /// Bytes of the structure that this crate does not know, as hexadecimal digits.
    pub beyond: Option<String>,
}

pub(super) fn processor(s: &mut Reader<'_>) -> Processor {
    let status = s.byte(0x18);
    // 255 stands for: see the number of two bytes. 0 stands for unknown.
    let count = |s: &Reader<'_>, byte: usize, word: usize| {
        let long = s.word(word).filter(|count| *count != 0xffff && *count > 0);
        match s.byte(byte)? {
            0 => None,
            0xff => Some(long.unwrap_or(0xff)),
            count => Some(u16::from(count)),
        }
    };
    let family = s.byte(6).map(u16::from).map(|family| match family {
        0xfe => s.word(0x28).unwrap_or(family),
        family => family,
    });
    let speed = |s: &Reader<'_>, offset: usize| s.word(offset).filter(|mhz| *mhz > 0);
    Processor {
        handle: s.handle(),
        socket: s.text(4),
        kind: s.code(5, words::processor),
        family: family.map(|code| Code {
            code,
            word: words::processor_family(code),
        }),
        manufacturer: s.text(7),
        id: s.bytes(8, 8).map(hex),
        version: s.text(0x10),
        external_clock_mhz: speed(s, 0x12),
        max_mhz: speed(s, 0x14),
        current_mhz: speed(s, 0x16),
        populated: status.map(|status| status & 0x40 != 0),
        status: status.map(|status| match status & 7 {
            0 => ProcessorStatus::Unknown,
            1 => ProcessorStatus::Enabled,
            2 => ProcessorStatus::DisabledByUser,
            3 => ProcessorStatus::DisabledByFirmware,
            4 => ProcessorStatus::Idle,
            _ => ProcessorStatus::Other,
        }),
        upgrade: s.byte(0x19),
        caches: [s.link(0x1a), s.link(0x1c), s.link(0x1e)],
        serial: s.text(0x20),
        asset_tag: s.text(0x21),
        part_number: s.text(0x22),
        cores: count(s, 0x23, 0x2a),
        cores_enabled: count(s, 0x24, 0x2c),
        threads: count(s, 0x25, 0x2e),
        threads_enabled: s.word(0x30).filter(|n| *n > 0 && *n != 0xffff),
        characteristics: s.word(0x26),
        beyond: s.beyond(0x32),
    }
}

/// Type 7: a cache.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cache {
    /// Handle of the structure.
    pub handle: u16,
    /// Its name: `L3-Cache`.
    pub name: Option<String>,
    /// Its level, 1 to 8.
    pub level: Option<u8>,
    /// Whether it is enabled.
    pub enabled: Option<bool>,
    /// The most that it may have, in bytes.
    pub max_bytes: Option<u64>,
    /// What is installed, in bytes.
    pub installed_bytes: Option<u64>,
    /// Its error correction.
    pub error_correction: Option<Code>,
    /// What it holds: `Instruction`, `Data`, `Unified`.
    pub holds: Option<Code>,
    /// Its associativity, as a number of the specification.
    pub associativity: Option<u8>,
}

pub(super) fn cache(s: &mut Reader<'_>) -> Cache {
    // The highest bit stands for units of 64 KiB; all bits: see the number of four bytes.
    let size = |s: &Reader<'_>, word: usize, dword: usize| match s.word(word)? {
        0xffff => s.dword(dword).map(|size| {
            let unit = if size >> 31 == 0 { 10 } else { 16 };
            u64::from(size & 0x7fff_ffff) << unit
        }),
        size => {
            let unit = if size >> 15 == 0 { 10 } else { 16 };
            Some(u64::from(size & 0x7fff) << unit)
        }
    };
    let setup = s.word(5);
    Cache {
        handle: s.handle(),
        name: s.text(4),
        level: setup.map(|bits| (bits & 7) as u8 + 1),
        enabled: setup.map(|bits| bits & 0x80 != 0),
        max_bytes: size(s, 7, 0x13),
        installed_bytes: size(s, 9, 0x17),
        error_correction: s.code(0x10, words::cache_correction),
        holds: s.code(0x11, words::cache_kind),
        associativity: s.byte(0x12),
    }
}
