//! Compiling, in a child process: it cannot be cancelled in-process, and small inputs explode (1.2 kB
//! took 1.4 GB, 0.9 MB took 93 s). The child is this very program with a hidden subcommand; it
//! limits its own address space and processor time, reads the component from its standard input, and
//! writes code to its standard output. Where functions are kept for the next time, those of the last
//! time stand before the component, and those of this time behind the code, each pair's first after
//! its length.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::Limits;
use super::config::{Flavour, config};
use super::functions::Functions;

/// The child's subcommand.
pub const SUBCOMMAND: &str = "compile-component";
/// The child's exit status when the component is at fault (its standard error says how).
const EXIT_INVALID: i32 = 65;
/// The child's exit status when the compiler panicked: Rust's own.
const EXIT_PANICKED: i32 = 101;
/// Threads that the child may use.
const THREADS: &str = "4";
/// The most of the child's standard error that is kept.
const MAX_MESSAGE: u64 = 4096;
/// The most that is kept of functions for the next time, in bytes.
const MAX_FUNCTIONS: usize = 256 * 1024 * 1024;
/// Bytes of a length in the pipes.
const LENGTH: usize = 8;

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The component is not valid WebAssembly, or uses what the engine has off.
    #[error("it does not compile: {0}")]
    Invalid(String),
    /// The compiler has a fault that this component shows.
    #[error(
        "the compiler panicked over it, so it is not run: {0}; build the stage anew, and if it still happens report it with the component"
    )]
    Panicked(String),
    /// A limit was reached.
    #[error("compiling it reached the limit {limit}: {detail}")]
    Limit {
        /// `component-bytes`, `compile-time`, `compile-memory` or `code-bytes`.
        limit: &'static str,
        /// What was reached.
        detail: String,
    },
    /// The child could not be run or broke.
    #[error("the compiler process {program} failed: {reason}")]
    Child {
        /// The program that was started.
        program: String,
        /// What happened.
        reason: String,
    },
}

/// What a compiler child made.
#[derive(Debug)]
pub struct Compiled {
    /// The machine code.
    pub code: Vec<u8>,
    /// Its functions for the next time; `None` where they were not asked for, or are those of the
    /// last time.
    pub functions: Option<Vec<u8>>,
}

/// Starts compiler children.
#[derive(Clone, Debug)]
pub struct Compiler {
    program: PathBuf,
    limits: Limits,
}

impl Compiler {
    /// A compiler whose children are `program` (the `vetting` binary). Of the limits those count that
    /// bound the component and its compiling.
    pub fn new(program: PathBuf, limits: Limits) -> Self {
        Compiler { program, limits }
    }

    /// Whether a component is small enough to be looked at.
    ///
    /// # Errors
    ///
    /// The limit `component-bytes`.
    pub fn admit(&self, component: &[u8]) -> Result<(), CompileError> {
        let (size, allowed) = (component.len() as u64, self.limits.component_bytes);
        if size <= allowed {
            return Ok(());
        }
        Err(CompileError::Limit {
            limit: "component-bytes",
            detail: format!("{size} bytes, {allowed} allowed"),
        })
    }

    /// The limits that components are made ready within.
    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    fn time(&self) -> Duration {
        Duration::from_secs(self.limits.compile_time.max(1))
    }

    /// The machine code of a component. Where `functions` are given (those of an earlier time, or no
    /// bytes), what did not change is taken from them, and the answer has those of this time.
    ///
    /// # Errors
    ///
    /// See [`CompileError`]. Nothing of the component was run.
    pub async fn compile(
        &self,
        flavour: Flavour,
        component: &[u8],
        functions: Option<&[u8]>,
    ) -> Result<Compiled, CompileError> {
        self.admit(component)?;
        let seconds = self.time().as_secs();
        let mut child = Command::new(&self.program);
        child
            .arg(SUBCOMMAND)
            .args(["--flavour", flavour.as_str()])
            .args(["--address-space", &self.limits.compile_memory.to_string()])
            .args(["--cpu-seconds", &seconds.to_string()]);
        if functions.is_some() {
            child.arg("--functions");
        }
        let mut child = child
            .env_clear()
            .env("RAYON_NUM_THREADS", THREADS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| self.broken(e.to_string()))?;
        let talk = self.talk(&mut child, component, functions);
        match tokio::time::timeout(self.time(), talk).await {
            Ok(answer) => answer,
            Err(_elapsed) => {
                child.kill().await.map_err(|e| self.broken(e.to_string()))?;
                Err(self.too_long())
            }
        }
    }

