use super::captured;
use crate::bmc::*;

#[test]
fn log_and_repository() {
    let full = event_log_info(captured!("dell-sel-info.txt")).expect("is there");
    assert_eq!(
        (full.entries, full.free_bytes, full.used_percent),
        (Some(7), Some(0), Some(100.0))
    );
    assert_eq!((full.overflow, &full.last_delete), (Some(true), &None));
    assert_eq!(
        full.last_add.as_ref().expect("is there").seconds,
        Some(1_741_700_500)
    );
    assert_eq!(full.commands, ["Delete", "Reserve", "Get Alloc Info"]);
    assert_eq!(
        (full.units, full.free_units, full.unit_bytes),
        (Some(512), Some(400), Some(18))
    );
    let unknown = event_log_info(
        b"Entries : 2\nFree Space : 65535 bytes or more\nPercent Used : unknown\nX : y\nz\n",
    )
    .expect("is there");
    assert_eq!(
        (unknown.used_percent, &unknown.extra["X"]),
        (None, &"y".into())
    );
    assert_eq!(unknown.unread, ["z"]);
    assert!(event_log_info(b"Get SEL Info command failed: Timeout\n").is_err());

    let repository = repository(captured!("supermicro-sdr-info.txt")).expect("is there");
    assert_eq!(
        (
            repository.records,
            repository.overflow,
            &repository.last_erase
        ),
        (Some(13), Some(false), &None)
    );
    let now = clock(captured!("supermicro-sel-time-get.txt")).expect("is there");
    assert_eq!(now.seconds, Some(1_752_570_000));
    assert!(clock(b"Unspecified\n").is_err());
}

#[test]
fn what_the_controller_is() {
    let found = controller(captured!("supermicro-mc-info.txt")).expect("is there");
    assert_eq!(
        (found.manufacturer_id, found.manufacturer.as_deref()),
        (Some(10876), Some("Super Micro Computer Inc."))
    );
    assert_eq!((found.product_id, &found.product), (Some(0x1b54), &None));
    assert_eq!(
        (found.firmware.as_deref(), found.ipmi_version.as_deref()),
        (Some("3.88"), Some("2.0"))
    );
    assert_eq!(
        (
            found.available,
            found.supports.len(),
            found.aux_firmware.len()
        ),
        (Some(true), 7, 4)
    );
    assert!(found.unread.is_empty() && found.extra.is_empty());
    let found = controller(captured!("openbmc-mc-info.txt")).expect("is there");
    assert_eq!(
        (found.firmware.as_deref(), &found.aux_firmware[..]),
        (Some("0.00"), &[][..])
    );
    let guid = controller(captured!("supermicro-mc-guid.txt")).expect("is there");
    assert_eq!(
        guid.guid.as_deref(),
        Some("13121110-1514-1716-1819-1a1b1c1d1e1f")
    );
    assert!(controller(b"Get Device ID command failed\n").is_err());
}

#[test]
fn outcomes_of_the_self_test() {
    let of = |bytes: &[u8]| {
        self_test(bytes)
            .map(|test| (test.result, test.code, test.details.len()))
            .expect("is there")
    };
    assert_eq!(
        of(captured!("mc-selftest-5500.txt")),
        (SelfTestResult::Passed, None, 0)
    );
    assert_eq!(
        of(captured!("mc-selftest-5600.txt")),
        (SelfTestResult::NotImplemented, None, 0)
    );
    assert_eq!(
        of(captured!("mc-selftest-57ff.txt")),
        (SelfTestResult::Corrupted, None, 8)
    );
    assert_eq!(
        of(captured!("mc-selftest-5801.txt")),
        (SelfTestResult::FatalError, Some(1), 0)
    );
    assert_eq!(
        of(captured!("mc-selftest-6012.txt")),
        (SelfTestResult::DeviceSpecific, Some(0x12), 0)
    );
    assert_eq!(
        of(captured!("mc-selftest-ff00.txt")),
        (SelfTestResult::NotAvailable, None, 0)
    );
    let dell = self_test(captured!("dell-mc-selftest.txt")).expect("is there");
    assert_eq!(
        dell.details,
        ["SDR repository not accessible", "SDR repository empty"]
    );
}

