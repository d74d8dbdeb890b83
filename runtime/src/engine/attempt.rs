//! One attempt of one stage: a fresh store, the guest's call, and the one place where it is
//! interrupted.
//!
//! The soft cancel (a person's, a directive's, or the soft deadline's) is one [`Cancel`]; from then
//! on blocked host calls answer `cancelled`, tools are asked to end, and the guest has until the
//! hard end to return a partial outcome. At the hard end the epoch callback interrupts the guest and
//! the call's future is dropped, with the store; then every process of every tool is killed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use vetting_machine::contract::types::Error;
use vetting_machine::{
    Attempt, Halt, Machine, MachineError, Particulars, Reason, Reply, Request, Session,
};
use vetting_protocol::StageRecord;
use wasmtime::component::ResourceTable;
use wasmtime::{Store, UpdateDeadline};

use super::ending::{Ran, Unreadable, judge};
use super::facts::soft_deadline;
use super::outcome::hold;
use super::{Facts, Flavour, LimitReached, Limiter, Limits, LoadedStage, Order, Over, StageEngine};
use crate::host::{HostState, SensorSeries, wasi_context};
use crate::policy::ReadGrants;

/// What became of it.
pub struct Attempted {
    /// When it began by the machine's calendar, since 1970.
    pub began: Duration,
    /// The stage's record.
    pub record: StageRecord,
    /// What the machine had to kill or could not end, one line each.
    pub leftovers: Vec<String>,
    /// The fuel that it used, on a machine of virtual time.
    pub fuel: Option<u64>,
}

/// No attempt takes longer, at whatever pace.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

impl StageEngine {
    /// Runs one attempt to its end.
    ///
    /// # Errors
    ///
    /// Only when the machine cannot be used at all. Whatever the stage does is in the record.
    pub async fn attempt(
        &self,
        machine: &dyn Machine,
        order: Order,
    ) -> Result<Attempted, MachineError> {
        let terms = machine.terms(order.stage.name());
        let interrupted_after = terms.as_ref().and_then(|terms| terms.interrupted_after);
        let order = match terms {
            Some(terms) => order.under(terms),
            None => order,
        };
        let soft = soft_deadline(order.deadline);
        let peer = machine.peer().or_else(|| order.charge.peer.clone());
        let manifest = &order.stage.contents.manifest;
        let (parameters, secrets) = vetting_component::blank(manifest, &order.parameters);
        let session: Arc<dyn Session> = Arc::from(
            machine
                .begin(Attempt {
                    stage: order.stage.name().to_owned(),
                    number: order.attempt,
                    seed: order.seed,
                    deadline: order.deadline,
                    soft_deadline: soft,
                    cancel: order.cancel.clone(),
                    grace: order.grace,
                    peer: peer.clone(),
                    scratch: order.scratch.clone(),
                    cpu_allowance: order.cpu_allowance,
                    memory_allowance_bytes: order.memory_allowance_bytes,
                    max_tools: u32::try_from(order.limits.tools).unwrap_or(u32::MAX),
                    max_watches: u32::try_from(order.limits.watches).unwrap_or(u32::MAX),
                    mandate: order.charge.mandate.clone(),
                    particulars: Particulars {
                        version: manifest.version.clone(),
                        digest: order.stage.digest.clone(),
                        parameters: parameters.clone(),
                        withheld: order.withheld.clone(),
                        reads: order.reads.clone(),
                        secrets,
                    },
                    beside: false,
                })
                .await?,
        );
        let mandate = &order.charge.mandate;
        let facts = Arc::new(Facts {
            stage: order.stage.name().to_owned(),
            attempt: order.attempt,
            deadline: order.deadline,
            soft_deadline: soft,
            began: calendar(&*session).await,
            non_destructive: mandate.non_destructive,
            wipe_armed: !mandate.non_destructive && mandate.wipe_override.is_some(),
            expected_disks: mandate.expected_disks.clone(),
            peer,
            parameters: order.parameters.clone(),
            cpu_allowance: order.cpu_allowance,
            memory_allowance_bytes: order.memory_allowance_bytes,
            live_image: machine.is_live_image(),
        });
        let mut running = Running {
            end: Arc::new(HardEnd::default()),
            peak_memory: 0,
            fuel: None,
            interrupted_after,
        };
        let ran = running
            .run(self, &order, &session, &facts, machine.pace())
            .await;
        let took = session.stamp();
        let leftovers = session.end().await;

        let leavings = order.notebook.leavings();
        let judged = judge(ran, order.cancel.reason(), leavings.panic);
        let (summary, measurements, diagnoses) = match judged.held {
            Some(held) => (held.summary, held.measurements, held.diagnoses),
            None => Default::default(),
        };
        let record = StageRecord {
            stage: order.stage.name().to_owned(),
            attempt: order.attempt,
            version: Some(order.stage.contents.manifest.version.clone()),
            digest: Some(order.stage.digest.clone()),
            verdict: judged.verdict,
            message: judged.message,
            summary,
            ending: judged.ending,
            duration_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            measurements,
            diagnoses,
            series: leavings.series,
            log: leavings.log,
            log_dropped: leavings.log_dropped,
            samples_dropped: leavings.samples_dropped,
            attachments: leavings.attachments,
            denials: leavings.denials,
            host_calls: leavings.host_calls,
            peak_memory_bytes: running.peak_memory,
            parameters,
        };
        Ok(Attempted {
            began: facts.began,
            record,
            leftovers,
            fuel: running.fuel,
        })
    }
}

