//! The machine that the tests run on, whatever it is: everything can be read, and is plausible.

use std::time::Duration;

use vetting_machine::contract::files::Ending;
use vetting_machine::contract::fio;
use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::contract::types::Error;
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Attempt, Cancel, Machine, Reply, Request, Session};

fn attempt(scratch: &std::path::Path, max_tools: u32) -> Attempt {
    Attempt {
        stage: "Test".into(),
        number: 1,
        seed: 0,
        deadline: Duration::from_secs(60),
        soft_deadline: Duration::from_secs(58),
        cancel: Cancel::new(),
        grace: Duration::from_secs(1),
        peer: None,
        scratch: scratch.to_owned(),
        cpu_allowance: 1,
        memory_allowance_bytes: 64 << 20,
        max_tools,
        max_watches: 16,
        mandate: vetting_machine::Mandate::default(),
        particulars: vetting_machine::Particulars::default(),
        beside: false,
    }
}

async fn session(scratch: &std::path::Path, max_tools: u32) -> Box<dyn Session> {
    let machine = RealMachine::new(Options::default()).expect("the root is there");
    machine
        .begin(attempt(scratch, max_tools))
        .await
        .expect("a session")
}

#[tokio::test]
async fn every_reading_is_plausible() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let session = session(scratch.path(), 1).await;
    let machine = RealMachine::new(Options::default()).expect("the root is there");
    let (threads, free) = machine.capacity();
    assert!(threads >= 1 && free > 1 << 26);
    let list = async |glob: &str| {
        let globs = vec![glob.to_owned()];
        match session.call(Request::FilesList { globs }).await {
            Ok(Reply::FilesListing(listing)) => listing,
            other => panic!("{other:?}"),
        }
    };
    let topologies = list("sys/devices/system/cpu/cpu*/topology").await;
    assert!(topologies.found.len() >= threads as usize);
    let Ok(Reply::Disks(disks)) = session.call(Request::Disks).await else {
        panic!("no disks");
    };
    for disk in &disks {
        let stat = list(&format!("sys/block/{}/stat", disk.name)).await;
        assert_eq!(stat.found.len(), 1, "{}", disk.name);
    }
    let paths = vec!["proc/cpuinfo".to_owned(), "proc/cmdline".to_owned()];
    let Ok(Reply::FilesContents(read)) = session.call(Request::FilesRead { paths }).await else {
        panic!("no files");
    };
    assert_eq!(read[0].ending, Ending::Whole);
    assert!(read[0].bytes.starts_with(b"processor\t: 0\n"));
    assert!(matches!(read[1].ending, Ending::Denied(_)));
    assert!(disks.iter().all(|disk| !disk.name.starts_with("loop")));
    let Ok(Reply::Queries(queries)) = session.call(Request::QueriesList).await else {
        panic!("no queries");
    };
    let names: Vec<&str> = queries.iter().map(|query| query.name.as_str()).collect();
    assert!(names.is_sorted() && names.contains(&"ethtool"), "{names:?}");
    for request in [Request::Hwmon, Request::GpuDevices, Request::SmartDevices] {
        session
            .call(request.clone())
            .await
            .unwrap_or_else(|error| panic!("{request:?}: {error}"));
    }
    let Ok(Reply::ScratchSpace(space)) = session.call(Request::ScratchSpace).await else {
        panic!("no scratch space");
    };
    assert!(space.allowance_bytes >= 1 << 20);
    assert_ne!(space.file_system, "unknown");
    assert!(session.end().await.is_empty());
}

