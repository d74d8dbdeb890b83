//! Tables of what a machine tells, for a person.

use comfy_table::{ContentArrangement, Table, presets::UTF8_BORDERS_ONLY};
use vetting_machine::check::Check;
use vetting_machine::contract::{disks, hwmon};
use vetting_machine::{Condition, Reply};

use super::machine::Shown;
use super::machine_facts;
use vetting_protocol::printable;

/// Whatever was shown, as text.
pub fn table(shown: &Shown) -> String {
    match shown {
        Shown::Counters(counters) => counters.table(),
        Shown::Inventory(inventory) => inventory.table(),
        Shown::Drives(drives) => machine_facts::drives_table(drives),
        Shown::Gpus(gpus) => gpus.table(),
        Shown::Log(log) => log.table(),
        Shown::Power(power) => power.table(),
        Shown::One(reply) => match &**reply {
            Reply::Hwmon(reading) => sensors(reading),
            Reply::Disks(list) => block_devices(list),
            other => format!("{other:?}\n"),
        },
    }
}

/// The answer of `vetting machine check`.
pub fn checks(checks: &[Check]) -> String {
    of(
        &["", "What", "Found", "To do", "For"],
        checks.iter().map(|check| {
            vec![
                if check.usable { "✓" } else { "✗" }.to_owned(),
                check.name.clone(),
                check.detail.clone(),
                check.remedy.clone(),
                check.needed_by.join(", "),
            ]
        }),
        "nothing to check",
    )
}

/// Conditions and their states.
pub fn conditions(conditions: &[Condition]) -> String {
    of(
        &["", "Condition", "Found"],
        conditions.iter().map(|condition| {
            vec![
                if condition.met { "✓" } else { "✗" }.to_owned(),
                condition.name.clone(),
                printable(&condition.found),
            ]
        }),
        "nothing was looked at",
    )
}

fn sensors(reading: &hwmon::Reading) -> String {
    let mut text = of(
        &[
            "Chip", "Device", "Sensor", "Value", "Unit", "Limits", "Alarms",
        ],
        reading.sensors.iter().map(|sensor| {
            let limits = &sensor.limits;
            let limit = |name: &str, value: Option<f64>| value.map(|v| format!("{name} {v}"));
            let limits = [
                limit("min", limits.min),
                limit("max", limits.max),
                limit("crit", limits.crit),
            ];
            let mut alarms = sensor.alarms.clone();
            if sensor.fault {
                alarms.push("fault".to_owned());
            }
            vec![
                sensor.chip.clone(),
                sensor.device.clone(),
                sensor.label.clone(),
                format!("{:.2}", sensor.value),
                unit(&sensor.kind).to_owned(),
                limits.into_iter().flatten().collect::<Vec<_>>().join(", "),
                alarms.join(", "),
            ]
        }),
        "no sensors",
    );
    for unreadable in &reading.unreadable {
        let (path, reason) = (printable(&unreadable.path), printable(&unreadable.reason));
        text.push_str(&format!("not read: {path}: {reason}\n"));
    }
    text
}

fn unit(kind: &hwmon::SensorKind) -> &'static str {
    use hwmon::SensorKind;
    match kind {
        SensorKind::Temperature => "°C",
        SensorKind::Fan => "1/min",
        SensorKind::Voltage => "V",
        SensorKind::Current => "A",
        SensorKind::Power => "W",
        SensorKind::Energy => "J",
        SensorKind::Humidity => "%",
        SensorKind::Other(_) => "",
    }
}

fn block_devices(list: &[disks::Disk]) -> String {
    of(
        &[
            "Disk",
            "Size",
            "Model",
            "Serial",
            "Transport",
            "In use",
            "Content",
        ],
        list.iter().map(|disk| {
            let used = disk.in_use.iter().map(|u| format!("{} {}", u.kind, u.by));
            let content = match &disk.content {
                disks::Content::Signatures(found) => {
                    let kinds = found.iter().map(|s| s.kind.clone());
                    kinds.collect::<Vec<_>>().join(", ")
                }
                disks::Content::NoneRecognised => "none recognised".to_owned(),
                disks::Content::Unreadable(reason) => format!("not read: {reason}"),
            };
            vec![
                disk.name.clone(),
                bytes(disk.size_bytes),
                disk.model.clone().unwrap_or_default(),
                disk.serial.clone().unwrap_or_default(),
                format!("{:?}", disk.transport).to_lowercase(),
                used.collect::<Vec<_>>().join(", "),
                content,
            ]
        }),
        "no disks",
    )
}

/// A size with a decimal unit, as disks are sold.
pub fn bytes(size: u64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut value = size as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A table, or a sentence where there are no rows. Texts of the machine are made printable.
pub fn of(header: &[&str], rows: impl Iterator<Item = Vec<String>>, none: &str) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header.iter().copied());
    let mut any = false;
    for row in rows {
        any = true;
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    if any {
        format!("{table}\n")
    } else {
        format!("{none}\n")
    }
}
