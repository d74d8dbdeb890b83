use super::captured;
use crate::bmc::*;

#[test]
fn listed_events_of_a_supermicro() {
    let log = event_log(captured!("supermicro-sel-elist.txt")).expect("is there");
    assert_eq!((log.events.len(), log.unread.len()), (12, 0));
    let ids: Vec<u32> = log.events.iter().map(|event| event.id).collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    let lost = &log.events[1];
    assert_eq!(lost.sensor_name.as_deref(), Some("PS2 Status"));
    assert_eq!(lost.sensor_type.as_ref().expect("is there").code, Some(8));
    assert_eq!(
        (lost.text.as_str(), &lost.detail),
        ("Power Supply AC lost", &None)
    );
    assert_eq!(
        (lost.meaning, lost.direction),
        (
            Some(Meaning::PowerSupplyInputLost),
            Some(Direction::Asserted)
        )
    );
    assert_eq!(
        (lost.event_type, lost.offset),
        (Some(SENSOR_SPECIFIC), Some(3))
    );
    let time = lost.time.as_ref().expect("is there");
    assert_eq!(
        (time.seconds, time.zone.as_deref()),
        (Some(1_741_710_891), Some("UTC"))
    );
    assert_eq!(log.events[2].direction, Some(Direction::Deasserted));

    let hot = &log.events[3];
    let reading = hot.reading.as_ref().expect("is there");
    assert_eq!(
        (reading.reading, reading.threshold, &reading.unit),
        (101.0, Some(100.0), &Some(Unit::DegreesC))
    );
    assert_eq!(hot.meaning, Some(Meaning::UpperCriticalGoingHigh));
    assert_eq!(log.events[4].meaning, Some(Meaning::LowerCriticalGoingLow));
    assert_eq!(
        (log.events[5].sensor_number, log.events[5].meaning),
        (Some(8), Some(Meaning::MemoryUncorrectableEcc))
    );

    let early = log.events[6].time.as_ref().expect("is there");
    assert_eq!(
        (early.pre_init, early.since_start, early.seconds),
        (true, Some(35), None)
    );
    assert_eq!(log.events[7].time.as_ref().expect("is there").seconds, None);
    assert_eq!(log.events[7].meaning, Some(Meaning::Watchdog2HardReset));
    let own = &log.events[8];
    assert_eq!(
        (own.kind, own.record_type, own.manufacturer),
        (RecordKind::Oem, Some(0xc1), Some(0x2a7c))
    );
    assert_eq!(own.data.as_deref(), Some("010203040506"));
    assert!(own.time.as_ref().expect("is there").seconds.is_some());
    assert_eq!(log.events[9].kind, RecordKind::KernelPanic);
    assert!(log.events[9].text.contains("Unable"));
    let unknown = &log.events[11];
    assert_eq!(
        (
            unknown.sensor_number,
            unknown.sensor_type.as_ref().expect("is there").code
        ),
        (Some(0x61), None)
    );
    assert_eq!(
        (unknown.meaning, unknown.direction),
        (None, Some(Direction::Asserted))
    );
}

#[test]
fn other_forms_of_the_log_say_the_same() {
    let bars = event_log(captured!("supermicro-sel-elist.txt")).expect("is there");
    for other in [
        captured!("supermicro-sel-elist-c.txt"),
        captured!("supermicro-sel-list.txt"),
        captured!("supermicro-sel-elist-v.txt"),
    ] {
        let other = event_log(other).expect("is there");
        assert_eq!(other.events.len(), bars.events.len());
        for (a, b) in bars.events.iter().zip(&other.events) {
            assert_eq!(
                (a.id, a.kind, a.meaning, a.direction),
                (b.id, b.kind, b.meaning, b.direction),
                "{}",
                a.row
            );
            assert_eq!((&a.text, a.manufacturer), (&b.text, b.manufacturer));
        }
    }
}

#[test]
fn verbose_records_carry_codes_and_data() {
    let log = event_log(captured!("supermicro-sel-elist-v.txt")).expect("is there");
    assert!(log.unread.is_empty(), "{:?}", log.unread);
    let hot = &log.events[3];
    assert_eq!(
        (hot.sensor_number, hot.event_type, hot.offset),
        (Some(2), Some(1), Some(9))
    );
    assert_eq!(
        (hot.data.as_deref(), hot.generator),
        (Some("596564"), Some(0x20))
    );
    // ipmitool 1.8.19 prints the date twice, and no time of day.
    let time = hot.time.as_ref().expect("is there");
    assert_eq!((time.date_only, time.seconds), (true, Some(1_741_651_200)));
    assert!(log.events[6].time.as_ref().expect("is there").pre_init);
    let own = &log.events[11];
    assert_eq!(
        (own.event_type, own.offset, own.data.as_deref()),
        (None, Some(1), Some("01ffff"))
    );
    assert_eq!(log.events[8].extra["OEM Defined"], "010203040506 [......]");
    assert_eq!(own.extra["Event Type"], "OEM");
}

