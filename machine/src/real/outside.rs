//! Every reader of what firmware, the kernel and disks say, for the fuzzers: any bytes in, and an
//! end without a panic is all that is asked. Nothing else uses this.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use super::disks::{signatures, usage};
use super::{capacity, smbios};
use super::kernel_log::record;
use super::live_image;

/// The tables of SMBIOS, as `dmidecode` reads them too. The first 32 bytes are the entry point.
pub fn smbios(bytes: &[u8]) {
    let (entry, table) = bytes.split_at(bytes.len().min(32));
    let tables = smbios::Tables::parse(table, entry);
    tables.uuid();
    tables.serials();
    for kind in 0..=u8::MAX {
        if let Some(structure) = tables.first(kind) {
            for offset in 0..96 {
                let _any_text = structure.text(offset);
                smbios::is_portable(structure.byte(offset).unwrap_or_default());
            }
        }
    }
}

/// Records of the kernel's log, a line each, with their dictionaries.
pub fn kernel_log(bytes: &[u8]) {
    for line in String::from_utf8_lossy(bytes).lines() {
        let _any_field = record::field(line);
        if let Some(record) = record::parse(line) {
            crate::log_text::without_command_line(record.text);
        }
    }
}

/// `mountinfo`, and the layers that its overlays tell.
pub fn mountinfo(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for mount in text.lines().filter_map(usage::mount) {
        let _any_layers = live_image::overlay_layers(&mount.options);
    }
}

/// Texts of procfs and sysfs that are more than one number: each reader gets all of it.
pub fn kernel_texts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    capacity::listed_by_cpuinfo(&text);
    capacity::ranges(&text);
    capacity::meminfo(&text, "MemTotal");
}

/// A disk. The bytes are its size in sectors (four bytes), its block (one bit), and then pieces of
/// what is on it: where (four bytes), how long (one byte), and what. The rest of it is empty.
///
/// # Errors
///
/// When the system gives no memory for it.
pub fn disk(bytes: &[u8], image: &File) -> std::io::Result<()> {
    /// Larger than every place that is looked at from the start.
    const LARGEST: u64 = 4 << 20;
    let (head, mut pieces) = bytes.split_at(bytes.len().min(5));
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |all, b| all << 8 | u64::from(*b));
    let (size, block) = head.split_at(head.len().min(4));
    let size = number(size) * 512 % LARGEST;
    let logical = if number(block) % 2 == 0 { 512 } else { 4096 };
    image.set_len(0)?;
    image.set_len(size)?;
    while let [a, b, c, d, length, rest @ ..] = pieces {
        let (piece, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        let place = number(&[*a, *b, *c, *d]) % LARGEST;
        if place + piece.len() as u64 <= size {
            image.write_all_at(piece, place)?;
        }
        pieces = rest;
    }
    signatures::scan(image, size, logical).map(drop)
}
