//! What a request is about: by it a fault strikes one drive, one question, or some files.

use std::borrow::Cow;

use super::Target;
use crate::Request;
use crate::files::{self, PathPattern};
use crate::tools;

/// The function that reads files.
pub(super) const READ: &str = "files.read";
/// The function that lists them.
pub(super) const LIST: &str = "files.list";

/// Functions that give what a tool printed.
const DOCUMENTS: [&str; 7] = [
    "smart.scan",
    "smart.read",
    "smart.start-self-test",
    "gpu.ask",
    "gpu.sample",
    "bmc.ask",
    "queries.run",
];

/// Functions that are asked about something with a name.
pub(super) const NAMED: [&str; 5] = [
    "smart.read",
    "smart.start-self-test",
    "gpu.ask",
    "bmc.ask",
    "queries.run",
];

/// Whether a function gives what a tool printed.
pub(super) fn gives_documents(function: &str) -> bool {
    DOCUMENTS.contains(&function)
}

/// Whether a function is asked about files.
pub(super) fn is_of_files(function: &str) -> bool {
    [READ, LIST].contains(&function)
}

/// The name of what is asked about: a drive, a question, a query and its target. Empty for what is about the
/// whole machine.
pub(super) fn name(request: &Request) -> Cow<'_, str> {
    Cow::Borrowed(match request {
        Request::SmartRead { device } | Request::SmartStartSelfTest { device, .. } => plain(device),
        Request::Bmc { question } => question.name(),
        Request::GpuAsk { question } => tools::gpu::name(question),
        Request::QueriesRun { name, target } if target.is_empty() => name,
        Request::QueriesRun { name, target } => return Cow::Owned(format!("{name} {target}")),
        _ => "",
    })
}

/// A device without its folder: stages and people name it either way.
fn plain(device: &str) -> &str {
    device.strip_prefix("/dev/").unwrap_or(device)
}

/// The paths or globs that are asked about.
fn paths(request: &Request) -> &[String] {
    match request {
        Request::FilesRead { paths } | Request::FilesList { globs: paths } => paths,
        _ => &[],
    }
}

impl Target {
    /// Whether a request is about it, or about some of it.
    pub(super) fn fits(&self, request: &Request) -> bool {
        match self {
            Target::Name(pattern) => {
                let pattern = plain(pattern);
                // A query is meant with every target where none is said.
                let is_query = matches!(request, Request::QueriesRun { name, .. }
                    if files::matches_name(pattern, name));
                is_query || files::matches_name(pattern, &name(request))
            }
            Target::Files(pattern) => paths(request).iter().any(|path| meets(pattern, path)),
        }
    }
}

/// Whether a path, or anything that a glob may match, is among a pattern's files.
fn meets(pattern: &PathPattern, path: &str) -> bool {
    match path.contains('*') {
        false => pattern.matches(path),
        true => path.parse().is_ok_and(|glob| pattern.may_meet(&glob)),
    }
}
