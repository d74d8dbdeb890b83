#![allow(clippy::unwrap_used)]

use super::*;
use crate::counters::tests::{spoil, tree};
use crate::files::{Entry, Gap};

const CHIPS: &str = include_str!("../../captured/power/qemu-chips.txt");

/// A power supply with PMBus as its driver shows it, an AMD card and a board's chip of a desktop.
const MORE: &str = "\
sys/class/hwmon/hwmon7 -> sys/devices/pci0000:00/0000:00:1f.4/i2c-5/5-0058/hwmon/hwmon7
sys/class/hwmon/hwmon7/device -> sys/devices/pci0000:00/0000:00:1f.4/i2c-5/5-0058
sys/class/hwmon/hwmon7/name: ibm-cffps2
sys/class/hwmon/hwmon7/in1_label: vin
sys/class/hwmon/hwmon7/in1_input: 230500
sys/class/hwmon/hwmon7/in1_lcrit_alarm: 0
sys/class/hwmon/hwmon7/in1_rated_max: 264000
sys/class/hwmon/hwmon7/curr2_label: iout1
sys/class/hwmon/hwmon7/curr2_input: 41250
sys/class/hwmon/hwmon7/curr2_crit_alarm: 1
sys/class/hwmon/hwmon7/power1_label: pin
sys/class/hwmon/hwmon7/power1_input: 512000000
sys/class/hwmon/hwmon7/power1_alarm: 0
sys/class/hwmon/hwmon7/power1_cap: 2400000000
sys/class/hwmon/hwmon7/fan1_input: 8512
sys/class/hwmon/hwmon7/fan1_fault: 1
sys/class/hwmon/hwmon7/fan1_target: 8600
sys/class/hwmon/hwmon7/pwm1: 127
sys/class/hwmon/hwmon7/pwm1_enable: 1
sys/class/hwmon/hwmon7/energy1_input: 5000000
sys/class/hwmon/hwmon7/humidity1_input: 45500
sys/class/hwmon/hwmon7/temp2_type: 4
sys/class/hwmon/hwmon7/temp2_input ! No data available
sys/class/hwmon/hwmon7/temp2_crit: hot
sys/class/hwmon/hwmon7/temp2_enable: 0
sys/class/hwmon/hwmon7/temp2_mood: fine
sys/class/hwmon/hwmon8/device -> sys/devices/pci0000:c0/0000:c1:00.0
sys/class/hwmon/hwmon8/name: amdgpu
sys/class/hwmon/hwmon8/power1_average: 88000000
sys/class/hwmon/hwmon8/freq1_input: 1440000000
sys/class/hwmon/hwmon8/in0_input: 806
sys/class/hwmon/hwmon8/in0_label: vddgfx
sys/class/hwmon/hwmon9 -> sys/devices/platform/coretemp.0/hwmon/hwmon9
sys/class/hwmon/hwmon9/name: coretemp
sys/class/hwmon/hwmon9/temp1_label: Package id 0
sys/class/hwmon/hwmon9/temp1_input: -5000
sys/class/hwmon/hwmon9/temp10_input: 41000
sys/class/hwmon/hwmon9/temp2_input:
sys/class/hwmon/hwmon9/pressure1_input: 7
sys/class/hwmon/hwmon9/cpu0_vid: 1550
";

fn chip<'a>(all: &'a Hwmon, name: &str) -> &'a Chip {
    let found = all
        .chips
        .iter()
        .find(|chip| chip.name.as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("{name} in {all:?}"))
}

fn sensor<'a>(chip: &'a Chip, channel: &str) -> &'a Sensor {
    let found = chip.sensors.iter().find(|sensor| sensor.channel == channel);
    found.unwrap_or_else(|| panic!("{channel} in {chip:?}"))
}

fn set(sensor: &Sensor) -> Vec<&str> {
    let set = sensor.alarms.iter().filter(|flag| flag.set);
    set.map(|flag| flag.name.as_str()).collect()
}

