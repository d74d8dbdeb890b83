//! `nvme smart-log -o json` and `nvme list -o json` of nvme-cli 1 and 2.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Unreadable;
use crate::fio::document;
use crate::fio::fields::Fields;

/// The health log (log 02h). Counters above 2^64 - 1 stay in `extra`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SmartLog {
    /// Bits of critical warnings; 0 for none.
    pub critical_warning: Option<u64>,
    /// Temperature in kelvin.
    pub temperature_k: Option<u64>,
    /// Spare that is left, in per cent.
    pub available_spare_percent: Option<u64>,
    /// Spare below which the drive warns, in per cent.
    pub spare_threshold_percent: Option<u64>,
    /// Life used, in per cent; may go above 100.
    pub used_percent: Option<u64>,
    /// Data read, in units of 512,000 bytes.
    pub data_units_read: Option<u64>,
    /// Data written, in units of 512,000 bytes.
    pub data_units_written: Option<u64>,
    /// Read commands.
    pub host_reads: Option<u64>,
    /// Write commands.
    pub host_writes: Option<u64>,
    /// Minutes in which the controller was busy.
    pub busy_minutes: Option<u64>,
    /// Times that it was switched on.
    pub power_cycles: Option<u64>,
    /// Hours switched on.
    pub power_on_hours: Option<u64>,
    /// Times that it was switched off without notice.
    pub unsafe_shutdowns: Option<u64>,
    /// Data that could not be read back or was wrong.
    pub media_errors: Option<u64>,
    /// Entries of the error log over its life.
    pub error_entries: Option<u64>,
    /// Minutes above the warning temperature.
    pub warning_temperature_minutes: Option<u64>,
    /// Minutes above the critical temperature.
    pub critical_temperature_minutes: Option<u64>,
    /// Temperature sensors: number and kelvin.
    pub sensors_k: Vec<(u32, u64)>,
    /// Whether the document came to its end.
    pub whole: bool,
    /// Members that are not known, among them the thermal management counters.
    pub extra: Map<String, Value>,
    /// Lines that are not JSON.
    pub unread: Vec<String>,
}

/// Reads the health log.
pub fn smart_log(bytes: &[u8]) -> Result<SmartLog, Unreadable> {
    let found = document::find(bytes);
    let mut unread = found.outside;
    unread.extend(found.unread);
    let document = found
        .documents
        .into_iter()
        .max_by_key(|document| document.value.len());
    let Some(document) = document.filter(|document| !document.value.is_empty()) else {
        return Err(Unreadable::starting("the JSON of nvme smart-log", bytes));
    };
    let mut fields = Fields::new(document.value);
    let warning = match fields.object("critical_warning") {
        Some(mut bits) => {
            let value = bits.unsigned("value");
            fields.keep("critical_warning", Value::Object(bits.rest()));
            value
        }
        None => fields.unsigned("critical_warning"),
    };
    let mut any = |names: &[&str]| names.iter().find_map(|name| counter(&mut fields, name));
    let mut log = SmartLog {
        critical_warning: warning,
        temperature_k: any(&["temperature"]),
        available_spare_percent: any(&["avail_spare", "available_spare"]),
        spare_threshold_percent: any(&["spare_thresh", "available_spare_threshold"]),
        used_percent: any(&["percent_used", "percentage_used"]),
        data_units_read: any(&["data_units_read"]),
        data_units_written: any(&["data_units_written"]),
        host_reads: any(&["host_read_commands"]),
        host_writes: any(&["host_write_commands"]),
        busy_minutes: any(&["controller_busy_time"]),
        power_cycles: any(&["power_cycles"]),
        power_on_hours: any(&["power_on_hours"]),
        unsafe_shutdowns: any(&["unsafe_shutdowns"]),
        media_errors: any(&["media_errors"]),
        error_entries: any(&["num_err_log_entries"]),
        warning_temperature_minutes: any(&["warning_temp_time"]),
        critical_temperature_minutes: any(&["critical_comp_time"]),
        whole: document.whole,
        unread,
        ..SmartLog::default()
    };
    for number in 1..=8 {
        if let Some(kelvin) = any(&[&format!("temperature_sensor_{number}")]) {
            log.sensors_k.push((number, kelvin));
        }
    }
    log.extra = fields.rest();
    Ok(log)
}

/// A number, also one that is printed as text.
fn counter(fields: &mut Fields, name: &str) -> Option<u64> {
    if let Some(number) = fields.unsigned(name) {
        return Some(number);
    }
    let text = fields.text(name)?;
    let number = text.replace(',', "").parse().ok();
    if number.is_none() {
        fields.keep(name, Value::String(text));
    }
    number
}

/// The drives.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct List {
    /// Each namespace; a controller without one is an entry without `namespace`.
    pub entries: Vec<Entry>,
    /// Whether the document came to its end.
    pub whole: bool,
    /// Members that are not known, of hosts and subsystems.
    pub extra: Vec<Map<String, Value>>,
    /// Lines that are not JSON.
    pub unread: Vec<String>,
}

