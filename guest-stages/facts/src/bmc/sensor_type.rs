//! Sensor types: what a sensor watches (IPMI 2.0, table 42-3).

use serde::Serialize;

/// A sensor type, by name and code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SensorType {
    /// The standard's code: 08h is a power supply. From C0h on it is the maker's own.
    pub code: Option<u8>,
    /// The name as printed: "Power Supply". Empty where only the code is known.
    pub name: String,
}

/// Names as ipmitool 1.8.11 to 1.8.19 prints them, with other spellings behind them.
const NAMES: [(u8, &str); 55] = [
    (0x01, "Temperature"),
    (0x02, "Voltage"),
    (0x03, "Current"),
    (0x04, "Fan"),
    (0x05, "Physical Security"),
    (0x06, "Platform Security"),
    (0x07, "Processor"),
    (0x08, "Power Supply"),
    (0x09, "Power Unit"),
    (0x0a, "Cooling Device"),
    (0x0b, "Other"),
    (0x0c, "Memory"),
    (0x0d, "Drive Slot / Bay"),
    (0x0e, "POST Memory Resize"),
    (0x0f, "System Firmwares"),
    (0x10, "Event Logging Disabled"),
    (0x11, "Watchdog1"),
    (0x12, "System Event"),
    (0x13, "Critical Interrupt"),
    (0x14, "Button"),
    (0x15, "Module / Board"),
    (0x16, "Microcontroller"),
    (0x17, "Add-in Card"),
    (0x18, "Chassis"),
    (0x19, "Chip Set"),
    (0x1a, "Other FRU"),
    (0x1b, "Cable / Interconnect"),
    (0x1c, "Terminator"),
    (0x1d, "System Boot Initiated"),
    (0x1e, "Boot Error"),
    (0x1f, "OS Boot"),
    (0x20, "OS Critical Stop"),
    (0x21, "Slot / Connector"),
    (0x22, "System ACPI Power State"),
    (0x23, "Watchdog2"),
    (0x24, "Platform Alert"),
    (0x25, "Entity Presence"),
    (0x26, "Monitor ASIC"),
    (0x27, "LAN"),
    (0x28, "Management Subsys Health"),
    (0x29, "Battery"),
    (0x2a, "Session Audit"),
    (0x2b, "Version Change"),
    (0x2c, "FRU State"),
    (0x05, "Physical Security (Chassis Intrusion)"),
    (0x06, "Platform Security Violation Attempt"),
    (0x0d, "Drive Slot"),
    (0x0d, "Drive Slot (Bay)"),
    (0x0f, "System Firmware Progress"),
    (0x0f, "System Firmware Error"),
    (0x0f, "System Firmware"),
    (0x11, "Watchdog 1"),
    (0x23, "Watchdog 2"),
    (0x28, "Management Subsystem Health"),
    (0x2b, "Module/Board Version Change"),
];

impl SensorType {
    /// By its name alone; the code where the name is a standard one.
    pub(super) fn named(name: &str) -> Self {
        SensorType {
            code: code(name),
            name: name.to_owned(),
        }
    }

    /// By its code alone.
    pub(super) fn coded(code: u8) -> Self {
        let name = NAMES.iter().find(|(c, _)| *c == code);
        SensorType {
            code: Some(code),
            name: name.map_or(String::new(), |(_, name)| (*name).to_owned()),
        }
    }

    /// Reads `Power Supply (0x08)`, `Unknown (0xC6) (0xc6)` or `Temperature`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let printed = text.rsplit_once("(0x").and_then(|(name, code)| {
            let code = u8::from_str_radix(code.trim_ascii_end().strip_suffix(')')?, 16).ok()?;
            Some((name.trim_ascii(), code))
        });
        match printed {
            Some((name, code)) => Some(SensorType {
                code: Some(code),
                name: name.to_owned(),
            }),
            None if text.is_empty() => None,
            None => Some(SensorType::named(text)),
        }
    }

    /// The type whose name begins a text, and what follows it: `Power Supply PS1 Status`.
    pub(super) fn beginning(text: &str) -> Option<(Self, &str)> {
        let mut found: Option<(u8, &str)> = None;
        for (code, name) in NAMES {
            if name.as_bytes().first() != text.as_bytes().first() {
                continue;
            }
            let begins = text
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
            if begins && found.is_none_or(|(_, other)| other.len() < name.len()) {
                found = Some((code, name));
            }
        }
        let (code, name) = match found {
            Some((code, name)) => (Some(code), name),
            None => (None, "Unknown"),
        };
        let rest = text.strip_prefix(name)?;
        let name = name.to_owned();
        Some((SensorType { code, name }, rest.trim_ascii()))
    }
}

fn code(name: &str) -> Option<u8> {
    let found = NAMES.iter().find(|(_, n)| n.eq_ignore_ascii_case(name));
    found.map(|(code, _)| *code)
}
