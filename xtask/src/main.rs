//! The only build tool: `cargo xtask demo`, `test`, `build`, `dist`, `stages`, `soak`, `trouble`,
//! `hostile`, `fuzz`, `bench`, `docs`, `tidy`.
//!
//! Setting up is part of `demo` and `test`: what a fresh Debian machine lacks is found, named and
//! installed, or the command to type is printed.

mod bench;
mod build;
mod demo;
mod dist;
mod docs;
mod fuzz;
mod setup;
mod soak;
mod suites;
mod test;
mod tidy;
mod tiers;
mod toolchain;
mod trouble;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

use tiers::Tier;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, tests and shows vetting")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Set up, build, and let an orchestrator vet this machine without harming it
    Demo {
        /// Leave the orchestrator and the run's page up until Ctrl-C
        #[arg(long)]
        keep: bool,
    },
    /// Set up, build, and run everything that CI runs
    Test {
        /// Also the tests that take long: more seeds, more kills, more fuzzing
        #[arg(long)]
        all: bool,
        /// Only suites whose names hold one of these, without the other checks
        suites: Vec<String>,
    },
    /// Build target/release/vetting, vetting-orchestrator and target/stages/NAME.wasm
    Build,
    /// Build what operators run to target/vetting-VERSION: optimised, symbols apart, with the stages
    Dist,
    /// Build the stages and the component of facts only
    Stages {
        /// The tests' own stages too
        #[arg(long)]
        tests: bool,
    },
    /// Kill an orchestrator again and again while agents are at work; nothing may be lost
    Soak {
        /// How often it is killed
        #[arg(long, default_value_t = 100)]
        kills: u32,
        /// How many agents are at work
        #[arg(long, default_value_t = 20)]
        agents: u32,
        /// The seed that an earlier soak printed [default: another one]
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Let fifty simulated agents work through days of trouble; nothing may be lost, forged or stuck
    Trouble {
        /// How many days, each from a fresh seed
        #[arg(long, default_value_t = 20)]
        seeds: u32,
        /// The seed that an earlier day printed, once
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Try hostile stages on the engine and attacks on an orchestrator, and print what became of each
    Hostile {
        /// Only rows whose names hold one of these; or a party: agents, clients, operators
        kinds: Vec<String>,
    },
    /// Give every parser and the engine whatever bytes, for as long as is said
    Fuzz(fuzz::Fuzz),
    /// Measure, each figure against a baseline of the same run
    Bench {
        /// What to measure [default: what the runtime costs on one machine]
        part: Option<bench::Part>,
        /// How many agents the largest fleet has
        #[arg(long, default_value_t = 1000, requires = "part")]
        agents: usize,
        /// Write the results to BENCHMARKS.md
        #[arg(long)]
        write: bool,
    },
    /// Write what is generated of docs/
    Docs,
    /// Check the house rules
    Tidy,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Demo { keep } => demo::demo(keep),
        Task::Test { all, suites } => {
            let tier = if all { Tier::All } else { Tier::Usual };
            test::test(tier, &suites)
        }
        Task::Build => build::vetting()
            .and_then(|()| build::orchestrator())
            .and_then(|()| build::stages())
            .and_then(|()| build::examples()),
        Task::Dist => dist::dist(),
        Task::Stages { tests } => build::facts()
            .and_then(|()| build::stages())
            .and_then(|()| if tests { build::test_stages() } else { Ok(()) }),
        Task::Soak {
            kills,
            agents,
            seed,
        } => soak::soak(kills, agents, seed),
        Task::Trouble { seeds, seed } => trouble::trouble(seeds, seed),
        Task::Hostile { kinds } => test::hostile(&kinds),
        Task::Fuzz(wanted) => fuzz::fuzz(&wanted),
        Task::Bench {
            part: None, write, ..
        } => bench::machine(write),
        Task::Bench {
            part: Some(bench::Part::Cancel),
            write,
            ..
        } => bench::cancel(write),
        Task::Bench {
            part: Some(bench::Part::Fleet),
            agents,
            write,
        } => bench::fleet(agents, write),
        Task::Docs => build::stages().and_then(|()| docs::write()),
        Task::Tidy => tidy::tidy(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// A path below `target/`.
fn target(below: &str) -> PathBuf {
    root().join("target").join(below)
}

/// The cargo that runs this.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Runs a command to a good end, its output shown.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let line = shown(command);
    println!("$ {line}");
    let status = command
        .status()
        .with_context(|| format!("`{line}` does not start"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
