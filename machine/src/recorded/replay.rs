//! A machine that answers from a recording.
//!
//! Each attempt is given the answers that the last recorded attempt of its stage was given, in order.
//! Its time is that of the recording: it moves on with every answer, and the times beside log lines and
//! samples are those of then. What ended the attempt then ends it again: a cancellation counts from the
//! exchange that it came at, and where the hard end interrupted a guest it is interrupted, whatever the
//! wall's clock says now.
//!
//! A stage that asks for something else is told nothing more: the session halts, and says which
//! exchange it was. Giving back a run or a watch at another moment is no divergence.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use super::format::Begin;
use super::look::Look;
use super::recording::{AttemptRecording, Exchange};
use super::{Recording, divergence};
use crate::contract::context::NetworkPeer;
use crate::fault::{FaultState, Faults};
use crate::{
    Answer, Attempt, Cancel, Halt, Machine, MachineError, Reply, Request, Session, Terms, Time,
};

/// A machine that answers from a recording.
pub struct ReplayMachine {
    recording: Arc<Recording>,
    faults: Arc<Faults>,
}

impl ReplayMachine {
    /// The machine of a recording, with faults laid over some of its exchanges.
    pub fn new(recording: Recording, faults: Arc<Faults>) -> Self {
        ReplayMachine {
            recording: Arc::new(recording),
            faults,
        }
    }

    /// The recording.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }
}

#[async_trait]
impl Machine for ReplayMachine {
    fn name(&self) -> String {
        self.recording.header.machine.clone()
    }

    fn time(&self) -> Time {
        Time::Virtual
    }

    fn peer(&self) -> Option<NetworkPeer> {
        self.recording.header.peer.clone()
    }

    fn parameters(&self, stage: &str) -> Vec<(String, serde_json::Value)> {
        let parameters = self.recording.parameters(stage).and_then(|p| p.as_object());
        let each = parameters.into_iter().flatten();
        each.map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn terms(&self, stage: &str) -> Option<Terms> {
        let attempt = self.recording.attempt(stage)?;
        let begin = &attempt.begin;
        let interrupted = attempt.verdict.as_ref().filter(|v| v.interrupted);
        Some(Terms {
            number: begin.number,
            seed: begin.seed,
            deadline: Duration::from_nanos(begin.deadline_ns),
            grace: Duration::from_nanos(begin.grace_ns),
            peer: begin.peer.clone(),
            cpu_allowance: begin.cpu_allowance,
            memory_allowance_bytes: begin.memory_allowance_bytes,
            mandate: begin.mandate.clone(),
            withheld: begin.particulars.withheld.clone(),
            reads: begin.particulars.reads.clone(),
            interrupted_after: interrupted.map(|verdict| verdict.host_calls),
        })
    }

    fn seed(&self, _given: u64) -> Option<u64> {
        self.recording.header.seed
    }

    fn capacity(&self) -> (u32, u64) {
        let header = &self.recording.header;
        (header.cpus, header.memory_bytes)
    }

    fn is_live_image(&self) -> bool {
        self.recording.header.live_image
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        if attempt.beside {
            return Ok(Box::new(Look::new(Arc::clone(&self.recording))));
        }
        let stage = &attempt.stage;
        let recorded = match self.recording.attempt(stage) {
            Some(recorded) => recorded.clone(),
            // The run ended before its attempt began.
            None if self.recording.stages().contains(stage) => {
                AttemptRecording::new(Begin::of(&attempt, 0))
            }
            None => return Err(self.recording.no_stage(stage).into()),
        };
        Ok(Box::new(ReplaySession {
            recorded,
            virtual_time: self.recording.header.virtual_time,
            faults: Arc::clone(&self.faults),
            cancel: attempt.cancel,
            state: Mutex::default(),
            halt: OnceLock::new(),
            halted: CancellationToken::new(),
        }))
    }
}

struct ReplaySession {
    recorded: AttemptRecording,
    virtual_time: bool,
    faults: Arc<Faults>,
    cancel: Cancel,
    state: Mutex<State>,
    halt: OnceLock<Halt>,
    halted: CancellationToken,
}

#[derive(Default)]
struct State {
    /// The exchange that comes next, counted from 0.
    next: usize,
    /// How many of the times before it were given.
    stamps: usize,
    now: u64,
    faults: FaultState,
}

impl ReplaySession {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The answer; `None`: there is none, and whoever asked waits until the attempt is over.
    fn answer(&self, request: &Request) -> Option<Answer> {
        if self.halt.get().is_some() {
            return None;
        }
        let mut state = self.state();
        if request.is_drop() {
            return Some(self.give_back(&mut state, request));
        }
        while self
            .exchange(&state)
            .is_some_and(|e| e.ask.request.is_drop())
        {
            state.go_on();
        }
        let number = state.next as u64 + 1;
        let Some(exchange) = self.exchange(&state) else {
            let reason = divergence::beyond(number, request, &self.recorded);
            return self.diverged(number, reason);
        };
        if exchange.ask.request != *request {
            let reason = divergence::other(number, request, &exchange.ask.request);
            return self.diverged(number, reason);
        }
        state.go_on();
        let stage = &self.recorded.begin.stage;
        let plan = self.faults.plan(stage, &mut state.faults, number, request);
        match (&exchange.answer, plan.refusal()) {
            (answer, Some(error)) => {
                let at = answer.as_ref().map_or(exchange.ask.at_ns, |(_, at)| *at);
                state.now = state.now.max(at);
                Some(Err(error.clone()))
            }
            (Some((answer, at)), None) => {
                state.now = state.now.max(*at);
                Some(plan.give(&mut state.faults, request, answer.clone()))
            }
            // A guest that polls several waits goes on by another of them.
            (None, None) if state.next < self.recorded.exchanges.len() => None,
            (None, None) if self.recorded.was_interrupted() => self.halt(Halt::Interrupted),
            (None, None) => self.diverged(number, divergence::unanswered(number, request)),
        }
    }

