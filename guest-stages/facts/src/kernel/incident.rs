//! One error as several lines report it.

use serde::Serialize;

use super::{Kind, Part, Severity, Status, Vendor};

/// One error, or several that were reported in equal words. What its lines say is in the record of its
/// kind, and in `fields`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incident {
    /// What it is: the kind of its first line, or of the line that says most.
    pub kind: Kind,
    /// The worst severity of its lines.
    pub severity: Option<Severity>,
    /// The part, as precisely as its lines name one.
    pub part: Option<Part>,
    /// How often it was reported in equal words, 1 at least.
    pub times: u64,
    /// How many errors that is, where lines count them (EDAC's `2 CE`, a status register's count field);
    /// `times` where they do not.
    pub errors: u64,
    /// The first line, as a place in the entries.
    pub first: usize,
    /// The last line.
    pub last: usize,
    /// When the first line was logged, in microseconds since boot.
    pub first_at_us: Option<u64>,
    /// When the last line was logged.
    pub last_at_us: Option<u64>,
    /// The places of the lines of its first report.
    pub lines: Vec<usize>,
    /// Values of lines that have no record below, in order.
    pub fields: Vec<(String, String)>,
    /// The machine check.
    pub machine_check: Option<MachineCheck>,
    /// What an EDAC driver decoded.
    pub edac: Option<Edac>,
    /// The firmware's error record.
    pub ghes: Option<Ghes>,
    /// The PCI Express error.
    pub aer: Option<Aer>,
}

/// A machine check: one bank's registers, and how a driver decoded them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MachineCheck {
    /// The logical CPU that read the bank.
    pub cpu: Option<u32>,
    /// The bank.
    pub bank: Option<u32>,
    /// The socket.
    pub socket: Option<u32>,
    /// The initial APIC id.
    pub apic: Option<String>,
    /// The vendor, by the `PROCESSOR` line, the decoder or other machine checks of the log.
    pub vendor: Option<Vendor>,
    /// CPUID leaf 1's EAX, as in `PROCESSOR 0:50654`.
    pub cpuid: Option<u32>,
    /// AMD: family, model and stepping as in `(17:31:0)`.
    pub family: Option<String>,
    /// The microcode's revision.
    pub microcode: Option<String>,
    /// The status register, decoded.
    pub status: Option<Status>,
    /// The global status register (`IA32_MCG_STATUS`).
    pub mcg_status: Option<u64>,
    /// The address register.
    pub address: Option<u64>,
    /// The MISC register.
    pub misc: Option<u64>,
    /// The time stamp counter; 0 where the bank was polled.
    pub tsc: Option<u64>,
    /// AMD: the syndrome register.
    pub syndrome: Option<u64>,
    /// AMD: which unit of the chip the bank belongs to.
    pub ipid: Option<u64>,
    /// The processor's serial number.
    pub ppin: Option<u64>,
    /// When it was found, in seconds since 1970.
    pub time_s: Option<u64>,
    /// AMD's decoder: the flags of the status as printed, `Over|CE|MiscV|…`.
    pub flags: Option<String>,
    /// AMD's decoder: the sentence, `Corrected error, no action required.`
    pub summary: Option<String>,
    /// AMD's decoder: the unit, `Unified Memory Controller`.
    pub unit: Option<String>,
    /// AMD's decoder: the extended error code.
    pub extended_code: Option<u32>,
    /// AMD's decoder: what the code means.
    pub error: Option<String>,
    /// AMD's decoder: cache level, transaction and memory transaction as printed.
    pub cache: Option<String>,
}

/// A memory error that an EDAC driver decoded.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Edac {
    /// The memory controller.
    pub mc: Option<u32>,
    /// How many errors the line reports.
    pub count: Option<u64>,
    /// Whether they were not corrected (UE).
    pub uncorrected: bool,
    /// The module's label.
    pub label: Option<String>,
    /// `memory read error`, `memory scrubbing error`.
    pub message: Option<String>,
    /// The page's number.
    pub page: Option<u64>,
    /// The offset in the page, in bytes.
    pub offset: Option<u64>,
    /// Whether errors were lost (`OVERFLOW`).
    pub overflow: bool,
    /// Channel, slot, rank, bank, row, column and the other words in brackets, as printed.
    pub place: Vec<(String, String)>,
}

