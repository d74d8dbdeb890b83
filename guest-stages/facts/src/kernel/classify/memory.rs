//! Machine checks, APEI records, EDAC and the kernel's handling of bad pages.
//! Sources of the words: arch/x86/kernel/cpu/mce, drivers/edac, drivers/firmware/efi/cper.c,
//! drivers/acpi/apei, mm/memory-failure.c.

use super::Found;
use crate::kernel::pick::{after, between, cpu, hex, number, number_after, word, word_after};
use crate::kernel::{Kind, Part, Severity};

const MARK: &str = "[Hardware Error]:";

pub(super) fn read(text: &str) -> Option<Found> {
    if let Some(rest) = text.strip_prefix("mce: ") {
        return mce(rest);
    }
    if let Some(rest) = text.strip_prefix(MARK) {
        return decoded(rest).or_else(|| apei(None, rest));
    }
    if let Some((record, rest)) = text.strip_prefix('{').and_then(number::<u64>) {
        let rest = rest.strip_prefix('}')?.strip_prefix(MARK)?;
        return apei(Some(record), rest);
    }
    if let Some(rest) = text.strip_prefix("EDAC ") {
        return edac(rest);
    }
    if let Some(rest) = text
        .strip_prefix("Memory failure: ")
        .or(text.strip_prefix("MCE "))
    {
        let (page, what) = rest.split_once(": ")?;
        let page = page.starts_with("0x").then(|| hex(page))??;
        let found = Found::new(Kind::MemoryFailure).severity(Severity::Uncorrected);
        return Some(found.part(Part::Page(page)).with("action", what));
    }
    if text.starts_with("soft offline: ") || text.starts_with("soft_offline: ") {
        let (page, what) = after(text, ": ")?.split_once(": ")?;
        let found = Found::new(Kind::PageOffline).part(hex(page).map(Part::Page));
        return Some(found.with("action", what));
    }
    if text.starts_with("Soft offlining pfn") || text.starts_with("RAS: Soft-offlining pfn") {
        let page = word_after(text, "pfn").map(|word| word.trim_start_matches(':'));
        let page = page
            .filter(|page| !page.is_empty())
            .or_else(|| word_after(text, "pfn:"));
        let page = page.and_then(hex).map(Part::Page);
        return Some(Found::new(Kind::PageOffline).part(page));
    }
    if (text.starts_with("CMCI") || text.starts_with("CPU")) && text.contains("CMCI storm") {
        return Some(storm(text));
    }
    if text.starts_with("Machine check events logged") || text.starts_with("MCE: ") {
        return mce(text);
    }
    if text.starts_with("BERT: Error records from previous boot") {
        return Some(Found::new(Kind::Apei).with("source", "BERT"));
    }
    None
}

fn storm(text: &str) -> Found {
    let over = text.contains("subsided");
    let bank = word_after(text, "BANK").and_then(|word| word.parse().ok());
    let part = match (cpu(text), bank) {
        (Some(cpu), Some(bank)) => Some(Part::McaBank { cpu, bank }),
        (Some(cpu), None) => Some(Part::Cpu(cpu)),
        _ => None,
    };
    let severity = if over {
        Severity::Info
    } else {
        Severity::Corrected
    };
    Found::new(Kind::MachineCheckStorm)
        .severity(severity)
        .part(part)
        .with("state", if over { "subsided" } else { "detected" })
}

/// What follows `mce: `.
fn mce(rest: &str) -> Option<Found> {
    if let Some(rest) = rest.strip_prefix(MARK) {
        return decoded(rest).or_else(|| Some(Found::new(Kind::MachineCheck)));
    }
    if rest.starts_with("Machine check events logged") {
        return Some(Found::new(Kind::MachineCheck).severity(Severity::Info));
    }
    if rest.contains("CMCI storm") {
        return Some(storm(rest));
    }
    if rest.starts_with("Uncorrected hardware memory error") {
        let address = word_after(rest, " at ");
        let page = address
            .and_then(hex)
            .map(|address| Part::Page(address >> 12));
        let found = Found::new(Kind::MemoryFailure).severity(Severity::Uncorrected);
        return Some(found.part(page).maybe("address", address));
    }
    if rest.contains("temperature") || rest.contains("power limit") || rest.contains("throttled") {
        return super::platform::throttle(rest);
    }
    if rest.contains("allback") && rest.contains("suppressed") {
        return None;
    }
    let trouble =
        rest.contains("Fatal") || rest.contains("Killing") || rest.contains("hardware memory");
    trouble.then(|| Found::new(Kind::MachineCheck).part(cpu(rest).map(Part::Cpu)))
}

