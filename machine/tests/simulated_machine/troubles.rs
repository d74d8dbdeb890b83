//! What goes wrong with the tools, the calls and the attempt itself, at any time.

use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::contract::types::DocumentEnding;
use vetting_machine::contract::types::Error;
use vetting_machine::contract::{fio, stress};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Reason, Reply, Request};

use crate::builtins::{document, power, sensors, smart, throttled_ms};
use crate::driver::{Driver, attempt, computing, is_finished, reads};

fn fault(toml: &str) -> Driver {
    Driver::healthy_with(&format!("[[fault]]\n{toml}"))
}

/// What a run answers that is no progress: its end, or an error.
fn last(driver: &Driver, request: Request) -> Result<Reply, Error> {
    let run = driver.start(request);
    for _ in 0..1_000 {
        match driver.call(Request::RunNext {
            run,
            timeout_ms: 5_000,
        }) {
            Ok(reply) if !is_finished(&reply) => {}
            end => return end,
        }
    }
    panic!("it never ends")
}

fn fio_reads() -> Request {
    Request::FioStart {
        job: reads("sda", 30),
    }
}

#[test]
fn garbage_is_what_the_real_wrapper_makes_of_it() {
    let driver = fault("at = \"5s\"\nfor = \"2s\"\nkind = \"tool-garbage\"\ntool = \"fio\"");
    let Err(Error::Failed(failure)) = last(&driver, fio_reads()) else {
        panic!("it was understood")
    };
    assert_eq!(failure.exit_status, Some(0));
    assert!(failure.reason.contains("no result"), "{}", failure.reason);
    // stress-ng's numbers come from a file; without them its exit status still counts.
    let driver = fault("kind = \"tool-garbage\"\ntool = \"stress-ng\"");
    let Ok(Reply::Stress(Some(stress::Event::Finished(summary)))) =
        last(&driver, Request::StressStart { job: computing(10) })
    else {
        panic!("no summary")
    };
    assert!(summary.metrics.is_empty());
    assert!(summary.endings.iter().all(|e| e.exit_status == Some(0)));
    let driver = fault("kind = \"tool-garbage\"\ntool = \"smartctl\"");
    let printed = document(&driver, "sda");
    assert_eq!(printed.exit_status, Some(0));
    assert!(serde_json::from_slice::<serde_json::Value>(&printed.stdout).is_err());
    let driver = fault("kind = \"tool-garbage\"\ntool = \"ipmitool\"");
    let reading = power(&driver);
    assert!(reading.supplies.is_empty() && reading.sensors.is_empty());
    assert!(
        reading
            .sources
            .iter()
            .any(|s| s.name == "ipmi" && !s.available)
    );
}

#[test]
fn a_tool_may_crash_and_hang_in_the_middle_of_its_work() {
    let driver = fault("at = \"5s\"\nkind = \"tool-crash\"\ntool = \"fio\"");
    assert!(matches!(last(&driver, fio_reads()), Err(Error::Failed(f)) if f.exit_status.is_none()));
    assert!(
        (5.0..6.5).contains(&driver.seconds()),
        "{}",
        driver.seconds()
    );
    let driver = fault("at = \"5s\"\nkind = \"tool-hang\"\ntool = \"fio\"");
    let run = driver.start(fio_reads());
    driver.sleep(60);
    let answer = driver.ask(Request::RunNext {
        run,
        timeout_ms: 600_000,
    });
    assert_eq!(answer, Reply::Fio(None), "it tells nothing any more");
    driver.ask(Request::RunStop { run });
    assert!(is_finished(&driver.finish(run)));
}

#[test]
fn tools_that_are_asked_one_thing_hang_as_long_as_their_wrappers_wait() {
    let driver = fault("kind = \"tool-hang\"\ntool = \"smartctl\"");
    let printed = document(&driver, "sda");
    assert_eq!(printed.ending, DocumentEnding::TimedOut);
    assert_eq!((printed.exit_status, printed.signal), (None, Some(9)));
    assert!(printed.stdout.is_empty());
    assert!(
        (30.0..31.0).contains(&driver.seconds()),
        "{}",
        driver.seconds()
    );
}

