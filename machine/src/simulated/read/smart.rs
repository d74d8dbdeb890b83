//! The health that drives tell of themselves, as smartctl reads it.

use crate::contract::smart::{
    AtaHealth, Attribute, Details, Device, ExitBits, Health, NvmeHealth, ScsiHealth, SelfTest,
    SelfTestKind, SelfTestState,
};
use crate::contract::types::{Error, Missing, MissingKind, ToolFailure};
use crate::simulated::profile::{Disk, DiskKind, Fault, SmartField};
use crate::simulated::tools::trouble::{NOT_JSON, Trouble};
use crate::simulated::world::{SECOND, SelfTestRun, World};

/// The attributes that are judged: number, name, threshold, whether it predicts a failure.
const ATTRIBUTES: [(u8, &str, u8, bool); 13] = [
    (5, "Reallocated_Sector_Ct", 10, true),
    (9, "Power_On_Hours", 0, false),
    (10, "Spin_Retry_Count", 97, true),
    (12, "Power_Cycle_Count", 0, false),
    (177, "Wear_Leveling_Count", 5, true),
    (184, "End-to-End_Error", 97, true),
    (187, "Reported_Uncorrect", 0, false),
    (188, "Command_Timeout", 0, false),
    (194, "Temperature_Celsius", 0, false),
    (196, "Reallocated_Event_Count", 0, false),
    (197, "Current_Pending_Sector", 0, false),
    (198, "Offline_Uncorrectable", 0, false),
    (199, "UDMA_CRC_Error_Count", 0, false),
];

/// How long a short self-test takes; an extended one reads the whole disk.
const SHORT_SECONDS: u64 = 120;

/// Everything that smartctl can ask.
pub fn devices(world: &World) -> Result<Vec<Device>, Error> {
    tool(world)?;
    let tells = world.present_disks().filter(|d| d.kind != DiskKind::Virtio);
    Ok(tells.map(device).collect())
}

fn tool(world: &World) -> Result<(), Error> {
    if world.has_tool("smartctl") {
        Ok(())
    } else {
        Err(Error::tool_missing("smartctl", "smartmontools"))
    }
}

fn device(disk: &Disk) -> Device {
    Device {
        id: disk.name.clone(),
        disk: disk.name.clone(),
        kind: None,
    }
}

/// The drive of that id, if it answers.
fn drive<'a>(world: &'a World, id: &str) -> Result<&'a Disk, Error> {
    tool(world)?;
    let disk = world
        .disk(id)
        .ok_or_else(|| Error::no_hardware(format!("the drive {id:?}")))?;
    if disk.kind == DiskKind::Virtio {
        return Err(Error::no_hardware(format!(
            "health of the virtual disk {id}"
        )));
    }
    if world.any(|f| matches!(f, Fault::DiskAsleep { disk } if disk == id)) {
        return Err(Error::Unavailable(Missing {
            kind: MissingKind::Asleep,
            what: format!("{id}, which is in standby"),
            remedy: String::new(),
        }));
    }
    Trouble::of(world, "smartctl").asked("smartctl", NOT_JSON)?;
    if world.any(|f| matches!(f, Fault::SmartUnreadable { disk } if disk == id)) {
        return Err(Error::Failed(ToolFailure {
            tool: "smartctl".to_owned(),
            exit_status: Some(2),
            reason: format!("{id} did not answer: INQUIRY failed"),
            stderr_tail: String::new(),
        }));
    }
    Ok(disk)
}

/// One drive's health.
pub fn health(world: &World, id: &str) -> Result<Health, Error> {
    let disk = drive(world, id)?;
    let celsius = world
        .thermal
        .disks
        .get(id)
        .map(|t| world.about(*t, 0.01, &format!("smart/{id}")).round());
    let failing = world.any(|f| matches!(f, Fault::SmartFailing { disk } if disk == id));
    let hours = field(world, id, SmartField::PowerOnHours).unwrap_or_else(|| hours(world, disk));
    let self_tests = self_tests(world, disk);
    let failed_test = self_tests.iter().any(|t| t.passed == Some(false));
    let details = match disk.kind {
        DiskKind::SasHdd => Details::Scsi(scsi(world, id)),
        DiskKind::SataHdd | DiskKind::SataSsd => {
            Details::Ata(ata(world, disk, hours, celsius.unwrap_or(30.0)))
        }
        _ => Details::Nvme(nvme(world, id)),
    };
    let (prefail_now, below_in_past, logged) = match &details {
        Details::Ata(ata) => (
            ata.attributes
                .iter()
                .any(|a| a.prefailure && a.when_failed == "now"),
            ata.attributes.iter().any(|a| a.when_failed == "past"),
            ata.error_count.is_some_and(|c| c > 0),
        ),
        _ => (false, false, false),
    };
    let warned = matches!(&details, Details::Nvme(n) if n.critical_warning != 0);
    Ok(Health {
        device: device(disk),
        model: disk.model.clone(),
        serial: disk.serial.clone(),
        firmware: disk.firmware.clone(),
        size_bytes: Some(disk.size_bytes),
        rotation_rpm: Some(disk.kind.rpm()),
        overall_passed: Some(!failing && !warned),
        exit: ExitBits {
            failing: failing || warned,
            prefail_now,
            below_in_past,
            error_log: logged,
            self_test_log: failed_test,
            ..ExitBits::default()
        },
        messages: Vec::new(),
        temperature: celsius,
        temperature_limit: Some(if disk.kind.nvme() { 85.0 } else { 65.0 }),
        power_on_hours: Some(hours),
        power_cycles: Some(14),
        self_tests: Some(self_tests),
        details,
        extra: Vec::new(),
    })
}

