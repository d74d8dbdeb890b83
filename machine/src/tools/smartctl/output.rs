//! What `smartctl --json -x` prints, for ATA, NVMe and SCSI drives.
//!
//! The names are those of smartmontools' `ataprint.cpp`, `nvmeprint.cpp` and `scsiprint.cpp`,
//! versions 7.0 to 7.5.

use serde_json::Value;

use super::{ASLEEP, TOOL, json, missing};
use crate::contract::smart::{
    AtaHealth, Attribute, Details, Device, ExitBits, Health, NvmeHealth, ScsiHealth, SelfTest,
};
use crate::contract::types::{Error, MissingKind};

/// Bits of the ATA error register that tell of the medium or the path to it: interface CRC,
/// uncorrectable, sector id not found (ATA8-ACS, 7.2).
const MEDIA_OR_PATH: u64 = 0x80 | 0x40 | 0x10;

/// Makers of disks that are made of software, and have no health.
const VIRTUAL: [&str; 6] = ["QEMU", "VMWARE", "VBOX", "MSFT", "XEN", "GOOGLE"];

/// Understands `smartctl --json -x`; `exit` is the process's exit status.
///
/// # Errors
///
/// `failed` when it is not what smartctl prints or holds no health, `unavailable` when smartctl
/// says why there is none: asleep, no right to look, no drive that could tell.
pub fn parse(bytes: &[u8], device: &Device, exit: i32) -> Result<Health, Error> {
    let answer = json::read(TOOL, bytes)?;
    if !answer.is_object() {
        return Err(Error::tool_failed(
            TOOL,
            "its output is JSON, but no object",
        ));
    }
    let mut messages = messages(&answer);
    let told = json::unsigned(&answer, &["smartctl", "exit_status"]).unwrap_or_default();
    refusal(&answer, device, &messages, exit)?;
    if let Some(sense) = json::text(&answer, &["smart_status", "scsi", "ie_string"]) {
        messages.push(format!("the drive says: {sense}"));
    }
    let text = |names: [&[&str]; 2]| names.iter().find_map(|path| json::text(&answer, path));
    let health = Health {
        device: device.clone(),
        model: text([&["model_name"], &["scsi_model_name"]]),
        serial: text([&["serial_number"], &["scsi_serial_number"]]),
        firmware: text([&["firmware_version"], &["scsi_revision"]]),
        size_bytes: json::unsigned(&answer, &["user_capacity", "bytes"])
            .or_else(|| json::unsigned(&answer, &["nvme_total_capacity"])),
        rotation_rpm: json::unsigned(&answer, &["rotation_rate"])
            .and_then(|rpm| u32::try_from(rpm).ok()),
        overall_passed: json::boolean(&answer, &["smart_status", "passed"]),
        // A recording tells by its own field, a live one by both.
        exit: bits(u64::try_from(exit).unwrap_or_default() | told),
        temperature: temperature(&answer),
        temperature_limit: limit(&answer),
        power_on_hours: json::unsigned(&answer, &["power_on_time", "hours"]),
        power_cycles: json::unsigned(&answer, &["power_cycle_count"]),
        self_tests: self_tests(&answer),
        details: details(&answer)?,
        messages,
        extra: Vec::new(),
    };
    if health.overall_passed.is_none() && tells_nothing(&health.details) {
        let said = match health.messages.is_empty() {
            true => String::new(),
            false => format!(": {}", health.messages.join("; ")),
        };
        return Err(Error::tool_failed(
            TOOL,
            format!("its output holds no health{said}"),
        ));
    }
    Ok(health)
}

fn tells_nothing(details: &Details) -> bool {
    match details {
        Details::Ata(ata) => ata.attributes.is_empty(),
        Details::Nvme(_) => false,
        Details::Scsi(scsi) => *scsi == ScsiHealth::default(),
        Details::Other(_) => true,
    }
}

