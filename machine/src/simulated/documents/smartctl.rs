//! What smartctl prints of a simulated drive: a captured document of its kind, with the profile's values
//! put in.

use serde_json::{Map, Value, json};

use super::{Printed, document};
use crate::contract::smart::SelfTestKind;
use crate::contract::types::{Document, Error};
use crate::simulated::profile::{Disk, DiskKind, Fault, SmartField};
use crate::simulated::world::{SECOND, SelfTestRun, World};
use crate::tools::smartctl;

mod attributes;
mod self_tests;

const ATA: &str = include_str!("captured/smartctl-ata.json");
const NVME: &str = include_str!("captured/smartctl-nvme.json");
const SCSI: &str = include_str!("captured/smartctl-scsi.json");

/// Members of the captured SAS disk that a disk of a profile does not have.
const NOT_OF_A_SAS_DISK: [&str; 6] = [
    "form_factor",
    "logical_unit_id",
    "scsi_environmental_reports",
    "scsi_lb_provisioning",
    "scsi_protection_interval_bytes_per_lb",
    "scsi_protection_type",
];

/// How long a short self-test takes; an extended one reads the whole disk.
const SHORT_SECONDS: u64 = 120;

/// Times powered on, of every drive.
const POWER_CYCLES: u64 = 14;

/// Bits of smartctl's exit status (smartctl(8), EXIT STATUS).
mod exit {
    pub const COMMAND_LINE: u64 = 1;
    pub const OPEN: u64 = 1 << 1;
    pub const COMMAND: u64 = 1 << 2;
    pub const FAILING: u64 = 1 << 3;
    pub const PREFAIL: u64 = 1 << 4;
    pub const PAST: u64 = 1 << 5;
    pub const ERROR_LOG: u64 = 1 << 6;
    pub const SELF_TEST_LOG: u64 = 1 << 7;
}

/// The drives that the kernel shows.
pub fn devices(world: &World) -> Vec<String> {
    let names = world.present_disks().map(|disk| disk.name.clone());
    names.collect()
}

/// What `--scan-open` finds: every drive that smartctl knows the kind of.
pub fn scan(world: &World) -> Result<Document, Error> {
    let disks = world.present_disks();
    let known = disks.filter(|disk| disk.kind != DiskKind::Virtio);
    let found: Vec<Value> = known.map(|disk| device(disk, false)).collect();
    let mut answer = Map::new();
    if !found.is_empty() {
        answer.insert("devices".to_owned(), found.into());
    }
    printed(world, "smart.scan", "", &smartctl::SCAN, answer, 0, None)
}

/// Everything of one drive.
pub fn read(world: &World, name: &str) -> Result<Document, Error> {
    let query = "smart.read";
    let Some(disk) = drive(world, name)? else {
        return no_such(world, query, name, &smartctl::READ);
    };
    if let Some(refused) = refused(world, query, disk, &smartctl::READ)? {
        return Ok(refused);
    }
    let mut answer = match disk.kind {
        DiskKind::SasHdd => captured(SCSI),
        DiskKind::SataHdd | DiskKind::SataSsd => captured(ATA),
        _ => captured(NVME),
    };
    let status = filled(&mut answer, world, disk);
    printed(
        world,
        query,
        name,
        &with_node(&smartctl::READ, disk),
        answer,
        status,
        None,
    )
}

fn with_node<'a>(args: &[&'a str], disk: &'a Disk) -> Vec<&'a str> {
    let node = node(disk);
    args.iter().copied().chain([node]).collect()
}

/// The device node to ask, without `/dev/`: of an NVMe namespace, its controller's.
fn node(disk: &Disk) -> &str {
    let controller = disk.name.strip_prefix("nvme").and_then(|rest| {
        let digits = rest.find('n')?;
        disk.name.get(.."nvme".len() + digits)
    });
    controller.unwrap_or(&disk.name)
}