/// What follows `[Hardware Error]:` of a machine check: the raw registers, or AMD's decoded lines.
fn decoded(rest: &str) -> Option<Found> {
    let rest = rest.trim();
    let check = Found::new(Kind::MachineCheck);
    if rest.starts_with("Machine check events logged") {
        return Some(check.severity(Severity::Info));
    }
    if let Some(found) = bank_line(rest) {
        return Some(found);
    }
    if let Some(found) = registers(rest) {
        return Some(found);
    }
    if let Some((severity, words)) = summary(rest) {
        return Some(check.severity(severity).with("summary", words));
    }
    if let Some(found) = amd_status(rest) {
        return Some(found);
    }
    for (key, words) in [
        ("address", "Error Addr: "),
        ("address", "MC4_ADDR: "),
        ("ppin", "PPIN: "),
        ("cache", "cache level: "),
    ] {
        if let Some(value) = rest.strip_prefix(words) {
            return Some(check.with(key, value));
        }
    }
    if let Some(ipid) = rest.strip_prefix("IPID: ") {
        let check = check.with("ipid", word(ipid));
        return Some(check.maybe("syndrome", word_after(ipid, "Syndrome: ")));
    }
    if let Some(unit) = rest.find(" Ext. Error Code: ") {
        let check = check.maybe("unit", rest.get(..unit));
        let code = after(rest, " Ext. Error Code: ").unwrap_or_default();
        let check = check.with("extended-code", word(code));
        return Some(check.maybe("error", code.split_once(", ").map(|(_, words)| words)));
    }
    let amd = [
        "MC0 Error",
        "MC1 Error",
        "MC2 Error",
        "MC3 Error",
        "MC4 Error",
        "MC5 Error",
        "MC6 Error",
    ];
    if amd.iter().any(|words| rest.starts_with(words)) {
        return Some(check.with("error", rest));
    }
    None
}

/// `CPU 3: Machine Check: 0 Bank 7: 8c00…`, and `Machine Check Exception` and `Machine Check Event`.
fn bank_line(rest: &str) -> Option<Found> {
    let place = rest.find("Machine Check")?;
    let (before, tail) = rest.split_at_checked(place)?;
    let (title, tail) = tail.split_once(": ")?;
    let (state, tail) = tail.split_once(" Bank ")?;
    let (bank, tail) = number::<u32>(tail)?;
    let status = word(tail.strip_prefix(':')?.trim_start());
    let bits = hex(status)?;
    let cpu = cpu(before);
    let severity = match bits {
        bits if bits >> 63 == 0 => Severity::Info,
        bits if bits >> 61 & 1 == 1 && bits >> 57 & 1 == 1 => Severity::Fatal,
        bits if bits >> 61 & 1 == 1 => Severity::Uncorrected,
        _ => Severity::Corrected,
    };
    let found = Found::new(Kind::MachineCheck)
        .severity(severity)
        .part(cpu.map(|cpu| Part::McaBank { cpu, bank }))
        .maybe("cpu", cpu)
        .with("bank", bank)
        .with("status", status)
        .with("mcg-status", state.trim())
        .with("title", title);
    Some(found)
}

/// `TSC 0 ADDR … MISC … SYND … IPID …`, `PROCESSOR 0:50654 TIME … SOCKET 0 APIC 6 microcode …`, `RIP …`.
fn registers(rest: &str) -> Option<Found> {
    let mut words = rest.split_ascii_whitespace().peekable();
    let first = *words.peek()?;
    let known = [
        "TSC",
        "ADDR",
        "MISC",
        "PROCESSOR",
        "SYND",
        "IPID",
        "PPIN",
        "RIP",
    ];
    if !known.contains(&first) {
        if rest.starts_with("Some CPUs didn't answer") || rest.starts_with("Run the above through")
        {
            return Some(Found::new(Kind::MachineCheck));
        }
        return None;
    }
    if first == "RIP" {
        return Some(Found::new(Kind::MachineCheck).with("rip", after(rest, "RIP ")?));
    }
    let mut found = Found::new(Kind::MachineCheck);
    while let (Some(key), Some(value)) = (words.next(), words.next()) {
        found = found.with(&key.to_ascii_lowercase(), value);
    }
    Some(found)
}

/// The sentence with which AMD's decoder begins.
fn summary(rest: &str) -> Option<(Severity, &str)> {
    let severity = match rest {
        text if text.starts_with("Corrected error") => Severity::Corrected,
        text if text.starts_with("Deferred error") => Severity::Deferred,
        text if text.starts_with("System Fatal error") => Severity::Fatal,
        text if text.starts_with("Uncorrected, software") => Severity::Uncorrected,
        text if text.starts_with("Fatal ") => Severity::Fatal,
        _ => return None,
    };
    Some((severity, rest))
}

