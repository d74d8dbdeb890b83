//! Log lines and samples on their way to the orchestrator. Each kind has its own bounded queue;
//! while the orchestrator is away they wait, and what does not fit is dropped, the oldest first,
//! counted, and said in the log itself.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use vetting_protocol::{BatchAnswer, Level, LogBatch, SampleBatch, WireLine, WireSample};
use vetting_transport::CallError;

use super::link::Link;
use crate::engine::Tap;

/// How many lines or samples go in one call.
const BATCH: usize = 500;
/// How long a delivery may take.
const CALL: Duration = Duration::from_secs(5);

/// A bounded queue of what is numbered.
struct Queue<T> {
    items: VecDeque<(u64, T)>,
    next: u64,
    dropped: u64,
    most: usize,
}

impl<T> Queue<T> {
    fn new(most: usize) -> Self {
        Queue {
            items: VecDeque::new(),
            next: 0,
            dropped: 0,
            most: most.max(1),
        }
    }

    fn push(&mut self, make: impl FnOnce(u64) -> T) {
        if self.items.len() >= self.most {
            self.items.pop_front();
            self.dropped += 1;
        }
        self.items.push_back((self.next, make(self.next)));
        self.next += 1;
    }

    fn delivered(&mut self, last: u64) {
        while self.items.front().is_some_and(|(seq, _)| *seq <= last) {
            self.items.pop_front();
        }
    }
}

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

    /// Says how much was dropped since it was last said.
    fn tell_dropped(&self) {
        let lines = std::mem::take(&mut lock(&self.lines).dropped);
        let samples = std::mem::take(&mut lock(&self.samples).dropped);
        for (count, what) in [(lines, "log lines"), (samples, "samples")] {
            if count > 0 {
                let text = format!("{count} {what} were dropped while the orchestrator was away");
                self.say(Level::Warn, &text);
            }
        }
    }

    /// Delivers everything that waits.
    pub async fn deliver(&self, link: &Link, epoch: u64) -> Result<(), CallError> {
        drain(&self.lines, link, "log", |lines| LogBatch { epoch, lines }).await?;
        drain(&self.samples, link, "sensor", |samples| SampleBatch {
            epoch,
            samples,
        })
        .await?;
        let dropped = lock(&self.lines).dropped + lock(&self.samples).dropped;
        if dropped > 0 {
            self.tell_dropped();
            return Box::pin(self.deliver(link, epoch)).await;
        }
        Ok(())
    }
}

/// Delivers a queue, batch after batch.
async fn drain<T: Clone, B: Serialize + Sync>(
    queue: &Mutex<Queue<T>>,
    link: &Link,
    name: &str,
    batch: impl Fn(Vec<T>) -> B,
) -> Result<(), CallError> {
    while let Some((last, items)) = front(queue) {
        let answer = link.post(name, &batch(items), CALL).await;
        settle(queue, last, answer)?;
    }
    Ok(())
}

/// The oldest of a queue, with the number of the last of them.
fn front<T: Clone>(queue: &Mutex<Queue<T>>) -> Option<(u64, Vec<T>)> {
    let queue = lock(queue);
    let (seqs, items): (Vec<_>, Vec<_>) = queue.items.iter().take(BATCH).cloned().unzip();
    Some((*seqs.last()?, items))
}

/// What was stored is forgotten; what the orchestrator will never take is dropped and counted.
fn settle<T>(
    queue: &Mutex<Queue<T>>,
    last: u64,
    answer: Result<BatchAnswer, CallError>,
) -> Result<(), CallError> {
    let mut queue = lock(queue);
    match answer {
        Ok(_) => queue.delivered(last),
        Err(CallError::Refused {
            status: 413 | 422, ..
        }) => {
            let before = queue.items.len();
            queue.delivered(last);
            queue.dropped += (before - queue.items.len()) as u64;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Delivers now and then until this is dropped.
pub(super) async fn forward(
    journal: Arc<Journal>,
    link: Arc<Link>,
    epoch: u64,
    period: impl Fn() -> Duration,
) {
    loop {
        tokio::time::sleep(period()).await;
        if let Err(error) = journal.deliver(&link, epoch).await {
            tracing::debug!("lines and samples wait: {error}");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_drops_the_oldest_and_counts_them() {
        let journal = Journal::new(3);
        for n in 0..5 {
            journal.line(Level::Info, None, &format!("line {n}"));
        }
        let (last, lines) = front(&journal.lines).expect("lines");
        assert_eq!(last, 4);
        let kept: Vec<u64> = lines.iter().map(|line| line.seq).collect();
        assert_eq!(kept, [2, 3, 4]);
        assert_eq!(lock(&journal.lines).dropped, 2);
        lock(&journal.lines).delivered(3);
        assert_eq!(front(&journal.lines).map(|(_, left)| left.len()), Some(1));
    }
}
