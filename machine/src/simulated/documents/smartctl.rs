//! What smartctl prints of a simulated drive: a captured document of its kind, with the profile's values
//! put in.

use serde_json::{Map, Value, json};

use super::{Printed, document};
use crate::contract::smart::SelfTestKind;
use crate::contract::types::{Document, Error};
use crate::simulated::profile::{Disk, DiskKind, Fault};
use crate::simulated::world::{SECOND, SelfTestRun, World};
use crate::tools::smartctl;

mod attributes;
mod self_tests;
mod values;

const ATA: &str = include_str!("captured/smartctl-ata.json");
const NVME: &str = include_str!("captured/smartctl-nvme.json");
const SCSI: &str = include_str!("captured/smartctl-scsi.json");

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
    let status = values::fill(&mut answer, world, disk);
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
