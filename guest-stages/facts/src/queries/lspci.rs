//! `lspci -vvv` and `lspci -vvv -mm`: PCI devices with their links and error bits.

use serde::Serialize;

use super::lines::{Line, lines, number};
use crate::Unreadable;

/// The devices.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Devices {
    /// Each device.
    pub devices: Vec<Device>,
    /// Lines before the first device.
    pub unread: Vec<String>,
}

/// One device.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Device {
    /// Its address as printed: `01:00.0`, `0000:01:00.0`.
    pub address: String,
    /// Its class: `Ethernet controller`, with `[0200]` under `-nn`.
    pub class: Option<String>,
    /// Maker and name; with `-mm` the name alone.
    pub name: Option<String>,
    /// The maker (`-mm`).
    pub vendor: Option<String>,
    /// The revision, two hexadecimal digits; `ff` where the device does not answer.
    pub revision: Option<String>,
    /// The board.
    pub subsystem: Option<String>,
    /// The slot's name on the board.
    pub physical_slot: Option<String>,
    /// The NUMA node.
    pub numa_node: Option<i32>,
    /// The driver in use.
    pub driver: Option<String>,
    /// The serial number that the device has in its configuration space.
    pub serial: Option<String>,
    /// Its kind: `Express (v2) Endpoint, MSI 00`.
    pub express: Option<String>,
    /// The fastest link it can have.
    pub link_capability: Option<LinkState>,
    /// The link it has.
    pub link_status: Option<LinkState>,
    /// The speed it aims at, in GT/s.
    pub target_gts: Option<f64>,
    /// Errors since they were cleared last, of any kind: `CorrErr`, `NonFatalErr`, `FatalErr`, `UnsupReq`.
    pub device_status: Vec<Bit>,
    /// The bits of the link's control and status: `DLActive`, `BWMgmt`.
    pub link_bits: Vec<Bit>,
    /// Advanced error reporting.
    pub aer: Option<Aer>,
    /// What lspci prints where it could not read everything: `<access denied>`, `!!! Unknown header type 7f`.
    pub unreadable: Option<String>,
    /// All other lines.
    pub extra: Vec<String>,
}

/// A link's speed and width.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LinkState {
    /// Speed in GT/s; `None`: unknown.
    pub speed_gts: Option<f64>,
    /// Lanes; 0 without a link.
    pub width: Option<u32>,
    /// lspci's word on the speed: `downgraded`, `ok`, `overdriven`.
    pub speed_word: Option<String>,
    /// lspci's word on the width.
    pub width_word: Option<String>,
    /// The whole row, with port number and power saving.
    pub text: String,
}

/// A bit with its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bit {
    /// Its name: `BadTLP`.
    pub name: String,
    /// Whether it is set.
    pub set: bool,
}

/// Advanced error reporting.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Aer {
    /// Uncorrectable errors that happened (`UESta`).
    pub uncorrectable: Vec<Bit>,
    /// Uncorrectable errors that are not reported (`UEMsk`).
    pub uncorrectable_mask: Vec<Bit>,
    /// Uncorrectable errors that are fatal (`UESvrt`).
    pub severity: Vec<Bit>,
    /// Correctable errors that happened (`CESta`).
    pub correctable: Vec<Bit>,
    /// Correctable errors that are not reported (`CEMsk`).
    pub correctable_mask: Vec<Bit>,
    /// The first error's number, hexadecimal.
    pub first_error: Option<String>,
    /// The packet with the error, as printed.
    pub header_log: Option<String>,
    /// What a root port received (`RootSta`).
    pub root_status: Vec<Bit>,
    /// The devices that errors came from, as a root port noted them.
    pub error_source: Option<String>,
}

/// Reads the devices, in both forms.
pub fn devices(bytes: &[u8]) -> Result<Devices, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Devices::default();
    // The row that a line without a name of its own goes on.
    let mut row = String::new();
    for line in lines(&text) {
        if line.indent == 0 && start(&mut found.devices, line.text) {
            row.clear();
            continue;
        }
        match found.devices.last_mut() {
            Some(device) => add(device, &line, &mut row),
            None => found.unread.push(line.text.to_owned()),
        }
    }
    match found.devices.is_empty() {
        false => Ok(found),
        true => Err(Unreadable::starting("the devices of lspci", bytes)),
    }
}

/// `01:00.0 Ethernet controller: Maker Name (rev 02) (prog-if 00)` or `Slot: 01:00.0`
fn start(devices: &mut Vec<Device>, text: &str) -> bool {
    let (address, rest) = match text.strip_prefix("Slot:") {
        Some(address) => (address.trim(), ""),
        None => text.split_once(' ').unwrap_or((text, "")),
    };
    if !is_address(address) {
        return false;
    }
    let mut device = Device {
        address: address.to_owned(),
        ..Device::default()
    };
    if let Some((class, name)) = rest.split_once(": ") {
        device.class = Some(class.to_owned());
        let (name, revision) = match name.split_once(" (rev ") {
            Some((name, rest)) => (name, rest.split(')').next()),
            None => (name, None),
        };
        device.name = Some(name.to_owned());
        device.revision = revision.map(str::to_owned);
    } else if !rest.is_empty() {
        device.extra.push(rest.to_owned());
    }
    devices.push(device);
    true
}

