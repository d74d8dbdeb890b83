//! Finding programs, starting them in a cage, and running short ones to their end.
//!
//! A tool gets a closed standard input, an environment of `LC_ALL=C`, `PATH`, the order of GPUs and its
//! owner's mark, none of our open files but a disk that it may write to, a session of its own, no new
//! privileges, the right to write only to the places that its job names, and SIGKILL when this process
//! dies.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::process::Command;

use super::cage::{Descriptors, cage, spawn};
use super::confinement;
use super::group::{self, Cgroup, Group};
use super::leftovers;
use super::process::{Caged, Stream, Watch, within};
use crate::contract::types::{Error, Missing, MissingKind};

/// Folders that hold tools and are not in an ordinary user's PATH.
const SYSTEM_FOLDERS: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];
/// Where tools are found. Clones are cheap and share what was found.
#[derive(Clone, Debug)]
pub struct Toolbox {
    folders: Arc<Vec<PathBuf>>,
    found: Arc<Mutex<BTreeMap<String, PathBuf>>>,
    /// What each program printed of its version, once it was asked.
    pub(super) versions: Arc<Mutex<BTreeMap<String, Option<String>>>>,
    /// Held while ipmitool runs: a controller serves one program at a time.
    pub(super) controller: Arc<tokio::sync::Mutex<()>>,
    /// Whether the machine is not the one we run on, so that only tools of its own know it.
    foreign: bool,
    /// Whether the first folder was named for this machine's tools.
    has_own: bool,
}

impl Toolbox {
    /// Tools are looked for in `folder` first, then in PATH and the system folders. Where a tool
    /// was found stays so for this toolbox's life.
    pub fn new(folder: Option<PathBuf>) -> Toolbox {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let has_own = folder.is_some();
        let folders = folder
            .into_iter()
            .map(|folder| std::path::absolute(&folder).unwrap_or(folder))
            .chain(std::env::split_paths(&path).filter(|p| p.is_absolute()))
            .chain(SYSTEM_FOLDERS.iter().map(PathBuf::from))
            .collect();
        Toolbox {
            folders: Arc::new(folders),
            found: Arc::default(),
            versions: Arc::default(),
            controller: Arc::default(),
            foreign: false,
            has_own,
        }
    }

    /// The same tools for a machine that we do not run on: only those in the folder that was named are asked
    /// about it.
    pub fn of_another_machine(self) -> Toolbox {
        Toolbox {
            foreign: true,
            ..self
        }
    }

    /// Whether a program may be asked about the machine.
    ///
    /// # Errors
    ///
    /// `unavailable`, where it would answer for the machine that we run on.
    pub(super) fn may_ask(&self, program: &str) -> Result<(), Error> {
        if !self.foreign || self.is_own(program) {
            return Ok(());
        }
        Err(Error::Unavailable(Missing {
            kind: MissingKind::Tool,
            what: format!("{program} of that machine"),
            remedy: "name a folder that has it with --tools".to_owned(),
        }))
    }

    /// Why a program cannot be asked about the machine; `None`: it can.
    pub fn missing(&self, program: &str, package: &str) -> Option<Missing> {
        let found = self.find(program, package).map(drop);
        match found.and_then(|()| self.may_ask(program)) {
            Err(Error::Unavailable(missing)) => Some(missing),
            _ => None,
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

    /// Whether a program lies in the folder that was named for this machine's tools.
    pub fn is_own(&self, program: &str) -> bool {
        let own = self.folders.first().filter(|_| self.has_own);
        // A path names a program of the machine that we run on.
        let own = own.filter(|_| !program.contains('/'));
        own.is_some_and(|folder| executable(&folder.join(program)))
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
        let devices = [Path::new(confinement::DEVICES)];
        let reach = Reach::writing(&devices);
        let mut caged = self.start(program, package, args, reach).await?;
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

    /// Starts a program in its cage.
    pub(super) async fn start<A: AsRef<std::ffi::OsStr>>(
        &self,
        program: &str,
        package: &str,
        args: &[A],
        reach: Reach<'_>,
    ) -> Result<Caged, Error> {
        let path = self.find(program, package)?;
        let rules = confinement::writing_only(reach.may_write)
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
            .envs(temporary(reach.may_write).map(|folder| ("TMPDIR", folder)))
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let parent = nix::unistd::getpid().as_raw();
        let descriptors = Descriptors {
            joining: joining.as_ref().map(|file| file.as_raw_fd()),
            rules: rules.as_ref().map(|rules| rules.as_raw_fd()),
            kept: reach.keeps.map(|file| file.as_raw_fd()),
        };
        // SAFETY: the closure makes async-signal-safe system calls only, and allocates nothing.
        unsafe {
            command.pre_exec(move || cage(parent, descriptors));
        }
        let starting = group::Starting::begin();
        let child = spawn(command).await.map_err(|e| {
            Error::tool_failed(
                program,
                format!("{} cannot be started: {e}", path.display()),
            )
        })?;
        drop((joining, rules));
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.ok_or_else(|| Error::tool_failed(program, "it had no process id"))?;
        let group = Arc::new(Group::new(program, pid, cgroup));
        drop(starting);
        Ok(Caged {
            program: program.to_owned(),
            group,
            child,
        })
    }
}

/// What a program gets of this machine beside reading it.
#[derive(Clone, Copy)]
pub(super) struct Reach<'a> {
    /// The places below which it may write; where there is a folder among them, its temporary files go
    /// there.
    pub may_write: &'a [&'a Path],
    /// An open file that it keeps, by the number that it has here.
    pub keeps: Option<&'a File>,
}

impl<'a> Reach<'a> {
    /// It may write below these places, and keeps nothing.
    pub fn writing(may_write: &'a [&'a Path]) -> Self {
        Reach {
            may_write,
            keeps: None,
        }
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
/// What a program that runs to its end may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
