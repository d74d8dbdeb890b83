//! The built-in machines: they load, the healthy ones are well by the judgement's thresholds, and
//! each sick one shows its illness.

use vetting_machine::contract::disks::Transport;
use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::power::Health;
use vetting_machine::contract::types::Document;
use vetting_machine::contract::{counters, gpu, hwmon, inventory, power};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Machine, Reply, Request, Time};

use crate::driver::{Driver, computing, random_reads, reads, tcp};

pub fn inventory(driver: &Driver) -> inventory::Parts {
    match driver.ask(Request::Inventory) {
        Reply::Inventory(parts) => *parts,
        other => panic!("{other:?}"),
    }
}

pub fn counters(driver: &Driver) -> counters::Reading {
    match driver.ask(Request::Counters) {
        Reply::Counters(reading) => reading,
        other => panic!("{other:?}"),
    }
}

pub fn power(driver: &Driver) -> power::Reading {
    match driver.ask(Request::PowerRead) {
        Reply::Power(reading) => reading,
        other => panic!("{other:?}"),
    }
}

pub fn gpus(driver: &Driver) -> gpu::Reading {
    match driver.ask(Request::GpuRead) {
        Reply::GpuReading(reading) => reading,
        other => panic!("{other:?}"),
    }
}

/// What smartctl printed of a drive.
pub fn document(driver: &Driver, device: &str) -> Document {
    match driver.ask(Request::SmartRead {
        device: device.to_owned(),
    }) {
        Reply::Document(document) => *document,
        other => panic!("{other:?}"),
    }
}

/// The same, as JSON.
pub fn smart(driver: &Driver, device: &str) -> serde_json::Value {
    serde_json::from_slice(&document(driver, device).stdout).expect("smartctl's JSON")
}

pub fn sensors(driver: &Driver) -> Vec<hwmon::Sensor> {
    match driver.ask(Request::Hwmon) {
        Reply::Hwmon(reading) => reading.sensors,
        other => panic!("{other:?}"),
    }
}

pub fn throttled_ms(driver: &Driver) -> u64 {
    counters(driver)
        .cpus
        .iter()
        .filter_map(|c| c.package_throttle_ms)
        .max()
        .unwrap_or(0)
}

#[test]
fn every_built_in_machine_loads_and_answers() {
    let names = SimulatedMachine::builtin_names();
    assert!(names.len() >= 16, "{names:?}");
    for (name, description) in names {
        assert!(!description.is_empty(), "{name} says nothing about itself");
        let machine = SimulatedMachine::builtin(name, 1).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(machine.name(), format!("sim:{name}"));
        assert_eq!(machine.description(), description);
        assert_eq!(machine.time(), Time::Virtual);
        let driver = Driver::builtin(name);
        let parts = inventory(&driver);
        assert!(
            parts.gaps.is_empty() && !parts.cpus.is_empty() && !parts.disks.is_empty(),
            "{name}"
        );
        assert_eq!(
            machine.capacity().0 as usize,
            counters(&driver).cpus.len(),
            "{name}"
        );
        driver.ask(Request::Hwmon);
        driver.ask(Request::PowerRead);
        driver.ask(Request::ScratchSpace);
    }
}

#[test]
fn the_healthy_server_has_what_a_server_has() {
    let machine = SimulatedMachine::builtin("healthy-server", 1).expect("is built in");
    assert!(machine.peer().is_some_and(|peer| !peer.loopback));
    let driver = Driver::builtin("healthy-server");
    let parts = inventory(&driver);
    assert_eq!(parts.cpus.iter().map(|c| c.threads).sum::<u32>(), 64);
    assert_eq!(parts.memory.installed_bytes, Some(512 << 30));
    assert!(
        parts
            .memory
            .modules
            .iter()
            .all(|m| m.total_width > m.data_width)
    );
    assert_eq!(
        parts
            .nics
            .iter()
            .filter(|n| n.carrier && n.speed_mbps == Some(25_000))
            .count(),
        2
    );
    assert_eq!(parts.gpus.iter().filter(|g| g.accelerator).count(), 2);
    assert!(parts.bmc.is_some());
    let serials: std::collections::BTreeSet<_> =
        parts.disks.iter().map(|d| d.serial.clone()).collect();
    assert_eq!(serials.len(), 6, "serials are not unique");
}

#[test]
fn the_healthy_server_is_cool_and_fast_under_full_load() {
    let driver = Driver::builtin("healthy-server");
    let run = driver.start(Request::StressStart {
        job: computing(1200),
    });
    let burn = driver.start(Request::GpuStart {
        job: gpu::Job {
            devices: Vec::new(),
            duration_ms: 1_200_000,
        },
    });
    for _ in 0..30 {
        driver.sleep(30);
        for sensor in sensors(&driver) {
            let limit = sensor.limits.crit.expect("every sensor here has one");
            assert!(
                sensor.value < limit - 5.0,
                "{} {} of {limit}",
                sensor.label,
                sensor.value
            );
            assert!(sensor.alarms.is_empty(), "{}", sensor.label);
        }
        for cpu in counters(&driver).cpus {
            let (now, base) = (cpu.current_mhz.expect("told"), cpu.base_mhz.expect("told"));
            assert!(now >= base, "CPU {} at {now} of {base}", cpu.cpu);
        }
        let reading = power(&driver);
        assert!(
            reading.sensors.iter().all(|s| s.health == Health::Nominal),
            "{reading:?}"
        );
        assert!(
            reading.supplies.iter().all(|s| s.health == Health::Nominal),
            "{reading:?}"
        );
        for gpu in gpus(&driver).devices {
            let link = gpu.link.expect("told");
            assert_eq!(
                (link.current_speed, link.current_width),
                (link.max_speed, link.max_width)
            );
            assert!(!gpu.throttle.expect("told").hardware_thermal);
        }
    }
    assert_eq!(throttled_ms(&driver), 0);
    driver.finish(run);
    driver.finish(burn);
}

