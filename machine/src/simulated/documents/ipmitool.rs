//! What ipmitool prints of a simulated machine's management controller: documents that were captured, with
//! the profile's values put in, and rows of sensors, events and units in the tool's own form.

use super::{Printed, document};
use crate::contract::bmc::Question;
use crate::contract::types::{Document, Error};
use crate::simulated::calendar;
use crate::simulated::price;
use crate::simulated::read::power;
use crate::simulated::world::{SECOND, World};
use crate::tools::ipmitool;

mod rows;
mod sensors;
mod units;

const MC_INFO: &str = include_str!("captured/ipmitool-mc-info.txt");
const SEL_INFO: &str = include_str!("captured/ipmitool-sel-info.txt");
const CHASSIS_STATUS: &str = include_str!("captured/ipmitool-chassis-status.txt");
const POWER_READING: &str = include_str!("captured/ipmitool-dcmi-power-reading.txt");
const LAN_PRINT: &str = include_str!("captured/ipmitool-lan-print.txt");
const SELF_TEST: &str = include_str!("captured/ipmitool-mc-selftest.txt");

/// Entries that the simulated event log has room for, as ipmitool's captured log has units.
const LOG_ENTRIES: usize = 512;

/// Bytes of one entry (IPMI 2.0, table 32-1).
const ENTRY_BYTES: usize = 16;

/// What the controller answers.
pub fn ask(world: &World, question: &Question) -> Result<Document, Error> {
    if world.profile.bmc.is_none() {
        return Err(Error::no_hardware("a management controller (BMC)"));
    }
    let args: Vec<String> = question
        .args()
        .iter()
        .map(|arg| (*arg).to_owned())
        .collect();
    let version = world.profile.tools.get("ipmitool");
    let version = format!(
        "ipmitool version {}",
        version.map_or("1.8.19", String::as_str)
    );
    let printed = Printed {
        stdout: text(world, question).into_bytes(),
        exit_status: 0,
    };
    let tool = ("ipmitool", "ipmitool");
    let target = question.name();
    let mut document = document(
        world,
        tool,
        &version,
        ipmitool::QUERY,
        target,
        &args,
        printed,
    )?;
    let took = price::controller(world, question).min(world.now);
    document.took_ns = took;
    document.begun_ns = world.now.saturating_sub(took);
    if *question == Question::EventLog && document.stdout.is_empty() && document.signal.is_none() {
        document.stderr_tail = "SEL has no entries\n".to_owned();
    }
    Ok(document)
}

fn text(world: &World, question: &Question) -> String {
    match question {
        Question::Sensors => listing(world),
        Question::Thresholds => sensors::of(world).iter().map(rows::table).collect(),
        Question::SensorRecords => sensors::of(world).iter().map(rows::record).collect(),
        Question::EventLog => event_log(world),
        Question::EventLogInfo => event_log_info(world),
        Question::Network => network(world),
        Question::Clock => format!("{}\n", now(world)),
        Question::Parts => units::print(world),
        Question::Controller => controller(world),
        Question::SelfTest => SELF_TEST.to_owned(),
        Question::Chassis => chassis(world),
        Question::PowerDraw => power_reading(world),
    }
}

/// A captured document of `name : value` lines with values replaced; `fields` name the lines by their
/// beginning. A line whose new value is empty is left out, as ipmitool does.
fn filled(captured: &str, fields: &[(&str, String)]) -> String {
    let line = |line: &str| {
        let field = fields
            .iter()
            .find(|(name, _)| line.trim_start().starts_with(name));
        match (field, line.find(": ")) {
            (Some((_, value)), _) if value.is_empty() => String::new(),
            (Some((_, value)), Some(colon)) => {
                format!("{}: {value}\n", line.get(..colon).unwrap_or_default())
            }
            _ => format!("{line}\n"),
        }
    };
    captured.lines().map(line).collect()
}

fn now(world: &World) -> String {
    time(
        world
            .profile
            .epoch_seconds
            .saturating_add(world.now / SECOND),
    )
}

fn time(seconds: u64) -> String {
    let (date, clock) = calendar::date_and_clock(seconds);
    format!("{date} {clock} UTC")
}

fn listing(world: &World) -> String {
    let mut text = rows::device("BMC", (7, 1), "Dynamic MC @ 20h", true);
    text.push_str(&units::listed(world));
    text.extend(sensors::of(world).iter().map(rows::listed));
    text
}

