//! Machines as makers' controllers describe them, healthy ones and sick ones.

use vetting_facts::bmc;
use vetting_stage::{Finding, Findings, Verdict};

use super::*;

/// What `sdr elist all` and `sensor` print, in the first reading and in the second.
struct Machine<'a> {
    listing: [&'a str; 2],
    table: [&'a str; 2],
    units: &'a str,
}

impl<'a> Machine<'a> {
    fn still(listing: &'a str, table: &'a str) -> Self {
        Machine {
            listing: [listing, listing],
            table: [table, table],
            units: "",
        }
    }

    fn judge(&self, p: &Parameters) -> (Verdict, Vec<(Finding, String, String)>) {
        let reading = |at: usize| {
            let listing = bmc::from_elist(self.listing[at].as_bytes()).unwrap_or_default();
            let table = bmc::sensor_table(self.table[at].as_bytes()).unwrap_or_default();
            bmc::joined(listing, &table)
        };
        let units = bmc::frus(self.units.as_bytes()).unwrap_or_default();
        let read = Readings::of(reading(0), Some(reading(1)), &units);
        let mut findings = Findings::new();
        let (there, _) = read.judge(p, &mut findings);
        supplies::count(there, &read.supplies[1], p, &mut findings);
        let said = findings.diagnoses().iter().map(|d| {
            let place = d
                .part
                .as_ref()
                .map_or(String::new(), |part| part.location.clone());
            (d.finding.clone(), place, d.message.clone())
        });
        let said = said.collect();
        (findings.outcome("").verdict, said)
    }
}

fn expecting(supplies: u64) -> Parameters {
    Parameters {
        expected_supplies: Some(supplies),
        ..Parameters::default()
    }
}

const GOOD: &str = "\
Inlet Temp       | 04h | ok  |  7.1 | 24 degrees C
PS1 Status       | 62h | ok  | 10.1 | Presence detected
PS2 Status       | 63h | ok  | 10.2 | Presence detected
PS Redundancy    | 77h | ok  |  7.1 | Fully Redundant
Drive 0          | A0h | ok  |  4.1 | Drive Present
Fan1             | 30h | ok  |  7.1 | 6600 RPM
Fan2             | 31h | ok  |  7.1 | 6480 RPM
Fan3             | 32h | ok  |  7.1 | 6600 RPM
";

const TABLE: &str = "\
Inlet Temp       | 24.000     | degrees C  | ok    | na        | -7.000    | 3.000     | 38.000    | 42.000    | na        \n\
Fan1             | 6600.000   | RPM        | ok    | na        | 360.000   | 600.000   | na        | na        | na        \n\
Fan2             | 6480.000   | RPM        | ok    | na        | 360.000   | 600.000   | na        | na        | na        \n\
Fan3             | 6600.000   | RPM        | ok    | na        | 360.000   | 600.000   | na        | na        | na        \n\
P12V             | 12.060     | Volts      | ok    | na        | na        | na        | na        | na        | na        \n";

#[test]
fn a_good_machine_is_quiet() {
    let (verdict, said) = Machine::still(GOOD, TABLE).judge(&expecting(2));
    assert_eq!((verdict, said.len()), (Verdict::Pass, 0));
}

#[test]
fn a_lost_supply_fails_by_its_name() {
    let lost = GOOD.replace(
        "10.2 | Presence detected",
        "10.2 | Presence detected, Power Supply AC lost",
    );
    let (verdict, said) = Machine::still(&lost, TABLE).judge(&Parameters::default());
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!((said.len(), said[0].1.as_str()), (1, "PS2 Status"));
}

#[test]
fn a_supply_that_flickers_is_a_remark() {
    let lost = GOOD.replace(
        "10.2 | Presence detected",
        "10.2 | Presence detected, Power Supply AC lost",
    );
    let machine = Machine {
        listing: [&lost, GOOD],
        ..Machine::still(GOOD, TABLE)
    };
    let (verdict, said) = machine.judge(&Parameters::default());
    assert_eq!((verdict, said.len()), (Verdict::Pass, 1));
    assert!(said[0].2.contains("first of two readings"), "{said:?}");
}

#[test]
fn a_bay_without_a_supply_counts_as_empty() {
    let pulled = GOOD.replace("ok  | 10.2 | Presence detected", "ns  | 10.2 | No Reading");
    let (verdict, said) = Machine::still(&pulled, TABLE).judge(&expecting(2));
    assert_eq!(verdict, Verdict::Fail);
    assert!(
        said[0].2.contains("1 of 2") && said[0].2.contains("PS2 Status"),
        "{said:?}"
    );
    assert_eq!(
        Machine::still(&pulled, TABLE).judge(&expecting(1)).0,
        Verdict::Pass
    );
    let gone = Machine {
        listing: [GOOD, &pulled],
        ..Machine::still(GOOD, TABLE)
    };
    assert_eq!(gone.judge(&Parameters::default()).0, Verdict::Fail);
}

#[test]
fn no_supply_that_reports_its_state_is_a_gap() {
    let silent = GOOD
        .replace("ok  | 10.1 | Presence detected", "ns  | 10.1 | No Reading")
        .replace("ok  | 10.2 | Presence detected", "ns  | 10.2 | No Reading");
    let (verdict, _) = Machine::still(&silent, TABLE).judge(&Parameters::default());
    assert!(matches!(verdict, Verdict::Inconclusive(_)));
}

#[test]
fn redundancy_of_supplies_is_not_judged_where_one_is_expected_and_that_of_other_parts_is() {
    let lost = GOOD.replace("Fully Redundant", "Redundancy Lost");
    assert_eq!(
        Machine::still(&lost, TABLE).judge(&Parameters::default()).0,
        Verdict::Fail
    );
    let one = "Status           | 85h | ok  | 10.1 | Presence detected\n\
               PS Redundancy    | 77h | ok  |  7.1 | Redundancy Lost\n";
    assert_eq!(
        Machine::still(one, TABLE).judge(&expecting(1)).0,
        Verdict::Pass
    );
    let cards = format!("{one}SD Redundancy    | D2h | ok  | 11.1 | Redundancy Lost\n");
    let (verdict, said) = Machine::still(&cards, TABLE).judge(&expecting(1));
    assert_eq!(
        (verdict, said[0].1.as_str()),
        (Verdict::Fail, "SD Redundancy")
    );
}

#[test]
fn a_supply_that_rests_while_the_others_are_redundant_is_well() {
    let rests = GOOD.replace(
        "10.2 | Presence detected",
        "10.2 | Presence detected, Power Supply Inactive",
    );
    assert_eq!(
        Machine::still(&rests, TABLE).judge(&expecting(2)).1.len(),
        0
    );
}

#[test]
fn a_supply_that_hardly_gives_anything_is_a_remark() {
    let loaded = format!(
        "{GOOD}PS1 Out          | 90h | ok  | 10.1 | 696 Watts\nPS2 Out          | 91h | ok  | 10.2 | 4 Watts\n"
    );
    let (verdict, said) = Machine::still(&loaded, TABLE).judge(&Parameters::default());
    assert_eq!((verdict, said[0].1.as_str()), (Verdict::Pass, "PS2 Status"));
    let idle = loaded.replace("696 Watts", "60 Watts");
    assert_eq!(
        Machine::still(&idle, TABLE)
            .judge(&Parameters::default())
            .1
            .len(),
        0
    );
}

#[test]
fn of_two_sensors_with_one_name_the_part_is_named() {
    let listing = "Temp             | 0Eh | ok  |  3.1 | 45 degrees C\n\
                   Temp             | 0Fh | ucr |  3.2 | 99 degrees C\n\
                   Status           | 62h | ok  | 10.1 | Presence detected\n";
    let table = "Temp | 45.000 | degrees C | ok | na | 3.000 | 8.000 | 83.000 | 88.000 | na\n\
                 Temp | 99.000 | degrees C | cr | na | 3.000 | 8.000 | 83.000 | 88.000 | na\n";
    let (verdict, said) = Machine::still(listing, table).judge(&Parameters::default());
    assert_eq!((verdict, said.len()), (Verdict::Fail, 1));
    assert!(
        said[0].1.contains("processor 2") && said[0].2.contains("88"),
        "{said:?}"
    );
}

#[test]
fn a_fan_stands_or_is_slow_or_its_header_is_empty() {
    let table = |speed: &str, state: &str| {
        TABLE.replacen(
            "6480.000   | RPM        | ok ",
            &format!("{speed:10} | RPM        | {state:3}"),
            1,
        )
    };
    let listing = |reading: &str| GOOD.replace("6480 RPM", reading);
    let judged = |reading: &str, table: &str| {
        Machine::still(&listing(reading), table).judge(&Parameters::default())
    };
    let (verdict, said) = judged("0 RPM", &table("0.000", "cr"));
    assert_eq!(
        (verdict, said.len(), said[0].1.as_str()),
        (Verdict::Fail, 1, "Fan2")
    );
    assert_eq!(
        judged("1300 RPM", &table("1300.000", "ok")).0,
        Verdict::Fail
    );
    let (verdict, said) = judged("3000 RPM", &table("3000.000", "ok"));
    assert_eq!((verdict, said.len()), (Verdict::Pass, 1));
    assert_eq!(judged("No Reading", &table("na", "na")).1.len(), 0);
    let (first, second) = (listing("0 RPM"), table("0.000", "cr"));
    let blip = Machine {
        listing: [GOOD, &first],
        table: [TABLE, &second],
        units: "",
    };
    let (verdict, said) = blip.judge(&Parameters::default());
    assert_eq!((verdict, said.len()), (Verdict::Pass, 1));
}

#[test]
fn rotors_and_zones_are_not_compared_with_each_other() {
    let row = |name: &str, speed: u32| {
        format!("{name} | {speed}.000 | RPM | ok | na | 250.000 | na | na | na | na\n")
    };
    let rotors: String = [
        ("Fan 1A Tach", 2610),
        ("Fan 1B Tach", 1775),
        ("Fan 2A Tach", 2001),
        ("Fan 2B Tach", 1275),
        ("Fan 3A Tach", 2929),
        ("Fan 3B Tach", 2125),
    ]
    .iter()
    .map(|(name, speed)| row(name, *speed))
    .collect();
    assert_eq!(
        Machine::still(GOOD, &rotors)
            .judge(&Parameters::default())
            .1
            .len(),
        0
    );
    let two = row("PS1 Fan", 9000) + &row("PS2 Fan", 4050);
    let (_, said) = Machine::still(GOOD, &two).judge(&Parameters::default());
    assert_eq!((said.len(), said[0].1.as_str()), (1, "PS2 Fan"));
}

#[test]
fn a_rail_is_off_twice_or_reads_nonsense() {
    let off = TABLE.replace("12.060", "10.900");
    let (verdict, said) = Machine::still(GOOD, &off).judge(&Parameters::default());
    assert_eq!((verdict, said[0].1.as_str()), (Verdict::Fail, "P12V"));
    let moment = Machine {
        table: [TABLE, &off],
        ..Machine::still(GOOD, TABLE)
    };
    assert_eq!(moment.judge(&Parameters::default()).0, Verdict::Pass);
    let nonsense = TABLE.replace("12.060", "25.500");
    let (verdict, _) = Machine::still(GOOD, &nonsense).judge(&Parameters::default());
    assert!(matches!(verdict, Verdict::Inconclusive(_)));
}

#[test]
fn a_warm_room_breaks_no_part() {
    let warm = TABLE.replace(
        "24.000     | degrees C  | ok ",
        "45.000     | degrees C  | cr ",
    );
    let listing = GOOD.replace("ok  |  7.1 | 24", "ucr |  7.1 | 45");
    let (verdict, said) = Machine::still(&listing, &warm).judge(&Parameters::default());
    assert_eq!(
        (verdict, said.len(), said[0].1.as_str()),
        (Verdict::Pass, 1, "Inlet Temp")
    );
}

#[test]
fn drives_and_batteries_report_states_by_their_meaning() {
    let judged = |row: &str| {
        let listing = format!("{GOOD}{row}\n");
        Machine::still(&listing, TABLE).judge(&Parameters::default())
    };
    assert_eq!(
        judged("HDD4             | 49h | ok  | 26.4 | Drive Present, Parity Check In Progress")
            .1
            .len(),
        0
    );
    assert_eq!(
        judged("HDD8             | 4Dh | ok  | 26.8 | Drive Present, Rebuild Aborted").0,
        Verdict::Fail
    );
    assert_eq!(
        judged("CMOS Battery     | 10h | ok  |  7.1 | Failed").0,
        Verdict::Fail
    );
    assert_eq!(
        judged("P2_PRESENT       | 21h | ok  |  3.2 | Device Absent")
            .1
            .len(),
        0
    );
    assert_eq!(
        judged("BP1 Presence     | 5Bh | ok  | 15.1 | Absent")
            .1
            .len(),
        0
    );
    let (verdict, said) =
        judged("Fan Block 1      | 09h | ok  |  7.1 | 0 percent, Transition to Degraded");
    assert_eq!(
        (verdict, said[0].1.as_str()),
        (Verdict::Fail, "Fan Block 1")
    );
}

#[test]
fn supplies_of_two_wattages_are_mixed_and_those_of_two_makers_are_not() {
    let unit = |number: u32, model: &str| {
        format!(
            "FRU Device Description : PS{number} (ID {number})\n Board Product         : {model}\n Board Serial          : SN{number}\n\n"
        )
    };
    let judged = |first: &str, second: &str| {
        let units = unit(1, first) + &unit(2, second);
        Machine {
            units: &units,
            ..Machine::still(GOOD, TABLE)
        }
        .judge(&Parameters::default())
        .1
        .len()
    };
    assert_eq!(
        judged("PWR SPLY,750W,RDNT,DELTA", "PWR SPLY,750W,RDNT,ARTESYN"),
        0
    );
    assert_eq!(
        judged("PWR SPLY,750W,RDNT,DELTA", "PWR SPLY,1100W,RDNT,DELTA"),
        1
    );
}

#[test]
fn a_feed_without_mains_fails_though_its_supply_says_that_it_is_there() {
    let table = format!(
        "{TABLE}Voltage 1 | 230.000 | Volts | ok | na | na | na | na | na | na\nVoltage 2 | 0.000 | Volts | ok | na | na | na | na | na | na\n"
    );
    let (verdict, said) = Machine::still(GOOD, &table).judge(&Parameters::default());
    assert_eq!((verdict, said[0].1.as_str()), (Verdict::Fail, "Voltage 2"));
}
