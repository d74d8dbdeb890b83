//! One drive: what every protocol has, and the parts of its own protocol.

use serde::Serialize;
use serde_json::{Map, Value};

use super::ata::{self, Ata};
use super::device::{self, DeviceName, LinkSpeed, PowerMode, Temperature, Traffic, Wwn};
use super::members::{Members, Node, boolean, drop_if, number, signed, text, wide, within};
use super::nvme::{self, Nvme};
use super::run::{self, Run};
use super::scsi::{self, Scsi};

/// One drive, as smartctl prints it. A drive that did not open has messages only.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Drive {
    /// The run of smartctl: version, exit status, messages.
    pub run: Run,
    /// How smartctl reached the drive.
    pub device: Option<DeviceName>,
    /// Model as the drive names itself; of SCSI drives vendor and product.
    pub model: Option<String>,
    /// Family in the drive database.
    pub family: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Firmware; of SCSI drives the product revision.
    pub firmware: Option<String>,
    /// ATA: a maker's second product name, such as `DELL(tm)`.
    pub additional_product: Option<String>,
    /// Whether the drive database knows the model: if not, names and units of attributes are guesses.
    pub in_database: Option<bool>,
    /// World-wide name of an ATA drive.
    pub wwn: Option<Wwn>,
    /// Capacity in bytes; `u64::MAX` stands for more.
    pub capacity_bytes: Option<u64>,
    /// Capacity in logical blocks.
    pub capacity_blocks: Option<u64>,
    /// Bytes of a logical block: 512, 520, 528, 4096.
    pub logical_block_bytes: Option<u32>,
    /// Bytes of a physical block.
    pub physical_block_bytes: Option<u32>,
    /// Revolutions per minute; 0 is a solid-state drive.
    pub rotation_rpm: Option<u32>,
    /// Form factor: `2.5 inches`.
    pub form_factor: Option<String>,
    /// SATA version: `SATA 3.2`.
    pub sata_version: Option<String>,
    /// Speed of the SATA link.
    pub link_speed: Option<LinkSpeed>,
    /// Highest speed of the drive's SATA link.
    pub link_speed_max: Option<LinkSpeed>,
    /// `host_aware` or `device_managed` zones.
    pub zoned: Option<String>,
    /// Whether the drive has SMART, or reports informational exceptions (SCSI).
    pub smart_available: Option<bool>,
    /// Whether SMART is switched on; of SCSI drives the exceptions mode page, without which the logs stay
    /// readable.
    pub smart_enabled: Option<bool>,
    /// The drive's overall health: true is `PASSED` or `OK`.
    pub passed: Option<bool>,
    /// Temperatures and their limits. A SCSI drive may have them in [`Scsi::environment`] only.
    pub temperature: Option<Temperature>,
    /// Hours powered on.
    pub power_on_hours: Option<u64>,
    /// Minutes to be added to the hours.
    pub power_on_minutes: Option<u64>,
    /// Power cycles.
    pub power_cycles: Option<u64>,
    /// Rated life that is used, in per cent, as smartctl 7.4 and later derive it for every protocol; may
    /// pass 100.
    pub endurance_used_percent: Option<u64>,
    /// Spare that is left, in per cent (7.4 and later).
    pub spare_available_percent: Option<u64>,
    /// Spare below which the drive warns, in per cent (7.4 and later).
    pub spare_threshold_percent: Option<u64>,
    /// What hosts read (7.5).
    pub host_reads: Option<Traffic>,
    /// What hosts wrote (7.5).
    pub host_writes: Option<Traffic>,
    /// Whether reads are cached ahead.
    pub read_lookahead: Option<bool>,
    /// Whether writes are cached.
    pub write_cache: Option<bool>,
    /// The power mode it was in, with option `-n`.
    pub power_mode: Option<PowerMode>,
    /// What only ATA drives have.
    pub ata: Option<Ata>,
    /// What only NVMe drives have.
    pub nvme: Option<Nvme>,
    /// What only SCSI and SAS drives have.
    pub scsi: Option<Scsi>,
    /// What was not read, at its place in the document: unknown members, values of the wrong kind, logs
    /// without interest. Rows of a list that were read whole are null.
    pub extra: Map<String, Value>,
    /// Lines that are not part of the JSON, or stand behind the place where it is damaged.
    pub unread: Vec<String>,
}

/// Reads a drive.
pub(super) fn read(mut document: Members, unread: Vec<String>) -> Drive {
    let document = &mut document;
    let mut drive = Drive {
        run: run::read(document),
        device: device::name(document),
        unread,
        ..Drive::default()
    };
    identity(&mut drive, document);
    health(&mut drive, document);
    let protocol = drive
        .device
        .as_ref()
        .and_then(|device| device.protocol.clone());
    let is = |name: &str| protocol.as_deref() == Some(name);
    let (found, is_ata) = (ata::read(document), is("ATA"));
    drive.ata = (is_ata || found != Ata::default()).then_some(found);
    let (found, is_nvme) = (nvme::read(document), is("NVMe"));
    drive.nvme = (is_nvme || found != Nvme::default()).then_some(found);
    let (mut found, is_scsi) = (scsi::read(document), is("SCSI"));
    text_only(&mut found, &drive.run, document);
    if let (None, Some(vendor), Some(product)) = (&drive.model, &found.vendor, &found.product) {
        drive.model = Some(format!("{vendor} {product}"));
    }
    drive.firmware = drive.firmware.take().or_else(|| found.revision.clone());
    drive.scsi = (is_scsi || found != Scsi::default()).then_some(found);
    drive.extra = std::mem::take(document).into_map();
    drive
}

