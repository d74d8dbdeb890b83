//! Compiling, in a child process: it cannot be cancelled in-process, and small inputs explode (1.2 kB
//! took 1.4 GB, 0.9 MB took 93 s). The child is this very program with a hidden subcommand; it
//! limits its own address space and processor time, reads the component from its standard input, and
//! writes code to its standard output.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use super::Limits;
use super::config::{Flavour, config};

/// The child's subcommand.
pub const SUBCOMMAND: &str = "compile-component";
/// The child's exit status when the component is at fault (its standard error says how).
const EXIT_INVALID: i32 = 65;
/// Threads that the child may use.
const THREADS: &str = "4";
/// The most of the child's standard error that is kept.
const MAX_MESSAGE: u64 = 4096;

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The component is not valid WebAssembly, or uses what the engine has off.
    #[error("it does not compile: {0}")]
    Invalid(String),
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

    /// The machine code of a component.
    ///
    /// # Errors
    ///
    /// See [`CompileError`]. Nothing of the component was run.
    pub async fn compile(
        &self,
        flavour: Flavour,
        component: &[u8],
    ) -> Result<Vec<u8>, CompileError> {
        self.admit(component)?;
        let seconds = self.time().as_secs();
        let mut child = Command::new(&self.program)
            .arg(SUBCOMMAND)
            .args(["--flavour", flavour.as_str()])
            .args(["--address-space", &self.limits.compile_memory.to_string()])
            .args(["--cpu-seconds", &seconds.to_string()])
            .env_clear()
            .env("RAYON_NUM_THREADS", THREADS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| self.broken(e.to_string()))?;
        let talk = self.talk(&mut child, component);
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
    ) -> Result<Vec<u8>, CompileError> {
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(self.broken("it has no pipes".to_owned()));
        };
        let mut code = Vec::new();
        let mut message = Vec::new();
        let mut stdout = stdout.take(self.limits.code_bytes + 1);
        let mut stderr = stderr.take(MAX_MESSAGE);
        let give = async {
            // A child that ends early closes its pipe: its exit status says why.
            let _given = stdin.write_all(component).await;
            drop(stdin);
        };
        let (_, read, _) = tokio::join!(
            give,
            stdout.read_to_end(&mut code),
            stderr.read_to_end(&mut message)
        );
        read.map_err(|e| self.broken(e.to_string()))?;
        if code.len() as u64 > self.limits.code_bytes {
            child.kill().await.map_err(|e| self.broken(e.to_string()))?;
            return Err(CompileError::Limit {
                limit: "code-bytes",
                detail: format!("more than {} bytes of code", self.limits.code_bytes),
            });
        }
        let status = child.wait().await.map_err(|e| self.broken(e.to_string()))?;
        let message = String::from_utf8_lossy(&message).trim().to_owned();
        if status.success() {
            return Ok(code);
        }
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        match (status.code(), signal) {
            (Some(EXIT_INVALID), _) => Err(CompileError::Invalid(message)),
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

/// The child: compiles standard input to standard output. Returns its exit status.
pub fn child(flavour: Flavour, address_space: u64, cpu_seconds: u64) -> i32 {
    match compile_here(flavour, address_space, cpu_seconds) {
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

fn compile_here(flavour: Flavour, address_space: u64, cpu_seconds: u64) -> Result<(), ChildError> {
    use std::io::{Read as _, Write as _};

    let limit = |resource, value| setrlimit(resource, value, value).map_err(std::io::Error::from);
    limit(Resource::RLIMIT_AS, address_space)?;
    limit(Resource::RLIMIT_CPU, cpu_seconds)?;
    limit(Resource::RLIMIT_CORE, 0)?;
    let mut component = Vec::new();
    std::io::stdin().lock().read_to_end(&mut component)?;
    let engine = wasmtime::Engine::new(&config(flavour)).map_err(ChildError::Invalid)?;
    let code = engine
        .precompile_component(&component)
        .map_err(ChildError::Invalid)?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&code)?;
    stdout.flush()?;
    Ok(())
}
