//! Tables of what a machine tells, for a person.

use comfy_table::{ContentArrangement, Table, presets::UTF8_BORDERS_ONLY};
use vetting_machine::check::Check;
use vetting_machine::contract::inventory::Parts;
use vetting_machine::contract::{counters, disks, gpu, hwmon, power};
use vetting_machine::{Condition, Reply};

use super::machine::Shown;
use super::machine_facts;
use vetting_protocol::printable;

/// Whatever was shown, as text.
pub fn table(shown: &Shown) -> String {
    match shown {
        Shown::Drives(drives) => machine_facts::drives_table(drives),
        Shown::Log(log) => log.table(),
        Shown::One(reply) => match &**reply {
            Reply::Hwmon(reading) => sensors(reading),
            Reply::Inventory(parts) => inventory(parts),
            Reply::Disks(list) => block_devices(list),
            Reply::GpuReading(reading) => gpus(reading),
            Reply::Power(reading) => supplies(reading),
            Reply::Counters(reading) => totals(reading),
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

fn inventory(parts: &Parts) -> String {
    let mut rows = Vec::new();
    let system = &parts.system;
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    rows.push(vec![
        "system".to_owned(),
        format!(
            "{} {}",
            or_dash(&system.manufacturer),
            or_dash(&system.product)
        ),
        format!(
            "serial {}, kernel {}",
            or_dash(&system.serial),
            system.kernel
        ),
    ]);
    if let Some(hypervisor) = &system.hypervisor {
        rows.push(vec![
            "hypervisor".to_owned(),
            hypervisor.clone(),
            String::new(),
        ]);
    }
    for cpu in &parts.cpus {
        rows.push(vec![
            format!("cpu {}", cpu.socket),
            cpu.model.clone(),
            format!("{} cores, {} threads", cpu.cores, cpu.threads),
        ]);
    }
    let memory = &parts.memory;
    rows.push(vec![
        "memory".to_owned(),
        bytes(memory.visible_bytes),
        memory
            .installed_bytes
            .map_or(String::new(), |i| format!("{} installed", bytes(i))),
    ]);
    for module in memory.modules.iter().filter(|m| m.size_bytes > 0) {
        rows.push(vec![
            module.locator.clone(),
            format!("{} {}", bytes(module.size_bytes), or_dash(&module.kind)),
            format!(
                "{} serial {}",
                or_dash(&module.part_number),
                or_dash(&module.serial)
            ),
        ]);
    }
    for disk in &parts.disks {
        rows.push(vec![
            format!("disk {}", disk.name),
            format!("{} {}", bytes(disk.size_bytes), or_dash(&disk.model)),
            format!("{}, serial {}", disk.transport, or_dash(&disk.serial)),
        ]);
    }
    for nic in &parts.nics {
        let speed = nic
            .speed_mbps
            .map_or("–".to_owned(), |s| format!("{s} Mbit/s"));
        rows.push(vec![
            format!("nic {}", nic.name),
            format!("{} {speed}", or_dash(&nic.driver)),
            format!("{}, carrier {}", nic.mac, nic.carrier),
        ]);
    }
    for gpu in &parts.gpus {
        rows.push(vec![
            format!("gpu {}", gpu.pci_address),
            or_dash(&gpu.model),
            format!("{}:{}", gpu.vendor_id, gpu.device_id),
        ]);
    }
    let mut text = of(&["Part", "What", "Details"], rows.into_iter(), "nothing");
    for gap in &parts.gaps {
        text.push_str(&format!("not read: {}\n", printable(gap)));
    }
    text
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

fn gpus(reading: &gpu::Reading) -> String {
    let asked = reading.devices.iter().map(|device| {
        vec![
            device.pci_address.clone(),
            device.model.clone(),
            device.driver.clone().unwrap_or_default(),
            device
                .temperature
                .map_or(String::new(), |t| format!("{t:.0}")),
            device.power.map_or(String::new(), |w| format!("{w:.0}")),
            String::new(),
        ]
    });
    let silent = reading.silent.iter().map(|silent| {
        let mut row = vec![String::new(); 6];
        row[0] = silent.pci_address.clone();
        row[1] = silent.model.clone();
        row[5] = silent.reason.clone();
        row
    });
    of(
        &["PCI", "Model", "Driver", "°C", "W", "Remarks"],
        asked.chain(silent),
        "no GPUs",
    )
}

fn supplies(reading: &power::Reading) -> String {
    let mut text = of(
        &["Supply", "Source", "Health", "States", "W in"],
        reading.supplies.iter().map(|supply| {
            vec![
                supply.name.clone(),
                supply.source.clone(),
                format!("{:?}", supply.health).to_lowercase(),
                supply.states.join(", "),
                supply
                    .input_watts
                    .map_or(String::new(), |w| format!("{w:.0}")),
            ]
        }),
        "no power supplies",
    );
    for source in &reading.sources {
        let mark = if source.available { "✓" } else { "✗" };
        let (name, detail) = (printable(&source.name), printable(&source.detail));
        text.push_str(&format!("{mark} {name}: {detail}\n"));
    }
    text
}

fn totals(reading: &counters::Reading) -> String {
    let nics = reading.nics.iter().map(|nic| {
        vec![
            format!("nic {}", nic.name),
            format!("{} in, {} out", bytes(nic.rx_bytes), bytes(nic.tx_bytes)),
            format!(
                "{} receive errors, {} CRC, carrier changed {} times",
                nic.rx_errors, nic.rx_crc_errors, nic.carrier_changes
            ),
        ]
    });
    let dimms = reading.memory.dimms.iter().map(|dimm| {
        vec![
            format!("dimm {}", dimm.label),
            dimm.location.clone(),
            format!(
                "{} corrected, {} uncorrected",
                dimm.corrected, dimm.uncorrected
            ),
        ]
    });
    let pcie = reading.pcie.iter().map(|function| {
        vec![
            format!("pci {}", function.address),
            String::new(),
            format!(
                "{} correctable, {} non-fatal, {} fatal",
                function.correctable, function.nonfatal, function.fatal
            ),
        ]
    });
    let cpus = reading.cpus.iter().map(|cpu| {
        vec![
            format!("cpu {}", cpu.cpu),
            cpu.current_mhz
                .map_or(String::new(), |mhz| format!("{mhz:.0} MHz")),
            cpu.package_throttle_ms
                .map_or(String::new(), |ms| format!("package throttled for {ms} ms")),
        ]
    });
    of(
        &["Part", "Now", "Totals"],
        cpus.chain(dimms).chain(pcie).chain(nics),
        "no counters",
    )
}

/// A size with a decimal unit, as disks are sold.
fn bytes(size: u64) -> String {
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
