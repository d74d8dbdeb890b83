//! Everything one tool has started, as one thing that can be signalled and killed.
//!
//! A tool leads a session and process group of its own and, where cgroup v2 is writable, sits in a
//! cgroup of its own, which nothing it starts can leave. Elsewhere the descendants are found in
//! `/proc`: by session, by group, by parent, and, because this process is a child subreaper, among
//! the orphans that were handed to it. Orphans are reaped by their own pid, never "whichever comes",
//! so that no other child of this process is reaped by mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, getpid, getsid};

use super::processes::Process;

/// How long the killed have to disappear before they are reported as survivors. A process in
/// uninterruptible sleep can stay longer. Our own default.
const SURVIVAL: Duration = Duration::from_secs(5);

/// What the name of a tool's cgroup begins with; its starter's process id follows.
const CGROUP: &str = "vetting-tool-";

/// Leaders of the groups that are alive, so that one group's end spares the others' orphans.
static LIVE: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// How many tools are being started.
static STARTING: AtomicUsize = AtomicUsize::new(0);

/// How long a tool's start is waited for; it takes some milliseconds.
const STARTED: Duration = Duration::from_secs(1);

/// Makes this process the one that orphans are handed to. Once is enough.
pub fn adopt_orphans() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if let Err(errno) = nix::sys::prctl::set_child_subreaper(true) {
            tracing::warn!(%errno, "cannot become a child subreaper; orphans of tools may be missed");
        }
    });
}

/// A cgroup v2 folder for one tool; removed when dropped.
#[derive(Debug)]
pub struct Cgroup {
    folder: PathBuf,
}

impl Cgroup {
    /// Makes one below this process's own; `None` where cgroup v2 is missing, read-only or older
    /// than `cgroup.kill` (Linux 5.14).
    pub fn create() -> Option<Cgroup> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let own = own_cgroup()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = own.join(format!("{CGROUP}{}-{number}", getpid()));
        std::fs::create_dir(&folder).ok()?;
        let made = Cgroup { folder };
        made.folder.join("cgroup.kill").exists().then_some(made)
    }

    /// The file that a process joins by writing `0` to.
    pub fn joining(&self) -> std::io::Result<std::fs::File> {
        std::fs::OpenOptions::new()
            .write(true)
            .open(self.folder.join("cgroup.procs"))
    }

    /// Who sits in it.
    pub(super) fn members(&self) -> Vec<i32> {
        std::fs::read_to_string(self.folder.join("cgroup.procs"))
            .unwrap_or_default()
            .lines()
            .filter_map(|line| line.trim().parse().ok())
            .collect()
    }

    fn kill(&self) {
        // A refusal is made good by the signals that follow.
        let _refused = std::fs::write(self.folder.join("cgroup.kill"), "1");
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // The folder is busy for a moment after its last process has gone.
        let until = Instant::now() + Duration::from_millis(500);
        while std::fs::remove_dir(&self.folder)
            .is_err_and(|e| e.raw_os_error() == Some(Errno::EBUSY as i32))
            && Instant::now() < until
        {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// The cgroups of tools whose starter is gone. Dropping one removes it, when it is empty.
pub(super) fn abandoned() -> Vec<Cgroup> {
    let Some(entries) = own_cgroup().and_then(|own| std::fs::read_dir(own).ok()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let starter = name.to_str().and_then(|name| {
            let (pid, _number) = name.strip_prefix(CGROUP)?.split_once('-')?;
            pid.parse().ok()
        });
        if starter.is_some_and(|pid| Process::read(pid).is_none()) {
            found.push(Cgroup {
                folder: entry.path(),
            });
        }
    }
    found
}

/// This process's cgroup v2 folder, from its mount point and its path there.
pub fn own_cgroup() -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let mount = mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut left = left.split(' ').skip(3);
        let (root, point) = (left.next()?, left.next()?);
        (right.starts_with("cgroup2 ")).then_some((root, point))
    });
    let (root, point) = mount?;
    let memberships = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = memberships.lines().find_map(|l| l.strip_prefix("0::"))?;
    let below = Path::new(path).strip_prefix(root).ok()?;
    Some(Path::new(point).join(below))
}

/// One tool's processes. Dropping it kills them.
#[derive(Debug)]
pub struct Group {
    program: String,
    leader: Pid,
    started: u64,
    cgroup: Option<Cgroup>,
    leader_reaped: AtomicBool,
    over: Mutex<bool>,
    killed: Mutex<Vec<String>>,
}

impl Group {
    /// The group of a session leader that was just started. From here on it is this value's to end.
    pub fn new(program: &str, leader: i32, cgroup: Option<Cgroup>) -> Group {
        live().insert(leader);
        Group {
            program: program.to_owned(),
            leader: Pid::from_raw(leader),
            started: Process::read(leader).map_or(0, |p| p.started),
            cgroup,
            leader_reaped: AtomicBool::new(false),
            over: Mutex::new(false),
            killed: Mutex::default(),
        }
    }

    /// The leader's process id, which is the group's and the session's too.
    pub fn leader(&self) -> i32 {
        self.leader.as_raw()
    }

    /// Notes that the leader has been waited for: its number may be another's from now on.
    pub fn leader_reaped(&self) {
        self.leader_reaped.store(true, Ordering::SeqCst);
    }

    /// Sends a signal to the whole group.
    pub fn signal(&self, signal: Signal) {
        // ESRCH: all have gone, which is what a signal to a tool is for.
        let _gone = killpg(self.leader, signal);
    }

