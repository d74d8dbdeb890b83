//! Power supplies and rails, merged from the management controller (ipmitool), hwmon (PMBus
//! supplies and power meters) and the kernel's `power_supply` class.

use std::collections::BTreeMap;

use super::root::{Root, natural};
use super::{hwmon, inventory};
use crate::contract::hwmon::{Sensor as HwmonSensor, SensorKind};
use crate::contract::power::{Health, LogEntry, Reading, Source, Supply};
use crate::contract::types::{Error, Missing, MissingKind};
use crate::tools::{Toolbox, ipmitool};

const CLASS: &str = "sys/class/power_supply";

/// What the kernel itself tells.
pub fn kernel(root: &Root) -> Reading {
    let sensors = hwmon::read(root).sensors;
    let (measured, metered) = from_hwmon(&sensors);
    let listed = power_supplies(root);
    let source = |name: &str, count: usize, without: &str| Source {
        name: name.into(),
        available: count > 0,
        detail: match count {
            0 => without.to_owned(),
            count => format!("{count} found"),
        },
    };
    Reading {
        sources: vec![
            source(
                "hwmon",
                measured.len() + metered.len(),
                "no chip measures a power supply; where the board has PMBus supplies, load the driver pmbus",
            ),
            source(
                "power_supply",
                listed.len(),
                "the kernel lists none, as is usual for a server",
            ),
        ],
        total_watts: metered.into_iter().reduce(f64::max),
        supplies: [measured, listed].concat(),
        ..Reading::default()
    }
}

/// Whether the machine has a battery of its own.
pub fn has_battery(root: &Root) -> bool {
    let batteries = root
        .list(CLASS)
        .into_iter()
        .map(|name| format!("{CLASS}/{name}"));
    let value = |folder: &str, file: &str| root.value(&format!("{folder}/{file}"));
    batteries.into_iter().any(|folder| {
        value(&folder, "type").as_deref() == Some("Battery")
            && value(&folder, "scope").as_deref() != Some("Device")
    })
}

/// Power supplies with both an input and an output side, and what power meters show.
fn from_hwmon(sensors: &[HwmonSensor]) -> (Vec<Supply>, Vec<f64>) {
    let mut chips: BTreeMap<(&str, &str), Vec<&HwmonSensor>> = BTreeMap::new();
    for sensor in sensors {
        chips
            .entry((&sensor.chip, &sensor.device))
            .or_default()
            .push(sensor);
    }
    let mut supplies = Vec::new();
    let mut meters = Vec::new();
    for ((chip, device), sensors) in chips {
        let labelled = |label: &str| sensors.iter().find(|s| s.label == label).map(|s| s.value);
        let watts = sensors
            .iter()
            .filter(|s| s.kind == SensorKind::Power)
            .map(|s| s.value);
        if chip == "power_meter" {
            meters.extend(watts);
        } else if labelled("vin").is_some() && labelled("pin").is_some() {
            // The labels are those of drivers/hwmon/pmbus/pmbus_core.c.
            let alarmed = sensors
                .iter()
                .flat_map(|s| s.alarms.iter().map(|alarm| format!("{} {alarm}", s.label)));
            let faults = sensors
                .iter()
                .filter(|s| s.fault)
                .map(|s| format!("{} fault", s.label));
            let states: Vec<String> = alarmed.chain(faults).collect();
            let critical = states
                .iter()
                .any(|s| s.contains("crit") || s.ends_with("fault"));
            supplies.push(Supply {
                name: format!("{chip} {device}"),
                present: Some(true),
                health: match states.is_empty() {
                    true => Health::Nominal,
                    false if critical => Health::Critical,
                    false => Health::Warning,
                },
                states,
                input_watts: labelled("pin"),
                output_watts: labelled("pout1").or_else(|| labelled("pout")),
                input_volts: labelled("vin"),
                ..supply("hwmon")
            });
        }
    }
    (supplies, meters)
}

fn supply(source: &str) -> Supply {
    Supply {
        name: String::new(),
        source: source.into(),
        present: None,
        states: Vec::new(),
        health: Health::Unknown,
        input_watts: None,
        output_watts: None,
        input_volts: None,
        rated_watts: None,
        model: None,
        serial: None,
        portable: false,
        extra: Vec::new(),
    }
}

/// Batteries and adapters (ABI/testing/sysfs-class-power). Those of a mouse or a keyboard
/// (`scope` is `Device`) power no machine.
fn power_supplies(root: &Root) -> Vec<Supply> {
    let names = root.list(CLASS).into_iter();
    let one = |name: String| {
        let value = |file: &str| root.value(&format!("{CLASS}/{name}/{file}"));
        let micro = |file: &str| {
            value(file)?
                .parse::<f64>()
                .ok()
                .filter(|n| n.is_finite())
                .map(|n| n / 1e6)
        };
        if value("scope").as_deref() == Some("Device") {
            return None;
        }
        let kind = value("type")?;
        let flag = |file: &str| value(file).map(|text| text != "0");
        let health = value("health");
        let online = flag("online").map(|on| if on { "online" } else { "offline" }.to_owned());
        let states = [value("status"), health.clone(), online]
            .into_iter()
            .flatten()
            .collect();
        Some(Supply {
            present: flag("present").or_else(|| flag("online")),
            states,
            health: match health.as_deref() {
                Some("Good") => Health::Nominal,
                Some("Dead" | "Unspecified failure" | "Over voltage" | "Overheat") => {
                    Health::Critical
                }
                Some("Unknown") | None => Health::Unknown,
                Some(_) => Health::Warning,
            },
            input_volts: micro("voltage_now"),
            output_watts: micro("power_now"),
            model: value("model_name"),
            serial: value("serial_number"),
            portable: matches!(kind.as_str(), "Battery" | "Mains" | "USB" | "Wireless"),
            name,
            ..supply("power_supply")
        })
    };
    names.filter_map(one).collect()
}

