use super::captured;
use crate::bmc::*;

#[test]
fn short_listing_says_the_same_as_the_verbose_one() {
    for (short, long) in [
        (
            captured!("dell-sdr-elist-all.txt"),
            captured!("dell-sdr-elist-all-v.txt"),
        ),
        (
            captured!("hpe-sdr-elist-all.txt"),
            captured!("hpe-sdr-elist-all-v.txt"),
        ),
        (
            captured!("quanta-sdr-elist-all.txt"),
            captured!("quanta-sdr-elist-all-v.txt"),
        ),
        (
            captured!("supermicro-sdr-elist-all.txt"),
            captured!("supermicro-sdr-elist-all-v.txt"),
        ),
    ] {
        let (short, long) = (
            from_elist(short).expect("is there"),
            sensors(long).expect("is there"),
        );
        assert!(short.unread.is_empty());
        assert_eq!(short.sensors.len(), long.sensors.len());
        assert_eq!(short.devices.len(), long.devices.len());
        for (s, l) in short.sensors.iter().zip(&long.sensors) {
            assert_eq!((&s.name, s.number), (&l.name, l.number));
            assert_eq!(
                s.entity.as_ref().map(|e| (e.id, e.instance)),
                l.entity.as_ref().map(|e| (e.id, e.instance))
            );
            assert_eq!(s.asserted, l.asserted, "{}", s.name);
            assert_eq!(s.reading.state, l.reading.state, "{}", s.name);
            assert_eq!(
                (s.reading.value.is_some(), &s.reading.unit),
                (l.reading.value.is_some(), &l.reading.unit)
            );
        }
        for (s, l) in short.devices.iter().zip(&long.devices) {
            assert_eq!((&s.name, s.kind, s.fru_id), (&l.name, l.kind, l.fru_id));
        }
    }
}

#[test]
fn commas_and_columns_of_the_other_forms() {
    let found = from_elist(captured!("dell-sdr-elist-all-c.txt")).expect("is there");
    assert_eq!(
        (found.sensors.len(), found.devices.len(), found.unread.len()),
        (24, 6, 0)
    );
    assert_eq!(found.sensors[1].reading.value, Some(45.0));
    assert_eq!(found.sensors[2].reading.state, ReadingState::NoReading);
    let lost = found
        .sensors
        .iter()
        .find(|s| s.number == Some(0x63))
        .expect("is there");
    assert!(lost.is(Meaning::PowerSupplyInputLost));

    let found = from_elist(captured!("dell-sdr.txt")).expect("is there");
    assert_eq!((found.sensors.len(), found.unread.len()), (22, 0));
    assert_eq!(found.sensors[2].reading.state, ReadingState::Disabled);
    assert_eq!(found.sensors[7].reading.byte, Some(0x09));
    assert_eq!(found.sensors[20].name, "A | B Riser");

    // `-v -c`, in the form of RackHD/on-tasks, spec/lib/utils/job-utils/pollers/ipmi-sdr-c-output.
    let found = from_elist(
        b"Fan_A,1800,% RPM,ok,29.1,Fan Device,Fan,,,,,,,,600.000,,0.000,25500.000\n\
        Hot_B,,,ns,7.16,System Board,Temperature,,,,,76.000,75.000,,,,-128.000,127.000\n",
    )
    .expect("is there");
    let [fan, hot] = &found.sensors[..] else {
        panic!()
    };
    assert_eq!(
        (
            fan.reading.value,
            fan.thresholds.lower_critical,
            fan.maximum
        ),
        (Some(1800.0), Some(600.0), Some(25500.0))
    );
    assert_eq!(
        fan.entity.as_ref().expect("is there").name.as_deref(),
        Some("Fan Device")
    );
    assert_eq!(fan.sensor_type.as_ref().expect("is there").code, Some(4));
    assert_eq!(
        (
            hot.reading.value,
            hot.thresholds.upper_critical,
            hot.minimum
        ),
        (None, Some(76.0), Some(-128.0))
    );
}

