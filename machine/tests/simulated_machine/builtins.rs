//! The built-in machines: they load, the healthy ones are well by the judgement's thresholds, and
//! each sick one shows its illness.

use vetting_machine::contract::disks::Transport;
use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::power::Health;
use vetting_machine::contract::smart::Details;
use vetting_machine::contract::{counters, gpu, hwmon, inventory, power, smart};
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

pub fn smart(driver: &Driver, device: &str) -> smart::Health {
    match driver.ask(Request::SmartRead {
        device: device.to_owned(),
    }) {
        Reply::SmartHealth(health) => *health,
        other => panic!("{other:?}"),
    }
}

pub fn sensors(driver: &Driver) -> Vec<hwmon::Sensor> {
    match driver.ask(Request::Hwmon) {
        Reply::Hwmon(reading) => reading.sensors,
        other => panic!("{other:?}"),
    }
}

fn throttled_ms(driver: &Driver) -> u64 {
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
        let health = smart(&driver, &device.id);
        assert_eq!(health.overall_passed, Some(true), "{}", device.id);
        assert_eq!(health.exit, smart::ExitBits::default(), "{}", device.id);
        assert!(health.power_on_hours.is_some_and(|h| h < 100));
        assert!(
            health
                .self_tests
                .is_some_and(|tests| tests.iter().all(|t| t.passed == Some(true)))
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
    assert_eq!(
        vm.ask(Request::SmartDevices),
        Reply::SmartDevices(Vec::new())
    );
    let Reply::Disks(disks) = vm.ask(Request::Disks) else {
        panic!("no disks")
    };
    assert!(
        disks
            .iter()
            .all(|d| d.transport == Transport::Virtio && !d.in_use.is_empty())
    );
}

#[test]
fn failing_disk() {
    let health = smart(&Driver::builtin("failing-disk"), "sdd");
    assert_eq!(health.serial.as_deref(), Some("S6ESNFAILING"));
    assert_eq!(health.overall_passed, Some(false));
    assert!(health.exit.failing && health.exit.self_test_log);
    let Details::Ata(ata) = health.details else {
        panic!("not ATA")
    };
    let raw = |id| ata.attributes.iter().find(|a| a.id == id).map(|a| a.raw);
    assert_eq!((raw(5), raw(197), raw(198)), (Some(184), Some(24), Some(8)));
}

#[test]
fn nvme_critical() {
    let health = smart(&Driver::builtin("nvme-critical"), "nvme1n1");
    let Details::Nvme(nvme) = health.details else {
        panic!("not NVMe")
    };
    assert_eq!(
        (
            nvme.critical_warning,
            nvme.available_spare,
            nvme.media_errors
        ),
        (5, 4, 17)
    );
}

#[test]
fn throttling_cpu() {
    let driver = Driver::builtin("throttling-cpu");
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen) else {
        panic!("no watch")
    };
    driver.sleep(60);
    assert_eq!(throttled_ms(&driver), 0, "it throttles when idle");
    let run = driver.start(Request::StressStart {
        job: computing(120),
    });
    driver.sleep(110);
    assert!(throttled_ms(&driver) > 30_000, "{}", throttled_ms(&driver));
    let lines = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    });
    assert!(
        format!("{lines:?}").contains("cpu clock is throttled"),
        "{lines:?}"
    );
    driver.finish(run);
}

#[test]
fn bad_core() {
    let summary = Driver::builtin("bad-core").stress(computing(10));
    let bad: Vec<_> = summary
        .endings
        .iter()
        .filter(|e| e.exit_status != Some(0))
        .collect();
    assert_eq!(bad.len(), 1);
    assert_eq!((bad[0].cpu, bad[0].exit_status), (Some(11), Some(2)));
    assert!(bad[0].failures[0].starts_with("stress-ng: fail:"));
}

#[test]
fn slow_core() {
    let summary = Driver::builtin("slow-core").stress(computing(60));
    let rate = |cpu| {
        summary
            .metrics
            .iter()
            .find(|m| m.cpu == Some(cpu))
            .expect("told")
            .bogo_ops_per_second
    };
    assert!(
        (rate(5) / rate(6) - 0.7).abs() < 0.02,
        "{} of {}",
        rate(5),
        rate(6)
    );
}