#[test]
fn chips_of_a_kernel_keep_every_sensor() {
    let all = hwmon(&tree(CHIPS));
    assert_eq!(all.chips.len(), 6);
    let nvme = chip(&all, "nvme");
    assert_eq!(nvme.place.as_deref(), Some("0000:01:00.0"));
    assert_eq!(nvme.model.as_deref(), Some("QEMU NVMe Ctrl"));
    let heat = sensor(nvme, "temp1");
    assert_eq!(heat.label.as_deref(), Some("Composite"));
    assert_eq!(
        (heat.value, heat.max, heat.crit),
        (Some(49.85), Some(69.85), Some(99.85))
    );
    assert_eq!(
        (heat.min, heat.emergency, heat.fault),
        (Some(-273.15), None, None)
    );
    assert_eq!((heat.alarms.len(), set(heat).len()), (1, 0));
    let board = chip(&all, "adm9240");
    assert_eq!(board.place.as_deref(), Some("i2c:1-002c"));
    assert_eq!(board.driver.as_deref(), Some("adm9240"));
    let rail = sensor(board, "in4");
    assert_eq!(
        (rail.value, rail.max, rail.kind),
        (Some(12.0), Some(15.938), SensorKind::Voltage)
    );
    assert_eq!(set(sensor(board, "in0")), ["alarm"]);
    assert_eq!(sensor(board, "fan2").value, Some(0.0));
    let case = sensor(board, "intrusion0");
    assert_eq!(
        (case.kind, case.value, set(case)),
        (SensorKind::Intrusion, None, vec!["alarm"])
    );
    assert_eq!(board.leftover.extra["alarms"], "4611");
    assert_eq!(sensor(board, "fan1").extra["div"], "1");
    let module = sensor(chip(&all, "jc42"), "temp1");
    assert_eq!(
        (module.value, module.crit, set(module)),
        (Some(26.0), Some(96.0), vec!["crit_alarm", "max_alarm"])
    );
    assert_eq!(chip(&all, "lm75").sensors[0].value, Some(37.5));
}

#[test]
fn old_drivers_have_their_files_at_the_device() {
    let all = hwmon(&tree(CHIPS));
    let old = chip(&all, "w83795g");
    assert_eq!((old.pwms[0].duty, old.pwms[0].mode), (Some(0), Some(2)));
    assert_eq!(old.pwms[0].extra["freq"], "1024");
    assert_eq!(old.sensors[0].channel, "intrusion0");
}

#[test]
fn supplies_with_pmbus_keep_their_flags() {
    let all = hwmon(&tree(MORE));
    let supply = chip(&all, "ibm-cffps2");
    assert_eq!(supply.place.as_deref(), Some("i2c:5-0058"));
    let input = sensor(supply, "in1");
    assert_eq!(
        (input.label.as_deref(), input.value),
        (Some("vin"), Some(230.5))
    );
    assert_eq!(
        (input.rated_max, input.alarms.len(), set(input).len()),
        (Some(264.0), 1, 0)
    );
    let output = sensor(supply, "curr2");
    assert_eq!(
        (output.value, set(output)),
        (Some(41.25), vec!["crit_alarm"])
    );
    let power = sensor(supply, "power1");
    assert_eq!((power.value, power.cap), (Some(512.0), Some(2400.0)));
    let fan = sensor(supply, "fan1");
    assert_eq!(
        (fan.value, fan.fault, fan.target),
        (Some(8512.0), Some(true), Some(8600.0))
    );
    assert_eq!(sensor(supply, "energy1").value, Some(5.0));
    assert_eq!(sensor(supply, "humidity1").value, Some(45.5));
    assert_eq!(
        (supply.pwms[0].duty, supply.pwms[0].mode),
        (Some(127), Some(1))
    );
}

