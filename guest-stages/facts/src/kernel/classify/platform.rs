//! Heat, firmware, management controller, USB, the log itself.

use super::{Device, Found};
use crate::kernel::pick::{after, between, cpu, number_after, word_after};
use crate::kernel::{Kind, Part, Severity};

pub(super) fn read(text: &str) -> Option<Found> {
    let said = |words: &str| text.starts_with(words);
    if said("CPU")
        && (text.contains("emperature")
            || text.contains("power limit")
            || text.contains("throttled"))
    {
        return throttle(text);
    }
    if said("thermal ") || said("ACPI: Critical") || said("Critical temperature reached") {
        let critical = text.contains("critical") || text.contains("Critical");
        let zone = word_after(text, "thermal ").map(|zone| zone.trim_end_matches(':').to_owned());
        return critical.then(|| {
            let found = Found::new(Kind::ThermalCritical).part(zone.map(Part::ThermalZone));
            found
                .maybe(
                    "celsius",
                    between(text, "reached (", " C").or(between(text, "reached (", "C")),
                )
                .with("message", text)
        });
    }
    if let Some(rest) = text
        .strip_prefix("[Firmware Bug]: ")
        .or(text.strip_prefix("[Firmware Warn]: "))
    {
        let found = Found::new(Kind::FirmwareBug).severity(Severity::Info);
        return Some(found.part(cpu(rest).map(Part::Cpu)).with("message", rest));
    }
    if said("ACPI Error: ")
        || said("ACPI BIOS Error")
        || said("ACPI Exception: ")
        || said("ACPI Warning: ")
    {
        let found = Found::new(Kind::Acpi).severity(Severity::Info);
        return Some(found.maybe("message", after(text, ": ")));
    }
    if said("x86/amd: Previous system reset reason") {
        let found = Found::new(Kind::ResetReason).maybe("code", between(text, "reason [", "]"));
        let fatal = text.contains("uncorrected error") || text.contains("sync flood");
        let found = found.severity(if fatal {
            Severity::Uncorrected
        } else {
            Severity::Info
        });
        return Some(found.maybe("message", after(text, "]: ")));
    }
    if said("Disabling lock debugging due to kernel taint")
        || text.ends_with("taints kernel.")
        || text.ends_with("tainting kernel")
    {
        let found = Found::new(Kind::Taint).severity(Severity::Info);
        return Some(found.with("message", text));
    }
    if let Some(rest) = text
        .strip_prefix("** ")
        .filter(|rest| rest.contains("messages dropped"))
    {
        return Some(Found::new(Kind::LogLost).maybe("count", rest.split(' ').next()));
    }
    if let Some(head) = text.strip_suffix(" callbacks suppressed") {
        let (source, count) = head.rsplit_once(' ')?;
        let found = Found::new(Kind::LogLost)
            .severity(Severity::Info)
            .with("count", count);
        return Some(found.with("source", source.trim_end_matches(':')));
    }
    if said("printk: ") && text.contains("suppressed") {
        return Some(
            Found::new(Kind::LogLost)
                .severity(Severity::Info)
                .maybe("count", number_after::<u64>(text, "printk: ")),
        );
    }
    let reporting = [
        "GHES: ",
        "HEST: ",
        "ERST: ",
        "EINJ: ",
        "RAS: Correctable Errors collector",
    ];
    let by_firmware = said("acpi ") && text.contains("AER handled by firmware");
    if by_firmware || reporting.iter().any(|words| said(words)) {
        let found = Found::new(Kind::ErrorReporting).severity(Severity::Info);
        return Some(found.with("message", text));
    }
    if said("usb ") {
        return usb(text);
    }
    if said("ipmi") {
        let bad = [
            "not respond",
            "no response",
            "timeout",
            "Error",
            "rror from BMC",
            "failed",
            "Could not",
            "lost",
        ];
        let bad = bad.iter().any(|words| text.contains(words)) && !text.contains("recv irq bit");
        return bad.then(|| Found::new(Kind::Ipmi).with("message", text));
    }
    if said("hwmon") || said("power_meter") {
        let bad = text.contains("alarm") || text.contains("overheat");
        return bad.then(|| Found::new(Kind::Sensor).with("message", text));
    }
    if said("Hardware error detected on") {
        return Some(Found::new(Kind::Sensor).with("message", text));
    }
    None
}

/// `usb 3-1.2: device descriptor read/64, error -71`, `usb 3-1.2: USB disconnect, device number 4`.
fn usb(text: &str) -> Option<Found> {
    let (place, said) = text.strip_prefix("usb ")?.split_once(": ")?;
    let found = Found::new(Kind::Usb).part(Part::Usb(place.to_owned()));
    if said.starts_with("USB disconnect") {
        return Some(found.severity(Severity::Info).with("message", said));
    }
    let bad = [
        "error -",
        "not accepting address",
        "unable to enumerate",
        "not responding",
        "over-current",
        "reset ",
    ];
    bad.iter()
        .any(|words| said.contains(words))
        .then(|| found.with("message", said))
}

pub(super) fn of_device(device: &Device) -> Option<Found> {
    let at = Part::Pci(device.address.clone());
    if device.text.starts_with("AMD-Vi: Event logged") {
        return Some(
            Found::new(Kind::Iommu)
                .part(at)
                .with("message", device.text),
        );
    }
    if device.driver == "[Firmware" || device.text.contains("[Firmware Bug]") {
        let found = Found::new(Kind::FirmwareBug).severity(Severity::Info);
        return Some(found.part(at).with("message", device.text));
    }
    if device.driver.starts_with("xhci")
        && (device.text.contains("died") || device.text.contains("not responding"))
    {
        return Some(Found::new(Kind::Usb).part(at).with("message", device.text));
    }
    None
}

/// `CPU5: Core temperature above threshold, cpu clock throttled (total events = 12)`; since 5.5 `…is above
/// threshold, cpu clock is throttled`; back to normal is information.
pub(super) fn throttle(text: &str) -> Option<Found> {
    let over = text.contains("above threshold")
        || text.contains("throttled")
        || text.contains("power limit notification");
    let normal = text.contains("normal");
    if !over && !normal {
        return None;
    }
    let scope = match () {
        () if text.contains("Package") => Some("package"),
        () if text.contains("Core") => Some("core"),
        () => None,
    };
    let cause = if text.contains("power limit") {
        "power-limit"
    } else {
        "temperature"
    };
    Some(
        Found::new(Kind::Throttle)
            .severity((normal && !over).then_some(Severity::Info))
            .part(cpu(text).map(Part::Cpu))
            .maybe("scope", scope)
            .with("cause", cause)
            .maybe("total-events", between(text, "total events = ", ")")),
    )
}
