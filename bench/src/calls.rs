//! A cached stage's whole life, and one host call.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use vetting_machine::real::{Options, RealMachine};
use vetting_machine::{Cancel, Machine};
use vetting_protocol::StageRecord;
use vetting_runtime::engine::{
    Cache, Compiler, Flavour, Limits, LoadedStage, Notebook, Order, StageEngine,
};

use vetting_runtime::policy::Withheld;

use crate::Built;
use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 30;
/// So many calls are made, and their time divided.
pub const CALLS: u64 = 200_000;

/// An engine on the real machine, as `vetting run` has it.
pub struct Bench {
    engine: StageEngine,
    machine: RealMachine,
    bytes: Vec<u8>,
    scratch: std::path::PathBuf,
}

impl Bench {
    /// With the stage `Gauge` compiled and cached.
    pub async fn new(built: &Built) -> anyhow::Result<Self> {
        Self::on(built, RealMachine::new(Options::default())?).await
    }

    /// The same, on another machine.
    pub async fn on(built: &Built, machine: RealMachine) -> anyhow::Result<Self> {
        let compiler = Compiler::new(built.vetting.clone(), Limits::default());
        let cache = Cache::open(&built.scratch.path().join("cache"))?;
        let engine = StageEngine::new(Flavour::Epoch, compiler, Some(cache))
            .map_err(|e| anyhow::anyhow!("{e:#}"))?;
        let bytes = std::fs::read(built.guests.join("Gauge.wasm")).context("Gauge.wasm")?;
        let bench = Bench {
            engine,
            machine,
            bytes,
            scratch: built.scratch.path().to_owned(),
        };
        bench.load().await?;
        Ok(bench)
    }

    /// The stage, from the cache.
    pub async fn load(&self) -> anyhow::Result<LoadedStage> {
        Ok(self.engine.load(&self.bytes).await?)
    }

    /// Runs it once; returns seconds.
    pub async fn run(&self, stage: &LoadedStage, mode: &str, times: u64) -> anyhow::Result<f64> {
        self.granted(stage, mode, times, Withheld::new()).await
    }

    /// Runs it once without the interfaces that are withheld; returns seconds.
    pub async fn granted(
        &self,
        stage: &LoadedStage,
        mode: &str,
        times: u64,
        withheld: Withheld,
    ) -> anyhow::Result<f64> {
        let began = Instant::now();
        let order = Order {
            withheld,
            ..self.order(stage, mode, times)
        };
        let record = self.attempt(order).await?;
        let took = began.elapsed().as_secs_f64();
        anyhow::ensure!(record.summary == "one gauge", "{mode}: {}", record.message);
        Ok(took)
    }

    /// Runs an order to its end.
    pub async fn attempt(&self, order: Order) -> anyhow::Result<StageRecord> {
        let machine = &self.machine as &dyn Machine;
        Ok(self.engine.attempt(machine, order).await?.record)
    }

    /// What an attempt is begun with.
    pub fn order(&self, stage: &LoadedStage, mode: &str, times: u64) -> Order {
        let limits = Limits::default();
        Order {
            stage: stage.clone(),
            attempt: 1,
            parameters: serde_json::json!({ "mode": mode, "times": times }),
            deadline: Duration::from_secs(300),
            grace: Duration::from_secs(2),
            seed: 1,
            notebook: Arc::new(Notebook::new(limits.clone())),
            limits,
            withheld: Withheld::new(),
            reads: Default::default(),
            cancel: Cancel::new(),
            scratch: self.scratch.clone(),
            cpu_allowance: 1,
            memory_allowance_bytes: 1 << 20,
            charge: vetting_runtime::engine::Charge::default(),
        }
    }
}

/// Load, instantiate and run empty; then a call's cost.
pub async fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    let bench = Bench::new(built).await?;
    let mut life = Pairs::default();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let stage = bench.load().await?;
        bench.run(&stage, "empty", 0).await?;
        life.push(began.elapsed().as_secs_f64(), shell()?);
    }
    let stage = bench.load().await?;
    let mut call = Pairs::default();
    for _ in 0..ROUNDS / 3 {
        let none = bench.run(&stage, "calls", 0).await?;
        let many = bench.run(&stage, "calls", CALLS).await?;
        call.push(((many - none) / CALLS as f64).max(0.0), system_call());
    }
    Ok(vec![
        life.row(
            "A cached stage's load, instantiation and empty run",
            "one attempt",
            "sh -c true",
            seconds,
        ),
        call.row(
            "One host call (`clock.monotonic`)",
            "from Wasm and back",
            "getppid(2)",
            seconds,
        ),
    ])
}

fn shell() -> anyhow::Result<f64> {
    let began = Instant::now();
    Command::new("sh").args(["-c", "true"]).status()?;
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds of one system call that does next to nothing.
fn system_call() -> f64 {
    let began = Instant::now();
    for _ in 0..CALLS {
        std::hint::black_box(nix::unistd::getppid());
    }
    began.elapsed().as_secs_f64() / CALLS as f64
}
