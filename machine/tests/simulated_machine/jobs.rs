//! Tools: what jobs are refused, how runs end, what they move.

use vetting_machine::contract::iperf::{self, Direction, Protocol};
use vetting_machine::contract::smart::SelfTestKind;
use vetting_machine::contract::types::{Error, MissingKind};
use vetting_machine::contract::{fio, gpu, memtest, stress};
use vetting_machine::{Reply, Request};

use crate::builtins::{said, smart};
use crate::driver::{Driver, computing, is_finished, reads, tcp};
use crate::ends::{Iperf, memtest_log};

#[track_caller]
fn invalid(request: Request, argument: &str) {
    let answer = Driver::builtin("healthy-server").call(request);
    assert!(
        matches!(&answer, Err(Error::Invalid(i)) if i.argument.contains(argument)),
        "{argument}: {answer:?}"
    );
}

/// What is no disk's name is hardware that is not there, as on a real machine.
fn absent(request: Request) {
    let answer = Driver::builtin("healthy-server").call(request);
    assert!(
        matches!(&answer, Err(Error::Unavailable(m)) if m.kind == MissingKind::Hardware),
        "{answer:?}"
    );
}

#[test]
fn fio_jobs_out_of_range_are_refused() {
    let job = || reads("sda", 5);
    let refused = |job, argument| invalid(Request::FioStart { job }, argument);
    refused(
        fio::Job {
            block_size: 0,
            ..job()
        },
        "block-size",
    );
    refused(
        fio::Job {
            block_size: 513,
            ..job()
        },
        "block-size",
    );
    refused(
        fio::Job {
            block_size: 32 << 20,
            ..job()
        },
        "block-size",
    );
    refused(
        fio::Job {
            io_depth: 0,
            ..job()
        },
        "io-depth",
    );
    refused(
        fio::Job {
            io_depth: 1025,
            ..job()
        },
        "io-depth",
    );
    refused(
        fio::Job {
            workers: 257,
            ..job()
        },
        "workers",
    );
    refused(
        fio::Job {
            runtime_ms: Some(0),
            ..job()
        },
        "runtime-ms",
    );
    refused(
        fio::Job {
            offset_bytes: 1,
            ..job()
        },
        "offset-bytes",
    );
    refused(
        fio::Job {
            offset_bytes: u64::MAX,
            ..job()
        },
        "offset-bytes",
    );
    refused(
        fio::Job {
            size_bytes: Some(u64::MAX),
            ..job()
        },
        "size-bytes",
    );
    refused(
        fio::Job {
            verify: true,
            ..job()
        },
        "verify",
    );
    absent(Request::FioStart {
        job: fio::Job {
            target: fio::Target::Disk("/dev/sda".into()),
            ..job()
        },
    });
    refused(
        fio::Job {
            target: fio::Target::Scratch(u64::MAX),
            ..job()
        },
        "target",
    );
    refused(
        fio::Job {
            options: vec![("filename".into(), "/etc/passwd".into())],
            ..job()
        },
        "options",
    );
    refused(
        fio::Job {
            options: vec![("rate".into(), "1m\nfilename=x".into())],
            ..job()
        },
        "options",
    );
}

#[test]
fn other_jobs_out_of_range_are_refused() {
    let refused = |change: fn(&mut stress::Job), argument| {
        let mut job = computing(5);
        change(&mut job);
        invalid(Request::StressStart { job }, argument);
    };
    refused(|j| j.stressors.clear(), "stressors");
    refused(|j| j.stressors[0].name = "fork".into(), "name");
    refused(|j| j.stressors[0].workers = 0, "workers");
    refused(|j| j.stressors[0].method = Some("a b".into()), "method");
    refused(|j| j.stressors[0].memory_bytes = Some(1), "memory-bytes");
    refused(|j| j.duration_ms = 999, "duration-ms");
    refused(|j| j.cpus = vec![64], "cpus");
    refused(|j| j.cpus = vec![1, 1], "cpus");
    let job = || tcp(Direction::Send, 5);
    let refused = |job, argument| invalid(Request::IperfStart { job }, argument);
    refused(
        iperf::Job {
            streams: 0,
            ..job()
        },
        "streams",
    );
    refused(
        iperf::Job {
            duration_ms: 0,
            ..job()
        },
        "duration-ms",
    );
    refused(
        iperf::Job {
            omit_ms: 60_001,
            ..job()
        },
        "omit-ms",
    );
    refused(
        iperf::Job {
            protocol: Protocol::Udp(1),
            ..job()
        },
        "protocol",
    );
    let job = gpu::Job::Burn(gpu::Burn {
        gpus: vec![0, 0],
        duration_ms: 5_000,
    });
    invalid(Request::GpuStart { job }, "gpus");
}

