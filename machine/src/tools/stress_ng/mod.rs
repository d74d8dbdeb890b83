//! stress-ng: CPU and memory load.
//!
//! One process, or with `per-cpu` one for each CPU, pinned to it, so that a wrong result names its
//! core. Its log and the YAML file that it writes are handed on.

mod arguments;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use nix::sys::signal::Signal;

use super::document::JobDocument;
use super::process::{Caged, Ended, Watch, millis};
use super::run::{Events, Kept};
use super::toolbox::Reach;
use super::transcript::Transcript;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::stress::{Ending, Event, Job, Process, Progress};
use crate::contract::types::Error;

pub use arguments::{Plan, files, plan};

/// How much is kept of all logs of a job together, and likewise of all YAML files.
const ALL_LOGS: usize = 4 << 20;

/// How much is kept of each log at least.
const LEAST_LOG: usize = 16 << 10;

/// What a job may load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many logical CPUs.
    pub cpus: u32,
    /// Which are online.
    pub online_cpus: Vec<u32>,
    /// How many bytes of memory.
    pub memory_bytes: u64,
}

/// One stress-ng process: its CPU, where it is pinned to one alone, and its YAML file.
#[derive(Debug)]
struct Part {
    cpu: Option<u32>,
    file: PathBuf,
    document: JobDocument,
}

/// Starts a job. `invalid` when it is out of range or over the allowance, which the reason names;
/// `unavailable` without stress-ng.
pub async fn start(
    tools: &Toolbox,
    job: &Job,
    allowed: Allowance,
    ctx: &RunContext,
) -> Result<ToolRun, Error> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    tools.find("stress-ng", "stress-ng")?;
    let plans = plan(job, &allowed)?;
    let mut kept = Kept::default();
    let mut caged = Vec::new();
    let mut parts = Vec::new();
    for plan in plans {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = ctx.scratch.join(format!("stress-ng-{number}.yaml"));
        kept.files.push(file.clone());
        let mut arguments = plan.arguments;
        arguments.extend(files(&file, &ctx.scratch));
        let tool = ("stress-ng", "stress-ng", ["--version"].as_slice());
        let target = plan.cpu.map_or(String::new(), |cpu| format!("cpu{cpu}"));
        let asked = ("stress.start", &*target);
        let document = JobDocument::of(tools, tool, asked, &arguments, ctx.since).await;
        let scratch = [&*ctx.scratch];
        caged.push(
            tools
                .start(
                    "stress-ng",
                    "stress-ng",
                    &arguments,
                    Reach::writing(&scratch),
                )
                .await?,
        );
        parts.push(Part {
            cpu: plan.cpu,
            file,
            document,
        });
    }
    let seconds = arguments::seconds(job);
    let workers = job.stressors.iter().map(|s| s.workers);
    let workers = workers.fold(0, u32::saturating_add);
    // stress-ng keeps its own time; this is for one that does not.
    let timeout = Duration::from_secs(seconds.saturating_mul(2).saturating_add(60));
    let drive = move |caged, watch, events| drive(caged, watch, events, parts, (seconds, workers));
    Ok(ToolRun::begin(
        caged,
        kept,
        Signal::SIGTERM,
        Some(timeout),
        ctx,
        drive,
    ))
}

async fn drive(
    caged: Vec<Caged>,
    watch: Watch,
    events: Events,
    parts: Vec<Part>,
    (seconds, workers): (u64, u32),
) -> Result<ToolEvent, Error> {
    let bound = (ALL_LOGS / parts.len().max(1)).max(LEAST_LOG);
    let all = join_all(
        caged
            .into_iter()
            .zip(parts)
            .map(|(caged, part)| one(caged, part, &watch, bound)),
    );
    let progress = events.tick(|elapsed| {
        ToolEvent::Stress(Event::Progress(Progress {
            fraction: (elapsed.as_secs_f64() / seconds.max(1) as f64).clamp(0.0, 1.0),
            elapsed_ms: millis(elapsed),
        }))
    });
    let all = tokio::select! {
        all = all => all,
        () = progress => Vec::new(),
    };
    let mut ending = Ending {
        processes: Vec::new(),
        workers,
        stopped: false,
        ran_ms: 0,
        extra: Vec::new(),
    };
    for part in all {
        let (ended, process) = part?;
        ending.stopped |= ended.stopped;
        ending.ran_ms = ending.ran_ms.max(ended.ran_ms());
        ending.processes.push(process);
    }
    Ok(ToolEvent::Stress(Event::Finished(ending)))
}

async fn one(
    mut caged: Caged,
    part: Part,
    watch: &Watch,
    bound: usize,
) -> Result<(Ended, Process), Error> {
    let mut log = Transcript::of(bound);
    let ended = caged
        .watch(watch, |stream, bytes| {
            log.push(stream, bytes);
            Ok(())
        })
        .await?;
    let log = log.end();
    let process = Process {
        cpu: part.cpu,
        document: part.document.ended(&ended, log.bytes),
        yaml: read_capped(&part.file, bound).await,
        left_out_bytes: log.left_out,
    };
    Ok((ended, process))
}

/// The YAML file; empty where stress-ng wrote none.
async fn read_capped(file: &std::path::Path, bound: usize) -> Vec<u8> {
    use tokio::io::AsyncReadExt as _;
    let mut bytes = Vec::new();
    if let Ok(file) = tokio::fs::File::open(file).await
        && let Err(e) = file.take(bound as u64).read_to_end(&mut bytes).await
    {
        tracing::warn!(error = %e, "stress-ng's figures cannot be read");
    }
    bytes
}
