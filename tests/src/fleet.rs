//! A real orchestrator and real agents: processes, TLS, SQLite, short periods.

use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

pub use crate::calls::{call, claim};
use crate::{built, eventually, shared_cache, stages, vetting};

fn program() -> PathBuf {
    built("VETTING_ORCHESTRATOR_BIN", "release/vetting-orchestrator")
}

/// An orchestrator on a port of its own, with an operator who may do everything.
pub struct Orchestrator {
    child: Child,
    folder: tempfile::TempDir,
    flags: Vec<String>,
    environment: Vec<(&'static str, String)>,
    /// Its URL.
    pub url: String,
    /// Its certificate's fingerprint.
    pub pin: String,
    /// The operator's token.
    pub token: String,
}

impl Orchestrator {
    /// Starts one with all built-in stages.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts one with more flags.
    pub fn with(flags: &[&str]) -> Self {
        Self::at(Place {
            folder: tempfile::tempdir().expect("a temporary folder"),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            environment: Vec::new(),
        })
    }

    /// Starts one in a place, with all built-in stages and an operator who may do everything.
    pub fn at(place: Place) -> Self {
        let mut started = Self::over(place);
        started.token = started.operator("root", &["admin"]);
        started.cli(&["stage", "add", &stages().display().to_string()]);
        started
    }

    /// Starts one over the databases of a place, as they are.
    pub fn over(place: Place) -> Self {
        let Place {
            folder,
            flags,
            environment,
        } = place;
        let (child, url, pin) = serve(folder.path(), "127.0.0.1:0", &flags, &environment);
        Orchestrator {
            child,
            folder,
            flags,
            environment,
            url,
            pin,
            token: String::new(),
        }
    }

    /// Adds an operator with some roles; returns the token.
    pub fn operator(&self, name: &str, roles: &[&str]) -> String {
        let data = self.data();
        let mut args = vec!["operator", "add", name, "--data", &data];
        for role in roles {
            args.extend(["--role", role]);
        }
        let output = self.try_cli(&args);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Adds an operator with a public SSH key.
    pub fn operator_with_key(&self, name: &str, key: &str) {
        let file = self.folder.path().join("key.pub");
        std::fs::write(&file, key).expect("the key is written");
        let (data, file) = (self.data(), file.display().to_string());
        self.cli(&[
            "operator",
            "add",
            name,
            "--role",
            "operate",
            "--ssh-key",
            &file,
            "--data",
            &data,
        ]);
    }

    /// The folder of its databases.
    pub fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// The file of its state.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data/state.db")
    }

    /// The command line, whatever comes of it.
    pub fn try_cli(&self, args: &[&str]) -> Output {
        Command::new(program())
            .args(args)
            .env("VETTING_SERVER", &self.url)
            .env("VETTING_PIN", &self.pin)
            .env("VETTING_TOKEN", &self.token)
            .output()
            .expect("vetting-orchestrator starts")
    }

    /// The command line with a standard output that nobody reads: its exit status and standard error.
    pub fn cli_into_closed_pipe(&self, args: &[&str]) -> (i32, String) {
        let mut child = Command::new(program())
            .args(args)
            .env("VETTING_SERVER", &self.url)
            .env("VETTING_PIN", &self.pin)
            .env("VETTING_TOKEN", &self.token)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("vetting-orchestrator starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), stderr)
    }

    /// The command line with `--json`; its answer.
    pub fn cli(&self, args: &[&str]) -> Value {
        let output = self.try_cli(&[args, &["--json"]].concat());
        assert!(output.status.success(), "{args:?}: {output:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        // Several answers, one per line, are told as the first.
        let mut values = serde_json::Deserializer::from_str(&text).into_iter();
        values.next().and_then(Result::ok).unwrap_or(Value::Null)
    }

    /// Makes a run of a host, with more flags; the host too, where it is not known yet.
    pub fn run(&self, host: &str, flags: &[&str]) -> Run {
        let mut hasher = DefaultHasher::new();
        host.hash(&mut hasher);
        let [a, b, c, d, e, ..] = hasher.finish().to_be_bytes();
        let mac = format!("02:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}");
        // A host of an earlier run is there already, and stays what it is.
        let added = self.try_cli(&["host", "add", host, "--mac", &mac]);
        let known = String::from_utf8_lossy(&added.stderr).contains("exists");
        assert!(added.status.success() || known, "{added:?}");
        let made = self.cli(&[&["run", "create", host], flags].concat());
        let text = |key: &str| made[key].as_str().expect(key).to_owned();
        Run {
            id: text("id"),
            token: text("boot_token"),
            mac,
        }
    }

    /// A run as it is.
    pub fn show(&self, run: &Run) -> Value {
        self.cli(&["run", "show", &run.id])
    }

    /// Waits until a run is so, and returns it.
    pub fn until(&self, run: &Run, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = eventually(|| {
            last = self.show(run);
            is(&last).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("it was never {what}: {last:#}"))
    }

    /// Waits until a run is in a state.
    pub fn until_state(&self, run: &Run, state: &str) -> Value {
        self.until(run, state, |view| view["state"] == state)
    }

    /// The report, as the stable record.
    pub fn report(&self, run: &Run) -> Value {
        let output = self.try_cli(&["run", "report", &run.id, "--format", "json"]);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
    }

    /// Ends it at once, as a power cut would, and starts it again on the same port.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.restart();
    }

    /// Ends it at once, as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it is reaped");
    }

    /// Ends it as an operator would, and waits for its end.
    pub fn terminate(&mut self) {
        let pid = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(pid), Signal::SIGTERM).expect("the signal is sent");
        let ended = eventually(|| self.child.try_wait().expect("a child can be waited for"));
        assert!(ended.is_some(), "it does not end: {}", self.log());
    }