#[test]
fn modules_and_addresses_are_details() {
    let log = event_log(captured!("dell-sel-elist.txt")).expect("is there");
    let ecc = &log.events[4];
    assert_eq!(
        (ecc.text.as_str(), ecc.meaning),
        ("Uncorrectable ECC", Some(Meaning::MemoryUncorrectableEcc))
    );
    assert!(ecc.detail.as_ref().expect("is there").contains("DIMMC1"));
    let serr = &log.events[5];
    assert_eq!(serr.meaning, Some(Meaning::InterruptPciSerr));
    assert!(
        serr.detail
            .as_ref()
            .expect("is there")
            .contains("bus:18 device:00 function:0")
    );
    assert_eq!(log.events[2].meaning, Some(Meaning::RedundancyLost));
    assert_eq!(log.events[6].meaning, Some(Meaning::BatteryFailed));
}

#[test]
fn every_event_that_ipmitool_prints_has_its_codes() {
    let log = event_log(captured!("all-states-sel-list.txt")).expect("is there");
    assert_eq!((log.events.len(), log.unread.len()), (258, 0));
    for event in &log.events {
        // The sensor's number in this log is the offset; number 0 is not printed.
        let offset = event.sensor_number.unwrap_or(0);
        let meaning = event.meaning.unwrap_or_else(|| panic!("{}", event.row));
        if event.text != "reserved" {
            assert_eq!(meaning.offset(), offset, "{}", event.row);
        }
        let code = event.sensor_type.as_ref().expect("is there").code;
        assert!(
            meaning.sensor_type().is_none() || meaning.sensor_type() == code,
            "{}",
            event.row
        );
    }
}

#[test]
fn rows_of_older_versions_and_other_locales() {
    let log = event_log(
        b"   1 | 09/23/2025 | 02:50:42 PM CEST | Critical Interrupt | PCI SERR | Asserted\n\
          \x20 1f | Pre-Init   |0000000012| Fan FAN1 | Lower Critical going low  | Asserted | Reading 0 < Threshold 300 RPM\n\
          \x20 20 | 23.09.2025 | 14:50:42 | Memory ECC | Uncorrectable ECC | Asserted | CPU 1 DIMM 2\r\n\
          \x20 21 | 09/23/2025 | 14:50:42 | Slot / Connector A | B Riser | Fault Status | Asserted\n\
          \x20 22 | 09/23/2025 | 14:50:42 | Memory #0x88 | Correctable ECC (CPU0_G1) | Asserted\n\
          \x20 23 | 09/23/2025 | 14:50:42 | OEM record dd | 0000a2 | a1b2c3d4e5f6\n\
          \x20 24 | OEM record fb | 0001020304050607\n\
          \x20 25 | 09/23/2025 | 14:50:42 | Power Supply #0x81 | Config Error: Vendor Mismatch | Asserted\n\
          \x20 26 | 09/23/2025 | 14:50:42 | System Firmwares #0x06 | No usable system memory | Asserted\n\
          \x20 27 | 09/23/2025 | 14:50:42 | Memory #0x02 | Correctable ECC @ DIMM1A(CPU1) | Asserted\n\
          Get SEL Entry 25 command failed: Timeout\n\
          what is this\n\
          \x20 26 | 09/23/2025 | 14:5",
    )
    .expect("is there");
    assert_eq!(log.events.len(), 10);
    let details: Vec<_> = log.events[7..]
        .iter()
        .map(|event| (event.meaning, event.detail.as_deref()))
        .collect();
    assert_eq!(
        details,
        [
            (
                Some(Meaning::PowerSupplyConfigurationError),
                Some("Vendor Mismatch")
            ),
            (Some(Meaning::FirmwareError), None),
            (Some(Meaning::MemoryCorrectableEcc), Some("DIMM1A(CPU1)")),
        ]
    );
    assert_eq!(
        log.events[0].time.as_ref().expect("is there").seconds,
        Some(1_758_639_042)
    );
    assert_eq!(
        log.events[2].time.as_ref().expect("is there").seconds,
        Some(1_758_639_042)
    );
    assert_eq!(
        log.events[0]
            .time
            .as_ref()
            .expect("is there")
            .zone
            .as_deref(),
        Some("CEST")
    );
    assert_eq!(log.events[1].id, 0x1f);
    assert_eq!(
        log.events[1].reading.as_ref().expect("is there").threshold,
        Some(300.0)
    );
    assert_eq!(log.events[2].detail.as_deref(), Some("CPU 1 DIMM 2"));
    assert_eq!(log.events[3].sensor_name.as_deref(), Some("A | B Riser"));
    assert_eq!(log.events[3].meaning, Some(Meaning::SlotFaultStatus));
    assert_eq!(log.events[4].detail.as_deref(), Some("CPU0_G1"));
    assert_eq!(
        (log.events[5].record_type, log.events[5].manufacturer),
        (Some(0xdd), Some(0xa2))
    );
    assert_eq!(
        (log.events[6].record_type, log.events[6].manufacturer),
        (Some(0xfb), None)
    );
    assert_eq!(log.complaints, ["Get SEL Entry 25 command failed: Timeout"]);
    assert_eq!(log.unread.len(), 2);
}

