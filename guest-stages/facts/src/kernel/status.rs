//! The bits of a machine check bank's status register (`IA32_MCi_STATUS`, AMD's `MCA_STATUS`).

use serde::Serialize;

/// Who made the processor, as the machine check's `PROCESSOR` line or a driver's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vendor {
    /// Intel (vendor 0).
    Intel,
    /// AMD (2) or Hygon (9): the same layout.
    Amd,
    /// Another one.
    Other,
}

impl Vendor {
    /// By the kernel's number, the first of `PROCESSOR 2:a10f11`.
    pub(super) fn of_number(number: u32) -> Self {
        match number {
            0 => Vendor::Intel,
            2 | 9 => Vendor::Amd,
            _ => Vendor::Other,
        }
    }
}

/// A status register, decoded. Bits whose meaning differs by vendor are `None` where the vendor is known
/// to give them another meaning, and decoded by both readings where the vendor is not known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The register as it was printed.
    pub raw: u64,
    /// Bit 63, VAL: the register holds an error. Where it is clear, nothing else counts.
    pub valid: bool,
    /// Bit 62, OVER: errors were lost, because one came before the last was read.
    pub overflow: bool,
    /// Bit 61, UC: the hardware did not correct the error.
    pub uncorrected: bool,
    /// Bit 60, EN: the error was enabled to be reported.
    pub enabled: bool,
    /// Bit 59, MISCV: the MISC register holds more.
    pub misc_valid: bool,
    /// Bit 58, ADDRV: the ADDR register holds the address.
    pub addr_valid: bool,
    /// Bit 57, PCC: the processor's state may be corrupt.
    pub context_corrupt: bool,
    /// Intel, bit 56, S: a machine check exception was signalled.
    pub signalled: Option<bool>,
    /// Intel, bit 55, AR: software must act before it goes on.
    pub action_required: Option<bool>,
    /// Intel, bits 52 to 38: how many corrected errors were counted.
    pub corrected_count: Option<u32>,
    /// Intel, bits 54 and 53: the threshold's state (0 none, 1 green, 2 yellow).
    pub threshold: Option<u8>,
    /// AMD, bit 55, TCC: the task's state may be corrupt.
    pub task_corrupt: Option<bool>,
    /// AMD, bit 53, SyndV: the syndrome register holds more.
    pub syndrome_valid: Option<bool>,
    /// AMD, bit 46, CECC: a correctable ECC error.
    pub corrected_ecc: Option<bool>,
    /// AMD, bit 45, UECC: an uncorrectable ECC error.
    pub uncorrected_ecc: Option<bool>,
    /// AMD, bit 44: a deferred error: data is lost that was not used yet.
    pub deferred: Option<bool>,
    /// AMD, bit 43: poisoned data was consumed.
    pub poison: Option<bool>,
    /// Bits 15 to 0: the architecture's error code.
    pub error_code: u16,
    /// Bits 31 to 16 (Intel: the model's error code; AMD: the extended one, bits 21 to 16).
    pub model_code: u16,
}

impl Status {
    /// Decodes a register.
    pub fn decode(raw: u64, vendor: Option<Vendor>) -> Self {
        let bit = |place: u32| raw >> place & 1 == 1;
        let intel = |place| (vendor != Some(Vendor::Amd)).then(|| bit(place));
        let amd = |place| (vendor != Some(Vendor::Intel)).then(|| bit(place));
        let field = |place: u32, mask: u64| raw >> place & mask;
        let counts = vendor != Some(Vendor::Amd);
        Status {
            raw,
            valid: bit(63),
            overflow: bit(62),
            uncorrected: bit(61),
            enabled: bit(60),
            misc_valid: bit(59),
            addr_valid: bit(58),
            context_corrupt: bit(57),
            signalled: intel(56),
            action_required: intel(55),
            corrected_count: counts.then(|| field(38, 0x7fff) as u32),
            threshold: counts.then(|| field(53, 3) as u8),
            task_corrupt: amd(55),
            syndrome_valid: amd(53),
            corrected_ecc: amd(46),
            uncorrected_ecc: amd(45),
            deferred: amd(44),
            poison: amd(43),
            error_code: field(0, 0xffff) as u16,
            model_code: field(16, 0xffff) as u16,
        }
    }
}
