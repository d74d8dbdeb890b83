use super::captured;
use crate::bmc::*;

fn sensor(found: &Sensors, number: u8) -> &Sensor {
    let is = |sensor: &&Sensor| sensor.number == Some(number) && sensor.class != Class::EventOnly;
    found.sensors.iter().find(is).expect("is there")
}

fn meanings(states: &[State]) -> Vec<Meaning> {
    states.iter().filter_map(|state| state.meaning).collect()
}

#[test]
fn verbose_listing_of_a_dell() {
    let found = sensors(captured!("dell-sdr-elist-all-v.txt")).expect("is there");
    assert_eq!((found.sensors.len(), found.devices.len()), (24, 6));
    assert!(found.unread.is_empty() && found.complaints.is_empty());

    // Two sensors share a name; number and entity tell them apart.
    let (first, second) = (sensor(&found, 0x0e), sensor(&found, 0x0f));
    assert_eq!(
        (&first.name, &second.name),
        (&"Temp".to_owned(), &"Temp".to_owned())
    );
    assert_eq!(
        first.entity.as_ref().map(|e| (e.id, e.instance)),
        Some((3, 1))
    );
    assert_eq!(
        first.entity.as_ref().expect("is there").name.as_deref(),
        Some("Processor")
    );
    assert_eq!(
        (first.reading.value, &first.reading.unit),
        (Some(45.0), &Some(Unit::DegreesC))
    );
    assert_eq!(first.status, Some(Status::Ok));
    assert_eq!(first.thresholds.upper_critical, Some(88.0));
    assert_eq!(first.thresholds.upper_non_recoverable, None);
    assert!(
        first.readable.expect("is there").upper_critical
            && !first.readable.expect("is there").lower_non_recoverable
    );
    assert_eq!(first.positive_hysteresis, Some(1.0));
    assert_eq!(
        first.watched,
        ["lnc-", "lcr-", "lnr-", "unc+", "ucr+", "unr+"]
    );
    assert_eq!(second.reading.state, ReadingState::Disabled);
    assert_eq!(
        (second.reading.value, &second.status),
        (None, &Some(Status::NotAvailable))
    );
    assert_eq!(sensor(&found, 4).nominal, Some(23.0));
    assert_eq!(sensor(&found, 0x6b).reading.state, ReadingState::NoReading);

    let supply = sensor(&found, 0x63);
    let kind = supply.sensor_type.as_ref().expect("is there");
    assert_eq!((kind.code, kind.name.as_str()), (Some(8), "Power Supply"));
    assert_eq!(supply.type_source, Some(TypeSource::Printed));
    assert_eq!(
        meanings(&supply.asserted),
        [Meaning::PowerSupplyPresence, Meaning::PowerSupplyInputLost]
    );
    assert_eq!(
        (supply.class, supply.event_type),
        (Class::Discrete, Some(SENSOR_SPECIFIC))
    );
    assert_eq!(supply.possible.len(), 8);
    // Redundancy is a generic state of a sensor of the same type.
    let redundancy = sensor(&found, 0x74);
    assert!(redundancy.is(Meaning::RedundancyLost));
    assert_eq!(redundancy.event_type, Some(0x0b));
    assert_eq!(
        meanings(&sensor(&found, 0x41).asserted),
        [Meaning::EntityAbsent]
    );
    assert_eq!(
        meanings(&sensor(&found, 0x77).asserted),
        [Meaning::DrivePresence, Meaning::DriveParityCheckInProgress]
    );
    // No state is asserted: read, and nothing to say.
    let closed = sensor(&found, 0x73);
    assert_eq!(
        (closed.reading.state, closed.asserted.len()),
        (ReadingState::States, 0)
    );
    let own = sensor(&found, 0x90);
    assert_eq!(own.sensor_type.as_ref().expect("is there").code, Some(0xc5));
    assert_eq!(sensor(&found, 0x91).name, "A | B Riser");
    assert_eq!(sensor(&found, 0x92).reading.state, ReadingState::NoReading);

    let only: Vec<_> = found
        .sensors
        .iter()
        .filter(|s| s.class == Class::EventOnly)
        .collect();
    assert_eq!(only.len(), 2);
    assert_eq!(
        only[0].sensor_type.as_ref().expect("is there").code,
        Some(0x0c)
    );

    let kinds: Vec<_> = found.devices.iter().map(|d| (d.kind, d.fru_id)).collect();
    assert_eq!(kinds[0], (DeviceKind::Controller, None));
    assert_eq!(kinds[2], (DeviceKind::Fru, Some(1)));
    assert_eq!(kinds[5], (DeviceKind::Generic, None));
    assert_eq!(found.devices[2].entity.as_ref().expect("is there").id, 10);
    assert_eq!(found.devices[0].fields["Device Slave Address"], "20h");
}

