//! A program that works beside this one, and is ended with it.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a program may take to end before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// How often it is looked at.
pub const LOOK: Duration = Duration::from_millis(100);

/// A program at work. It is ended when this is dropped, and every tool of its own with it.
pub struct Process {
    child: Child,
    name: &'static str,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it says on standard error goes to a log.
    pub fn start(name: &'static str, mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let file = std::fs::File::create(log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stderr(file);
        // Not in the terminal's group: Ctrl-C reaches this program, which ends the others in order.
        command.process_group(0);
        let child = command.spawn();
        Ok(Process {
            child: child.with_context(|| format!("the {name} does not start"))?,
            name,
            log: log.to_owned(),
        })
    }

    /// Its standard output, where that was piped.
    pub fn output(&mut self) -> anyhow::Result<ChildStdout> {
        let pipe = self.child.stdout.take();
        pipe.with_context(|| format!("the {} has no pipe", self.name))
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Fails when it has ended, which it must not by itself.
    pub fn must_work(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.ended()? {
            bail!(
                "the {} ended with {status}:\n{}",
                self.name,
                self.last_words()
            );
        }
        Ok(())
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let last = lines.len().saturating_sub(10);
        format!("{}\n({})", lines[last..].join("\n"), self.log.display())
    }

    /// Waits for its end.
    pub fn wait(&mut self, patience: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            match self.child.try_wait() {
                Ok(None) if began.elapsed() < patience => std::thread::sleep(LOOK),
                ended => return ended.ok().flatten(),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let pid = i32::try_from(self.child.id()).map(Pid::from_raw);
            let _gone = pid.map(|pid| kill(pid, Signal::SIGTERM));
            if self.wait(GRACE).is_none() {
                let _gone = self.child.kill();
                let _reaped = self.child.wait();
            }
        }
    }
}