fn identity(drive: &mut Drive, document: &mut Members) {
    let scsi_model = text(document, "scsi_model_name");
    let scsi_serial = text(document, "scsi_serial_number");
    drive.model = text(document, "model_name").or(scsi_model);
    drive.family = text(document, "model_family");
    drive.serial = text(document, "serial_number").or(scsi_serial);
    drive.firmware = text(document, "firmware_version");
    drive.additional_product = text(document, "ata_additional_product_id");
    drive.in_database = boolean(document, "in_smartctl_database");
    drive.wwn = device::wwn(document);
    let capacity = within(document, "user_capacity", |capacity| {
        (wide(capacity, "bytes"), wide(capacity, "blocks"))
    });
    (drive.capacity_bytes, drive.capacity_blocks) = capacity.unwrap_or_default();
    drive.logical_block_bytes = number(document, "logical_block_size");
    drive.physical_block_bytes = number(document, "physical_block_size");
    drive.rotation_rpm = number(document, "rotation_rate");
    let form = within(document, "form_factor", |form| {
        let name = text(form, "name");
        if name.is_some() {
            // The same as a number.
            drop_if(form, "ata_value", Node::is_number);
            drop_if(form, "scsi_value", Node::is_number);
        }
        name
    });
    drive.form_factor = form.flatten();
    let sata = within(document, "sata_version", |version| {
        let name = text(version, "string");
        if name.is_some() {
            drop_if(version, "value", Node::is_number);
        }
        name
    });
    drive.sata_version = sata.flatten();
    let speeds = within(document, "interface_speed", |speeds| {
        let current = device::link_speed(speeds, "current");
        (current, device::link_speed(speeds, "max"))
    });
    (drive.link_speed, drive.link_speed_max) = speeds.unwrap_or_default();
    drive.zoned = within(document, "zoned_device", |zoned| {
        text(zoned, "capabilities")
    })
    .flatten();
}

fn health(drive: &mut Drive, document: &mut Members) {
    let support = within(document, "smart_support", |support| {
        let available = boolean(support, "available");
        (available, boolean(support, "enabled"))
    });
    (drive.smart_available, drive.smart_enabled) = support.unwrap_or_default();
    drive.passed = within(document, "smart_status", |s| boolean(s, "passed")).flatten();
    drive.temperature = device::temperature(document);
    let trip = within(document, "scsi_temperature", |t| signed(t, "drive_trip"));
    if let Some(Some(trip)) = trip {
        let temperature = drive.temperature.get_or_insert_default();
        temperature.drive_trip = temperature.drive_trip.or(Some(trip));
    }
    let time = within(document, "power_on_time", |time| {
        (number(time, "hours"), number(time, "minutes"))
    });
    (drive.power_on_hours, drive.power_on_minutes) = time.unwrap_or_default();
    drive.power_cycles = number(document, "power_cycle_count");
    drive.endurance_used_percent = within(document, "endurance_used", |used| {
        number(used, "current_percent")
    })
    .flatten();
    let spare = within(document, "spare_available", |spare| {
        let left = number(spare, "current_percent");
        (left, number(spare, "threshold_percent"))
    });
    (drive.spare_available_percent, drive.spare_threshold_percent) = spare.unwrap_or_default();
    drive.host_reads = device::traffic(document, "host_reads");
    drive.host_writes = device::traffic(document, "host_writes");
    let mut enabled = |key| within(document, key, |cache| boolean(cache, "enabled")).flatten();
    drive.read_lookahead = enabled("read_lookahead");
    drive.write_cache = enabled("write_cache");
    drive.power_mode = device::power_mode(document);
}

/// Reads what smartctl prints of SCSI drives as text only: `--json=o` adds the whole text to the JSON,
/// `--json=u` the lines that are not in the JSON.
fn text_only(scsi: &mut Scsi, run: &Run, document: &Members) {
    let lines = run.output.iter().flatten().map(String::as_str);
    let others = document
        .iter()
        .filter(|(key, _)| key.starts_with("smartctl_"));
    for line in lines.chain(others.filter_map(|(_, line)| line.as_text())) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let enabled = || match value.trim() {
            "Enabled" => Some(true),
            "Disabled" => Some(false),
            _ => None,
        };
        match name {
            "Non-medium error count" => scsi.non_medium_errors = value.trim().parse().ok(),
            "Read Cache is" => scsi.read_cache = enabled(),
            "Writeback Cache is" => scsi.write_cache = enabled(),
            _ => {}
        }
    }
}
