//! Finding programs, starting them in a cage, and running short ones to their end.
//!
//! A tool gets a closed standard input, an environment of `LC_ALL=C`, `PATH`, the order of GPUs and
//! its owner's mark, none of our open files, a session of its own, no new privileges, the right to
//! write only to the places that its job names, and SIGKILL when this process dies.

use std::collections::BTreeMap;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use super::cage::{cage, spawn};
use super::confinement;
use super::group::{self, Cgroup, Group};
use super::leftovers;
use super::tail::Tail;
use crate::contract::types::{Error, ToolFailure};

/// Folders that hold tools and are not in an ordinary user's PATH.
const SYSTEM_FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// How much of a tool's standard error a result keeps, as the contract says of `stderr-tail`.
pub(super) const TAIL: usize = 4096;

/// How much of it an error keeps, as the contract says.
const ERROR_TAIL: usize = 1024;

/// How much a tool may print on its standard error before that counts as a flood.
const MAX_STDERR: usize = 16 << 20;

/// How long a pipe is read after its tool has ended and everything it started was killed.
const DRAIN: Duration = Duration::from_secs(2);

/// Where tools are found. Clones are cheap and share what was found.
#[derive(Clone, Debug)]
pub struct Toolbox {
    folders: Arc<Vec<PathBuf>>,
    found: Arc<Mutex<BTreeMap<String, PathBuf>>>,
}

impl Toolbox {
    /// Tools are looked for in `folder` first, then in PATH and the system folders. Where a tool
    /// was found stays so for this toolbox's life.
    pub fn new(folder: Option<PathBuf>) -> Toolbox {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = folder
            .into_iter()
            .map(|folder| std::path::absolute(&folder).unwrap_or(folder))
            .chain(std::env::split_paths(&path).filter(|p| p.is_absolute()))
            .chain(SYSTEM_FOLDERS.iter().map(PathBuf::from))
            .collect();
        Toolbox {
            folders: Arc::new(folders),
            found: Arc::default(),
        }
    }

    /// The absolute path of a program; `unavailable`, with the Debian package that brings it, when
    /// it is nowhere.
    pub fn find(&self, program: &str, package: &str) -> Result<PathBuf, Error> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = found.get(program) {
            return Ok(path.clone());
        }
        let path = self
            .folders
            .iter()
            .map(|folder| folder.join(program))
            .find(|path| executable(path))
            .ok_or_else(|| Error::tool_missing(program, package))?;
        found.insert(program.to_owned(), path.clone());
        Ok(path)
    }

    /// Runs a program to its end. `timed-out` when that takes too long, `failed` when it prints
    /// more than it may; every process it started is gone when this returns or is dropped.
    pub async fn output(
        &self,
        program: &str,
        package: &str,
        args: &[&str],
        limits: Limits,
    ) -> Result<Output, Error> {
        let devices = Path::new(confinement::DEVICES);
        let mut caged = self.start(program, package, args, &[devices]).await?;
        let mut stdout = Vec::new();
        let ended = caged
            .watch(&Watch::for_at_most(limits.timeout), |stream, bytes| {
                if stream == Stream::Stdout {
                    stdout.extend_from_slice(bytes);
                }
                within(program, stdout.len(), limits.max_stdout)
            })
            .await?;
        if ended.stopped {
            return Err(Error::TimedOut);
        }
        Ok(Output {
            status: ended.status.code(),
            signal: ended.status.signal(),
            stdout,
            stderr_tail: ended.stderr_tail,
        })
    }

    /// Starts a program in its cage. It may write below the places in `may_write` only; where there
    /// is one folder among them, its temporary files go there.
    pub(super) async fn start<A: AsRef<std::ffi::OsStr>>(
        &self,
        program: &str,
        package: &str,
        args: &[A],
        may_write: &[&Path],
    ) -> Result<Caged, Error> {
        let path = self.find(program, package)?;
        let rules = confinement::writing_only(may_write)
            .map_err(|e| Error::tool_failed(program, format!("it cannot be confined: {e}")))?;
        group::adopt_orphans();
        let cgroup = Cgroup::create();
        let joining = cgroup.as_ref().and_then(|c| c.joining().ok());
        let cgroup = cgroup.filter(|_| joining.is_some());
        let mut command = Command::new(&path);
        command
            .args(args)
            .env_clear()
            .env("LC_ALL", "C")
            .env(leftovers::OWNER, leftovers::mark())
            // Numbers the GPUs as nvidia-smi does, not by speed.
            .env("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
            .env(
                "PATH",
                std::env::join_paths(self.folders.iter()).unwrap_or_default(),
            )
            .envs(temporary(may_write).map(|folder| ("TMPDIR", folder)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let parent = nix::unistd::getpid().as_raw();
        let joining_fd = joining.as_ref().map(|file| file.as_raw_fd());
        let rules_fd = rules.as_ref().map(|rules| rules.as_raw_fd());
        // SAFETY: the closure makes async-signal-safe system calls only, and allocates nothing.
        unsafe {
            command.pre_exec(move || cage(parent, joining_fd, rules_fd));
        }
        let child = spawn(command).await.map_err(|e| {
            Error::tool_failed(
                program,
                format!("{} cannot be started: {e}", path.display()),
            )
        })?;
        drop((joining, rules));
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.ok_or_else(|| Error::tool_failed(program, "it had no process id"))?;
        Ok(Caged {
            program: program.to_owned(),
            group: Arc::new(Group::new(program, pid, cgroup)),
            child,
        })
    }
}

/// The folder among the places that a tool may write to, where it is not that of the devices.
fn temporary<'a>(may_write: &[&'a Path]) -> Option<&'a Path> {
    let folder = |place: &&&Path| place.is_dir() && **place != Path::new(confinement::DEVICES);
    may_write.iter().find(folder).copied()
}

