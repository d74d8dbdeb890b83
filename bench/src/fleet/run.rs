//! A fleet of one size, from the first boot until every run is completed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::calls::{Calls, Kind};
use super::orchestrator::Orchestrator;
use super::{Built, agents, process};

/// How long all of them may take.
const PATIENCE: Duration = Duration::from_secs(400);
/// What an agent delivers: a result for each of the built-in stages.
const RESULTS: usize = 8;
/// An orchestrator's default: for so long the answer to a heartbeat is held back.
const HOLD: f64 = 10.0;
/// Between two calls of the baseline.
const BREATH: Duration = Duration::from_millis(50);
/// Open files of an agent, on either side: connections, and files for a moment.
const FILES: u64 = 12;

/// What was measured.
#[derive(Debug, Serialize, Deserialize)]
pub struct Figures {
    /// How many agents.
    pub agents: usize,
    /// Seconds from the first boot until every run was completed.
    pub seconds: f64,
    /// How long calls took, by what they are for. A heartbeat's hold is not counted.
    pub latencies: BTreeMap<String, Latency>,
    /// Calls that were answered, each second.
    pub calls_a_second: f64,
    /// Calls that were refused or not answered.
    pub failed_calls: usize,
    /// The size of the database of runs, in bytes.
    pub state_bytes: f64,
    /// The size of the database of lines and samples, in bytes.
    pub journal_bytes: f64,
    /// The orchestrator's processor time in seconds, and its peak memory in bytes.
    pub orchestrator: (f64, f64),
    /// The same of all agents.
    pub fleet: (f64, f64),
}

/// How long calls took, in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Latency {
    /// The median.
    pub p50: f64,
    /// What 99 of 100 did not exceed.
    pub p99: f64,
}

impl Latency {
    fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let index = (seconds.len() as f64 * share) as usize;
            let last = seconds.len().saturating_sub(1);
            seconds.get(index.min(last)).copied().unwrap_or(f64::NAN)
        };
        Latency {
            p50: at(0.5),
            p99: at(0.99),
        }
    }
}

/// Lets so many agents walk their runs.
pub async fn measure(built: &Built, size: usize, calls: &Calls) -> anyhow::Result<Figures> {
    process::open_files(size as u64 * FILES + 1000)?;
    // The database on a disk; what agents spool in memory, where a live image has it.
    let folder = tempfile::tempdir_in("/var/tmp").context("a folder in /var/tmp")?;
    let memory = tempfile::tempdir_in("/dev/shm").context("a folder in /dev/shm")?;
    let orchestrator = Orchestrator::start(&built.orchestrator, &built.stages, folder.path())?;
    let engine = agents::engine(built).await?;
    let mut boots = Vec::new();
    for number in 0..size {
        boots.push(orchestrator.run(number).await?);
    }
    let runs: Vec<String> = boots.iter().map(|boot| boot.run.clone()).collect();
    let pids = [orchestrator.pid(), std::process::id()];
    let before = pids.map(process::cpu_seconds);
    let _made = calls.take();
    let began = Instant::now();
    let mut ended = agents::start(boots, &engine, memory.path())?;
    tokio::select! {
        ended = ended.recv() => bail!("an agent ended before its run: {ended:?}"),
        broken = baseline(&orchestrator) => broken?,
        over = delivered(calls, size * RESULTS) => over?,
    }
    let seconds = began.elapsed().as_secs_f64();
    let made = calls.take();
    let mut cpu = [0.0; 2];
    for ((cpu, before), pid) in cpu.iter_mut().zip(before).zip(pids) {
        *cpu = process::cpu_seconds(pid)? - before?;
    }
    completed(&orchestrator, &runs).await?;
    Ok(Figures {
        agents: size,
        seconds,
        calls_a_second: made.values().map(|k| k.answered).sum::<usize>() as f64 / seconds,
        failed_calls: made.values().map(|k| k.failed).sum(),
        latencies: latencies(made),
        state_bytes: orchestrator.database_bytes("state.db")?,
        journal_bytes: orchestrator.database_bytes("journal.db")?,
        orchestrator: (cpu[0], process::peak_bytes(pids[0])?),
        fleet: (cpu[1], process::peak_bytes(pids[1])?),
    })
}

/// The baseline: calls that do nothing, all the time.
async fn baseline(orchestrator: &Orchestrator) -> anyhow::Result<()> {
    loop {
        orchestrator.nothing().await?;
        tokio::time::sleep(BREATH).await;
    }
}

/// Waits until so many results were taken.
async fn delivered(calls: &Calls, wanted: usize) -> anyhow::Result<()> {
    let began = Instant::now();
    while calls.answered("result") < wanted {
        if began.elapsed() > PATIENCE {
            let taken = calls.answered("result");
            bail!(
                "{taken} of {wanted} results were taken within {} s",
                PATIENCE.as_secs()
            );
        }
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}

/// Every run must be.
async fn completed(orchestrator: &Orchestrator, runs: &[String]) -> anyhow::Result<()> {
    for run in runs {
        let state = orchestrator.state(run).await?;
        ensure!(state == "Completed", "the run {run} is at {state}");
    }
    Ok(())
}

fn latencies(calls: BTreeMap<&'static str, Kind>) -> BTreeMap<String, Latency> {
    let one = |(kind, calls): (&str, Kind)| {
        let hold = if kind == "heartbeat" { HOLD } else { 0.0 };
        let seconds = calls.seconds.into_iter().map(|seconds| seconds - hold);
        (kind.to_owned(), Latency::of(seconds.collect()))
    };
    calls.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_what_was_measured() {
        let latency = Latency::of((1..=200).rev().map(f64::from).collect());
        assert_eq!((latency.p50, latency.p99), (101.0, 199.0));
        assert_eq!(Latency::of(vec![3.0]).p99, 3.0);
        assert!(Latency::of(Vec::new()).p50.is_nan());
    }
}