#[test]
fn only_so_many_tools_run_at_once() {
    let driver = Driver::builtin("healthy-server");
    for _ in 0..4 {
        driver.start(Request::FioStart {
            job: reads("sda", 5),
        });
    }
    let fifth = Request::FioStart {
        job: reads("sda", 5),
    };
    assert!(matches!(driver.call(fifth.clone()), Err(Error::Denied(_))));
    driver.ask(Request::RunDrop { run: 1 });
    driver.ask(fifth);
}

#[test]
fn a_mounted_disk_is_not_written() {
    let driver = Driver::builtin("laptop");
    let job = fio::Job {
        pattern: fio::Pattern::Write,
        ..reads("nvme0n1", 5)
    };
    assert!(matches!(
        driver.call(Request::FioStart { job }),
        Err(Error::Denied(_))
    ));
}

#[test]
fn fio_ends_with_its_size_or_its_time() {
    let driver = Driver::builtin("healthy-server");
    let size = 10 << 30;
    let summary = driver.fio(fio::Job {
        runtime_ms: None,
        size_bytes: Some(size),
        ..reads("sdc", 0)
    });
    assert_eq!(summary.read.bytes, size);
    assert!(
        !summary.partial && (15_000..25_000).contains(&summary.runtime_ms),
        "{summary:?}"
    );
    let stat = said(&driver, "sys/block/sdc/stat");
    let sectors: u64 = stat
        .split_whitespace()
        .nth(2)
        .expect("a field")
        .parse()
        .expect("a number");
    assert!((sectors * 512).abs_diff(size) < 1024, "{stat}");
    let summary = driver.fio(reads("sdc", 3));
    assert_eq!(summary.runtime_ms, 3_000);
    let summary = driver.fio(fio::Job {
        target: fio::Target::Scratch(1 << 30),
        ..reads("", 3)
    });
    assert_eq!(summary.error, 0);
}

#[test]
fn fio_keeps_to_the_rate_that_it_is_given() {
    let driver = Driver::builtin("healthy-server");
    let limited = |name: &str, value: &str| {
        let options = vec![(name.to_owned(), value.to_owned())];
        driver
            .fio(fio::Job {
                options,
                workers: 2,
                ..reads("nvme0n1", 10)
            })
            .read
            .bytes_per_second
    };
    assert_eq!(limited("rate", "10m").round(), 2.0 * 10_485_760.0);
    assert_eq!(limited("rate_iops", "100").round(), 2.0 * 100.0 * 131_072.0);
    for value in ["", "-5", "0", "5kk", "many"] {
        let options = vec![("rate".to_owned(), value.to_owned())];
        invalid(
            Request::FioStart {
                job: fio::Job {
                    options,
                    ..reads("sda", 5)
                },
            },
            "options",
        );
    }
}

#[test]
fn tools_share_a_disk() {
    let driver = Driver::builtin("healthy-server");
    let alone = driver.fio(reads("sdc", 10)).read.bytes_per_second;
    driver.start(Request::FioStart {
        job: reads("sdc", 60),
    });
    let shared = driver.fio(reads("sdc", 10)).read.bytes_per_second;
    assert!((shared / alone - 0.5).abs() < 0.1, "{shared} of {alone}");
}

#[test]
fn progress_comes_about_once_a_second() {
    let driver = Driver::builtin("healthy-server");
    let run = driver.start(Request::StressStart { job: computing(10) });
    let mut fractions = Vec::new();
    loop {
        match driver.ask(Request::RunNext {
            run,
            timeout_ms: 5_000,
        }) {
            Reply::Stress(Some(stress::Event::Progress(progress))) => {
                fractions.push(progress.fraction)
            }
            reply => {
                assert!(is_finished(&reply), "{reply:?}");
                break;
            }
        }
    }
    assert_eq!(fractions.len(), 9);
    assert!(fractions.is_sorted() && fractions.iter().all(|f| (0.0..1.0).contains(f)));
}

