//! Fleets of simulated machines against one real orchestrator, and how its cost grows with them.

mod agents;
mod calls;
mod orchestrator;
mod process;
mod run;
mod table;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use calls::Calls;
use run::Figures;

/// What the fleets are run with.
pub struct Built {
    /// The `vetting` binary, which is the compiler too.
    pub vetting: PathBuf,
    /// The `vetting-orchestrator` binary.
    pub orchestrator: PathBuf,
    /// The folder of the built-in stages.
    pub stages: PathBuf,
    /// A folder for compiled stages.
    pub cache: PathBuf,
}

/// The argument that makes this program [`one`].
pub const ONE: &str = "--fleet-of";

/// Measures a fleet of so many agents, one of three tenths of them, and one of a tenth; gives the
/// table. Each is measured by a process of its own, whose memory is its fleet's alone.
pub fn measure(built: &Built, agents: usize) -> anyhow::Result<String> {
    let mut fleets = Vec::new();
    for agents in [agents.div_ceil(10), (3 * agents).div_ceil(10), agents] {
        eprintln!("a fleet of {agents} …");
        let mut measuring = Command::new(std::env::current_exe()?);
        measuring
            .args([ONE, &agents.to_string()])
            .args([&built.vetting, &built.orchestrator])
            .args([&built.stages, &built.cache]);
        let output = measuring.stderr(Stdio::inherit()).output()?;
        ensure!(
            output.status.success(),
            "the fleet of {agents} ended with {}",
            output.status
        );
        let figures: Figures = serde_json::from_slice(&output.stdout).context("figures")?;
        fleets.push(figures);
    }
    Ok(table::markdown(&fleets))
}

/// Measures one fleet, and prints its figures as JSON.
pub fn one(built: &Built, agents: usize) -> anyhow::Result<()> {
    let calls = Calls::default();
    let events = Targets::new().with_target(calls::TARGET, LevelFilter::DEBUG);
    let errors = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(calls.clone().with_filter(events))
        .with(errors.with_filter(LevelFilter::ERROR))
        .init();
    let runtime = tokio::runtime::Runtime::new()?;
    let figures = runtime.block_on(run::measure(built, agents, &calls))?;
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}