/// One namespace with its controller.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Entry {
    /// The kernel's name: `nvme0n1`.
    pub namespace: Option<String>,
    /// The namespace's number.
    pub namespace_id: Option<u64>,
    /// The controller's name: `nvme0` (from 2.11 on, or with `-v`).
    pub controller: Option<String>,
    /// The subsystem's name: `nvme-subsys0`.
    pub subsystem: Option<String>,
    /// The PCI address of the controller.
    pub address: Option<String>,
    /// The slot of the controller.
    pub slot: Option<String>,
    /// `pcie`, `tcp`.
    pub transport: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The serial number.
    pub serial: Option<String>,
    /// The firmware.
    pub firmware: Option<String>,
    /// Bytes in use.
    pub used_bytes: Option<u64>,
    /// Bytes in all.
    pub size_bytes: Option<u64>,
    /// Bytes of a block.
    pub block_bytes: Option<u64>,
    /// Members that are not known.
    pub extra: Map<String, Value>,
}

/// Reads the drives, in the flat form and in the one of subsystems (`-v`, and always from 2.11 on).
pub fn list(bytes: &[u8]) -> Result<List, Unreadable> {
    let found = document::find(bytes);
    let mut list = List {
        unread: found.outside,
        ..List::default()
    };
    list.unread.extend(found.unread);
    let mut some = false;
    for document in found.documents {
        let mut fields = Fields::new(document.value);
        some |= fields.has("Devices");
        list.whole = document.whole;
        for device in objects(&mut fields, "Devices") {
            add_device(&mut list, device);
        }
    }
    match some {
        true => Ok(list),
        false => Err(Unreadable::starting("the JSON of nvme list", bytes)),
    }
}

fn objects(fields: &mut Fields, name: &str) -> Vec<Fields> {
    let values = fields.array(name).unwrap_or_default();
    values
        .into_iter()
        .filter_map(|value| Fields::of(value).ok())
        .collect()
}

fn add_device(list: &mut List, mut device: Fields) {
    let entries = &mut list.entries;
    let mut subsystems = objects(&mut device, "Subsystems");
    if device.has("Controllers") {
        // 2.0 to 2.10 with -v: the device is the subsystem.
        subsystems.push(device);
    } else if subsystems.is_empty() {
        entries.push(namespace(device, &Entry::default()));
        return;
    } else {
        list.extra.push(device.rest());
    }
    for mut subsystem in subsystems {
        let name = subsystem.text("Subsystem");
        let shared = objects(&mut subsystem, "Namespaces");
        let before = entries.len();
        let mut first = None;
        for mut fields in objects(&mut subsystem, "Controllers") {
            let own = objects(&mut fields, "Namespaces");
            let controller = controller(fields, name.clone());
            match own.is_empty() {
                true if shared.is_empty() => entries.push(controller.clone()),
                true => {}
                false => {
                    entries.extend(own.into_iter().map(|fields| namespace(fields, &controller)))
                }
            }
            first = first.or(Some(controller));
        }
        list.extra.push(subsystem.rest());
        let controller = first.unwrap_or_default();
        if entries.len() == before {
            entries.extend(
                shared
                    .into_iter()
                    .map(|fields| namespace(fields, &controller)),
            );
        }
    }
}

fn controller(mut fields: Fields, subsystem: Option<String>) -> Entry {
    Entry {
        controller: fields.text("Controller"),
        subsystem,
        address: fields.text("Address"),
        slot: fields.text("Slot"),
        transport: fields.text("Transport"),
        model: trimmed(&mut fields, "ModelNumber"),
        serial: trimmed(&mut fields, "SerialNumber"),
        firmware: trimmed(&mut fields, "Firmware"),
        extra: fields.rest(),
        ..Entry::default()
    }
}

fn namespace(mut fields: Fields, controller: &Entry) -> Entry {
    let path = fields.text("DevicePath");
    let path = path.map(|path| path.trim_start_matches("/dev/").to_owned());
    let or = |own: Option<String>, other: &Option<String>| own.or_else(|| other.clone());
    Entry {
        namespace: path.or_else(|| fields.text("NameSpace")),
        namespace_id: fields
            .unsigned("NSID")
            .or_else(|| fields.unsigned("NameSpace")),
        model: or(trimmed(&mut fields, "ModelNumber"), &controller.model),
        serial: or(trimmed(&mut fields, "SerialNumber"), &controller.serial),
        firmware: or(trimmed(&mut fields, "Firmware"), &controller.firmware),
        used_bytes: fields.unsigned("UsedBytes"),
        size_bytes: fields.unsigned("PhysicalSize"),
        block_bytes: fields.unsigned("SectorSize"),
        extra: fields.rest(),
        ..controller.clone()
    }
}

fn trimmed(fields: &mut Fields, name: &str) -> Option<String> {
    let text = fields.text(name)?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
