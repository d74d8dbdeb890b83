//! stressapptest: copies memory as fast as the machine's CPUs and modules let it.

use super::{End, Work, fraction, installed, milliseconds, seconds, whole_seconds};
use crate::contract::memtest::{Ending, Event, Job, Progress};
use crate::contract::types::Error;
use crate::simulated::documents::stressapptest::Done;
use crate::simulated::documents::{JobPrinted, job};
use crate::simulated::load::Load;
use crate::simulated::profile::Fault;
use crate::simulated::world::World;
use crate::tools::stressapptest::{Allowance, TOOL, arguments};
use crate::{Answer, Attempt, Reply};

/// MiB that one thread copies in a second: about what stressapptest 1.0.6 reports on a server of 2023.
const COPIED: f64 = 6_000.0;

/// MiB that one thread inverts in a second.
const INVERTED: f64 = 2_500.0;

struct Sat {
    version: String,
    job: Job,
    arguments: Vec<String>,
    whole: u64,
    copied: f64,
    inverted: f64,
    wrong: u64,
}

/// Checks a job and makes its work.
pub fn start(world: &World, attempt: &Attempt, job: Job) -> Result<Box<dyn Work>, Error> {
    let version = installed(world, TOOL, TOOL)?;
    let allowed = Allowance {
        cpus: attempt.cpu_allowance,
        memory_bytes: attempt.memory_allowance_bytes,
    };
    Ok(Box::new(Sat {
        version,
        arguments: arguments(&job, allowed)?,
        whole: whole_seconds("job.duration-ms", job.duration_ms)?,
        job,
        copied: 0.0,
        inverted: 0.0,
        wrong: 0,
    }))
}

impl Sat {
    fn threads(&self) -> u32 {
        let threads = [
            self.job.copy_threads,
            self.job.invert_threads,
            self.job.cpu_threads,
        ];
        threads.into_iter().fold(0, u32::saturating_add)
    }
}

impl Work for Sat {
    fn tool(&self) -> &str {
        TOOL
    }

    fn load(&self, world: &World, load: &mut Load) {
        let cpus = world.profile.logical_cpus();
        for cpu in 0..self.threads().min(cpus) {
            load.add_cpu(cpu, 1.0);
        }
        load.memory = 1.0;
    }

    fn plan(&mut self, world: &World, elapsed: u64) -> u64 {
        for fault in world.faults() {
            if let Fault::MemoryWrong { bits } = fault {
                self.wrong = self.wrong.max(*bits);
            }
        }
        self.whole.saturating_sub(elapsed)
    }

    fn pass(&mut self, _: &mut World, nanoseconds: u64) {
        let took = seconds(nanoseconds);
        self.copied += COPIED * f64::from(self.job.copy_threads) * took;
        self.inverted += INVERTED * f64::from(self.job.invert_threads) * took;
    }

    fn progress(&self, elapsed: u64) -> Reply {
        Reply::Memtest(Some(Event::Progress(Progress {
            fraction: fraction(elapsed, self.whole),
            elapsed_ms: milliseconds(elapsed),
        })))
    }

    fn finished(&mut self, world: &World, elapsed: u64, end: End) -> Answer {
        let done = Done {
            version: &self.version,
            arguments: &self.arguments,
            cpus: world.profile.logical_cpus(),
            mib: self.job.bytes >> 20,
            seconds: self.whole / 1_000_000_000,
            ran: seconds(elapsed),
            copied: self.copied,
            inverted: self.inverted,
            errors: self.wrong,
            module: None,
            stopped: end.stopped(),
        };
        let printed = JobPrinted {
            target: String::new(),
            arguments: self.arguments.clone(),
            version: format!(
                "Stats: SAT revision {}_autoconf, 64 bit binary",
                self.version
            ),
            stdout: done.log(),
            stderr: String::new(),
            exit_status: done.exit_status(),
        };
        Ok(Reply::Memtest(Some(Event::Finished(Ending {
            document: job(world, TOOL, "memtest.start", end, elapsed, printed),
            bytes: self.job.bytes,
            threads: self.threads(),
            stopped: end.stopped(),
            ran_ms: milliseconds(elapsed),
            left_out_bytes: 0,
            extra: Vec::new(),
        }))))
    }

    fn nothing(&self) -> Reply {
        Reply::Memtest(None)
    }
}