    /// Starts it again on the same port.
    pub fn restart(&mut self) {
        let address = self.url.trim_start_matches("https://").to_owned();
        let (child, _url, pin) =
            serve(self.folder.path(), &address, &self.flags, &self.environment);
        (self.child, self.pin) = (child, pin);
    }

    /// The flags of its next start.
    pub fn flags(&mut self, flags: &[&str]) {
        self.flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// Where and how an orchestrator runs.
pub struct Place {
    /// The folder of its data (`data`) and its log.
    pub folder: tempfile::TempDir,
    /// More flags of `serve`.
    pub flags: Vec<String>,
    /// Environment variables of its process.
    pub environment: Vec<(&'static str, String)>,
}

fn serve(
    folder: &Path,
    listen: &str,
    flags: &[String],
    environment: &[(&'static str, String)],
) -> (Child, String, String) {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .expect("a log file");
    let mut child = Command::new(program())
        .args(["serve", "--listen", listen, "--data"])
        .arg(folder.join("data"))
        .args([
            "--heartbeat",
            "500ms",
            "--sensors",
            "500ms",
            "--log",
            "200ms",
        ])
        .args(["--iperf-address", "127.0.0.1"])
        .args(flags)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("vetting-orchestrator starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut next = |prefix: &str| {
        let line = lines.next().and_then(Result::ok).unwrap_or_default();
        let rest = line.strip_prefix(prefix);
        rest.unwrap_or_else(|| panic!("not `{prefix}…`: {line}"))
            .to_owned()
    };
    let (url, pin) = (next("listening on "), next("fingerprint "));
    (child, url, pin)
}

impl Drop for Orchestrator {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A run that was made.
pub struct Run {
    /// Its id.
    pub id: String,
    /// Its boot token.
    pub token: String,
    /// Its host's MAC address.
    pub mac: String,
}

/// An agent's command line.
pub struct Agent {
    command: Command,
    folder: PathBuf,
}

impl Agent {
    /// An agent of a run on a machine. `folder` is its `/run`: agents of one boot share it.
    pub fn new(orchestrator: &Orchestrator, run: &Run, machine: &str, folder: &Path) -> Self {
        Self::at(&orchestrator.url, &orchestrator.pin, run, machine, folder)
    }

    /// The same, of a server at a URL with a pin, or with several between commas.
    pub fn at(url: &str, pin: &str, run: &Run, machine: &str, folder: &Path) -> Self {
        let mut command = Command::new(vetting());
        command
            .args(["agent", "--url", url, "--run", &run.id])
            .args(["--pin", pin, "--mac", &run.mac])
            .args(["--machine", machine, "--first-wait", "100ms"])
            .arg("--spool")
            .arg(folder.join("spool"))
            .arg("--scratch")
            .arg(folder)
            .env("VETTING_BOOT_TOKEN", &run.token)
            .env("XDG_CACHE_HOME", shared_cache());
        Agent {
            command,
            folder: folder.to_owned(),
        }
    }

    /// More flags; a later one of the same name is refused by the command line.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// An environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it; what it prints goes to a file.
    pub fn start(mut self) -> RunningAgent {
        let log = tempfile::Builder::new()
            .prefix("agent-log-")
            .tempfile_in(&self.folder)
            .expect("a log file");
        // Each adds to what the other wrote.
        let handle = || {
            let file = std::fs::OpenOptions::new().append(true).open(log.path());
            file.expect("the log file")
        };
        self.command.stdin(Stdio::null());
        self.command.stdout(handle()).stderr(handle());
        RunningAgent {
            child: self.command.spawn().expect("the agent starts"),
            log,
        }
    }
}

/// An agent at work. It is killed when this is dropped.
pub struct RunningAgent {
    child: Child,
    log: tempfile::NamedTempFile,
}

impl RunningAgent {
    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id"))
    }

    /// Everything that it printed so far.
    pub fn log(&self) -> String {
        let mut text = String::new();
        let mut file = self.log.reopen().expect("the log file");
        let _length = file.read_to_string(&mut text);
        text
    }

    /// Kills it as nothing can be prepared for.
    pub fn kill(mut self) {
        kill(self.pid(), Signal::SIGKILL).expect("it is killed");
        self.child.wait().expect("it is reaped");
    }

    /// Waits for its end: exit status and everything that it printed.
    pub fn wait(&mut self) -> (i32, String) {
        let ended = eventually(|| self.child.try_wait().expect("a child can be waited for"));
        let status = ended.unwrap_or_else(|| panic!("it did not end: {}", self.log()));
        (status.code().unwrap_or(-1), self.log())
    }
}

impl Drop for RunningAgent {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
