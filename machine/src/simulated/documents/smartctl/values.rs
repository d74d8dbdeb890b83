//! The profile's values in a captured document.

use serde_json::{Map, Value, json};

use super::{POWER_CYCLES, attributes, device, exit, self_tests};
use crate::simulated::profile::{Disk, DiskKind, Fault, SmartField};
use crate::simulated::world::{SECOND, World};

/// Members of the captured SAS disk that a disk of a profile does not have.
const NOT_OF_A_SAS_DISK: [&str; 6] = [
    "form_factor",
    "logical_unit_id",
    "scsi_environmental_reports",
    "scsi_lb_provisioning",
    "scsi_protection_interval_bytes_per_lb",
    "scsi_protection_type",
];

/// Puts the profile's values in, and gives the exit status.
pub fn fill(answer: &mut Map<String, Value>, world: &World, disk: &Disk) -> u64 {
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
            limit(answer, "op_limit_max", 60);
            limit(answer, "limit_max", 65);
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
            let errors = world.disks.get(name).map_or(0, |d| d.io_errors);
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

pub fn put(answer: &mut Map<String, Value>, key: &str, value: Value) {
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
