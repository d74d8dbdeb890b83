//! `vetting machine capture`: this machine as a profile, and as a tree for `--root` and `--tools`.

use std::path::PathBuf;

use clap::Args;
use vetting_machine::capture::{self, CaptureError};
use vetting_machine::real::{self, RealMachine};

use super::{Exit, Failure, print};

/// `vetting machine capture`.
#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// Where it goes: a folder that is new or empty
    #[arg(long, short, default_value = "captured", value_name = "DIR")]
    pub output: PathBuf,
    /// Keep serial numbers, addresses and names as they are
    #[arg(long)]
    pub keep_serials: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Read sysfs, procfs and devices below this folder
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub root: PathBuf,
    /// Look for tools in this folder before PATH
    #[arg(long, value_name = "DIR")]
    pub tools: Option<PathBuf>,
}

/// Captures, and says what to do with it.
pub async fn capture(args: &CaptureArgs) -> Result<Exit, Failure> {
    let machine = RealMachine::new(real::Options {
        root: args.root.clone(),
        tools: args.tools.clone(),
        ..real::Options::default()
    });
    let machine = machine.map_err(Failure::usage)?;
    let captured = capture::capture(machine, &args.output, args.keep_serials).await;
    let captured = captured.map_err(|error| match error {
        CaptureError::NotEmpty(_) => Failure::usage(error),
        other => Failure::runtime(other),
    })?;
    let folder = args.output.display();
    let text = if args.json {
        let value = serde_json::json!({
            "folder": args.output,
            "files": captured.files,
            "answers": captured.answers,
            "scrubbed": captured.scrubbed,
            "gaps": captured.gaps,
        });
        let text = serde_json::to_string_pretty(&value).map_err(Failure::runtime)?;
        text + "\n"
    } else {
        let mut text = format!(
            "{folder}: {} files, {} answers of tools, {} serial numbers and addresses replaced\n",
            captured.files, captured.answers, captured.scrubbed
        );
        for gap in &captured.gaps {
            text.push_str(&format!("not read: {gap}\n"));
        }
        text.push_str(&format!(
            "vetting run --machine sim:{folder}/{}\n\
             vetting machine show --root {folder}/{} --tools {folder}/{}\n",
            capture::PROFILE,
            capture::ROOT,
            capture::TOOLS
        ));
        text
    };
    print::lines(&text)?;
    Ok(Exit::Passed)
}
