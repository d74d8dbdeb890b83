//! The text that `dmidecode` prints, as the same tables: for evidence that has no raw tables.

use super::memory_words;
use super::printed_rows::{Block, blocks};
use super::words;
use super::{
    Bios, Board, Chassis, EntryKind, EntryPoint, MappedDevice, MappedRange, MemoryArray,
    MemoryDevice, OnboardDevice, Presence, Processor, ProcessorStatus, Slot, SlotUsage, System,
    Tables,
};
use crate::Unreadable;

/// Reads what `dmidecode` 2.x or 3.x prints, with or without `-t`. Types that this reader does not take apart,
/// and rows that no field takes, are in `other`: as structures whose strings are the rows.
///
/// # Errors
///
/// When not one structure could be read.
pub fn printed(text: &[u8]) -> Result<Tables, Unreadable> {
    let text = String::from_utf8_lossy(text);
    let mut tables = Tables {
        entry_point: entry(&text),
        ..Tables::default()
    };
    for mut block in blocks(&text, &mut tables.unread) {
        tables.structures = tables.structures.saturating_add(1);
        take(&mut tables, &mut block);
        if block.kind == 127 {
            tables.complete = true;
        } else if let Some(raw) = block.left() {
            tables.other.push(raw);
        }
    }
    if tables.structures == 0 {
        return Err(Unreadable::starting("dmidecode's text", text.as_bytes()));
    }
    Ok(tables)
}

fn take(tables: &mut Tables, block: &mut Block<'_>) {
    match block.kind {
        0 => tables.bios.push(bios(block)),
        1 => tables.systems.push(system(block)),
        2 => tables.boards.push(board(block)),
        3 => tables.chassis.push(chassis(block)),
        4 => tables.processors.push(processor(block)),
        9 => tables.slots.push(slot(block)),
        16 => tables.memory_arrays.push(array(block)),
        17 => tables.memory_devices.push(device(block)),
        19 => tables.mapped_ranges.push(range(block)),
        20 => tables.mapped_devices.push(mapped_device(block)),
        41 => tables.onboard_devices.push(onboard(block)),
        _ => {}
    }
}

/// `SMBIOS 3.2.0 present.`
fn entry(text: &str) -> Option<EntryPoint> {
    let mut lines = text.lines().map(str::trim);
    let line = lines.find_map(|line| line.strip_prefix("SMBIOS ")?.strip_suffix(" present."))?;
    let mut numbers = line.split('.').map(|number| number.parse::<u8>().ok());
    let (major, minor) = (numbers.next()??, numbers.next()??);
    let revision = numbers.next().flatten();
    Some(EntryPoint {
        kind: if revision.is_some() {
            EntryKind::Bits64
        } else {
            EntryKind::Bits32
        },
        major,
        minor,
        revision,
        table_bytes: None,
        structures: None,
        checksum_holds: None,
    })
}

fn bios(b: &mut Block<'_>) -> Bios {
    let has = |rows: &[&str], word: &str| (!rows.is_empty()).then(|| rows.contains(&word));
    let rows = b.list("Characteristics");
    Bios {
        handle: b.handle,
        vendor: b.text("Vendor"),
        version: b.text("Version"),
        date: b.text("Release Date"),
        rom_bytes: b.size("ROM Size"),
        release: b.text("BIOS Revision"),
        controller_release: b.text("Firmware Revision"),
        uefi_supported: has(&rows, "UEFI is supported"),
        virtual_machine: has(&rows, "System is a virtual machine"),
        characteristics: None,
        beyond: None,
    }
}

fn system(b: &mut Block<'_>) -> System {
    let uuid = b.text("UUID").map(|uuid| uuid.to_ascii_lowercase());
    System {
        handle: b.handle,
        manufacturer: b.text("Manufacturer"),
        product: b.text("Product Name"),
        version: b.text("Version"),
        serial: b.text("Serial Number"),
        // `Not Present` and `Not Settable` stand for zeros and for ones.
        uuid: uuid.filter(|uuid| uuid.len() == 36),
        uuid_bytes: None,
        wake_up: b.code("Wake-up Type", words::wake_up),
        sku: b.text("SKU Number"),
        family: b.text("Family"),
        beyond: None,
    }
}

