//! The specification's words for its numbers (DSP0134 3.7, chapter 7).

/// The word at a number's place; empty ones are not known.
pub(super) fn at(words: &'static [&'static str], code: u16) -> Option<&'static str> {
    let word = words.get(usize::from(code)).copied()?;
    (!word.is_empty()).then_some(word)
}

/// Type 1: what switched the machine on.
pub(super) fn wake_up(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "APM Timer",
        "Modem Ring",
        "LAN Remote",
        "Power Switch",
        "PCI PME#",
        "AC Power Restored",
    ];
    at(WORDS, code)
}

/// Type 2.
pub(super) fn board(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Unknown",
        "Other",
        "Server Blade",
        "Connectivity Switch",
        "System Management Module",
        "Processor Module",
        "I/O Module",
        "Memory Module",
        "Daughter Board",
        "Motherboard",
        "Processor/Memory Module",
        "Processor/IO Module",
        "Interconnect Board",
    ];
    at(WORDS, code)
}

/// Type 3.
pub(super) fn chassis(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "Desktop",
        "Low Profile Desktop",
        "Pizza Box",
        "Mini Tower",
        "Tower",
        "Portable",
        "Laptop",
        "Notebook",
        "Hand Held",
        "Docking Station",
        "All in One",
        "Sub Notebook",
        "Space-saving",
        "Lunch Box",
        "Main Server Chassis",
        "Expansion Chassis",
        "SubChassis",
        "Bus Expansion Chassis",
        "Peripheral Chassis",
        "RAID Chassis",
        "Rack Mount Chassis",
        "Sealed-case PC",
        "Multi-system chassis",
        "Compact PCI",
        "Advanced TCA",
        "Blade",
        "Blade Enclosure",
        "Tablet",
        "Convertible",
        "Detachable",
        "IoT Gateway",
        "Embedded PC",
        "Mini PC",
        "Stick PC",
    ];
    at(WORDS, code)
}

/// Type 3: a state.
pub(super) fn chassis_state(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "Safe",
        "Warning",
        "Critical",
        "Non-recoverable",
    ];
    at(WORDS, code)
}

/// Type 4: kind of processor.
pub(super) fn processor(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "Central Processor",
        "Math Processor",
        "DSP Processor",
        "Video Processor",
    ];
    at(WORDS, code)
}

/// Type 4: families that servers have.
pub(super) fn processor_family(code: u16) -> Option<&'static str> {
    Some(match code {
        1 => "Other",
        2 => "Unknown",
        0x6b => "Zen",
        0x84 => "Opteron",
        0xb3 => "Xeon",
        0xc6 => "Core i7",
        0xcd => "Core i5",
        0xce => "Core i3",
        0xcf => "Core i9",
        0x100 => "ARMv7",
        0x101 => "ARMv8",
        0x102 => "ARMv9",
        0x118 => "ARM",
        0x200 => "RISC-V RV32",
        0x201 => "RISC-V RV64",
        0x258..=0x262 => "LoongArch",
        _ => return None,
    })
}

/// Type 7: error correction.
pub(super) fn cache_correction(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "None",
        "Parity",
        "Single-bit ECC",
        "Multi-bit ECC",
    ];
    at(WORDS, code)
}

/// Type 7: what a cache holds.
pub(super) fn cache_kind(code: u16) -> Option<&'static str> {
    at(
        &["", "Other", "Unknown", "Instruction", "Data", "Unified"],
        code,
    )
}

/// Type 9.
pub(super) fn slot(code: u16) -> Option<&'static str> {
    const NEW: &[&str] = &[
        "PCIe",
        "PCIe x1",
        "PCIe x2",
        "PCIe x4",
        "PCIe x8",
        "PCIe x16",
        "PCIe 2",
        "PCIe 2 x1",
        "PCIe 2 x2",
        "PCIe 2 x4",
        "PCIe 2 x8",
        "PCIe 2 x16",
        "PCIe 3",
        "PCIe 3 x1",
        "PCIe 3 x2",
        "PCIe 3 x4",
        "PCIe 3 x8",
        "PCIe 3 x16",
        "",
        "PCIe 4",
        "PCIe 4 x1",
        "PCIe 4 x2",
        "PCIe 4 x4",
        "PCIe 4 x8",
        "PCIe 4 x16",
        "PCIe 5",
        "PCIe 5 x1",
        "PCIe 5 x2",
        "PCIe 5 x4",
        "PCIe 5 x8",
        "PCIe 5 x16",
        "PCIe 6+",
        "EDSFF E1",
        "EDSFF E3",
    ];
    Some(match code {
        1 => "Other",
        2 => "Unknown",
        3 => "ISA",
        6 => "PCI",
        0x0e => "PCI-66",
        0x0f => "AGP",
        0x12 => "PCI-X",
        0x14 => "M.2 Socket 1-DP",
        0x15 => "M.2 Socket 1-SD",
        0x16 => "M.2 Socket 2",
        0x17 => "M.2 Socket 3",
        0x1f => "U.2 PCIe 2",
        0x20 => "U.2 PCIe 3",
        0x21 | 0x22 => "PCIe Mini 52-pin",
        0x23 => "PCIe Mini 76-pin",
        0x24 => "U.2 PCIe 4",
        0x25 => "U.2 PCIe 5",
        0x26 => "OCP NIC 3.0 Small",
        0x27 => "OCP NIC 3.0 Large",
        0x28 => "OCP NIC before 3.0",
        0x30 => "CXL Flexbus 1.0",
        0xa5..=0xc6 => return at(NEW, code.checked_sub(0xa5)?),
        _ => return None,
    })
}

/// Type 9: width of the bus.
pub(super) fn slot_width(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "", "Other", "Unknown", "8-bit", "16-bit", "32-bit", "64-bit", "128-bit", "x1", "x2", "x4",
        "x8", "x12", "x16", "x32",
    ];
    at(WORDS, code)
}

/// Type 38: interface of the management controller.
pub(super) fn ipmi(code: u16) -> Option<&'static str> {
    at(&["Unknown", "KCS", "SMIC", "BT", "SSIF"], code)
}

/// Type 39: state of a power supply.
pub(super) fn supply_status(code: u16) -> Option<&'static str> {
    at(
        &["", "Other", "Unknown", "OK", "Non-critical", "Critical"],
        code,
    )
}

/// Type 41.
pub(super) fn onboard(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "Video",
        "SCSI Controller",
        "Ethernet",
        "Token Ring",
        "Sound",
        "PATA Controller",
        "SATA Controller",
        "SAS Controller",
        "Wireless LAN",
        "Bluetooth",
        "WWAN",
        "eMMC",
        "NVMe Controller",
        "UFS Controller",
    ];
    at(WORDS, code)
}

/// Type 42.
pub(super) fn host_interface(code: u16) -> Option<&'static str> {
    Some(match code {
        2 => "KCS",
        3 => "8250 UART",
        4 => "16450 UART",
        5 => "16550 UART",
        6 => "16650 UART",
        7 => "16750 UART",
        8 => "16850 UART",
        0x40 => "Network",
        0xf0 => "OEM",
        _ => return None,
    })
}
