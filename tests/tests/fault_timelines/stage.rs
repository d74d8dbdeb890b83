//! A stage on an engine in this process, as a local run has it, and what became of one attempt.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Cancel, Machine};
use vetting_protocol::{Ending, StageRecord, Verdict};
use vetting_runtime::engine::{Compiler, Flavour, Limits, LoadedStage, Notebook, StageEngine};
use vetting_runtime::policy::Policy;
use vetting_runtime::run::{Plan, Watcher, run};
use vetting_runtime::scenario::undeclared;

use crate::generate::Timeline;

/// How much of the wall's time an attempt may take: far more than any does.
const PATIENCE: Duration = Duration::from_secs(180);

/// A built-in stage, compiled once.
pub struct Stage {
    engine: StageEngine,
    loaded: LoadedStage,
    scratch: tempfile::TempDir,
}

/// What became of an attempt.
pub struct Run {
    /// How long it took, in the machine's seconds.
    pub seconds: u64,
    record: StageRecord,
    /// What it concluded by a rule that is not in its table.
    undeclared: Vec<String>,
}

struct Nobody;

impl Watcher for Nobody {
    fn begins(&self, _: &str, _: &Arc<Notebook>) {}
    fn ended(&self, _: &StageRecord) {}
}

impl Stage {
    pub async fn load(name: &str) -> Self {
        let compiler = Compiler::new(vetting_tests::vetting(), Limits::default());
        let engine = StageEngine::new(Flavour::EpochAndFuel, compiler, None).expect("an engine");
        let file = vetting_tests::stages().join(format!("{name}.wasm"));
        let bytes = std::fs::read(file).expect("the stage");
        Stage {
            loaded: engine.load(&bytes).await.expect("the stage compiles"),
            engine,
            scratch: tempfile::tempdir().expect("a folder"),
        }
    }

    /// One attempt on the timeline's machine, with the stage's own defaults. An error is what must
    /// never be: a profile that is refused, a runtime that breaks, an attempt without an end.
    pub async fn run(&self, timeline: &Timeline) -> Result<Run, String> {
        let machine = SimulatedMachine::from_toml("timeline", &timeline.toml(), timeline.seed);
        let machine = machine.map_err(|error| error.to_string())?;
        let manifest = &self.loaded.contents.manifest;
        let given = machine.parameters(self.loaded.name());
        let parameters = vetting_component::parameters(manifest, &given);
        let parameters = Value::Object(parameters.map_err(|error| error.to_string())?);
        let plan = Plan {
            stages: vec![(self.loaded.clone(), parameters)],
            timeout: None,
            grace: Duration::from_secs(2),
            seed: timeline.seed,
            limits: Limits::default(),
            scratch: self.scratch.path().to_owned(),
            policy: Policy::Open,
            granted: None,
        };
        let cancel = Cancel::new();
        let running = run(&self.engine, &machine, plan, &cancel, &Nobody);
        let ended = tokio::time::timeout(PATIENCE, running).await;
        let ended = ended.map_err(|_| format!("no end within {PATIENCE:?} of the wall's"))?;
        let mut record = ended.map_err(|error| format!("the machine broke: {error}"))?;
        let record = record.stages.pop().ok_or("there is no record")?;
        let undeclared = undeclared(&manifest.rules, &record);
        Ok(Run {
            seconds: record.duration_ms.div_ceil(1_000),
            undeclared: undeclared.into_iter().map(|what| what.0).collect(),
            record,
        })
    }
}

impl Run {
    /// What is not as it must be, given the faults that the stage's rules cover.
    pub fn wrong(&self, covered: &[String]) -> Option<String> {
        let record = &self.record;
        let told = format!("{:?}, {}", record.verdict, record.message);
        match &record.ending {
            Ending::Outcome | Ending::Error { .. } | Ending::Deadline { .. } => {}
            Ending::Cancelled { .. } => {}
            other => return Some(format!("it ended by {other:?}")),
        }
        if !self.undeclared.is_empty() {
            return Some(self.undeclared.join("; "));
        }
        let good = matches!(record.verdict, Some(Verdict::Pass | Verdict::Skip));
        let seconds = self.seconds;
        match record.verdict {
            None => Some(format!("it has no verdict: {told}")),
            Some(_) if good && !covered.is_empty() => Some(format!(
                "after {seconds} s it says {told}, though: {}",
                covered.join("; ")
            )),
            Some(_) => None,
        }
    }
}
