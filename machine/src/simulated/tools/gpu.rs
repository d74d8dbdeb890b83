//! Loads of GPUs: gpu_burn, and DCGM's diagnostic.

use super::trouble::crashed;
use super::{End, Ending, GARBAGE, Work, fraction, milliseconds, seconds};
use crate::contract::gpu::{Diagnosis, Ending as Ended, Event, Job, Printed, Progress};
use crate::contract::types::{Document, DocumentEnding, Error};
use crate::simulated::documents::{dcgmi, gpu_burn, nvidia_smi};
use crate::simulated::load::Load;
use crate::simulated::profile::{Fault, Gpu};
use crate::simulated::thermal::{GPU_SLOWDOWN, GPU_SLOWED};
use crate::simulated::world::{SECOND, World};
use crate::tools::gpu_load::{self, Process};
use crate::{Answer, Reply};

/// The name of gpu_burn among a profile's tools.
const BURN: &str = "gpu";

/// Lines of progress of a whole run; the tool itself prints many more.
const LINES: u64 = 10;

/// A load.
struct Loading {
    tool: &'static str,
    program: &'static str,
    version: Option<String>,
    whole: u64,
    /// Whether it reports how far it is.
    known: bool,
    began: u64,
    /// The lines that were printed so far.
    lines: u64,
    processes: Vec<Running>,
    diagnosis: Option<(Diagnosis, String)>,
}

/// One process of it.
struct Running {
    process: Process,
    gpus: Vec<Loaded>,
    /// `None`: it was given a GPU that is not there.
    output: Option<gpu_burn::Output>,
}

struct Loaded {
    number: usize,
    gpu: Gpu,
    rate: f64,
    wrong_per_second: f64,
    lost: bool,
    celsius: f64,
    memory_errors: u64,
    /// Billions of operations done.
    done: f64,
    /// Wrong results of the whole run, and those that a line reported.
    wrong: f64,
    told: f64,
}

/// Checks a job and makes its work.
pub fn start(world: &World, job: Job) -> Result<Box<dyn Work>, Error> {
    let plan = gpu_load::plan(&job)?;
    let tool = match &job {
        Job::Burn(_) => BURN,
        Job::Diagnosis(_) => "dcgmi",
    };
    if !world.has_tool(tool) {
        return Err(Error::tool_missing(plan.program, plan.package));
    }
    let driven = nvidia_smi::driven(world);
    let whole = match (&job, plan.works) {
        (_, Some(works)) => works.as_secs(),
        (Job::Diagnosis(diagnosis), None) => dcgmi::seconds(diagnosis.level),
        (Job::Burn(_), None) => 1,
    };
    let loaded = |number: usize| {
        let gpu = driven.get(number)?;
        Some(Loaded {
            number,
            gpu: (*gpu).clone(),
            rate: 0.0,
            wrong_per_second: 0.0,
            lost: false,
            celsius: 0.0,
            memory_errors: 0,
            done: 0.0,
            wrong: 0.0,
            told: 0.0,
        })
    };
    let running = |process: Process| {
        let numbers: Vec<usize> = match process.gpus.is_empty() {
            true => (0..driven.len()).collect(),
            false => process.gpus.iter().map(|number| *number as usize).collect(),
        };
        let gpus: Vec<Loaded> = numbers
            .iter()
            .filter_map(|number| loaded(*number))
            .collect();
        let there = !gpus.is_empty() && gpus.len() == numbers.len();
        let listed: Vec<(usize, &str, &str)> = gpus
            .iter()
            .map(|of| {
                let uuid = of.gpu.uuid.as_deref().unwrap_or("N/A");
                (of.number, of.gpu.model.as_str(), uuid)
            })
            .collect();
        let output = there.then(|| gpu_burn::Output::begin(whole, &listed));
        Running {
            output,
            gpus: if there { gpus } else { Vec::new() },
            process,
        }
    };
    let version = world.profile.tools.get(tool).cloned().unwrap_or_default();
    let driver = driven.first().and_then(|gpu| gpu.driver.clone());
    Ok(Box::new(Loading {
        tool,
        program: plan.program,
        version: matches!(job, Job::Diagnosis(_)).then(|| format!("version: {version}")),
        whole: whole.saturating_mul(SECOND),
        known: plan.works.is_some(),
        began: world.now,
        lines: 0,
        processes: plan.processes.into_iter().map(running).collect(),
        diagnosis: match job {
            Job::Diagnosis(diagnosis) => Some((diagnosis, driver.unwrap_or_default())),
            Job::Burn(_) => None,
        },
    }))
}

impl Work for Loading {
    fn tool(&self) -> &str {
        self.tool
    }

    fn load(&self, _: &World, load: &mut Load) {
        let gpus = self.processes.iter().flat_map(|process| &process.gpus);
        for loaded in gpus.filter(|loaded| !loaded.lost) {
            *load.gpus.entry(loaded.gpu.name.clone()).or_default() += 1.0;
        }
        load.add_cpu(0, 0.2);
    }

    fn plan(&mut self, world: &World, elapsed: u64) -> u64 {
        for process in &mut self.processes {
            process
                .gpus
                .iter_mut()
                .for_each(|loaded| loaded.look(world));
        }
        let lines = elapsed.saturating_mul(LINES) / self.whole.max(1);
        if lines > self.lines {
            self.lines = lines;
            let percent = 100.0 * fraction(elapsed, self.whole);
            self.processes
                .iter_mut()
                .for_each(|process| process.line(percent));
        }
        self.whole.saturating_sub(elapsed)
    }