/// The machine's calendar, since 1970. A machine that does not tell lives in 1970.
async fn calendar(session: &dyn Session) -> Duration {
    let answer = tokio::select! {
        biased;
        answer = session.call(Request::Wall) => answer,
        _ = session.halted() => return Duration::ZERO,
    };
    match answer {
        Ok(Reply::Wall(now)) => Duration::new(now.seconds, now.nanoseconds),
        _ => Duration::ZERO,
    }
}

impl From<Halt> for Ran {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Interrupted => Ran::Interrupted,
            Halt::Diverged { exchange, reason } => Ran::Diverged { exchange, reason },
        }
    }
}

/// The instant at which the guest is interrupted whatever it does; it may only come nearer.
#[derive(Debug, Default)]
struct HardEnd(Mutex<Option<Instant>>);

impl HardEnd {
    fn get(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn nearer(&self, instant: Instant) {
        let mut end = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *end = Some(end.map_or(instant, |old| old.min(instant)));
    }
}

/// One guest's run.
struct Running {
    end: Arc<HardEnd>,
    peak_memory: u64,
    fuel: Option<u64>,
    /// After how many host calls the attempt that this one repeats was interrupted, if it was.
    interrupted_after: Option<u64>,
}

impl Running {
    async fn run(
        &mut self,
        engine: &StageEngine,
        order: &Order,
        session: &Arc<dyn Session>,
        facts: &Arc<Facts>,
        pace: Option<f64>,
    ) -> Ran {
        let virtual_time = engine.flavour() == Flavour::EpochAndFuel;
        let began = Instant::now();
        let whole = match (virtual_time, pace) {
            (false, _) => order.deadline,
            (true, None) => Duration::from_secs(order.limits.wall_time).min(A_YEAR),
            (true, Some(pace)) => {
                let paced = order.deadline.as_secs_f64() / pace;
                let paced = Duration::try_from_secs_f64(paced).unwrap_or(A_YEAR);
                paced.min(A_YEAR) + Duration::from_secs(order.limits.wall_time).min(A_YEAR)
            }
        };
        self.end.nearer(began + whole);

        let store = tokio::select! {
            biased;
            store = self.store(engine, order, session, facts) => store,
            halt = session.halted() => return halt.into(),
        };
        let mut store = match store {
            Ok(store) => store,
            Err(error) => return Ran::Broke(error),
        };
        let ran = {
            let call = call(&order.stage, &mut store);
            tokio::pin!(call);
            let mut soft_passed = virtual_time;
            let mut cancel_seen = false;
            loop {
                // The end was set above and only comes nearer.
                let end = self.end.get().unwrap_or(began);
                tokio::select! {
                    biased;
                    answer = &mut call => break answer,
                    () = tokio::time::sleep_until(end.into()) => {
                        break if virtual_time && !cancel_seen {
                            Ran::Broke(wasmtime::Error::from_anyhow(too_long(&order.limits).into()))
                        } else {
                            Ran::Interrupted
                        };
                    }
                    halt = session.halted() => break halt.into(),
                    () = order.cancel.cancelled(), if !cancel_seen => {
                        cancel_seen = true;
                        if order.cancel.reason() != Some(&Reason::Deadline) {
                            // A guest that computes lets this be heard a tick late.
                            let at = order.cancel.at().unwrap_or(began).max(began);
                            self.end.nearer(at + order.grace);
                        }
                    }
                    () = tokio::time::sleep_until((began + facts.soft_deadline).into()), if !soft_passed => {
                        soft_passed = true;
                        order.cancel.cancel(Reason::Deadline);
                    }
                }
            }
        };
        self.peak_memory = store.data().limiter.peak_memory();
        // Without fuel the store has none to tell.
        self.fuel = store
            .get_fuel()
            .ok()
            .map(|left| order.limits.fuel.saturating_sub(left));
        let ran = match ran {
            Ran::Outcome(held) => within_size(held, &order.limits),
            other => other,
        };
        drop(store);
        ran
    }

