//! ipmitool's tables. They are made for people: columns are separated by bars, and what is not
//! there is `na`, `ns` or empty.

use super::{Fru, Sdr, states};
use crate::contract::inventory::Bmc;
use crate::contract::power::{Health, LogEntry, Redundancy, Sensor, Supply};

/// IPMI 2.0, table 43-13: entity 10 is a power supply.
const POWER_SUPPLY: &str = "10.";

/// `ipmitool sensor`: name, value, unit, state, and the six thresholds from the lower
/// non-recoverable one up. Discrete sensors are left out: their bits are not decoded here.
pub fn sensors(text: &str) -> Vec<Sensor> {
    let mut sensors = Vec::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [
            name,
            value,
            unit,
            state,
            _,
            low,
            low_warning,
            high_warning,
            high,
            ..,
        ] = columns[..]
        else {
            continue;
        };
        if name.is_empty() || unit == "discrete" {
            continue;
        }
        let (kind, unit) = match unit {
            "degrees C" => ("temperature", "Cel"),
            "Volts" => ("voltage", "V"),
            "RPM" => ("fan", "1/min"),
            "Watts" => ("power", "W"),
            "Amps" => ("current", "A"),
            "percent" => ("percentage", "%"),
            other => ("other", other),
        };
        sensors.push(Sensor {
            name: name.to_owned(),
            kind: kind.to_owned(),
            value: number(value),
            unit: unit.to_owned(),
            state: state.to_owned(),
            health: match state {
                "ok" => Health::Nominal,
                "nc" => Health::Warning,
                "cr" | "nr" => Health::Critical,
                _ => Health::Unknown,
            },
            lower_critical: number(low),
            lower_warning: number(low_warning),
            upper_warning: number(high_warning),
            upper_critical: number(high),
        });
    }
    sensors
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|n| n.is_finite())
}

/// A row of `ipmitool sdr elist`.
#[derive(Debug)]
pub struct Row {
    name: String,
    /// `ok`, `ns`, `nc`, `cr`, `nr`, `lnr`, …
    status: String,
    /// Entity and instance: `10.1`.
    entity: String,
    reading: String,
}

/// `ipmitool sdr elist all`: name, number, status, entity, reading.
pub fn rows(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, _, status, entity, reading, ..] = columns[..] else {
            return None;
        };
        (!name.is_empty()).then(|| Row {
            name: name.to_owned(),
            status: status.to_owned(),
            entity: entity.to_owned(),
            reading: reading.to_owned(),
        })
    };
    text.lines().filter_map(row).collect()
}

/// Sorts the discrete rows out. A row whose reading is a number is a threshold sensor.
pub fn sdr(rows: &[Row]) -> Sdr {
    let mut sdr = Sdr::default();
    for row in rows {
        let measured = row
            .reading
            .split_whitespace()
            .next()
            .and_then(number)
            .is_some();
        let unread = matches!(row.status.as_str(), "ns" | "na") || row.reading == "No Reading";
        let states = if unread {
            Vec::new()
        } else {
            states::split(&row.reading)
        };
        let health = states::worst(&states);
        if measured || row.reading.starts_with("Dynamic MC") || row.reading.starts_with("Static MC")
        {
            continue;
        } else if states
            .iter()
            .any(|s| s.to_ascii_lowercase().contains("redundan"))
        {
            let kind = redundancy_of(row).to_owned();
            sdr.redundancy.push(Redundancy {
                name: row.name.clone(),
                kind,
                states,
                health,
            });
        } else if is_supply(row, &states) {
            sdr.supplies.push(supply(row, unread, states, health));
        } else if !states.is_empty() {
            sdr.discrete.push(Sensor {
                name: row.name.clone(),
                kind: "discrete".into(),
                value: None,
                unit: String::new(),
                state: states.join(", "),
                health,
                lower_critical: None,
                lower_warning: None,
                upper_warning: None,
                upper_critical: None,
            });
        }
    }
    sdr
}

fn redundancy_of(row: &Row) -> &'static str {
    let name = row.name.to_ascii_lowercase();
    match () {
        () if name.contains("fan") => "fan",
        () if name.contains("cool") => "cooling",
        () if name.contains("mem") => "memory",
        () => "power",
    }
}

