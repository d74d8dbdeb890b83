//! The firmware's error records, by their number in the log.

use super::{Open, begin};
use crate::kernel::pick::{hex, number, pci, word_after};
use crate::kernel::{
    Event, Ghes, Incident, Kind, MemorySection, Part, PcieSection, Section, SectionKind, Severity,
};

pub(super) fn join(open: &mut Open, event: &Event) {
    let record = event.field("record").and_then(|record| record.parse().ok());
    let head =
        event.text.contains("Hardware error from APEI") || event.field("source") == Some("BERT");
    let place = open.ghes.get(&record).copied();
    let text = said(&event.text);
    if !head && let Some((place, incident)) = open.near(place, event) {
        incident.take(event);
        read(incident, text);
        open.latest_ghes = Some(place);
        return;
    }
    if event.kind != Kind::Apei {
        super::step(open, event);
        return;
    }
    let mut incident = begin(event);
    incident.ghes = Some(Ghes {
        record,
        previous_boot: record.is_none(),
        ..Ghes::default()
    });
    read(&mut incident, text);
    let place = open.push(incident);
    open.ghes.insert(record, place);
    open.latest_ghes = Some(place);
}

fn said(text: &str) -> &str {
    text.split_once("[Hardware Error]:")
        .map_or(text, |(_, said)| said.trim())
}

fn read(incident: &mut Incident, line: &str) {
    let Some(ghes) = &mut incident.ghes else {
        return;
    };
    if line.starts_with("Hardware error from APEI") {
        ghes.source = word_after(line, "Source: ").and_then(|source| source.parse().ok());
        return;
    }
    if let Some(words) = line.strip_prefix("event severity: ") {
        ghes.severity = severity(words);
        incident.severity = ghes.severity.or(incident.severity);
        return;
    }
    if let Some((index, tail)) = line.strip_prefix("Error ").and_then(number::<u32>) {
        ghes.sections.push(Section {
            number: Some(index),
            severity: word_after(tail, "type: ").and_then(severity),
            ..Section::default()
        });
        return;
    }
    let Some(section) = ghes.sections.last_mut() else {
        ghes.other.push(line.to_owned());
        return;
    };
    let Some((key, value)) = line.split_once(':') else {
        section.fields.push((line.to_owned(), String::new()));
        return;
    };
    fill(section, line, key.trim(), value.trim());
    if let Some(part) = part(section) {
        incident.part = Some(part);
    }
}

fn severity(words: &str) -> Option<Severity> {
    crate::kernel::classify::apei_severity(words)
}

fn fill(section: &mut Section, line: &str, key: &str, value: &str) {
    let text = || Some(value.to_owned());
    section.fields.push((key.to_owned(), value.to_owned()));
    match key {
        "section_type" => {
            section.section_type = text();
            section.kind = kind(value);
        }
        "fru_text" => section.fru_text = text(),
        "fru_id" => section.fru_id = text(),
        _ => {}
    }
    match section.kind {
        SectionKind::Memory => memory(section.memory.get_or_insert_default(), line, key, value),
        SectionKind::Pcie => pcie(section.pcie.get_or_insert_default(), line, key, value),
        _ => {}
    }
}

fn kind(section_type: &str) -> SectionKind {
    let has = |word: &str| section_type.contains(word);
    match () {
        () if has("memory") => SectionKind::Memory,
        () if has("PCIe") || has("PCI ") => SectionKind::Pcie,
        () if has("rocessor") => SectionKind::Processor,
        () if has("irmware") => SectionKind::Firmware,
        () if has("CXL") => SectionKind::Cxl,
        () => SectionKind::Other,
    }
}

fn memory(memory: &mut MemorySection, line: &str, key: &str, value: &str) {
    match key {
        "error_status" => memory.error_status = Some(value.to_owned()),
        "physical_address" => memory.physical_address = hex(value),
        "error_type" => {
            let (code, words) = value.split_once(", ").unwrap_or((value, ""));
            memory.error_type = code.parse().ok();
            memory.error_words = (!words.is_empty()).then(|| words.to_owned());
        }
        "DIMM location" => {
            memory.dmi_handle = word_after(value, "DMI handle: ")
                .and_then(hex)
                .and_then(|h| u32::try_from(h).ok());
            let location = value
                .split(" DMI handle")
                .next()
                .unwrap_or(value)
                .trim_end_matches('.');
            let absent = location.starts_with("not present");
            memory.dimm_location = (!absent).then(|| location.trim().to_owned());
        }
        "node" | "card" | "module" | "rank" | "bank" => memory.place = place(line),
        _ => {}
    }
}

/// `node:6 card:1 module:0 …` or `node: 1 card: 4 …`.
fn place(line: &str) -> Vec<(String, String)> {
    let mut place = Vec::new();
    let mut words = line.split_ascii_whitespace().peekable();
    while let Some(word) = words.next() {
        let Some((key, value)) = word.split_once(':') else {
            continue;
        };
        let value = if value.is_empty() {
            words.next().unwrap_or_default()
        } else {
            value
        };
        place.push((key.to_owned(), value.to_owned()));
    }
    place
}

fn pcie(pcie: &mut PcieSection, line: &str, key: &str, value: &str) {
    let text = || Some(value.to_owned());
    match key {
        "device_id" => pcie.address = pci(value),
        "port_type" => pcie.port_type = text(),
        "slot" => pcie.slot = text(),
        "vendor_id" => {
            let vendor = word_after(line, "vendor_id: ").map(|id| id.trim_start_matches("0x"));
            let device = word_after(line, ", device_id: ").map(|id| id.trim_start_matches("0x"));
            pcie.device = vendor
                .zip(device)
                .map(|(vendor, device)| format!("{vendor}:{device}"));
        }
        _ => {}
    }
}

fn part(section: &Section) -> Option<Part> {
    if let Some(address) = section.pcie.as_ref().and_then(|pcie| pcie.address.clone()) {
        return Some(Part::Pci(address));
    }
    let memory = section.memory.as_ref()?;
    let label = memory
        .dimm_location
        .clone()
        .or_else(|| section.fru_text.clone());
    match label {
        Some(label) => Some(Part::Dimm { label, mc: None }),
        None => memory
            .physical_address
            .map(|address| Part::Page(address >> 12)),
    }
}
