//! The logs of self-tests, newest first. The maker ran one.

use serde_json::{Map, Value, json};

use super::exit;
use super::values::put;
use crate::simulated::profile::{Disk, DiskKind, Fault};
use crate::simulated::world::{SECOND, SelfTestRun, World};

/// One entry of a log.
struct Entry {
    extended: bool,
    /// Power-on hours when it ended; `None` while it runs.
    hours: Option<u64>,
    failed: bool,
}

/// The self-test that runs on a drive.
pub fn running<'a>(world: &'a World, name: &str) -> Option<&'a SelfTestRun> {
    let newest = world.self_tests.get(name)?.last();
    newest.filter(|run| world.now < run.ends)
}

/// Puts the logs in, and gives their bits of the exit status.
pub fn fill(answer: &mut Map<String, Value>, world: &World, disk: &Disk) -> u64 {
    let fails = world.any(|f| matches!(f, Fault::SelfTestFailed { disk: d } if *d == disk.name));
    let runs = world.self_tests.get(&disk.name).into_iter().flatten().rev();
    let mut entries: Vec<Entry> = runs.map(|run| entry(world, disk, run, fails)).collect();
    entries.push(Entry {
        extended: true,
        hours: Some(disk.power_on_hours / 2),
        // A drive that fails its tests fails the newest; the maker's was good.
        failed: fails && entries.is_empty(),
    });
    let left = running(world, &disk.name).map(|run| {
        let whole = run.ends.saturating_sub(run.began).max(1) as f64;
        let share = run.ends.saturating_sub(world.now) as f64 / whole;
        // Drives count it in tenths.
        ((share * 10.0).ceil() * 10.0) as u64
    });
    match disk.kind {
        DiskKind::SasHdd => scsi(answer, &entries),
        DiskKind::SataHdd | DiskKind::SataSsd => ata(answer, &entries, left),
        _ => nvme(answer, &entries, left),
    }
    match entries.iter().any(|entry| entry.failed) {
        true => exit::SELF_TEST_LOG,
        false => 0,
    }
}

fn entry(world: &World, disk: &Disk, run: &SelfTestRun, fails: bool) -> Entry {
    let ended = world.now >= run.ends;
    Entry {
        extended: run.extended,
        hours: ended.then(|| disk.power_on_hours.saturating_add(run.ends / SECOND / 3600)),
        failed: ended && fails,
    }
}

fn ata(answer: &mut Map<String, Value>, entries: &[Entry], left: Option<u64>) {
    let rows = entries.iter().filter(|entry| entry.hours.is_some()).map(|entry| {
        let status = match entry.failed {
            true => json!({"value": 112, "string": "Completed: read failure", "remaining_percent": 0, "passed": false}),
            false => json!({"value": 0, "string": "Completed without error", "passed": true}),
        };
        let kind = match entry.extended {
            true => json!({"value": 2, "string": "Extended offline"}),
            false => json!({"value": 1, "string": "Short offline"}),
        };
        json!({"type": kind, "status": status, "lifetime_hours": entry.hours})
    });
    let rows: Vec<Value> = rows.collect();
    let failed = entries.iter().filter(|entry| entry.failed).count();
    let log = json!({"standard": {
        "revision": 1, "count": rows.len(), "table": rows,
        "error_count_total": failed, "error_count_outdated": 0,
    }});
    put(answer, "ata_smart_self_test_log", log);
    let status = match left {
        Some(left) => json!({
            "value": 240 + left / 10, "string": "in progress, so much remaining".replace("so much", &format!("{left}%")),
            "remaining_percent": left,
        }),
        None => json!({"value": 0, "string": "completed without error", "passed": true}),
    };
    if let Some(data) = answer.get_mut("ata_smart_data") {
        data["self_test"]["status"] = status;
    }
}

fn nvme(answer: &mut Map<String, Value>, entries: &[Entry], left: Option<u64>) {
    let ended = entries.iter().filter(|entry| entry.hours.is_some());
    let rows = ended.map(|entry| {
        let (code, kind) = match entry.extended {
            true => (2, "Extended"),
            false => (1, "Short"),
        };
        let result = match entry.failed {
            true => json!({"value": 7, "string": "Completed: failed segments"}),
            false => json!({"value": 0, "string": "Completed without error"}),
        };
        json!({
            "self_test_code": {"value": code, "string": kind}, "self_test_result": result,
            "power_on_hours": entry.hours,
        })
    });
    let rows: Vec<Value> = rows.collect();
    let newest = entries.first().filter(|entry| entry.hours.is_none());
    let operation = match newest {
        Some(run) if run.extended => {
            json!({"value": 2, "string": "Extended self-test in progress"})
        }
        Some(_) => json!({"value": 1, "string": "Short self-test in progress"}),
        None => json!({"value": 0, "string": "No self-test in progress"}),
    };
    let mut log = json!({"current_self_test_operation": operation, "table": rows});
    if let Some(left) = left {
        log["current_self_test_completion_percent"] = json!(100_u64.saturating_sub(left));
    }
    put(answer, "nvme_self_test_log", log);
}

fn scsi(answer: &mut Map<String, Value>, entries: &[Entry]) {
    for (number, entry) in entries.iter().take(20).enumerate() {
        let result = match (entry.hours, entry.failed) {
            (None, _) => json!({"value": 15, "string": "Self test in progress ..."}),
            (_, true) => json!({"value": 7, "string": "Failed in segment -->"}),
            (_, false) => json!({"value": 0, "string": "Completed"}),
        };
        let code = match entry.extended {
            true => json!({"value": 2, "string": "Background long"}),
            false => json!({"value": 1, "string": "Background short"}),
        };
        let mut row = json!({"code": code, "result": result});
        if let Some(hours) = entry.hours {
            row["power_on_time"] = json!({"hours": hours, "aka": "accumulated_power_on_hours"});
        }
        put(answer, &format!("scsi_self_test_{number}"), row);
    }
}
