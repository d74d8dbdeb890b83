//! Each kind of fault that no built-in machine has, seen through the seam.

use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::kernel_log::{Beginning, Entry};
use vetting_machine::contract::power::Health;
use vetting_machine::contract::stress::Stressor;
use vetting_machine::contract::types::{Error, MissingKind};
use vetting_machine::contract::{fio, gpu};
use vetting_machine::{Reply, Request};

use crate::builtins::{counters, gpus, inventory, power, sensors, smart};
use crate::driver::{Driver, computing, reads, tcp};

fn fault(toml: &str) -> Driver {
    Driver::healthy_with(&format!("[[fault]]\n{toml}"))
}

/// The kernel's lines of the first ten seconds.
fn lines(driver: &Driver) -> Vec<Entry> {
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
        panic!("no watch")
    };
    driver.sleep(10);
    match driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    }) {
        Reply::KernelLog(lines) => lines,
        other => panic!("{other:?}"),
    }
}

/// The one line of that kind that a fault at its fifth second logs.
fn line(toml: &str) -> Entry {
    let lines = lines(&fault(&format!("at = \"5s\"\n{toml}")));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].came_ns, 5_000_000_000);
    lines[0].clone()
}

#[test]
fn what_the_kernel_logs() {
    for (toml, words) in [
        (
            "kind = \"memory-uncorrected\"\ndimm = \"DIMM_A1\"\ncount = 1",
            "1 UE memory read error on DIMM_A1",
        ),
        (
            "kind = \"machine-check\"\ncpu = 3\nbank = 7",
            "CPU 3: Machine Check: 0 Bank 7: 8c00004000010090",
        ),
        (
            "kind = \"carrier-lost\"\nnic = \"ens1f0np0\"",
            "ens1f0np0: Link is Down",
        ),
        (
            "kind = \"disk-io-error\"\ndisk = \"sdb\"\ncount = 1",
            "I/O error, dev sdb",
        ),
        (
            "kind = \"pcie-errors\"\npci = \"0000:65:00.0\"\nfatal = 1",
            "0000:65:00.0: PCIe Bus Error: severity=Uncorrectable (Fatal)",
        ),
        (
            "kind = \"pcie-errors\"\npci = \"0000:65:00.0\"\ncorrectable = 1",
            "0000:65:00.0: PCIe Bus Error: severity=Correctable",
        ),
        (
            "kind = \"gpu-xid\"\ngpu = \"gpu0\"\nxid = 48\ntext = \"DBE\"",
            "NVRM: Xid (PCI:0000:98:00): 48",
        ),
        ("kind = \"kernel-line\"\ntext = \"stuck\"", "stuck"),
    ] {
        let line = line(toml);
        assert!(line.text.contains(words), "{}", line.text);
        assert_eq!(line.at_us, 245_000_000, "four minutes of uptime, and 5 s");
    }
}

#[test]
fn a_watch_from_boot_has_the_lines_of_the_boot() {
    let driver = Driver::builtin("healthy-server");
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Boot,
    }) else {
        panic!("no watch")
    };
    let next = Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    };
    let Reply::KernelLog(lines) = driver.ask(next) else {
        panic!("no lines")
    };
    assert!(lines[0].text.starts_with("Linux version"), "{lines:?}");
    assert!(lines.iter().all(|line| line.came_ns == 0));
    assert!(lines.is_sorted_by_key(|line| line.sequence));
}

#[test]
fn a_watch_wakes_with_the_fault() {
    let driver = fault("at = \"20s\"\nkind = \"machine-check\"\ncpu = 3\nbank = 7");
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
        panic!("no watch")
    };
    let reply = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 600_000,
    });
    assert!(matches!(reply, Reply::KernelLog(lines) if lines.len() == 1));
    assert_eq!(driver.seconds(), 20.0);
}

#[test]
fn a_watch_keeps_ten_thousand_lines_and_counts_the_lost() {
    let repeat = "every = \"1s\"\nkind = \"machine-check\"\ncpu = 3\nbank = 7\n";
    let driver = Driver::healthy_with(&format!("[[fault]]\n{repeat}").repeat(4));
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
        panic!("no watch")
    };
    driver.sleep(3_000);
    assert_eq!(
        driver.ask(Request::KernelLogLost { watch }),
        Reply::Lost(2_000)
    );
    let Reply::KernelLog(lines) = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    }) else {
        panic!("no lines")
    };
    assert_eq!(lines.len(), 2_000, "as many as one call gives");
    assert_eq!(lines[0].came_ns, 501_000_000_000);
}