    /// Gives the child its component and takes what it answers.
    async fn talk(
        &self,
        child: &mut tokio::process::Child,
        component: &[u8],
        functions: Option<&[u8]>,
    ) -> Result<Compiled, CompileError> {
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(self.broken("it has no pipes".to_owned()));
        };
        let mut answer = Vec::new();
        let mut message = Vec::new();
        let beside = functions.map_or(0, |_| LENGTH + MAX_FUNCTIONS) as u64;
        let most = self.limits.code_bytes.saturating_add(beside);
        let mut stdout = stdout.take(most.saturating_add(1));
        let mut stderr = stderr.take(MAX_MESSAGE);
        let give = async {
            // A child that ends early closes its pipe: its exit status says why.
            if let Some(functions) = functions {
                let _given = stdin.write_all(&length(functions)).await;
                let _given = stdin.write_all(functions).await;
            }
            let _given = stdin.write_all(component).await;
            drop(stdin);
        };
        let (_, read, _) = tokio::join!(
            give,
            stdout.read_to_end(&mut answer),
            stderr.read_to_end(&mut message)
        );
        read.map_err(|e| self.broken(e.to_string()))?;
        let too_much = answer.len() as u64 > most;
        let (code, functions) = match functions {
            Some(_) => parted(answer).unwrap_or_default(),
            None => (answer, Vec::new()),
        };
        if too_much || code.len() as u64 > self.limits.code_bytes {
            child.kill().await.map_err(|e| self.broken(e.to_string()))?;
            return Err(CompileError::Limit {
                limit: "code-bytes",
                detail: format!("more than {} bytes of code", self.limits.code_bytes),
            });
        }
        let status = child.wait().await.map_err(|e| self.broken(e.to_string()))?;
        let message = String::from_utf8_lossy(&message).trim().to_owned();
        if status.success() {
            let functions = (!functions.is_empty()).then_some(functions);
            return Ok(Compiled { code, functions });
        }
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        match (status.code(), signal) {
            (Some(EXIT_INVALID), _) => Err(CompileError::Invalid(message)),
            (Some(EXIT_PANICKED), _) => Err(CompileError::Panicked(in_a_line(&message))),
            (_, Some(nix::libc::SIGXCPU | nix::libc::SIGKILL)) => Err(self.too_long()),
            // Rust's allocator aborts, and a failed reservation is told as an error.
            (_, Some(nix::libc::SIGABRT | nix::libc::SIGSEGV)) => Err(CompileError::Limit {
                limit: "compile-memory",
                detail: format!("{} bytes of address space", self.limits.compile_memory),
            }),
            _ => Err(self.broken(format!("{status}: {message}"))),
        }
    }

    fn too_long(&self) -> CompileError {
        CompileError::Limit {
            limit: "compile-time",
            detail: format!("{} s", self.time().as_secs()),
        }
    }

    fn broken(&self, reason: String) -> CompileError {
        CompileError::Child {
            program: self.program.display().to_string(),
            reason,
        }
    }
}

/// What a panic printed, in one line.
fn in_a_line(message: &str) -> String {
    let lines = message.lines().map(str::trim);
    // How to get a backtrace is for who started the child by hand.
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("note: "));
    lines.collect::<Vec<_>>().join(" ")
}

/// The length that stands before bytes which others follow.
fn length(bytes: &[u8]) -> [u8; LENGTH] {
    (bytes.len() as u64).to_le_bytes()
}

/// What was written after its length, and what follows it.
fn parted(mut bytes: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
    let length = u64::from_le_bytes(*bytes.first_chunk::<LENGTH>()?);
    let end = LENGTH.checked_add(usize::try_from(length).ok()?)?;
    if end > bytes.len() {
        return None;
    }
    let follows = bytes.split_off(end);
    bytes.drain(..LENGTH);
    Some((bytes, follows))
}

/// What the child is told on its command line.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// What it compiles for.
    pub flavour: Flavour,
    /// The most address space that it may use, in bytes.
    pub address_space: u64,
    /// The most processor time that it may use, in seconds.
    pub cpu_seconds: u64,
    /// Whether functions of the last time come before the component, and are to be kept.
    pub functions: bool,
}

/// The child: compiles standard input to standard output. Returns its exit status.
pub fn child(told: Told) -> i32 {
    match compile_here(told) {
        Ok(()) => 0,
        Err(ChildError::Invalid(error)) => {
            eprintln!("{error:#}");
            EXIT_INVALID
        }
        Err(ChildError::Broken(error)) => {
            eprintln!("{error}");
            1
        }
    }
}

enum ChildError {
    Invalid(wasmtime::Error),
    Broken(std::io::Error),
}

impl From<std::io::Error> for ChildError {
    fn from(error: std::io::Error) -> Self {
        ChildError::Broken(error)
    }
}

fn compile_here(told: Told) -> Result<(), ChildError> {
    use std::io::{Read as _, Write as _};

    let limit = |resource, value| setrlimit(resource, value, value).map_err(std::io::Error::from);
    limit(Resource::RLIMIT_AS, told.address_space)?;
    limit(Resource::RLIMIT_CPU, told.cpu_seconds)?;
    limit(Resource::RLIMIT_CORE, 0)?;
    let mut component = Vec::new();
    std::io::stdin().lock().read_to_end(&mut component)?;
    let mut config = config(told.flavour);
    let mut functions = None;
    if told.functions {
        let cut = || std::io::Error::other("the functions before the component are cut");
        let (earlier, follows) = parted(component).ok_or_else(cut)?;
        component = follows;
        let kept = functions.insert(Arc::new(Functions::of(earlier)));
        config
            .enable_incremental_compilation(kept.clone())
            .map_err(ChildError::Invalid)?;
    }
    let engine = wasmtime::Engine::new(&config).map_err(ChildError::Invalid)?;
    let code = engine
        .precompile_component(&component)
        .map_err(ChildError::Invalid)?;
    let mut stdout = std::io::stdout().lock();
    let Some(functions) = functions else {
        stdout.write_all(&code)?;
        return stdout.flush().map_err(ChildError::from);
    };
    stdout.write_all(&length(&code))?;
    stdout.write_all(&code)?;
    let kept = functions.for_the_next().unwrap_or_default();
    if kept.len() <= MAX_FUNCTIONS {
        stdout.write_all(&kept)?;
    }
    stdout.flush().map_err(ChildError::from)
}
