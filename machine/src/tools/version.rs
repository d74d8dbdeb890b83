//! Which tools are there.
use std::path::PathBuf;

use super::Toolbox;

/// One tool, as far as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its program name: `fio`.
    pub name: String,
    /// The Debian package that brings it.
    pub package: String,
    /// Where it was found.
    pub path: Option<PathBuf>,
    /// What it says of its version; why it could not, otherwise. Empty when it was not found.
    pub version: String,
}

/// Every tool that this runtime knows, there or not.
pub async fn versions(_tools: &Toolbox) -> Vec<Version> {
    Vec::new()
}
