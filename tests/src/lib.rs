//! What the end-to-end tests share: the binary that a build leaves, folders of stages, a run whose
//! report is read back, and looking for processes that must not be left.

pub mod between;
pub mod calendar;
pub mod calls;
pub mod certificate;
pub mod fleet;
pub mod qemu;
pub mod signing;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// How long any one program may take before its test fails.
const PATIENCE: Duration = Duration::from_secs(240);
/// How often something that should come is looked for.
const LOOK: Duration = Duration::from_millis(20);

/// A file or folder that `cargo xtask build` leaves below `target/`.
fn built(variable: &str, below_target: &str) -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target")
        .join(below_target);
    let path = std::env::var_os(variable).map_or(default, PathBuf::from);
    assert!(
        path.exists(),
        "{} is not there: run `cargo xtask test`, which builds it",
        path.display()
    );
    path
}

/// The `vetting` binary.
pub fn vetting() -> PathBuf {
    built("VETTING_BIN", "release/vetting")
}

/// The folder of built-in stages.
pub fn stages() -> PathBuf {
    built("VETTING_STAGES", "stages")
}

/// The folder of the tests' own stages.
pub fn guests() -> PathBuf {
    built("VETTING_TEST_GUESTS", "stages-test")
}

/// The folder of examples in other languages.
pub fn examples() -> PathBuf {
    built("VETTING_EXAMPLES", "stages-examples")
}

/// A folder that holds copies of some stages.
pub fn folder_of(stages: &[(&Path, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (from, name) in stages {
        let file = format!("{name}.wasm");
        std::fs::copy(from.join(&file), folder.path().join(&file)).expect("a stage is copied");
    }
    folder
}

/// A command line of `vetting` with a cache and scratch of its own.
pub struct Vetting {
    command: Command,
    private: tempfile::TempDir,
}

impl Vetting {
    /// `vetting` with these arguments.
    pub fn new(args: &[&str]) -> Self {
        let private = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(vetting());
        command
            .args(args)
            .env("XDG_CACHE_HOME", shared_cache())
            .env_remove("VETTING_STAGES")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if args.first() == Some(&"run") {
            command.arg("--scratch").arg(private.path());
        }
        Vetting { command, private }
    }

    /// `vetting run` with the stages of a folder, told as JSON.
    pub fn run(folder: &Path, args: &[&str]) -> Self {
        let mut vetting = Self::new(&["run"]);
        vetting.command.arg("--stages").arg(folder);
        vetting.command.args(["--format", "json"]).args(args);
        vetting
    }

    /// One more argument that is a path.
    pub fn path(mut self, flag: &str, path: &Path) -> Self {
        self.command.arg(flag).arg(path);
        self
    }

    /// An environment variable.
    pub fn env(mut self, name: &str, value: &Path) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end.
    pub fn output(self) -> Ended {
        self.start().wait()
    }

    /// Starts it.
    pub fn start(mut self) -> Started {
        let began = Instant::now();
        let child = self.command.spawn().expect("vetting starts");
        Started {
            child,
            began,
            private: self.private,
        }
    }
}

/// A cache that all tests share, so that each stage is compiled once.
pub fn shared_cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/e2e-cache")
}

/// A `vetting` at work.
pub struct Started {
    child: Child,
    began: Instant,
    private: tempfile::TempDir,
}

impl Started {
    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Waits until a tool of that name runs below it, and returns its process id.
    pub fn tool(&self, name: &str) -> Pid {
        self.tool_with(name, "")
    }

    /// The same, of a tool that has a certain argument; any has the empty one.
    pub fn tool_with(&self, name: &str, argument: &str) -> Pid {
        let wanted = |pid: &Pid| named(*pid, name) && has_argument(*pid, argument);
        let found = eventually(|| descendants(self.pid()).into_iter().find(wanted));
        found.unwrap_or_else(|| panic!("no {name} was started"))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("the signal is sent");
    }

    /// Waits for the end of one that was killed, whatever it left: its exit status, if it has one.
    pub fn reap(mut self) -> Option<i32> {
        let ended = eventually(|| self.child.try_wait().expect("a child can be waited for"));
        ended.expect("it ends").code()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Ended {
        let output = drain(&mut self.child);
        let ended = eventually(|| self.child.try_wait().expect("a child can be waited for"));
        let status = ended.unwrap_or_else(|| {
            let _gone = self.child.kill();
            panic!("vetting did not end within {} s", PATIENCE.as_secs())
        });
        let (stdout, stderr) = output.join().expect("the pipes are read");
        let left: Vec<_> = std::fs::read_dir(self.private.path())
            .expect("the scratch folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        assert!(left.is_empty(), "left in scratch: {left:?}");
        Ended {
            output: Output {
                status,
                stdout,
                stderr,
            },
            took: self.began.elapsed(),
        }
    }
}

/// Reads both pipes to their ends beside the waiting.
fn drain(child: &mut Child) -> std::thread::JoinHandle<(Vec<u8>, Vec<u8>)> {
    use std::io::Read as _;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    std::thread::spawn(move || {
        let errors = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.map(|mut pipe| pipe.read_to_end(&mut bytes));
            bytes
        });
        let mut bytes = Vec::new();
        stdout.map(|mut pipe| pipe.read_to_end(&mut bytes));
        (bytes, errors.join().expect("standard error is read"))
    })
}

/// A `vetting` that has ended.
pub struct Ended {
    /// What it printed.
    pub output: Output,
    /// How long it took, by the wall.
    pub took: Duration,
}

impl Ended {
    /// Its exit status.
    pub fn status(&self) -> i32 {
        self.output
            .status
            .code()
            .unwrap_or_else(|| panic!("ended by a signal: {:?}", self.output))
    }

    /// Its standard error.
    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Its standard output.
    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    /// The report.
    pub fn report(&self) -> Value {
        serde_json::from_slice(&self.output.stdout).unwrap_or_else(|error| {
            panic!("no report ({error}): {}\n{}", self.stdout(), self.stderr())
        })
    }

    /// A stage's record in the report.
    pub fn stage(&self, name: &str) -> Value {
        let report = self.report();
        let stages = report["stages"].as_array().expect("stages");
        let stage = stages.iter().find(|stage| stage["stage"] == name);
        stage
            .unwrap_or_else(|| panic!("no stage {name} in the report"))
            .clone()
    }
}

/// Looks again and again until there is something, for as long as patience lasts.
pub fn eventually<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return Some(found);
        }
        std::thread::sleep(LOOK);
    }
    None
}

