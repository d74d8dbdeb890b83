//! Loads of GPUs: `gpu_burn` and `dcgmi diag`. Their command lines; what they print is the stage's to
//! read.

use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::confinement::DEVICES;
use super::document::nanoseconds;
use super::process::{Caged, Watch, millis};
use super::run::{Events, Kept};
use super::toolbox::Reach;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::gpu::{Burn, Diagnosis, Ending, Event, Job, Printed, Progress};
use crate::contract::types::{Document, DocumentEnding, Error};

/// The most GPUs that a job names.
const MOST_GPUS: usize = 64;

/// Numbers of GPUs are below this.
const MOST_NUMBER: u32 = 1024;

/// The most that is kept of what a process prints: the first bytes, and the last.
const HEAD: usize = 1 << 20;
const TAIL: usize = 3 << 20;

/// How long `gpu_burn` takes to set itself up and to end, in addition to its load.
const SLACK: Duration = Duration::from_secs(60);

/// How long a level of the diagnostic may take. NVIDIA's documentation gives seconds, 2, 15 minutes and 1
/// to 2 hours for levels 1 to 4 of one server.
const LEVEL: Duration = Duration::from_secs(3600);

/// What a job runs: one program, and the arguments of each of its processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The program.
    pub program: &'static str,
    /// The package that brings it.
    pub package: &'static str,
    /// What makes it print its version; nothing where that would start a load.
    version: &'static [&'static str],
    /// The processes.
    pub processes: Vec<Process>,
    /// How long the tool works by the job; `None`: not known beforehand.
    pub works: Option<Duration>,
    /// When it is asked to end.
    timeout: Duration,
}

/// One process of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The GPUs that it is given; empty: all.
    pub gpus: Vec<u32>,
    /// Its arguments.
    pub args: Vec<String>,
}

/// Checks a job and says what it runs.
///
/// # Errors
///
/// `invalid` for what is out of range.
pub fn plan(job: &Job) -> Result<Plan, Error> {
    match job {
        Job::Burn(burn) => burning(burn),
        Job::Diagnosis(diagnosis) => diagnosing(diagnosis),
    }
}

fn burning(burn: &Burn) -> Result<Plan, Error> {
    if !(1_000..=86_400_000).contains(&burn.duration_ms) {
        let reason = format!("{} is not from 1,000 to 86,400,000", burn.duration_ms);
        return Err(Error::invalid("job.burn.duration-ms", reason));
    }
    numbers("job.burn.gpus", &burn.gpus)?;
    let seconds = burn.duration_ms.div_ceil(1000);
    let alone = |number: &u32| Process {
        gpus: vec![*number],
        args: vec!["-i".into(), number.to_string(), seconds.to_string()],
    };
    let mut processes: Vec<Process> = burn.gpus.iter().map(alone).collect();
    if processes.is_empty() {
        processes.push(Process {
            gpus: Vec::new(),
            args: vec![seconds.to_string()],
        });
    }
    let works = Duration::from_secs(seconds);
    Ok(Plan {
        program: "gpu_burn",
        package: "gpu-burn",
        // It has no word of its version; without arguments it would begin.
        version: &[],
        processes,
        works: Some(works),
        timeout: works.saturating_add(SLACK),
    })
}

fn diagnosing(diagnosis: &Diagnosis) -> Result<Plan, Error> {
    let level = diagnosis.level;
    if !(1..=4).contains(&level) {
        let reason = format!("{level} is not from 1 to 4");
        return Err(Error::invalid("job.diagnosis.level", reason));
    }
    numbers("job.diagnosis.gpus", &diagnosis.gpus)?;
    let mut args: Vec<String> = ["diag", "-r", &level.to_string(), "-j"]
        .map(str::to_owned)
        .into();
    if !diagnosis.gpus.is_empty() {
        let all: Vec<String> = diagnosis.gpus.iter().map(u32::to_string).collect();
        args.extend(["-i".to_owned(), all.join(",")]);
    }
    Ok(Plan {
        program: "dcgmi",
        package: "datacenter-gpu-manager",
        version: &["--version"],
        processes: vec![Process {
            gpus: diagnosis.gpus.clone(),
            args,
        }],
        works: None,
        timeout: LEVEL.saturating_mul(level.into()),
    })
}