#[test]
fn empty_log_is_an_empty_list() {
    assert_eq!(event_log(b"").expect("is there").events, []);
    assert_eq!(
        event_log(b"SEL has no entries\n").expect("is there").events,
        []
    );
    assert!(event_log(b"Unable to open SEL\n").is_err());
}

#[test]
fn sel_get_names_the_sensor_behind_the_record() {
    // The form of RackHD/on-tasks, spec/lib/utils/job-utils/pollers/ipmi-parser-spec.js.
    let log = event_log(
        b"SEL Record ID          : 0021\n Record Type           : 02\n Timestamp             : 01/02/2019 00:16:44\n \
          Sensor Type           : Fan\n Sensor Number         : 31\n Event Type            : Threshold\n \
          Event Direction       : Deassertion Event\n Event Data (RAW)      : 52000b\n \
          Description           : Lower Critical going low \n\nSensor ID              : FAN_B (0x31)\n \
          Entity ID             : 29.2\n Sensor Type (Threshold)  : Fan\n Status                : ok\n\n\
          FRU Device Description : fan board (ID 17)\n",
    )
    .expect("is there");
    let [event] = &log.events[..] else { panic!() };
    assert_eq!(event.sensor_name.as_deref(), Some("FAN_B"));
    assert_eq!(event.entity.as_ref().expect("is there").id, 29);
    assert_eq!(
        (event.meaning, event.direction),
        (
            Some(Meaning::LowerCriticalGoingLow),
            Some(Direction::Deasserted)
        )
    );
    assert_eq!(
        event.time.as_ref().expect("is there").seconds,
        Some(1_546_388_204)
    );
    assert_eq!(event.extra["Status"], "ok");
    assert_eq!(event.extra["FRU Device Description"], "fan board (ID 17)");
}

#[test]
fn sel_get_shows_the_sensor_as_it_is_now() {
    let log = event_log(captured!("dell-sel-get.txt")).expect("is there");
    assert_eq!((log.events.len(), log.unread.len()), (2, 0));
    let [lost, fault] = &log.events[..] else {
        panic!()
    };
    assert_eq!((lost.id, lost.sensor_name.as_deref()), (2, Some("Status")));
    assert_eq!(
        lost.entity.as_ref().map(|e| (e.id, e.instance)),
        Some((10, 2))
    );
    assert_eq!(lost.extra["Board Serial"], "CN1797200000002");
    assert_eq!(lost.meaning, Some(Meaning::PowerSupplyInputLost));
    assert_eq!(fault.meaning, Some(Meaning::DriveFault));
}

#[test]
fn supermicro_names_memory_modules_in_brackets() {
    let log = event_log(captured!("supermicro-sel-elist-modules.txt")).expect("is there");
    let found: Vec<_> = log
        .events
        .iter()
        .map(|event| (event.meaning, event.detail.as_deref()))
        .collect();
    assert_eq!(found[0].0, Some(Meaning::MemoryUncorrectableEcc));
    assert_eq!(
        found[1],
        (Some(Meaning::MemoryCorrectableEcc), Some("@DIMMO6(CPU2)"))
    );
}