    fn pass(&mut self, _: &mut World, nanoseconds: u64) {
        let gpus = self.processes.iter_mut();
        for loaded in gpus.flat_map(|process| &mut process.gpus) {
            loaded.done += loaded.rate * seconds(nanoseconds);
            loaded.wrong += loaded.wrong_per_second * seconds(nanoseconds);
        }
    }

    fn progress(&self, elapsed: u64) -> Reply {
        Reply::Gpu(Some(Event::Progress(Progress {
            fraction: self.known.then(|| fraction(elapsed, self.whole)),
            elapsed_ms: milliseconds(elapsed),
        })))
    }

    fn finished(&mut self, _: &World, elapsed: u64, end: End) -> Answer {
        if end.how == Ending::Crashed {
            return crashed(self.tool());
        }
        let printed = std::mem::take(&mut self.processes);
        let printed = printed
            .into_iter()
            .map(|process| self.printed(process, elapsed, end.how, end.garbage));
        Ok(self.end(printed.collect(), elapsed, end.how))
    }

    fn nothing(&self) -> Reply {
        Reply::Gpu(None)
    }
}

impl Loading {
    fn end(&self, printed: Vec<Printed>, elapsed: u64, ending: Ending) -> Reply {
        Reply::Gpu(Some(Event::Finished(Ended {
            printed,
            stopped: ending != Ending::Itself,
            ran_ms: milliseconds(elapsed),
        })))
    }

    /// What a process printed over its whole run.
    fn printed(
        &self,
        mut process: Running,
        elapsed: u64,
        ending: Ending,
        garbage: bool,
    ) -> Printed {
        if self.lines < LINES && ending == Ending::Itself {
            process.line(100.0);
        }
        let whole_seconds = self.whole / SECOND;
        let (mut stdout, exit_status) = match (&self.diagnosis, process.output) {
            (Some((diagnosis, driver)), _) if ending == Ending::Itself => {
                let found: Vec<dcgmi::Found> = process.gpus.iter().map(Loaded::found).collect();
                let version = self.version.as_deref().unwrap_or_default();
                let version = version.trim_start_matches("version: ");
                let (stdout, status) = dcgmi::report(version, driver, diagnosis.level, &found);
                (stdout, Some(status))
            }
            (Some(_), _) => (Vec::new(), None),
            (None, Some(output)) => output.end(ending),
            (None, None) => {
                let (stdout, status) = gpu_burn::Output::without_a_gpu(whole_seconds);
                (stdout, Some(status))
            }
        };
        if garbage {
            stdout = GARBAGE.as_bytes().to_vec();
        }
        let (signal, stopped) = match ending {
            Ending::Itself => (None, DocumentEnding::Complete),
            Ending::Stopped => (Some(15), DocumentEnding::Cancelled),
            Ending::Killed => (Some(9), DocumentEnding::Cancelled),
            Ending::Crashed => (Some(11), DocumentEnding::Complete),
        };
        let argv = std::iter::once(self.program.to_owned());
        Printed {
            document: Document {
                query: "gpu.start".to_owned(),
                target: String::new(),
                argv: argv.chain(process.process.args).collect(),
                version: self.version.clone(),
                exit_status: exit_status.filter(|_| signal.is_none()),
                signal,
                stdout,
                stderr_tail: String::new(),
                ending: stopped,
                begun_ns: self.began,
                took_ns: elapsed,
            },
            gpus: process.process.gpus,
            left_out: 0,
        }
    }
}

impl Running {
    fn line(&mut self, percent: f64) {
        let Some(output) = &mut self.output else {
            return;
        };
        let cells = self.gpus.iter_mut().map(|loaded| {
            let wrong = (loaded.wrong - loaded.told).floor();
            loaded.told += wrong;
            gpu_burn::Cell {
                done: loaded.done,
                rate: loaded.rate,
                wrong: wrong as u64,
                celsius: loaded.celsius,
                died: loaded.lost,
            }
        });
        let cells: Vec<gpu_burn::Cell> = cells.collect();
        output.progress(percent, &cells);
    }
}

impl Loaded {
    /// Takes its rates from the state of the world.
    fn look(&mut self, world: &World) {
        let name = &self.gpu.name;
        self.lost |= world.off_bus(&self.gpu);
        let celsius = world.thermal.gpus.get(name).copied();
        self.celsius = celsius.unwrap_or(world.profile.ambient);
        let slowed = match self.celsius >= GPU_SLOWDOWN {
            true => GPU_SLOWED,
            false => 1.0,
        };
        self.rate = match self.lost {
            true => 0.0,
            false => {
                let key = format!("gflops/{name}");
                world.about(self.gpu.gflops * slowed, 0.01, &key)
            }
        };
        let wrong = world.faults().filter_map(|fault| match fault {
            Fault::GpuWrong { gpu, errors } if gpu == name => Some(*errors as f64),
            _ => None,
        });
        self.wrong_per_second = wrong.sum();
        let memory = world.faults().filter_map(|fault| match fault {
            Fault::GpuEccUncorrected { gpu, count } if gpu == name => Some(*count),
            _ => None,
        });
        self.memory_errors = memory.fold(0, u64::saturating_add);
    }

    fn found(&self) -> dcgmi::Found {
        let device_id = self.gpu.pci_id.split_once(':').map(|(_, device)| device);
        dcgmi::Found {
            number: self.number,
            serial: self.gpu.serial.clone(),
            device_id: device_id.unwrap_or_default().to_owned(),
            memory_errors: self.memory_errors,
            wrong: self.wrong as u64,
        }
    }
}
