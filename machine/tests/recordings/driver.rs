//! A simulated machine, recorded and replayed in this process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vetting_machine::contract::kernel_log::Beginning;
use vetting_machine::fault::Faults;
use vetting_machine::recorded::{Header, Recorder, Recording, ReplayMachine, Verdict};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Answer, Attempt, Cancel, Machine, Request, Session};

pub const STAGE: &str = "SMART";

/// An attempt of ten minutes.
pub fn attempt() -> Attempt {
    Attempt {
        stage: STAGE.to_owned(),
        seed: 7,
        deadline: Duration::from_secs(600),
        soft_deadline: Duration::from_secs(598),
        cancel: Cancel::new(),
        grace: Duration::from_secs(2),
        cpu_allowance: 4,
        memory_allowance_bytes: 1 << 30,
        max_tools: 4,
        max_watches: 4,
        beside: false,
        ..Attempt::beside(STAGE)
    }
}

/// Requests of every sort that need no job.
pub fn requests() -> Vec<Request> {
    let device = || "sda".to_owned();
    vec![
        Request::Wall,
        Request::Hwmon,
        Request::QueriesList,
        Request::Disks,
        Request::SmartDevices,
        Request::SmartRead { device: device() },
        Request::Sleep { milliseconds: 1500 },
        Request::Random { bytes: 16 },
        Request::KernelLogOpen {
            begins: Beginning::Now,
        },
        Request::KernelLogNext {
            watch: 1,
            timeout_ms: 100,
        },
        Request::KernelLogClose { watch: 1 },
        Request::RunNext {
            run: 99,
            timeout_ms: 1,
        },
        Request::Monotonic,
    ]
}

pub fn machine() -> Arc<dyn Machine> {
    Arc::new(SimulatedMachine::builtin("failing-disk", 7).expect("a machine"))
}

pub fn recorder(path: &Path, scrubbed: bool) -> Recorder {
    let header = Header::of(&*machine(), "0.1.0", "vetting:stage@0.2.0", 7);
    Recorder::create(path, header, scrubbed).expect("a recording")
}

/// Asks one after the other, with a time written down after each.
pub async fn ask(session: &dyn Session, requests: &[Request]) -> Vec<(Answer, Duration)> {
    let mut answers = Vec::new();
    for request in requests {
        let answer = session.call(request.clone()).await;
        answers.push((answer, session.stamp()));
    }
    answers
}

/// Records an attempt that asks these, and gives what it was answered.
pub async fn record(path: &Path, requests: &[Request]) -> Vec<(Answer, Duration)> {
    let recorder = recorder(path, false);
    let session = recorder.machine(machine()).begin(attempt()).await;
    let session = session.expect("a session");
    let answers = ask(&*session, requests).await;
    session.end().await;
    recorder.verdict(Verdict {
        stage: STAGE.to_owned(),
        attempt: 1,
        verdict: Some("pass".to_owned()),
        message: "good".to_owned(),
        ending: serde_json::json!({ "kind": "outcome" }),
        interrupted: false,
        host_calls: requests.len() as u64,
    });
    recorder.close(None).expect("closed");
    answers
}

/// A session that repeats a recording's attempt.
pub async fn replay(path: &Path, faults: Faults) -> Box<dyn Session> {
    let recording = Recording::open(path).expect("a recording");
    let machine = ReplayMachine::new(recording, Arc::new(faults));
    machine.begin(attempt()).await.expect("a session")
}
