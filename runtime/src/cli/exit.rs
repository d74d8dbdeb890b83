//! Exit statuses: an interface, written down once.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was judged is good.
    Passed = 0,
    /// A stage failed.
    Failed = 1,
    /// Wrong usage or configuration. Nothing was run.
    Usage = 2,
    /// The runtime itself failed.
    Runtime = 3,
    /// Nothing failed, but something could not be judged.
    Inconclusive = 4,
    /// The run was cancelled.
    Cancelled = 130,
}

/// What `--help` says of them.
pub const HELP: &str = "Exit status: 0 passed, 1 a stage failed, 2 wrong usage or configuration, \
    3 the runtime itself failed, 4 nothing failed but something could not be judged, \
    130 cancelled.";

/// What `vetting report --help` says of them: a conversion judges nothing anew.
pub const REPORT_HELP: &str = "Exit status: 0 written, whatever the record's verdict is, 2 the record \
    cannot be read, 3 the report cannot be written.";

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

impl From<vetting_report::RunVerdict> for Exit {
    fn from(verdict: vetting_report::RunVerdict) -> Self {
        use vetting_report::RunVerdict;
        match verdict {
            RunVerdict::Pass => Exit::Passed,
            RunVerdict::Fail => Exit::Failed,
            RunVerdict::Inconclusive => Exit::Inconclusive,
            RunVerdict::Cancelled => Exit::Cancelled,
            RunVerdict::Error => Exit::Runtime,
        }
    }
}
