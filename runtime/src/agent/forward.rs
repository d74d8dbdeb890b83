//! Log lines and samples on their way to the orchestrator. Each kind has its own bounded queue;
//! while the orchestrator is away they wait, and what does not fit is dropped, the oldest first,
//! counted, and said in the log itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use vetting_protocol::{BatchAnswer, Level, LogBatch, SampleBatch, WireLine, WireSample};
use vetting_transport::CallError;

use super::link::Link;
use super::queue::Queue;
use crate::engine::Tap;

/// How long a delivery may take.
const CALL: Duration = Duration::from_secs(5);

/// The agent's journal: what it says goes to standard error and to the orchestrator.
pub(super) struct Journal {
    lines: Mutex<Queue<WireLine>>,
    samples: Mutex<Queue<WireSample>>,
}

impl Journal {
    pub fn new(most: usize) -> Self {
        Journal {
            lines: Mutex::new(Queue::new(most)),
            samples: Mutex::new(Queue::new(most)),
        }
    }

    /// Says something of the agent itself.
    pub fn say(&self, level: Level, text: &str) {
        match level {
            Level::Error | Level::Warn => tracing::warn!("{text}"),
            _ => tracing::info!("{text}"),
        }
        self.line(level, None, text);
    }

    pub fn line(&self, level: Level, stage: Option<&str>, text: &str) {
        let (ts, mono_ns) = now();
        lock(&self.lines).push(|seq| WireLine {
            seq,
            ts,
            mono_ns,
            level,
            stage: stage.map(str::to_owned),
            text: text.to_owned(),
        });
    }

    pub fn sample(&self, kind: &str, key: &str, unit: &str, value: f64) {
        // JSON has no other numbers.
        if !value.is_finite() {
            return;
        }
        let (ts, mono_ns) = now();
        lock(&self.samples).push(|seq| WireSample {
            seq,
            ts,
            mono_ns,
            kind: kind.to_owned(),
            key: key.to_owned(),
            value,
            unit: unit.to_owned(),
        });
    }

    /// Says how much was dropped since it was last said; whether there was anything to say.
    fn tell_dropped(&self) -> bool {
        let lines = lock(&self.lines).tell_dropped();
        let samples = lock(&self.samples).tell_dropped();
        let told = [(lines, "log lines"), (samples, "samples")];
        for (dropped, what) in told {
            if let Some((count, in_all)) = dropped {
                let text = format!(
                    "{count} {what} were dropped: the orchestrator did not take them in time \
                     ({in_all} since the claim)"
                );
                self.say(Level::Warn, &text);
            }
        }
        lines.or(samples).is_some()
    }

    /// Delivers everything that waits.
    pub async fn deliver(&self, link: &Link, epoch: u64) -> Result<(), CallError> {
        loop {
            drain(&self.lines, link, "log", |lines| LogBatch { epoch, lines }).await?;
            drain(&self.samples, link, "sensor", |samples| SampleBatch {
                epoch,
                samples,
            })
            .await?;
            if !self.tell_dropped() {
                return Ok(());
            }
        }
    }
}

/// Delivers a queue, batch after batch.
async fn drain<T: Clone, B: Serialize + Sync>(
    queue: &Mutex<Queue<T>>,
    link: &Link,
    name: &str,
    body: impl Fn(Vec<T>) -> B,
) -> Result<(), CallError> {
    loop {
        // The lock is not held while the batch is on its way.
        let Some(batch) = lock(queue).batch() else {
            return Ok(());
        };
        let answer: Result<BatchAnswer, _> = link.post(name, &body(batch), CALL).await;
        match answer {
            Ok(_) => lock(queue).stored(),
            Err(CallError::Refused {
                status: 413 | 422, ..
            }) => lock(queue).refused(),
            Err(error) => return Err(error),
        }
    }
}

/// Delivers now and then until this is dropped.
pub(super) async fn forward(
    journal: Arc<Journal>,
    link: Arc<Link>,
    epoch: u64,
    period: impl Fn() -> Duration,
) {
    let mut back_off = link.back_off();
    loop {
        tokio::time::sleep(period()).await;
        match journal.deliver(&link, epoch).await {
            Ok(()) => back_off = link.back_off(),
            Err(error) => {
                tracing::debug!("lines and samples wait: {error}");
                back_off.wait(&error).await;
            }
        }
    }
}

/// What a stage writes, handed on.
pub(super) struct StageTap {
    pub journal: Arc<Journal>,
    pub stage: String,
}

impl Tap for StageTap {
    fn line(&self, level: Level, text: &str) {
        self.journal.line(level, Some(&self.stage), text);
    }

    fn sample(&self, kind: &str, key: &str, unit: &str, value: f64) {
        let key = format!("{}/{key}", self.stage);
        self.journal.sample(kind, &key, unit, value);
    }
}

/// The calendar's time, and nanoseconds since the boot.
fn now() -> (String, u64) {
    let ts = format!("{:.9}", jiff::Timestamp::now());
    let mono = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
    let mono_ns = mono.map_or(0, |t| {
        let (seconds, nanoseconds) = (t.tv_sec().unsigned_abs(), t.tv_nsec().unsigned_abs());
        seconds * 1_000_000_000 + nanoseconds
    });
    (ts, mono_ns)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
