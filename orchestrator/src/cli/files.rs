//! How many files this process may open: every connection is one.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises how many files may be open to what the process may raise it to; how many those are.
pub fn raise() -> usize {
    let (soft, hard) = match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok(limits) => limits,
        Err(error) => {
            tracing::warn!("how many files may be open is not known: {error}");
            return 1024;
        }
    };
    let raised = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!("the process may open {soft} files; it could not be raised: {error}");
            soft
        }
    };
    tracing::info!("the process may open {raised} files, of which every connection is one");
    usize::try_from(raised).unwrap_or(usize::MAX)
}
