//! ATA drives: attributes and the error log.

use vetting_facts::smartctl::{self, Ata, AtaError, AtaErrorLog, Attribute, WhenFailed};
use vetting_stage::outcome::Value;
use vetting_stage::{Findings, Measure, Rule};

use crate::drive::Drive;
use crate::rules;

/// Bits of the ATA error register that tell of the medium or the path to it: interface CRC,
/// uncorrectable, sector id not found (ATA8-ACS, 7.2).
const MEDIA_OR_PATH: u8 = 0x80 | 0x40 | 0x10;

/// Holds every attribute that means the same on all drives, and the error log.
pub fn judge(facts: &smartctl::Drive, drive: &Drive, findings: &mut Findings) {
    let ata = facts.ata.as_ref();
    let attributes = ata
        .and_then(|ata| ata.attributes.as_deref())
        .unwrap_or_default();
    if attributes.is_empty() {
        let message = format!("drive {}: it tells no attributes", drive.name);
        findings.unknown(rules::NO_ATTRIBUTES, Some(&drive.part), message);
    }
    let spins = facts.rotation_rpm.is_some_and(|rpm| rpm > 0);
    for attribute in attributes {
        raw(attribute, spins, drive, findings);
        crossed(attribute, drive, findings);
        if !spins {
            life_left(attribute, drive, findings);
        }
    }
    let Some(log) = ata.and_then(error_log) else {
        return;
    };
    let errors = log.errors.iter().filter(|e| media_or_path(e)).count() as u64;
    let rule = (rules::ATA_ERRORS, drive.parameters.ata_errors_warn);
    let advice = "errors of the medium or the path are in its log (UNC, IDNF, ICRC)";
    drive.count(findings, "ata-errors", errors, Some(rule), None, advice);
    if let Some(count) = log.count {
        findings.note(Measure::number("ata-error-count", count as f64).part(&drive.part));
    }
}

/// The error log that counts, the extended one first.
fn error_log(ata: &Ata) -> Option<&AtaErrorLog> {
    let logs = [&ata.extended_error_log, &ata.summary_error_log];
    logs.into_iter().flatten().find(|log| log.count.is_some())
}

/// How many errors the drive has logged since it was made; `None`: it keeps no log.
pub fn error_count(ata: &Ata) -> Option<u64> {
    error_log(ata)?.count
}

fn media_or_path(error: &AtaError) -> bool {
    match &error.description {
        Some(text) => ["UNC", "IDNF", "ICRC"]
            .iter()
            .any(|word| text.contains(word)),
        None => error
            .error_register
            .is_some_and(|register| register & MEDIA_OR_PATH != 0),
    }
}

/// The attribute's name in the drive database.
fn name(attribute: &Attribute) -> &str {
    attribute.name.as_deref().unwrap_or("Unknown_Attribute")
}

/// Rules on raw values: number, words that the name must have one of, rule, what to do. Numbers are
/// used by makers for other things, so the drive database's name must agree.
fn raw(attribute: &Attribute, spins: bool, drive: &Drive, findings: &mut Findings) {
    let p = drive.parameters;
    let name = self::name(attribute).to_ascii_lowercase();
    let named = |words: &[&str]| words.iter().any(|word| name.contains(word));
    type Limit = Option<(Rule, u64)>;
    let (warn, fail, advice): (Limit, Limit, &str) = match attribute.id {
        5 if named(&[
            "realloc",
            "retired",
            "reassign",
            "remap",
            "bad_block",
            "grown",
        ]) =>
        {
            (
                Some((rules::REALLOCATED, p.reallocated_warn)),
                Some((rules::REALLOCATED_MANY, p.reallocated_fail)),
                "sectors were replaced",
            )
        }
        10 if named(&["spin"]) => (
            None,
            Some((rules::SPIN_RETRIES, p.spin_retries_fail)),
            "the spindle did not start at once",
        ),
        184 if spins && named(&["end-to-end", "end_to_end"]) => (
            None,
            Some((rules::END_TO_END, p.end_to_end_fail)),
            "data were corrupted inside the drive",
        ),
        187 if named(&["uncorr", "_ue_", "unc_"]) => (
            None,
            Some((rules::REPORTED_UNCORRECTABLE, p.reported_uncorrectable_fail)),
            "data were lost",
        ),
        188 if named(&["timeout"]) => (
            Some((rules::TIMEOUTS, p.timeouts_warn)),
            None,
            "cable, power or drive",
        ),
        // Some drives pack times above the count, and then mean something else by it.
        196 if named(&["realloc", "remap"]) => (
            Some((rules::REALLOCATIONS, p.reallocation_events_warn)),
            (raw_value(attribute) <= u64::from(u32::MAX))
                .then_some((rules::REALLOCATIONS_MANY, p.reallocation_events_fail)),
            "sectors were replaced",
        ),
        // `Current_Pending_ECC_Cnt` of some SSDs goes up and down by itself.
        197 if named(&["pending", "unstable"]) && !named(&["ecc"]) => (
            None,
            Some((rules::PENDING, p.pending_fail)),
            "sectors wait to be replaced; a full write may clear them, then test again",
        ),
        198 if named(&["uncor", "offline"]) => (
            None,
            Some((rules::OFFLINE_UNCORRECTABLE, p.offline_uncorrectable_fail)),
            "sectors cannot be read",
        ),
        199 if named(&["crc"]) => (
            Some((rules::CRC, p.crc_warn)),
            None,
            "the path to the drive: cable or backplane",
        ),
        _ => return,
    };
    drive.count(
        findings,
        self::name(attribute),
        count(attribute),
        warn,
        fail,
        advice,
    );
}

