//! What stress-ng's exit status means.

use serde::Serialize;

/// The exit status of a stress-ng process, as its manual page explains it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExitStatus {
    /// 0: no stressor failed.
    Success,
    /// 1: wrong options, or stress-ng itself ran out of resources.
    Usage,
    /// 2: a stressor failed: a check, or the worker itself (a worker that was killed counts too).
    StressorFailed,
    /// 3: a stressor could not start: resources were short.
    NoResource,
    /// 4: a stressor does not exist on this architecture or system.
    NotImplemented,
    /// 5: a signal ended a stressor.
    Signalled,
    /// 6: a stressor ended by `_exit(2)`; its metrics are missing.
    ExitedBySyscall,
    /// 7: metrics cannot be trusted.
    MetricsUntrustworthy,
    /// Any other.
    Other(i32),
}

impl ExitStatus {
    /// The meaning of an exit status.
    pub fn of(status: i32) -> Self {
        match status {
            0 => ExitStatus::Success,
            1 => ExitStatus::Usage,
            2 => ExitStatus::StressorFailed,
            3 => ExitStatus::NoResource,
            4 => ExitStatus::NotImplemented,
            5 => ExitStatus::Signalled,
            6 => ExitStatus::ExitedBySyscall,
            7 => ExitStatus::MetricsUntrustworthy,
            other => ExitStatus::Other(other),
        }
    }
}
