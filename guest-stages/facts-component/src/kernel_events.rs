//! The kernel's log.

use vetting_facts::kernel::{self, Entry, Part as Named};

use crate::Facts;
use crate::bindings::exports::vetting::facts::kernel_events::{
    Guest, Incident, Line, Part, Severity,
};
use crate::read::name;

impl Guest for Facts {
    fn incidents(lines: Vec<Line>) -> Vec<Incident> {
        let entries: Vec<Entry> = lines.into_iter().map(entry).collect();
        let events = kernel::events(&entries);
        let found = kernel::incidents(&entries, &events);
        found.into_iter().map(incident).collect()
    }

    fn read_dmesg(text: Vec<u8>) -> Vec<Line> {
        kernel::dmesg(&text).into_iter().map(line).collect()
    }

    fn read_kmsg(records: Vec<u8>) -> Vec<Line> {
        kernel::kmsg(&records).into_iter().map(line).collect()
    }
}

/// A program's facility that the crate's type has no room for is still a program's.
fn entry(line: Line) -> Entry {
    Entry {
        priority: line.priority,
        facility: line.facility.map(|f| u8::try_from(f).unwrap_or(u8::MAX)),
        at_us: line.at_us,
        text: line.text,
        fields: line.fields,
        ..Entry::default()
    }
}

/// A line that syslog gives to a program is not the kernel's, whatever its facility.
fn line(entry: Entry) -> Line {
    const USER: u32 = 1;
    let by_kernel = entry.by_kernel();
    let facility = entry.facility.map(u32::from);
    let facility = if by_kernel {
        facility
    } else {
        facility.filter(|facility| *facility != 0).or(Some(USER))
    };
    Line {
        priority: entry.priority,
        facility,
        at_us: entry.at_us,
        text: entry.text,
        fields: entry.fields,
    }
}

fn incident(incident: kernel::Incident) -> Incident {
    let places = incident.lines.iter();
    Incident {
        kind: name(&incident.kind),
        severity: incident.severity.map(severity),
        part: incident.part.map(part),
        times: incident.times,
        errors: incident.errors,
        first_at_us: incident.first_at_us,
        last_at_us: incident.last_at_us,
        fields: incident.fields,
        lines: places
            .filter_map(|place| u32::try_from(*place).ok())
            .collect(),
    }
}

fn severity(severity: kernel::Severity) -> Severity {
    match severity {
        kernel::Severity::Info => Severity::Info,
        kernel::Severity::Corrected => Severity::Corrected,
        kernel::Severity::Deferred => Severity::Deferred,
        kernel::Severity::Recoverable => Severity::Recoverable,
        kernel::Severity::NonFatal => Severity::NonFatal,
        kernel::Severity::Uncorrected => Severity::Uncorrected,
        kernel::Severity::Fatal => Severity::Fatal,
    }
}

fn part(part: Named) -> Part {
    let (kind, name) = match part {
        Named::Cpu(number) => ("cpu", number.to_string()),
        Named::McaBank { cpu, bank } => ("mca-bank", format!("{cpu} bank {bank}")),
        Named::MemoryController(number) => ("memory-controller", number.to_string()),
        Named::Dimm { label, .. } => ("dimm", label),
        Named::Page(number) => ("page", number.to_string()),
        Named::Pci(address) => ("pci", address),
        Named::Slot(label) => ("slot", label),
        Named::Disk(name) => ("disk", name),
        Named::Nvme(name) => ("nvme", name),
        Named::Ata(number) => ("ata", number.to_string()),
        Named::Scsi(address) => ("scsi", address),
        Named::Adapter(name) => ("adapter", name),
        Named::Nic(name) => ("nic", name),
        Named::Gpu(address) => ("gpu", address),
        Named::NvSwitch(address) => ("nv-switch", address),
        Named::FileSystem(device) => ("file-system", device),
        Named::Array(name) => ("array", name),
        Named::Task { name, .. } => ("task", name),
        Named::ThermalZone(name) => ("thermal-zone", name),
        Named::Usb(place) => ("usb", place),
        Named::Device(name) => ("device", name),
    };
    Part {
        kind: kind.to_owned(),
        name,
    }
}
