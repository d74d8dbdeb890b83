//! The specification's words for memory (DSP0134 3.7, 7.17 and 7.18).

use super::words::at;

/// Type 16: where an array is.
pub(super) fn array_location(code: u16) -> Option<&'static str> {
    if code == 0xa4 {
        return Some("CXL Add-on Card");
    }
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "System Board Or Motherboard",
        "ISA Add-on Card",
        "EISA Add-on Card",
        "PCI Add-on Card",
        "MCA Add-on Card",
        "PCMCIA Add-on Card",
        "Proprietary Add-on Card",
        "NuBus",
    ];
    at(WORDS, code)
}

/// Type 16: use of an array.
pub(super) fn array_usage(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "System Memory",
        "Video Memory",
        "Flash Memory",
        "Non-volatile RAM",
        "Cache Memory",
    ];
    at(WORDS, code)
}

/// Type 16: error correction.
pub(super) fn array_correction(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "None",
        "Parity",
        "Single-bit ECC",
        "Multi-bit ECC",
        "CRC",
    ];
    at(WORDS, code)
}

/// Type 17: form factor.
pub(super) fn form_factor(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "SIMM",
        "SIP",
        "Chip",
        "DIP",
        "ZIP",
        "Proprietary Card",
        "DIMM",
        "TSOP",
        "Row Of Chips",
        "RIMM",
        "SODIMM",
        "SRIMM",
        "FB-DIMM",
        "Die",
        "CAMM",
        "CUDIMM",
        "CSODIMM",
    ];
    at(WORDS, code)
}

/// Type 17: kind of memory.
pub(super) fn memory_kind(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "DRAM",
        "EDRAM",
        "VRAM",
        "SRAM",
        "RAM",
        "ROM",
        "Flash",
        "EEPROM",
        "FEPROM",
        "EPROM",
        "CDRAM",
        "3DRAM",
        "SDRAM",
        "SGRAM",
        "RDRAM",
        "DDR",
        "DDR2",
        "DDR2 FB-DIMM",
        "",
        "",
        "",
        "DDR3",
        "FBD2",
        "DDR4",
        "LPDDR",
        "LPDDR2",
        "LPDDR3",
        "LPDDR4",
        "Logical non-volatile device",
        "HBM",
        "HBM2",
        "DDR5",
        "LPDDR5",
        "HBM3",
        "MRDIMM",
    ];
    at(WORDS, code)
}

/// Type 17: technology.
pub(super) fn technology(code: u16) -> Option<&'static str> {
    const WORDS: &[&str] = &[
        "",
        "Other",
        "Unknown",
        "DRAM",
        "NVDIMM-N",
        "NVDIMM-F",
        "NVDIMM-P",
        "Intel Optane persistent memory",
        "MRDIMM",
    ];
    at(WORDS, code)
}
