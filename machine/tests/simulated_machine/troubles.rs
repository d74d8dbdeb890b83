//! What goes wrong with the tools, the calls and the attempt itself, at any time.

use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::contract::types::DocumentEnding;
use vetting_machine::contract::types::Error;
use vetting_machine::contract::{fio, stress};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Reason, Reply, Request};

use crate::builtins::{controller, document, sensors, smart, throttled_ms};
use crate::driver::{Driver, attempt, computing, is_finished, reads};
use crate::ends::{Fio, Stress};

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

fn fio_end(driver: &Driver) -> fio::Ending {
    match last(driver, fio_reads()) {
        Ok(Reply::Fio(Some(fio::Event::Finished(ending)))) => ending,
        other => panic!("no end: {other:?}"),
    }
}

#[test]
fn garbage_is_handed_on_as_it_is() {
    let driver = fault("at = \"5s\"\nfor = \"2s\"\nkind = \"tool-garbage\"\ntool = \"fio\"");
    let end = fio_end(&driver);
    assert_eq!(end.document.exit_status, Some(0));
    let json = serde_json::from_slice::<serde_json::Value>(&end.document.stdout);
    assert!(json.is_err() && !end.document.stdout.is_empty());
    let driver = fault("kind = \"tool-garbage\"\ntool = \"stress-ng\"");
    let Ok(Reply::Stress(Some(stress::Event::Finished(ending)))) =
        last(&driver, Request::StressStart { job: computing(10) })
    else {
        panic!("no end")
    };
    let summary = Stress::of(&ending);
    assert!(summary.metrics.is_empty());
    assert!(
        summary
            .endings
            .iter()
            .all(|e| e.exit_status == Some(0) && !e.log.contains("stress-ng"))
    );
    let driver = fault("kind = \"tool-garbage\"\ntool = \"smartctl\"");
    let printed = document(&driver, "sda");
    assert_eq!(printed.exit_status, Some(0));
    assert!(serde_json::from_slice::<serde_json::Value>(&printed.stdout).is_err());
    let driver = fault("kind = \"tool-garbage\"\ntool = \"ipmitool\"");
    assert!(!controller(&driver, Question::Sensors).contains('|'));
    let driver = fault("kind = \"tool-hang\"\ntool = \"ipmitool\"");
    let asked = |question| driver.ask(Request::Bmc { question });
    for (question, seconds) in [(Question::Sensors, 240.0), (Question::Clock, 270.0)] {
        let Reply::Document(document) = asked(question) else {
            panic!("no document")
        };
        assert_eq!(document.ending, DocumentEnding::TimedOut);
        assert!(
            (seconds..seconds + 2.0).contains(&driver.seconds()),
            "{}",
            driver.seconds()
        );
    }
}

#[test]
fn a_tool_may_crash_and_hang_in_the_middle_of_its_work() {
    let driver = fault("at = \"5s\"\nkind = \"tool-crash\"\ntool = \"fio\"");
    let document = fio_end(&driver).document;
    assert_eq!((document.exit_status, document.signal), (None, Some(11)));
    assert!(document.stdout.is_empty());
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
    let summary = Fio::of(&fio_end(&driver));
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
    let Ok(Reply::Stress(Some(stress::Event::Finished(ending)))) = next() else {
        panic!("no last words")
    };
    assert!(ending.stopped);
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
        let printed = driver.burn(&[0], 300);
        let (_, last) = printed[0].rsplit_once("proc'd: ").expect("progress");
        let (_, rate) = last.split_once('(').expect("a rate");
        let (rate, _) = rate.split_once(' ').expect("a unit");
        rate.parse::<f64>().expect("a number")
    };
    let healthy = gflops("");
    let hot = gflops("[[fault]]\nkind = \"cooling-blocked\"\npercent = 25.0");
    assert!(hot < 0.75 * healthy, "{hot} of {healthy}");
}
