//! What holds a machine's files.

use std::io;

/// What is at a path, links followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// What it is.
    pub kind: crate::contract::files::Kind,
    /// The path below the root, without a link on the way.
    pub resolved: String,
    /// Whether the last name of the path is a link.
    pub is_link: bool,
}

/// Folders, files and links below a root. Paths have no leading slash; links lead inside the root only.
pub trait Tree {
    /// The names in a folder, in natural order.
    ///
    /// # Errors
    ///
    /// Where it cannot be listed; `NotFound` and `NotADirectory` where there is no such folder.
    fn names(&self, folder: &str) -> io::Result<Vec<String>>;

    /// What is at a path; `None`: nothing, not even a link.
    fn look(&self, path: &str) -> Option<Look>;
}
