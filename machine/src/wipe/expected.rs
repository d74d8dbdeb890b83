//! Is this disk exactly one of those that the operator's spec names?

use crate::contract::context::ExpectedDisk;
use crate::contract::disks::{Disk, Transport};
use crate::placeholder;

/// Where an expected disk's `extra` says how the disk is attached.
pub const TRANSPORT: &str = "transport";

/// Where an expected disk's `extra` gives the most bytes that it may have, for one that is expected by a range;
/// `size-bytes` is then the fewest.
pub const MOST_BYTES: &str = "most-bytes";

/// The one entry that a disk matches.
#[derive(Debug)]
pub struct Matching {
    /// What was compared.
    pub found: String,
    /// How the spec says that it is attached.
    pub transport: Option<String>,
}

/// The one expected disk that this one is, or why it is none.
pub fn one(disk: &Disk, all: &[Disk], expected: &[ExpectedDisk]) -> Result<Matching, String> {
    let serial = disk.serial.as_deref().and_then(placeholder::real);
    let serial = serial.ok_or("it has no serial number that tells it apart")?;
    if let Some(twin) = all.iter().find(|other| are_twins(disk, other)) {
        return Err(format!("{} has the serial number {serial} too", twin.name));
    }
    if expected.is_empty() {
        return Err(format!(
            "no disk is expected; its serial number is {serial}"
        ));
    }
    let named: Vec<_> = expected
        .iter()
        .filter(|entry| entry.serial.trim() == serial)
        .collect();
    if named.is_empty() {
        return Err(format!("none has its serial number, {serial}"));
    }
    let mut differences = Vec::new();
    let mut matching = Vec::new();
    for entry in named {
        match difference(disk, entry) {
            None => matching.push(entry),
            Some(difference) => differences.push(difference),
        }
    }
    match matching.as_slice() {
        [] => Err(format!("{serial}: {}", differences.join("; "))),
        [entry] => Ok(Matching {
            found: format!(
                "serial number {serial}, {} bytes, {}",
                disk.size_bytes,
                match &entry.wwn {
                    Some(wwn) => format!("name {wwn}"),
                    None => "no world-wide name expected".to_owned(),
                }
            ),
            transport: extra(entry, TRANSPORT).map(str::to_owned),
        }),
        several => Err(format!(
            "{} entries of the spec have {serial}; one is needed",
            several.len()
        )),
    }
}

/// What an entry says otherwise than the disk.
fn difference(disk: &Disk, entry: &ExpectedDisk) -> Option<String> {
    let (fewest, found) = (entry.size_bytes, disk.size_bytes);
    match extra(entry, MOST_BYTES).map(str::parse::<u64>) {
        None if found == fewest => {}
        None => return Some(format!("{fewest} bytes are expected, it has {found}")),
        Some(Ok(most)) if (fewest..=most).contains(&found) => {}
        Some(Ok(most)) => {
            return Some(format!(
                "{fewest} to {most} bytes are expected, it has {found}"
            ));
        }
        Some(Err(_)) => return Some("the most bytes that are expected are no number".to_owned()),
    }
    let nvme = is_nvme(disk);
    match (entry.wwn.as_deref(), disk.wwn.as_deref()) {
        (Some(expected), Some(found)) if same_name(expected, found) => None,
        (Some(expected), Some(found)) => Some(format!("{expected} is expected, it is {found}")),
        (Some(expected), None) => Some(format!("{expected} is expected, it has no such name")),
        // A controller's serial number does not say which of its namespaces is meant.
        (None, Some(found)) if nvme => Some(format!(
            "its serial number is its controller's, and the spec does not name the namespace, {found}"
        )),
        (None, _) => None,
    }
}

/// What an entry's `extra` says of that name.
fn extra<'a>(entry: &'a ExpectedDisk, name: &str) -> Option<&'a str> {
    let mut extra = entry.extra.iter();
    let (_, value) = extra.find(|(key, _)| key == name)?;
    Some(value)
}

/// Whether two disks cannot be told apart by what an operator writes down. Namespaces of one NVMe
/// controller share its serial number and differ by their own names; anything else that shares one is
/// a copy, or a second way to the same disk.
fn are_twins(disk: &Disk, other: &Disk) -> bool {
    let same_serial = match (&disk.serial, &other.serial) {
        (Some(one), Some(two)) => same_name(one, two),
        _ => false,
    };
    let namespaces = is_nvme(disk)
        && is_nvme(other)
        && disk.controller == other.controller
        && disk.wwn.is_some()
        && other.wwn.is_some()
        && disk.wwn != other.wwn;
    disk.name != other.name && same_serial && !namespaces
}

fn is_nvme(disk: &Disk) -> bool {
    matches!(disk.transport, Transport::Nvme | Transport::NvmeOf)
}

/// Whether two spellings of a serial number or a world-wide name are the same one.
pub fn same_name(one: &str, two: &str) -> bool {
    let (one, two) = (one.trim(), two.trim());
    !one.is_empty() && (one == two || plain(one).is_some_and(|one| Some(one) == plain(two)))
}

/// A world-wide name without separators, prefixes and capitals; `None`: it is none.
fn plain(name: &str) -> Option<String> {
    let name = ["naa.", "eui.", "nguid.", "0x"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let digits: String = name.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let good = digits.len() >= 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| digits.to_ascii_lowercase())
}
