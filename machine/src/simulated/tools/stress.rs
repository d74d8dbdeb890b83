//! stress-ng: rounds per second by kind of load and by the frequency and share of each CPU.

use std::path::Path;

use super::{End, Work, fraction, installed, milliseconds, seconds, whole_seconds, within};
use crate::contract::stress::{Ending, Event, Job, Process, Progress, Stressor};
use crate::contract::types::Error;
use crate::simulated::documents::stress_ng::{Done, Figures};
use crate::simulated::documents::{JobPrinted, job};
use crate::simulated::load::Load;
use crate::simulated::noise;
use crate::simulated::profile::Fault;
use crate::simulated::world::World;
use crate::tools::stress_ng::{Allowance, Plan, files, plan};
use crate::{Answer, Attempt, Reply};

/// The loads a job may name, by the contract, and how many rounds each does per second and GHz on
/// one CPU: about what stress-ng 0.15.06 tells on a server of 2023.
const STRESSORS: [(&str, f64); 19] = [
    ("cpu", 330.0),
    ("matrix", 1_150.0),
    ("matrix-3d", 210.0),
    ("vecmath", 46.0),
    ("vecwide", 900.0),
    ("fma", 21_000.0),
    ("fp", 31.0),
    ("crypt", 190.0),
    ("hash", 2_400.0),
    ("zlib", 42.0),
    ("qsort", 8.5),
    ("bsearch", 120.0),
    ("memcpy", 260.0),
    ("memrate", 0.6),
    ("stream", 3.2),
    ("vm", 46_000.0),
    ("cache", 14.0),
    ("tsc", 1_500.0),
    ("nop", 760.0),
];

/// The loads that do not compute anything that could be wrong.
const NOT_CHECKED: [&str; 5] = ["cache", "tsc", "nop", "memrate", "stream"];

/// What a second thread leaves to the first one of a core.
const SHARED_CORE: f64 = 0.62;

struct StressNg {
    version: String,
    job: Job,
    cpus: Vec<u32>,
    whole: u64,
    /// One per stressor, and per CPU with `per-cpu`.
    results: Vec<Counted>,
    /// What each of its CPUs does, in GHz of a core of its own.
    strengths: Vec<f64>,
    wrong_cpus: Vec<u32>,
    wrong_bits: u64,
    /// Of which process a worker was killed, by its CPU; of all processes of a job that pins none.
    killed_cpus: Vec<u32>,
    /// Its processes.
    plans: Vec<Plan>,
}

struct Counted {
    stressor: usize,
    /// Which of the job's CPUs, and its number.
    cpu: Option<(usize, u32)>,
    /// The key of its noise.
    key: u64,
    /// Rounds per second and GHz of its share of the workers.
    base: f64,
    rate: f64,
    rounds: f64,
}

/// Checks a job and makes its work.
pub fn start(world: &World, attempt: &Attempt, job: Job) -> Result<Box<dyn Work>, Error> {
    let version = installed(world, "stress-ng", "stress-ng")?;
    if job.stressors.is_empty() || job.stressors.len() > 16 {
        return Err(Error::invalid("job.stressors", "1 to 16 were expected"));
    }
    for stressor in &job.stressors {
        check(attempt, stressor)?;
    }
    let whole = whole_seconds("job.duration-ms", job.duration_ms)?;
    let online = world.profile.logical_cpus();
    let allowed = attempt.cpu_allowance.clamp(1, online);
    let mut cpus = job.cpus.clone();
    cpus.sort_unstable();
    cpus.dedup();
    if cpus.len() != job.cpus.len() {
        return Err(Error::invalid("job.cpus", "a CPU is named twice"));
    }
    if let Some(cpu) = cpus.iter().find(|cpu| **cpu >= online) {
        return Err(Error::invalid(
            "job.cpus",
            format!("there is no CPU {cpu}, of {online}"),
        ));
    }
    if cpus.len() > allowed as usize {
        return Err(Error::invalid(
            "job.cpus",
            format!("{} are more than the allowance, {allowed}", cpus.len()),
        ));
    }
    if cpus.is_empty() {
        cpus = (0..allowed).collect();
    }
    let allowance = Allowance {
        cpus: allowed,
        online_cpus: (0..online).collect(),
        memory_bytes: attempt.memory_allowance_bytes,
    };
    let plans = plan(&job, &allowance)?;
    let workers: f64 = job.stressors.iter().map(|s| f64::from(s.workers)).sum();
    let count = |index: usize, cpu: Option<(usize, u32)>| {
        let stressor = job.stressors.get(index)?;
        let name = &stressor.name;
        let base = STRESSORS.iter().find(|(known, _)| known == name)?.1;
        let key = match cpu {
            Some((_, cpu)) => format!("stress/{name}/{cpu}"),
            None => format!("stress/{name}"),
        };
        Some(Counted {
            stressor: index,
            cpu,
            key: noise::key(&key),
            base: base * f64::from(stressor.workers) / workers.max(1.0),
            rate: 0.0,
            rounds: 0.0,
        })
    };
    let stressors = 0..job.stressors.len();
    let results = if job.per_cpu {
        let numbered = cpus.iter().copied().enumerate();
        numbered
            .flat_map(|cpu| stressors.clone().map(move |s| (s, Some(cpu))))
            .filter_map(|(s, cpu)| count(s, cpu))
            .collect()
    } else {
        stressors.filter_map(|s| count(s, None)).collect()
    };
    Ok(Box::new(StressNg {
        version,
        cpus,
        whole,
        results,
        strengths: Vec::new(),
        wrong_cpus: Vec::new(),
        wrong_bits: 0,
        killed_cpus: Vec::new(),
        plans,
        job,
    }))
}