fn numbers(argument: &str, gpus: &[u32]) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::invalid(argument, reason));
    if gpus.len() > MOST_GPUS {
        return refuse(format!("{} GPUs are more than {MOST_GPUS}", gpus.len()));
    }
    for (at, number) in gpus.iter().enumerate() {
        if *number >= MOST_NUMBER || gpus.iter().take(at).any(|known| known == number) {
            return refuse(format!(
                "{number} is not the number of a GPU, or stands there twice"
            ));
        }
    }
    Ok(())
}

/// Starts a job. `since` is the instant from which documents count their times.
pub async fn start(
    tools: &Toolbox,
    job: &Job,
    since: Instant,
    ctx: &RunContext,
) -> Result<ToolRun, Error> {
    let plan = plan(job)?;
    let program = tools.find(plan.program, plan.package)?;
    // Its kernel lies next to it; where it does not, it knows itself where it was installed.
    let kernel = program.with_file_name("compare.ptx");
    let own = match plan.program == "gpu_burn" && kernel.is_file() {
        true => vec!["-c".to_owned(), kernel.to_string_lossy().into_owned()],
        false => Vec::new(),
    };
    let version = match plan.version {
        [] => None,
        version => {
            let asked = (plan.program, plan.package, version);
            tools.version(asked).await
        }
    };
    let (mut caged, mut outputs) = (Vec::new(), Vec::new());
    for process in &plan.processes {
        let args: Vec<String> = own.iter().chain(&process.args).cloned().collect();
        let devices = [Path::new(DEVICES)];
        let reach = Reach::writing(&devices);
        let begun = Instant::now();
        let started = tools
            .start(plan.program, plan.package, &args, reach)
            .await?;
        caged.push(started);
        outputs.push(Output {
            gpus: process.gpus.clone(),
            argv: std::iter::once(plan.program.to_owned())
                .chain(args)
                .collect(),
            version: version.clone(),
            begun_ns: nanoseconds(begun.saturating_duration_since(since)),
            kept: Both::default(),
        });
    }
    let works = plan.works;
    let timeout = Some(plan.timeout);
    let drive = move |caged, watch, events| drive(caged, watch, events, outputs, works);
    Ok(ToolRun::begin(
        caged,
        Kept::default(),
        Signal::SIGTERM,
        timeout,
        ctx,
        drive,
    ))
}

async fn drive(
    caged: Vec<Caged>,
    watch: Watch,
    events: Events,
    outputs: Vec<Output>,
    works: Option<Duration>,
) -> Result<ToolEvent, Error> {
    let each = caged
        .into_iter()
        .zip(outputs)
        .map(|(caged, output)| one(caged, &watch, output));
    let running = futures::future::try_join_all(each);
    let report = |elapsed: Duration| {
        let part = |whole: Duration| elapsed.as_secs_f64() / whole.as_secs_f64().max(1.0);
        ToolEvent::Gpu(Event::Progress(Progress {
            fraction: works.map(|whole| part(whole).clamp(0.0, 1.0)),
            elapsed_ms: millis(elapsed),
        }))
    };
    let ended = tokio::select! {
        ended = running => ended?,
        () = events.tick(report) => return Err(Error::tool_failed("gpu", "its clock ended before it did")),
    };
    Ok(ToolEvent::Gpu(Event::Finished(Ending {
        stopped: ended.iter().any(|(_, stopped)| *stopped),
        ran_ms: ended
            .iter()
            .map(|(printed, _)| printed.document.took_ns / 1_000_000)
            .max()
            .unwrap_or_default(),
        printed: ended.into_iter().map(|(printed, _)| printed).collect(),
    })))
}

