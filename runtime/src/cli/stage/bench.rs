//! `vetting stage bench`: what a stage costs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use vetting_machine::Cancel;
use vetting_protocol::StageRecord;

use super::args::BenchArgs;
use super::build::{Ready, SCENARIOS, ready};
use crate::cli::run::engine;
use crate::cli::signals::cancel_on_signals;
use crate::cli::{Exit, Failure};
use crate::engine::{Flavour, Notebook};
use crate::run::Watcher;
use crate::scenario::{self, Scenario};

/// All that is measured. Times are of this machine now; the rest is the same everywhere.
#[derive(Serialize)]
struct Costs {
    stage: String,
    scenario: String,
    rounds: u32,
    component_bytes: usize,
    /// Verified, compiled and linked, nothing of it kept from before.
    cold_load: Times,
    /// The same with its code in the cache.
    warm_load: Times,
    /// One attempt, from an empty store to the outcome.
    run: Times,
    /// How long the attempt took in the machine's time.
    machine_ms: u64,
    host_calls: u64,
    fuel: u64,
    peak_memory_bytes: u64,
    verdict: String,
}

/// Times of all rounds, in milliseconds.
#[derive(Serialize)]
struct Times {
    median_ms: f64,
    worst_ms: f64,
}

impl Times {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let at = |index: usize| all.get(index).map_or(0.0, |t| t.as_secs_f64() * 1e3);
        Times {
            median_ms: at(all.len() / 2),
            worst_ms: at(all.len().saturating_sub(1)),
        }
    }
}

/// The fuel of the last attempt.
#[derive(Default)]
struct Burnt(AtomicU64);

impl Watcher for Burnt {
    fn begins(&self, _stage: &str, _notebook: &Arc<Notebook>) {}
    fn ended(&self, _record: &StageRecord) {}
    fn burnt(&self, fuel: u64) {
        self.0.store(fuel, Ordering::Relaxed);
    }
}

/// Measures.
pub(super) async fn bench(args: &BenchArgs) -> Result<Exit, Failure> {
    let cancel = Cancel::new();
    cancel_on_signals(&cancel).map_err(Failure::runtime)?;
    let path = scenario_of(args).map_err(Failure::usage)?;
    let scenario = Scenario::read(&path).map_err(Failure::usage)?;
    let ready = ready(&args.component).await?;
    let mut costs = Costs {
        stage: ready.stage.name().to_owned(),
        scenario: scenario::name(&path),
        rounds: args.rounds,
        component_bytes: ready.bytes.len(),
        cold_load: loads(&ready, args, true).await?,
        warm_load: loads(&ready, args, false).await?,
        run: Times::of(Vec::new()),
        machine_ms: 0,
        host_calls: 0,
        fuel: 0,
        peak_memory_bytes: 0,
        verdict: String::new(),
    };
    runs(&ready, &scenario, &cancel, &mut costs).await?;
    if cancel.is_cancelled() {
        return Ok(Exit::Cancelled);
    }
    let json = serde_json::to_value(&costs).map_err(Failure::runtime)?;
    super::print(args.format, &json, &text(&costs))?;
    Ok(Exit::Passed)
}

fn scenario_of(args: &BenchArgs) -> anyhow::Result<PathBuf> {
    if let Some(named) = &args.scenario {
        return Ok(named.clone());
    }
    let all = scenario::find(&args.component.project.join(SCENARIOS))?;
    let healthy = all.iter().find(|path| scenario::name(path) == "healthy");
    let chosen = healthy.or(all.first());
    chosen.cloned().context("there is no scenario")
}

/// Loads the component again and again, each time by an engine of its own.
async fn loads(ready: &Ready, args: &BenchArgs, cold: bool) -> Result<Times, Failure> {
    let mut times = Vec::new();
    for _ in 0..args.rounds {
        let cache = args.component.cache.clone();
        let engine = engine(cache, cold, &ready.limits, Flavour::EpochAndFuel)?;
        let began = Instant::now();
        engine.load(&ready.bytes).await.map_err(Failure::usage)?;
        times.push(began.elapsed());
    }
    Ok(Times::of(times))
}

async fn runs(
    ready: &Ready,
    scenario: &Scenario,
    cancel: &Cancel,
    costs: &mut Costs,
) -> Result<(), Failure> {
    let mut times = Vec::new();
    let burnt = Burnt::default();
    for _ in 0..costs.rounds {
        let began = Instant::now();
        let tried = scenario::run(
            &ready.engine,
            &ready.stage,
            scenario,
            &ready.limits,
            cancel,
            &burnt,
        );
        let tried = tried.await.map_err(Failure::usage)?;
        times.push(began.elapsed());
        let Some(stage) = tried.stage() else {
            break;
        };
        costs.machine_ms = stage.duration_ms;
        costs.host_calls = stage.host_calls;
        costs.peak_memory_bytes = stage.peak_memory_bytes;
        costs.verdict = stage.verdict_word().to_owned();
    }
    costs.fuel = burnt.0.into_inner();
    costs.run = Times::of(times);
    Ok(())
}

fn text(costs: &Costs) -> String {
    let times = |name: &str, times: &Times| {
        let (median, worst) = (times.median_ms, times.worst_ms);
        format!("{name:<14} {median:>10.2} ms (worst {worst:.2} ms)\n")
    };
    let mut text = format!(
        "{} in {}: {}, {} rounds\n",
        costs.stage, costs.scenario, costs.verdict, costs.rounds
    );
    text += &times("cold load", &costs.cold_load);
    text += &times("warm load", &costs.warm_load);
    text += &times("run", &costs.run);
    text += &format!("machine's time {:>10} ms\n", costs.machine_ms);
    text += &format!("host calls     {:>10}\n", costs.host_calls);
    text += &format!("fuel           {:>10}\n", costs.fuel);
    text += &format!(
        "peak memory    {:>10} KiB\n",
        costs.peak_memory_bytes.div_ceil(1024)
    );
    text += &format!(
        "component      {:>10} kB\n",
        costs.component_bytes.div_ceil(1000)
    );
    text
}
