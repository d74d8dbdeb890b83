//! The tables of the System Management BIOS (DMTF DSP0134 3.3), as firmware lays them out, and the kernel's
//! copies of their texts (`sys/class/dmi/id`).

use super::tree::Files;
use crate::simulated::profile::{Memory, Profile};
use crate::simulated::slots::{self, Slot};
use crate::simulated::world::World;

const TABLES: &str = "sys/firmware/dmi/tables";

/// A handle that stands for none.
const NO_HANDLE: u16 = 0xfffe;
const ARRAY_HANDLE: u16 = 0x1000;

pub fn add(files: &mut Files, profile: &Profile) {
    files.table(format!("{TABLES}/DMI"), table);
    files.table(format!("{TABLES}/smbios_entry_point"), |world| {
        entry_point(table(world).len())
    });
    let (system, board, bios) = (&profile.system, &profile.board, &profile.bios);
    for (file, text) in [
        ("sys_vendor", &system.manufacturer),
        ("product_name", &system.product),
        ("product_serial", &system.serial),
        ("product_uuid", &system.uuid),
        ("board_vendor", &board.manufacturer),
        ("board_name", &board.product),
        ("board_version", &board.version),
        ("board_serial", &board.serial),
        ("bios_vendor", &bios.vendor),
        ("bios_version", &bios.version),
        ("bios_date", &bios.date),
    ] {
        if let Some(text) = text {
            files.text(format!("sys/class/dmi/id/{file}"), text);
        }
    }
    let kind = chassis(system.chassis.as_deref());
    files.text("sys/class/dmi/id/chassis_type", kind);
}

