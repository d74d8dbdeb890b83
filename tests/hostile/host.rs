//! The host under attack: an engine and a machine in this process, and what it must be like again
//! after each attempt.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vetting_machine::real::{Options, RealMachine};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Cancel, Machine};
use vetting_protocol::{Ending, StageRecord, Verdict};
use vetting_runtime::engine::{Cache, Compiler, Flavour, Limits, Notebook, StageEngine};
use vetting_runtime::policy::Policy;
use vetting_runtime::run::{Plan, Watcher, run};

use crate::kinds::{End, Kind, Place};

/// How much more memory this process may hold after an attempt than before the first one, in bytes:
/// what allocators keep for later. One hostile attempt that leaked what it was refused would be over.
const SLACK: u64 = 96 << 20;
/// What of a message the table shows, in characters.
const SHOWN: usize = 90;

/// An engine and a machine.
pub struct Host {
    flavour: Flavour,
    machine: Arc<dyn Machine>,
    scratch: tempfile::TempDir,
    /// So that what is tried again and again is compiled once.
    cache: tempfile::TempDir,
    honest: Vec<u8>,
}

/// What became of one kind.
#[derive(Default)]
pub struct Row {
    verdict: String,
    ended: String,
    next: String,
    descriptors: i64,
    memory: i64,
    message: String,
    /// What is not as it must be.
    pub wrong: Vec<String>,
}

struct Nobody;

impl Watcher for Nobody {
    fn begins(&self, _: &str, _: &Arc<Notebook>) {}
    fn ended(&self, _: &StageRecord) {}
}

/// What this process holds.
struct Held {
    descriptors: i64,
    memory: i64,
}

impl Host {
    /// A simulated machine: virtual time, epochs and fuel.
    pub fn simulated() -> Self {
        let machine = SimulatedMachine::builtin("small-vm", 1).expect("a profile");
        Host::new(Flavour::EpochAndFuel, Arc::new(machine))
    }

    /// This machine: the wall's time, epochs, real tools.
    pub fn real() -> Self {
        let machine = RealMachine::new(Options::default()).expect("this machine");
        Host::new(Flavour::Epoch, Arc::new(machine))
    }

    fn new(flavour: Flavour, machine: Arc<dyn Machine>) -> Self {
        let file = vetting_tests::guests().join("Probe.wasm");
        Host {
            flavour,
            machine,
            scratch: tempfile::tempdir().expect("a folder"),
            cache: tempfile::tempdir().expect("a folder"),
            honest: std::fs::read(file).expect("the honest stage"),
        }
    }

    /// The engine that a kind is tried on. An honest stage is in the cache by then, so that only the kind itself
    /// meets a compiler that the kind brings.
    async fn engine(&self, kind: &Kind) -> StageEngine {
        let honest = self.engine_with(vetting_tests::vetting(), kind);
        let Some(script) = kind.compiler else {
            return honest;
        };
        honest.load(&self.honest).await.expect("the honest stage");
        let program = self.cache.path().join(kind.name);
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("a script");
        let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, runs).expect("a mode");
        self.engine_with(program, kind)
    }

    fn engine_with(&self, compiler: PathBuf, kind: &Kind) -> StageEngine {
        let compiler = Compiler::new(compiler, limits(kind));
        let cache = Cache::open(&self.cache.path().join("code")).expect("a cache");
        StageEngine::new(self.flavour, compiler, Some(cache)).expect("an engine")
    }

    /// Tries one kind, and an honest stage after it.
    pub async fn try_out(&self, kind: &Kind) -> Row {
        let mut row = Row::default();
        let Ok(bytes) = std::panic::catch_unwind(kind.made) else {
            row.wrong.push("it could not be made".to_owned());
            return row;
        };
        let engine = self.engine(kind).await;
        let honest = engine.load(&self.honest).await.expect("the honest stage");
        let before = Held::now();
        let mut stages = Vec::new();
        match engine.load(&bytes).await {
            Ok(hostile) => stages.push((hostile, kind.parameters.clone())),
            Err(error) => {
                row.verdict = "not run".to_owned();
                row.ended = "refused".to_owned();
                row.message = error.to_string();
            }
        }
        let refused = stages.is_empty();
        stages.push((honest, serde_json::json!({ "mode": "pass", "times": 1 })));
        let plan = Plan {
            stages,
            timeout: Some(kind.deadline),
            grace: Duration::from_millis(500),
            seed: 1,
            limits: limits(kind),
            scratch: self.scratch.path().to_owned(),
            policy: Policy::Open,
            granted: None,
        };
        let record = run(&engine, &*self.machine, plan, &Cancel::new(), &Nobody).await;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                row.wrong.push(format!("the run broke: {error}"));
                return row;
            }
        };
        let stages = &record.stages;
        if !refused {
            row.take(&stages[0]);
        }
        let next = stages.last().expect("two stages");
        row.next = word(next.verdict);
        if next.verdict != Some(Verdict::Pass) {
            row.wrong.push(format!("the next stage: {}", next.message));
        }
        row.expect(kind, stages.first().filter(|_| !refused));
        drop(record);
        drop(bytes);
        drop(engine);
        row.settle(&before, self.scratch.path().to_owned()).await;
        row
    }
}