    /// A fresh store with all its limits.
    async fn store(
        &self,
        engine: &StageEngine,
        order: &Order,
        session: &Arc<dyn Session>,
        facts: &Arc<Facts>,
    ) -> wasmtime::Result<Store<HostState>> {
        let limits = &order.limits;
        let uses_wasi = order.stage.contents.uses_wasi();
        let wasi = wasi_context(&**session, &order.notebook, uses_wasi)
            .await
            .map_err(|e: Error| wasmtime::Error::from_anyhow(e.into()))?;
        let manifest = &order.stage.contents.manifest;
        let reads = ReadGrants::new(manifest, order.reads.clone());
        let state = HostState {
            session: Arc::clone(session),
            cancel: order.cancel.clone(),
            facts: Arc::clone(facts),
            withheld: Arc::new(order.withheld.clone()),
            reads: Arc::new(reads),
            notebook: Arc::clone(&order.notebook),
            limits: limits.clone(),
            carried: 0,
            limiter: Limiter::new(limits.clone()),
            virtual_time: engine.flavour() == Flavour::EpochAndFuel,
            table: ResourceTable::new(),
            wasi,
            series: SensorSeries::default(),
            interrupted_after: self.interrupted_after,
        };
        let mut store = Store::new(engine.engine.get(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(usize::try_from(limits.call_bytes)?);
        store.set_max_component_handles(usize::try_from(limits.handles)?);
        store
            .data_mut()
            .table
            .set_max_capacity(usize::try_from(limits.handles)?);
        if engine.flavour() == Flavour::EpochAndFuel {
            store.set_fuel(limits.fuel)?;
        }
        store.set_epoch_deadline(1);
        let end = Arc::clone(&self.end);
        store.epoch_deadline_callback(move |store| {
            let within = store.data().within_calls();
            within.map_err(|limit| wasmtime::Error::from_anyhow(limit.into()))?;
            let state = store.data();
            if state.is_where_interrupted() {
                return Err(wasmtime::Error::from_anyhow(Over.into()));
            }
            // WASI's functions ask nobody whether the machine's time is over.
            if state.virtual_time && state.session.elapsed() >= state.facts.deadline {
                return Err(wasmtime::Error::from_anyhow(Over.into()));
            }
            let over = end.get().is_some_and(|end| Instant::now() >= end);
            if over && state.virtual_time && !state.cancel.is_cancelled() {
                let limit = too_long(&state.limits);
                return Err(wasmtime::Error::from_anyhow(limit.into()));
            }
            Ok(if over {
                UpdateDeadline::Interrupt
            } else {
                UpdateDeadline::Yield(1)
            })
        });
        Ok(store)
    }
}

/// A machine of virtual time whose time passes too slowly, or not at all.
fn too_long(limits: &Limits) -> LimitReached {
    let seconds = limits.wall_time;
    let detail =
        format!("the attempt took {seconds} s of the wall, and the machine's time is not over");
    LimitReached::new("wall-time", detail)
}

/// Instantiates the stage and calls it.
async fn call(stage: &LoadedStage, store: &mut Store<HostState>) -> Ran {
    let instance = match stage.pre.instantiate_async(&mut *store).await {
        Ok(instance) => instance,
        Err(error) => return Ran::Broke(error),
    };
    match instance.call_run(&mut *store).await {
        Ok(Ok(outcome)) => Ran::Outcome(hold(outcome, &stage.contents.manifest.rules)),
        Ok(Err(text)) => Ran::Error(text),
        Err(error) => Ran::Broke(error.context(Unreadable)),
    }
}

/// An outcome beyond its size is a limit reached.
fn within_size(held: super::outcome::Held, limits: &Limits) -> Ran {
    let (words, findings) = (
        (&held.message, &held.summary),
        (&held.measurements, &held.diagnoses),
    );
    let size = serde_json::to_vec(&(words, findings)).map_or(u64::MAX, |json| json.len() as u64);
    if size <= limits.outcome_bytes {
        return Ran::Outcome(held);
    }
    let detail = format!("{size} bytes of outcome, {} allowed", limits.outcome_bytes);
    let limit = LimitReached::new("outcome-bytes", detail);
    Ran::Broke(wasmtime::Error::from_anyhow(limit.into()))
}
