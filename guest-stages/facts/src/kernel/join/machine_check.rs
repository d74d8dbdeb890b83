//! Machine checks: the bank's line, its registers, and the lines that decode them.

use super::{Open, begin};
use crate::kernel::pick::hex;
use crate::kernel::{Entry, Event, Incident, Severity, Status, Vendor};

pub(super) fn join(open: &mut Open, event: &Event) {
    // `Machine check events logged` announces the lines that follow, and counts nothing.
    if event.fields.is_empty() && event.severity == Some(Severity::Info)
        || event.text.contains("HANDLING MCE")
    {
        open.check = None;
        if event.text.contains("events logged") {
            open.push(begin(event));
        }
        return;
    }
    let check = open.check;
    let opens = event.field("summary").is_some() || event.field("bank").is_some();
    let fits = open.near(check, event).is_some_and(|(_, incident)| {
        let known = incident.machine_check.as_ref();
        let check = known.cloned().unwrap_or_default();
        let summary =
            check.summary.is_some() && check.status.is_none() && event.field("bank").is_some();
        // The raw form and a driver's form of one machine check.
        let same = event.field("bank").and_then(|bank| bank.parse().ok()) == check.bank
            && check.bank.is_some()
            && event.field("status").and_then(hex)
                == check.status.as_ref().map(|status| status.raw)
            && event.field("edac-driver").is_some()
            && !incident.fields.iter().any(|(key, _)| key == "edac-mc")
            && incident.edac.is_none();
        !opens || summary || same
    });
    if fits && let Some((_, incident)) = open.near(check, event) {
        incident.take(event);
        if incident.part.is_none() {
            incident.part = event.part.clone();
        }
        fill(incident, event);
        return;
    }
    let mut incident = begin(event);
    fill(&mut incident, event);
    let place = open.push(incident);
    open.check = Some(place);
}

fn fill(incident: &mut Incident, event: &Event) {
    let check = incident.machine_check.get_or_insert_default();
    for (key, value) in &event.fields {
        let text = || Some(value.clone());
        match key.as_str() {
            "cpu" => check.cpu = value.parse().ok(),
            "bank" => check.bank = value.parse().ok(),
            "status" => check.status = hex(value).map(|raw| Status::decode(raw, check.vendor)),
            "mcg-status" => check.mcg_status = hex(value),
            "addr" | "address" => check.address = hex(value),
            "misc" => check.misc = hex(value),
            "tsc" => check.tsc = hex(value),
            "synd" | "syndrome" => check.syndrome = hex(value),
            "ipid" => check.ipid = hex(value),
            "ppin" => check.ppin = hex(value),
            "time" => check.time_s = value.parse().ok(),
            "socket" => check.socket = value.parse().ok(),
            "apic" => check.apic = text(),
            "microcode" => check.microcode = text(),
            "processor" => {
                if let Some((vendor, cpuid)) = value.split_once(':') {
                    check.vendor = vendor.parse().ok().map(Vendor::of_number);
                    check.cpuid = hex(cpuid).and_then(|cpuid| u32::try_from(cpuid).ok());
                }
            }
            "family" => check.family = text(),
            "flags" => {
                check.flags = text();
                check.vendor = Some(Vendor::Amd);
            }
            "summary" => check.summary = text(),
            "unit" => check.unit = text(),
            "extended-code" => check.extended_code = value.parse().ok(),
            "error" => check.error = text(),
            "cache" => check.cache = text(),
            "edac-driver" => {
                let intel = [
                    "sbridge", "skx", "i10nm", "ie31200", "i7core", "igen6", "imh",
                ];
                if intel.contains(&value.as_str()) {
                    check.vendor = Some(Vendor::Intel);
                }
            }
            "title" => {}
            _ => incident.fields.push((key.clone(), value.clone())),
        }
    }
}

/// Decodes every status by the vendor, which the log may name in other lines.
pub(super) fn complete(incidents: &mut [Incident], entries: &[Entry]) {
    let named = incidents
        .iter()
        .filter_map(|incident| incident.machine_check.as_ref()?.vendor)
        .next();
    let unknown = |incident: &Incident| incident.machine_check.is_some();
    let vendor = match named {
        Some(vendor) => Some(vendor),
        None if incidents.iter().any(unknown) => entries.iter().find_map(of_boot),
        None => None,
    };
    for incident in incidents {
        let Some(check) = &mut incident.machine_check else {
            continue;
        };
        check.vendor = check.vendor.or(vendor);
        let Some(raw) = check.status.as_ref().map(|status| status.raw) else {
            continue;
        };
        let status = Status::decode(raw, check.vendor);
        if check.vendor == Some(Vendor::Amd)
            && status.valid
            && !status.uncorrected
            && status.deferred == Some(true)
        {
            incident.severity = incident.severity.max(Some(Severity::Deferred));
        }
        // The count field is of corrected errors that are counted (Intel).
        if check.vendor == Some(Vendor::Intel) && status.valid && !status.uncorrected {
            let count = status.corrected_count.map_or(1, u64::from);
            incident.errors = incident.errors.max(count).max(1);
        }
        check.status = Some(status);
    }
}

/// The vendor by the kernel's line of the first processor.
fn of_boot(entry: &Entry) -> Option<Vendor> {
    let text = &entry.text;
    let place = text.find("CPU0: ")?;
    if place > 10 {
        return None;
    }
    match () {
        () if text.contains("Intel") => Some(Vendor::Intel),
        () if text.contains("AMD") || text.contains("Hygon") => Some(Vendor::Amd),
        () => None,
    }
}
