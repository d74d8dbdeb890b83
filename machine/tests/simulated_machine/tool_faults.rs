//! Tools that are missing, crash or hang.

use vetting_machine::contract::iperf::Direction;
use vetting_machine::contract::types::{Error, MissingKind};
use vetting_machine::contract::{fio, gpu};
use vetting_machine::{Reply, Request};

use crate::driver::{computing, reads, tcp};
use crate::ends::Fio;
use crate::faults::fault;

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
    let job = gpu::Job::Burn(gpu::Burn {
        gpus: Vec::new(),
        duration_ms: 5_000,
    });
    unavailable("gpu", Request::GpuStart { job });
}

#[test]
fn a_tool_that_crashes_ends_with_its_signal() {
    let driver = fault("kind = \"tool-crash\"\ntool = \"fio\"");
    let run = driver.start(Request::FioStart {
        job: reads("sda", 5),
    });
    let Reply::Fio(Some(fio::Event::Finished(ending))) = driver.ask(Request::RunNext {
        run,
        timeout_ms: 5_000,
    }) else {
        panic!("no end")
    };
    assert_eq!(ending.document.exit_status, None);
    assert_eq!(ending.document.signal, Some(11));
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
    let Reply::Fio(Some(fio::Event::Finished(ending))) = driver.finish(run) else {
        panic!("no end")
    };
    let summary = Fio::of(&ending);
    assert!(summary.partial && summary.exit_status.is_none());
    assert!(
        (driver.seconds() - before - 2.0).abs() < 0.1,
        "{}",
        driver.seconds() - before
    );
}