/// `CPU:2 (17:31:0) MC17_STATUS[Over|CE|MiscV|…]: 0x…`.
fn amd_status(rest: &str) -> Option<Found> {
    let place = rest.find("_STATUS[")?;
    let before = rest.get(..place)?;
    let flags = between(rest, "_STATUS[", "]")?;
    let status = after(rest, "]: ").map(word);
    let bank: u32 = before.rsplit("MC").next()?.parse().ok()?;
    let cpu = cpu(before);
    let has = |flag: &str| flags.split('|').any(|word| word == flag);
    let severity = match () {
        () if has("PCC") => Severity::Fatal,
        () if has("UC") || has("UE") => Severity::Uncorrected,
        () if has("Deferred") || has("DEFERRED") => Severity::Deferred,
        () => Severity::Corrected,
    };
    let found = Found::new(Kind::MachineCheck)
        .severity(severity)
        .part(cpu.map(|cpu| Part::McaBank { cpu, bank }))
        .maybe("cpu", cpu)
        .with("bank", bank)
        .maybe("family", between(before, "(", ")"))
        .with("flags", flags)
        .maybe("status", status);
    Some(found)
}

/// What follows `{N}[Hardware Error]:`; without a number it is the boot error record table's.
fn apei(record: Option<u64>, rest: &str) -> Option<Found> {
    let line = rest.trim();
    let key = line.split_once(": ").map(|(key, _)| key);
    let indented = rest.starts_with("  ");
    let known = line.starts_with("Hardware error from APEI")
        || line.starts_with("It has been corrected")
        || line.starts_with("event severity: ")
        || line.starts_with("Error ")
        || indented;
    if record.is_none() && !known {
        return None;
    }
    let severity = match key {
        Some("event severity") => after(line, ": ").and_then(severity),
        Some(_) if line.starts_with("Error ") => word_after(line, "type: ").and_then(severity),
        _ => None,
    };
    let found = Found::new(Kind::Apei).severity(severity);
    Some(found.maybe("record", record))
}

/// APEI's words.
pub(in crate::kernel) fn severity(words: &str) -> Option<Severity> {
    Some(match word(words) {
        "corrected" => Severity::Corrected,
        "recoverable" => Severity::Recoverable,
        "fatal" => Severity::Fatal,
        "info" => Severity::Info,
        _ => return None,
    })
}

/// What follows `EDAC `.
fn edac(rest: &str) -> Option<Found> {
    if rest.contains("Giving out device to module") {
        let part = number_after(rest, "MC").map(Part::MemoryController);
        let found = Found::new(Kind::EdacReady)
            .severity(Severity::Info)
            .part(part);
        return Some(found.maybe("module", word_after(rest, "to module ")));
    }
    // `MC0: 1 CE …`; `skx MC2: HANDLING …`, `sbridge MC1: CPU 1: Machine Check Event: …`.
    let mut words = rest.splitn(2, ": ");
    let (head, tail) = (words.next()?, words.next().unwrap_or_default());
    let (driver, mc) = match head.rsplit_once(' ') {
        Some((driver, mc)) => (Some(driver), mc),
        None => (None, head),
    };
    let mc: Option<u32> = mc.strip_prefix("MC").and_then(|mc| mc.parse().ok());
    let mc = mc?;
    if let Some(driver) = driver {
        return driver_line(driver, mc, tail);
    }
    let (count, tail) = number::<u64>(tail)?;
    let severity = match tail.trim_start().split(' ').next()? {
        "CE" => Severity::Corrected,
        "UE" => Severity::Uncorrected,
        _ => return None,
    };
    let tail = tail.trim_start();
    let (what, place) = tail.split_once(" on ").unwrap_or((tail, ""));
    let (label, details) = match place.split_once(" (") {
        Some((label, details)) => (label, details),
        None => (place, ""),
    };
    let label = label.trim();
    let part = match label {
        "" | "any memory" | "unknown memory" | "unknown label" => Part::MemoryController(mc),
        label => Part::Dimm {
            label: label.to_owned(),
            mc: Some(mc),
        },
    };
    let mut found = Found::new(Kind::MemoryError)
        .severity(severity)
        .part(part)
        .with("count", count)
        .with("mc", mc)
        .with("message", what.get(2..).unwrap_or_default().trim());
    for word in details.trim_end_matches(')').split_ascii_whitespace() {
        match word.split_once(':') {
            Some((key, value)) if !key.is_empty() => found = found.with(key, value),
            _ if word == "OVERFLOW" => found = found.with("overflow", "true"),
            _ => {}
        }
    }
    Some(found)
}

/// The machine check that a driver of Intel's memory controllers prints before it decodes it.
fn driver_line(driver: &str, mc: u32, tail: &str) -> Option<Found> {
    let found = bank_line(tail).or_else(|| registers(tail));
    let found = match found {
        Some(found) => found,
        None if tail.starts_with("HANDLING") => Found::new(Kind::MachineCheck),
        None => return None,
    };
    Some(found.with("edac-driver", driver).with("edac-mc", mc))
}
