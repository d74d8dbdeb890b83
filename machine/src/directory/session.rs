//! One attempt on a folder of evidence. Its clock is virtual: it moves by a little with every request and by
//! as much as a stage waits, and nothing else happens meanwhile. It stops once at the soft deadline, where
//! the session fires the attempt's cancellation, and never passes the deadline.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::evidence::{load, missing, not_run};
use super::folder::{Folder, KERNEL_LOG};
use crate::contract::clock::Instant;
use crate::contract::kernel_log::{Beginning, Entry};
use crate::contract::types::Error;
use crate::simulated::noise::Generator;
use crate::{Answer, Attempt, Reason, Reply, Request, Session, WatchId};

/// What a request costs of the clock: a look, and what only reads the clock or tidies up.
const LOOK: Duration = Duration::from_micros(200);
const NEXT_TO_NOTHING: Duration = Duration::from_micros(1);

/// Lines that a watch keeps, and that one call gives, by the contract.
const WATCH_LINES: usize = 10_000;
const AT_ONCE: usize = 2_000;

/// The most random bytes of one request, by the seam.
const MOST_RANDOM: u32 = 65_536;

/// One attempt.
pub struct DirectorySession {
    folder: Arc<Folder>,
    attempt: Attempt,
    state: Mutex<State>,
}

struct State {
    now: Duration,
    watches: BTreeMap<WatchId, Watch>,
    next_id: WatchId,
    random: Generator,
}

struct Watch {
    /// The first record that it has not given yet.
    next: usize,
    lost: u64,
    told_cancelled: bool,
}

impl DirectorySession {
    /// A session at the instant zero.
    pub fn new(folder: Arc<Folder>, attempt: Attempt) -> Self {
        let session = DirectorySession {
            folder,
            state: Mutex::new(State {
                now: Duration::ZERO,
                watches: BTreeMap::new(),
                next_id: 1,
                random: Generator::new(attempt.seed),
            }),
            attempt,
        };
        // A soft deadline of zero has come already.
        session.advance(Duration::ZERO);
        session
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        self.attempt.cancel.is_cancelled()
    }

    /// Moves the clock on by as much, up to the soft deadline, which cancels; from then on to the deadline.
    fn advance(&self, by: Duration) {
        let mut state = self.state();
        let deadline = self.attempt.deadline;
        let soft = self.attempt.soft_deadline.min(deadline);
        let target = state.now.saturating_add(by);
        if target >= soft && !self.is_cancelled() {
            state.now = soft.max(state.now);
            self.attempt.cancel.cancel(Reason::Deadline);
            return;
        }
        state.now = target.min(deadline).max(state.now);
    }

    fn open_watch(&self, begins: Beginning) -> Answer {
        let function = "kernel-log.open";
        let log = self.folder.log.as_ref();
        let log = log.ok_or_else(|| {
            let recorded = self.folder.absent(function, "");
            recorded.unwrap_or_else(|| {
                let remedy = format!("not in this evidence: add {KERNEL_LOG}");
                Error::Unavailable(missing("the kernel's log", &remedy))
            })
        })?;
        let mut state = self.state();
        let most = self.attempt.max_watches;
        if state.watches.len() >= most as usize {
            return Err(Error::too_many("watches may be open", most));
        }
        let excess = log.len().saturating_sub(WATCH_LINES);
        let (next, lost) = match begins {
            Beginning::Boot => (excess, excess as u64),
            Beginning::Now => (log.len(), 0),
        };
        let id = state.next_id;
        state.next_id = state.next_id.saturating_add(1);
        let watch = Watch {
            next,
            lost,
            told_cancelled: false,
        };
        state.watches.insert(id, watch);
        Ok(Reply::Watch(id))
    }

    fn watch_next(&self, id: WatchId, timeout: Duration) -> Answer {
        let records = self.records(id)?;
        if records.is_empty() && !self.is_cancelled() {
            // Nothing comes any more: the wait is passed over.
            self.advance(timeout);
            if self.is_cancelled() {
                self.records(id)?;
            }
        }
        Ok(Reply::KernelLog(records))
    }

    fn records(&self, id: WatchId) -> Result<Vec<Entry>, Error> {
        let mut state = self.state();
        let watch = state.watches.get_mut(&id);
        let watch = watch.ok_or_else(|| no_watch(id))?;
        if self.is_cancelled() && !watch.told_cancelled {
            watch.told_cancelled = true;
            return Err(Error::Cancelled);
        }
        let log = self.folder.log.as_deref().unwrap_or_default();
        let rest = log.get(watch.next..).unwrap_or_default();
        let records = rest.get(..AT_ONCE).unwrap_or(rest).to_vec();
        watch.next = watch.next.saturating_add(records.len());
        Ok(records)
    }

    fn wall(&self) -> Reply {
        let at = self.folder.taken.saturating_add(self.state().now);
        Reply::Wall(Instant {
            seconds: at.as_secs(),
            nanoseconds: at.subsec_nanos(),
        })
    }
}

fn no_watch(id: WatchId) -> Error {
    Error::invalid("watch", format!("no watch {id}"))
}

#[async_trait]
impl Session for DirectorySession {
    async fn call(&self, request: Request) -> Answer {
        self.advance(match request.is_always_answered() {
            true => NEXT_TO_NOTHING,
            false => LOOK,
        });
        let waits_for_records = matches!(request, Request::KernelLogNext { .. });
        if self.is_cancelled() && !request.is_always_answered() && !waits_for_records {
            return Err(Error::Cancelled);
        }
        if let Some(what) = load(&request) {
            return Err(not_run(what));
        }
        match request {
            Request::Monotonic => {
                let now = self.state().now.as_nanos();
                Ok(Reply::Monotonic(u64::try_from(now).unwrap_or(u64::MAX)))
            }
            Request::Wall => Ok(self.wall()),
            Request::Sleep { milliseconds } => {
                self.advance(Duration::from_millis(milliseconds));
                match self.is_cancelled() {
                    true => Err(Error::Cancelled),
                    false => Ok(Reply::Done),
                }
            }
            Request::Random { bytes } if bytes > MOST_RANDOM => {
                let reason = format!("at most {MOST_RANDOM} at a time");
                Err(Error::invalid("bytes", reason))
            }
            Request::Random { bytes } => {
                let bytes = self.state().random.bytes(bytes as usize);
                Ok(Reply::Random(bytes))
            }
            Request::KernelLogOpen { begins } => self.open_watch(begins),
            Request::KernelLogNext { watch, timeout_ms } => {
                self.watch_next(watch, Duration::from_millis(timeout_ms))
            }
            Request::KernelLogLost { watch } => {
                let state = self.state();
                let watch = state.watches.get(&watch).ok_or_else(|| no_watch(watch))?;
                Ok(Reply::Lost(watch.lost))
            }
            Request::KernelLogClose { watch } => {
                self.state().watches.remove(&watch);
                Ok(Reply::Done)
            }
            Request::RunNext { run, .. } | Request::RunStop { run } => {
                Err(Error::invalid("run", format!("no run {run}")))
            }
            Request::RunDrop { .. } => Ok(Reply::Done),
            looks => {
                let now = self.state().now;
                self.folder.answer(&looks, now).await
            }
        }
    }

    fn elapsed(&self) -> Duration {
        self.state().now
    }

    async fn end(&self) -> Vec<String> {
        self.state().watches.clear();
        Vec::new()
    }
}