    /// Notes something that [`Group::killed`] will tell of the tool.
    pub fn note(&self, what: &str) {
        let line = format!("{}: process {} {what}", self.program, self.leader);
        lock(&self.killed).push(line);
    }

    /// What had to be killed so far: processes that were still at work, and those that survived
    /// even SIGKILL.
    pub fn killed(&self) -> Vec<String> {
        lock(&self.killed).clone()
    }

    /// Kills and reaps every process. Blocks until they have gone, for a few seconds at most.
    pub fn kill_all(&self) {
        let mut over = lock(&self.over);
        if std::mem::replace(&mut *over, true) {
            return;
        }
        let until = Instant::now() + SURVIVAL;
        let mut killed = BTreeMap::new();
        let mut left = self.left();
        while !left.is_empty() && Instant::now() < until {
            if let Some(cgroup) = &self.cgroup {
                cgroup.kill();
            }
            for process in &left {
                if !process.zombie() {
                    killed
                        .entry(process.pid)
                        .or_insert_with(|| process.name.clone());
                    let _gone = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
                }
            }
            self.reap(&left);
            left = self.left();
            if !left.is_empty() {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        live().remove(&self.leader());
        let survivors: BTreeSet<i32> = left.iter().map(|p| p.pid).collect();
        let program = &self.program;
        let lines = killed.into_iter().map(|(pid, name)| {
            let fate = match survivors.contains(&pid) {
                true => "survived SIGKILL",
                false => "was still there and was killed",
            };
            format!("{program}: process {pid} ({name}) {fate}")
        });
        lock(&self.killed).extend(lines);
    }

    /// Waits for those that are this process's own children, one by one.
    fn reap(&self, processes: &[Process]) {
        let own = getpid().as_raw();
        for process in processes.iter().filter(|p| p.parent == own) {
            let reaped = waitpid(Pid::from_raw(process.pid), Some(WaitPidFlag::WNOHANG));
            let gone = !matches!(reaped, Ok(nix::sys::wait::WaitStatus::StillAlive));
            if gone && process.pid == self.leader() {
                self.leader_reaped();
            }
        }
    }

    /// What is left of it. A look takes its time: whose parent goes meanwhile is neither a child of
    /// that parent in it nor an orphan of ours yet. Only a second look that finds nothing tells that
    /// there is nothing.
    fn left(&self) -> Vec<Process> {
        let left = self.members();
        match left.is_empty() {
            true => self.members(),
            false => left,
        }
    }

    /// Everything that belongs to this group now, zombies included.
    fn members(&self) -> Vec<Process> {
        let (all, others) = look();
        let own = getpid();
        let own_session = getsid(None).map_or(0, Pid::as_raw);
        let leader = self.leader();
        let leader_reaped = self.leader_reaped.load(Ordering::SeqCst);
        let in_cgroup: BTreeSet<i32> = self.cgroup.iter().flat_map(Cgroup::members).collect();
        let mut found: BTreeSet<i32> = BTreeSet::new();
        for process in all.values().filter(|p| p.started >= self.started) {
            let ours = process.session == leader || process.group == leader;
            // An orphan in a session that is neither ours nor another tool's: a tool's daemon.
            // Where there is a cgroup, that tells, and nothing needs to be guessed.
            let orphan = self.cgroup.is_none()
                && process.parent == own.as_raw()
                && process.session != own_session
                && !others.contains(&process.session)
                && !others.contains(&process.pid);
            if (process.pid != leader || !leader_reaped)
                && (ours || orphan || in_cgroup.contains(&process.pid))
            {
                found.insert(process.pid);
            }
        }
        loop {
            let children: Vec<i32> = all
                .values()
                .filter(|p| found.contains(&p.parent) && !found.contains(&p.pid))
                .map(|p| p.pid)
                .collect();
            if children.is_empty() {
                break;
            }
            found.extend(children);
        }
        // A killed orphan of a cgroup is a zombie, which is in no cgroup any more: it is known by
        // being ours, dead, and of a session that nobody else leads.
        let dead_orphans = all.values().filter(|p| {
            p.zombie()
                && p.parent == own.as_raw()
                && p.session != own_session
                && p.started >= self.started
                && !others.contains(&p.session)
                && !others.contains(&p.pid)
        });
        found.extend(dead_orphans.map(|p| p.pid));
        found.remove(&own.as_raw());
        found
            .iter()
            .filter_map(|pid| all.get(pid).cloned())
            .collect()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill_all();
    }
}

/// All processes, and the leaders of the tools that run. A tool that is just being started is among the
/// processes before it is among the leaders, and would be taken for another tool's orphan: a look is
/// taken again until none is.
fn look() -> (BTreeMap<i32, Process>, BTreeSet<i32>) {
    let until = Instant::now() + STARTED;
    loop {
        let all = Process::all();
        if STARTING.load(Ordering::SeqCst) == 0 || Instant::now() >= until {
            return (all, live().clone());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A tool is being started, and its group is not known yet.
#[derive(Debug)]
pub struct Starting(());

impl Starting {
    /// From before its process is there until its group is.
    pub fn begin() -> Self {
        STARTING.fetch_add(1, Ordering::SeqCst);
        Starting(())
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        STARTING.fetch_sub(1, Ordering::SeqCst);
    }
}

fn live() -> MutexGuard<'static, BTreeSet<i32>> {
    lock(&LIVE)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