fn board(b: &mut Block<'_>) -> Board {
    let features = b.list("Features");
    Board {
        handle: b.handle,
        manufacturer: b.text("Manufacturer"),
        product: b.text("Product Name"),
        version: b.text("Version"),
        serial: b.text("Serial Number"),
        asset_tag: b.text("Asset Tag"),
        hosting: (!features.is_empty()).then(|| features.contains(&"Board is a hosting board")),
        location: b.text("Location In Chassis"),
        chassis_handle: b.hex("Chassis Handle"),
        kind: b.code("Type", words::board),
    }
}

fn chassis(b: &mut Block<'_>) -> Chassis {
    Chassis {
        handle: b.handle,
        manufacturer: b.text("Manufacturer"),
        kind: b.code("Type", words::chassis),
        lock: b.text("Lock").map(|lock| lock == "Present"),
        version: b.text("Version"),
        serial: b.text("Serial Number"),
        asset_tag: b.text("Asset Tag"),
        boot_up_state: b.code("Boot-up State", words::chassis_state),
        power_supply_state: b.code("Power Supply State", words::chassis_state),
        thermal_state: b.code("Thermal State", words::chassis_state),
        height_units: b.number("Height"),
        power_cords: b.number("Number Of Power Cords"),
        sku: b.text("SKU Number"),
    }
}

fn processor(b: &mut Block<'_>) -> Processor {
    let status = b.text("Status");
    let status = status.as_deref();
    let state = status.and_then(|status| status.split_once(", "));
    let id = b
        .text("ID")
        .map(|id| id.replace(' ', "").to_ascii_lowercase());
    Processor {
        handle: b.handle,
        socket: b.text("Socket Designation"),
        kind: b.code("Type", words::processor),
        family: b.code("Family", words::processor_family),
        manufacturer: b.text("Manufacturer"),
        id,
        version: b.text("Version"),
        external_clock_mhz: b.number("External Clock"),
        max_mhz: b.number("Max Speed"),
        current_mhz: b.number("Current Speed"),
        populated: status.map(|status| status.starts_with("Populated")),
        status: state.map(|(_, state)| match state {
            "Enabled" => ProcessorStatus::Enabled,
            "Disabled By User" => ProcessorStatus::DisabledByUser,
            "Disabled By BIOS" => ProcessorStatus::DisabledByFirmware,
            "Idle" => ProcessorStatus::Idle,
            "Unknown" => ProcessorStatus::Unknown,
            _ => ProcessorStatus::Other,
        }),
        upgrade: None,
        caches: [
            b.hex("L1 Cache Handle"),
            b.hex("L2 Cache Handle"),
            b.hex("L3 Cache Handle"),
        ],
        serial: b.text("Serial Number"),
        asset_tag: b.text("Asset Tag"),
        part_number: b.text("Part Number"),
        cores: b.number("Core Count"),
        cores_enabled: b.number("Core Enabled"),
        threads: b.number("Thread Count"),
        threads_enabled: b.number("Thread Enabled"),
        characteristics: None,
        beyond: None,
    }
}

fn slot(b: &mut Block<'_>) -> Slot {
    // `x8 PCI Express 3 x16`: the width of the bus, then what the slot takes.
    let kind = b.text("Type").unwrap_or_default();
    let (width, takes) = match kind.split_once(' ') {
        Some((width, takes)) if super::printed_rows::code(width, words::slot_width).is_some() => {
            (width, takes)
        }
        _ => ("", kind.as_str()),
    };
    let takes = takes.replace("PCI Express", "PCIe");
    Slot {
        handle: b.handle,
        designation: b.text("Designation"),
        kind: super::printed_rows::code(&takes, words::slot),
        width: super::printed_rows::code(width, words::slot_width),
        usage: b.text("Current Usage").map(|usage| match usage.as_str() {
            "Available" => SlotUsage::Available,
            "In Use" => SlotUsage::InUse,
            "Unavailable" => SlotUsage::Unavailable,
            "Unknown" => SlotUsage::Unknown,
            _ => SlotUsage::Other,
        }),
        length: None,
        id: b.number("ID"),
        pci_address: b.text("Bus Address"),
        characteristics: None,
        beyond: None,
    }
}

fn array(b: &mut Block<'_>) -> MemoryArray {
    MemoryArray {
        handle: b.handle,
        location: b.code("Location", memory_words::array_location),
        usage: b.code("Use", memory_words::array_usage),
        error_correction: b.code("Error Correction Type", memory_words::array_correction),
        max_bytes: b.size("Maximum Capacity"),
        devices: b.number("Number Of Devices"),
    }
}

