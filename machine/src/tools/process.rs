//! Watching a program in its cage: what it prints, how long it may take, how it is ended.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio_util::sync::CancellationToken;

use super::group::Group;
use super::tail::Tail;
use crate::contract::types::{Error, ToolFailure};

/// How much of a tool's standard error a result keeps, as the contract says of `stderr-tail`.
pub(super) const TAIL: usize = 4096;

/// How much of it an error keeps, as the contract says.
pub(super) const ERROR_TAIL: usize = 1024;

/// How much a tool may print on its standard error before that counts as a flood.
pub(super) const MAX_STDERR: usize = 16 << 20;

/// How long a pipe is read after its tool has ended and everything it started was killed.
const DRAIN: Duration = Duration::from_secs(2);
/// A typed error as soon as a tool has printed more than it may.
pub(super) fn within(program: &str, bytes: usize, most: usize) -> Result<(), Error> {
    if bytes <= most {
        return Ok(());
    }
    Err(Error::tool_failed(
        program,
        format!("it printed more than {most} bytes and was ended"),
    ))
}

/// A program in its cage.
#[derive(Debug)]
pub(super) struct Caged {
    pub(super) program: String,
    pub(super) group: Arc<Group>,
    pub(super) child: Child,
}

/// How long a program may run, and what asks it to end.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Asks it to end when it fires.
    pub stop: CancellationToken,
    /// Asks it to end when it comes.
    pub timeout: Option<Duration>,
    /// How it is asked.
    pub signal: Signal,
    /// How long it then has until SIGKILL.
    pub grace: Duration,
    /// How much it may print on its standard error before that counts as a flood, and ends it.
    pub max_stderr: usize,
}

impl Watch {
    pub(super) fn for_at_most(timeout: Duration) -> Watch {
        Watch {
            stop: CancellationToken::new(),
            timeout: Some(timeout),
            signal: Signal::SIGKILL,
            grace: Duration::ZERO,
            max_stderr: MAX_STDERR,
        }
    }
}

/// How a program ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub status: ExitStatus,
    pub stderr_tail: String,
    /// Whether it was asked to.
    pub stopped: bool,
    /// Whether that was because it took too long.
    pub timed_out: bool,
    /// How long it ran.
    pub ran: Duration,
}

impl Ended {
    /// The runtime in milliseconds.
    pub fn ran_ms(&self) -> u64 {
        millis(self.ran)
    }
}

/// A duration in whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Caged {
    /// Watches it to its end and hands on what it prints. When `each` refuses, the program is
    /// killed and the refusal returned. Nothing it started is left afterwards.
    pub async fn watch(
        &mut self,
        watch: &Watch,
        each: impl FnMut(Stream, &[u8]) -> Result<(), Error>,
    ) -> Result<Ended, Error> {
        let begun = Instant::now();
        let mut tail = Tail::default();
        let stdout = self.child.stdout.take();
        let stderr = self.child.stderr.take();
        let mut asked = None;
        let status = {
            let outputs = (stdout, stderr);
            let reading = read_both(outputs, &self.program, watch.max_stderr, &mut tail, each);
            tokio::pin!(reading);
            let ending = end_of(&mut self.child, &self.group, watch, &mut asked);
            tokio::pin!(ending);
            tokio::select! {
                biased;
                read = &mut reading => match read {
                    Err(refusal) => Err(refusal),
                    Ok(()) => Ok(ending.await),
                },
                status = &mut ending => {
                    // Whoever still holds the pipes must not outlive the tool; then they end.
                    self.group.kill_all();
                    match tokio::time::timeout(DRAIN, &mut reading).await {
                        Ok(Err(refusal)) => Err(refusal),
                        Ok(Ok(())) | Err(_) => Ok(status),
                    }
                }
            }
        };
        self.group.kill_all();
        let stderr_tail = tail.text(TAIL);
        let program = &self.program;
        match status {
            Ok(Ok(status)) => Ok(Ended {
                status,
                stderr_tail,
                stopped: asked.is_some(),
                timed_out: asked == Some(Asked::TimeOut),
                ran: begun.elapsed(),
            }),
            Ok(Err(e)) => Err(Error::tool_failed(
                program,
                format!("waiting for it failed: {e}"),
            )),
            Err(Error::Failed(failure)) => Err(Error::Failed(ToolFailure {
                stderr_tail: tail.text(ERROR_TAIL),
                ..failure
            })),
            Err(refusal) => Err(refusal),
        }
    }
}

/// Why a program was asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Somebody wanted it to.
    Stop,
    /// It took too long.
    TimeOut,
}

/// Waits for the end, asks for it when it is time to, and insists after the grace.
async fn end_of(
    child: &mut Child,
    group: &Group,
    watch: &Watch,
    asked: &mut Option<Asked>,
) -> std::io::Result<ExitStatus> {
    let timeout = async {
        match watch.timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    let status = tokio::select! {
        biased;
        status = child.wait() => status,
        why = async {
            tokio::select! {
                () = watch.stop.cancelled() => Asked::Stop,
                () = timeout => Asked::TimeOut,
            }
        } => {
            *asked = Some(why);
            group.signal(watch.signal);
            match tokio::time::timeout(watch.grace, child.wait()).await {
                Ok(status) => status,
                Err(_grace_is_over) => {
                    if watch.grace > Duration::ZERO {
                        group.note("did not end within the grace and was killed");
                    }
                    group.signal(Signal::SIGKILL);
                    child.wait().await
                }
            }
        }
    };
    if status.is_ok() {
        group.leader_reaped();
    }
    status
}

/// Reads both pipes to their end; standard error is kept as a tail and handed on too.
async fn read_both(
    (stdout, stderr): (Option<ChildStdout>, Option<ChildStderr>),
    program: &str,
    max_stderr: usize,
    tail: &mut Tail,
    mut each: impl FnMut(Stream, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut stdout, mut stderr) = (stdout, stderr);
    let (mut out_bytes, mut err_bytes) = (vec![0; 64 << 10], vec![0; 16 << 10]);
    let mut err_total: usize = 0;
    while stdout.is_some() || stderr.is_some() {
        tokio::select! {
            read = read_some(&mut stdout, &mut out_bytes) => {
                let read = out_bytes.get(..read).unwrap_or_default();
                if read.is_empty() {
                    stdout = None;
                } else {
                    each(Stream::Stdout, read)?;
                }
            }
            read = read_some(&mut stderr, &mut err_bytes) => {
                let read = err_bytes.get(..read).unwrap_or_default();
                if read.is_empty() {
                    stderr = None;
                } else {
                    err_total = err_total.saturating_add(read.len());
                    within(program, err_total, max_stderr)?;
                    tail.push(read);
                    each(Stream::Stderr, read)?;
                }
            }
        }
    }
    Ok(())
}

/// How many bytes were read; 0 at the end, and when the pipe breaks. Waits for ever where there is
/// no pipe any more.
async fn read_some(pipe: &mut Option<impl AsyncRead + Unpin>, buffer: &mut [u8]) -> usize {
    match pipe {
        Some(pipe) => pipe.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

/// Which of a tool's two outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}
