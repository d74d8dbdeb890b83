//! What an incident of the kernel's log is about, and which part.

use vetting_facts::kernel::{self, Incident, Kind, Part, SectionKind, Severity};

use crate::part;

/// Xids of NVLink 5, whose lines say `Fatal` or `Nonfatal` (NVIDIA's catalogue of Xid errors).
const NVLINK_5: std::ops::RangeInclusive<u32> = 144..=150;

/// What an incident means for a machine under test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    MachineCheck,
    Memory,
    Pcie,
    Disk,
    Heat,
    OutOfMemory,
    Stuck,
    Xid(u32),
    Gpu,
    Iommu,
    Nic,
    NicTimeout,
    Data,
    System,
    ZoneTooHot,
}

pub fn meaning(incident: &Incident) -> Option<Meaning> {
    let sections = incident.ghes.iter().flat_map(|ghes| &ghes.sections);
    let of_apei = match sections.map(|section| &section.kind).next() {
        Some(SectionKind::Memory) => Meaning::Memory,
        Some(SectionKind::Pcie) => Meaning::Pcie,
        _ => Meaning::MachineCheck,
    };
    Some(match incident.kind {
        Kind::MachineCheck | Kind::MachineCheckStorm => Meaning::MachineCheck,
        Kind::Apei => of_apei,
        Kind::MemoryError | Kind::MemoryFailure | Kind::PageOffline => Meaning::Memory,
        Kind::Aer | Kind::Dpc => Meaning::Pcie,
        Kind::BlockError
        | Kind::BufferError
        | Kind::NvmeTimeout
        | Kind::NvmeController
        | Kind::NvmeError
        | Kind::DiskOffline
        | Kind::ScsiError
        | Kind::Ata => Meaning::Disk,
        Kind::Throttle => Meaning::Heat,
        Kind::OutOfMemory => Meaning::OutOfMemory,
        Kind::HungTask | Kind::SoftLockup | Kind::RcuStall => Meaning::Stuck,
        Kind::HardLockup | Kind::Nmi => Meaning::System,
        Kind::NvSwitchSxid | Kind::GpuFault | Kind::GpuReset => Meaning::Gpu,
        Kind::Iommu => Meaning::Iommu,
        Kind::NicFault => Meaning::Nic,
        Kind::NicTimeout => Meaning::NicTimeout,
        Kind::FileSystem | Kind::Array => Meaning::Data,
        Kind::ThermalCritical => Meaning::ZoneTooHot,
        Kind::GpuXid => {
            let field = incident.fields.iter().find(|(name, _)| name == "xid");
            match field.and_then(|(_, number)| number.parse().ok())? {
                // NVLink 5 names the severity in its lines.
                xid if NVLINK_5.contains(&xid) => Meaning::Gpu,
                xid => Meaning::Xid(xid),
            }
        }
        _ => return None,
    })
}

/// Whether it was not corrected. What has no severity of its own is judged by its status or its kind.
pub fn uncorrected(incident: &Incident) -> bool {
    let status = incident
        .machine_check
        .as_ref()
        .and_then(|check| check.status.as_ref());
    let edac = incident.edac.as_ref().is_some_and(|edac| edac.uncorrected);
    status.is_some_and(|status| status.uncorrected)
        || edac
        || matches!(incident.kind, Kind::MemoryFailure | Kind::Dpc)
        || incident
            .severity
            .is_some_and(|severity| severity > Severity::Corrected)
}

/// Whether a GPU or its fabric cannot go on.
pub fn is_fatal(incident: &Incident) -> bool {
    incident.kind == Kind::GpuFault || incident.severity == Some(Severity::Fatal)
}

/// Whether a machine check's status register holds nothing: its VAL bit is 0 (Intel SDM volume 3 and AMD
/// APM volume 2, MCi_STATUS).
pub fn is_void(incident: &Incident) -> bool {
    let check = incident.machine_check.as_ref();
    let status = check.and_then(|check| check.status.as_ref());
    status.is_some_and(|status| !status.valid)
}

/// Whether a disk is at fault: not where a drive without a medium is asked (a management controller's
/// virtual CD), or where a drive refuses to discard.
pub fn of_a_disk(incident: &Incident, entries: &[kernel::Entry]) -> bool {
    let media = ["sr", "fd"];
    let name = match &incident.part {
        Some(Part::Disk(name)) => name.as_str(),
        _ => "",
    };
    let removable = media.iter().any(|kind| {
        let number = name.strip_prefix(kind);
        number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    });
    let mut lines = incident.lines.iter().filter_map(|line| entries.get(*line));
    let discards = lines.any(|entry| entry.text.contains(":(DISCARD)"));
    !removable && !discards
}

/// The part that an incident names, as a finding names it.
pub fn place(incident: &Incident) -> Option<crate::Part> {
    let (kind, name) = match incident.part.as_ref()? {
        Part::Cpu(cpu) | Part::McaBank { cpu, .. } => ("cpu", format!("CPU {cpu}")),
        Part::MemoryController(number) => ("dimm", format!("mc{number}")),
        Part::Dimm { label, .. } => ("dimm", label.clone()),
        Part::Page(page) => ("dimm", format!("page {page:#x}")),
        Part::Pci(address) => ("pci", address.clone()),
        Part::Slot(slot) => ("pci", format!("slot {slot}")),
        Part::Disk(name) | Part::Nvme(name) | Part::FileSystem(name) | Part::Array(name) => {
            ("disk", name.clone())
        }
        Part::Ata(port) => ("disk", format!("ata{port}")),
        Part::Scsi(address) => ("disk", address.clone()),
        Part::Adapter(name) => ("pci", name.clone()),
        Part::Nic(name) => ("nic", name.clone()),
        Part::Gpu(address) | Part::NvSwitch(address) => ("gpu", address.clone()),
        Part::Task { name, .. } => ("system", name.clone()),
        Part::ThermalZone(name) => ("system", name.clone()),
        Part::Usb(name) | Part::Device(name) => ("system", name.clone()),
    };
    Some(part(kind, name))
}

/// The bank of a machine check, in words.
pub fn bank(incident: &Incident) -> String {
    let check = incident.machine_check.as_ref();
    let cpu = check
        .and_then(|check| check.cpu)
        .map(|cpu| format!("CPU {cpu}"));
    let bank = check
        .and_then(|check| check.bank)
        .map(|bank| format!("bank {bank}"));
    let words: Vec<String> = cpu.into_iter().chain(bank).collect();
    match words.is_empty() {
        true => "an unknown bank".to_owned(),
        false => words.join(" "),
    }
}
