//! Memory: what the kernel sees (`proc/meminfo`), and the slots by SMBIOS types 16 and 17.

use super::smbios::{self, Structure, Tables, kind};
use crate::contract::inventory::{Memory, MemoryModule};
use crate::real::root::Root;

/// `MemTotal` and `MemAvailable`, in bytes; 0 where the kernel does not tell.
pub fn visible(root: &Root) -> (u64, u64) {
    let text = root.value("proc/meminfo").unwrap_or_default();
    let field = |name: &str| meminfo(&text, name);
    let available = field("MemAvailable").or_else(|| field("MemFree"));
    (field("MemTotal").unwrap_or(0), available.unwrap_or(0))
}

/// One field of `proc/meminfo` in bytes: `MemTotal:  16384 kB`.
pub fn meminfo(text: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(field, _)| field.trim() == name)?;
    let kib: u64 = value.split_whitespace().next()?.parse().ok()?;
    kib.checked_mul(1024)
}

/// The machine's memory.
pub fn read(root: &Root, tables: &Tables) -> Memory {
    let (visible_bytes, available_bytes) = visible(root);
    let modules: Vec<_> = tables.all(kind::MEMORY_DEVICE).map(module).collect();
    let sum = modules
        .iter()
        .fold(0u64, |sum, m| sum.saturating_add(m.size_bytes));
    // Use 3 is the system's own memory; a video or flash array says nothing of it.
    let mut arrays = tables
        .all(kind::MEMORY_ARRAY)
        .filter(|a| a.byte(5) == Some(3));
    let correction = arrays
        .next()
        .and_then(|a| smbios::error_correction(a.byte(6)?));
    Memory {
        visible_bytes,
        available_bytes,
        installed_bytes: (sum > 0).then_some(sum),
        error_correction: correction.map(str::to_owned),
        modules,
    }
}

/// A memory device (DSP0134, 7.18).
pub fn module(device: &Structure) -> MemoryModule {
    let speed = |word: usize, extended: usize| match device.word(word)? {
        0 => None,
        0xffff => device.dword(extended).filter(|s| *s != 0),
        speed => Some(u32::from(speed)),
    };
    let width = |offset: usize| match device.word(offset)? {
        0 | 0xffff => None,
        width => Some(u32::from(width)),
    };
    let size_bytes = size(device).unwrap_or(0);
    let text = |offset: usize| device.text(offset).filter(|_| size_bytes > 0);
    MemoryModule {
        locator: device.text(0x10).unwrap_or_else(|| "unnamed slot".into()),
        bank: device.text(0x11),
        size_bytes,
        kind: device
            .byte(0x12)
            .and_then(smbios::memory_kind)
            .map(str::to_owned),
        rated_mts: speed(0x15, 0x54),
        configured_mts: speed(0x20, 0x58),
        manufacturer: text(0x17),
        part_number: text(0x1a),
        serial: text(0x18),
        ranks: device
            .byte(0x1b)
            .map(|b| u32::from(b & 0x0f))
            .filter(|r| *r > 0),
        total_width: width(8),
        data_width: width(10),
    }
}

/// Size in bytes: 0 empty, 0xffff unknown, 0x7fff see the extended size (in MiB), bit 15 KiB.
fn size(device: &Structure) -> Option<u64> {
    match device.word(0x0c)? {
        0 | 0xffff => None,
        0x7fff => Some(u64::from(device.dword(0x1c)? & 0x7fff_ffff) << 20),
        kib if kib & 0x8000 != 0 => Some(u64::from(kib & 0x7fff) << 10),
        mib => Some(u64::from(mib) << 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn fields_of_meminfo_are_bytes() {
        let text = "MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable: 12 kB\n";
        assert_eq!(meminfo(text, "MemTotal"), Some(16384 * 1024));
        assert_eq!(meminfo(text, "MemAvailable"), Some(12 * 1024));
        assert_eq!(meminfo(text, "Nothing"), None);
    }

    proptest! {
        #[test]
        fn any_meminfo_is_taken(text in "(MemTotal|[0-9: kB\n])*") {
            let _ = meminfo(&text, "MemTotal");
        }
    }

    #[test]
    fn an_extended_size_is_in_mebibytes() {
        let mut bytes = vec![17, 0x22, 0, 0];
        bytes.resize(0x22, 0);
        bytes[0x0c..0x0e].copy_from_slice(&[0xff, 0x7f]);
        bytes[0x1c..0x20].copy_from_slice(&65_536u32.to_le_bytes());
        bytes.extend([0, 0]);
        let tables = Tables::parse(&bytes, b"");
        let modules: Vec<_> = tables.all(kind::MEMORY_DEVICE).map(module).collect();
        assert_eq!(modules.first().map(|m| m.size_bytes), Some(64 << 30));
    }
}
