//! The heartbeat: tells where the agent is, and brings directives. Its answer is held back by the
//! orchestrator until there is something to do, so that a click lands at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use vetting_protocol::{
    Directive, DirectiveAnswer, DirectiveStatus, Heartbeat, HeartbeatAnswer, Periods, State,
};
use vetting_transport::CallError;

use super::link::Link;
use crate::engine::Notebook;

/// How much longer than its answer is held back a heartbeat may take.
const MORE: Duration = Duration::from_secs(5);
/// How soon a heartbeat follows another at most.
const BREATH: Duration = Duration::from_millis(200);

/// The shortest and the longest period, whatever the orchestrator asks for: no agent is to turn in
/// circles, or to fall silent.
const SHORTEST_MS: u64 = 50;
const LONGEST_MS: u64 = 5 * 60 * 1000;

/// What the walk is told.
#[derive(Debug)]
pub(super) enum Signal {
    /// An operator wants something.
    Directive(Box<Directive>),
    /// The orchestrator does not take this agent's calls any more.
    Refused(CallError),
}

/// What the heartbeat tells: shared with the walk, which changes it.
pub(super) struct Status {
    inner: Mutex<Inner>,
    changed: Notify,
}

struct Inner {
    state: State,
    work: Option<(String, u32, Arc<Notebook>)>,
    answers: Vec<DirectiveAnswer>,
    periods: Periods,
}

impl Status {
    pub fn new(periods: Periods) -> Self {
        Status {
            inner: Mutex::new(Inner {
                state: State::Stage(String::new()),
                work: None,
                answers: Vec::new(),
                periods,
            }),
            changed: Notify::new(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the agent is now.
    pub fn is(&self, state: &State, work: Option<(String, u32, Arc<Notebook>)>) {
        let mut inner = self.inner();
        inner.state = state.clone();
        inner.work = work;
        drop(inner);
        self.changed.notify_one();
    }

    /// What became of a directive.
    pub fn answer(&self, id: &str, status: DirectiveStatus, reason: Option<String>) {
        let id = id.to_owned();
        self.inner()
            .answers
            .push(DirectiveAnswer { id, status, reason });
        self.changed.notify_one();
    }

    /// How often what is done, within reason.
    pub fn periods(&self) -> Periods {
        let asked = self.inner().periods;
        let sane = |ms: u64| ms.clamp(SHORTEST_MS, LONGEST_MS);
        Periods {
            heartbeat_ms: sane(asked.heartbeat_ms),
            sensor_ms: sane(asked.sensor_ms),
            log_ms: sane(asked.log_ms),
        }
    }

    fn beat(&self, epoch: u64, wait: Duration) -> Heartbeat {
        let inner = self.inner();
        let live = inner.work.as_ref().map(|(.., notebook)| notebook.live());
        Heartbeat {
            epoch,
            state: inner.state.clone(),
            stage: inner.work.as_ref().map(|(stage, ..)| stage.clone()),
            attempt: inner.work.as_ref().map(|(_, attempt, _)| *attempt),
            fraction: live.as_ref().map(|live| live.fraction),
            note: live.map(|live| live.note),
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            directive_answers: inner.answers.clone(),
        }
    }

    /// The first so many answers have arrived.
    fn arrived(&self, count: usize, periods: Option<Periods>) {
        let mut inner = self.inner();
        inner.answers.drain(..count);
        inner.periods = periods.unwrap_or(inner.periods);
    }

    /// Delivers one heartbeat now, without waiting for directives: the last words.
    pub async fn last_words(&self, link: &Link, epoch: u64) -> Result<(), CallError> {
        let beat = self.beat(epoch, Duration::ZERO);
        let count = beat.directive_answers.len();
        let _answer: HeartbeatAnswer = link.post("heartbeat", &beat, MORE).await?;
        self.arrived(count, None);
        Ok(())
    }
}

/// Beats until this is dropped.
pub(super) async fn beat(
    status: Arc<Status>,
    link: Arc<Link>,
    epoch: u64,
    signals: mpsc::Sender<Signal>,
) {
    let mut seen = BTreeSet::new();
    let mut back_off = link.back_off();
    loop {
        let period = Duration::from_millis(status.periods().heartbeat_ms);
        let beat = status.beat(epoch, period);
        let count = beat.directive_answers.len();
        let call = link.post::<_, HeartbeatAnswer>("heartbeat", &beat, period + MORE);
        // Something to tell ends the waiting; the answer that is lost by that comes again.
        let answer = tokio::select! {
            answer = call => answer,
            () = told(&status, count) => continue,
        };
        match answer {
            Ok(answer) => {
                back_off = link.back_off();
                status.arrived(count, answer.periods);
                let waiting = !answer.directives.is_empty();
                for directive in answer.directives {
                    if seen.insert(directive.id.clone()) {
                        status.answer(&directive.id, DirectiveStatus::Received, None);
                        // The walk has ended: so does this.
                        if signals
                            .send(Signal::Directive(Box::new(directive)))
                            .await
                            .is_err()
                        {
                            return;
                        }
                    }
                }
                // Directives that wait are answered at once: do not ask in circles.
                let pause = if waiting {
                    period.min(Duration::from_secs(1))
                } else {
                    BREATH
                };
                let _over = tokio::time::timeout(pause, status.changed.notified()).await;
            }
            Err(error) if error.is_answer() => {
                if signals.send(Signal::Refused(error)).await.is_err() {
                    return;
                }
                let _over = tokio::time::timeout(period, status.changed.notified()).await;
            }
            Err(error) => {
                tracing::debug!("no heartbeat: {error}");
                back_off.wait(&error).await;
            }
        }
    }
}

/// Ends when there is an answer to a directive that the beat on its way does not carry.
async fn told(status: &Status, carried: usize) {
    loop {
        status.changed.notified().await;
        if status.inner().answers.len() > carried {
            tokio::time::sleep(Duration::from_millis(10)).await;
            return;
        }
    }
}
