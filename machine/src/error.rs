//! Two kinds of error: what a stage is told (the contract's `error`, an answer like any other), and
//! [`MachineError`], which means that the machine itself cannot be used.

use std::fmt;
use std::path::PathBuf;

use crate::contract::types::{Error, InvalidArgument, Missing, MissingKind, ToolFailure};

/// The machine itself cannot be set up. A stage never sees this: the run ends with exit status 2
/// or 3.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// No machine has that name.
    #[error("there is no simulated machine `{name}`; there are: {}", known.join(", "))]
    UnknownProfile {
        /// The name that was asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A profile file is wrong.
    #[error("the machine profile {path} cannot be used: {reason}")]
    BadProfile {
        /// The file, or the built-in's name.
        path: String,
        /// What is wrong with it, and where.
        reason: String,
    },
    /// A folder or file that the machine stands on is not usable.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// A folder of evidence cannot be used.
    #[error(transparent)]
    Directory(#[from] crate::directory::DirectoryError),
    /// A recording cannot be used.
    #[error(transparent)]
    Recording(#[from] crate::recorded::RecordingError),
}

impl Error {
    /// A program that is not installed, with the Debian package that brings it.
    pub fn tool_missing(program: &str, package: &str) -> Self {
        Error::Unavailable(Missing {
            kind: MissingKind::Tool,
            what: program.to_owned(),
            remedy: format!("apt-get install {package}"),
        })
    }

    /// Hardware that is not in this machine.
    pub fn no_hardware(what: impl Into<String>) -> Self {
        Error::Unavailable(Missing {
            kind: MissingKind::Hardware,
            what: what.into(),
            remedy: String::new(),
        })
    }

    /// Something the host may not look at.
    pub fn no_permission(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Error::Unavailable(Missing {
            kind: MissingKind::Permission,
            what: what.into(),
            remedy: remedy.into(),
        })
    }

    /// An argument that is refused.
    pub fn invalid(argument: &str, reason: impl Into<String>) -> Self {
        Error::Invalid(InvalidArgument {
            argument: argument.to_owned(),
            reason: reason.into(),
        })
    }

    /// More at once than the attempt may have. `what`: `tools may run`.
    pub fn too_many(what: &str, most: u32) -> Self {
        Error::Denied(format!(
            "at most {most} {what} at once, and {most} do already"
        ))
    }

    /// A tool whose answer is of no use, though it ended by itself or was never started.
    pub fn tool_failed(tool: &str, reason: impl Into<String>) -> Self {
        Error::Failed(ToolFailure {
            tool: tool.to_owned(),
            exit_status: None,
            reason: reason.into(),
            stderr_tail: String::new(),
        })
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Denied(reason) => write!(f, "denied: {reason}"),
            Error::Unavailable(Missing { what, remedy, .. }) if remedy.is_empty() => {
                write!(f, "{what} is not available")
            }
            Error::Unavailable(Missing { what, remedy, .. }) => {
                write!(f, "{what} is not available ({remedy})")
            }
            Error::Invalid(InvalidArgument { argument, reason }) => {
                write!(f, "{argument} is invalid: {reason}")
            }
            Error::Cancelled => f.write_str("the attempt is being cancelled"),
            Error::TimedOut => f.write_str("timed out"),
            Error::Failed(ToolFailure {
                tool,
                exit_status,
                reason,
                ..
            }) => {
                write!(f, "{tool} failed")?;
                if let Some(status) = exit_status {
                    write!(f, " with exit status {status}")?;
                }
                write!(f, ": {reason}")
            }
        }
    }
}