fn captured(text: &str) -> Map<String, Value> {
    // Part of this program, and read by its tests.
    serde_json::from_str(text).unwrap_or_default()
}

/// The drive of that name; `None`: this machine does not have it. A type after a colon changes nothing
/// here.
fn drive<'a>(world: &'a World, device: &str) -> Result<Option<&'a Disk>, Error> {
    let (name, _kind) = smartctl::named(device)?;
    let mut disks = world.present_disks();
    let disk = disks.find(|disk| disk.name == name || node(disk) == name);
    match disk.is_some() || smartctl::is_node(name) {
        true => Ok(disk),
        false => Err(smartctl::not_a_drive(device)),
    }
}

/// What smartctl prints of a node that is not there.
fn no_such(world: &World, query: &str, device: &str, args: &[&str]) -> Result<Document, Error> {
    let (name, _kind) = smartctl::named(device)?;
    let text = format!("Smartctl open device: /dev/{name} failed: No such device");
    let said = json!([{"string": text, "severity": "error"}]);
    let args: Vec<&str> = args.iter().copied().chain([name]).collect();
    printed(
        world,
        query,
        device,
        &args,
        Map::new(),
        exit::OPEN,
        Some(said),
    )
}

/// What smartctl prints of a drive that it cannot ask.
fn refused(
    world: &World,
    query: &str,
    disk: &Disk,
    args: &[&str],
) -> Result<Option<Document>, Error> {
    let name = &disk.name;
    let asleep = world.any(|f| matches!(f, Fault::DiskAsleep { disk } if disk == name));
    let silent = world.any(|f| matches!(f, Fault::SmartUnreadable { disk } if disk == name));
    let path = node(disk);
    let (message, severity, status) = if disk.kind == DiskKind::Virtio {
        let text = format!("/dev/{path}: Unable to detect device type");
        (text, "error", exit::COMMAND_LINE)
    } else if asleep {
        let text = "Device is in STANDBY mode, exit(3)".to_owned();
        (text, "information", 3)
    } else if silent {
        let text = format!("Smartctl open device: /dev/{path} failed: INQUIRY failed");
        (text, "error", exit::OPEN)
    } else {
        return Ok(None);
    };
    let mut answer = Map::new();
    if asleep {
        answer.insert("device".to_owned(), device(disk, true));
    }
    let said = json!([{"string": message, "severity": severity}]);
    let args = with_node(args, disk);
    printed(world, query, name, &args, answer, status, Some(said)).map(Some)
}

/// A document of these members, with what every one begins with.
fn printed(
    world: &World,
    query: &str,
    target: &str,
    args: &[&str],
    answer: Map<String, Value>,
    status: u64,
    messages: Option<Value>,
) -> Result<Document, Error> {
    let mut argv: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    // Where a drive is asked, the last argument is its node.
    if let Some(last) = argv.last_mut()
        && !target.is_empty()
    {
        *last = format!("/dev/{last}");
    }
    let version = world.profile.tools.get("smartctl");
    let version = version.map_or("7.3", String::as_str);
    let numbers: Vec<u64> = version.split('.').filter_map(|n| n.parse().ok()).collect();
    let all: Vec<&str> = std::iter::once("smartctl")
        .chain(argv.iter().map(String::as_str))
        .collect();
    let mut own = json!({"version": numbers, "argv": all, "exit_status": status});
    if let (Some(messages), Some(own)) = (messages, own.as_object_mut()) {
        own.insert("messages".to_owned(), messages);
    }
    let mut whole = Map::new();
    whole.insert("json_format_version".to_owned(), json!([1, 0]));
    whole.insert("smartctl".to_owned(), own);
    for (key, value) in answer {
        whole.entry(key).or_insert(value);
    }
    let printed = Printed {
        stdout: Value::Object(whole).to_string().into_bytes(),
        exit_status: i32::try_from(status).unwrap_or(i32::MAX),
    };
    let version = format!("smartctl {version}");
    document(
        world,
        ("smartctl", "smartmontools"),
        &version,
        query,
        target,
        &argv,
        printed,
    )
}

