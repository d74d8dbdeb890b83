//! Supplies as makers' controllers list them.

use super::captured;
use crate::bmc::*;

fn of(listing: &str, units: &str) -> Vec<Supply> {
    let listing = from_elist(listing.as_bytes()).expect("a listing");
    let units = frus(units.as_bytes()).unwrap_or_default();
    supplies(&listing, &units)
}

fn named(found: &[Supply]) -> Vec<(&str, Option<bool>)> {
    found
        .iter()
        .map(|supply| (supply.name.as_str(), supply.present))
        .collect()
}

#[test]
fn sensors_of_one_entity_are_one_supply() {
    let asus = of(
        "PSU1 Over Temp   | 91h | ok  | 10.1 | Transition to OK\n\
         PSU1 AC Lost     | A1h | ok  | 10.1 | Presence detected\n\
         PSU1 PWR Detect  | B1h | ok  | 10.1 | Presence detected\n\
         PSU4 Over Temp   | 94h | ns  | 10.4 | No Reading\n\
         PSU4 AC Lost     | A4h | ns  | 10.4 | No Reading\n",
        "",
    );
    assert_eq!(named(&asus), [("PSU1", Some(true)), ("PSU4", Some(false))]);
    let hpe = of(
        "Power Supply 1   | 3Dh | ok  | 10.1 | 50 Watts, Presence detected\n\
         PS 1 Output      | 3Eh | ok  | 10.1 | 50 Watts\n\
         Power Supply 2   | 40h | ok  | 10.2 | 0 Watts, Presence detected, Failure detected\n\
         Power Supplies   | 45h | ok  | 10.3 | Non-Redundant: Sufficient from Redundant\n",
        "",
    );
    assert_eq!(
        named(&hpe),
        [
            ("Power Supply 1", Some(true)),
            ("Power Supply 2", Some(true))
        ]
    );
    assert_eq!((hpe[0].output_watts, hpe[1].states.len()), (Some(50.0), 2));
}

#[test]
fn supplies_without_an_entity_go_by_their_numbers() {
    let meta = of(
        "PWR_PSU0         | 70h | ok  |  0.1 | 120 Watts\n\
         STATUS_PSU0      | 99h | ok  |  0.1 | Presence detected\n\
         STATUS_PSU1      | 9Ah | ok  |  0.1 | \n",
        "",
    );
    assert_eq!(
        named(&meta),
        [("STATUS_PSU0", Some(true)), ("STATUS_PSU1", Some(false))]
    );
}

#[test]
fn a_dell_s_supplies_are_numbered_and_have_their_units_data() {
    let listing = from_elist(captured!("dell-sdr-elist-all.txt")).expect("a listing");
    let units = frus(captured!("dell-fru-print.txt")).expect("units");
    let found = supplies(&listing, &units);
    assert_eq!(
        named(&found),
        [("PS1 Status", Some(true)), ("PS2 Status", Some(true))]
    );
    assert_eq!(found[1].serial.as_deref(), Some("CN1797200000002"));
    assert!(
        found[1]
            .states
            .iter()
            .any(|s| s.meaning == Some(Meaning::PowerSupplyInputLost))
    );
}

#[test]
fn a_machine_s_draw_is_not_a_supply_s() {
    let table = sensor_table(
        b"PS1 Input Power  | 110.000    | Watts      | ok    | na | na | na | na | na | na\n\
          System Level     | 105.000    | Watts      | ok    | na | na | na | 917.000 | 966.000 | na\n",
    );
    assert_eq!(machine_watts(&table.expect("a table")), Some(105.0));
}
