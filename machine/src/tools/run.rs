//! A tool that works while a stage waits for its events.
//!
//! One task drives the tool's processes and sends events; [`ToolRun`] is the receiving end and owns
//! the processes: whatever becomes of the task, ending or dropping the run kills them all.

use std::fs::File;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::group::Group;
use super::process::{Caged, Watch};
use crate::Cancel;
use crate::contract::types::Error;
use crate::contract::{fio, gpu, iperf, memtest, stress};

/// What a running tool tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolEvent {
    /// fio.
    Fio(fio::Event),
    /// stress-ng.
    Stress(stress::Event),
    /// iperf3.
    Iperf(iperf::Event),
    /// stressapptest.
    Memtest(memtest::Event),
    /// A GPU's load.
    Gpu(gpu::Event),
}

impl ToolEvent {
    fn is_last(&self) -> bool {
        matches!(
            self,
            ToolEvent::Fio(fio::Event::Finished(_))
                | ToolEvent::Stress(stress::Event::Finished(_))
                | ToolEvent::Iperf(iperf::Event::Finished(_))
                | ToolEvent::Memtest(memtest::Event::Finished(_))
                | ToolEvent::Gpu(gpu::Event::Finished(_))
        )
    }
}

/// What a tool is started with.
#[derive(Clone, Debug)]
pub struct RunContext {
    /// The attempt's cancellation: the tool is asked to end when it fires.
    pub cancel: Cancel,
    /// How long a tool has to end by itself after it was asked to.
    pub grace: Duration,
    /// The attempt's scratch folder.
    pub scratch: PathBuf,
    /// The instant from which documents count their times.
    pub since: Instant,
}

/// Where a tool's task sends its events.
#[derive(Clone, Debug)]
pub(super) struct Events(mpsc::Sender<Result<ToolEvent, Error>>);

impl Events {
    /// Tells how far the tool is; lost when nobody has asked for a long time.
    pub fn progress(&self, event: ToolEvent) {
        let _nobody_asks = self.0.try_send(Ok(event));
    }

    /// Tells about once a second how far a tool is that does not tell itself; never ends.
    pub async fn tick(&self, event: impl Fn(Duration) -> ToolEvent) {
        let begun = Instant::now();
        let mut second = tokio::time::interval(Duration::from_secs(1));
        second.tick().await;
        loop {
            second.tick().await;
            self.progress(event(begun.elapsed()));
        }
    }
}

/// What goes when the run does: files that it made, a disk that is held for it, a folder of its own.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub files: Vec<PathBuf>,
    pub held: Option<File>,
    pub folder: Option<tempfile::TempDir>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        for file in &self.files {
            match std::fs::remove_file(file) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(file = %file.display(), error = %e, "a scratch file is left");
                }
                _ => {}
            }
        }
        if let Some(folder) = self.folder.take()
            && let Err(e) = folder.close()
        {
            tracing::warn!(error = %e, "a tool's own folder is left");
        }
    }
}

/// A running tool: one process or several.
#[derive(Debug)]
pub struct ToolRun {
    events: Mutex<mpsc::Receiver<Result<ToolEvent, Error>>>,
    finished: AtomicBool,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    groups: Vec<Arc<Group>>,
    // After the groups: files and disks are let go when nobody writes to them any more.
    _kept: Kept,
}

impl ToolRun {
    /// Drives `caged` by `drive`, which is told the watch to keep and returns the last event.
    pub(super) fn begin<F>(
        caged: Vec<Caged>,
        kept: Kept,
        signal: Signal,
        timeout: Option<Duration>,
        ctx: &RunContext,
        drive: impl FnOnce(Vec<Caged>, Watch, Events) -> F,
    ) -> ToolRun
    where
        F: Future<Output = Result<ToolEvent, Error>> + Send + 'static,
    {
        let groups = caged.iter().map(|c| c.group.clone()).collect();
        let stop = CancellationToken::new();
        let watch = Watch {
            stop: stop.clone(),
            timeout,
            signal,
            grace: ctx.grace,
            // The more a machine is broken, the more a tool may say of it.
            max_stderr: usize::MAX,
        };
        let (sender, events) = mpsc::channel(16);
        let driving = drive(caged, watch, Events(sender.clone()));
        let (cancel, stopping) = (ctx.cancel.clone(), stop.clone());
        let task = tokio::spawn(async move {
            let cancelled = async {
                cancel.cancelled().await;
                stopping.cancel();
                std::future::pending().await
            };
            let last = tokio::select! {
                last = driving => last,
                never = cancelled => never,
            };
            let _run_was_dropped = sender.send(last).await;
        });
        ToolRun {
            events: Mutex::new(events),
            finished: AtomicBool::new(false),
            stop,
            task: Some(task),
            groups,
            _kept: kept,
        }
    }

    /// The next event; `None`: nothing within the time-out. After the last event, or after an
    /// error: `invalid`. May be dropped half-way; no event is lost by that.
    pub async fn next(&self, timeout: Duration) -> Result<Option<ToolEvent>, Error> {
        let over = || Error::invalid("run", "it has finished: there are no more events");
        let waiting = async {
            let mut events = self.events.lock().await;
            if self.finished.load(Ordering::SeqCst) {
                return Err(over());
            }
            let event = events.recv().await.unwrap_or_else(|| Err(over()));
            if event.as_ref().map_or(true, ToolEvent::is_last) {
                self.finished.store(true, Ordering::SeqCst);
            }
            event.map(Some)
        };
        tokio::time::timeout(timeout, waiting)
            .await
            .unwrap_or(Ok(None))
    }

    /// Asks the tool to end; what it has found so far comes as its last event.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// The process ids of the group leaders, one per process started.
    pub fn leaders(&self) -> Vec<i32> {
        self.groups.iter().map(|g| g.leader()).collect()
    }

    /// Kills and reaps whatever is left, and says what had to be killed.
    pub async fn end(mut self) -> Vec<String> {
        if let Some(task) = self.task.take() {
            task.abort();
            // Aborted or over: either way its hold on the processes has ended.
            let _aborted = task.await;
        }
        let groups = std::mem::take(&mut self.groups);
        let killing = move || {
            groups.iter().for_each(|g| g.kill_all());
            groups.iter().flat_map(|g| g.killed()).collect()
        };
        match tokio::task::spawn_blocking(killing).await {
            Ok(killed) => killed,
            Err(e) => vec![format!("the killing of a tool broke off: {e}")],
        }
    }
}

impl Drop for ToolRun {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        for group in &self.groups {
            group.kill_all();
        }
    }
}
