//! PCI Express: AER, containment, hot-plug, links, devices that do not answer.
//! Sources of the words: drivers/pci/pcie/aer.c, dpc.c, drivers/pci/hotplug/pciehp_*.c, drivers/pci/pci.c.

use super::{Device, Found};
use crate::kernel::pick::{after, any_pci, between, number, pci, word_after};
use crate::kernel::{Kind, Part, Severity};

pub(super) fn of_device(device: &Device) -> Option<Found> {
    let at = || Part::Pci(device.address.clone());
    let text = device.text;
    if let Some(rest) = text.strip_prefix("DPC: ") {
        return Some(dpc(rest, at()));
    }
    let (aer, rest) = match text.strip_prefix("AER: ") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    if let Some(found) = aer_line(aer, rest, at()) {
        return Some(found);
    }
    if let Some(rest) = text
        .strip_prefix("pciehp: ")
        .or(text.strip_prefix("pciehp "))
    {
        return hotplug(rest, at());
    }
    if text.starts_with("Slot(") && device.driver.starts_with("pciehp") {
        return hotplug(text, at());
    }
    if text.starts_with(|c: char| c.is_ascii_digit())
        && let Some(rest) = after(text, "available PCIe bandwidth")
    {
        let severity = if rest.contains("limited by") {
            Severity::Info
        } else {
            return None;
        };
        let found = Found::new(Kind::PcieLinkLimited)
            .severity(severity)
            .part(at());
        return Some(
            found
                .maybe("link", between(rest, "limited by ", " link"))
                .maybe("at", word_after(rest, " at "))
                .maybe("capable", between(rest, " with ", " link")),
        );
    }
    let enumerated = [
        "BAR ",
        "reg ",
        "PCI bridge",
        "bridge window",
        "resource ",
        "PME#",
        "[",
        "root bus",
    ];
    if enumerated
        .iter()
        .any(|words| text.trim_start().starts_with(words))
    {
        return None;
    }
    let lost = [
        "Unable to change power state",
        "can't change power state",
        "Refused to change power state",
        "not ready ",
        "device not ready",
        "disabled; device is gone",
        "PCIe link lost",
        "surprise down",
        "Data Link Layer Link Active not set",
        "broken device, retraining non-functional",
        "retraining failed",
        "link down",
    ];
    let said = lost.iter().find(|words| text.contains(**words))?;
    let plain = *said == "link down" || *said == "not ready ";
    let port = ["pci", "pcieport", "vfio-pci"].contains(&device.driver);
    (!plain || port).then(|| Found::new(Kind::PciDevice).part(at()).with("message", text))
}

fn aer_line(aer: bool, rest: &str, at: Part) -> Option<Found> {
    let found = Found::new(Kind::Aer).part(at);
    // `[Multiple ]Corrected error [message ]received[ from|:] 0000:05:00.0`, once `id=00e5`.
    let kinds = [
        ("Corrected", Severity::Corrected),
        ("Correctable", Severity::Corrected),
        ("Uncorrected (Non-Fatal)", Severity::NonFatal),
        ("Uncorrectable (Non-Fatal)", Severity::NonFatal),
        ("Uncorrected (Fatal)", Severity::Fatal),
        ("Uncorrectable (Fatal)", Severity::Fatal),
    ];
    let (multiple, words) = match rest.strip_prefix("Multiple ") {
        Some(words) => (true, words),
        None => (false, rest),
    };
    let received = kinds.iter().find_map(|(name, severity)| {
        let tail = words.strip_prefix(name)?.trim_start();
        Some((tail.strip_prefix("error ")?, *severity))
    });
    if let Some((tail, severity)) = received {
        let source = any_pci(tail);
        let id = word_after(tail, "id=");
        return Some(
            found
                .severity(severity)
                .with("step", "received")
                .maybe("source", source)
                .maybe("id", id)
                .maybe("multiple", multiple.then_some("true")),
        );
    }
    if let Some(tail) = rest.strip_prefix("PCIe Bus Error: severity=") {
        let (severity, tail) = tail.split_once(", ").unwrap_or((tail, ""));
        let kind = kinds.iter().find(|(name, _)| *name == severity);
        let agent = tail
            .rsplit_once('(')
            .map(|(_, agent)| agent.trim_end_matches(')'));
        return Some(
            found
                .severity(kind.map(|(_, severity)| *severity))
                .with("step", "error")
                .with("severity", severity)
                .maybe(
                    "layer",
                    after(tail, "type=").map(|t| t.split(',').next().unwrap_or(t)),
                )
                .maybe("agent", agent)
                .maybe(
                    "id",
                    word_after(tail, "id=").map(|id| id.split('(').next().unwrap_or(id)),
                ),
        );
    }
    if let Some(tail) = rest.trim_start().strip_prefix("device [")
        && let Some(values) = word_after(tail, "status/mask=")
    {
        let (status, mask) = values.split_once('/').unwrap_or((values, ""));
        let device = tail.split(']').next();
        let found = found.with("step", "status").maybe("device", device);
        return Some(found.with("status", status).with("mask", mask));
    }
    let line = rest.trim_start();
    if let Some((bit, tail)) = line
        .strip_prefix('[')
        .map(str::trim_start)
        .and_then(number::<u32>)
        && let Some(name) = tail.strip_prefix(']')
    {
        let first = name.contains("(First)");
        let name = name.replace("(First)", "");
        let found = found
            .with("step", "bit")
            .with("bit", bit)
            .with("name", name.trim());
        return Some(found.maybe("first", first.then_some("true")));
    }
    for key in ["TLP Header: ", "TLP header: "] {
        if let Some(header) = line.strip_prefix(key) {
            return Some(found.with("step", "tlp").with("tlp-header", header.trim()));
        }
    }
    if line.starts_with("aer_") {
        let mut found = found.with("step", "values");
        for pair in line.split(", ") {
            let pair = pair.trim();
            if let Some((key, value)) = pair.split_once(": ").or_else(|| pair.split_once('=')) {
                found = found.with(key, value.trim());
            }
        }
        return Some(found);
    }
    let step = match () {
        () if line.contains("device recovery") || line.contains("can't recover") => "recovery",
        () if line.contains("can't find device of") => "not-found",
        () if line.starts_with("Root Port link has been reset") => "recovery",
        () if line.starts_with("subordinate device reset") => "recovery",
        () if line.starts_with("Error of this Agent is reported first") => "first",
        () if line.starts_with("broadcast ") => "recovery",
        () => return None,
    };
    (aer || step != "recovery" || line.contains("device recovery"))
        .then(|| found.with("step", step).with("message", line))
}