#[test]
fn the_healthy_server_computes_evenly_and_rightly() {
    let summary = Driver::builtin("healthy-server").stress(computing(60));
    assert!(summary.endings.iter().all(|e| e.exit_status == Some(0)));
    let rates: Vec<f64> = summary
        .metrics
        .iter()
        .map(|m| m.bogo_ops_per_second)
        .collect();
    assert_eq!(rates.len(), 64);
    let mean = rates.iter().sum::<f64>() / 64.0;
    assert!(
        rates.iter().all(|r| (r / mean - 1.0).abs() < 0.02),
        "{rates:?}"
    );
}

#[test]
fn the_healthy_disks_pass_the_floors_of_their_class() {
    let driver = Driver::builtin("healthy-server");
    // Bytes per second, accesses per second, p99 of random reads in nanoseconds.
    let floors = [
        ("sda", 120e6, 100.0, 500e6),
        ("sdc", 400e6, 50e3, 10e6),
        ("nvme0n1", 4e9, 400e3, 3e6),
    ];
    for (disk, bandwidth, iops, p99) in floors {
        let sequential = driver.fio(reads(disk, 30)).read;
        assert!(
            sequential.bytes_per_second > bandwidth,
            "{disk}: {sequential:?}"
        );
        let random = driver.fio(random_reads(disk, 30)).read;
        assert!(random.iops > iops, "{disk}: {random:?}");
        let told = random
            .percentiles
            .iter()
            .find(|(percent, _)| *percent == 99.0)
            .expect("is told")
            .1;
        assert!(told < p99, "{disk}: {told}");
    }
}

#[test]
fn the_healthy_disks_are_well() {
    let driver = Driver::builtin("healthy-server");
    let Reply::SmartDevices(devices) = driver.ask(Request::SmartDevices) else {
        panic!("no devices")
    };
    assert_eq!(devices.len(), 6);
    for device in devices {
        let drive = smart(&driver, &device);
        assert_eq!(drive["smart_status"]["passed"], true, "{device}");
        assert_eq!(drive["smartctl"]["exit_status"], 0, "{device}");
        assert_eq!(document(&driver, &device).exit_status, Some(0), "{device}");
        assert!(
            drive["power_on_time"]["hours"]
                .as_u64()
                .is_some_and(|h| h < 100)
        );
    }
}

#[test]
fn the_healthy_network_reaches_its_ceiling_both_ways() {
    let driver = Driver::builtin("healthy-server");
    for direction in [Direction::Send, Direction::Receive] {
        let summary = driver.iperf(tcp(direction, 10));
        let flow = summary.flows.first().expect("one flow");
        assert!(
            flow.bits_per_second > 0.98 * 0.99 * 25e9,
            "{}",
            flow.bits_per_second
        );
        assert_eq!(flow.retransmits, Some(0));
        assert_eq!(flow.intervals.len(), 10);
        assert!(summary.local_cpu_percent.is_some_and(|p| p < 95.0));
        assert_eq!(summary.local_nic.as_deref(), Some("ens1f0np0"));
    }
    let counted = counters(&driver).nics;
    assert!(
        counted
            .iter()
            .any(|n| n.rx_bytes > 0 && n.tx_bytes > 0 && n.rx_crc_errors == 0)
    );
}

#[test]
fn the_laptop_and_the_virtual_machine_have_less() {
    let laptop = Driver::builtin("laptop");
    let parts = inventory(&laptop);
    assert_eq!(parts.system.chassis.as_deref(), Some("Notebook"));
    assert!(
        parts.bmc.is_none()
            && parts
                .memory
                .modules
                .iter()
                .all(|m| m.total_width == m.data_width)
    );
    assert!(counters(&laptop).memory.drivers.is_empty());
    assert!(power(&laptop).supplies.iter().all(|s| s.portable));
    assert!(gpus(&laptop).devices.is_empty() && gpus(&laptop).silent.is_empty());
    let vm = Driver::builtin("small-vm");
    let parts = inventory(&vm);
    assert_eq!(parts.system.hypervisor.as_deref(), Some("kvm"));
    assert!(
        parts
            .nics
            .iter()
            .all(|n| n.paravirtual && n.speed_mbps.is_none())
    );
    assert!(sensors(&vm).is_empty());
    let Reply::SmartDevices(devices) = vm.ask(Request::SmartDevices) else {
        panic!("no devices")
    };
    for device in devices {
        let printed = document(&vm, &device);
        let text = String::from_utf8_lossy(&printed.stdout).into_owned();
        assert!(text.contains("Unable to detect device type"), "{text}");
        assert_eq!(printed.exit_status, Some(1));
    }
    let Reply::Disks(disks) = vm.ask(Request::Disks) else {
        panic!("no disks")
    };
    assert!(
        disks
            .iter()
            .all(|d| d.transport == Transport::Virtio && !d.in_use.is_empty())
    );
}
