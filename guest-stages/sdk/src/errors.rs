//! Errors of the host, in words, and what they mean for a verdict.

use crate::types::{Error, InvalidArgument, Missing, MissingKind};

/// An error as a sentence, with what to do about it.
pub fn explain(error: &Error) -> String {
    match error {
        Error::Denied(reason) => format!("denied: {reason}"),
        Error::Unavailable(Missing { what, remedy, .. }) if remedy.is_empty() => {
            format!("{what} is not available")
        }
        Error::Unavailable(Missing { what, remedy, .. }) => {
            format!("{what} is not available ({remedy})")
        }
        Error::Invalid(InvalidArgument { argument, reason }) => {
            format!("{argument} is invalid: {reason}")
        }
        Error::Cancelled => "the attempt is being cancelled".to_owned(),
        Error::TimedOut => "timed out".to_owned(),
        Error::Failed(failure) => {
            let status = failure
                .exit_status
                .map_or(String::new(), |s| format!(" with exit status {s}"));
            let tail = failure.stderr_tail.trim();
            let tail = if tail.is_empty() {
                String::new()
            } else {
                format!(" ({tail})")
            };
            format!("{} failed{status}: {}{tail}", failure.tool, failure.reason)
        }
    }
}

/// Whether the error says that the hardware does not exist: the one thing that makes a `skip`.
/// Returns what is absent.
pub fn absence(error: &Error) -> Option<&str> {
    match error {
        Error::Unavailable(Missing {
            kind: MissingKind::Hardware,
            what,
            ..
        }) => Some(what),
        _ => None,
    }
}
