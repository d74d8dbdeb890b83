//! What `vetting machine check` tells: which tools, rights and interfaces are there, and what to
//! install or allow for the rest.

use serde::{Deserialize, Serialize};

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A program and its version.
    Tool,
    /// A right: root, a file that may be read.
    Right,
    /// A query that stages may run.
    Query,
    /// An interface of the contract, and whether it has anything to tell here.
    Interface,
    /// A condition of live-image mode.
    LiveImage,
    /// Something of the kernel's that holds tools and the runtime in.
    Hardening,
}

/// One line of the answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What it is about.
    pub subject: Subject,
    /// Its name: `fio`, `/dev/kmsg`, `hwmon`.
    pub name: String,
    /// Whether it can be used.
    pub usable: bool,
    /// What was found: a version, a count, an error.
    pub detail: String,
    /// What to do when it cannot be used; empty when there is nothing to do.
    pub remedy: String,
    /// The stages that need it.
    pub needed_by: Vec<String>,
}
