//! The devices that `smartctl --scan` and `--scan-open` list.

use serde::Serialize;
use serde_json::{Map, Value};

use super::members::{Members, rows, text};
use super::run::{self, Run};

/// A scan for devices.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scan {
    /// The run of smartctl.
    pub run: Run,
    /// The devices, those that did not open included. A scan that found none has no list.
    pub devices: Vec<ScannedDevice>,
    /// Members that were not understood.
    pub extra: Map<String, Value>,
    /// Lines that are not part of the JSON.
    pub unread: Vec<String>,
}

/// A device that a scan found.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ScannedDevice {
    /// The device file: `/dev/sda`, `/dev/bus/0`.
    pub name: String,
    /// The name with what smartctl knows of the way to it: `/dev/bus/0 [megaraid_disk_05]`.
    pub info_name: Option<String>,
    /// What option `-d` takes: `sat`, `megaraid,5`.
    pub kind: Option<String>,
    /// `ATA`, `SCSI`, `NVMe`.
    pub protocol: Option<String>,
    /// Why `--scan-open` could not open it.
    pub open_error: Option<String>,
}

/// Reads a scan.
pub(super) fn read(mut document: Members, unread: Vec<String>) -> Scan {
    let device = |device: &mut Members| {
        Some(ScannedDevice {
            name: text(device, "name")?,
            info_name: text(device, "info_name"),
            kind: text(device, "type"),
            protocol: text(device, "protocol"),
            open_error: text(device, "open_error"),
        })
    };
    Scan {
        run: run::read(&mut document),
        devices: rows(&mut document, "devices", device).unwrap_or_default(),
        extra: document.into_map(),
        unread,
    }
}
