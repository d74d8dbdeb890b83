//! Each kind of fault that no built-in machine has, seen through the seam.

use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::kernel_log::{Beginning, Entry};
use vetting_machine::contract::stress::Stressor;
use vetting_machine::contract::{fio, gpu, memtest};
use vetting_machine::{Reply, Request};

use crate::builtins::{
    controller, disks, element, gpus, number, said, sensor_row, sensors, smart,
};
use crate::driver::{Driver, computing, reads, tcp};
use crate::ends::memtest_log;

pub fn fault(toml: &str) -> Driver {
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
    let worst = || sensor_row(&driver, "PS1 Status").contains("Failure detected");
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
    let crc = number(&driver, "sys/class/net/ens1f0np0/statistics/rx_crc_errors");
    assert_eq!(crc, 4 * 500);
    let retransmits = driver.iperf(tcp(Direction::Receive, 10)).flows[0].retransmits;
    assert!(retransmits.is_some_and(|r| r > 100), "{retransmits:?}");
    let driver = fault("kind = \"pcie-errors\"\npci = \"0000:65:00.0\"\nnonfatal = 2");
    let rows = said(&driver, "sys/bus/pci/devices/0000:65:00.0/aer_dev_nonfatal");
    assert!(rows.ends_with("TOTAL_ERR_NONFATAL 2"), "{rows}");
    let driver = fault("kind = \"disk-io-error\"\ndisk = \"sdb\"\ncount = 3");
    assert_eq!(said(&driver, "sys/block/sdb/device/ioerr_cnt"), "0x3");
    let driver = fault("kind = \"gpu-ecc-uncorrected\"\ngpu = \"gpu1\"\ncount = 2");
    assert_eq!(element(&gpus(&driver)[1], "dram_uncorrectable"), "2");
    let driver = fault(
        "kind = \"gpu-field\"\ngpu = \"gpu0\"\nelement = \"ecc_errors/aggregate/sram_correctable\"\nvalue = \"ERR!\"",
    );
    let of_it = |gpu: usize| {
        gpus(&driver)[gpu]
            .matches("<sram_correctable>ERR!<")
            .count()
    };
    assert_eq!((of_it(0), of_it(1)), (1, 0));
}

#[test]
fn sick_disks() {
    let driver = fault("kind = \"disk-missing\"\ndisk = \"sdb\"");
    assert!(disks(&driver).iter().all(|d| d.name != "sdb"));
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
fn sick_memory_is_found_by_stressapptest() {
    let driver = fault("kind = \"memory-wrong\"\nbits = 3");
    let ending = driver.memtest(memtest::Job {
        bytes: 1 << 30,
        duration_ms: 5_000,
        copy_threads: 2,
        invert_threads: 0,
        cpu_threads: 0,
        warm_copy: false,
    });
    let log = memtest_log(&ending);
    assert_eq!(log.matches("Hardware Error: miscompare").count(), 3);
    assert!(log.contains("Status: FAIL - test discovered HW problems"));
    assert_eq!(ending.document.exit_status, Some(1));
}

#[test]
fn workers_are_killed_and_stressors_missing_in_the_tool_s_words() {
    let driver = fault("kind = \"worker-killed\"\ncpu = 3");
    let watch = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Boot,
    });
    let summary = driver.stress(computing(10));
    let bad: Vec<_> = summary
        .endings
        .iter()
        .filter(|e| e.exit_status == Some(2))
        .collect();
    assert_eq!((bad.len(), bad[0].cpu), (1, Some(3)));
    assert!(
        bad[0]
            .failures
            .iter()
            .any(|line| line.contains("corrupted bogo-ops counter"))
    );
    let Reply::Watch(watch) = watch else {
        panic!("no watch")
    };
    let lines = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    });
    assert!(format!("{lines:?}").contains("Out of memory: Killed process"));
    let driver = fault("kind = \"stressor-missing\"\nstressor = \"cpu\"");
    let summary = driver.stress(computing(10));
    assert!(summary.metrics.is_empty());
    assert!(
        summary.endings[0]
            .log
            .contains("cpu stressor will be skipped")
    );
}

#[test]
fn sick_network() {
    let driver = fault("at = \"5s\"\nkind = \"carrier-lost\"\nnic = \"ens1f0np0\"");
    driver.sleep(6);
    assert_eq!(number(&driver, "sys/class/net/ens1f0np0/carrier"), 0);
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
    assert!(sensor_row(&driver, "PS Redundancy").contains("Redundancy Lost"));
    let driver = fault("kind = \"rail-off\"\nrail = \"12V\"\nvolts = 11.0");
    assert!(sensor_row(&driver, "12V ").contains("| lcr |"));
    let table = controller(&driver, Question::Thresholds);
    let row = table.lines().find(|line| line.starts_with("12V "));
    assert!(row.is_some_and(|row| row.contains("| cr    |")), "{table}");
    let driver = fault(
        "kind = \"event-log-entry\"\nsensor = \"Processor CPU1\"\nevent = \"IERR\"\ncritical = true",
    );
    let log = controller(&driver, Question::EventLog);
    assert!(log.contains("| Processor CPU1 | IERR | Asserted"), "{log}");
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
    let printed = driver.burn(&[0, 1], 10);
    assert!(
        printed[0].contains("errors: 5  (WARNING!)"),
        "{}",
        printed[0]
    );
    assert!(printed[0].ends_with("\tGPU 0: FAULTY\n"), "{}", printed[0]);
    assert!(printed[1].ends_with("\tGPU 0: OK\n"), "{}", printed[1]);
    let no_such = driver.burn(&[7], 10);
    assert!(
        no_such[0].contains("invalid device ordinal"),
        "{}",
        no_such[0]
    );
}

#[test]
fn a_diagnosis_finds_what_the_profile_says() {
    let diagnosed = |toml: &str| {
        let driver = Driver::gpus_with(toml);
        let job = gpu::Job::Diagnosis(gpu::Diagnosis {
            gpus: Vec::new(),
            level: 3,
        });
        let printed = driver.gpu(job);
        serde_json::from_str::<serde_json::Value>(&printed[0]).expect("JSON")
    };
    let failed = |report: &serde_json::Value| report.to_string().matches("\"Fail\"").count();
    assert_eq!(failed(&diagnosed("")), 0);
    let wrong = "[[fault]]\nkind = \"gpu-wrong\"\ngpu = \"gpu3\"\nerrors = 5";
    // Two tests, each in its result and its summary.
    assert_eq!(failed(&diagnosed(wrong)), 4);
}

#[test]
fn a_link_between_gpus_is_down() {
    let toml = "[[fault]]\nkind = \"gpu-link-down\"\ngpu = \"gpu2\"\nlink = 17";
    let driver = Driver::gpus_with(toml);
    let question = gpu::Question::NvlinkStatus;
    let Reply::Document(document) = driver.ask(Request::GpuAsk { question }) else {
        panic!("no document")
    };
    let text = String::from_utf8_lossy(&document.stdout).into_owned();
    assert_eq!(text.matches("26.562 GB/s").count(), 8 * 18 - 1);
    assert!(text.contains("\t Link 17: <inactive>\nGPU 3: "), "{text}");
}