fn check(attempt: &Attempt, stressor: &Stressor) -> Result<(), Error> {
    let name = &stressor.name;
    if !STRESSORS.iter().any(|(known, _)| known == name) {
        let known: Vec<_> = STRESSORS.iter().map(|(known, _)| *known).collect();
        let reason = format!("`{name}` is not among {}", known.join(", "));
        return Err(Error::invalid("job.stressors.name", reason));
    }
    within("job.stressors.workers", stressor.workers, 1, 4_096)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(method) = &stressor.method
        && (method.is_empty() || method.len() > 64 || !method.chars().all(plain))
    {
        return Err(Error::invalid(
            "job.stressors.method",
            "lower-case letters, digits and hyphens were expected",
        ));
    }
    match stressor.memory_bytes {
        Some(bytes) if name == "vm" => within(
            "job.stressors.memory-bytes",
            bytes,
            4_096,
            attempt.memory_allowance_bytes.max(4_096),
        ),
        Some(_) => Err(Error::invalid(
            "job.stressors.memory-bytes",
            "only `vm` takes memory",
        )),
        None => Ok(()),
    }
}

impl StressNg {
    fn workers(&self) -> f64 {
        self.job
            .stressors
            .iter()
            .map(|s| f64::from(s.workers))
            .sum()
    }

    /// How busy each of its CPUs is.
    fn busy(&self) -> f64 {
        if self.job.per_cpu {
            1.0
        } else {
            (self.workers() / self.cpus.len().max(1) as f64).min(1.0)
        }
    }

    /// What one CPU does for this tool, in GHz of a core of its own.
    fn strength(&self, world: &World, cpu: u32) -> f64 {
        let spec = &world.profile.cpu;
        let cores = spec.sockets.saturating_mul(spec.cores).max(1);
        let siblings = (0..spec.threads_per_core).map(|t| cpu % cores + t * cores);
        let others = siblings
            .filter(|s| *s != cpu)
            .any(|s| world.load.of_cpu(s) > 0.5);
        let slow = world.factor(|f| match f {
            Fault::CoreSlow { cpu: c, percent } if *c == cpu => Some(percent.max(0.1)),
            _ => None,
        });
        let crowd = world
            .load
            .cpu
            .get(cpu as usize)
            .copied()
            .unwrap_or(1.0)
            .max(1.0);
        let ghz = world.mhz(cpu).max(1.0) / 1_000.0;
        ghz * slow * if others { SHARED_CORE } else { 1.0 } / crowd
    }

    /// What one process found to be wrong: the stressor, and the words of stress-ng's sources.
    fn wrong(&self, cpu: Option<u32>) -> Vec<(&str, String)> {
        let mut wrong = Vec::new();
        let computes = |s: &&Stressor| !NOT_CHECKED.contains(&s.name.as_str()) && s.name != "vm";
        let of_it = |wrong: &&u32| cpu.is_none_or(|cpu| cpu == **wrong);
        if self.job.verify {
            for _cpu in self.wrong_cpus.iter().filter(of_it) {
                for stressor in self.job.stressors.iter().filter(computes) {
                    let method = stressor.method.as_deref().unwrap_or("int64");
                    let words = format!("{method} error detected, failed {method} math operations");
                    wrong.push((stressor.name.as_str(), words));
                }
            }
        }
        let memory = self.job.stressors.iter().find(|s| s.name == "vm");
        if let Some(memory) = memory.filter(|_| self.wrong_bits > 0) {
            let bits = self.wrong_bits;
            let words = format!("detected {bits} bit errors while stressing memory");
            wrong.push((memory.name.as_str(), words));
        }
        wrong
    }