/// Why the drive could not be asked, where that is what smartctl says.
fn refusal(answer: &Value, device: &Device, messages: &[String], exit: i32) -> Result<(), Error> {
    let says = |words: &str| messages.iter().any(|m| m.contains(words));
    let name = &device.id;
    let asleep = says("mode, exit(") && ["STANDBY", "SLEEP", "IDLE"].iter().any(|mode| says(mode));
    if asleep || (exit == ASLEEP && answer.get("smart_status").is_none()) {
        return Err(missing(
            MissingKind::Asleep,
            format!("{name}, which is in standby"),
            "",
        ));
    }
    if says("Permission denied") || says("Operation not permitted") {
        let what = format!("the health of {name} (permission denied)");
        return Err(missing(MissingKind::Permission, what, "run as root"));
    }
    let available = json::boolean(answer, &["smart_support", "available"]);
    let maker = ["scsi_vendor", "scsi_model_name", "model_name"];
    let mut makers = maker.iter().filter_map(|key| json::text(answer, &[key]));
    let is_virtual = makers.any(|maker| {
        let maker = maker.to_ascii_uppercase();
        VIRTUAL.iter().any(|name| maker.starts_with(name))
    });
    if available == Some(false) {
        let what = format!("{name} does not support SMART: its health");
        let protocol = json::text(answer, &["device", "protocol"]).unwrap_or_default();
        return Err(match protocol.as_str() {
            // A volume of a RAID controller, or a bridge, hides the drives behind it.
            "SCSI" if !is_virtual => {
                let remedy = "name the drive behind the controller: smartctl --scan-open";
                missing(MissingKind::Driver, what, remedy)
            }
            _ => Error::no_hardware(what),
        });
    }
    if json::boolean(answer, &["smart_support", "enabled"]) == Some(false) {
        let remedy = format!("smartctl --smart=on /dev/{}", device.disk);
        let what = format!("{name} has SMART switched off: its health");
        return Err(missing(MissingKind::Driver, what, &remedy));
    }
    Ok(())
}

/// What smartctl itself remarks, errors first.
pub(in crate::tools) fn messages(answer: &Value) -> Vec<String> {
    let all = json::list(answer, &["smartctl", "messages"]);
    let with = |wanted: bool| {
        let is_error = |m: &Value| json::text(m, &["severity"]).as_deref() == Some("error");
        let chosen = all
            .iter()
            .filter(move |message| is_error(message) == wanted);
        chosen.filter_map(|message| json::text(message, &["string"]))
    };
    with(true).chain(with(false)).collect()
}

/// What `--scan-open` found and could open.
pub(in crate::tools) fn scanned(answer: &Value) -> Vec<Device> {
    let mut found = Vec::new();
    for entry in json::list(answer, &["devices"]) {
        let Some(name) = json::text(entry, &["name"]) else {
            continue;
        };
        if let Some(reason) = json::text(entry, &["open_error"]) {
            tracing::warn!(name, reason, "smartctl cannot open a drive that it found");
            continue;
        }
        let disk = name.strip_prefix("/dev/").unwrap_or(&name).to_owned();
        // Types without a number are found by smartctl itself each time.
        let kind = json::text(entry, &["type"]).filter(|kind| kind.contains(','));
        let id = match &kind {
            Some(kind) => format!("{disk}:{kind}"),
            None => disk.clone(),
        };
        found.push(Device { id, disk, kind });
    }
    found
}

fn bits(status: u64) -> ExitBits {
    let bit = |n: u32| status & (1 << n) != 0;
    ExitBits {
        usage: bit(0),
        open_failed: bit(1),
        command_failed: bit(2),
        failing: bit(3),
        prefail_now: bit(4),
        below_in_past: bit(5),
        error_log: bit(6),
        self_test_log: bit(7),
    }
}

/// Degrees Celsius; from the low byte of attribute 194 or 190, whose raw value packs minimum and
/// maximum above it, where smartctl did not decode it.
fn temperature(answer: &Value) -> Option<f64> {
    json::float(answer, &["temperature", "current"]).or_else(|| {
        let table = json::list(answer, &["ata_smart_attributes", "table"]);
        let raw = |id: u64| {
            let found = table
                .iter()
                .find(|a| json::unsigned(a, &["id"]) == Some(id))?;
            json::unsigned(found, &["raw", "value"])
        };
        let raw = raw(194).or_else(|| raw(190))?;
        u8::try_from(raw & 0xff).ok().map(f64::from)
    })
}

/// The drive's own limit. Zero and other nonsense are drives that tell none.
fn limit(answer: &Value) -> Option<f64> {
    [
        ["temperature", "critical_limit_max"],
        ["nvme_composite_temperature_threshold", "critical"],
        ["temperature", "op_limit_max"],
        ["temperature", "drive_trip"],
    ]
    .iter()
    .filter_map(|path| json::float(answer, path))
    .find(|celsius| (40.0..=150.0).contains(celsius))
}