#[test]
fn ecc_errors() {
    let driver = Driver::builtin("ecc-errors");
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen) else {
        panic!("no watch")
    };
    driver.sleep(30);
    let memory = counters(&driver).memory;
    let bad: Vec<_> = memory.dimms.iter().filter(|d| d.corrected > 0).collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(
        (bad[0].label.as_str(), bad[0].corrected),
        ("DIMM_C1", 6 * 4)
    );
    let Reply::KernelLog(lines) = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    }) else {
        panic!("no lines")
    };
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0].at_ns, 3_000_000_000);
}

#[test]
fn missing_dimm() {
    let parts = inventory(&Driver::builtin("missing-dimm"));
    let empty: Vec<_> = parts
        .memory
        .modules
        .iter()
        .filter(|m| m.size_bytes == 0)
        .collect();
    assert_eq!(empty.len(), 1);
    assert_eq!(empty[0].locator, "DIMM_B1");
    assert_eq!(parts.memory.installed_bytes, Some(480 << 30));
}

#[test]
fn dead_fan() {
    let driver = Driver::builtin("dead-fan");
    let fan = power(&driver)
        .sensors
        .into_iter()
        .find(|s| s.name == "FAN3")
        .expect("is told");
    assert_eq!((fan.value, fan.health), (Some(0.0), Health::Critical));
    let run = driver.start(Request::StressStart {
        job: computing(300),
    });
    driver.finish(run);
    assert_eq!(throttled_ms(&driver), 0, "five fans of six are enough");
}

#[test]
fn psu_lost() {
    let driver = Driver::builtin("psu-lost");
    let reading = power(&driver);
    let bad: Vec<_> = reading
        .supplies
        .iter()
        .filter(|s| s.health == Health::Critical)
        .collect();
    assert_eq!(bad.len(), 1);
    assert_eq!(bad[0].name, "PS2 Status");
    assert!(bad[0].states.iter().any(|s| s == "Power Supply AC lost"));
    assert!(
        reading
            .redundancy
            .iter()
            .any(|r| r.health == Health::Critical)
    );
    let Reply::PowerEventLog(log) = driver.ask(Request::PowerEventLog) else {
        panic!("no log")
    };
    assert!(
        log.iter()
            .any(|e| e.sensor.contains("PS2") && e.time == "01/01/2026 00:00:00"),
        "{log:?}"
    );
}

#[test]
fn slow_link() {
    let driver = Driver::builtin("slow-link");
    let nics = inventory(&driver).nics;
    let slow: Vec<_> = nics
        .iter()
        .filter(|n| n.speed_mbps < n.max_speed_mbps)
        .collect();
    assert_eq!(slow.len(), 1);
    let summary = driver.iperf(tcp(Direction::Send, 10));
    assert!(summary.flows[0].bits_per_second < 10e9);
}

#[test]
fn gpu_off_bus() {
    let driver = Driver::builtin("gpu-off-bus");
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen) else {
        panic!("no watch")
    };
    assert_eq!(gpus(&driver).devices.len(), 2, "it falls under load only");
    let summary = driver.gpu(30);
    let passed: Vec<_> = summary.devices.iter().map(|d| d.passed).collect();
    assert_eq!(passed, [true, false]);
    assert_eq!(
        (gpus(&driver).devices.len(), gpus(&driver).silent.len()),
        (1, 1)
    );
    let lines = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    });
    assert!(format!("{lines:?}").contains("GpuXid(79)"), "{lines:?}");
}

#[test]
fn gpu_pcie_degraded() {
    let driver = Driver::builtin("gpu-pcie-degraded");
    let job = gpu::Job {
        devices: Vec::new(),
        duration_ms: 10_000,
    };
    let run = driver.start(Request::GpuStart { job });
    driver.sleep(5);
    let widths: Vec<_> = gpus(&driver)
        .devices
        .iter()
        .filter_map(|g| g.link.as_ref().map(|l| l.current_width))
        .collect();
    assert_eq!(widths, [8, 16]);
    driver.finish(run);
}

#[test]
fn slow_disk() {
    let driver = Driver::builtin("slow-disk");
    let rate = |disk| driver.fio(reads(disk, 20)).read.bytes_per_second;
    let part = rate("sdb") / rate("sda");
    assert!((part - 0.34).abs() < 0.02, "{part}");
}