#[tokio::test]
async fn time_goes_on_and_chance_differs() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let session = session(scratch.path(), 1).await;
    let first = session.call(Request::Monotonic).await.expect("the time");
    session
        .call(Request::Sleep { milliseconds: 2 })
        .await
        .expect("a nap");
    let second = session.call(Request::Monotonic).await.expect("the time");
    let (Reply::Monotonic(first), Reply::Monotonic(second)) = (first, second) else {
        panic!("no time");
    };
    assert!(second >= first + 2_000_000);
    let one = session
        .call(Request::Random { bytes: 32 })
        .await
        .expect("chance");
    let other = session
        .call(Request::Random { bytes: 32 })
        .await
        .expect("chance");
    assert_ne!(one, other);
    let most = session.call(Request::Random { bytes: 65_537 }).await;
    assert!(matches!(most, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn what_was_never_started_is_invalid() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let session = session(scratch.path(), 1).await;
    let requests = [
        Request::RunNext {
            run: 7,
            timeout_ms: 1,
        },
        Request::RunStop { run: 7 },
        Request::KernelLogNext {
            watch: 7,
            timeout_ms: 1,
        },
        Request::KernelLogLost { watch: 7 },
    ];
    for request in requests {
        let answer = session.call(request.clone()).await;
        assert!(
            matches!(answer, Err(Error::Invalid(_))),
            "{request:?}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn no_disk_is_written_to_and_no_tool_is_started_beyond_the_limit() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let session = session(scratch.path(), 0).await;
    let job = |target: fio::Target, pattern: fio::Pattern| Request::FioStart {
        job: fio::Job {
            target,
            pattern,
            block_size: 4096,
            io_depth: 1,
            workers: 1,
            runtime_ms: Some(1000),
            size_bytes: None,
            offset_bytes: 0,
            direct: false,
            verify: false,
            options: Vec::new(),
        },
    };
    let Ok(Reply::Disks(disks)) = session.call(Request::Disks).await else {
        panic!("no disks");
    };
    for disk in disks {
        let answer = session
            .call(job(fio::Target::Disk(disk.name), fio::Pattern::Write))
            .await;
        let Err(Error::Denied(reason)) = answer else {
            panic!("{answer:?}");
        };
        assert!(
            reason.contains("live image: flag (--live-image was not given)"),
            "{reason}"
        );
    }
    for name in ["../etc/passwd", "/dev/vda", "loop0", ""] {
        let answer = session
            .call(job(fio::Target::Disk(name.into()), fio::Pattern::Read))
            .await;
        assert!(
            matches!(answer, Err(Error::Unavailable(_))),
            "{name}: {answer:?}"
        );
    }
    let answer = session
        .call(job(fio::Target::Scratch(1 << 20), fio::Pattern::Read))
        .await;
    assert!(matches!(answer, Err(Error::Denied(_))), "{answer:?}");
    let answer = session
        .call(job(fio::Target::Scratch(u64::MAX), fio::Pattern::Read))
        .await;
    assert!(matches!(answer, Err(Error::Invalid(_))), "{answer:?}");
}

#[tokio::test]
async fn the_kernel_log_can_be_watched_or_says_why_not() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let session = session(scratch.path(), 1).await;
    match session
        .call(Request::KernelLogOpen {
            begins: Beginning::Now,
        })
        .await
    {
        Ok(Reply::Watch(watch)) => {
            let next = session
                .call(Request::KernelLogNext {
                    watch,
                    timeout_ms: 1,
                })
                .await;
            assert!(matches!(next, Ok(Reply::KernelLog(_))), "{next:?}");
            session
                .call(Request::KernelLogClose { watch })
                .await
                .expect("closed");
        }
        Err(Error::Unavailable(missing)) => assert!(!missing.remedy.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_check_names_rights_and_interfaces() {
    let machine = RealMachine::new(Options::default()).expect("the root is there");
    let checks = machine.check().await;
    for name in [
        "root",
        "/dev/kmsg",
        "/dev/ipmi0",
        "hwmon",
        "disks",
        "memory counters",
    ] {
        assert!(checks.iter().any(|check| check.name == name), "{name}");
    }
    let (cpus, memory) = machine.capacity();
    assert!(cpus >= 1 && memory > 0);
}
