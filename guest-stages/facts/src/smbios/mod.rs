//! SMBIOS: the tables of a machine's firmware (DMTF DSP0134), as the kernel hands them over in
//! `sys/firmware/dmi/tables/DMI` and `smbios_entry_point`, or as `dmidecode --dump-bin` writes them.
//!
//! Firmware writes these tables, and firmware is often wrong: no length, index or handle is trusted. Texts
//! are given as they stand, without white space around them; which of them are placeholders is decided by
//! the room `inventory`.

mod board;
mod devices;
mod entry;
mod memory;
mod memory_words;
mod printed;
mod printed_rows;
mod processor;
mod structure;
mod words;

#[cfg(test)]
mod tests;

use serde::Serialize;

pub use board::{Bios, Board, Chassis, System};
pub use devices::{
    HostInterface, ManagementDevice, OnboardDevice, PowerSupply, Slot, SlotUsage, Tpm,
};
pub use entry::{EntryKind, EntryPoint};
pub use memory::{MappedDevice, MappedRange, MemoryArray, MemoryDevice, Presence};
pub use printed::printed;
pub use processor::{Cache, Processor, ProcessorStatus};

use crate::Unreadable;
use structure::{Reader, Walk};

/// Most rows that are kept of what could not be read; further ones are counted in the last row.
const MAX_UNREAD: usize = 256;

/// A number of the specification, with the specification's word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// The number as the table has it.
    pub code: u16,
    /// The word; `None` where this crate does not know the number.
    pub word: Option<&'static str>,
}

/// A structure of a type that is not taken apart here: an OEM's, a newer one, or one that is inactive.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RawStructure {
    /// Type of the structure, 0 to 255; 128 and more are an OEM's.
    pub kind: u8,
    /// Handle of the structure.
    pub handle: u16,
    /// Length of the formatted area in bytes, header included.
    pub length: u8,
    /// The formatted area after the header, as lower-case hexadecimal digits.
    pub data: String,
    /// The texts, in order.
    pub strings: Vec<String>,
}

/// What the tables say. Every list is in the order of the table.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tables {
    /// The entry point; `None` where it was not given or is not one.
    pub entry_point: Option<EntryPoint>,
    /// Type 0: the firmware.
    pub bios: Vec<Bios>,
    /// Type 1: the system.
    pub systems: Vec<System>,
    /// Type 2: boards; a blade or a machine with risers has several.
    pub boards: Vec<Board>,
    /// Type 3: enclosures.
    pub chassis: Vec<Chassis>,
    /// Type 4: processor sockets, empty ones too.
    pub processors: Vec<Processor>,
    /// Type 7: caches.
    pub caches: Vec<Cache>,
    /// Type 9: slots.
    pub slots: Vec<Slot>,
    /// Type 16: arrays of memory, flash chips' too.
    pub memory_arrays: Vec<MemoryArray>,
    /// Type 17: memory devices, empty slots too.
    pub memory_devices: Vec<MemoryDevice>,
    /// Type 19: address ranges that the firmware maps to an array.
    pub mapped_ranges: Vec<MappedRange>,
    /// Type 20: address ranges that the firmware maps to a device.
    pub mapped_devices: Vec<MappedDevice>,
    /// Type 38: the IPMI management controller.
    pub management_devices: Vec<ManagementDevice>,
    /// Type 39: power supplies.
    pub power_supplies: Vec<PowerSupply>,
    /// Type 41: devices on the board.
    pub onboard_devices: Vec<OnboardDevice>,
    /// Type 42: ways from the host to its management controller.
    pub host_interfaces: Vec<HostInterface>,
    /// Type 43: the TPM.
    pub tpms: Vec<Tpm>,
    /// Structures of all other types, the end of the table excepted.
    pub other: Vec<RawStructure>,
    /// How many structures were read, the end of the table included.
    pub structures: u32,
    /// Whether the structure that ends the table was reached.
    pub complete: bool,
    /// What could not be read, in words with offset or handle; at most 257 rows.
    pub unread: Vec<String>,
}

/// Reads the tables. `dmi` may also be a whole `dmidecode --dump-bin`, which has its entry point at its
/// start; then `entry_point` may be left out.
///
/// # Errors
///
/// When not one structure could be read.
pub fn tables(dmi: &[u8], entry_point: Option<&[u8]>) -> Result<Tables, Unreadable> {
    let dump = entry::of_dump(dmi);
    let (table, own) = dump.map_or((dmi, None), |(entry, table)| (table, Some(entry)));
    let mut tables = Tables {
        entry_point: entry_point.and_then(entry::read).or(own),
        ..Tables::default()
    };
    if let (Some(given), None) = (entry_point, &tables.entry_point) {
        let found = Unreadable::starting("an SMBIOS entry point", given).found;
        tables.unread.push(format!("entry point: {found}"));
    }
    let version = tables.entry_point.as_ref().map(|e| (e.major, e.minor));
    let mut walk = Walk::new(table);
    while let Some(structure) = walk.next() {
        tables.structures = tables.structures.saturating_add(1);
        let mut reader = Reader::new(&structure, version, &mut walk.unread);
        tables.take(&mut reader);
    }
    tables.complete = walk.ended;
    tables.unread.append(&mut walk.unread);
    if tables.structures == 0 {
        return Err(Unreadable::starting("SMBIOS structures", dmi));
    }
    if tables.unread.len() > MAX_UNREAD {
        let more = tables.unread.len() - MAX_UNREAD;
        tables.unread.truncate(MAX_UNREAD);
        tables.unread.push(format!("{more} further rows"));
    }
    Ok(tables)
}

impl Tables {
    fn take(&mut self, s: &mut Reader<'_>) {
        match s.kind() {
            0 => self.bios.push(board::bios(s)),
            1 => self.systems.push(board::system(s)),
            2 => self.boards.push(board::board(s)),
            3 => self.chassis.push(board::chassis(s)),
            4 => self.processors.push(processor::processor(s)),
            7 => self.caches.push(processor::cache(s)),
            9 => self.slots.push(devices::slot(s)),
            16 => self.memory_arrays.push(memory::array(s)),
            17 => self.memory_devices.push(memory::device(s)),
            19 => self.mapped_ranges.push(memory::mapped_range(s)),
            20 => self.mapped_devices.push(memory::mapped_device(s)),
            38 => self.management_devices.push(devices::management(s)),
            39 => self.power_supplies.push(devices::power_supply(s)),
            41 => self.onboard_devices.push(devices::onboard(s)),
            42 => self.host_interfaces.push(devices::host_interface(s)),
            43 => self.tpms.push(devices::tpm(s)),
            127 => {}
            _ => self.other.push(s.raw()),
        }
    }
}

/// The specification's word for a chassis type without the bit of the lock.
pub fn chassis_word(code: u16) -> Option<&'static str> {
    words::chassis(code)
}