fn hours(world: &World, disk: &Disk) -> u64 {
    disk.power_on_hours
        .saturating_add(world.now / SECOND / 3600)
}

/// The value that a fault gives a field.
fn field(world: &World, id: &str, which: SmartField) -> Option<u64> {
    world.faults().find_map(|f| match f {
        Fault::SmartField { disk, field, value } if disk == id && *field == which => Some(*value),
        _ => None,
    })
}

fn ata(world: &World, disk: &Disk, hours: u64, celsius: f64) -> AtaHealth {
    let spins = disk.kind.rotational();
    let applies = |id: u8| match id {
        10 => spins,
        177 => !spins,
        _ => true,
    };
    let tell = |(id, name, threshold, prefailure): (u8, &str, u8, bool)| {
        let (usual, value) = match id {
            9 => (hours, 100),
            12 => (14, 100),
            177 => (1, 99),
            194 => (celsius as u64, 100_u64.saturating_sub(celsius as u64) as u8),
            _ => (0, 100),
        };
        let changed = world.faults().find_map(|f| match f {
            Fault::SmartAttribute {
                disk: d,
                id: i,
                raw,
                value,
            } if *d == disk.name && *i == id => Some((*raw, *value)),
            _ => None,
        });
        let (raw, value) =
            changed.map_or((usual, value), |(raw, given)| (raw, given.unwrap_or(value)));
        Attribute {
            id,
            name: name.to_owned(),
            value: Some(value),
            worst: Some(value),
            threshold,
            when_failed: if threshold > 0 && value <= threshold {
                "now"
            } else {
                ""
            }
            .to_owned(),
            prefailure,
            raw,
            raw_text: raw.to_string(),
        }
    };
    let attributes = ATTRIBUTES.into_iter().filter(|a| applies(a.0)).map(tell);
    let errors = world
        .disks
        .get(&disk.name)
        .and_then(|c| c.io_errors)
        .unwrap_or(0);
    AtaHealth {
        attributes: attributes.collect(),
        error_count: Some(errors),
        media_or_path_errors: Some(errors),
    }
}

fn nvme(world: &World, id: &str) -> NvmeHealth {
    let value = |which, usual: u64| field(world, id, which).unwrap_or(usual);
    let byte = |value: u64| u8::try_from(value).unwrap_or(u8::MAX);
    let counted = world.disks.get(id).cloned().unwrap_or_default();
    NvmeHealth {
        critical_warning: byte(value(SmartField::CriticalWarning, 0)),
        available_spare: byte(value(SmartField::AvailableSpare, 100)),
        available_spare_threshold: 10,
        percentage_used: byte(value(SmartField::PercentageUsed, 0)),
        data_units_read: 51_200_u64.saturating_add(counted.read_bytes / 512_000),
        data_units_written: 48_000_u64.saturating_add(counted.written_bytes / 512_000),
        controller_busy_minutes: 21,
        power_cycles: 14,
        unsafe_shutdowns: value(SmartField::UnsafeShutdowns, 2),
        media_errors: value(SmartField::MediaErrors, 0),
        error_log_entries: 0,
        warning_temperature_minutes: 0,
        critical_temperature_minutes: value(SmartField::CriticalTemperatureMinutes, 0),
    }
}

fn scsi(world: &World, id: &str) -> ScsiHealth {
    let value = |which| Some(field(world, id, which).unwrap_or(0));
    ScsiHealth {
        grown_defects: value(SmartField::GrownDefects),
        read_uncorrected: value(SmartField::ReadUncorrected),
        write_uncorrected: value(SmartField::WriteUncorrected),
        verify_uncorrected: value(SmartField::VerifyUncorrected),
        non_medium_errors: value(SmartField::NonMediumErrors),
        percentage_used: None,
    }
}

