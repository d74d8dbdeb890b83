//! stressapptest: a memory test. Its log is handed on.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::document::JobDocument;
use super::process::{Caged, Watch, millis};
use super::run::{Events, Kept};
use super::toolbox::Reach;
use super::transcript::Transcript;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::memtest::{Ending, Event, Job, Progress};
use crate::contract::types::Error;

/// Its program name.
pub const TOOL: &str = "stressapptest";

/// How much is kept of its log.
const LOG: usize = 1 << 20;

/// It counts memory in these.
const MIB: u64 = 1 << 20;

/// The least that it is given, in bytes: as its threads have pages of 1 MiB.
const LEAST: u64 = 16 * MIB;

/// What a job may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How many logical CPUs.
    pub cpus: u32,
    /// How many bytes of memory.
    pub memory_bytes: u64,
}

/// Its arguments.
///
/// # Errors
///
/// `invalid` where the job is out of range or over the allowance.
pub fn arguments(job: &Job, allowed: Allowance) -> Result<Vec<String>, Error> {
    let range = |name: &str, value: u64, low: u64, high: u64| {
        if (low..=high).contains(&value) {
            return Ok(());
        }
        let reason = format!("{value} is not from {low} to {high}");
        Err(Error::invalid(&format!("job.{name}"), reason))
    };
    if job.bytes > allowed.memory_bytes {
        let reason = format!(
            "{} bytes are over the memory allowance of {} bytes",
            job.bytes, allowed.memory_bytes
        );
        return Err(Error::invalid("job.bytes", reason));
    }
    range("bytes", job.bytes, LEAST, u64::MAX)?;
    range("duration-ms", job.duration_ms, 1_000, 365 * 24 * 3_600_000)?;
    let cpus = u64::from(allowed.cpus.max(1));
    range("copy-threads", job.copy_threads.into(), 1, cpus)?;
    range("invert-threads", job.invert_threads.into(), 0, cpus)?;
    range("cpu-threads", job.cpu_threads.into(), 0, cpus)?;
    let mut arguments = Vec::new();
    for (option, value) in [
        ("-s", seconds(job)),
        // Without it stressapptest takes nearly all memory that there is.
        ("-M", job.bytes / MIB),
        ("-m", job.copy_threads.into()),
        ("-i", job.invert_threads.into()),
        ("-C", job.cpu_threads.into()),
    ] {
        arguments.extend([option.to_owned(), value.to_string()]);
    }
    if job.warm_copy {
        arguments.push("-W".to_owned());
    }
    Ok(arguments)
}

/// Whole seconds, rounded up.
fn seconds(job: &Job) -> u64 {
    job.duration_ms.div_ceil(1_000)
}

/// Starts a job. `unavailable` without stressapptest.
pub async fn start(
    tools: &Toolbox,
    job: &Job,
    allowed: Allowance,
    ctx: &RunContext,
) -> Result<ToolRun, Error> {
    tools.find(TOOL, TOOL)?;
    let arguments = arguments(job, allowed)?;
    let tool = (TOOL, TOOL, ["--help"].as_slice());
    let asked = ("memtest.start", "");
    let document = JobDocument::of(tools, tool, asked, &arguments, ctx.since).await;
    let scratch = [&*ctx.scratch];
    let reach = Reach::writing(&scratch);
    let caged = tools.start(TOOL, TOOL, &arguments, reach).await?;
    // It keeps its own time, but for filling and checking its memory before and after.
    let timeout = Duration::from_secs(seconds(job).saturating_mul(2).saturating_add(300));
    let job = job.clone();
    let drive = move |caged: Vec<Caged>, watch, events| async move {
        let caged = caged.into_iter().next();
        let caged = caged.ok_or_else(|| Error::tool_failed(TOOL, "it was not started"))?;
        drive(caged, watch, events, document, job).await
    };
    Ok(ToolRun::begin(
        vec![caged],
        Kept::default(),
        Signal::SIGTERM,
        Some(timeout),
        ctx,
        drive,
    ))
}

async fn drive(
    mut caged: Caged,
    watch: Watch,
    events: Events,
    document: JobDocument,
    job: Job,
) -> Result<ToolEvent, Error> {
    let mut log = Transcript::of(LOG);
    let running = caged.watch(&watch, |stream, bytes| {
        log.push(stream, bytes);
        Ok(())
    });
    let whole = seconds(&job).max(1) as f64;
    let progress = events.tick(|elapsed| {
        ToolEvent::Memtest(Event::Progress(Progress {
            fraction: (elapsed.as_secs_f64() / whole).clamp(0.0, 1.0),
            elapsed_ms: millis(elapsed),
        }))
    });
    let ended = tokio::select! {
        ended = running => ended?,
        () = progress => return Err(Error::tool_failed(TOOL, "its clock ended before it did")),
    };
    let log = log.end();
    let threads = [job.copy_threads, job.invert_threads, job.cpu_threads];
    Ok(ToolEvent::Memtest(Event::Finished(Ending {
        document: document.ended(&ended, log.bytes),
        bytes: job.bytes,
        threads: threads.into_iter().fold(0, u32::saturating_add),
        stopped: ended.stopped,
        ran_ms: ended.ran_ms(),
        left_out_bytes: log.left_out,
        extra: Vec::new(),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job() -> Job {
        Job {
            bytes: 100 * MIB + 5,
            duration_ms: 1_500,
            copy_threads: 2,
            invert_threads: 1,
            cpu_threads: 0,
            warm_copy: true,
        }
    }

    const ALLOWED: Allowance = Allowance {
        cpus: 2,
        memory_bytes: 200 * MIB,
    };

    #[test]
    fn a_job_becomes_a_command_line_that_always_bounds_its_memory() {
        let line = arguments(&job(), ALLOWED).expect("a good job").join(" ");
        assert_eq!(line, "-s 2 -M 100 -m 2 -i 1 -C 0 -W");
    }

    #[test]
    fn whatever_is_over_a_limit_is_refused_by_name() {
        let refused = |change: fn(&mut Job)| {
            let mut job = job();
            change(&mut job);
            match arguments(&job, ALLOWED) {
                Err(Error::Invalid(invalid)) => invalid.argument,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refused(|j| j.bytes = 201 * MIB), "job.bytes");
        assert_eq!(refused(|j| j.bytes = 15 * MIB), "job.bytes");
        assert_eq!(refused(|j| j.duration_ms = 999), "job.duration-ms");
        assert_eq!(refused(|j| j.copy_threads = 0), "job.copy-threads");
        assert_eq!(refused(|j| j.copy_threads = 3), "job.copy-threads");
        assert_eq!(refused(|j| j.invert_threads = 3), "job.invert-threads");
        assert_eq!(refused(|j| j.cpu_threads = 3), "job.cpu-threads");
    }
}
