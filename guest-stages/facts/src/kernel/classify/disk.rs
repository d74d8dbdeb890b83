//! Disks and the adapters before them: block layer, libata, SCSI, NVMe, SAS adapters.
//! Sources of the words: block/blk-core.c, fs/buffer.c, drivers/ata, drivers/scsi, drivers/nvme/host.

use super::{Device, Found};
use crate::kernel::pick::{after, between, name, number, word_after};
use crate::kernel::{Kind, Part, Severity};

pub(super) fn read(text: &str) -> Option<Found> {
    let found = match text.as_bytes().first()? {
        b'a' if text.starts_with("ata") => ata(text),
        b's' if text.starts_with("sd ") || text.starts_with("scsi ") => scsi(text),
        b's' if text.starts_with("ses ") || text.starts_with("sr ") => scsi(text),
        b'n' if text.starts_with("nvme") => nvme(text),
        b'm' if text.starts_with("mpt") || text.starts_with("megaraid") => adapter(text),
        b'p' if text.starts_with("pm80xx") => adapter(text),
        b'h' if text.starts_with("hpsa") => adapter(text),
        b'B' if text.starts_with("Buffer I/O error on ") => buffer(text),
        b'L' if text.starts_with("Lost async page write") => buffer(text),
        _ => None,
    };
    found.or_else(|| block(text))
}

/// `[blk_update_request: |print_req_error: ]critical medium error, dev sde, sector 31 op 0x0:(READ) …`.
fn block(text: &str) -> Option<Found> {
    let (error, tail) = text.split_once(" error, dev ")?;
    let error = error.rsplit(": ").next().unwrap_or(error);
    let known = [
        "I/O",
        "critical medium",
        "critical target",
        "critical nexus",
        "critical space allocation",
        "timeout",
        "device offline",
        "recoverable transport",
        "protection",
        "zone resource",
        "dm internal retry",
        "device resource",
        "transport",
        "duration limit exceeded",
        "kernel resource",
        "nonblocking retry",
        "no-space",
        "target",
        "invalid",
        "integrity",
        "end_request: I/O",
    ];
    if !known.contains(&error) {
        return None;
    }
    let disk = name(tail)?;
    let found = Found::new(Kind::BlockError).part(Part::Disk(disk.to_owned()));
    Some(
        found
            .with("error", format!("{error} error"))
            .maybe("sector", word_after(tail, "sector "))
            .maybe("operation", between(tail, ":(", ")"))
            .maybe("flags", word_after(tail, "flags ")),
    )
}

/// `Buffer I/O error on dev sda1, logical block 5, async page read`.
fn buffer(text: &str) -> Option<Found> {
    let rest = after(text, "dev ").or_else(|| after(text, "device "))?;
    let disk = name(rest)?;
    let found = Found::new(Kind::BufferError).part(Part::Disk(disk.to_owned()));
    let found = found.maybe("block", word_after(rest, "logical block "));
    Some(found.maybe("operation", rest.split(", ").nth(2)))
}

/// `ata2.00: exception Emask …`, `ata2: hard resetting link`, `ata1: SATA link down (SStatus 0 …)`.
fn ata(text: &str) -> Option<Found> {
    let (port, rest) = number::<u32>(text.strip_prefix("ata")?)?;
    let (device, said) = rest.split_once(": ")?;
    let device = device
        .strip_prefix('.')
        .or_else(|| device.is_empty().then_some(""))?;
    let said = said.trim();
    let found = Found::new(Kind::Ata).part(Part::Ata(port));
    let found = found.maybe("device", (!device.is_empty()).then_some(device));
    let key = match () {
        () if said.starts_with("exception Emask") => "exception",
        () if said.starts_with("failed command: ") => "failed-command",
        () if said.starts_with("SError: ") => "serror",
        () if said.starts_with("error: ") => "error",
        () if said.starts_with("status: ") => "status",
        () if said.starts_with("cmd ") => "command",
        () if said.starts_with("irq_stat ") => "irq-stat",
        () if said.contains("resetting link") || said.contains("softreset") => "reset",
        () if said.contains("SRST failed") || said.contains("COMRESET failed") => "reset",
        () if said.contains("disabled") || said.starts_with("disable device") => "disabled",
        () if said.contains("limiting SATA link speed") || said.contains("limiting speed") => {
            "speed"
        }
        () if said.contains("link is slow to respond") => "slow",
        () if said.contains("qc timeout") || said.contains("failed to IDENTIFY") => "timeout",
        () if said.contains("revalidation failed") || said.contains("reset failed") => "reset",
        () if said.contains("failed, Emask") || said.contains("failed (errno") => "failed",
        () if said.starts_with("EH complete") => "complete",
        () if said.starts_with("SATA link ") => "link",
        () if said.starts_with("detaching") || said.starts_with("hotplug") => "detached",
        () => return None,
    };
    let benign = matches!(key, "complete" | "link" | "status");
    let severity = benign.then_some(Severity::Info);
    let value = said.strip_prefix("failed command: ").unwrap_or(said);
    Some(found.severity(severity).with(key, value))
}