/// The 64-bit entry point (DSP0134, 5.2.2).
fn entry_point(length: usize) -> Vec<u8> {
    let mut entry = b"_SM3_\0\x18\x03\x03\x00\x01\x00".to_vec();
    entry.extend(u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    entry.extend(0x6f00_0000_u64.to_le_bytes());
    let sum = entry.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    if let Some(checksum) = entry.get_mut(5) {
        *checksum = 0_u8.wrapping_sub(sum);
    }
    entry
}

/// One structure: bytes, and the texts that they name by number.
struct Structure {
    bytes: Vec<u8>,
    strings: Vec<String>,
}

impl Structure {
    fn new(kind: u8, handle: u16) -> Self {
        let [low, high] = handle.to_le_bytes();
        Structure {
            // The length is written at the end.
            bytes: vec![kind, 0, low, high],
            strings: Vec::new(),
        }
    }

    fn text(mut self, text: Option<&str>) -> Self {
        let number = match text.filter(|text| !text.is_empty()) {
            Some(text) => {
                self.strings.push(text.to_owned());
                u8::try_from(self.strings.len()).unwrap_or(0)
            }
            None => 0,
        };
        self.bytes.push(number);
        self
    }

    fn byte(mut self, byte: u8) -> Self {
        self.bytes.push(byte);
        self
    }

    fn word(mut self, word: u16) -> Self {
        self.bytes.extend(word.to_le_bytes());
        self
    }

    fn double(mut self, double: u32) -> Self {
        self.bytes.extend(double.to_le_bytes());
        self
    }

    fn quad(mut self, quad: u64) -> Self {
        self.bytes.extend(quad.to_le_bytes());
        self
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    fn end(mut self, table: &mut Vec<u8>) {
        let length = u8::try_from(self.bytes.len()).unwrap_or(u8::MAX);
        if let Some(place) = self.bytes.get_mut(1) {
            *place = length;
        }
        table.append(&mut self.bytes);
        if self.strings.is_empty() {
            table.push(0);
        }
        for string in self.strings {
            table.extend(string.into_bytes());
            table.push(0);
        }
        table.push(0);
    }
}

fn table(world: &World) -> Vec<u8> {
    let profile = &world.profile;
    let mut table = Vec::new();
    bios(profile).end(&mut table);
    system(profile).end(&mut table);
    board(profile).end(&mut table);
    chassis_of(profile).end(&mut table);
    for socket in 0..profile.cpu.sockets {
        processor(profile, socket).end(&mut table);
    }
    let slots = slots::slots(world);
    array(profile, slots.len()).end(&mut table);
    let bare = profile.system.hypervisor.is_none();
    for (handle, module) in (0x1100_u16..).zip(&slots) {
        device(handle, module, &profile.memory, bare).end(&mut table);
    }
    if profile.bmc.is_some() {
        // KCS at 0xca2, IPMI 2.0, the controller's own address 0x20.
        let ipmi = Structure::new(38, 0x2600).byte(1).byte(0x20).byte(0x20);
        let ipmi = ipmi.byte(0xff).quad(0xca2 | 1).byte(0).byte(0);
        ipmi.end(&mut table);
    }
    Structure::new(127, 0xfeff).end(&mut table);
    table
}

fn bios(profile: &Profile) -> Structure {
    let bios = &profile.bios;
    let guest = profile.system.hypervisor.is_some();
    // The second extension byte: bit 3 UEFI, bit 4 virtual machine.
    let extension = u8::from(bios.uefi) << 3 | u8::from(guest) << 4;
    Structure::new(0, 0x0000)
        .text(bios.vendor.as_deref())
        .text(bios.version.as_deref())
        .word(0xf000)
        .text(bios.date.as_deref())
        .byte(0xff)
        // PCI, firmware is upgradeable.
        .quad(1 << 7 | 1 << 11)
        .byte(0x03)
        .byte(extension)
        .byte(0xff)
        .byte(0xff)
        .byte(0xff)
        .byte(0xff)
        .word(32)
}

fn system(profile: &Profile) -> Structure {
    let system = &profile.system;
    Structure::new(1, 0x0100)
        .text(system.manufacturer.as_deref())
        .text(system.product.as_deref())
        .text(None)
        .text(system.serial.as_deref())
        .raw(&uuid(system.uuid.as_deref()))
        .byte(6)
        .text(None)
        .text(None)
}

/// Since 2.6 the first three fields are little-endian.
fn uuid(text: Option<&str>) -> [u8; 16] {
    let digits: String = text.unwrap_or_default().replace('-', "");
    let mut bytes = [0_u8; 16];
    for (number, byte) in bytes.iter_mut().enumerate() {
        let at = number.saturating_mul(2);
        let pair = digits.get(at..at.saturating_add(2)).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).unwrap_or(0);
    }
    for field in [0..4, 4..6, 6..8] {
        if let Some(field) = bytes.get_mut(field) {
            field.reverse();
        }
    }
    bytes
}

fn board(profile: &Profile) -> Structure {
    let board = &profile.board;
    Structure::new(2, 0x0200)
        .text(board.manufacturer.as_deref())
        .text(board.product.as_deref())
        .text(board.version.as_deref())
        .text(board.serial.as_deref())
        .text(None)
        // A hosting board that can be replaced.
        .byte(0x09)
        .text(None)
        .word(0x0300)
        .byte(0x0a)
        .byte(0)
}

fn chassis_of(profile: &Profile) -> Structure {
    let system = &profile.system;
    Structure::new(3, 0x0300)
        .text(system.manufacturer.as_deref())
        .byte(chassis(system.chassis.as_deref()))
        .text(None)
        .text(None)
        .text(None)
        // Safe in every respect.
        .raw(&[3, 3, 3, 3])
        .double(0)
        .byte(0)
        .byte(1)
        .byte(0)
        .byte(0)
        .text(None)
}

/// The number of a chassis type (DSP0134, 7.4.1).
fn chassis(words: Option<&str>) -> u8 {
    match words {
        Some("Desktop") => 3,
        Some("Laptop") => 9,
        Some("Notebook") => 10,
        Some("Main Server Chassis") => 17,
        Some("Rack Mount Chassis") => 23,
        Some("Blade") => 28,
        _ => 1,
    }
}

fn processor(profile: &Profile, socket: u32) -> Structure {
    let spec = &profile.cpu;
    let (cores, threads) = (spec.cores, spec.cores.saturating_mul(spec.threads_per_core));
    let short = |count: u32| u8::try_from(count).unwrap_or(0xff);
    let long = |count: u32| u16::try_from(count).unwrap_or(0xffff);
    let handle = 0x0400_u16.saturating_add(long(socket));
    let intel = spec.vendor == "GenuineIntel";
    let maker = if intel {
        "Intel(R) Corporation"
    } else {
        "Advanced Micro Devices, Inc."
    };
    Structure::new(4, handle)
        .text(Some(&format!("CPU{}", socket.saturating_add(1))))
        // A central processor of the family Xeon or Zen.
        .byte(3)
        .byte(if intel { 0xb3 } else { 0x6b })
        .text(Some(maker))
        .quad(0xbfeb_fbff_000c_06f2)
        .text(Some(&spec.model))
        .byte(0x8c)
        .word(100)
        .word(long(spec.max_mhz))
        .word(long(spec.base_mhz))
        // Socket populated, enabled.
        .byte(0x41)
        .byte(0x01)
        .word(0xffff)
        .word(0xffff)
        .word(0xffff)
        .text(None)
        .text(None)
        .text(None)
        .byte(short(cores))
        .byte(short(cores))
        .byte(short(threads))
        // 64 bits, several cores, hardware threads, execute protection, virtualisation.
        .word(0x00fc)
        .word(if intel { 0xb3 } else { 0x6b })
        .word(long(cores))
        .word(long(cores))
        .word(long(threads))
}

fn array(profile: &Profile, slots: usize) -> Structure {
    let most = profile.memory.module_bytes.saturating_mul(slots as u64);
    Structure::new(16, ARRAY_HANDLE)
        .byte(3)
        .byte(3)
        // Error correction: none, or multi-bit.
        .byte(if profile.memory.ecc { 6 } else { 3 })
        // The capacity is in the last field.
        .double(0x8000_0000)
        .word(NO_HANDLE)
        .word(u16::try_from(slots).unwrap_or(u16::MAX))
        .quad(most)
}

fn device(handle: u16, module: &Slot, spec: &Memory, bare: bool) -> Structure {
    let (filled, ecc) = (module.size_bytes > 0, spec.ecc);
    let spec = Some(spec).filter(|_| filled);
    let word = |value: Option<u32>| value.and_then(|v| u16::try_from(v).ok()).unwrap_or(0);
    let mib = u32::try_from(module.size_bytes >> 20).unwrap_or(u32::MAX);
    let (size, extended) = match u16::try_from(mib) {
        Ok(size) if size < 0x7fff => (size, 0),
        _ => (0x7fff, mib),
    };
    // A hypervisor gives no widths.
    let width = |bits: u16| if filled && bare { bits } else { 0xffff };
    let kind = match spec.map(|spec| spec.kind.as_str()) {
        None => 0x02,
        Some("DDR3") => 0x18,
        Some("DDR4") => 0x1a,
        Some("LPDDR4") => 0x1e,
        Some("DDR5") => 0x22,
        Some("LPDDR5") => 0x23,
        _ => 0x07,
    };
    let ranks = spec.and_then(|spec| spec.ranks).unwrap_or(0);
    // Synchronous, and registered or not.
    let detail = match (filled, ecc) {
        (false, _) => 0x0004,
        (true, true) => 0x2080,
        (true, false) => 0x4080,
    };
    Structure::new(17, handle)
        .word(ARRAY_HANDLE)
        .word(NO_HANDLE)
        .word(width(if ecc { 72 } else { 64 }))
        .word(width(64))
        .word(size)
        .byte(0x09)
        .byte(0)
        .text(Some(&module.name))
        .text(module.bank.as_deref())
        .byte(kind)
        .word(detail)
        .word(word(spec.and_then(|spec| spec.mts)))
        .text(spec.and_then(|spec| spec.manufacturer.as_deref()))
        .text(module.serial.as_deref())
        .text(None)
        .text(spec.and_then(|spec| spec.part_number.as_deref()))
        .byte(u8::try_from(ranks).unwrap_or(0))
        .double(extended)
        .word(word(spec.and_then(|spec| spec.mts)))
        .word(if filled { 1_100 } else { 0 })
        .word(if filled { 1_100 } else { 0 })
        .word(if filled { 1_100 } else { 0 })
}
