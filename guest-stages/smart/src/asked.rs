//! Whether a drive could be asked at all, and by which names drives are asked.

use vetting_facts::smartctl::{self, Drive, ScannedDevice};
use vetting_stage::types::{Document, DocumentEnding};

/// Makers of disks that are made of software, and have no health.
const VIRTUAL: [&str; 6] = ["QEMU", "VMWARE", "VBOX", "MSFT", "XEN", "GOOGLE"];

/// smartctl's exit status for a drive in standby, as the host asks it.
const ASLEEP: u8 = 3;

/// What asking a drive came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// It answered.
    Answered(Box<Drive>),
    /// It has no health to tell: a virtual disk, with what it is.
    Absent(String),
    /// It is a volume of a RAID controller: the drives behind it have a health, it has none.
    Volume,
    /// The controller wants to know which drive behind it is meant: smartctl's type of them.
    Behind(&'static str),
    /// It could not be asked, and why.
    Silent(String),
}

/// Controllers whose drives smartctl's scan does not list: smartctl names the type that it needs.
const BEHIND: [(&str, &str); 4] = [
    ("'-d cciss,N'", "cciss"),
    ("'-d 3ware,N'", "3ware"),
    ("'-d areca,N'", "areca"),
    ("'-d megaraid,N'", "megaraid"),
];

/// Reads a drive's document.
pub fn read(device: &str, document: &Document) -> Asked {
    let drive = match smartctl::drive(&document.stdout) {
        Ok(drive) => drive,
        Err(error) => return Asked::Silent(unread(document, &error.to_string())),
    };
    let says = |words: &str| drive.run.messages.iter().any(|m| m.text.contains(words));
    let messages = || {
        let all: Vec<&str> = drive.run.messages.iter().map(|m| m.text.as_str()).collect();
        all.join("; ")
    };
    let modes = ["STANDBY", "SLEEP", "IDLE"];
    let asleep = says("mode, exit(") && modes.iter().any(|mode| says(mode));
    if asleep || (status(document, &drive) == Some(ASLEEP) && drive.passed.is_none()) {
        return Asked::Silent(format!("{device} is in standby: wake it up"));
    }
    if says("Permission denied") || says("Operation not permitted") {
        return Asked::Silent(format!("{device} may not be opened: run as root"));
    }
    if let Some((_, kind)) = BEHIND.iter().find(|(words, _)| says(words)) {
        return Asked::Behind(kind);
    }
    if is_virtual(device, &drive) && drive.passed.is_none() {
        return Asked::Absent(format!("{device} is a virtual disk: its health"));
    }
    let protocol = drive.device.as_ref().and_then(|d| d.protocol.as_deref());
    match (drive.smart_available, drive.smart_enabled) {
        // A volume of a RAID controller, or a bridge, hides the drives behind it.
        (Some(false), _) if protocol == Some("SCSI") => Asked::Volume,
        (Some(false), _) => Asked::Absent(format!("{device} does not support SMART: its health")),
        // Of a SCSI drive this is the exceptions mode page alone: its logs count all the same.
        (_, Some(false)) if protocol != Some("SCSI") => Asked::Silent(format!(
            "{device} has SMART switched off: smartctl --smart=on /dev/{device}"
        )),
        _ if holds_nothing(&drive) => Asked::Silent(unread(document, &messages())),
        _ => Asked::Answered(Box::new(drive)),
    }
}

/// smartctl's exit status: that of the process and the one in its document, bit by bit.
pub fn status(document: &Document, drive: &Drive) -> Option<u8> {
    let process = document.exit_status.and_then(|s| u8::try_from(s).ok());
    match (process, drive.run.exit_status) {
        (Some(a), Some(b)) => Some(a | b),
        (a, b) => a.or(b),
    }
}

fn unread(document: &Document, why: &str) -> String {
    let how = match (&document.ending, document.exit_status, document.signal) {
        (DocumentEnding::TimedOut, ..) => {
            let seconds = document.took_ns / 1_000_000_000;
            format!("smartctl did not end within {seconds} s")
        }
        (_, Some(0), _) => "smartctl's output holds no health".to_owned(),
        (_, Some(status), _) => format!("smartctl ended with exit status {status}"),
        (_, None, Some(signal)) => format!("signal {signal} ended smartctl"),
        (_, None, None) => "smartctl did not end".to_owned(),
    };
    let tail = document.stderr_tail.trim();
    let parts = [how.as_str(), why, tail];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}

fn is_virtual(device: &str, drive: &Drive) -> bool {
    let vendor = drive.scsi.as_ref().and_then(|scsi| scsi.vendor.as_deref());
    let makers = [vendor, drive.model.as_deref()];
    let made = makers.into_iter().flatten().any(|maker| {
        let maker = maker.to_ascii_uppercase();
        VIRTUAL.iter().any(|name| maker.starts_with(name))
    });
    made || device.starts_with("vd") || device.starts_with("xvd")
}

/// Whether nothing could be judged of it, not even its own verdict.
fn holds_nothing(drive: &Drive) -> bool {
    let ata = drive.ata.as_ref().and_then(|ata| ata.attributes.as_ref());
    let nvme = drive.nvme.as_ref().and_then(|nvme| nvme.health.as_ref());
    let scsi = drive.scsi.as_ref();
    let scsi = scsi.is_some_and(|scsi| {
        scsi.grown_defects.is_some()
            || [&scsi.read_errors, &scsi.write_errors, &scsi.verify_errors]
                .iter()
                .any(|log| log.is_some())
    });
    let attributes = ata.is_some_and(|attributes| !attributes.is_empty());
    drive.passed.is_none() && !attributes && nvme.is_none() && !scsi
}

/// What two paths to one drive have in common.
pub fn identity(drive: &Drive) -> (Option<String>, Option<String>) {
    (drive.model.clone(), drive.serial.clone())
}

/// The name by which a scanned drive is asked.
pub fn name(device: &ScannedDevice) -> String {
    let node = device.name.strip_prefix("/dev/").unwrap_or(&device.name);
    // Types without a number are found by smartctl itself each time.
    match device.kind.as_deref().filter(|kind| kind.contains(',')) {
        Some(kind) => format!("{node}:{kind}"),
        None => node.to_owned(),
    }
}

/// The drives to ask: those that the kernel shows, and those that only the scan found.
pub fn drives(shown: &[String], found: &[ScannedDevice]) -> Vec<String> {
    let mut drives = shown.to_vec();
    for device in found.iter().filter(|device| device.open_error.is_none()) {
        let name = name(device);
        // The kernel shows an NVMe controller by its namespaces.
        let namespace = |shown: &String| {
            let rest = shown.strip_prefix(name.as_str());
            name.starts_with("nvme") && rest.is_some_and(|rest| rest.starts_with('n'))
        };
        if shown.iter().any(namespace) {
            continue;
        }
        if !drives.contains(&name) {
            drives.push(name);
        }
    }
    drives
}
