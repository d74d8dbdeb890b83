//! The table of ATA attributes: the captured drive's rows, and those that profiles may change.

use serde_json::{Map, Value, json};

use crate::simulated::profile::{Disk, Fault};
use crate::simulated::world::World;

/// The attributes that profiles may change: number, name, threshold, whether it predicts a failure.
const CHANGEABLE: [(u8, &str, u8, bool); 13] = [
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

/// The whole table, by number.
pub fn of(
    answer: &Map<String, Value>,
    world: &World,
    disk: &Disk,
    hours: u64,
    celsius: f64,
) -> Vec<Value> {
    let captured = answer
        .get("ata_smart_attributes")
        .and_then(|a| a.get("table"));
    let captured = captured
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let ours = |id: u64| CHANGEABLE.iter().any(|row| u64::from(row.0) == id);
    let id = |row: &Value| row["id"].as_u64().unwrap_or_default();
    // An SSD's own temperature row would contradict the profile's.
    let kept = captured
        .into_iter()
        .filter(|row| !ours(id(row)) && id(row) != 190);
    let spins = disk.kind.rotational();
    let applies = |row: &&(u8, &str, u8, bool)| match row.0 {
        10 => spins,
        177 => !spins,
        _ => true,
    };
    let changed = CHANGEABLE.iter().filter(applies);
    let changed = changed.map(|row| attribute(world, disk, *row, hours, celsius));
    let mut table: Vec<Value> = kept.chain(changed).collect();
    table.sort_by_key(id);
    table
}

fn attribute(
    world: &World,
    disk: &Disk,
    (id, name, threshold, prefailure): (u8, &str, u8, bool),
    hours: u64,
    celsius: f64,
) -> Value {
    let (usual, value) = match id {
        9 => (hours, 100),
        12 => (super::POWER_CYCLES, 100),
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
    let (raw, value) = changed.map_or((usual, value), |(raw, given)| (raw, given.unwrap_or(value)));
    let failed = threshold > 0 && value <= threshold;
    json!({
        "id": id, "name": name, "value": value, "worst": value, "thresh": threshold,
        "when_failed": if failed { "now" } else { "" },
        "flags": {
            "value": if prefailure { 51 } else { 50 },
            "string": if prefailure { "PO--CK " } else { "-O--CK " },
            "prefailure": prefailure, "updated_online": true, "performance": false,
            "error_rate": false, "event_count": true, "auto_keep": true,
        },
        "raw": {"value": raw, "string": raw.to_string()},
    })
}