#[test]
fn thresholds_and_crossings_of_a_supermicro() {
    let found = sensors(captured!("supermicro-sdr-elist-all-v.txt")).expect("is there");
    let hot = sensor(&found, 2);
    assert_eq!(hot.status, Some(Status::UpperNonRecoverable));
    assert_eq!(hot.reading.value, Some(101.0));
    let slow = sensor(&found, 0x42);
    assert_eq!(slow.status, Some(Status::LowerNonRecoverable));
    assert_eq!(
        (slow.reading.value, &slow.reading.unit),
        (Some(300.0), &Some(Unit::Rpm))
    );
    assert_eq!(slow.thresholds.lower_non_recoverable, Some(300.0));
    let empty = sensor(&found, 0xb1);
    assert_eq!(
        (empty.reading.state, empty.reading.value),
        (ReadingState::NoReading, None)
    );
    assert_eq!(empty.thresholds.upper_critical, Some(85.0));
    let supply = sensor(&found, 0xc9);
    assert_eq!(
        meanings(&supply.asserted),
        [
            Meaning::PowerSupplyPresence,
            Meaning::PowerSupplyFailure,
            Meaning::PowerSupplyInputLost
        ]
    );
    assert_eq!(
        meanings(&sensor(&found, 0x33).asserted),
        [Meaning::BatteryPresence]
    );
    // `-v sensor` prints the same in other letters.
    let same = sensors(captured!("supermicro-sensor-v.txt")).expect("is there");
    assert_eq!(same.sensors[1].thresholds, hot.thresholds);
    assert_eq!(same.sensors[1].status, hot.status);
}

#[test]
fn percent_marks_of_a_quanta_do_not_hide_the_unit() {
    let found = sensors(captured!("quanta-sdr-elist-all-v.txt")).expect("is there");
    let fan = sensor(&found, 0xc0);
    assert_eq!(
        (&fan.reading.unit, fan.reading.percent),
        (&Some(Unit::Rpm), true)
    );
    assert_eq!(sensor(&found, 0xad).status, Some(Status::UpperCritical));
    assert_eq!(
        meanings(&sensor(&found, 0x47).asserted),
        [Meaning::DriveHotSpare, Meaning::DriveInCriticalArray]
    );
    let table = sensor_table(captured!("quanta-sensor.txt")).expect("is there");
    assert_eq!(
        (
            &table.sensors[0].reading.unit,
            table.sensors[0].reading.percent
        ),
        (&Some(Unit::DegreesC), true)
    );
    assert_eq!(table.sensors[8].reading.unit, Some(Unit::Unspecified));
    assert_eq!(table.sensors[8].status, Some(Status::NonCritical));
}

#[test]
fn broken_repository_is_read_as_far_as_it_goes() {
    let found = sensors(captured!("broken-sdr-elist-all-v.txt")).expect("is there");
    assert_eq!(found.sensors.len(), 6);
    assert_eq!(found.sensors[0].reading.state, ReadingState::NoReading);
    let found = from_elist(captured!("broken-sdr-elist-all-with-stderr.txt")).expect("is there");
    assert_eq!(
        (
            found.sensors.len(),
            found.complaints.len(),
            found.unread.len()
        ),
        (6, 5, 0)
    );
    assert_eq!(found.complaints[0], "Get SDR 0006 command failed: Timeout");
}