fn device(disk: &Disk, asked: bool) -> Value {
    let node = format!("/dev/{}", node(disk));
    let (kind, protocol) = match disk.kind {
        DiskKind::SasHdd => ("scsi", "SCSI"),
        DiskKind::SataHdd | DiskKind::SataSsd => ("sat", "ATA"),
        _ => ("nvme", "NVMe"),
    };
    let info = match kind {
        "sat" if asked => format!("{node} [SAT]"),
        _ => node.clone(),
    };
    json!({"name": node, "info_name": info, "type": kind, "protocol": protocol})
}

/// Puts the profile's values in, and gives the exit status.
fn filled(answer: &mut Map<String, Value>, world: &World, disk: &Disk) -> u64 {
    let name = &disk.name;
    let failing = world.any(|f| matches!(f, Fault::SmartFailing { disk } if disk == name));
    let hours = field(world, name, SmartField::PowerOnHours).unwrap_or_else(|| hours(world, disk));
    let celsius = world.thermal.disks.get(name);
    let celsius = celsius.map(|t| world.about(*t, 0.01, &format!("smart/{name}")).round());
    put(answer, "device", device(disk, true));
    identity(answer, disk);
    put(answer, "power_on_time", json!({"hours": hours}));
    put(answer, "power_cycle_count", json!(POWER_CYCLES));
    let heat = match celsius {
        None => json!({}),
        Some(celsius) => json!({"current": celsius as u64}),
    };
    put(answer, "temperature", heat);
    let limit = |answer: &mut Map<String, Value>, key: &str, value: u64| {
        if let Some(heat) = answer.get_mut("temperature").and_then(Value::as_object_mut) {
            heat.insert(key.to_owned(), json!(value));
        }
    };
    let mut status = 0;
    match disk.kind {
        DiskKind::SasHdd => {
            limit(answer, "drive_trip", 65);
            scsi(answer, world, name);
        }
        DiskKind::SataHdd | DiskKind::SataSsd => {
            limit(answer, "op_limit_max", 65);
            let attributes = attributes::of(answer, world, disk, hours, celsius.unwrap_or(30.0));
            let at = |when: &str| {
                attributes
                    .iter()
                    .any(|a| a["when_failed"] == when && a["flags"]["prefailure"] == true)
            };
            status |= if at("now") { exit::PREFAIL } else { 0 };
            let past = attributes.iter().any(|a| a["when_failed"] == "past");
            status |= if past { exit::PAST } else { 0 };
            put(
                answer,
                "ata_smart_attributes",
                json!({"revision": 16, "table": attributes}),
            );
            let errors = world.disks.get(name).and_then(|d| d.io_errors).unwrap_or(0);
            status |= if errors > 0 { exit::ERROR_LOG } else { 0 };
            put(answer, "ata_smart_error_log", error_log(errors, hours));
        }
        _ => {
            limit(answer, "op_limit_max", 80);
            limit(answer, "critical_limit_max", 85);
            nvme(answer, world, name, hours, celsius);
        }
    }
    let log = answer.get("nvme_smart_health_information_log");
    let warning = log.and_then(|log| log.get("critical_warning")).cloned();
    let warned = warning.as_ref().is_some_and(|warning| *warning != json!(0));
    let failed = failing || warned;
    status |= if failed { exit::FAILING } else { 0 };
    let mut verdict = json!({"passed": !failed});
    if let Some(warning) = warning {
        verdict["nvme"] = json!({"value": warning});
    }
    put(answer, "smart_status", verdict);
    status | self_tests::fill(answer, world, disk)
}

fn put(answer: &mut Map<String, Value>, key: &str, value: Value) {
    answer.insert(key.to_owned(), value);
}

fn hours(world: &World, disk: &Disk) -> u64 {
    let since = world.now / SECOND / 3600;
    disk.power_on_hours.saturating_add(since)
}

