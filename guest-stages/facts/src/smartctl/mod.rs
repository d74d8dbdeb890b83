//! What `smartctl --json` prints, versions 7.0 to 7.5: `-x` or `-a` of one ATA, NVMe or SCSI drive, and
//! `--scan` or `--scan-open`.
//!
//! Text may stand before and after the JSON (7.1 and 7.2 print a line of a SAS drive's pending defects
//! before it), and the JSON may be cut. What is read is taken out of the document; what stays (unknown keys,
//! values of the wrong kind, and logs that hold nothing of interest) is `extra`, at its place.

mod ata;
mod ata_logs;
mod ata_statistics;
#[cfg(test)]
mod damage_tests;
mod device;
mod document;
mod drive;
mod json;
mod members;
mod nvme;
mod run;
mod scan;
mod scsi;
mod scsi_logs;
#[cfg(test)]
mod tests;

pub use ata::{
    Ata, Attribute, Capabilities, PollingMinutes, Security, SelfTestStatus, Trim, WhenFailed,
};
pub use ata_logs::{
    AtaError, AtaErrorLog, AtaPendingDefect, AtaPendingDefects, AtaSelfTest, AtaSelfTestLog, Farm,
};
pub use ata_statistics::{
    ErrorRecovery, PhyCounter, SctStatus, SctTemperatureHistory, Statistic, StatisticsPage,
};
pub use device::{DeviceName, LinkSpeed, PowerMode, Temperature, Traffic, Wwn};
pub use drive::Drive;
pub use nvme::{
    Eui64, Namespace, Nvme, NvmeError, NvmeErrorLog, NvmeHealthLog, NvmeSelfTest, NvmeSelfTestLog,
    StatusFlags,
};
pub use run::{ExitBits, Message, Run, exit_bits};
pub use scan::{Scan, ScannedDevice};
pub use scsi::{
    BackgroundScan, EnvironmentReading, ErrorCounters, Exception, FormatStatus, Scsi, StartStop,
};
pub use scsi_logs::{BackgroundScanResult, SasPhy, ScsiPendingDefect, ScsiSelfTest};

use std::borrow::Cow;

use crate::Unreadable;

const EXPECTED: &str = "smartctl's JSON";

/// Reads what smartctl prints of one drive, also where it says why the drive could not be opened.
///
/// # Errors
///
/// Nothing of it is smartctl's JSON.
pub fn drive(bytes: &[u8]) -> Result<Drive, Unreadable> {
    let text = text(bytes);
    let unreadable = || Unreadable::starting(EXPECTED, bytes);
    let found = document::find(&text).ok_or_else(unreadable)?;
    let mut drive = drive::read(found.members, found.unread);
    let (extra, unread) = (
        std::mem::take(&mut drive.extra),
        std::mem::take(&mut drive.unread),
    );
    if drive == Drive::default() {
        return Err(unreadable());
    }
    Ok(Drive {
        extra,
        unread,
        ..drive
    })
}

/// Reads the devices that `smartctl --scan` or `--scan-open` found, those that did not open included.
///
/// # Errors
///
/// Nothing of it is smartctl's JSON.
pub fn scan(bytes: &[u8]) -> Result<Vec<ScannedDevice>, Unreadable> {
    scan_with_messages(bytes).map(|scan| scan.devices)
}

/// Reads a scan with smartctl's version, exit status and messages.
///
/// # Errors
///
/// Nothing of it is smartctl's JSON.
pub fn scan_with_messages(bytes: &[u8]) -> Result<Scan, Unreadable> {
    let text = text(bytes);
    document::find(&text)
        .filter(|found| is_smartctl(&found.members))
        .map(|found| scan::read(found.members, found.unread))
        .ok_or_else(|| Unreadable::starting(EXPECTED, bytes))
}

/// The bytes as text; what is not UTF-8 is replaced.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

fn is_smartctl(members: &members::Members) -> bool {
    ["smartctl", "devices", "json_format_version"]
        .iter()
        .any(|key| members.get(key).is_some())
}
