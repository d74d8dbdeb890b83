//! Who listens to a run, and who was heard: kept in memory, so that a heartbeat costs no write. What
//! was heard is written down in one go, some times a minute.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{broadcast, watch};
use vetting_protocol::{WireLine, WireSample};

use crate::cut;
use crate::lifecycle::Progress;

/// How many events a slow listener may lag behind.
const EVENTS: usize = 64;
/// How many lines or samples an event holds at most, and how many bytes of each text: with [`EVENTS`] of
/// them, a run that is watched holds some megabytes.
const ITEMS: usize = 100;
const LONGEST: usize = 500;
/// The longest words of an agent that are kept, in bytes.
pub(super) const LONGEST_WORDS: usize = 1000;

/// Something that happened to a run, for whoever looks on.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum LiveEvent {
    /// Its state, or what its agent does, has changed.
    Run {
        /// The state's word.
        state: String,
        /// What the agent does.
        words: String,
        /// How far the stage is.
        fraction: Option<f64>,
    },
    /// Log lines came.
    Lines {
        /// The first of them, with the heads of their texts.
        lines: Vec<WireLine>,
        /// How many more there were.
        more: usize,
    },
    /// Samples came.
    Samples {
        /// The first of them.
        samples: Vec<WireSample>,
        /// How many more there were.
        more: usize,
    },
}

impl LiveEvent {
    /// An event of lines, of bounded size.
    pub(super) fn of_lines(lines: &[WireLine]) -> Self {
        let head = |text: &str| cut::head(text, LONGEST).into_owned();
        LiveEvent::Lines {
            lines: lines
                .iter()
                .take(ITEMS)
                .map(|line| WireLine {
                    ts: head(&line.ts),
                    stage: line.stage.as_deref().map(head),
                    text: head(&line.text),
                    ..*line
                })
                .collect(),
            more: lines.len().saturating_sub(ITEMS),
        }
    }

    /// An event of samples, of bounded size.
    pub(super) fn of_samples(samples: &[WireSample]) -> Self {
        let head = |text: &str| cut::head(text, LONGEST).into_owned();
        LiveEvent::Samples {
            samples: samples
                .iter()
                .take(ITEMS)
                .map(|sample| WireSample {
                    ts: head(&sample.ts),
                    kind: head(&sample.kind),
                    key: head(&sample.key),
                    unit: head(&sample.unit),
                    ..*sample
                })
                .collect(),
            more: samples.len().saturating_sub(ITEMS),
        }
    }
}

/// What was last heard of a run's agent.
#[derive(Clone, Debug)]
pub struct Presence {
    /// When, by this process's clock.
    pub at: Instant,
    /// When, by the calendar.
    pub time: String,
    /// The claim under which it spoke.
    pub epoch: u64,
    /// What it said.
    pub words: String,
    /// How far its stage is.
    pub fraction: Option<f64>,
    /// Whether that is written down.
    written: bool,
}

impl Presence {
    /// Whether it was heard longer ago than that, and is written down.
    fn is_past(&self, silence: Duration) -> bool {
        self.written && self.at.elapsed() > silence
    }
}

#[derive(Debug)]
struct Channel {
    /// Rings when a directive is given, or the run is claimed anew.
    bell: watch::Sender<u64>,
    events: broadcast::Sender<LiveEvent>,
    presence: Option<Presence>,
    at: Option<Place>,
    /// Whether something was dropped that the state does not know of yet.
    dropped: bool,
    /// Since when this process has seen that nobody claimed it.
    unclaimed: Option<Instant>,
}

/// The attempt at which a run is.
#[derive(Debug)]
struct Place {
    stage: String,
    attempt: u32,
    /// When it came there, where this process saw it come.
    since: Option<Instant>,
}

impl Default for Channel {
    fn default() -> Self {
        Channel {
            bell: watch::Sender::new(0),
            events: broadcast::Sender::new(EVENTS),
            presence: None,
            at: None,
            dropped: false,
            unclaimed: None,
        }
    }
}

impl Channel {
    /// Notes at which attempt the run is; `seen`: it came there just now.
    fn comes_to(&mut self, stage: &str, attempt: u32, seen: bool) {
        let same = |at: &Place| at.stage == stage && at.attempt == attempt;
        if !self.at.as_ref().is_some_and(same) {
            self.at = Some(Place {
                stage: stage.to_owned(),
                attempt,
                since: seen.then(Instant::now),
            });
        }
    }
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Live {
    channels: Mutex<BTreeMap<String, Channel>>,
}

impl Live {
    fn channels(&self) -> MutexGuard<'_, BTreeMap<String, Channel>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A bell that rings from now on.
    pub fn bell(&self, run: &str) -> watch::Receiver<u64> {
        let mut channels = self.channels();
        channels.entry(run.to_owned()).or_default().bell.subscribe()
    }