/// The value that a fault gives a field.
fn field(world: &World, name: &str, which: SmartField) -> Option<u64> {
    world.faults().find_map(|f| match f {
        Fault::SmartField { disk, field, value } if disk == name && *field == which => Some(*value),
        _ => None,
    })
}

fn identity(answer: &mut Map<String, Value>, disk: &Disk) {
    let mut text = |key: &str, value: Option<&String>| match value {
        Some(value) => put(answer, key, json!(value)),
        None => drop(answer.remove(key)),
    };
    text("serial_number", disk.serial.as_ref());
    if disk.kind == DiskKind::SasHdd {
        let words = disk
            .model
            .as_deref()
            .and_then(|model| model.split_once(' '));
        let words = words.map(|(vendor, product)| (vendor.to_owned(), product.to_owned()));
        text("scsi_model_name", disk.model.as_ref());
        text("scsi_vendor", words.as_ref().map(|words| &words.0));
        text("scsi_product", words.as_ref().map(|words| &words.1));
        text("scsi_revision", disk.firmware.as_ref());
    } else {
        text("model_name", disk.model.as_ref());
        text("firmware_version", disk.firmware.as_ref());
    }
    let blocks = disk.size_bytes / 512;
    let size = json!({"blocks": blocks, "bytes": disk.size_bytes});
    if disk.kind.nvme() {
        put(answer, "nvme_total_capacity", json!(disk.size_bytes));
        if let Some(space) = answer
            .get_mut("nvme_namespaces")
            .and_then(|spaces| spaces.get_mut(0))
        {
            for key in ["size", "capacity", "utilization"] {
                space[key] = size.clone();
            }
        }
    } else {
        put(answer, "rotation_rate", json!(disk.kind.rpm()));
    }
    put(answer, "user_capacity", size);
    match disk
        .wwn
        .as_deref()
        .and_then(|wwn| u64::from_str_radix(wwn, 16).ok())
    {
        // NAA 5: four bits of type, 24 of the maker, 36 of the maker's own.
        Some(wwn) if wwn >> 60 == 5 && !disk.kind.nvme() => {
            let maker = (wwn >> 36) & 0xff_ffff;
            let id = wwn & 0xf_ffff_ffff;
            put(answer, "wwn", json!({"naa": 5, "oui": maker, "id": id}));
        }
        _ => drop(answer.remove("wwn")),
    }
}

fn scsi(answer: &mut Map<String, Value>, world: &World, name: &str) {
    for key in NOT_OF_A_SAS_DISK {
        answer.remove(key);
    }
    put(answer, "logical_block_size", json!(512));
    put(
        answer,
        "smart_support",
        json!({"available": true, "enabled": true}),
    );
    let value = |which| field(world, name, which).unwrap_or(0);
    put(
        answer,
        "scsi_grown_defect_list",
        json!(value(SmartField::GrownDefects)),
    );
    let row = |which| {
        json!({
            "errors_corrected_by_eccfast": 0, "errors_corrected_by_eccdelayed": 0,
            "errors_corrected_by_rereads_rewrites": 0, "total_errors_corrected": 0,
            "correction_algorithm_invocations": 0, "gigabytes_processed": "386.568",
            "total_uncorrected_errors": value(which),
        })
    };
    let log = json!({
        "read": row(SmartField::ReadUncorrected),
        "write": row(SmartField::WriteUncorrected),
        "verify": row(SmartField::VerifyUncorrected),
    });
    put(answer, "scsi_error_counter_log", log);
}