#[test]
fn a_sensor_and_a_disk_may_go_in_the_middle() {
    let driver = Driver::healthy_with(
        "[[fault]]\nat = \"5s\"\nfor = \"5s\"\nkind = \"sensor-missing\"\nlabel = \"Package id 1\"\n\
         [[fault]]\nat = \"12s\"\nkind = \"disk-missing\"\ndisk = \"sda\"",
    );
    let seen = || sensors(&driver).iter().any(|s| s.label == "Package id 1");
    assert!(seen());
    driver.sleep(6);
    assert!(!seen());
    driver.sleep(5);
    assert!(seen());
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
        panic!("no watch")
    };
    let Ok(Reply::Fio(Some(fio::Event::Finished(summary)))) = last(&driver, fio_reads()) else {
        panic!("no summary")
    };
    assert_eq!((summary.error, summary.exit_status), (5, Some(1)));
    let Reply::KernelLog(lines) = driver.ask(Request::KernelLogNext {
        watch,
        timeout_ms: 0,
    }) else {
        panic!("no lines")
    };
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].text.starts_with("I/O error, dev "), "{lines:?}");
}

#[test]
fn a_call_may_take_longer() {
    let driver = Driver::healthy_with(
        "[[fault]]\nat = \"10s\"\nkind = \"slow-call\"\ninterface = \"hwmon\"\nmilliseconds = 700",
    );
    sensors(&driver);
    assert!(driver.seconds() < 0.1);
    driver.sleep(10);
    let before = driver.seconds();
    sensors(&driver);
    let took = driver.seconds() - before;
    assert!((0.7..0.8).contains(&took), "{took}");
    smart(&driver, "sda");
    assert!(driver.seconds() - before - took < 0.5, "another interface");
}

#[test]
fn the_attempt_is_cancelled_when_the_profile_says_so() {
    let text = "extends = \"healthy-server\"\n[[fault]]\nat = \"20s\"\nkind = \"cancel\"";
    let machine = SimulatedMachine::from_toml("test", text, 1).expect("is a good profile");
    let attempt = attempt();
    let cancel = attempt.cancel.clone();
    let driver = Driver::with(&machine, attempt);
    let run = driver.start(Request::StressStart { job: computing(60) });
    let slept = driver.call(Request::Sleep {
        milliseconds: 600_000,
    });
    assert_eq!(slept, Err(Error::Cancelled));
    assert_eq!(driver.seconds(), 20.0);
    assert!(matches!(cancel.reason(), Some(Reason::Person(_))));
    let next = || {
        driver.call(Request::RunNext {
            run,
            timeout_ms: 1_000,
        })
    };
    assert_eq!(next(), Err(Error::Cancelled));
    let Ok(Reply::Stress(Some(stress::Event::Finished(summary)))) = next() else {
        panic!("no last words")
    };
    assert!(summary.partial);
    // At the very beginning, too.
    let driver = fault("kind = \"cancel\"");
    assert_eq!(driver.call(Request::Hwmon), Err(Error::Cancelled));
}

#[test]
fn one_package_s_cooler_may_not_touch() {
    let driver =
        Driver::healthy_with("[[fault]]\nkind = \"cooling-blocked\"\npackage = 1\npercent = 38.0");
    let run = driver.start(Request::StressStart { job: computing(90) });
    driver.sleep(80);
    assert!(throttled_ms(&driver) > 10_000);
    let hottest = |package: &str| {
        let found = sensors(&driver).into_iter().find(|s| s.label == package);
        found.expect("is told").value
    };
    assert!(hottest("Package id 1") > hottest("Package id 0") + 15.0);
    driver.finish(run);
}

#[test]
fn a_hot_gpu_does_less_work() {
    let gflops = |toml: &str| {
        let driver = Driver::healthy_with(toml);
        driver.gpu(300).devices[0].gflops.expect("is told")
    };
    let healthy = gflops("");
    let hot = gflops("[[fault]]\nkind = \"cooling-blocked\"\npercent = 25.0");
    assert!(hot < 0.75 * healthy, "{hot} of {healthy}");
}
