//! `vetting stage`: from an idea to a signed stage on a fleet.

mod args;
mod bench;
mod build;
mod inspect;
mod inspect_reads;
mod junit;
mod keys;
mod publish;
mod sign;
mod test;
mod verify;
mod watch;

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;
use vetting_component::signature;

pub use args::StageArgs;
use args::StageCommand;

use super::args::Format;
use super::{Exit, Failure};

/// Dispatches the subcommand.
pub async fn stage(args: StageArgs) -> Result<Exit, Failure> {
    match args.command {
        StageCommand::New(args) => build::new(&args),
        StageCommand::Build(args) => build::build(&args),
        StageCommand::Test(args) => test::test(args).await,
        StageCommand::Bench(args) => bench::bench(&args).await,
        StageCommand::Publish(args) => publish::publish(&args).await,
        StageCommand::Inspect(args) => inspect::inspect(&args),
        StageCommand::Keygen(args) => keys::keygen(&args),
        StageCommand::Sign(args) => sign::sign(&args),
        StageCommand::Verify(args) => verify::verify(&args),
    }
}

fn component(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string());
    bytes.map_err(Failure::usage)
}

/// The signature in a file that was named, else beside the component where there is one.
fn signature_of(file: &Path, named: Option<&Path>) -> Result<Option<Vec<u8>>, Failure> {
    let beside = signature::beside(file);
    let read = signature::read_file(named.unwrap_or(&beside)).map_err(Failure::usage)?;
    if let (None, Some(named)) = (&read, named) {
        let missing = anyhow::anyhow!("there is no signature {}", named.display());
        return Err(Failure::usage(missing));
    }
    Ok(read)
}

/// Prints JSON, or the text for a person.
fn print(format: Format, json: &Value, text: &str) -> Result<(), Failure> {
    match format {
        Format::Json => super::print::json(json),
        Format::Pretty => show(text),
    }
}

/// Prints a text.
fn show(text: &str) -> Result<(), Failure> {
    super::print::lines(text)
}