    /// One process, in the job's order.
    fn process(&self, index: u32, plan: &Plan, world: &World, elapsed: u64, end: End) -> Process {
        let real = seconds(elapsed);
        let of_it = |counted: &&Counted| counted.cpu.map(|(_, cpu)| cpu) == plan.cpu;
        let skipped = |name: &str| {
            world.any(|f| matches!(f, Fault::StressorMissing { stressor } if stressor == name))
        };
        let figures = self.results.iter().filter(of_it).filter_map(|counted| {
            let stressor = self.job.stressors.get(counted.stressor)?;
            let share = f64::from(stressor.workers) / self.workers().max(1.0);
            let busy = match counted.cpu {
                Some(_) => share,
                None => share * self.busy() * self.cpus.len() as f64,
            };
            (!skipped(&stressor.name)).then_some(Figures {
                stressor: &stressor.name,
                workers: stressor.workers,
                bogo_ops: counted.rounds as u64,
                real_seconds: real,
                user_seconds: real * busy * 0.99,
                system_seconds: real * busy * 0.005,
            })
        });
        let missing = self.job.stressors.iter().filter(|s| skipped(&s.name));
        let killed = match plan.cpu {
            Some(cpu) => self.killed_cpus.contains(&cpu),
            None => !self.killed_cpus.is_empty(),
        };
        let done = Done {
            version: &self.version,
            pid: index.saturating_mul(16).saturating_add(4_096),
            seconds: self.whole / 1_000_000_000,
            took: real,
            figures: figures.collect(),
            skipped: missing.map(|s| (s.name.as_str(), s.workers)).collect(),
            wrong: self.wrong(plan.cpu),
            killed,
            epoch_seconds: world
                .profile
                .epoch_seconds
                .saturating_add(world.now / 1_000_000_000),
        };
        let mut arguments = plan.arguments.clone();
        let (file, scratch) = (
            format!("/scratch/stress-ng-{index}.yaml"),
            Path::new("/scratch"),
        );
        arguments.extend(files(Path::new(&file), scratch));
        let printed = JobPrinted {
            target: plan.cpu.map_or(String::new(), |cpu| format!("cpu{cpu}")),
            arguments,
            version: format!("stress-ng, version {}", self.version),
            stdout: done.log(),
            stderr: String::new(),
            exit_status: done.exit_status(),
        };
        let document = job(world, "stress-ng", "stress.start", end, elapsed, printed);
        // It is written at the end, and by garbage nobody means the log alone.
        let told = document.exit_status.is_some() && !end.garbage;
        let yaml = if told {
            done.yaml().into_bytes()
        } else {
            Vec::new()
        };
        Process {
            cpu: plan.cpu,
            document,
            yaml,
            left_out_bytes: 0,
        }
    }
}

impl Work for StressNg {
    fn tool(&self) -> &str {
        "stress-ng"
    }

    fn load(&self, _: &World, load: &mut Load) {
        for cpu in &self.cpus {
            load.add_cpu(*cpu, self.busy());
        }
        if self
            .job
            .stressors
            .iter()
            .any(|s| ["vm", "stream", "memrate", "memcpy"].contains(&s.name.as_str()))
        {
            load.memory = 1.0;
        }
    }

    fn plan(&mut self, world: &World, elapsed: u64) -> u64 {
        self.strengths = self.cpus.iter().map(|c| self.strength(world, *c)).collect();
        let all = self.strengths.iter().sum::<f64>() * self.busy();
        for counted in &mut self.results {
            let strength = match counted.cpu {
                Some((index, _)) => self.strengths.get(index).copied().unwrap_or(0.0),
                None => all,
            };
            counted.rate = world.about_key(counted.base * strength, 0.01, counted.key);
        }
        for fault in world.faults() {
            match fault {
                Fault::CoreWrong { cpu }
                    if self.cpus.contains(cpu) && !self.wrong_cpus.contains(cpu) =>
                {
                    self.wrong_cpus.push(*cpu);
                }
                Fault::WorkerKilled { cpu }
                    if self.cpus.contains(cpu) && !self.killed_cpus.contains(cpu) =>
                {
                    self.killed_cpus.push(*cpu);
                }
                Fault::MemoryWrong { bits } => self.wrong_bits = self.wrong_bits.max(*bits),
                _ => {}
            }
        }
        self.whole.saturating_sub(elapsed)
    }

    fn pass(&mut self, _: &mut World, nanoseconds: u64) {
        for counted in &mut self.results {
            counted.rounds += counted.rate * seconds(nanoseconds);
        }
    }

    fn progress(&self, elapsed: u64) -> Reply {
        Reply::Stress(Some(Event::Progress(Progress {
            fraction: fraction(elapsed, self.whole),
            elapsed_ms: milliseconds(elapsed),
        })))
    }

    fn finished(&mut self, world: &World, elapsed: u64, end: End) -> Answer {
        let plans = self.plans.iter().zip(0..);
        let process = |(plan, index)| self.process(index, plan, world, elapsed, end);
        let workers = self.job.stressors.iter().map(|s| s.workers);
        Ok(Reply::Stress(Some(Event::Finished(Ending {
            processes: plans.map(process).collect(),
            workers: workers.fold(0, u32::saturating_add),
            stopped: end.stopped(),
            ran_ms: milliseconds(elapsed),
            extra: Vec::new(),
        }))))
    }

    fn nothing(&self) -> Reply {
        Reply::Stress(None)
    }
}
