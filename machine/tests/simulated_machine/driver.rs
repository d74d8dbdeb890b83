//! Begins sessions and asks them. No future here may ever be pending.

use std::path::PathBuf;
use std::time::Duration;

use futures::FutureExt;
use vetting_machine::contract::context::ExpectedDisk;
use vetting_machine::contract::{disks, fio, gpu, iperf, memtest, stress};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Answer, Attempt, Cancel, Machine, Mandate, Reply, Request, RunId, Session};

use crate::ends;

/// An attempt of an hour, of which the last two seconds are soft.
pub fn attempt() -> Attempt {
    Attempt {
        stage: "Try".to_owned(),
        number: 1,
        seed: 7,
        deadline: Duration::from_secs(3600),
        soft_deadline: Duration::from_secs(3598),
        cancel: Cancel::new(),
        grace: Duration::from_secs(2),
        peer: None,
        scratch: PathBuf::from("/nonexistent"),
        cpu_allowance: 64,
        memory_allowance_bytes: 1 << 38,
        max_tools: 4,
        max_watches: 16,
        mandate: Mandate::default(),
        particulars: vetting_machine::Particulars::default(),
        beside: false,
    }
}

/// A session and the ways to ask it.
pub struct Driver(pub Box<dyn Session>);

impl Driver {
    pub fn with(machine: &SimulatedMachine, attempt: Attempt) -> Self {
        let begun = machine
            .begin(attempt)
            .now_or_never()
            .expect("begins at once");
        Self(begun.expect("begins"))
    }

    pub fn builtin(name: &str) -> Self {
        Self::with(
            &SimulatedMachine::builtin(name, 1).expect("is built in"),
            attempt(),
        )
    }

    /// The healthy server with this TOML laid over it.
    pub fn healthy_with(toml: &str) -> Self {
        let text = format!("extends = \"healthy-server\"\n{toml}");
        let machine = SimulatedMachine::from_toml("test", &text, 1).expect("is a good profile");
        Self::with(&machine, attempt())
    }

    /// The server with eight GPUs with this TOML laid over it.
    pub fn gpus_with(toml: &str) -> Self {
        let text = format!("extends = \"gpu-server\"\n{toml}");
        let machine = SimulatedMachine::from_toml("test", &text, 1).expect("is a good profile");
        Self::with(&machine, attempt())
    }

    /// On a live image of a healthy server, in a run that may write to any of its disks.
    pub fn destructive(toml: &str) -> Self {
        let text = format!("extends = \"healthy-server\"\nlive_image = true\n{toml}");
        let machine = SimulatedMachine::from_toml("test", &text, 1).expect("is a good profile");
        let Reply::Disks(disks) = Driver::with(&machine, attempt()).ask(Request::Disks) else {
            panic!("no disks")
        };
        let expected = |disk: disks::Disk| ExpectedDisk {
            serial: disk.serial.unwrap_or_default(),
            size_bytes: disk.size_bytes,
            wwn: disk.wwn,
            extra: Vec::new(),
        };
        let mandate = Mandate {
            non_destructive: false,
            expected_disks: disks.into_iter().map(expected).collect(),
            wipe_override: None,
        };
        let attempt = Attempt {
            mandate,
            ..attempt()
        };
        Driver::with(&machine, attempt)
    }

    pub fn call(&self, request: Request) -> Answer {
        self.0.call(request).now_or_never().expect("never waits")
    }