fn details(answer: &Value) -> Result<Details, Error> {
    let protocol = json::text(answer, &["device", "protocol"]).unwrap_or_default();
    let has = |key: &str| answer.get(key).is_some_and(|v| !v.is_null());
    if let Some(log) = answer.get("nvme_smart_health_information_log")
        && log.is_object()
    {
        return Ok(Details::Nvme(nvme(log)?));
    }
    Ok(match protocol.as_str() {
        "ATA" => Details::Ata(ata(answer)),
        "SCSI" => Details::Scsi(scsi(answer)),
        _ if has("ata_smart_attributes") => Details::Ata(ata(answer)),
        _ if has("scsi_grown_defect_list") || has("scsi_error_counter_log") => {
            Details::Scsi(scsi(answer))
        }
        "" => Details::Other("unknown".into()),
        // An NVMe drive without its log tells nothing that could be judged.
        other => Details::Other(other.to_owned()),
    })
}

fn ata(answer: &Value) -> AtaHealth {
    let table = json::list(answer, &["ata_smart_attributes", "table"]);
    let log = ["extended", "summary"].iter().find_map(|kind| {
        let log = answer.get("ata_smart_error_log")?.get(kind)?;
        json::unsigned(log, &["count"]).map(|count| (count, log))
    });
    AtaHealth {
        attributes: table.iter().filter_map(attribute).collect(),
        error_count: log.map(|(count, _)| count),
        media_or_path_errors: log.map(|(_, log)| {
            let errors = json::list(log, &["table"]).iter();
            errors.filter(|error| media_or_path(error)).count() as u64
        }),
    }
}

fn media_or_path(error: &Value) -> bool {
    match json::text(error, &["error_description"]) {
        Some(text) => ["UNC", "IDNF", "ICRC"]
            .iter()
            .any(|word| text.contains(word)),
        None => json::unsigned(error, &["completion_registers", "error"])
            .is_some_and(|register| register & MEDIA_OR_PATH != 0),
    }
}

/// `None` for an entry that has no number or no raw value.
fn attribute(entry: &Value) -> Option<Attribute> {
    let byte = |path: &[&str]| json::unsigned(entry, path).and_then(|n| u8::try_from(n).ok());
    Some(Attribute {
        id: byte(&["id"])?,
        name: json::text(entry, &["name"]).unwrap_or_else(|| "Unknown_Attribute".into()),
        value: byte(&["value"]),
        worst: byte(&["worst"]),
        threshold: byte(&["thresh"]).unwrap_or_default(),
        when_failed: json::text(entry, &["when_failed"]).unwrap_or_default(),
        prefailure: json::boolean(entry, &["flags", "prefailure"]).unwrap_or_default(),
        raw: json::unsigned(entry, &["raw", "value"])?,
        raw_text: json::text(entry, &["raw", "string"]).unwrap_or_default(),
    })
}

/// What is judged must be there: a field that is missing is not zero errors.
fn nvme(log: &Value) -> Result<NvmeHealth, Error> {
    let number = |key: &str| json::unsigned(log, &[key]).unwrap_or_default();
    let judged = |key: &str| {
        json::unsigned(log, &[key]).ok_or_else(|| {
            Error::tool_failed(TOOL, format!("the NVMe health log has no number `{key}`"))
        })
    };
    let byte = |key: &str| judged(key).map(|n| u8::try_from(n).unwrap_or(u8::MAX));
    Ok(NvmeHealth {
        critical_warning: byte("critical_warning")?,
        available_spare: byte("available_spare")?,
        available_spare_threshold: byte("available_spare_threshold")?,
        percentage_used: byte("percentage_used")?,
        data_units_read: number("data_units_read"),
        data_units_written: number("data_units_written"),
        controller_busy_minutes: number("controller_busy_time"),
        power_cycles: number("power_cycles"),
        unsafe_shutdowns: number("unsafe_shutdowns"),
        media_errors: judged("media_errors")?,
        error_log_entries: number("num_err_log_entries"),
        warning_temperature_minutes: number("warning_temp_time"),
        critical_temperature_minutes: number("critical_comp_time"),
    })
}