fn dpc(rest: &str, at: Part) -> Found {
    let severity = match () {
        () if rest.contains("ERR_FATAL") => Some(Severity::Fatal),
        () if rest.contains("ERR_NONFATAL") => Some(Severity::NonFatal),
        () if rest.contains("error containment capabilities") => Some(Severity::Info),
        () if rest.contains("unmasked uncorrectable error") => Some(Severity::Uncorrected),
        () => None,
    };
    let source = word_after(rest, "source:").or(word_after(rest, "source="));
    Found::new(Kind::Dpc)
        .severity(severity)
        .part(at)
        .with("message", rest)
        .maybe("status", word_after(rest, "status:"))
        .maybe("source", source)
}

fn hotplug(rest: &str, at: Part) -> Option<Found> {
    let slot = between(rest, "Slot(", ")");
    let what = rest.split_once("): ").map_or(rest, |(_, what)| what);
    let severity = match () {
        () if what.starts_with("AttnBtn") || what.starts_with("Attention") => Some(Severity::Info),
        () if what.starts_with("Link Up") || what.starts_with("Card present") => {
            Some(Severity::Info)
        }
        () if what.starts_with("Slot #") || rest.starts_with("Slot #") => return None,
        () if what.contains("Link Down") || what.contains("not present") => None,
        () if what.contains("ower fault") || what.contains("ailed") => None,
        () if what.contains("Cannot") || what.contains("annot train") => None,
        () => return None,
    };
    let found = Found::new(Kind::PcieHotplug).severity(severity).part(at);
    Some(found.maybe("slot", slot).with("message", what))
}

/// Lines without a device at their head.
pub(super) fn read(text: &str) -> Option<Found> {
    if let Some(rest) = text.strip_prefix("DMAR: ") {
        if !rest.starts_with("[DMA") && !rest.starts_with("[INTR") {
            return None;
        }
        let address = rest.split(['[', ']']).filter_map(pci).next();
        return Some(
            Found::new(Kind::Iommu)
                .part(address.map(Part::Pci))
                .maybe("address", word_after(rest, "fault addr "))
                .maybe("reason", between(rest, "fault reason ", "]"))
                .with("message", rest),
        );
    }
    if text.starts_with("AMD-Vi: Event logged") || text.starts_with("AMD-Vi: Completion-Wait") {
        let address = any_pci(after(text, "device=").unwrap_or(text)).map(Part::Pci);
        return Some(Found::new(Kind::Iommu).part(address).with("message", text));
    }
    if text.starts_with("pcieport") || text.starts_with("aer ") {
        let error = text.contains("Error") || text.contains("error");
        return error.then(|| Found::new(Kind::Aer).part(any_pci(text).map(Part::Pci)));
    }
    None
}