fn executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

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
    program: String,
    pub(super) group: Arc<Group>,
    child: Child,
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
}

impl Watch {
    pub(super) fn for_at_most(timeout: Duration) -> Watch {
        Watch {
            stop: CancellationToken::new(),
            timeout: Some(timeout),
            signal: Signal::SIGKILL,
            grace: Duration::ZERO,
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
        let mut stopped = false;
        let status = {
            let reading = read_both(stdout, stderr, &self.program, &mut tail, each);
            tokio::pin!(reading);
            let ending = end_of(&mut self.child, &self.group, watch, &mut stopped);
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
                stopped,
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

/// Waits for the end, asks for it when it is time to, and insists after the grace.
async fn end_of(
    child: &mut Child,
    group: &Group,
    watch: &Watch,
    stopped: &mut bool,
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
        () = async { tokio::select! { () = watch.stop.cancelled() => {}, () = timeout => {} } } => {
            *stopped = true;
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
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    program: &str,
    tail: &mut Tail,
    mut each: impl FnMut(Stream, &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut stdout, mut stderr) = (stdout, stderr);
    let (mut out_bytes, mut err_bytes) = (vec![0; 64 << 10], vec![0; 16 << 10]);
    let mut err_total = 0;
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
                    err_total += read.len();
                    within(program, err_total, MAX_STDERR)?;
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

/// What a program that runs to its end may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long it may take.
    pub timeout: Duration,
    /// How many bytes it may print.
    pub max_stdout: usize,
}

impl Default for Limits {
    /// 30 seconds and 16 MiB: our own choice, well over what any of the tools needs.
    fn default() -> Self {
        Limits {
            timeout: Duration::from_secs(30),
            max_stdout: 16 << 20,
        }
    }
}

/// What a program left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// The last bytes of its standard error.
    pub stderr_tail: String,
}

impl Output {
    /// A failure of `tool` in this way.
    pub(super) fn failure(&self, tool: &str, reason: impl Into<String>) -> Error {
        let mut tail = Tail::default();
        tail.push(self.stderr_tail.as_bytes());
        Error::Failed(ToolFailure {
            tool: tool.to_owned(),
            exit_status: self.status,
            reason: reason.into(),
            stderr_tail: tail.text(ERROR_TAIL),
        })
    }
}