    fn exchange(&self, state: &State) -> Option<&Exchange> {
        self.recorded.exchanges.get(state.next)
    }

    fn give_back(&self, state: &mut State, request: &Request) -> Answer {
        if let Some(exchange) = self.exchange(state)
            && exchange.ask.request == *request
        {
            let at = exchange.answer.as_ref().map(|(_, at)| *at);
            state.go_on();
            state.now = state.now.max(at.unwrap_or_default());
        }
        Ok(Reply::Done)
    }

    fn diverged(&self, exchange: u64, reason: String) -> Option<Answer> {
        self.halt(Halt::Diverged { exchange, reason })
    }

    fn halt(&self, halt: Halt) -> Option<Answer> {
        let _halted_already = self.halt.set(halt);
        self.halted.cancel();
        None
    }

    fn has_diverged(&self) -> bool {
        matches!(self.halt.get(), Some(Halt::Diverged { .. }))
    }

    /// What was recorded and not asked for again, in a sentence.
    fn not_asked(&self, state: &State) -> Option<String> {
        let left = self
            .recorded
            .exchanges
            .get(state.next..)
            .unwrap_or_default();
        let left: Vec<_> = left.iter().filter(|e| !e.ask.request.is_drop()).collect();
        let next = left.first()?;
        let function = next.ask.request.function();
        Some(format!(
            "the recording goes on: {} exchanges were not asked for, the next of them exchange {}, \
             `{function}`",
            left.len(),
            next.ask.n
        ))
    }
}

impl State {
    fn go_on(&mut self) {
        self.next += 1;
        self.stamps = 0;
    }
}

#[async_trait]
impl Session for ReplaySession {
    async fn call(&self, request: Request) -> Answer {
        match self.answer(&request) {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// On a machine of real time the deadline was the engine's to keep, which is told by how the
    /// attempt ended: the clock that the engine looks at never comes to it.
    fn elapsed(&self) -> Duration {
        let now = self.state().now;
        Duration::from_nanos(match self.virtual_time {
            true => now,
            false => now.min(self.recorded.begin.deadline_ns.saturating_sub(1)),
        })
    }

    fn stamp(&self) -> Duration {
        let mut state = self.state();
        let stamps = match (self.exchange(&state), &self.recorded.end) {
            (Some(exchange), _) => exchange.ask.stamps.as_slice(),
            (None, Some(end)) => end.stamps.as_slice(),
            (None, None) => &[],
        };
        if let Some(stamp) = stamps.get(state.stamps) {
            state.stamps += 1;
            state.now = state.now.max(*stamp);
        }
        Duration::from_nanos(state.now)
    }

    async fn halted(&self) -> Halt {
        self.halted.cancelled().await;
        // It was set before it was told.
        self.halt.get().cloned().unwrap_or(Halt::Interrupted)
    }

    async fn end(&self) -> Vec<String> {
        if self.has_diverged() || self.cancel.is_cancelled() {
            return Vec::new();
        }
        let state = self.state();
        if let Some((cancelled, by_then)) = &self.recorded.cancelled
            && state.next >= *by_then
        {
            self.cancel.cancel(cancelled.reason.clone());
        }
        if let Some(left) = self.not_asked(&state) {
            return vec![left];
        }
        let end = self.recorded.end.as_ref();
        end.map_or_else(Vec::new, |end| end.leftovers.clone())
    }
}
