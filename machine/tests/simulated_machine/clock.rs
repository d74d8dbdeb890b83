//! The virtual clock, deadlines and cancellation.

use std::time::{Duration, Instant};

use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::contract::types::Error;
use vetting_machine::contract::{fio, gpu, stress};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Attempt, Cancel, Reason, Reply, Request};

use crate::builtins::numbers;
use crate::driver::{Driver, attempt, computing, is_finished, random_reads, reads};
use crate::ends::{Fio, Stress};

fn short_attempt() -> Attempt {
    Attempt {
        deadline: Duration::from_secs(10),
        soft_deadline: Duration::from_secs(8),
        ..attempt()
    }
}

fn short() -> (Driver, Cancel) {
    let machine = SimulatedMachine::builtin("healthy-server", 1).expect("is built in");
    let attempt = short_attempt();
    let cancel = attempt.cancel.clone();
    (Driver::with(&machine, attempt), cancel)
}

/// Every answer of a session that does a bit of everything, as JSON lines.
fn transcript(seed: u64) -> String {
    let machine = SimulatedMachine::builtin("ecc-errors", seed).expect("is built in");
    let driver = Driver::with(&machine, attempt());
    let mut requests = vec![
        Request::KernelLogOpen {
            begins: Beginning::Now,
        },
        Request::QueriesList,
        Request::Random { bytes: 100 },
        Request::StressStart { job: computing(30) },
        Request::FioStart {
            job: random_reads("nvme0n1", 20),
        },
        Request::SmartDevices,
    ];
    for _ in 0..40 {
        requests.extend([
            Request::RunNext {
                run: 2,
                timeout_ms: 900,
            },
            Request::RunNext {
                run: 3,
                timeout_ms: 900,
            },
            Request::Hwmon,
            Request::FilesList {
                globs: vec!["sys/class/net/*/*".to_owned()],
            },
            Request::Bmc {
                question: Question::Thresholds,
            },
            Request::GpuSample,
            Request::GpuAsk {
                question: gpu::Question::NvidiaSmi,
            },
            Request::SmartRead {
                device: "sda".to_owned(),
            },
            Request::KernelLogNext {
                watch: 1,
                timeout_ms: 100,
            },
            Request::Wall,
        ]);
    }
    let answer = |request| serde_json::to_string(&driver.call(request)).expect("is serialisable");
    requests
        .into_iter()
        .map(answer)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_same_seed_and_requests_give_the_same_bytes() {
    assert_eq!(transcript(5), transcript(5));
}

/// Pinned to the last bit, so that a machine or compiler that computes otherwise shows.
#[test]
fn the_model_gives_the_same_bits_everywhere() {
    let driver = Driver::builtin("healthy-server");
    let run = driver.start(Request::StressStart { job: computing(60) });
    driver.sleep(30);
    let Reply::Hwmon(reading) = driver.ask(Request::Hwmon) else {
        panic!("no sensors")
    };
    let degrees = reading.sensors[0].value.to_bits();
    let Reply::Stress(Some(stress::Event::Finished(ending))) = driver.finish(run) else {
        panic!("no end")
    };
    let summary = Stress::of(&ending);
    let rate = summary.metrics[17].bogo_ops_per_second.to_bits();
    // 71.0 °C and 675.366… rounds per second, as stress-ng prints them.
    assert_eq!(
        (degrees, rate),
        (4_634_696_597_773_484_032, 4_649_151_803_846_011_950)
    );
}

#[test]
fn another_seed_gives_other_noise() {
    assert_ne!(transcript(5), transcript(6));
}

#[test]
fn readings_do_not_depend_on_what_else_was_asked() {
    let readings = |curious: bool| {
        let driver = Driver::builtin("healthy-server");
        if curious {
            driver.ask(Request::QueriesList);
            driver.ask(Request::Random { bytes: 9 });
        }
        driver.sleep(30 - driver.seconds() as u64);
        driver.ask(Request::Hwmon)
    };
    assert_eq!(readings(false), readings(true));
}

#[test]
fn eight_hours_of_sampling_are_virtual() {
    let machine = SimulatedMachine::builtin("healthy-server", 1).expect("is built in");
    let hours = |h: u64| Duration::from_secs(h * 3600);
    let driver = Driver::with(
        &machine,
        Attempt {
            deadline: hours(9),
            soft_deadline: hours(9),
            ..attempt()
        },
    );
    let began = Instant::now();
    let run = driver.start(Request::StressStart {
        job: computing(8 * 3600),
    });
    let mut sensors = 0;
    for _ in 0..8 * 720 {
        driver.sleep(5);
        if let Reply::Hwmon(reading) = driver.ask(Request::Hwmon) {
            sensors += reading.sensors.len();
        }
    }
    driver.finish(run);
    println!(
        "8 virtual hours, {sensors} sensor readings: {:?} of real time",
        began.elapsed()
    );
    assert!(driver.seconds() >= 28_800.0, "{}", driver.seconds());
    assert!(sensors > 5_760 * 50, "{sensors}");
}

#[test]
fn every_request_takes_time() {
    let driver = Driver::builtin("healthy-server");
    let mut before = driver.0.elapsed();
    for request in [
        Request::Monotonic,
        Request::Hwmon,
        Request::QueriesList,
        Request::KernelLogOpen {
            begins: Beginning::Now,
        },
    ] {
        driver.ask(request.clone());
        assert!(driver.0.elapsed() > before, "{request:?} is free");
        before = driver.0.elapsed();
    }
}

#[test]
fn the_calendar_follows_the_clock() {
    let driver = Driver::builtin("healthy-server");
    driver.sleep(90);
    let Reply::Wall(wall) = driver.ask(Request::Wall) else {
        panic!("not a wall clock")
    };
    assert_eq!(wall.seconds, 1_767_225_600 + 90);
}

#[test]
fn a_sleep_across_the_soft_deadline_wakes_at_it() {
    let (driver, cancel) = short();
    let answer = driver.call(Request::Sleep {
        milliseconds: 60_000,
    });
    assert_eq!(answer, Err(Error::Cancelled));
    assert_eq!(driver.0.elapsed(), Duration::from_secs(8));
    assert_eq!(cancel.reason(), Some(&Reason::Deadline));
}

#[test]
fn the_clock_never_passes_the_deadline() {
    let (driver, _) = short();
    let mut calls = 0_u32;
    while driver.0.elapsed() < Duration::from_secs(10) {
        assert!(
            calls < 100_000,
            "a stage that ignores the cancel never reaches its deadline"
        );
        // Answers are errors from the soft deadline on, and yet cost time.
        let _cancelled = driver.call(Request::QueriesList);
        calls += 1;
    }
    assert_eq!(driver.call(Request::Hwmon), Err(Error::Cancelled));
    assert_eq!(
        driver.call(Request::Sleep { milliseconds: 1 }),
        Err(Error::Cancelled)
    );
    driver.ask(Request::Monotonic);
    assert_eq!(driver.0.elapsed(), Duration::from_secs(10));
}

#[test]
fn a_run_tells_the_cancel_once_and_then_its_partial_end() {
    let (driver, _) = short();
    let run = driver.start(Request::FioStart {
        job: reads("sda", 60),
    });
    let next = || {
        driver.call(Request::RunNext {
            run,
            timeout_ms: 60_000,
        })
    };
    let first_error = loop {
        match next() {
            Ok(reply) => assert!(!is_finished(&reply), "ended before the cancel"),
            Err(error) => break error,
        }
    };
    assert_eq!(first_error, Error::Cancelled);
    assert_eq!(driver.0.elapsed(), Duration::from_secs(8));
    let Ok(Reply::Fio(Some(fio::Event::Finished(ending)))) = next() else {
        panic!("no partial end")
    };
    let summary = Fio::of(&ending);
    assert!(summary.partial);
    assert!(summary.read.bytes > 0);
    assert!(driver.0.elapsed() < Duration::from_secs(9));
    assert!(matches!(next(), Err(Error::Invalid(_))), "after its end");
}

#[test]
fn a_person_may_cancel_too() {
    let (driver, cancel) = short();
    let run = driver.start(Request::StressStart { job: computing(60) });
    cancel.cancel(Reason::Person("SIGINT".to_owned()));
    assert_eq!(driver.call(Request::Hwmon), Err(Error::Cancelled));
    let next = || {
        driver.call(Request::RunNext {
            run,
            timeout_ms: 1_000,
        })
    };
    assert_eq!(next(), Err(Error::Cancelled));
    assert!(next().is_ok_and(|reply| is_finished(&reply)));
    assert!(driver.0.elapsed() < Duration::from_secs(1));
    assert_eq!(cancel.reason(), Some(&Reason::Person("SIGINT".to_owned())));
}

#[test]
fn a_watch_tells_the_cancel_once_and_then_what_has_come() {
    let (driver, cancel) = short();
    let Reply::Watch(watch) = driver.ask(Request::KernelLogOpen {
        begins: Beginning::Now,
    }) else {
        panic!("no watch")
    };
    let next = || {
        driver.call(Request::KernelLogNext {
            watch,
            timeout_ms: 60_000,
        })
    };
    assert_eq!(next(), Err(Error::Cancelled));
    assert!(cancel.is_cancelled());
    assert_eq!(next(), Ok(Reply::KernelLog(Vec::new())));
    assert!(driver.0.elapsed() < Duration::from_secs(9));
}

#[test]
fn next_waits_for_its_time_out_and_no_longer() {
    let driver = Driver::builtin("healthy-server");
    let run = driver.start(Request::StressStart { job: computing(30) });
    let before = driver.0.elapsed();
    let reply = driver.ask(Request::RunNext {
        run,
        timeout_ms: 300,
    });
    assert_eq!(reply, Reply::Stress(None));
    let waited = driver.0.elapsed() - before;
    assert!(
        waited >= Duration::from_millis(300) && waited < Duration::from_millis(301),
        "{waited:?}"
    );
}

#[test]
fn a_session_remembers_nothing_of_an_earlier_one() {
    let machine = SimulatedMachine::builtin("ecc-errors", 1).expect("is built in");
    let counters = |driver: &Driver| -> u64 {
        let counts = numbers(driver, "sys/devices/system/edac/mc/mc*/dimm*/dimm_ce_count");
        counts.into_iter().map(|(_, count)| count).sum()
    };
    let first = Driver::with(&machine, attempt());
    first.sleep(60);
    assert!(counters(&first) > 0);
    assert_eq!(counters(&Driver::with(&machine, attempt())), 0);
}