/// `sd 9:0:1:0: [sde] tag#2799 FAILED Result: …`, `sd 6:0:7:0: rejecting I/O to offline device`.
fn scsi(text: &str) -> Option<Found> {
    let (driver, rest) = text.split_once(' ')?;
    let (address, said) = rest.split_once(": ")?;
    let address = address
        .trim_start_matches("target")
        .trim_start_matches("host");
    if !address.bytes().all(|b| b.is_ascii_digit() || b == b':') {
        return None;
    }
    let said = said.trim();
    let disk = said.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let disk = disk.filter(|(disk, _)| name(disk) == Some(disk));
    let (disk, said) = disk.map_or((None, said), |(disk, said)| (Some(disk), said.trim()));
    let said = match said.strip_prefix("tag#").and_then(number::<u64>) {
        Some((_, said)) => said.trim_start(),
        None => said,
    };
    let part = match disk {
        Some(disk) => Part::Disk(disk.to_owned()),
        None => Part::Scsi(address.to_owned()),
    };
    let (kind, key) = match () {
        () if said.contains("Result: hostbyte") => (Kind::ScsiError, "result"),
        () if said.starts_with("Sense Key :") => (Kind::ScsiError, "sense-key"),
        () if said.starts_with("Add. Sense:") => (Kind::ScsiError, "additional-sense"),
        () if said.starts_with("ASC=") || said.starts_with("<<vendor>>ASC") => {
            (Kind::ScsiError, "additional-sense")
        }
        () if said.starts_with("CDB: ") => (Kind::ScsiError, "cdb"),
        () if said.starts_with("Unhandled error code") || said.starts_with("Unhandled sense") => {
            (Kind::ScsiError, "message")
        }
        () if said.contains("abort") || said.contains("device reset") => {
            (Kind::ScsiAbort, "message")
        }
        () if said.contains("target reset") || said.contains("host reset") => {
            (Kind::ScsiAbort, "message")
        }
        () if said.contains("timing out command") || said.contains("timed out") => {
            (Kind::ScsiAbort, "message")
        }
        () if said.contains("ffline") => (Kind::DiskOffline, "message"),
        () if said.contains("Power-on or device reset occurred") => {
            let found = Found::new(Kind::ScsiAbort).severity(Severity::Info);
            return Some(
                found
                    .part(part)
                    .with("address", address)
                    .with("message", said),
            );
        }
        () if said.contains("eads the media")
            || said.starts_with("Read Capacity") && said.contains("failed") =>
        {
            (Kind::ScsiError, "message")
        }
        () if said.starts_with("Synchronize Cache") && said.contains("failed") => {
            (Kind::ScsiError, "message")
        }
        () if said.contains("Asking for cache data failed")
            || said.contains("No Caching mode page") =>
        {
            return None;
        }
        () if said.starts_with("Warning! ") || said.contains("failure prediction") => {
            (Kind::ScsiError, "message")
        }
        () => return None,
    };
    let value = said
        .trim_start_matches("Sense Key :")
        .trim_start_matches("Add. Sense:")
        .trim_start_matches("CDB:")
        .trim();
    let found = Found::new(kind)
        .part(part)
        .with("driver", driver)
        .with("address", address);
    let recovered = key == "sense-key" && value.starts_with("Recovered Error");
    let found = found.severity(recovered.then_some(Severity::Corrected));
    Some(found.with(key, value))
}