/// The log of self-tests, newest first. The maker ran one.
fn self_tests(world: &World, disk: &Disk) -> Vec<SelfTest> {
    let runs = world.self_tests.get(&disk.name).into_iter().flatten().rev();
    let mut tests: Vec<SelfTest> = runs.map(|run| tell_run(world, disk, run)).collect();
    let maker = SelfTest {
        kind: name(disk.kind, true).to_owned(),
        passed: Some(true),
        status: completed(disk.kind).to_owned(),
        at_hours: Some(disk.power_on_hours / 2),
    };
    tests.push(if tests.is_empty() {
        judged(world, disk, maker)
    } else {
        maker
    });
    tests
}

fn tell_run(world: &World, disk: &Disk, run: &SelfTestRun) -> SelfTest {
    if world.now < run.ends {
        return SelfTest {
            kind: run.kind.clone(),
            passed: None,
            status: "Self-test routine in progress".to_owned(),
            at_hours: None,
        };
    }
    let ended = SelfTest {
        kind: run.kind.clone(),
        passed: Some(true),
        status: completed(disk.kind).to_owned(),
        at_hours: Some(disk.power_on_hours.saturating_add(run.ends / SECOND / 3600)),
    };
    judged(world, disk, ended)
}

/// A test as it went on a drive that fails them.
fn judged(world: &World, disk: &Disk, test: SelfTest) -> SelfTest {
    if world.any(|f| matches!(f, Fault::SelfTestFailed { disk: d } if *d == disk.name)) {
        SelfTest {
            passed: Some(false),
            status: "Completed: read failure".to_owned(),
            ..test
        }
    } else {
        test
    }
}

fn name(kind: DiskKind, extended: bool) -> &'static str {
    match (kind, extended) {
        (DiskKind::SasHdd, true) => "Background long",
        (DiskKind::SasHdd, false) => "Background short",
        (k, true) if k.nvme() => "Extended",
        (k, false) if k.nvme() => "Short",
        (_, true) => "Extended offline",
        (_, false) => "Short offline",
    }
}

fn completed(kind: DiskKind) -> &'static str {
    if kind == DiskKind::SasHdd {
        "Completed"
    } else {
        "Completed without error"
    }
}

/// Starts a self-test, unless one runs.
pub fn start_self_test(world: &mut World, id: &str, kind: &SelfTestKind) -> Result<(), Error> {
    let disk = drive(world, id)?;
    let extended = match kind {
        SelfTestKind::Short => false,
        SelfTestKind::Extended => true,
        SelfTestKind::Other(other) if other == "conveyance" && !disk.kind.nvme() => false,
        SelfTestKind::Other(other) => {
            return Err(Error::invalid(
                "kind",
                format!("{id} has no self-test `{other}`"),
            ));
        }
    };
    let seconds = if extended {
        (disk.size_bytes as f64 / disk.kind.speed().read) as u64
    } else {
        SHORT_SECONDS
    };
    let run = SelfTestRun {
        kind: name(disk.kind, extended).to_owned(),
        began: world.now,
        ends: world
            .now
            .saturating_add(seconds.max(1).saturating_mul(SECOND)),
    };
    if running(world, id).is_some() {
        return Err(Error::Failed(ToolFailure {
            tool: "smartctl".to_owned(),
            exit_status: Some(4),
            reason: format!("a self-test already runs on {id}"),
            stderr_tail: String::new(),
        }));
    }
    world.self_tests.entry(id.to_owned()).or_default().push(run);
    Ok(())
}

fn running<'a>(world: &'a World, id: &str) -> Option<&'a SelfTestRun> {
    world
        .self_tests
        .get(id)?
        .last()
        .filter(|run| world.now < run.ends)
}

/// How a self-test stands.
pub fn self_test_state(world: &World, id: &str) -> Result<SelfTestState, Error> {
    let disk = drive(world, id)?;
    if let Some(run) = running(world, id) {
        let left = run.ends.saturating_sub(world.now) as f64
            / run.ends.saturating_sub(run.began).max(1) as f64;
        // Drives tell it in tenths.
        return Ok(SelfTestState::Running(((left * 10.0).ceil() * 10.0) as u8));
    }
    match world.self_tests.get(id).and_then(|runs| runs.last()) {
        Some(run) => Ok(SelfTestState::Ended(tell_run(world, disk, run))),
        None => Ok(SelfTestState::Idle),
    }
}
