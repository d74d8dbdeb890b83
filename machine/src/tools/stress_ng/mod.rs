//! stress-ng: CPU and memory load.
//!
//! One process, or with `per-cpu` one for each CPU, pinned to it, so that a wrong result names its
//! core. Figures come from the YAML file that stress-ng writes, failures from what it prints.

mod arguments;
pub(super) mod output;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::join_all;
use nix::sys::signal::Signal;

use super::process::{Caged, Ended, Watch, millis, within};
use super::run::{Events, Kept};
use super::tail::Tail;
use super::toolbox::Reach;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::stress::{Ending, Event, Job, Progress, Summary};
use crate::contract::types::Error;

pub use output::{Metrics, failures, metrics};

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
    let plans = arguments::plan(job, &allowed)?;
    let mut kept = Kept::default();
    let mut caged = Vec::new();
    let mut parts = Vec::new();
    for plan in plans {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = ctx.scratch.join(format!("stress-ng-{number}.yaml"));
        kept.files.push(file.clone());
        let mut arguments = plan.arguments;
        arguments.extend(["--yaml".into(), file.display().to_string()]);
        arguments.extend(["--temp-path".into(), ctx.scratch.display().to_string()]);
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
        });
    }
    let seconds = arguments::seconds(job);
    // stress-ng keeps its own time; this is for one that does not.
    let timeout = Duration::from_secs(seconds.saturating_mul(2).saturating_add(60));
    let drive = move |caged, watch, events| drive(caged, watch, events, parts, seconds);
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
    seconds: u64,
) -> Result<ToolEvent, Error> {
    let all = join_all(
        caged
            .into_iter()
            .zip(parts)
            .map(|(c, part)| one(c, part, &watch)),
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
    let mut summary = Summary {
        version: String::new(),
        metrics: Vec::new(),
        endings: Vec::new(),
        partial: false,
        runtime_ms: 0,
        extra: Vec::new(),
    };
    for part in all {
        let (ended, ending, metrics) = part?;
        summary.partial |= ended.stopped;
        summary.runtime_ms = summary.runtime_ms.max(ended.ran_ms());
        if summary.version.is_empty() {
            summary.version = metrics.version;
        }
        summary.metrics.extend(metrics.stressors);
        summary.endings.push(ending);
    }
    if summary.version.is_empty() {
        summary.version = "unknown".into();
    }
    Ok(ToolEvent::Stress(Event::Finished(summary)))
}

async fn one(
    mut caged: Caged,
    part: Part,
    watch: &Watch,
) -> Result<(Ended, Ending, Metrics), Error> {
    /// What stress-ng prints in all; a failing run prints a line per failure.
    const MAX_OUTPUT: usize = 16 << 20;
    let mut lines = output::Failures::default();
    let (mut tail, mut printed) = (Tail::default(), 0);
    let ended = caged
        .watch(watch, |stream, bytes| {
            printed += bytes.len();
            tail.push(bytes);
            lines.push(stream, bytes);
            within("stress-ng", printed, MAX_OUTPUT)
        })
        .await?;
    let yaml = read_capped(&part.file).await;
    let metrics = metrics(&yaml, part.cpu);
    let ending = Ending {
        cpu: part.cpu,
        exit_status: ended.status.code(),
        failures: lines.end(),
        output_tail: tail.text(super::process::TAIL),
    };
    Ok((ended, ending, metrics))
}

/// The YAML file; empty where stress-ng wrote none, as when it was used wrongly.
async fn read_capped(file: &std::path::Path) -> Vec<u8> {
    use tokio::io::AsyncReadExt as _;
    let mut bytes = Vec::new();
    if let Ok(file) = tokio::fs::File::open(file).await
        && let Err(e) = file.take(4 << 20).read_to_end(&mut bytes).await
    {
        tracing::warn!(error = %e, "stress-ng's figures cannot be read");
    }
    bytes
}