/// The status of a supply, by the words that only such a sensor uses, or by its name.
fn is_supply(row: &Row, states: &[String]) -> bool {
    let name = row.name.to_ascii_lowercase();
    let named = ["ps", "psu", "pwr supply", "power supply"]
        .iter()
        .any(|n| name.starts_with(n));
    let words = [
        "presence",
        "failure",
        "ac lost",
        "out-of-range",
        "config error",
        "inactive",
    ];
    let told = states.iter().any(|state| {
        let state = state.to_ascii_lowercase();
        words.iter().any(|word| state.contains(word))
    });
    let entity = row.entity.starts_with(POWER_SUPPLY);
    (entity || named) && (told || name.contains("status"))
}

fn supply(row: &Row, unread: bool, states: Vec<String>, health: Health) -> Supply {
    let instance = row
        .entity
        .strip_prefix(POWER_SUPPLY)
        .filter(|n| !n.is_empty());
    // Some boards call every supply's sensor `Status`.
    let name = match instance {
        Some(n) if !row.name.contains(|c: char| c.is_ascii_digit()) => {
            format!("PS{n} {}", row.name)
        }
        _ => row.name.clone(),
    };
    Supply {
        name,
        source: "ipmi".into(),
        // No bit set is an empty slot; no reading at all tells nothing.
        present: (!unread).then_some(!states.is_empty()),
        states,
        health,
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

/// `ipmitool sel elist`: number (hexadecimal), date, time, sensor, event, direction.
pub fn sel(text: &str) -> Vec<LogEntry> {
    let entry = |line: &str| {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [id, date, time, sensor, event, ref rest @ ..] = columns[..] else {
            return None;
        };
        let asserted = !rest
            .iter()
            .any(|word| word.eq_ignore_ascii_case("deasserted"));
        Some(LogEntry {
            id: u32::from_str_radix(id, 16).ok()?,
            time: format!("{date} {time}"),
            sensor: sensor.to_owned(),
            event: event.to_owned(),
            asserted,
            health: match asserted {
                true => states::worst(&states::split(event)),
                false => Health::Nominal,
            },
        })
    };
    text.lines().filter_map(entry).collect()
}

/// Lines of `Name : value`.
pub fn fields(text: &str) -> Vec<(String, String)> {
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let (name, value) = (name.trim(), value.trim());
        (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(field).collect()
}

/// `ipmitool fru print`: blocks, each begun by the unit's description.
pub fn fru(text: &str) -> Vec<Fru> {
    let mut units: Vec<Fru> = Vec::new();
    for (name, value) in fields(text) {
        if name == "FRU Device Description" {
            let name = value
                .split(" (ID")
                .next()
                .unwrap_or(&value)
                .trim()
                .to_owned();
            units.push(Fru {
                name,
                ..Fru::default()
            });
            continue;
        }
        let Some(unit) = units.last_mut() else {
            continue;
        };
        let place = match name.as_str() {
            "Product Manufacturer" | "Board Mfg" => &mut unit.manufacturer,
            "Product Name" | "Board Product" => &mut unit.product,
            "Product Part Number" | "Board Part Number" => &mut unit.part_number,
            "Product Serial" | "Board Serial" => &mut unit.serial,
            _ => continue,
        };
        // The product's fields come last and say more of the unit than its board's.
        if name.starts_with("Product") || place.is_none() {
            *place = Some(value);
        }
    }
    units
}

/// From `mc info` and `lan print`.
pub fn bmc(info: &[(String, String)], lan: &[(String, String)]) -> Bmc {
    let among = |fields: &[(String, String)], name: &str| {
        fields
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.clone())
    };
    let real = |value: &String| !value.starts_with("Unknown") && value != "0.0.0.0";
    Bmc {
        manufacturer: among(info, "Manufacturer Name").filter(real),
        firmware: among(info, "Firmware Revision"),
        address: among(lan, "IP Address").filter(real),
        mac: among(lan, "MAC Address").map(|mac| mac.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn threshold_sensors_with_their_limits() {
        let found = sensors(
            "CPU Temp  | 45.000 | degrees C | ok | 0.000 | 5.000 | 10.000 | 95.000 | 98.000 | 100.000\n\
             FAN1      | 0.000  | RPM       | cr | na | 300.000 | 500.000 | na | na | na\n\
             12V       | na     | Volts     | na | na | na | na | na | na | na\n\
             PS1 Status| 0x1    | discrete  | 0x0100| na | na | na | na | na | na\n\
             Error obtaining a reading\n",
        );
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].upper_critical, Some(98.0));
        assert_eq!(
            (found[0].lower_critical, found[0].lower_warning),
            (Some(5.0), Some(10.0))
        );
        assert_eq!(
            (found[1].kind.as_str(), &found[1].health),
            ("fan", &Health::Critical)
        );
        assert_eq!((found[2].value, &found[2].health), (None, &Health::Unknown));
    }

    #[test]
    fn supplies_and_redundancy_are_told_apart() {
        let rows = rows(
            "PS1 Status     | C8h | ok  | 10.1 | Presence detected\n\
             PS2 Status     | C9h | ok  | 10.2 | Presence detected, Power Supply AC lost\n\
             Status         | 85h | ok  | 10.3 | Presence detected\n\
             PS4 Status     | CAh | ok  | 10.4 | \n\
             PS Redundancy  | 77h | ok  |  7.1 | Redundancy Lost\n\
             Fan Redundancy | 75h | ok  |  7.1 | Fully Redundant\n\
             Intrusion      | 73h | ok  |  7.1 | General Chassis intrusion\n\
             FAN1           | 41h | ok  | 29.1 | 4200 RPM\n\
             PS1 Input Pwr  | 38h | ok  | 10.1 | 120 Watts\n\
             BMC            | 00h | ok  |  7.1 | Dynamic MC @ 20h\n\
             CPU2 Temp      | 02h | ns  |  3.2 | No Reading\n",
        );
        let sdr = sdr(&rows);
        let supplies: Vec<_> = sdr
            .supplies
            .iter()
            .map(|s| (s.name.as_str(), s.present, s.health.clone()))
            .collect();
        assert_eq!(
            supplies,
            [
                ("PS1 Status", Some(true), Health::Nominal),
                ("PS2 Status", Some(true), Health::Critical),
                ("PS3 Status", Some(true), Health::Nominal),
                ("PS4 Status", Some(false), Health::Unknown),
            ]
        );
        let redundancy: Vec<_> = sdr
            .redundancy
            .iter()
            .map(|r| (r.kind.as_str(), r.health.clone()))
            .collect();
        assert_eq!(
            redundancy,
            [("power", Health::Critical), ("fan", Health::Nominal)]
        );
        assert_eq!(sdr.discrete.len(), 1);
    }

    #[test]
    fn the_event_log_counts_in_hexadecimal() {
        let log = sel(
            "   1 | 04/05/2023 | 12:00:01 | Power Supply PS1 Status | Failure detected | Asserted\n\
             \x20  a | 04/05/2023 | 12:10:01 | Power Supply PS1 Status | Failure detected | Deasserted\n\
             \x20 1f | Pre-Init   |0000000012| Fan FAN1 | Lower Critical going low  | Asserted | Reading 0 < Threshold 300 RPM\n\
             nonsense\n",
        );
        let told: Vec<_> = log
            .iter()
            .map(|e| (e.id, e.asserted, e.health.clone()))
            .collect();
        assert_eq!(
            told,
            [
                (1, true, Health::Critical),
                (10, false, Health::Nominal),
                (31, true, Health::Critical)
            ]
        );
    }

    #[test]
    fn units_and_the_controller_itself() {
        let units = fru(
            "FRU Device Description : PS1 (ID 4)\n Board Mfg : DELTA\n Board Serial : B1\n \
             Product Name : DPS-750AB\n Product Serial : P1\n\nFRU Device Description : PS2 (ID 5)\n \
             Device not present (Requested sensor, data, or record not found)\n",
        );
        assert_eq!(units.len(), 2);
        assert_eq!(units[0].serial.as_deref(), Some("P1"));
        assert_eq!(units[0].manufacturer.as_deref(), Some("DELTA"));
        assert_eq!(
            units[1],
            Fru {
                name: "PS2".into(),
                ..Fru::default()
            }
        );

        let info = fields("Firmware Revision : 3.88\nManufacturer Name : Supermicro\n");
        let lan = fields("IP Address : 10.0.0.9\nMAC Address : AC:1F:6B:00:00:01\n");
        let bmc = bmc(&info, &lan);
        assert_eq!(bmc.firmware.as_deref(), Some("3.88"));
        assert_eq!(bmc.mac.as_deref(), Some("ac:1f:6b:00:00:01"));
    }

    proptest! {
        #[test]
        fn nothing_that_is_printed_panics(text in "([ -~|:,\n]|\\PC){0,300}") {
            let _any = (sensors(&text), sdr(&rows(&text)), sel(&text), fru(&text));
        }
    }
}
