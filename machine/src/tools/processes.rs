//! Processes as `/proc` shows them: who they are, whose they are, and a mark in their environment.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long the killed have to disappear. A process in uninterruptible sleep can stay longer. Our own
/// default.
const SURVIVAL: Duration = Duration::from_secs(5);

/// One line of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its name, cut by the kernel to 15 bytes.
    pub name: String,
    /// What it does: `R`, `S`, `D`, `Z` and more.
    pub state: char,
    /// Its parent's number.
    pub parent: i32,
    /// Its process group's.
    pub group: i32,
    /// Its session's.
    pub session: i32,
    /// Clock ticks since boot.
    pub started: u64,
}

impl Process {
    /// Whether it has ended and is not waited for yet.
    pub fn zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// The process of that number.
    pub fn read(pid: i32) -> Option<Process> {
        let bytes = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        Process::parse(&String::from_utf8_lossy(&bytes))
    }

    /// The name stands in parentheses and may itself hold any character, parentheses too.
    pub(super) fn parse(line: &str) -> Option<Process> {
        let (pid, rest) = line.split_once(" (")?;
        let (name, rest) = rest.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split(' ').collect();
        Some(Process {
            pid: pid.parse().ok()?,
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            session: fields.get(3)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    /// All there are, by number.
    pub fn all() -> BTreeMap<i32, Process> {
        let Ok(entries) = std::fs::read_dir("/proc") else {
            return BTreeMap::new();
        };
        entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid| Some((pid, Process::read(pid)?)))
            .collect()
    }

    /// The value of a variable in the environment that it was started with. `None` too where it may
    /// not be looked at.
    pub fn variable(&self, name: &str) -> Option<String> {
        let bytes = std::fs::read(format!("/proc/{}/environ", self.pid)).ok()?;
        let variables = bytes.split(|byte| *byte == 0);
        let mut values = variables.filter_map(|variable| {
            let text = std::str::from_utf8(variable).ok()?;
            text.strip_prefix(name)?
                .strip_prefix('=')
                .map(str::to_owned)
        });
        values.next()
    }

    /// Its command line, as it stands now.
    pub fn command_line(&self) -> String {
        let bytes = std::fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
        text.trim().to_owned()
    }
}

/// Kills whatever `find` finds until it finds nothing, for a few seconds at most. Says what was
/// killed, and what survived even that, one line each.
pub fn kill_all(find: impl Fn() -> Vec<Process>) -> Vec<String> {
    let until = Instant::now() + SURVIVAL;
    let mut killed = BTreeMap::new();
    loop {
        let left: Vec<_> = find().into_iter().filter(|p| !p.zombie()).collect();
        if left.is_empty() || Instant::now() >= until {
            let lines = killed.into_iter().map(|(pid, name)| {
                let survived = left.iter().any(|process| process.pid == pid);
                let fate = if survived {
                    "survived SIGKILL"
                } else {
                    "was killed"
                };
                format!("process {pid} ({name}) {fate}")
            });
            return lines.collect();
        }
        for process in &left {
            killed
                .entry(process.pid)
                .or_insert_with(|| process.name.clone());
            // ESRCH: it has gone by itself.
            let _gone = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses_and_spaces() {
        let line = "42 (a) b (c) S 1 40 39 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 777 8192 1";
        let process = Process::parse(line).expect("a good line");
        assert_eq!(process.name, "a) b (c");
        assert_eq!(
            (
                process.parent,
                process.group,
                process.session,
                process.started
            ),
            (1, 40, 39, 777)
        );
        assert_eq!(Process::parse("42 (short) S 1"), None);
    }
}