/// Every process below one.
pub fn descendants(of: Pid) -> Vec<Pid> {
    let parents: Vec<(Pid, Pid)> = processes()
        .into_iter()
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = parents.iter().filter(|(_, p)| *p == parent);
        found.extend(children.map(|(pid, _)| *pid));
        next += 1;
    }
    found.remove(0);
    found
}

/// Whether a process is still there (a zombie counts as gone).
pub fn alive(pid: Pid) -> bool {
    let state = stat(pid).and_then(|fields| fields.first().cloned());
    state.is_some_and(|state| state != "Z" && state != "X")
}

/// Whether a process runs the program of that name.
pub fn named(pid: Pid, name: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm"))
        .is_ok_and(|comm| comm.trim().starts_with(name))
}

/// Every living process that runs the program of that name with `mark` somewhere in its command line.
pub fn running(name: &str, mark: &str) -> Vec<Pid> {
    let line = |pid: Pid| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let marked = |pid: Pid| String::from_utf8_lossy(&line(pid)).contains(mark);
    let all = processes().into_iter();
    all.filter(|pid| alive(*pid) && named(*pid, name) && marked(*pid))
        .collect()
}

fn has_argument(pid: Pid, argument: &str) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    argument.is_empty()
        || line
            .split(|byte| *byte == 0)
            .any(|word| word == argument.as_bytes())
}

fn processes() -> Vec<Pid> {
    std::fs::read_dir("/proc")
        .expect("/proc")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .collect()
}

fn parent(pid: Pid) -> Option<Pid> {
    stat(pid)?.get(1)?.parse().ok().map(Pid::from_raw)
}

/// The fields of `/proc/PID/stat` after the name: state, parent …
fn stat(pid: Pid) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}