#[test]
fn stop_gives_a_partial_end() {
    let driver = Driver::builtin("healthy-server");
    let run = driver.start(Request::IperfStart {
        job: tcp(Direction::Both, 60),
    });
    driver.sleep(10);
    driver.ask(Request::RunStop { run });
    let Reply::Iperf(Some(iperf::Event::Finished(ending))) = driver.finish(run) else {
        panic!("no end")
    };
    let summary = Iperf::of(&ending);
    assert!(summary.partial);
    assert_eq!(summary.flows.len(), 2);
    assert!(
        (10_000..10_100).contains(&summary.runtime_ms),
        "{}",
        summary.runtime_ms
    );
}

#[test]
fn too_much_udp_is_lost() {
    let driver = Driver::builtin("healthy-server");
    let loss = |rate| {
        let flow = driver
            .iperf(iperf::Job {
                protocol: Protocol::Udp(rate),
                ..tcp(Direction::Send, 10)
            })
            .flows
            .remove(0);
        flow.lost_packets as f64 / flow.packets as f64
    };
    assert_eq!(loss(20_000_000_000), 0.0);
    assert!(loss(50_000_000_000) > 0.4);
}

#[test]
fn self_tests_take_their_time() {
    let driver = Driver::builtin("healthy-server");
    let start = Request::SmartStartSelfTest {
        device: "sdc".into(),
        kind: SelfTestKind::Short,
    };
    let left = || {
        let drive = smart(&driver, "sdc");
        drive["ata_smart_data"]["self_test"]["status"]["remaining_percent"].as_u64()
    };
    let tests = || {
        let drive = smart(&driver, "sdc");
        let log = &drive["ata_smart_self_test_log"]["standard"]["table"];
        log.as_array().expect("a log").clone()
    };
    let started = |expected: i32| match driver.ask(start.clone()) {
        Reply::Document(answer) => assert_eq!(answer.exit_status, Some(expected)),
        other => panic!("{other:?}"),
    };
    assert_eq!((left(), tests().len()), (None, 1));
    started(0);
    started(4);
    driver.sleep(60);
    assert!(matches!(left(), Some(50 | 60)), "{:?}", left());
    driver.sleep(70);
    assert_eq!((left(), tests().len()), (None, 2));
    assert_eq!(tests()[0]["status"]["passed"], true);
}

#[test]
fn handles_that_are_not_there_are_invalid() {
    invalid(
        Request::RunNext {
            run: 9,
            timeout_ms: 0,
        },
        "run",
    );
    invalid(Request::RunStop { run: 9 }, "run");
    invalid(
        Request::KernelLogNext {
            watch: 9,
            timeout_ms: 0,
        },
        "watch",
    );
    invalid(Request::KernelLogLost { watch: 9 }, "watch");
    invalid(
        Request::SmartRead {
            device: "watchdog".into(),
        },
        "device",
    );
    invalid(Request::Random { bytes: 65_537 }, "bytes");
}

#[test]
fn a_memory_test_is_bounded_and_ends_with_its_log() {
    let job = || memtest::Job {
        bytes: 1 << 30,
        duration_ms: 10_000,
        copy_threads: 4,
        invert_threads: 1,
        cpu_threads: 0,
        warm_copy: true,
    };
    let driver = Driver::builtin("healthy-server");
    let ending = driver.memtest(job());
    assert_eq!((ending.bytes, ending.threads), (1 << 30, 5));
    assert!(ending.document.argv.contains(&"-M".to_owned()));
    assert!(memtest_log(&ending).contains("Status: PASS"));
    let refused = |change: fn(&mut memtest::Job), argument| {
        let mut job = job();
        change(&mut job);
        invalid(Request::MemtestStart { job }, argument);
    };
    refused(|j| j.bytes = u64::MAX, "bytes");
    refused(|j| j.copy_threads = 0, "copy-threads");
    refused(|j| j.duration_ms = 0, "duration-ms");
    let run = driver.start(Request::MemtestStart { job: job() });
    driver.ask(Request::RunStop { run });
    let Reply::Memtest(Some(memtest::Event::Finished(ending))) = driver.finish(run) else {
        panic!("no end")
    };
    assert!(ending.stopped && memtest_log(&ending).contains("User exiting early"));
}
