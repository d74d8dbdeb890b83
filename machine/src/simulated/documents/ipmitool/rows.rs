//! The rows that ipmitool 1.8.19 prints of sensors, in its three listings.

use super::sensors::{Level, Reads, Sensor};

/// A row of `sdr elist all`.
pub fn listed(sensor: &Sensor) -> String {
    let status = match sensor.level() {
        Level::Ok => "ok",
        Level::NonCritical { lower: true } => "lnc",
        Level::NonCritical { lower: false } => "unc",
        Level::Critical { lower: true } => "lcr",
        Level::Critical { lower: false } => "ucr",
    };
    let reading = match &sensor.reads {
        Reads::Value { value, unit, .. } => format!("{} {unit}", short(*value)),
        Reads::States(states) => {
            let words: Vec<&str> = states.iter().map(|(_, words)| *words).collect();
            words.join(", ")
        }
    };
    let (name, number) = (&sensor.name, sensor.number);
    let (id, instance) = sensor.entity;
    format!("{name:<16} | {number:02X}h | {status:<3} | {id:2}.{instance} | {reading}\n")
}

/// The row of a record that is not a sensor's: a controller, which is `there`, or a unit with data of its
/// own.
pub fn device(name: &str, (id, instance): (u8, u8), what: &str, there: bool) -> String {
    let status = if there { "ok" } else { "ns" };
    format!("{name:<16} | 00h | {status:<3} | {id:2}.{instance} | {what}\n")
}