#[test]
fn units_present_absent_and_rated() {
    let found = frus(captured!("dell-fru-print.txt")).expect("is there");
    let names: Vec<_> = found
        .units
        .iter()
        .map(|u| (u.description.as_str(), u.id, u.presence))
        .collect();
    assert_eq!(
        names,
        [
            ("Builtin FRU Device", Some(0), FruPresence::Read),
            ("PS1", Some(1), FruPresence::Read),
            ("PS2", Some(2), FruPresence::Read),
            ("RAID Mezz", Some(3), FruPresence::NotPresent),
        ]
    );
    assert_eq!(found.units[0].product.serial.as_deref(), Some("ABCDEF1"));
    assert_eq!(
        found.units[1].board.product.as_deref(),
        Some("PWR SPLY,750W,RDNT,DELTA")
    );
    assert_eq!(
        found.units[3].absence.as_deref(),
        Some("Requested sensor, data, or record not found")
    );
    let board = frus(captured!("supermicro-fru-print.txt")).expect("is there");
    assert_eq!(
        board.units[0].chassis.serial.as_deref(),
        Some("C829UAA00000001")
    );

    let supplies = frus(captured!("supplies-fru-print-with-stderr.txt")).expect("is there");
    assert_eq!(
        supplies.unread.len() + supplies.units.iter().map(|u| u.unread.len()).sum::<usize>(),
        1
    );
    let states: Vec<_> = supplies.units.iter().map(|u| u.presence).collect();
    assert_eq!(states[1..3], [FruPresence::NotPresent, FruPresence::Empty]);
    assert_eq!(supplies.units[1].absence.as_deref(), Some("Timeout"));
    // Of one unit alone, with its records.
    let rated = frus(captured!("supply-fru-print-v.txt")).expect("is there");
    let unit = &rated.units[0];
    assert_eq!((unit.id, unit.capacity_watts), (None, Some(750.0)));
    assert_eq!(unit.extra["Power Supply Record: Peak VA"], "65535 VA");
    assert_eq!(unit.extra["DC Output Record: Nominal voltage"], "12.20 V");

    let odd = frus(b"FRU Device Description : PSU1 (ID 3)\n Product Extra         : \xb1\xff\n Moon : x\n odd\n").expect("is there");
    assert_eq!(
        (
            odd.units[0].product.extra.len(),
            &odd.units[0].extra["Moon"]
        ),
        (1, &"x".into())
    );
    assert_eq!(odd.units[0].unread, [" odd"]);
    assert!(frus(b"nothing").is_err());
}

#[test]
fn chassis_and_power() {
    let chassis = chassis_status(captured!("dell-chassis-status.txt")).expect("is there");
    assert_eq!(
        (chassis.power_on, chassis.cooling_fault, chassis.drive_fault),
        (Some(true), Some(true), Some(false))
    );
    assert_eq!(chassis.last_power_events, ["interlock"]);
    assert_eq!(chassis.restore_policy.as_deref(), Some("previous"));
    assert_eq!(chassis.extra["Power Button Disabled"], "false");
    let off = chassis_status(captured!("openbmc-chassis-status.txt")).expect("is there");
    assert_eq!(
        (off.power_on, off.last_power_events.len()),
        (Some(false), 0)
    );
    let power = chassis_status(captured!("dell-chassis-power-status.txt")).expect("is there");
    assert_eq!((power.power_on, power.unread.len()), (Some(true), 0));
    assert!(chassis_status(b"").is_err());

    let power = power_reading(captured!("supermicro-dcmi-power-reading.txt")).expect("is there");
    assert_eq!(
        (power.watts, power.minimum_watts, power.maximum_watts),
        (Some(215.0), Some(162.0), Some(276.0))
    );
    assert_eq!(
        (power.average_watts, power.active),
        (Some(176.0), Some(true))
    );
    assert_eq!(
        power.time.as_ref().expect("is there").seconds,
        Some(1_741_713_001)
    );
    assert_eq!(power.sampling_seconds, Some(1_131_466));
    let idle = power_reading(captured!("dell-dcmi-power-reading.txt")).expect("is there");
    assert_eq!((idle.watts, idle.active), (Some(98.0), Some(false)));
    // Before 1.8.19 the time is printed as C does; lovoo/ipmi_exporter issue 18 has such an output.
    let old = power_reading(b"  Instantaneous power reading:    7 Watts\n  IPMI timestamp:   Wed Feb 15 12:49:51 2017\n").expect("is there");
    assert_eq!(old.time.expect("is there").seconds, Some(1_487_162_991));
    assert!(power_reading(b"\n    DCMI request failed because: Invalid command (c1)\n").is_err());
}
