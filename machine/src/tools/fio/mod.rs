//! fio: storage load and measurement.
//!
//! `--status-interval` makes fio print one JSON document a second, with its own messages between
//! them; the last document is the result. Workers are threads, so that they die with fio.

mod arguments;
pub(super) mod output;

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::sys::signal::Signal;

use super::process::{Caged, Stream, Watch, within};
use super::run::{Events, Kept};
use super::toolbox::Reach;
use super::{RunContext, ToolEvent, ToolRun, Toolbox};
use crate::contract::fio::{Event, Job};
use crate::contract::types::Error;

pub use arguments::{option, pattern};
pub use output::{Documents, summary};

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
    let kept = Kept { files, held };
    let plan = arguments::plan(job, &target, direct)?;
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
    let drive =
        move |caged, watch, events| drive(caged, watch, events, job, plan.total, (direct, why));
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

async fn drive(
    mut caged: Vec<Caged>,
    watch: Watch,
    events: Events,
    job: Job,
    total: u64,
    (direct, why): (bool, Option<String>),
) -> Result<ToolEvent, Error> {
    let Some(caged) = caged.first_mut() else {
        return Err(Error::tool_failed("fio", "it was not started"));
    };
    let mut documents = Documents::default();
    let mut progress = output::Rates::new(&job, total);
    let (begun, mut printed) = (Instant::now(), 0);
    let ended = caged
        .watch(&watch, |stream, bytes| {
            if stream == Stream::Stderr {
                return Ok(());
            }
            printed += bytes.len();
            // 6 kB a second is what fio prints.
            let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap_or(usize::MAX);
            within(
                "fio",
                printed,
                (16_usize << 20).saturating_add(seconds.saturating_mul(64 << 10)),
            )?;
            for document in documents.push(bytes)? {
                if let Some(event) = progress.next(&document, begun.elapsed()) {
                    events.progress(ToolEvent::Fio(Event::Progress(event)));
                }
            }
            Ok(())
        })
        .await?;
    let mut summary = summary(documents.last(), &ended.stderr_tail, ended.status.code())?;
    summary.partial = ended.stopped;
    summary.runtime_ms = ended.ran_ms();
    if job.direct && !direct {
        let why = "the scratch folder's file system refuses O_DIRECT";
        summary.extra.push(("page-cache".into(), why.into()));
    }
    summary
        .extra
        .extend(why.map(|why| ("wipe-guard".to_owned(), why)));
    Ok(ToolEvent::Fio(Event::Finished(summary)))
}