/// `00:1f.3` or `0000:00:1f.3`
fn is_address(text: &str) -> bool {
    let Some((place, function)) = text.rsplit_once('.') else {
        return false;
    };
    let hex = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    function.len() == 1 && hex(function) && place.contains(':') && place.split(':').all(hex)
}

fn add(device: &mut Device, line: &Line, row: &mut String) {
    let text = line.text;
    if text.contains("<access denied>") || text.starts_with("!!!") {
        device.unreadable = Some(text.to_owned());
        return;
    }
    let Some((name, value)) = line.row() else {
        go_on(device, row, text);
        return;
    };
    row.clear();
    row.push_str(name);
    let owned = || Some(value.to_owned());
    match name {
        "Class" => device.class = owned(),
        "Vendor" => device.vendor = owned(),
        "Device" => device.name = owned(),
        "SDevice" | "Subsystem" => device.subsystem = owned(),
        "Rev" => device.revision = owned(),
        "PhySlot" | "Physical Slot" => device.physical_slot = owned(),
        "NUMANode" | "NUMA node" => device.numa_node = value.parse().ok(),
        "Driver" | "Kernel driver in use" => device.driver = owned(),
        "Capabilities" => capability(device, value),
        "LnkCap" => device.link_capability = Some(link(value)),
        "LnkSta" => device.link_status = Some(link(value)),
        "LnkCtl2" => {
            let target = value.split_once("Target Link Speed: ");
            device.target_gts = target.and_then(|(_, rest)| number(rest));
            device.extra.push(text.to_owned());
        }
        "DevSta" => device.device_status = bits(value),
        "UESta" => aer(device).uncorrectable = bits(value),
        "UEMsk" => aer(device).uncorrectable_mask = bits(value),
        "UESvrt" => aer(device).severity = bits(value),
        "CESta" => aer(device).correctable = bits(value),
        "CEMsk" => aer(device).correctable_mask = bits(value),
        "AERCap" => {
            let first = value.split_once("First Error Pointer: ");
            let first = first.and_then(|(_, rest)| rest.split([',', ' ']).next());
            aer(device).first_error = first.map(str::to_owned);
            device.extra.push(text.to_owned());
        }
        "HeaderLog" => aer(device).header_log = owned(),
        "RootSta" if device.aer.is_some() && value.contains("CERcvd") => {
            aer(device).root_status = bits(value);
        }
        "ErrorSrc" => aer(device).error_source = owned(),
        _ => device.extra.push(text.to_owned()),
    }
}

/// A line that goes on the row before.
fn go_on(device: &mut Device, row: &str, text: &str) {
    match row {
        "UESta" => aer(device).uncorrectable.extend(bits(text)),
        "UEMsk" => aer(device).uncorrectable_mask.extend(bits(text)),
        "UESvrt" => aer(device).severity.extend(bits(text)),
        "RootSta" if device.aer.is_some() => aer(device).root_status.extend(bits(text)),
        "LnkSta" | "LnkCap" if text.ends_with(['+', '-']) => device.link_bits.extend(bits(text)),
        _ => device.extra.push(text.to_owned()),
    }
}

fn aer(device: &mut Device) -> &mut Aer {
    device.aer.get_or_insert_default()
}

fn capability(device: &mut Device, value: &str) {
    let what = value.split_once("] ").map_or(value, |(_, what)| what);
    if what.starts_with("Express ") {
        device.express = Some(what.to_owned());
    } else if let Some(serial) = what.strip_prefix("Device Serial Number ") {
        device.serial = Some(serial.to_owned());
    } else {
        device.extra.push(format!("Capabilities: {value}"));
    }
}

/// `Port #0, Speed 8GT/s, Width x4, ASPM L1` or `Speed 5GT/s (downgraded), Width x2 (downgraded)`
fn link(value: &str) -> LinkState {
    let after = |mark: &str| value.split_once(mark).map(|(_, rest)| rest);
    let speed = after("Speed ");
    let width = after("Width x");
    let word = |text: Option<&str>| {
        let (_, rest) = text?.split(',').next()?.split_once('(')?;
        Some(rest.trim_end_matches(')').to_owned())
    };
    LinkState {
        speed_gts: speed.and_then(number),
        width: width.and_then(number),
        speed_word: word(speed),
        width_word: word(width),
        text: value.to_owned(),
    }
}

/// `CorrErr- NonFatalErr+ …`
fn bits(text: &str) -> Vec<Bit> {
    let words = text
        .split_whitespace()
        .map(|word| word.trim_end_matches(','));
    words
        .filter_map(|word| {
            let (name, set) = match (word.strip_suffix('+'), word.strip_suffix('-')) {
                (Some(name), _) => (name, true),
                (None, Some(name)) => (name, false),
                (None, None) => return None,
            };
            let name = name.to_owned();
            (!name.is_empty()).then_some(Bit { name, set })
        })
        .collect()
}
