//! Classifies single lines, by the words that the kernel's own sources print. A line's first word decides
//! which file's rules are tried, so that healthy lines cost little.

mod crash;
mod disk;
mod filesystem;
mod gpu;
mod memory;
mod network;
mod pcie;
mod platform;

use super::pick;
pub(super) use memory::severity as apei_severity;

use super::{Entry, Event, Kind, Part, Severity};

/// What a rule found in a line.
pub(super) struct Found {
    kind: Kind,
    severity: Option<Severity>,
    part: Option<Part>,
    fields: Vec<(String, String)>,
}

impl Found {
    fn new(kind: Kind) -> Self {
        Found {
            kind,
            severity: None,
            part: None,
            fields: Vec::new(),
        }
    }

    fn severity(mut self, severity: impl Into<Option<Severity>>) -> Self {
        self.severity = severity.into();
        self
    }

    fn part(mut self, part: impl Into<Option<Part>>) -> Self {
        self.part = part.into();
        self
    }

    fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.fields.push((key.to_owned(), value.to_string()));
        self
    }

    fn maybe(self, key: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }
}

/// A line of a driver for a device: `DRIVER 0000:3b:00.0[ NAME]: TEXT`.
pub(super) struct Device<'a> {
    driver: &'a str,
    address: String,
    /// The network port or other name between address and text.
    name: Option<&'a str>,
    text: &'a str,
}

impl<'a> Device<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (driver, rest) = line.split_once(' ')?;
        let end = rest.find([' ', '\t']).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        let address = pick::pci(word.trim_end_matches(':'))?;
        if word.ends_with(':') {
            let text = after.trim_start();
            return Some(Device {
                driver,
                address,
                name: None,
                text,
            });
        }
        let after = after.trim_start();
        let name = after.split_once(": ").filter(|(name, _)| {
            !name.is_empty() && pick::name(name).is_some_and(|plain| plain == *name)
        });
        let (name, text) = match name {
            Some((name, text)) => (Some(name), text),
            None => {
                let name = after
                    .split([' ', ':'])
                    .next()
                    .filter(|name| !name.is_empty());
                (name, after)
            }
        };
        Some(Device {
            driver,
            address,
            name,
            text,
        })
    }
}

/// Classifies every line that the kernel wrote.
pub(super) fn events(entries: &[Entry]) -> Vec<Event> {
    let mut events = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        if !entry.by_kernel() {
            continue;
        }
        let text = entry.text.trim_end();
        let Some(mut found) = classify(text).or_else(|| unknown(text, entry)) else {
            continue;
        };
        if found.part.is_none() {
            found.part = entry.field("DEVICE").and_then(of_record);
        }
        events.push(Event {
            index,
            kind: found.kind,
            severity: found.severity,
            part: found.part,
            fields: found.fields,
            text: text.to_owned(),
        });
    }
    events
}

fn classify(text: &str) -> Option<Found> {
    let text = text.trim_start();
    if let Some(found) = memory::read(text) {
        return Some(found);
    }
    if let Some(device) = Device::read(text) {
        return gpu::of_device(&device)
            .or_else(|| pcie::of_device(&device))
            .or_else(|| network::of_device(&device))
            .or_else(|| disk::of_device(&device))
            .or_else(|| platform::of_device(&device));
    }
    disk::read(text)
        .or_else(|| gpu::read(text))
        .or_else(|| crash::read(text))
        .or_else(|| filesystem::read(text))
        .or_else(|| network::read(text))
        .or_else(|| pcie::read(text))
        .or_else(|| platform::read(text))
}

/// A line in no known words that the kernel itself holds for an error.
fn unknown(text: &str, entry: &Entry) -> Option<Found> {
    let mark = text.find("ardware ").and_then(|place| text.get(place..));
    let marks = ["ardware Error]", "ardware error]"];
    let hardware = mark.is_some_and(|mark| marks.iter().any(|words| mark.starts_with(words)));
    let error = entry.priority.is_some_and(|priority| priority <= 3);
    let words = entry.priority.is_none()
        && ["ncorrectable", "atal error"]
            .iter()
            .any(|words| text.contains(words));
    if !(hardware || error || words) || text.is_empty() {
        return None;
    }
    let device = Device::read(text).map(|device| Part::Pci(device.address));
    Some(Found::new(Kind::Unknown).part(device))
}

/// `+pci:0000:05:00.0`, `b8:16`, `c189:3`, `n2`.
fn of_record(device: &str) -> Option<Part> {
    if let Some(address) = device.strip_prefix("+pci:") {
        return pick::pci(address).map(Part::Pci);
    }
    if let Some(address) = device.strip_prefix("+scsi:") {
        return Some(Part::Scsi(address.to_owned()));
    }
    if let Some(place) = device.strip_prefix("+usb:") {
        return Some(Part::Usb(place.to_owned()));
    }
    Some(Part::Device(device.to_owned()))
}