fn device(b: &mut Block<'_>) -> MemoryDevice {
    let size = b.text("Size");
    let presence = size.as_deref().map(|size| match size {
        "Unknown" => Presence::SizeUnknown,
        size if size.starts_with(|c: char| c.is_ascii_digit()) => Presence::Installed,
        _ => Presence::Empty,
    });
    let size_bytes = size.as_deref().and_then(super::printed_rows::size);
    let volts = |text: Option<String>| {
        let volts: f64 = text?.split(' ').next()?.parse().ok()?;
        let millivolts = (volts * 1e3).round();
        (millivolts > 0.0 && millivolts < 65_535.0).then_some(millivolts as u16)
    };
    // `Synchronous Registered (Buffered)`.
    let detail = b.text("Type Detail").map(|detail| {
        let bit = |word: &str, bit: u16| {
            let has = detail.split(' ').any(|w| w == word);
            if has { 1 << bit } else { 0 }
        };
        let known = [
            ("Other", 1),
            ("Unknown", 2),
            ("Synchronous", 7),
            ("Non-Volatile", 12),
        ];
        let built = [("Registered", 13), ("Unbuffered", 14), ("LRDIMM", 15)];
        let all = known.into_iter().chain(built);
        all.fold(0, |bits, (word, number)| bits | bit(word, number))
    });
    // `Bank 1, Hex 0xCE`.
    let maker = |text: Option<String>| {
        let text = text?;
        let (bank, code) = text.strip_prefix("Bank ")?.split_once(", Hex 0x")?;
        let bank = bank.parse::<u8>().ok()?.checked_sub(1)?;
        let code = u8::from_str_radix(code, 16).ok()?;
        Some(u16::from_le_bytes([bank, code]))
    };
    MemoryDevice {
        handle: b.handle,
        array_handle: b.hex("Array Handle"),
        locator: b.text("Locator"),
        bank: b.text("Bank Locator"),
        presence,
        size_bytes,
        total_width: b.number("Total Width"),
        data_width: b.number("Data Width"),
        form_factor: b.code("Form Factor", memory_words::form_factor),
        set: match b.text("Set").as_deref() {
            Some("None") => Some(0),
            Some(set) => set.parse().ok(),
            None => None,
        },
        kind: b.code("Type", memory_words::memory_kind),
        detail,
        rated_mts: b.number("Speed"),
        configured_mts: b
            .number("Configured Memory Speed")
            .or_else(|| b.number("Configured Clock Speed")),
        manufacturer: b.text("Manufacturer"),
        serial: b.text("Serial Number"),
        asset_tag: b.text("Asset Tag"),
        part_number: b.text("Part Number"),
        ranks: b.number("Rank"),
        min_millivolts: volts(b.text("Minimum Voltage")),
        max_millivolts: volts(b.text("Maximum Voltage")),
        configured_millivolts: volts(b.text("Configured Voltage")),
        technology: b.code("Memory Technology", memory_words::technology),
        modes: None,
        firmware: b.text("Firmware Version"),
        manufacturer_id: maker(b.text("Module Manufacturer ID")),
        product_id: b.hex("Module Product ID"),
        controller_manufacturer_id: maker(b.text("Memory Subsystem Controller Manufacturer ID")),
        controller_product_id: b.hex("Memory Subsystem Controller Product ID"),
        non_volatile_bytes: b.size("Non-Volatile Size"),
        volatile_bytes: b.size("Volatile Size"),
        cache_bytes: b.size("Cache Size"),
        logical_bytes: b.size("Logical Size"),
        beyond: None,
    }
}

fn range(b: &mut Block<'_>) -> MappedRange {
    MappedRange {
        handle: b.handle,
        first: b.address("Starting Address"),
        last: b.address("Ending Address"),
        array_handle: b.hex("Physical Array Handle"),
        width: b.number("Partition Width"),
    }
}

fn mapped_device(b: &mut Block<'_>) -> MappedDevice {
    MappedDevice {
        handle: b.handle,
        first: b.address("Starting Address"),
        last: b.address("Ending Address"),
        device_handle: b.hex("Physical Device Handle"),
        range_handle: b.hex("Memory Array Mapped Address Handle"),
        interleave_position: b.number("Interleave Position"),
    }
}

fn onboard(b: &mut Block<'_>) -> OnboardDevice {
    OnboardDevice {
        handle: b.handle,
        reference: b.text("Reference Designation"),
        kind: b.code("Type", words::onboard),
        enabled: b.text("Status").map(|status| status == "Enabled"),
        instance: b.number("Type Instance"),
        pci_address: b.text("Bus Address"),
    }
}