#[test]
fn bits_and_thresholds_join_the_listing() {
    let listing = sensors(captured!("dell-sdr-elist-all-v.txt")).expect("is there");
    let table = sensor_table(captured!("dell-sensor.txt")).expect("is there");
    assert_eq!((table.sensors.len(), table.unread.len()), (22, 0));
    assert_eq!(table.sensors[7].bits, Some(0x09));
    let both = joined(listing.clone(), &table);
    assert_eq!(both.sensors.len(), listing.sensors.len());
    let supply = sensor(&both, 0x63);
    assert_eq!((supply.bits, supply.asserted.len()), (Some(0x09), 2));
    // A maker's own states have no words, but bits.
    let own: Vec<_> = sensor(&both, 0x90)
        .asserted
        .iter()
        .map(|s| (s.offset, s.meaning))
        .collect();
    assert_eq!(own, [(Some(0), None), (Some(2), None)]);

    let both = joined(
        from_elist(captured!("dell-sdr-elist-all.txt")).expect("is there"),
        &table,
    );
    assert_eq!(both.sensors.len(), listing.sensors.len());
    let (first, second) = (sensor(&both, 0x0e), sensor(&both, 0x0f));
    assert_eq!(first.thresholds.upper_critical, Some(88.0));
    assert_eq!(
        (second.reading.state, second.thresholds.lower_critical),
        (ReadingState::Disabled, Some(3.0))
    );
    assert!(first.row.contains("45.000"));
}

#[test]
fn unknown_fields_and_rows_are_kept() {
    let found = sensors(
        b"SDR record ID   : 0x0010\nSDR record type : 0x01\nSensor ID              : P1 Margin (0x62)\n \
          Entity ID             : 3.2\n Sensor Type (Threshold)  : Temperature\n Moon Phase            : full\n \
          Upper critical        : many\nsome odd row\nUnable to obtain SDR reservation\n",
    )
    .expect("is there");
    let one = &found.sensors[0];
    assert_eq!((one.record_id, one.number), (Some(0x10), Some(0x62)));
    assert_eq!(one.extra["Moon Phase"], "full");
    assert_eq!(
        (one.thresholds.upper_critical, &one.extra["Upper critical"]),
        (None, &"many".into())
    );
    assert_eq!(found.unread, ["some odd row"]);
    assert_eq!(found.complaints, ["Unable to obtain SDR reservation"]);

    let found = from_elist(b"FAN1 | 41h | ok | 29.1 | 5 RPM\nFAN2 | what\n").expect("is there");
    assert_eq!(found.unread, ["FAN2 | what"]);
    assert!(from_elist(b"Could not open device at /dev/ipmi0\n").is_err());
    assert!(sensors(b"").is_err() && sensor_table(b"\n").is_err());
}

#[test]
fn states_without_reading_or_code_of_version_1_8_11() {
    // The form of RackHD/on-tasks, spec/lib/utils/job-utils/pollers/ipmi-sdr-v1.8.11-output.
    let found = sensors(
        b"Sensor ID              : Timer (0x3)\n Entity ID             : 7.1 (System Board)\n \
          Sensor Type (Discrete): Watchdog\n States Asserted       : Watchdog 2\n \
                                  [Hard reset]\n Assertions Enabled    : Watchdog 2\n \
                                  [Timer expired]\nipmi_lan_send_cmd:opened=[1], open=[7]\n \
                                  [Hard reset]\n\nSensor ID              : Own (0x6)\n \
          Sensor Type (Discrete): Unknown (0xF3)\n Assertions Enabled    : Digital State\n \
                                  [State Asserted]\n",
    )
    .expect("is there");
    let [timer, own] = &found.sensors[..] else {
        panic!()
    };
    assert!(timer.is(Meaning::Watchdog2HardReset));
    assert_eq!(timer.sensor_type.as_ref().and_then(|t| t.code), Some(0x23));
    assert_eq!(
        (timer.reading.state, timer.possible.len()),
        (ReadingState::States, 2)
    );
    assert_eq!(own.sensor_type.as_ref().and_then(|t| t.code), Some(0xf3));
    assert_eq!(
        (own.reading.state, own.event_type),
        (ReadingState::Unknown, Some(3))
    );
}

#[test]
fn sensor_get_is_a_verbose_listing() {
    let found = sensors(captured!("dell-sensor-get.txt")).expect("is there");
    assert_eq!((found.sensors.len(), found.unread.len()), (2, 0));
    assert_eq!(found.sensors[0].thresholds.upper_critical, Some(88.0));
    assert!(found.sensors[1].is(Meaning::RedundancyLost));
    assert_eq!(found.sensors[1].reading.state, ReadingState::States);
}