#[test]
fn sensors_without_a_reading_say_why() {
    let all = hwmon(&tree(MORE));
    let broken = sensor(chip(&all, "ibm-cffps2"), "temp2");
    assert_eq!(
        (broken.value, broken.unread.as_deref()),
        (None, Some("No data available"))
    );
    assert_eq!((broken.enabled, broken.sensor_type), (Some(false), Some(4)));
    assert_eq!(
        (broken.crit, &*broken.extra["crit"], &*broken.extra["mood"]),
        (None, "hot", "fine")
    );
    let empty = sensor(chip(&all, "coretemp"), "temp2");
    assert_eq!(
        (empty.value, empty.unread.as_deref()),
        (None, Some("empty"))
    );
    let mut files = tree(MORE);
    files.add(
        "sys/class/hwmon/hwmon9/temp1_input",
        Entry::Gap(Gap::TimedOut),
    );
    let cut = Entry::File {
        bytes: b"41".to_vec(),
        cut: true,
    };
    files.add("sys/class/hwmon/hwmon9/temp10_input", cut);
    let all = hwmon(&files);
    let core = chip(&all, "coretemp");
    assert_eq!(sensor(core, "temp1").unread.as_deref(), Some("timed out"));
    let cut = sensor(core, "temp10");
    assert_eq!(
        (cut.value, cut.unread.as_deref()),
        (None, Some("cut after \"41\""))
    );
}

#[test]
fn channels_are_in_natural_order_and_places_known_without_a_device_link() {
    let all = hwmon(&tree(MORE));
    let core = chip(&all, "coretemp");
    let channels: Vec<&str> = core.sensors.iter().map(|s| s.channel.as_str()).collect();
    assert_eq!(channels, ["pressure1", "temp1", "temp2", "temp10"]);
    assert_eq!(
        (core.sensors[0].kind, core.sensors[0].value),
        (SensorKind::Other, Some(7.0))
    );
    assert_eq!(core.leftover.extra["cpu0_vid"], "1550");
    assert_eq!(core.sensors[1].value, Some(-5.0));
    assert_eq!(core.place.as_deref(), Some("platform:coretemp.0"));
    let card = chip(&all, "amdgpu");
    assert_eq!(card.place.as_deref(), Some("0000:c1:00.0"));
    assert_eq!(
        (sensor(card, "power1").value, sensor(card, "power1").average),
        (Some(88.0), Some(88.0))
    );
    assert_eq!(sensor(card, "freq1").value, Some(1.44e9));
    assert_eq!(
        all.sensors().count(),
        all.chips.iter().map(|c| c.sensors.len()).sum::<usize>()
    );
}

#[test]
fn energy_counts_over_its_wrap() {
    let text = "sys/class/powercap/intel-rapl:0/name: package-0\n\
        sys/class/powercap/intel-rapl:0/enabled: 1\n\
        sys/class/powercap/intel-rapl:0/energy_uj: 900\n\
        sys/class/powercap/intel-rapl:0/max_energy_range_uj: 1000\n\
        sys/class/powercap/intel-rapl:0/constraint_0_name: long_term\n\
        sys/class/powercap/intel-rapl:0/constraint_0_power_limit_uw: 270000000\n\
        sys/class/powercap/intel-rapl:0/constraint_0_time_window_us: 999424\n\
        sys/class/powercap/intel-rapl:0/constraint_1_max_power_uw: -1\n\
        sys/class/powercap/intel-rapl:0:0/energy_uj ! denied\n\
        sys/class/powercap/intel-rapl/enabled: 1\n";
    let zones = powercap(&tree(text));
    let names: Vec<&str> = zones.iter().map(|zone| zone.zone.as_str()).collect();
    assert_eq!(names, ["intel-rapl", "intel-rapl:0", "intel-rapl:0:0"]);
    let package = &zones[1];
    assert_eq!(package.limits[0].limit_uw, Some(270_000_000));
    assert_eq!(
        (package.limits[0].window_us, package.limits[0].max_uw),
        (Some(999_424), None)
    );
    assert_eq!(package.leftover.extra["constraint_1_max_power_uw"], "-1");
    assert_eq!(
        (zones[2].energy_uj, zones[2].leftover.unread.len()),
        (None, 1)
    );
    let later = Zone {
        energy_uj: Some(50),
        ..package.clone()
    };
    assert_eq!(energy_used(package, &later), Some(150));
    assert_eq!(energy_used(&later, package), Some(850));
    let unknown = Zone {
        energy_range_uj: None,
        ..later
    };
    assert_eq!(energy_used(package, &unknown), None);
}

