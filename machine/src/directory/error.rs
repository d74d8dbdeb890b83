//! Why a folder cannot be used as a machine.

use std::path::PathBuf;

/// A folder that is not a machine, or not one of this version.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// A file of the folder cannot be read.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// `machine.toml` or another file is not in its format.
    #[error("{}: {reason}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// The folder is of another format.
    #[error(
        "{}: format {found:?}; this version reads {}",
        path.display(),
        super::manifest::FORMAT
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// A file is larger than it may be.
    #[error("{}: more than {limit} bytes; shorten it, and say ending = {{ cut = {limit} }}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What it may have at most.
        limit: u64,
    },
}