#[test]
fn values_before_states_as_hpe_prints_them() {
    // The form of influxdata/telegraf, plugins/inputs/ipmi_sensor/ipmi_sensor_test.go.
    let found = from_elist(
        b"Power Supply 3   | 05h | ok  | 10.3 | 0 Watts, Presence detected, Failure detected\r\n\
          01-Front Ambient | 08h | ok  | 64.1 | 21,5 degrees C\r\n\
          Fan Block 7      | 09h | ok  |  7.1 | 20.38 percent, Transition to Degraded\r\n",
    )
    .expect("is there");
    let [supply, front, fan] = &found.sensors[..] else {
        panic!()
    };
    assert_eq!(
        (supply.reading.value, &supply.reading.unit),
        (Some(0.0), &Some(Unit::Watts))
    );
    assert_eq!(supply.class, Class::Discrete);
    assert!(supply.is(Meaning::PowerSupplyPresence) && supply.is(Meaning::PowerSupplyFailure));
    assert_eq!(
        (front.name.as_str(), front.reading.value),
        ("01-Front Ambient", Some(21.5))
    );
    assert_eq!(fan.reading.unit, Some(Unit::Percent));
    assert!(fan.is(Meaning::TransitionToDegraded));
}

#[test]
fn every_state_that_ipmitool_prints_has_its_codes() {
    let found = from_elist(captured!("all-states-sdr-elist-all.txt")).expect("is there");
    assert!(found.unread.is_empty());
    for sensor in &found.sensors {
        let code = u8::from_str_radix(&sensor.name[1..], 16).expect("is there");
        if sensor.asserted.is_empty() {
            continue;
        }
        for state in &sensor.asserted {
            let meaning = state
                .meaning
                .unwrap_or_else(|| panic!("{} {}", sensor.name, state.text));
            if sensor.name.starts_with('T') {
                assert_eq!(
                    sensor.sensor_type.as_ref().expect("is there").code,
                    Some(code)
                );
                assert_eq!(
                    (meaning.event_type(), meaning.sensor_type()),
                    (SENSOR_SPECIFIC, Some(code))
                );
            } else {
                assert_eq!((meaning.event_type(), meaning.sensor_type()), (code, None));
            }
            assert_eq!(
                Meaning::of(meaning.event_type(), code, meaning.offset()),
                Some(meaning)
            );
            assert!(state.text.eq_ignore_ascii_case(meaning.words()) || state.text == "reserved");
        }
        let in_order = sensor
            .asserted
            .windows(2)
            .all(|two| two[0].offset <= two[1].offset);
        assert!(in_order, "{}", sensor.name);
    }
}

#[test]
fn words_of_several_types_are_decided_by_entity_or_name() {
    let found = from_elist(
        b"Status   | 62h | ok  | 10.1 | Presence detected\n\
          Status   | 60h | ok  |  3.1 | Presence detected\n\
          PSU0_St  | 80h | ok  |  0.1 | Presence detected\n\
          Thing    | 81h | ok  |  0.1 | Presence detected\n\
          CPU9     | 82h | ok  |  0.1 | Disabled\n\
          PSU3     | 83h | ok  | 10.3 | AC out-of-range, but present, Config Error\n",
    )
    .expect("is there");
    let kinds: Vec<_> = found
        .sensors
        .iter()
        .map(|s| (s.asserted[0].meaning, s.type_source))
        .collect();
    assert_eq!(
        kinds,
        [
            (Some(Meaning::PowerSupplyPresence), Some(TypeSource::Entity)),
            (Some(Meaning::ProcessorPresence), Some(TypeSource::Entity)),
            (Some(Meaning::PowerSupplyPresence), Some(TypeSource::Name)),
            (None, None),
            (Some(Meaning::ProcessorDisabled), Some(TypeSource::Name)),
            (
                Some(Meaning::PowerSupplyInputOutOfRangeButPresent),
                Some(TypeSource::Words)
            ),
        ]
    );
    assert_eq!(found.sensors[3].asserted[0].text, "Presence detected");
    assert_eq!(found.sensors[5].asserted.len(), 2);
}

#[test]
fn decimal_commas_in_rows_with_commas() {
    let found = from_elist(b"12V,11,907,Volts,ok\nFan,3800,RPM,ok\nTemp,-3,500,degrees C,ok\n");
    let found = found.expect("is there");
    let values: Vec<_> = found
        .sensors
        .iter()
        .map(|sensor| (sensor.name.as_str(), sensor.reading.value))
        .collect();
    assert_eq!(
        values,
        [
            ("12V", Some(11.907)),
            ("Fan", Some(3800.0)),
            ("Temp", Some(-3.5))
        ]
    );
    let table = sensor_table(b"12V | 11,907 | Volts | ok | 10,143 | na | na | na | na | na\n");
    let table = table.expect("is there");
    assert_eq!(table.sensors[0].reading.value, Some(11.907));
    assert_eq!(
        table.sensors[0].thresholds.lower_non_recoverable,
        Some(10.143)
    );
}