#[test]
fn faults_end() {
    let driver = fault("at = \"10s\"\nfor = \"20s\"\nkind = \"psu-failed\"\npsu = \"PS1 Status\"");
    let worst = || {
        power(&driver)
            .supplies
            .iter()
            .any(|s| s.health == Health::Critical)
    };
    assert!(!worst());
    driver.sleep(15);
    assert!(worst());
    driver.sleep(20);
    assert!(!worst());
}

#[test]
fn what_is_counted() {
    let driver = fault("kind = \"nic-crc\"\nnic = \"ens1f0np0\"\ncount = 500\nevery = \"1s\"");
    driver.sleep(3);
    let crc: u64 = counters(&driver).nics.iter().map(|n| n.rx_crc_errors).sum();
    assert_eq!(crc, 4 * 500);
    let retransmits = driver.iperf(tcp(Direction::Receive, 10)).flows[0].retransmits;
    assert!(retransmits.is_some_and(|r| r > 100), "{retransmits:?}");
    let driver = fault("kind = \"pcie-errors\"\npci = \"0000:65:00.0\"\nnonfatal = 2");
    assert!(
        counters(&driver)
            .pcie
            .iter()
            .any(|p| p.address == "0000:65:00.0" && p.nonfatal == 2)
    );
    let driver = fault("kind = \"disk-io-error\"\ndisk = \"sdb\"\ncount = 3");
    assert!(
        counters(&driver)
            .disks
            .iter()
            .any(|d| d.name == "sdb" && d.io_errors == Some(3))
    );
    let driver = fault("kind = \"gpu-ecc-uncorrected\"\ngpu = \"gpu1\"\ncount = 2");
    assert_eq!(gpus(&driver).devices[1].ecc.volatile_uncorrected, Some(2));
}

#[test]
fn sick_disks() {
    let driver = fault("kind = \"disk-missing\"\ndisk = \"sdb\"");
    assert!(inventory(&driver).disks.iter().all(|d| d.name != "sdb"));
    let driver = fault("kind = \"disk-asleep\"\ndisk = \"sdb\"");
    let asleep = smart(&driver, "sdb");
    assert_eq!(asleep["smartctl"]["exit_status"], 3);
    assert!(asleep.to_string().contains("STANDBY"), "{asleep}");
    let driver = fault("kind = \"smart-unreadable\"\ndisk = \"sdb\"");
    let silent = smart(&driver, "sdb");
    assert_eq!(silent["smartctl"]["exit_status"], 2);
    assert!(silent.get("smart_status").is_none(), "{silent}");
    let driver =
        fault("kind = \"smart-field\"\ndisk = \"sda\"\nfield = \"read-uncorrected\"\nvalue = 4");
    let log = &smart(&driver, "sda")["scsi_error_counter_log"];
    assert_eq!(log["read"]["total_uncorrected_errors"], 4);
    let driver = fault("at = \"5s\"\nkind = \"disk-io-error\"\ndisk = \"sdb\"\ncount = 3");
    let summary = driver.fio(reads("sdb", 30));
    assert_eq!((summary.error, summary.exit_status), (5, Some(1)));
    assert!(summary.runtime_ms < 7_000, "{}", summary.runtime_ms);
    let wrong = "[[fault]]\nkind = \"disk-verify-error\"\ndisk = \"sdb\"\ncount = 2";
    let driver = Driver::destructive(wrong);
    let job = fio::Job {
        pattern: fio::Pattern::Write,
        verify: true,
        ..reads("sdb", 5)
    };
    let summary = driver.fio(job);
    assert_eq!(
        (summary.error, summary.total_errors, summary.exit_status),
        (84, 2, Some(0))
    );
    assert!(summary.stderr_tail.contains("verify failed"));
}

#[test]
fn sick_memory_is_found_by_vm() {
    let driver = fault("kind = \"memory-wrong\"\nbits = 3");
    let mut job = computing(10);
    job.per_cpu = false;
    job.stressors = vec![Stressor {
        name: "vm".to_owned(),
        workers: 4,
        method: None,
        memory_bytes: Some(1 << 30),
    }];
    let summary = driver.stress(job);
    assert_eq!(summary.endings[0].exit_status, Some(2));
    assert!(summary.endings[0].failures[0].contains("3 bit errors"));
}