    pub fn ask(&self, request: Request) -> Reply {
        let name = format!("{request:?}");
        self.call(request).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    pub fn sleep(&self, seconds: u64) {
        self.ask(Request::Sleep {
            milliseconds: seconds * 1000,
        });
    }

    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    pub fn start(&self, request: Request) -> RunId {
        match self.ask(request) {
            Reply::Run(id) => id,
            other => panic!("a run was expected, not {other:?}"),
        }
    }

    /// Polls a run until its `finished`.
    pub fn finish(&self, run: RunId) -> Reply {
        for _ in 0..100_000 {
            let reply = self.ask(Request::RunNext {
                run,
                timeout_ms: 5_000,
            });
            if is_finished(&reply) {
                return reply;
            }
        }
        panic!("run {run} never ends")
    }

    pub fn fio(&self, job: fio::Job) -> ends::Fio {
        match self.finish(self.start(Request::FioStart { job })) {
            Reply::Fio(Some(fio::Event::Finished(ending))) => ends::Fio::of(&ending),
            other => panic!("{other:?}"),
        }
    }

    pub fn stress(&self, job: stress::Job) -> ends::Stress {
        match self.finish(self.start(Request::StressStart { job })) {
            Reply::Stress(Some(stress::Event::Finished(ending))) => ends::Stress::of(&ending),
            other => panic!("{other:?}"),
        }
    }

    pub fn iperf(&self, job: iperf::Job) -> ends::Iperf {
        match self.finish(self.start(Request::IperfStart { job })) {
            Reply::Iperf(Some(iperf::Event::Finished(ending))) => ends::Iperf::of(&ending),
            other => panic!("{other:?}"),
        }
    }

    pub fn memtest(&self, job: memtest::Job) -> memtest::Ending {
        match self.finish(self.start(Request::MemtestStart { job })) {
            Reply::Memtest(Some(memtest::Event::Finished(ending))) => ending,
            other => panic!("{other:?}"),
        }
    }

    /// What gpu_burn printed of each of these GPUs.
    pub fn burn(&self, gpus: &[u32], seconds: u64) -> Vec<String> {
        let job = gpu::Job::Burn(gpu::Burn {
            gpus: gpus.to_vec(),
            duration_ms: seconds * 1000,
        });
        self.gpu(job)
    }

    /// What each process of a load printed.
    pub fn gpu(&self, job: gpu::Job) -> Vec<String> {
        let ending = match self.finish(self.start(Request::GpuStart { job })) {
            Reply::Gpu(Some(gpu::Event::Finished(ending))) => ending,
            other => panic!("{other:?}"),
        };
        let text =
            |printed: &gpu::Printed| String::from_utf8_lossy(&printed.document.stdout).into_owned();
        ending.printed.iter().map(text).collect()
    }
}

/// Whether a run's reply is its last.
pub fn is_finished(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::Fio(Some(fio::Event::Finished(_)))
            | Reply::Stress(Some(stress::Event::Finished(_)))
            | Reply::Iperf(Some(iperf::Event::Finished(_)))
            | Reply::Memtest(Some(memtest::Event::Finished(_)))
            | Reply::Gpu(Some(gpu::Event::Finished(_)))
    )
}

/// Sequential reads of a disk, as deep as the floors of the judgement suppose.
pub fn reads(disk: &str, seconds: u64) -> fio::Job {
    fio::Job {
        target: fio::Target::Disk(disk.to_owned()),
        pattern: fio::Pattern::Read,
        block_size: 128 << 10,
        io_depth: 32,
        workers: 1,
        runtime_ms: Some(seconds * 1000),
        size_bytes: None,
        offset_bytes: 0,
        direct: true,
        verify: false,
        options: Vec::new(),
    }
}

/// Random reads of 4 KiB.
pub fn random_reads(disk: &str, seconds: u64) -> fio::Job {
    fio::Job {
        pattern: fio::Pattern::RandomRead,
        block_size: 4096,
        workers: 4,
        ..reads(disk, seconds)
    }
}

/// Verified computing on every CPU, a worker each.
pub fn computing(seconds: u64) -> stress::Job {
    let stressor = stress::Stressor {
        name: "cpu".to_owned(),
        workers: 1,
        method: Some("matrixprod".to_owned()),
        memory_bytes: None,
    };
    stress::Job {
        stressors: vec![stressor],
        duration_ms: seconds * 1000,
        verify: true,
        cpus: Vec::new(),
        per_cpu: true,
    }
}

/// TCP in one direction.
pub fn tcp(direction: iperf::Direction, seconds: u64) -> iperf::Job {
    iperf::Job {
        direction,
        protocol: iperf::Protocol::Tcp,
        streams: 4,
        duration_ms: seconds * 1000,
        omit_ms: 0,
    }
}
