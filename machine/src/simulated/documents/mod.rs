//! What the tools of a simulated machine print. A renderer begins with a document that was captured
//! (`captured/`, with its origins) and puts the profile's values in; it shares nothing with the parsers
//! that read it.

pub mod smartctl;

use super::price;
use super::tools::trouble::{GARBAGE, Trouble};
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
