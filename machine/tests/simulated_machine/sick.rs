//! Every sick machine that comes with the program shows its sickness.

use crate::builtins::*;
use crate::driver::{Driver, computing, reads, tcp};
use vetting_machine::contract::gpu;
use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::contract::power::Health;
use vetting_machine::{Reply, Request};

#[test]
fn failing_disk() {
    let driver = Driver::builtin("failing-disk");
    let drive = smart(&driver, "sdd");
    assert_eq!(drive["serial_number"], "S6ESNFAILING");
    assert_eq!(drive["smart_status"]["passed"], false);
    // smartctl(8): bit 3, the disk is failing; bit 7, a self-test failed.
    let status = document(&driver, "sdd").exit_status.expect("a status");
    assert_eq!(status & 0x88, 0x88, "{status:#x}");
    let table = drive["ata_smart_attributes"]["table"]
        .as_array()
        .expect("a table");
    let raw = |id: u64| {
        let row = table.iter().find(|row| row["id"] == id)?;
        row["raw"]["value"].as_u64()
    };
    assert_eq!((raw(5), raw(197), raw(198)), (Some(184), Some(24), Some(8)));
}

#[test]
fn nvme_critical() {
    let drive = smart(&Driver::builtin("nvme-critical"), "nvme1n1");
    let log = &drive["nvme_smart_health_information_log"];
    assert_eq!(log["critical_warning"], 5);
    assert_eq!(
        (&log["available_spare"], &log["media_errors"]),
        (&4.into(), &17.into())
    );
}

#[test]
fn throttling_cpu() {
    let driver = Driver::builtin("throttling-cpu");
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
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
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
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
    assert_eq!(lines[0].came_ns, 3_000_000_000);
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
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
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
    assert!(format!("{lines:?}").contains("): 79, pid="), "{lines:?}");
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