/// An error record of the firmware (APEI): from a generic hardware error source, or of the previous boot.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ghes {
    /// The record's number in the log: `{7}`.
    pub record: Option<u64>,
    /// The generic hardware error source's id.
    pub source: Option<u32>,
    /// Whether it is of the previous boot (BERT).
    pub previous_boot: bool,
    /// The record's severity.
    pub severity: Option<Severity>,
    /// Its sections.
    pub sections: Vec<Section>,
    /// Lines that belong to no section, as printed.
    pub other: Vec<String>,
}

/// What a section of an error record is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SectionKind {
    /// Memory.
    Memory,
    /// A PCI Express function.
    Pcie,
    /// A processor.
    Processor,
    /// The firmware itself, or a reference to its record.
    Firmware,
    /// A CXL device.
    Cxl,
    /// Another one.
    #[default]
    Other,
}

/// A section of an error record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Section {
    /// Its number in the record.
    pub number: Option<u32>,
    /// Its severity.
    pub severity: Option<Severity>,
    /// What it is of.
    pub kind: SectionKind,
    /// Its type as printed.
    pub section_type: Option<String>,
    /// The part's name by the firmware: often the module's slot.
    pub fru_text: Option<String>,
    /// The part's id by the firmware.
    pub fru_id: Option<String>,
    /// What a memory section says.
    pub memory: Option<MemorySection>,
    /// What a PCI Express section says.
    pub pcie: Option<PcieSection>,
    /// Every line of it by name, as printed.
    pub fields: Vec<(String, String)>,
}

/// A memory section of an error record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MemorySection {
    /// The error's status as printed.
    pub error_status: Option<String>,
    /// The physical address.
    pub physical_address: Option<u64>,
    /// The error's type: 2 single-bit ECC, 3 multi-bit ECC, 8 scrub corrected and others (UEFI, table
    /// "Memory Error Record").
    pub error_type: Option<u32>,
    /// The error's type in words.
    pub error_words: Option<String>,
    /// The module's slot by SMBIOS, where the firmware gave its handle.
    pub dimm_location: Option<String>,
    /// The SMBIOS handle of the module.
    pub dmi_handle: Option<u32>,
    /// `node`, `card`, `module`, `rank`, `bank`, `device`, `row`, `column` as printed.
    pub place: Vec<(String, String)>,
}

/// A PCI Express section of an error record.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PcieSection {
    /// The function.
    pub address: Option<String>,
    /// `4, root port`.
    pub port_type: Option<String>,
    /// The slot's number.
    pub slot: Option<String>,
    /// Vendor and device: `8086:1563`.
    pub device: Option<String>,
}

/// A PCI Express error.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Aer {
    /// The function that found the error.
    pub device: Option<String>,
    /// The root port that received the message.
    pub received_by: Option<String>,
    /// Whether more came before the first was read.
    pub multiple: bool,
    /// `Physical Layer`, `Data Link Layer`, `Transaction Layer`.
    pub layer: Option<String>,
    /// `Receiver ID`, `Transmitter ID`, `Requester ID`, `Completer ID`.
    pub agent: Option<String>,
    /// Vendor and device: `144d:a808`.
    pub id: Option<String>,
    /// The status register.
    pub status: Option<u64>,
    /// The mask register.
    pub mask: Option<u64>,
    /// The errors by name: `RxErr`, `BadTLP`.
    pub errors: Vec<String>,
    /// The error that came first.
    pub first: Option<String>,
    /// The header of the packet.
    pub tlp_header: Option<String>,
    /// How recovery went, as printed.
    pub recovery: Vec<String>,
}

/// The incidents of one kind, severity and part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Storm {
    /// Their kind.
    pub kind: Kind,
    /// Their severity.
    pub severity: Option<Severity>,
    /// Their part.
    pub part: Option<Part>,
    /// How many incidents, counting repeated ones.
    pub times: u64,
    /// How many errors they count.
    pub errors: u64,
    /// The first line, as a place in the entries.
    pub first: usize,
    /// The last line.
    pub last: usize,
    /// When the first line was logged, in microseconds since boot.
    pub first_at_us: Option<u64>,
    /// When the last line was logged.
    pub last_at_us: Option<u64>,
}