fn limits(kind: &Kind) -> Limits {
    let mut limits = Limits::default();
    for (name, value) in &kind.limits {
        limits.set(name, value).expect("a limit");
    }
    limits
}

impl Row {
    fn take(&mut self, record: &StageRecord) {
        self.verdict = word(record.verdict);
        self.message.clone_from(&record.message);
        self.ended = match &record.ending {
            Ending::Outcome => "outcome".to_owned(),
            Ending::Error { .. } => "error".to_owned(),
            Ending::Trap { .. } => "trap".to_owned(),
            Ending::Limit { limit, .. } => limit.clone(),
            Ending::Deadline { .. } => "deadline".to_owned(),
            other => format!("{other:?}"),
        };
    }

    /// Holds what happened against what must have.
    fn expect(&mut self, kind: &Kind, record: Option<&StageRecord>) {
        let (verdict, ended, text) = match &kind.end {
            End::Limit(name) => ("inconclusive", *name, ""),
            End::Trap(text) => ("inconclusive", "trap", *text),
            End::Deadline => ("inconclusive", "deadline", ""),
            End::Error(text) => ("inconclusive", "error", *text),
            End::Outcome(verdict, text) => (*verdict, "outcome", *text),
            End::Refused(text) => ("not run", "refused", *text),
        };
        if self.verdict != verdict || self.ended != ended || !self.message.contains(text) {
            self.wrong.push(format!(
                "{verdict}, {ended}, {text:?} was expected; it is {}, {}: {}",
                self.verdict, self.ended, self.message
            ));
        }
        if self.message.len() > 4096 || self.message.chars().any(char::is_control) {
            self.wrong
                .push("the message is too long or not printable".to_owned());
        }
        if let (Some(check), Some(record)) = (kind.check, record)
            && let Err(reason) = check(record)
        {
            self.wrong.push(reason);
        }
    }

    /// What this process holds comes back to what it held; for a moment it may still be on its way.
    async fn settle(&mut self, before: &Held, scratch: PathBuf) {
        for _ in 0..200 {
            let now = Held::now();
            self.descriptors = now.descriptors - before.descriptors;
            self.memory = now.memory - before.memory;
            if self.descriptors <= 0 && self.memory < SLACK as i64 && children().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if self.descriptors > 0 {
            self.wrong
                .push(format!("{} descriptors more", self.descriptors));
        }
        if self.memory >= SLACK as i64 {
            self.wrong
                .push(format!("{} bytes of memory more", self.memory));
        }
        let children = children();
        if !children.is_empty() {
            self.wrong.push(format!("processes are left: {children:?}"));
        }
        let left = std::fs::read_dir(scratch).map_or(0, Iterator::count);
        if left > 0 {
            self.wrong.push(format!("{left} files are left in scratch"));
        }
    }

    /// The row of the table.
    pub fn line(&self, kind: &Kind) -> String {
        let message: String = self.message.chars().take(SHOWN).collect();
        let place = match kind.place {
            Place::Simulated => "simulated",
            Place::Real => "real",
        };
        format!(
            "{:<28} {place:<9} {:<13} {:<17} {:>6} {:>+5} {:>+5} MiB  {message}",
            kind.name,
            self.verdict,
            self.ended,
            self.next,
            self.descriptors,
            self.memory >> 20,
        )
    }
}

impl Held {
    fn now() -> Self {
        // SAFETY: it only gives memory back that nobody uses.
        unsafe { nix::libc::malloc_trim(0) };
        let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let pages: i64 = statm
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse().ok())
            .expect("resident pages");
        Held {
            descriptors: i64::try_from(descriptors).expect("a small number"),
            memory: pages * 4096,
        }
    }
}

/// The processes below this one that are alive.
fn children() -> Vec<i32> {
    let below = vetting_tests::descendants(nix::unistd::getpid());
    let alive = below.into_iter().filter(|pid| vetting_tests::alive(*pid));
    alive.map(nix::unistd::Pid::as_raw).collect()
}

fn word(verdict: Option<Verdict>) -> String {
    let word = verdict.and_then(|verdict| serde_json::to_value(verdict).ok());
    let word = word.and_then(|word| word.as_str().map(str::to_owned));
    word.unwrap_or_else(|| "none".to_owned())
}
