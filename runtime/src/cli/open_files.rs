//! How many files may be open: each tool has a few, and a server has hundreds of CPUs.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one. systemd and login shells set a soft limit of 1,024 for the sake
/// of programs that use `select`, and a far higher hard one (systemd.exec(5), `LimitNOFILE`).
pub fn raise() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_soft, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard, hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}
