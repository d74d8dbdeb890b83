//! What vetting costs: start, load, a host call, judgement, the tools it runs, memory; and what a
//! fleet costs its orchestrator. Each figure stands beside a baseline that was measured in the same
//! run, and only their ratio is worth anything elsewhere.

mod calls;
mod cancel;
mod edit;
mod files;
mod fleet;
mod grants;
mod interruption;
mod judgement;
mod memory;
mod start;
mod table;
mod tools;
mod virtual_time;

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context as _, bail};

/// What the benchmarks are run with.
pub struct Built {
    /// The `vetting` binary.
    pub vetting: PathBuf,
    /// The folder of the tests' own stages, `Gauge.wasm` among them.
    pub guests: PathBuf,
    /// The folder of the built-in stages.
    pub stages: PathBuf,
    /// A folder for scratch and cache.
    pub scratch: tempfile::TempDir,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == memory::PEAK).is_some() {
        return memory::tell_peak(arguments);
    }
    if let Some(word) = arguments.next_if(|first| first == "fleet" || first == fleet::ONE) {
        return fleets(word == "fleet", arguments);
    }
    let cancels = arguments.next_if(|first| first == "cancel").is_some();
    let mut arguments = arguments.map(PathBuf::from);
    let (Some(vetting), Some(stages), Some(guests)) =
        (arguments.next(), arguments.next(), arguments.next())
    else {
        bail!("start it with `cargo xtask bench`: BINARY STAGES TEST-STAGES are needed");
    };
    let scratch = tempfile::tempdir_in("/var/tmp").context("a folder for scratch in /var/tmp")?;
    let built = Built {
        vetting,
        guests,
        stages,
        scratch,
    };
    if cancels {
        let runtime = tokio::runtime::Runtime::new()?;
        print!("{}", runtime.block_on(cancel::measure(&built))?);
        return Ok(());
    }
    let mut rows = Vec::new();
    rows.extend(memory::measure(&built)?);
    rows.extend(start::measure(&built)?);
    let runtime = tokio::runtime::Runtime::new()?;
    rows.extend(runtime.block_on(calls::measure(&built))?);
    rows.extend(runtime.block_on(grants::measure(&built))?);
    rows.extend(runtime.block_on(files::measure())?);
    rows.extend(interruption::measure()?);
    rows.extend(runtime.block_on(judgement::measure(&built))?);
    rows.extend(edit::measure(&built)?);
    rows.extend(virtual_time::measure(&built)?);
    rows.extend(tools::measure(&built)?);
    print!("{}", table::markdown(&rows));
    Ok(())
}

fn fleets(all: bool, mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let agents = arguments
        .next()
        .and_then(|word| word.to_str()?.parse().ok());
    let mut arguments = arguments.map(PathBuf::from);
    let mut next = || arguments.next();
    let (Some(agents), Some(vetting), Some(orchestrator), Some(stages), Some(cache)) =
        (agents, next(), next(), next(), next())
    else {
        bail!(
            "start it with `cargo xtask bench fleet`: AGENTS BINARY ORCHESTRATOR STAGES CACHE are \
             needed"
        );
    };
    let built = fleet::Built {
        vetting,
        orchestrator,
        stages,
        cache,
    };
    if all {
        print!("{}", fleet::measure(&built, agents)?);
        Ok(())
    } else {
        fleet::one(&built, agents)
    }
}
