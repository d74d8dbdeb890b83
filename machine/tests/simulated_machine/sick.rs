//! Every sick machine that comes with the program shows its sickness.

use crate::builtins::*;
use crate::driver::{Driver, computing, reads, tcp};
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::gpu;
use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::kernel_log::Beginning;
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
    let mut bad = numbers(
        &driver,
        "sys/devices/system/edac/mc/mc*/dimm*/dimm_ce_count",
    );
    bad.retain(|(_, count)| *count > 0);
    let [(path, 24)] = bad.as_slice() else {
        panic!("{bad:?}");
    };
    let label = path.replace("dimm_ce_count", "dimm_label");
    assert_eq!(said(&driver, &label), "DIMM_C1");
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
    let driver = Driver::builtin("missing-dimm");
    assert_eq!(memory(&driver), (480 << 30) / 200 * 197 / 1024 * 1024);
    let table = content(&driver, "sys/firmware/dmi/tables/DMI").bytes;
    let name = table.windows(7).position(|text| text == b"DIMM_B1");
    assert!(name.is_some(), "the empty slot is named");
}

#[test]
fn dead_fan() {
    let driver = Driver::builtin("dead-fan");
    let row = sensor_row(&driver, "FAN3 ");
    assert!(row.contains("| lcr | 29.3 | 0 RPM"), "{row}");
    let run = driver.start(Request::StressStart {
        job: computing(300),
    });
    driver.finish(run);
    assert_eq!(throttled_ms(&driver), 0, "five fans of six are enough");
}

#[test]
fn psu_lost() {
    let driver = Driver::builtin("psu-lost");
    let row = sensor_row(&driver, "PS2 Status");
    assert!(
        row.ends_with("| Presence detected, Power Supply AC lost"),
        "{row}"
    );
    let row = sensor_row(&driver, "PS Redundancy");
    assert!(row.contains("| Redundancy Lost"), "{row}");
    let log = controller(&driver, Question::EventLog);
    let entry = "   2 | 01/01/26 | 00:00:00 UTC | Power Supply PS2 Status | Power Supply AC lost | Asserted";
    assert!(log.lines().any(|line| line == entry), "{log}");
    let units = controller(&driver, Question::Parts);
    assert!(
        units.contains("FRU Device Description : PS2 (ID 2)"),
        "{units}"
    );
    assert!(
        units.contains("Board Serial          : EXP18000002"),
        "{units}"
    );
}

#[test]
fn slow_link() {
    let driver = Driver::builtin("slow-link");
    let speeds = numbers(&driver, "sys/class/net/ens*/speed");
    let slow: Vec<_> = speeds.iter().filter(|(_, mbps)| *mbps < 10_000).collect();
    assert_eq!(slow.len(), 1, "{speeds:?}");
    let port = slow[0].0.split('/').nth(3).expect("a port");
    let link = query(&driver, "ethtool", port);
    assert!(link.contains("10000baseCR/Full"), "{link}");
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
    assert_eq!(gpus(&driver).len(), 2, "it falls under load only");
    let printed = driver.burn(&[0, 1], 30);
    assert!(printed[0].ends_with("\tGPU 0: OK\n"), "{}", printed[0]);
    assert!(printed[1].contains("(DIED!)"), "{}", printed[1]);
    let document = nvidia_smi(&driver);
    assert_eq!(document.exit_status, Some(255));
    let text = String::from_utf8_lossy(&document.stdout);
    assert!(text.contains("GPU0000:B1:00.0: Unknown Error"), "{text}");
    let lines = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    });
    assert!(format!("{lines:?}").contains("): 79, pid="), "{lines:?}");
}

#[test]
fn gpu_pcie_degraded() {
    let driver = Driver::builtin("gpu-pcie-degraded");
    let job = gpu::Job::Burn(gpu::Burn {
        gpus: vec![0, 1],
        duration_ms: 10_000,
    });
    let run = driver.start(Request::GpuStart { job });
    driver.sleep(5);
    let gpus = gpus(&driver);
    let widths = gpus.iter().map(|gpu| element(gpu, "current_link_width"));
    assert_eq!(widths.collect::<Vec<_>>(), ["8x", "16x"]);
    driver.finish(run);
}

#[test]
fn slow_disk() {
    let driver = Driver::builtin("slow-disk");
    let rate = |disk| driver.fio(reads(disk, 20)).read.bytes_per_second;
    let part = rate("sdb") / rate("sda");
    assert!((part - 0.34).abs() < 0.02, "{part}");
}