/// The count in a raw value, which may pack other things above it.
fn count(attribute: &Attribute) -> u64 {
    // Seagate packs three counts of 16 bits; the lowest counts all time-outs.
    if attribute.id == 188 {
        return raw_value(attribute) & 0xffff;
    }
    // What smartctl prints first is what it took from the raw value.
    let text = attribute.raw_text.as_deref().unwrap_or_default();
    let mut words = text.split([' ', '(', '/']);
    words
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or_else(|| raw_value(attribute))
}

fn raw_value(attribute: &Attribute) -> u64 {
    attribute.raw.unwrap_or_default()
}

/// The drive maker's own threshold.
fn crossed(attribute: &Attribute, drive: &Drive, findings: &mut Findings) {
    // What is at its threshold now or was, smartctl has worked out; what never was has no entry.
    if attribute.threshold.unwrap_or_default() == 0 && attribute.when_failed.is_none() {
        return;
    }
    let state = match attribute.when_failed {
        Some(WhenFailed::Now) => "now",
        Some(WhenFailed::Past) => "past",
        _ => "never",
    };
    let name = self::name(attribute);
    let measure = Measure::text(&format!("{name}-below-threshold"), state)
        .part(&drive.part)
        .differs(rules::FAILED_NOW, Value::Text("now".to_owned()))
        .differs(rules::FAILED_PAST, Value::Text("past".to_owned()));
    let meaning = match attribute.prefailure {
        _ if name.to_ascii_lowercase().contains("temperature") => "it is or was too warm",
        Some(true) => "failure is near",
        _ => "it is used up",
    };
    findings.hold(measure, || {
        let value = attribute.value.map_or("unknown".to_owned(), |v| v.to_string());
        format!(
            "drive {}: {name} is or was at its threshold ({state}; value {value}, threshold {}): {meaning}",
            drive.name,
            attribute.threshold.unwrap_or_default()
        )
    });
}

/// Attributes of solid-state drives whose normalised value is the life left, by number and name.
fn life_left(attribute: &Attribute, drive: &Drive, findings: &mut Findings) {
    let named = self::name(attribute);
    let name = named.to_ascii_lowercase();
    let words = ["wear", "life", "endurance"];
    // How unevenly cells are used says nothing of the life left.
    let uneven = ["delta", "range"].iter().any(|word| name.contains(word));
    let is_life = matches!(attribute.id, 169 | 173 | 177 | 202 | 231 | 233)
        && words.iter().any(|word| name.contains(word))
        && !uneven;
    let Some(left) = attribute.value.filter(|_| is_life) else {
        return;
    };
    // Silicon Motion's value is a constant; the raw one is the life left (smartmontools, drivedb.h).
    let raw = attribute.raw.filter(|raw| (1..=100).contains(raw));
    let raw = raw.and_then(|raw| u8::try_from(raw).ok());
    let left = match raw {
        Some(raw) if name.starts_with("remaining_lifetime") => left.min(raw),
        _ => left,
    };
    let limit = drive.parameters.life_left_warn_percent as f64;
    let measure = Measure::number(&format!("{named}-left"), f64::from(left))
        .unit("%")
        .part(&drive.part)
        .above(rules::LIFE_LEFT, limit)
        .above(rules::LIFE_OVER, 0.0);
    findings.hold(measure, || {
        format!(
            "drive {}: {named} says that {left} % of its life is left",
            drive.name
        )
    });
}