#[test]
fn sick_network() {
    let driver = fault("at = \"5s\"\nkind = \"carrier-lost\"\nnic = \"ens1f0np0\"");
    driver.sleep(6);
    assert!(!inventory(&driver).nics[0].carrier);
    let summary = driver.iperf(tcp(Direction::Send, 10));
    assert!(
        summary
            .error
            .is_some_and(|e| e.contains("unable to connect"))
            && summary.flows.is_empty()
    );
    let driver = fault("kind = \"receive-slow\"\nnic = \"ens1f0np0\"\npercent = 50.0");
    let rate = |direction| driver.iperf(tcp(direction, 10)).flows[0].bits_per_second;
    let part = rate(Direction::Receive) / rate(Direction::Send);
    assert!((part - 0.5).abs() < 0.01, "{part}");
}

#[test]
fn sick_power_and_sensors() {
    let driver = fault("kind = \"redundancy-lost\"");
    assert_eq!(power(&driver).redundancy[0].health, Health::Critical);
    let driver = fault("kind = \"rail-off\"\nrail = \"12V\"\nvolts = 11.0");
    assert!(
        power(&driver)
            .sensors
            .iter()
            .any(|s| s.name == "12V" && s.health == Health::Critical)
    );
    let driver = fault(
        "kind = \"event-log-entry\"\nsensor = \"Processor CPU1\"\nevent = \"IERR\"\ncritical = true",
    );
    let Reply::PowerEventLog(log) = driver.ask(Request::PowerEventLog) else {
        panic!("no log")
    };
    assert!(
        log.iter()
            .any(|e| e.event == "IERR" && e.health == Health::Critical)
    );
    let gone = fault("kind = \"sensor-missing\"\nlabel = \"Package id 1\"");
    let labels = |driver: &Driver| {
        sensors(driver)
            .iter()
            .filter(|s| s.label == "Package id 1")
            .count()
    };
    assert_eq!(
        (labels(&Driver::builtin("healthy-server")), labels(&gone)),
        (1, 0)
    );
}

#[test]
fn gpus_that_compute_wrongly() {
    let driver = fault("kind = \"gpu-wrong\"\ngpu = \"gpu0\"\nerrors = 5");
    let summary = driver.gpu(10);
    assert_eq!(
        (summary.devices[0].passed, summary.devices[0].errors),
        (false, 50)
    );
    assert_eq!(summary.exit_status, Some(1));
}

#[test]
fn missing_tools() {
    let unavailable = |tool: &str, request: Request| {
        let answer = fault(&format!("kind = \"tool-missing\"\ntool = \"{tool}\"")).call(request);
        assert!(
            matches!(&answer, Err(Error::Unavailable(m)) if m.kind == MissingKind::Tool),
            "{answer:?}"
        );
    };
    unavailable(
        "fio",
        Request::FioStart {
            job: reads("sda", 5),
        },
    );
    unavailable("stress-ng", Request::StressStart { job: computing(5) });
    unavailable(
        "iperf3",
        Request::IperfStart {
            job: tcp(Direction::Send, 5),
        },
    );
    unavailable("smartctl", Request::SmartScan);
    let job = gpu::Job {
        devices: Vec::new(),
        duration_ms: 5_000,
    };
    unavailable("gpu", Request::GpuStart { job });
}

#[test]
fn a_tool_that_crashes_fails() {
    let driver = fault("kind = \"tool-crash\"\ntool = \"fio\"");
    let run = driver.start(Request::FioStart {
        job: reads("sda", 5),
    });
    let answer = driver.call(Request::RunNext {
        run,
        timeout_ms: 5_000,
    });
    assert!(
        matches!(&answer, Err(Error::Failed(f)) if f.exit_status.is_none()),
        "{answer:?}"
    );
    assert!(matches!(
        driver.call(Request::RunNext { run, timeout_ms: 0 }),
        Err(Error::Invalid(_))
    ));
}

#[test]
fn a_tool_that_hangs_is_killed_after_the_grace() {
    let driver = fault("kind = \"tool-hang\"\ntool = \"fio\"");
    let run = driver.start(Request::FioStart {
        job: reads("sda", 5),
    });
    assert_eq!(
        driver.ask(Request::RunNext {
            run,
            timeout_ms: 60_000
        }),
        Reply::Fio(None)
    );
    driver.ask(Request::RunStop { run });
    let before = driver.seconds();
    let Reply::Fio(Some(fio::Event::Finished(summary))) = driver.finish(run) else {
        panic!("no end")
    };
    assert!(summary.partial && summary.exit_status.is_none());
    assert!(
        (driver.seconds() - before - 2.0).abs() < 0.1,
        "{}",
        driver.seconds() - before
    );
}