fn nvme(
    answer: &mut Map<String, Value>,
    world: &World,
    name: &str,
    hours: u64,
    celsius: Option<f64>,
) {
    let value = |which, usual: u64| field(world, name, which).unwrap_or(usual);
    let byte = |value: u64| value.min(u64::from(u8::MAX));
    let counted = world.disks.get(name).cloned().unwrap_or_default();
    let units = |bytes: u64| bytes / 512_000;
    let log = json!({
        "critical_warning": byte(value(SmartField::CriticalWarning, 0)),
        "temperature": celsius.unwrap_or(30.0) as u64,
        "available_spare": byte(value(SmartField::AvailableSpare, 100)),
        "available_spare_threshold": 10,
        "percentage_used": byte(value(SmartField::PercentageUsed, 0)),
        "data_units_read": 51_200_u64.saturating_add(units(counted.read_bytes)),
        "data_units_written": 48_000_u64.saturating_add(units(counted.written_bytes)),
        "controller_busy_time": 21,
        "power_cycles": POWER_CYCLES,
        "power_on_hours": hours,
        "unsafe_shutdowns": value(SmartField::UnsafeShutdowns, 2),
        "media_errors": value(SmartField::MediaErrors, 0),
        "num_err_log_entries": 0,
        "warning_temp_time": 0,
        "critical_comp_time": value(SmartField::CriticalTemperatureMinutes, 0),
    });
    let old = answer
        .get_mut("nvme_smart_health_information_log")
        .and_then(Value::as_object_mut);
    if let (Some(old), Value::Object(log)) = (old, log) {
        old.extend(log);
    }
}

/// The log of a drive that could not read so many sectors.
fn error_log(errors: u64, hours: u64) -> Value {
    let mut summary = json!({"revision": 1, "count": errors});
    if errors > 0 {
        let rows = (0..errors.min(5)).map(|back| {
            json!({
                "error_number": errors.saturating_sub(back), "lifetime_hours": hours,
                "completion_registers": {"error": 64, "status": 81, "count": 8, "lba": 0x1d_0000, "device": 224},
                "error_description": "Error: UNC 8 sectors at LBA = 0x001d0000 = 1900544",
            })
        });
        summary["logged_count"] = json!(errors.min(5));
        summary["table"] = rows.collect();
    }
    json!({"summary": summary})
}

/// Starts a self-test, unless one runs, and gives smartctl's answer.
pub fn start_self_test(
    world: &mut World,
    name: &str,
    kind: &SelfTestKind,
) -> Result<Document, Error> {
    let args = smartctl::self_test(kind)?;
    let query = "smart.start-self-test";
    let Some(disk) = drive(world, name)?.cloned() else {
        return no_such(world, query, name, &args);
    };
    if let Some(refused) = refused(world, query, &disk, &args)? {
        return Ok(refused);
    }
    let answer = |message: Option<&str>, status| {
        let mut answer = Map::new();
        answer.insert("device".to_owned(), device(&disk, true));
        let said = message.map(|text| json!([{"string": text, "severity": "error"}]));
        printed(
            world,
            query,
            name,
            &with_node(&args, &disk),
            answer,
            status,
            said,
        )
    };
    if disk.kind.nvme() && matches!(kind, SelfTestKind::Other(_)) {
        let text = "NVMe: conveyance self-test is not supported";
        return answer(Some(text), exit::COMMAND_LINE);
    }
    if self_tests::running(world, &disk.name).is_some() {
        let text = "Can't start self-test without aborting current test, \
                    add '-t force' option to override, or run 'smartctl -X' to abort test.";
        return answer(Some(text), exit::COMMAND);
    }
    let started = answer(None, 0)?;
    let extended = matches!(kind, SelfTestKind::Extended);
    let seconds = match extended {
        true => (disk.size_bytes as f64 / disk.kind.speed().read) as u64,
        false => SHORT_SECONDS,
    };
    let run = SelfTestRun {
        extended,
        began: world.now,
        ends: world
            .now
            .saturating_add(seconds.max(1).saturating_mul(SECOND)),
    };
    // One that crashed or hung may not have come to the drive.
    if started.exit_status == Some(0) {
        world
            .self_tests
            .entry(disk.name.clone())
            .or_default()
            .push(run);
    }
    Ok(started)
}
