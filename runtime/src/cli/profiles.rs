//! `vetting machine profiles`: the simulated machines that are built in, and what their files may
//! say.

use clap::Args;
use serde_json::json;
use vetting_machine::simulated::SimulatedMachine;

use super::{Exit, Failure, print};

/// `vetting machine profiles`.
#[derive(Debug, Args)]
pub struct ProfilesArgs {
    /// Print this one's profile, to start one's own from; all are listed when none is named
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Print the JSON Schema of profiles, for an editor
    #[arg(long, conflicts_with_all = ["name", "json"])]
    pub schema: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Lists or prints.
pub fn profiles(args: &ProfilesArgs) -> Result<Exit, Failure> {
    let text = if args.schema {
        pretty(&SimulatedMachine::profile_schema())?
    } else if let Some(name) = &args.name {
        let text = SimulatedMachine::builtin_text(name).map_err(Failure::usage)?;
        match args.json {
            true => pretty(&json!({ "name": name, "profile": text }))?,
            false => text.to_owned(),
        }
    } else {
        let names = SimulatedMachine::builtin_names();
        match args.json {
            true => {
                let told = |(name, description): &(&str, &str)| json!({ "name": name, "description": description });
                pretty(&json!(names.iter().map(told).collect::<Vec<_>>()))?
            }
            false => table(&names),
        }
    };
    print::lines(&text)?;
    Ok(Exit::Passed)
}

fn pretty(value: &serde_json::Value) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::runtime)?;
    Ok(text + "\n")
}

fn table(names: &[(&str, &str)]) -> String {
    let longest = names.iter().map(|(name, _)| name.len()).max();
    let width = longest.unwrap_or(0);
    let lines = names.iter();
    lines
        .map(|(name, description)| format!("{name:<width$}  {description}\n"))
        .collect()
}