/// A value as the listing prints it: two digits behind the point, or none where it is whole.
fn short(value: f64) -> String {
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

/// A row of `sensor`.
pub fn table(sensor: &Sensor) -> String {
    let name = &sensor.name;
    let number = |value: Option<f64>| value.map_or("na".to_owned(), |value| format!("{value:.3}"));
    let (value, unit, state, limits) = match &sensor.reads {
        Reads::Value {
            value,
            unit,
            lower,
            upper,
        } => {
            let state = match sensor.level() {
                Level::Ok => "ok",
                Level::NonCritical { .. } => "nc",
                Level::Critical { .. } => "cr",
            };
            let limits = [
                None,
                lower.map(|lower| lower.0),
                lower.map(|lower| lower.1),
                upper.map(|upper| upper.0),
                upper.map(|upper| upper.1),
                None,
            ];
            (number(Some(*value)), *unit, state.to_owned(), limits)
        }
        Reads::States(states) => {
            let bits = states.iter().fold(0_u16, |bits, (bit, _)| {
                bits | 1_u16.checked_shl(u32::from(*bit)).unwrap_or(0)
            });
            let [high, low] = (bits | 0x8000).to_be_bytes();
            let state = format!("0x{low:02x}{high:02x}");
            (format!("0x{low:x}"), "discrete", state, [None; 6])
        }
    };
    let mut row = format!("{name:<16} | {value:<10} | {unit:<10} | {state:<6}");
    for limit in limits {
        row.push_str(&format!("| {:<10}", number(limit)));
    }
    row.push('\n');
    row
}

/// The block of one sensor in `-v sdr elist all`.
pub fn record(sensor: &Sensor) -> String {
    let (name, number) = (&sensor.name, sensor.number);
    let (id, instance) = sensor.entity;
    let (kind, code) = sensor.kind;
    let mut block = format!(
        "Sensor ID              : {name} (0x{number:x})\n Entity ID             : {id}.{instance} ({})\n",
        entity(id)
    );
    match &sensor.reads {
        Reads::Value {
            value,
            unit,
            lower,
            upper,
        } => {
            let status = match sensor.level() {
                Level::Ok => "ok",
                Level::NonCritical { lower: true } => "Lower Non-Critical",
                Level::NonCritical { lower: false } => "Upper Non-Critical",
                Level::Critical { lower: true } => "Lower Critical",
                Level::Critical { lower: false } => "Upper Critical",
            };
            block.push_str(&format!(
                " Sensor Type (Threshold)  : {kind} (0x{code:02x})\n \
                 Sensor Reading        : {} (+/- 0) {unit}\n Status                : {status}\n",
                short(*value)
            ));
            let limits = [
                ("Upper critical        ", upper.map(|upper| upper.1)),
                ("Upper non-critical    ", upper.map(|upper| upper.0)),
                ("Lower critical        ", lower.map(|lower| lower.0)),
                ("Lower non-critical    ", lower.map(|lower| lower.1)),
            ];
            for (name, limit) in limits {
                if let Some(limit) = limit {
                    block.push_str(&format!(" {name}: {limit:.3}\n"));
                }
            }
        }
        Reads::States(states) => {
            block.push_str(&format!(
                " Sensor Type (Discrete): {kind} (0x{code:02x})\n \
                 Sensor Reading        : 0h\n Event Message Control : Per-threshold\n"
            ));
            if !states.is_empty() {
                block.push_str(&format!(" States Asserted       : {kind}\n"));
            }
            for (_, words) in states {
                block.push_str(&format!("                         [{words}]\n"));
            }
        }
    }
    block.push('\n');
    block
}

/// The names of the parts that simulated sensors belong to, as ipmitool prints them.
fn entity(id: u8) -> &'static str {
    match id {
        3 => "Processor",
        7 => "System Board",
        10 => "Power Supply",
        29 => "Fan Device",
        _ => "Air Inlet",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELIST: &str = include_str!("../captured/ipmitool-sdr-elist-all.txt");
    const TABLE: &str = include_str!("../captured/ipmitool-sensor.txt");
    const RECORDS: &str = include_str!("../captured/ipmitool-sdr-elist-all-v.txt");

    fn value(name: &str, number: u8, entity: (u8, u8), value: f64, unit: &'static str) -> Sensor {
        Sensor {
            name: name.to_owned(),
            number,
            entity,
            kind: ("Voltage", 2),
            reads: Reads::Value {
                value,
                unit,
                lower: None,
                upper: None,
            },
        }
    }

    fn supply() -> Sensor {
        Sensor {
            kind: ("Power Supply", 8),
            reads: Reads::States(vec![
                (0, "Presence detected"),
                (1, "Failure detected"),
                (3, "Power Supply AC lost"),
            ]),
            ..value("PS2 Status", 0xc9, (10, 2), 0.0, "")
        }
    }

    #[test]
    fn rows_are_printed_as_captured() {
        let listing = [
            value("CPU1 Temp", 1, (3, 1), 43.0, "degrees C"),
            value("12V", 0x30, (7, 17), 11.907, "Volts"),
            supply(),
        ];
        for sensor in &listing {
            assert!(ELIST.contains(&listed(sensor)), "{}", listed(sensor));
        }
        let current = table(&value("12V", 0x30, (7, 17), 11.907, "Volts"));
        let whole = TABLE
            .lines()
            .find(|line| line.starts_with("12V "))
            .expect("a rail");
        // The captured rail has limits.
        assert_eq!(current.get(..52), whole.get(..52));
        assert_eq!(current.trim_end().len(), whole.trim_end().len() - 4);
        let status = Sensor {
            name: "PS1 Status".to_owned(),
            reads: Reads::States(vec![(0, "Presence detected")]),
            ..supply()
        };
        assert!(
            TABLE.contains(table(&status).trim_end()),
            "{}",
            table(&status)
        );
    }

    #[test]
    fn blocks_begin_as_captured() {
        let printed = record(&supply());
        let begin = RECORDS
            .find("Sensor ID              : PS2 Status")
            .expect("a supply");
        assert!(
            RECORDS
                .get(begin..)
                .is_some_and(|rest| rest.starts_with(printed.trim_end()))
        );
        let fan = Sensor {
            kind: ("Temperature", 1),
            ..value("CPU1 Temp", 1, (3, 1), 43.0, "degrees C")
        };
        assert!(
            RECORDS.starts_with(record(&fan).trim_end()),
            "{}",
            record(&fan)
        );
    }
}
