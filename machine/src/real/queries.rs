//! Queries on the real machine: which names it lists, and what a tool is asked about one of them.

use std::time::Instant;

use super::root::Root;
use super::{disks, gpu, pci};
use crate::contract::types::{Document, Error};
use crate::queries::{Query, Subject, not_listed};
use crate::tools::{Question, Toolbox};

/// The names that a query may be run about, as a stage gives them.
pub fn targets(root: &Root, subject: &Subject) -> Vec<String> {
    let names = match subject {
        Subject::Machine => Vec::new(),
        Subject::Disk => disks::names(root),
        Subject::Nvme => root.list("sys/class/nvme"),
        Subject::Port => root.list("sys/class/net"),
        Subject::Pci => root.list(pci::BUS),
        Subject::Gpu => gpu::devices(root),
    };
    // A port may be renamed to whatever has no slash: a name like an option is given to no program.
    let plain = |name: &String| !name.starts_with('-');
    names.into_iter().filter(plain).collect()
}

/// What the program is given for a target: of what has a device node, that.
///
/// # Errors
///
/// `invalid` for a name that is not listed.
pub fn argument(root: &Root, subject: &Subject, target: &str) -> Result<String, Error> {
    let listed = match subject {
        Subject::Machine => target.is_empty(),
        subject => targets(root, subject).iter().any(|name| name == target),
    };
    if !listed {
        return Err(not_listed(subject, target));
    }
    Ok(match subject {
        Subject::Disk | Subject::Nvme => {
            let node = disks::node(root, target);
            let node = node.unwrap_or_else(|_| root.path().join("dev").join(target));
            node.to_string_lossy().into_owned()
        }
        _ => target.to_owned(),
    })
}

/// Runs a query about what `argument` gave.
pub async fn run(
    tools: &Toolbox,
    query: &Query,
    (target, argument): (&str, &str),
    since: Instant,
) -> Result<Document, Error> {
    let args = query.args_about(argument);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let version: Vec<&str> = query.version.iter().map(String::as_str).collect();
    let question = Question {
        query: &query.name,
        target,
        program: &query.program,
        package: &query.package,
        args: &args,
        version: &version,
        limits: query.limits,
    };
    tools.document(&question, since).await
}