#[test]
fn batteries_and_adapters_keep_their_words() {
    let text = "sys/class/power_supply/BAT0 -> sys/devices/LNXSYSTM:00/PNP0C0A:00/power_supply/BAT0\n\
        sys/class/power_supply/BAT0/type: Battery\n\
        sys/class/power_supply/BAT0/present: 1\n\
        sys/class/power_supply/BAT0/status: Discharging\n\
        sys/class/power_supply/BAT0/capacity: 81\n\
        sys/class/power_supply/BAT0/energy_full: 50060000\n\
        sys/class/power_supply/BAT0/cycle_count: lots\n\
        sys/class/power_supply/BAT0/current_now: -1200000\n\
        sys/class/power_supply/BAT0/charge_stop_threshold: 100\n\
        sys/class/power_supply/AC/type: Mains\n\
        sys/class/power_supply/AC/online: 0\n";
    let found = supplies(&tree(text));
    assert_eq!((found[0].name.as_str(), found[0].online), ("AC", Some(0)));
    let battery = &found[1];
    assert_eq!(
        (battery.capacity, battery.current_ua),
        (Some(81), Some(-1_200_000))
    );
    assert_eq!(
        (battery.cycles, &*battery.leftover.extra["cycle_count"]),
        (None, "lots")
    );
    assert_eq!(battery.leftover.extra["charge_stop_threshold"], "100");
    assert_eq!(
        battery.device.as_deref(),
        Some("sys/devices/LNXSYSTM:00/PNP0C0A:00")
    );
}

#[test]
fn watchdogs_and_cooling_of_a_kernel() {
    let files = tree(CHIPS);
    let watchdogs = watchdogs(&files);
    assert_eq!(watchdogs[0].identity.as_deref(), Some("i6300ESB timer"));
    assert_eq!(
        (watchdogs[0].status, watchdogs[0].boot_status),
        (Some(0x200), Some(0))
    );
    assert_eq!(
        (watchdogs[0].timeout, watchdogs[0].no_way_out),
        (Some(30), Some(false))
    );
    assert_eq!(watchdogs[0].leftover.extra["max_timeout"], "2046");
    let thermal = thermal(&files);
    assert_eq!(thermal.cooling[0].kind.as_deref(), Some("Processor"));
    assert_eq!(
        (thermal.cooling[0].state, thermal.cooling[0].max_state),
        (Some(0), Some(0))
    );
}

#[test]
fn thermal_zones_keep_their_trip_points() {
    let text = "sys/class/thermal/thermal_zone1/type: x86_pkg_temp\n\
        sys/class/thermal/thermal_zone1/temp: 44000\n\
        sys/class/thermal/thermal_zone1/mode: enabled\n\
        sys/class/thermal/thermal_zone1/trip_point_0_type: passive\n\
        sys/class/thermal/thermal_zone1/trip_point_0_temp: -274000\n\
        sys/class/thermal/thermal_zone1/trip_point_10_type: critical\n\
        sys/class/thermal/thermal_zone1/trip_point_10_temp: 105000\n\
        sys/class/thermal/thermal_zone1/cdev0 -> sys/devices/virtual/thermal/cooling_device3\n\
        sys/class/thermal/thermal_zone2/temp ! Resource temporarily unavailable\n\
        sys/class/thermal/cooling_device3/cur_state: -1\n";
    let found = thermal(&tree(text));
    let zone = &found.zones[0];
    assert_eq!(
        (zone.zone, zone.celsius, zone.enabled),
        (1, Some(44.0), Some(true))
    );
    assert_eq!(
        (zone.trips[1].number, zone.trips[1].celsius),
        (10, Some(105.0))
    );
    assert_eq!(zone.cooling, ["cooling_device3"]);
    assert_eq!(
        found.zones[1].leftover.unread,
        ["temp: Resource temporarily unavailable"]
    );
    assert_eq!(found.cooling[0].state, Some(-1));
}

#[test]
fn nothing_read_is_nothing_there() {
    assert_eq!(read(&crate::files::Files::new()), Power::default());
    assert!(globs().iter().all(|glob| !glob.contains("**")));
}

#[test]
fn spoilt_files_never_panic() {
    let files = tree(&[CHIPS, MORE].concat());
    let whole = read(&files).hwmon.sensors().count();
    for seed in 1..60_u64 {
        let found = read(&spoil(&files, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        assert_eq!(found.hwmon.sensors().count(), whole);
        assert!(serde_json::to_string(&found).is_ok());
    }
}