/// Why the management controller cannot be asked; `None` when it can be tried.
pub fn no_controller(root: &Root, tools: &Toolbox, own_tools: bool) -> Option<Missing> {
    let device =
        root.exists("dev/ipmi0") || root.exists("dev/ipmi/0") || root.exists("dev/ipmidev/0");
    if (device && root.is_here()) || own_tools && tools.is_first("ipmitool") {
        return None;
    }
    Some(match inventory::names_bmc(root) || device {
        true => Missing {
            kind: MissingKind::Driver,
            what: "/dev/ipmi0".into(),
            remedy: "modprobe ipmi_si ipmi_devintf".into(),
        },
        false => Missing {
            kind: MissingKind::Hardware,
            what: "a management controller (BMC)".into(),
            remedy: String::new(),
        },
    })
}

/// Adds what the management controller tells to what the kernel tells.
pub async fn with_controller(
    mut reading: Reading,
    missing: Option<Missing>,
    tools: &Toolbox,
) -> Reading {
    let detail = match missing {
        Some(missing) => Err(Error::Unavailable(missing)),
        None => ask(&mut reading, tools).await,
    };
    let source = match detail {
        Ok(detail) => Source {
            name: "ipmi".into(),
            available: true,
            detail,
        },
        Err(error) => Source {
            name: "ipmi".into(),
            available: false,
            detail: error.to_string(),
        },
    };
    reading.sources.insert(0, source);
    reading.supplies.sort_by(|a, b| natural(&a.name, &b.name));
    reading
}

async fn ask(reading: &mut Reading, tools: &Toolbox) -> Result<String, Error> {
    let sensors = ipmitool::sensors(tools).await?;
    let mut trouble = Vec::new();
    let watts = sensors
        .iter()
        .filter(|s| s.kind == "power" && s.value.is_some());
    let system = watts.clone().find(|s| {
        let name = s.name.to_ascii_lowercase();
        [
            "pwr consumption",
            "system power",
            "total_power",
            "total power",
            "power meter",
            "sys_power",
            "sys power",
        ]
        .iter()
        .any(|n| name.contains(n))
    });
    if let Some(watts) = system.and_then(|s| s.value) {
        reading.total_watts = Some(watts);
    }
    let count = sensors.len();
    reading.sensors = sensors;
    match ipmitool::sdr(tools).await {
        Ok(sdr) => {
            reading.redundancy = sdr.redundancy;
            let known: Vec<String> = reading.sensors.iter().map(|s| s.name.clone()).collect();
            let new = sdr
                .discrete
                .into_iter()
                .filter(|s| !known.contains(&s.name));
            reading.sensors.extend(new);
            let mut supplies = sdr.supplies;
            match ipmitool::fru(tools).await {
                Ok(units) => name_units(&mut supplies, &units),
                Err(error) => trouble.push(format!("fru: {error}")),
            }
            reading.supplies.extend(supplies);
        }
        Err(error) => trouble.push(format!("sdr: {error}")),
    }
    Ok(match trouble.is_empty() {
        true => format!("{count} sensors"),
        false => format!("{count} sensors; {}", trouble.join("; ")),
    })
}

/// Gives power supplies their model and serial number, by the number in their names: `PS1 Status`
/// is the unit `PS1` or `Pwr Supply 1 FRU`.
fn name_units(supplies: &mut [Supply], units: &[ipmitool::Fru]) {
    let number = |name: &str| -> Option<String> {
        let from = name.find(|c: char| c.is_ascii_digit())?;
        let digits: String = name
            .get(from..)?
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        Some(digits)
    };
    let is_supply = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("ps")
            || name.contains("psu")
            || name.contains("pwr supply")
            || name.contains("power supply")
    };
    for supply in supplies {
        let wanted = number(&supply.name);
        let unit = units
            .iter()
            .find(|u| is_supply(&u.name) && wanted.is_some() && number(&u.name) == wanted);
        if let Some(unit) = unit {
            supply.model = supply
                .model
                .take()
                .or_else(|| unit.product.clone().or_else(|| unit.part_number.clone()));
            supply.serial = supply.serial.take().or_else(|| unit.serial.clone());
        }
    }
}

/// The management controller's event log.
pub async fn event_log(missing: Option<Missing>, tools: &Toolbox) -> Result<Vec<LogEntry>, Error> {
    match missing {
        Some(missing) => Err(Error::Unavailable(missing)),
        None => ipmitool::sel(tools).await,
    }
}