/// What is known of a process before its end.
struct Output {
    gpus: Vec<u32>,
    argv: Vec<String>,
    version: Option<String>,
    begun_ns: u64,
    kept: Both,
}

/// Follows a process to its end; also whether it was asked to end before its own.
async fn one(
    mut caged: Caged,
    watch: &Watch,
    mut output: Output,
) -> Result<(Printed, bool), Error> {
    let ended = caged
        .watch(watch, |_, bytes| {
            output.kept.push(bytes);
            Ok(())
        })
        .await?;
    use std::os::unix::process::ExitStatusExt as _;
    let asked = watch.stop.is_cancelled();
    let ending = match (ended.stopped, asked) {
        (false, _) => DocumentEnding::Complete,
        (true, true) => DocumentEnding::Cancelled,
        (true, false) => DocumentEnding::TimedOut,
    };
    let (stdout, left_out) = output.kept.whole();
    let document = Document {
        query: "gpu.start".to_owned(),
        target: String::new(),
        argv: output.argv,
        version: output.version,
        exit_status: ended.status.code(),
        signal: ended.status.signal(),
        stdout,
        stderr_tail: ended.stderr_tail,
        ending,
        begun_ns: output.begun_ns,
        took_ns: nanoseconds(ended.ran),
    };
    let printed = Printed {
        gpus: output.gpus,
        document,
        left_out,
    };
    Ok((printed, ended.stopped && asked))
}

/// Both streams of a process as they came: the first bytes and the last.
#[derive(Debug, Default)]
pub(super) struct Both {
    head: Vec<u8>,
    tail: std::collections::VecDeque<u8>,
    left_out: u64,
}

impl Both {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..over);
        self.left_out = self.left_out.saturating_add(over as u64);
    }

    /// All that is kept, and how many bytes are left out after the head.
    pub(super) fn whole(self) -> (Vec<u8>, u64) {
        let mut whole = self.head;
        whole.extend(self.tail);
        (whole, self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burn(gpus: &[u32], duration_ms: u64) -> Job {
        Job::Burn(Burn {
            gpus: gpus.to_vec(),
            duration_ms,
        })
    }

    fn lines(job: &Job) -> Vec<String> {
        let processes = plan(job).expect("a plan").processes;
        processes.iter().map(|p| p.args.join(" ")).collect()
    }

    #[test]
    fn jobs_become_command_lines() {
        assert_eq!(lines(&burn(&[0, 3], 1_500)), ["-i 0 2", "-i 3 2"]);
        assert_eq!(lines(&burn(&[], 60_000)), ["60"]);
        let diagnosis = |gpus: &[u32], level| {
            Job::Diagnosis(Diagnosis {
                gpus: gpus.to_vec(),
                level,
            })
        };
        assert_eq!(lines(&diagnosis(&[], 3)), ["diag -r 3 -j"]);
        assert_eq!(lines(&diagnosis(&[1, 2], 1)), ["diag -r 1 -j -i 1,2"]);
        for bad in [
            burn(&[], 999),
            burn(&[], 86_400_001),
            burn(&[1, 1], 1_000),
            burn(&[1024], 1_000),
            burn(&(0..65).collect::<Vec<_>>(), 1_000),
            diagnosis(&[], 0),
            diagnosis(&[], 5),
        ] {
            assert!(matches!(plan(&bad), Err(Error::Invalid(_))), "{bad:?}");
        }
    }

    #[test]
    fn the_first_and_the_last_bytes_of_a_flood_are_kept() {
        let mut both = Both::default();
        both.push(b"first");
        for _ in 0..70 {
            both.push(&[b'x'; 100_000]);
        }
        both.push(b"last");
        let (whole, left_out) = both.whole();
        assert_eq!(whole.len(), HEAD + TAIL);
        assert_eq!(left_out as usize + whole.len(), 7_000_009);
        assert!(whole.starts_with(b"first") && whole.ends_with(b"last"));
    }
}
