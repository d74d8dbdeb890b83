//! What the tools of a simulated machine print. A renderer begins with a document that was captured
//! (`captured/`, with its origins) and puts the profile's values in; it shares nothing with the parsers
//! that read it.

pub mod dcgmi;
pub mod ethtool;
pub mod fio;
pub mod gpu_burn;
pub mod iperf3;
pub mod ipmitool;
mod json_text;
pub mod nvidia_smi;
pub mod smartctl;
pub mod stress_ng;
pub mod stressapptest;
mod xml;

use super::price;
use super::tools::trouble::{GARBAGE, Trouble};
use super::tools::{End, Ending};
use super::world::World;
use crate::contract::types::{Document, DocumentEnding, Error};

/// What a tool that is well prints.
pub struct Printed {
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its exit status.
    pub exit_status: i32,
}

/// The document of a tool, whatever state the tool is in. `args` are those after its name.
pub fn document(
    world: &World,
    (program, package): (&str, &str),
    version: &str,
    query: &str,
    target: &str,
    args: &[String],
    printed: Printed,
) -> Result<Document, Error> {
    if !world.has_tool(program) {
        return Err(Error::tool_missing(program, package));
    }
    let argv = std::iter::once(program.to_owned()).chain(args.iter().cloned());
    let took = price::tool(world, program);
    let mut document = Document {
        query: query.to_owned(),
        target: target.to_owned(),
        argv: argv.collect(),
        version: Some(version.to_owned()),
        exit_status: Some(printed.exit_status),
        signal: None,
        stdout: printed.stdout,
        stderr_tail: String::new(),
        ending: DocumentEnding::Complete,
        begun_ns: world.now.saturating_sub(took),
        took_ns: took.min(world.now),
    };
    let trouble = Trouble::of(world, program);
    if trouble.hangs || trouble.crashes {
        document.stdout.clear();
        document.exit_status = None;
        document.signal = Some(if trouble.hangs { 9 } else { 11 });
    } else if trouble.garbage {
        document.stdout = GARBAGE.as_bytes().to_vec();
        document.exit_status = Some(0);
    }
    if trouble.hangs {
        document.ending = DocumentEnding::TimedOut;
    }
    Ok(document)
}

/// What a job printed that came to an end by itself, or was asked to and wrote what it had.
#[derive(Clone, Debug, Default)]
pub struct JobPrinted {
    /// What its document is about: `sda`.
    pub target: String,
    /// The arguments of its command line.
    pub arguments: Vec<String>,
    /// What it prints of its version: `fio-3.33`.
    pub version: String,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit status.
    pub exit_status: i32,
}

/// The document of a job that has run for `elapsed` nanoseconds, whatever state its tool is in.
pub fn job(
    world: &World,
    program: &str,
    query: &str,
    end: End,
    elapsed: u64,
    printed: JobPrinted,
) -> Document {
    let argv = std::iter::once(program.to_owned()).chain(printed.arguments);
    let mut document = Document {
        query: query.to_owned(),
        target: printed.target,
        argv: argv.collect(),
        version: Some(printed.version),
        exit_status: Some(printed.exit_status),
        signal: None,
        stdout: printed.stdout.into_bytes(),
        stderr_tail: printed.stderr,
        ending: match end.how {
            Ending::Itself | Ending::Crashed => DocumentEnding::Complete,
            Ending::Stopped | Ending::Killed => DocumentEnding::Cancelled,
        },
        begun_ns: world.now.saturating_sub(elapsed),
        took_ns: elapsed.min(world.now),
    };
    if matches!(end.how, Ending::Killed | Ending::Crashed) {
        document.stdout.clear();
        document.stderr_tail.clear();
        document.exit_status = None;
        document.signal = Some(if end.how == Ending::Killed { 9 } else { 11 });
    } else if end.garbage {
        document.stdout = GARBAGE.as_bytes().to_vec();
        document.exit_status = Some(0);
    }
    document
}