/// `nvme nvme0: I/O 12 QID 3 timeout, aborting`, `nvme0n1: I/O Cmd(0x2) @ LBA …`.
fn nvme(text: &str) -> Option<Found> {
    let rest = text.strip_prefix("nvme ").unwrap_or(text);
    let (head, said) = rest.split_once(": ")?;
    let controller = head.strip_prefix("nvme")?;
    if controller.is_empty() || !controller.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let part = match controller.contains('n') {
        true => Part::Disk(head.to_owned()),
        false => Part::Nvme(head.to_owned()),
    };
    let (kind, severity) = match () {
        () if said.contains("timeout") && (said.contains("I/O") || said.contains("QID")) => {
            (Kind::NvmeTimeout, None)
        }
        () if said.contains("controller is down") || said.contains("CSTS=") => {
            (Kind::NvmeController, None)
        }
        () if said.contains("Removing after probe") || said.contains("Disabling device") => {
            (Kind::NvmeController, None)
        }
        () if said.contains("reset failure") || said.contains("resetting controller") => {
            (Kind::NvmeController, None)
        }
        () if said.contains("Device not ready") || said.contains("Device shutdown incomplete") => {
            (Kind::NvmeController, None)
        }
        () if said.contains("failed to set APST")
            || said.contains("Identify Controller failed") =>
        {
            (Kind::NvmeController, None)
        }
        () if said.contains("Abort status") => (Kind::NvmeError, None),
        () if said.contains("Shutdown timeout set") || said.contains("queues") => return None,
        () if said.contains("Cmd(0x")
            || said.contains("I/O error")
            || said.contains("no available path") =>
        {
            (Kind::NvmeError, None)
        }
        () if said.contains("rescanning namespaces") => return None,
        () if said.contains("critical warning") || said.contains("read-only") => {
            (Kind::NvmeController, None)
        }
        () if said.contains("reset") && !said.contains("preset") => (Kind::NvmeController, None),
        () => return None,
    };
    let queue = word_after(said, "QID ");
    Some(
        Found::new(kind)
            .severity(severity)
            .part(part)
            .with("message", said)
            .maybe("queue", queue)
            .maybe("csts", word_after(said, "CSTS="))
            .maybe("pci-status", word_after(said, "PCI_STATUS=")),
    )
}

/// `mpt3sas_cm0: fault_state(0x265d)!`, `megaraid_sas 0000:01:00.0: Found FW in FAULT state`.
fn adapter(text: &str) -> Option<Found> {
    let (head, said) = text.split_once([':', ' '])?;
    let said = said.trim_start();
    if said.starts_with("log_info(") || said.starts_with("LogInfo(") {
        let code = between(said, "nfo(", ")");
        let found = Found::new(Kind::StorageAdapter).severity(Severity::Info);
        let found = found
            .part(Part::Adapter(head.to_owned()))
            .maybe("log-info", code);
        return Some(found.with("message", said));
    }
    if !trouble(said) {
        return None;
    }
    let abort = said.contains("task abort")
        || said.contains("device reset")
        || said.contains("target reset");
    let kind = if abort {
        Kind::ScsiAbort
    } else {
        Kind::StorageAdapter
    };
    let found = Found::new(kind).part(Part::Adapter(head.to_owned()));
    Some(found.with("message", said))
}

fn trouble(said: &str) -> bool {
    let words = [
        "fault_state",
        "fault state",
        "FAULT state",
        "non-operational",
        "diag reset",
        "attempting ",
        "task abort",
        "host reset",
        "OCR",
        "Adapter is OFFLINE",
        "adapter is offline",
        "Failed",
        "failed",
        "timed out",
        "timeout",
        "dead",
        "fatal",
        "Fatal",
        "SAS host is",
        "device_block",
        "removing handle",
        "controller lockup",
        "Controller lockup",
        "Resetting fusion",
        "resetting fusion",
        "wedged",
        "cannot handle",
    ];
    let benign = [
        "support",
        "timeout value",
        "Timeout :",
        "failed domain",
        "OCR Enabled",
        "online controller reset",
        "timeout :",
    ];
    words.iter().any(|words| said.contains(words))
        && !benign.iter().any(|words| said.contains(words))
}

pub(super) fn of_device(device: &Device) -> Option<Found> {
    let drivers = [
        "mpt3sas",
        "mpt2sas",
        "megaraid_sas",
        "hpsa",
        "smartpqi",
        "aacraid",
        "pm80xx",
        "nvme",
        "ahci",
        "lpfc",
        "qla2xxx",
    ];
    if !drivers.contains(&device.driver) {
        return None;
    }
    let found = Found::new(Kind::StorageAdapter).part(Part::Pci(device.address.clone()));
    let said = device.text;
    trouble(said).then(|| found.with("message", said))
}