    /// The events from now on.
    pub fn watch(&self, run: &str) -> broadcast::Receiver<LiveEvent> {
        let mut channels = self.channels();
        channels
            .entry(run.to_owned())
            .or_default()
            .events
            .subscribe()
    }

    /// The run has changed: heartbeats that wait are answered, onlookers told.
    pub fn changed(&self, run: &str, progress: &Progress) {
        let mut channels = self.channels();
        let channel = channels.entry(run.to_owned()).or_default();
        channel.bell.send_modify(|rings| *rings += 1);
        if let Some(stage) = progress.current() {
            let seen = channel.at.is_some();
            channel.comes_to(&stage.name, stage.attempt, seen);
        }
        let event = LiveEvent::Run {
            state: progress.state.to_string(),
            words: progress.place(),
            fraction: None,
        };
        // Nobody looking on is no error.
        let _nobody = channel.events.send(event);
    }

    /// The run is claimed for the first time: its first attempt begins now.
    pub fn begins(&self, run: &str, progress: &Progress) {
        let mut channels = self.channels();
        let channel = channels.entry(run.to_owned()).or_default();
        if let Some(stage) = progress.current() {
            channel.comes_to(&stage.name, stage.attempt, true);
        }
    }

    /// For how long this process has seen that nobody claims a run: an orchestrator that did not run
    /// could not be asked.
    pub fn unclaimed_for(&self, run: &str) -> Duration {
        let mut channels = self.channels();
        let channel = channels.entry(run.to_owned()).or_default();
        channel.unclaimed.get_or_insert_with(Instant::now).elapsed()
    }

    /// Since when a run is at an attempt, where this process saw it come there.
    pub fn entered(&self, run: &str, stage: &str, attempt: u32) -> Option<Instant> {
        let channels = self.channels();
        let at = channels.get(run)?.at.as_ref()?;
        at.since
            .filter(|_| at.stage == stage && at.attempt == attempt)
    }

    /// Tells onlookers of something.
    pub fn tell(&self, run: &str, event: LiveEvent) {
        if let Some(channel) = self.channels().get(run) {
            let _nobody = channel.events.send(event);
        }
    }

    /// Whether somebody looks on.
    pub fn is_watched(&self, run: &str) -> bool {
        let channels = self.channels();
        let channel = channels.get(run);
        channel.is_some_and(|channel| channel.events.receiver_count() > 0)
    }

    /// Notes that something of a run was dropped; whether that is news.
    pub fn dropped(&self, run: &str) -> bool {
        let mut channels = self.channels();
        let channel = channels.entry(run.to_owned()).or_default();
        !std::mem::replace(&mut channel.dropped, true)
    }

    /// The runs of which something was dropped since this was last asked.
    pub fn take_dropped(&self) -> Vec<String> {
        let mut channels = self.channels();
        let dropped = channels.iter_mut().filter(|(_, channel)| channel.dropped);
        let taken = dropped.map(|(run, channel)| {
            channel.dropped = false;
            run.clone()
        });
        taken.collect()
    }

    /// Notes that a run's agent was heard.
    pub fn heard(&self, run: &str, epoch: u64, mut words: String, fraction: Option<f64>) {
        cut::to_head(&mut words, LONGEST_WORDS);
        let mut channels = self.channels();
        let channel = channels.entry(run.to_owned()).or_default();
        channel.presence = Some(Presence {
            at: Instant::now(),
            time: crate::store::now(),
            epoch,
            words,
            fraction,
            written: false,
        });
    }

    /// What was last heard of a run's agent.
    pub fn presence(&self, run: &str) -> Option<Presence> {
        self.channels().get(run)?.presence.clone()
    }

    /// What was heard and is not written down yet.
    pub fn unwritten(&self) -> Vec<(String, Presence)> {
        let channels = self.channels();
        let heard = channels
            .iter()
            .filter_map(|(run, channel)| Some((run.clone(), channel.presence.clone()?)));
        heard.filter(|(_, presence)| !presence.written).collect()
    }

    /// These are written down. Who was heard again since is not.
    pub fn written(&self, heard: &[(String, Presence)]) {
        let mut channels = self.channels();
        for (run, written) in heard {
            let presence = channels.get_mut(run).and_then(|c| c.presence.as_mut());
            if let Some(presence) = presence.filter(|presence| presence.at == written.at) {
                presence.written = true;
            }
        }
    }

    /// Forgets the runs that are over, whose agents have been silent for that long with their last
    /// words written down, and to which nobody listens.
    pub fn forget(&self, silence: Duration, is_over: impl Fn(&str) -> bool) {
        self.channels().retain(|run, channel| {
            let silent = channel.presence.as_ref().is_none_or(|p| p.is_past(silence));
            let listeners = channel.bell.receiver_count() + channel.events.receiver_count();
            !silent || listeners > 0 || channel.dropped || !is_over(run)
        });
    }

    /// How many runs are remembered.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.channels().len()
    }
}