/// The captured port, with the profile's addresses.
fn network(world: &World) -> String {
    let bmc = world.profile.bmc.as_ref();
    let zeros = |value: Option<&String>, zeros: &str| {
        value.map_or_else(|| zeros.to_owned(), String::clone)
    };
    let address = zeros(bmc.and_then(|bmc| bmc.address.as_ref()), "0.0.0.0");
    let mac = zeros(bmc.and_then(|bmc| bmc.mac.as_ref()), "00:00:00:00:00:00");
    LAN_PRINT
        .replace("{address}", &address)
        .replace("{mac}", &mac)
}

fn event_log(world: &World) -> String {
    let row = |(index, entry): (usize, &crate::simulated::world::Logged)| {
        let (date, clock) = calendar::date_and_clock(entry.seconds);
        let (sensor, event) = (&entry.sensor, &entry.event);
        let id = index.saturating_add(1);
        format!("{id:4x} | {date} | {clock} UTC | {sensor} | {event} | Asserted\n")
    };
    world.event_log.iter().enumerate().map(row).collect()
}

fn event_log_info(world: &World) -> String {
    let entries = world.event_log.len();
    let free = LOG_ENTRIES.saturating_sub(entries);
    let last = world
        .event_log
        .last()
        .map_or_else(|| "Not Available".to_owned(), |entry| time(entry.seconds));
    let used = entries.saturating_mul(100) / LOG_ENTRIES;
    let fields = [
        ("Entries", entries.to_string()),
        (
            "Free Space",
            format!("{} bytes ", free.saturating_mul(ENTRY_BYTES)),
        ),
        ("Percent Used", format!("{}%", used.min(100))),
        ("Last Add Time", last),
        ("Last Del Time", "Not Available".to_owned()),
        ("Overflow", (free == 0).to_string()),
        ("# Free Units", free.to_string()),
        ("Largest Free Blk", free.to_string()),
    ];
    filled(SEL_INFO, &fields)
}

fn controller(world: &World) -> String {
    let bmc = world.profile.bmc.as_ref();
    let or_unknown = |text: Option<&String>| text.cloned().unwrap_or_else(|| "Unknown".to_owned());
    let fields = [
        (
            "Firmware Revision",
            or_unknown(bmc.and_then(|bmc| bmc.firmware.as_ref())),
        ),
        (
            "Manufacturer Name",
            or_unknown(bmc.and_then(|bmc| bmc.manufacturer.as_ref())),
        ),
    ];
    filled(MC_INFO, &fields)
}

fn chassis(world: &World) -> String {
    let fan_stands = world
        .profile
        .fans
        .iter()
        .any(|fan| !world.fan_turns(&fan.name));
    let fields = [
        ("Last Power Event", "command ".to_owned()),
        ("Cooling/Fan Fault", fan_stands.to_string()),
    ];
    filled(CHASSIS_STATUS, &fields)
}

fn power_reading(world: &World) -> String {
    let watts = power::drawn(world).round();
    let field = |watts: f64| format!("{watts:>21} Watts");
    let fields = [
        ("Instantaneous power reading", field(watts)),
        ("Minimum during sampling period", field(watts.min(162.0))),
        ("Maximum during sampling period", field(watts.max(276.0))),
        ("Average power reading", field(watts)),
    ];
    filled(POWER_READING, &fields).replace("03/11/25 17:10:01 UTC", &now(world))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ELIST: &str = include_str!("captured/ipmitool-sel-elist.txt");

    #[test]
    fn an_entry_of_the_log_is_printed_as_captured() {
        let mut world = World::new(
            crate::simulated::profile::builtin("healthy-server")
                .expect("it is built in")
                .into(),
            1,
        );
        world.profile = std::sync::Arc::new(crate::simulated::profile::Profile {
            epoch_seconds: 1_741_710_891,
            ..(*world.profile).clone()
        });
        world.event_log.clear();
        world.note("Event Logging Disabled #0xd1", "Log area reset/cleared ()");
        world.note("Power Supply PS2 Status", "Power Supply AC lost ()");
        let printed = event_log(&world);
        let row = |text: &str| text.lines().nth(1).unwrap_or_default().to_owned();
        assert_eq!(row(&printed), row(ELIST));
    }

    #[test]
    fn fields_are_replaced_and_the_rest_is_kept() {
        let filled = filled("A    : 1\n B   : 2 \nC\n", &[("B", "3 ".to_owned())]);
        assert_eq!(filled, "A    : 1\n B   : 3 \nC\n");
    }
}
