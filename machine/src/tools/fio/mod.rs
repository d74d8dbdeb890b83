//! fio: storage load and measurement.
//!
//! `--status-interval` makes fio print one JSON report a second, with its own messages between them;
//! the last report is the result. Workers are threads, so that they die with fio.

mod arguments;
pub(super) mod rates;
pub(super) mod reports;

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::sys::signal::Signal;

use super::document::JobDocument;
use super::process::{Caged, Stream, Watch};
use super::run::{Events, Kept};
use super::toolbox::Reach;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::fio::{Ending, Event, Job};
use crate::contract::types::Error;

pub use arguments::{Plan, option, pattern, plan};
use reports::Reports;

/// What is read and written, already resolved and allowed by whoever knows the disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file that fio makes; it is removed when the run has ended.
    Scratch {
        /// The file.
        file: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A whole disk.
    Disk {
        /// Its device node.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// Its logical block in bytes.
        logical_block: u32,
    },
}

impl Target {
    /// What is opened.
    pub fn path(&self) -> &Path {
        match self {
            Target::Scratch { file, .. } => file,
            Target::Disk { path, .. } => path,
        }
    }

    /// The disk's name, or `scratch`.
    fn name(&self) -> String {
        match self {
            Target::Scratch { .. } => "scratch".to_owned(),
            Target::Disk { path, .. } => {
                let name = path.file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
        }
    }
}

/// Starts a job. `invalid` when the job is out of range, `unavailable` without fio. `held`: a disk that
/// is written to, opened by whoever allowed that, and why it was; it is let go when every process of fio
/// has ended.
pub async fn start(
    tools: &Toolbox,
    job: &Job,
    target: Target,
    (held, why): (Option<File>, Option<String>),
    ctx: &RunContext,
) -> Result<ToolRun, Error> {
    tools.find("fio", "fio")?;
    arguments::check(job, &target)?;
    let (direct, files) = match &target {
        Target::Scratch { file, .. } => {
            let files = vec![file.clone()];
            (job.direct && takes_direct(file)?, files)
        }
        Target::Disk { .. } => (job.direct, Vec::new()),
    };
    let kept = Kept {
        files,
        held,
        folder: None,
    };
    let plan = plan(job, &target, direct)?;
    let (query, name) = ("fio.start", target.name());
    let tool = ("fio", "fio", ["--version"].as_slice());
    let asked = (query, &*name);
    let document = JobDocument::of(tools, tool, asked, &plan.arguments, ctx.since).await;
    let written = match &target {
        Target::Scratch { .. } => Some(&*ctx.scratch),
        Target::Disk { path, .. } => arguments::writes(&job.pattern).then_some(&**path),
    };
    let written: Vec<&Path> = written.into_iter().collect();
    let reach = Reach {
        may_write: &written,
        keeps: kept.held.as_ref(),
    };
    let caged = tools.start("fio", "fio", &plan.arguments, reach).await?;
    let job = job.clone();
    let known = Known {
        document,
        opened: target.path().display().to_string(),
        direct,
        wipe_guard: why,
    };
    let drive = move |caged, watch, events| drive(caged, watch, events, job, plan.total, known);
    Ok(ToolRun::begin(
        vec![caged],
        kept,
        Signal::SIGTERM,
        None,
        ctx,
        drive,
    ))
}

/// Whether the file system can go around the page cache; makes the file. Older tmpfs cannot.
fn takes_direct(file: &Path) -> Result<bool, Error> {
    let open = |flags| {
        std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(file)
    };
    if open(nix::libc::O_DIRECT).is_ok() {
        return Ok(true);
    }
    open(0)
        .map(|_| false)
        .map_err(|e| Error::tool_failed("fio", format!("{} cannot be made: {e}", file.display())))
}

/// What the host knows of a job beside what fio prints.
struct Known {
    document: JobDocument,
    opened: String,
    direct: bool,
    wipe_guard: Option<String>,
}

async fn drive(
    mut caged: Vec<Caged>,
    watch: Watch,
    events: Events,
    job: Job,
    total: u64,
    known: Known,
) -> Result<ToolEvent, Error> {
    let Some(caged) = caged.first_mut() else {
        return Err(Error::tool_failed("fio", "it was not started"));
    };
    let mut reports = Reports::default();
    let mut rates = rates::Rates::new(&job, total);
    let begun = Instant::now();
    let ended = caged
        .watch(&watch, |stream, bytes| {
            if stream == Stream::Stderr {
                return Ok(());
            }
            let report = reports.push(bytes);
            if let Some(event) = report.and_then(|report| rates.next(report, begun.elapsed())) {
                events.progress(ToolEvent::Fio(Event::Progress(event)));
            }
            Ok(())
        })
        .await?;
    let (stdout, left_out_bytes) = reports.into_kept();
    Ok(ToolEvent::Fio(Event::Finished(Ending {
        document: known.document.ended(&ended, stdout),
        opened: known.opened,
        direct: known.direct,
        wipe_guard: known.wipe_guard,
        workers: job.workers,
        stopped: ended.stopped,
        ran_ms: ended.ran_ms(),
        left_out_bytes,
        extra: Vec::new(),
    })))
}