fn scsi(answer: &Value) -> ScsiHealth {
    let uncorrected = |what: &str| {
        json::unsigned(
            answer,
            &["scsi_error_counter_log", what, "total_uncorrected_errors"],
        )
    };
    let used = json::unsigned(answer, &["scsi_percentage_used_endurance_indicator"])
        .or_else(|| json::unsigned(answer, &["endurance_used", "current_percent"]));
    ScsiHealth {
        grown_defects: json::unsigned(answer, &["scsi_grown_defect_list"]),
        read_uncorrected: uncorrected("read"),
        write_uncorrected: uncorrected("write"),
        verify_uncorrected: uncorrected("verify"),
        // smartctl prints this page as text only.
        non_medium_errors: None,
        percentage_used: used.map(|percent| u8::try_from(percent).unwrap_or(u8::MAX)),
    }
}

/// Newest first, as every drive's log is printed.
fn self_tests(answer: &Value) -> Option<Vec<SelfTest>> {
    for kind in ["extended", "standard"] {
        if let Some(log) = answer
            .get("ata_smart_self_test_log")
            .and_then(|log| log.get(kind))
        {
            return Some(
                json::list(log, &["table"])
                    .iter()
                    .map(ata_self_test)
                    .collect(),
            );
        }
    }
    if let Some(log) = answer.get("nvme_self_test_log") {
        // Unused places of the log are null.
        let used = json::list(log, &["table"])
            .iter()
            .filter(|entry| entry.is_object());
        return Some(used.map(nvme_self_test).collect());
    }
    let scsi = (0..20).map_while(|n| answer.get(format!("scsi_self_test_{n}")));
    let scsi: Vec<SelfTest> = scsi.map(scsi_self_test).collect();
    (!scsi.is_empty()).then_some(scsi)
}

fn ata_self_test(entry: &Value) -> SelfTest {
    SelfTest {
        kind: json::text(entry, &["type", "string"]).unwrap_or_default(),
        passed: json::boolean(entry, &["status", "passed"]),
        status: json::text(entry, &["status", "string"]).unwrap_or_default(),
        at_hours: json::unsigned(entry, &["lifetime_hours"]),
    }
}

/// Results 0: good, 5 to 7: failed, the others: aborted (NVM Express Base, Device Self-test log).
fn nvme_self_test(entry: &Value) -> SelfTest {
    SelfTest {
        kind: json::text(entry, &["self_test_code", "string"]).unwrap_or_default(),
        passed: match json::unsigned(entry, &["self_test_result", "value"]) {
            Some(0) => Some(true),
            Some(5..=7) => Some(false),
            _ => None,
        },
        status: json::text(entry, &["self_test_result", "string"]).unwrap_or_default(),
        at_hours: json::unsigned(entry, &["power_on_hours"]),
    }
}

/// Results 0: good, 3 to 7: failed, the others: aborted or running (SPC-3, 7.2.10).
fn scsi_self_test(entry: &Value) -> SelfTest {
    SelfTest {
        kind: json::text(entry, &["code", "string"]).unwrap_or_default(),
        passed: match json::unsigned(entry, &["result", "value"]) {
            Some(0) => Some(true),
            Some(3..=7) => Some(false),
            _ => None,
        },
        status: json::text(entry, &["result", "string"]).unwrap_or_default(),
        at_hours: json::unsigned(entry, &["power_on_time", "hours"]),
    }
}

/// Per cent of the running self-test that is still to do; `None` when none runs.
pub(in crate::tools) fn remaining(answer: &Value) -> Option<u8> {
    let left = |done: u64| u8::try_from(100_u64.saturating_sub(done)).ok();
    let ata = ["ata_smart_data", "self_test", "status", "remaining_percent"];
    if let Some(percent) = json::unsigned(answer, &ata) {
        return u8::try_from(percent.min(100)).ok();
    }
    let nvme = ["nvme_self_test_log", "current_self_test_operation", "value"];
    if json::unsigned(answer, &nvme).is_some_and(|operation| operation != 0) {
        let done = ["nvme_self_test_log", "current_self_test_completion_percent"];
        return left(json::unsigned(answer, &done).unwrap_or_default());
    }
    let scsi = json::boolean(answer, &["scsi_self_test_status", "in_progress"]) == Some(true);
    let done = json::unsigned(answer, &["scsi_self_test_status", "completion_percent"]);
    scsi.then(|| left(done.unwrap_or_default())).flatten()
}
