//! `vetting completions` and `vetting man`: both are made from the command line's definitions.

use std::io::Write as _;

use anyhow::Context as _;
use clap::CommandFactory as _;

use super::args::{Cli, CompletionArgs, ManArgs};
use super::{Exit, Failure};

/// Prints a completion script.
pub fn completions(args: &CompletionArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "vetting", &mut script);
    std::io::stdout()
        .write_all(&script)
        .context("the completion script could not be printed")
        .map_err(Failure::runtime)?;
    Ok(Exit::Passed)
}

/// Prints the manual page, or writes all of them.
pub fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let pages = match &args.folder {
        Some(folder) => clap_mangen::generate_to(Cli::command(), folder).with_context(|| {
            format!(
                "the manual pages could not be written to {}",
                folder.display()
            )
        }),
        None => clap_mangen::Man::new(Cli::command())
            .render(&mut std::io::stdout())
            .context("the manual page could not be printed"),
    };
    pages.map_err(Failure::runtime)?;
    Ok(Exit::Passed)
}
