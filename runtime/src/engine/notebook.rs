//! What an attempt leaves behind: progress, log, series, attachments, denials. It lives beside the
//! store, so that it can be read while the guest works and after it is gone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vetting_machine::contract::types::Error;
use vetting_protocol::{AttachmentRecord, Denial, Level, LogLine, Series, printable};
use vetting_report::{Place, SeriesSet};

use super::Limits;

/// The longest log line that is kept, in bytes.
const MAX_LINE: usize = 8 * 1024;
/// The longest name of an attachment, in bytes.
const MAX_NAME: usize = 100;
/// The most different denials that are kept; those beyond are counted as one. A reason may name what
/// the stage asked for, so that a stage can make as many as it likes.
const MAX_DENIALS: usize = 100;
/// The prefix by which the SDK marks a panic.
const PANIC: &str = "panic: ";

/// What somebody who watches an attempt wants to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    /// How far it is, from 0 to 1.
    pub fraction: f64,
    /// What it is doing.
    pub note: String,
    /// The newest log line.
    pub last_line: Option<(Level, String)>,
}

/// What the finished record takes over.
#[derive(Debug, Default)]
pub struct Leavings {
    pub log: Vec<LogLine>,
    pub log_dropped: u64,
    pub series: Vec<Series>,
    pub samples_dropped: u64,
    pub attachments: Vec<AttachmentRecord>,
    pub denials: Vec<Denial>,
    pub host_calls: u64,
    /// The last panic that the guest's SDK told of.
    pub panic: Option<String>,
}

#[derive(Debug, Default)]
struct Pages {
    live: Live,
    now: Duration,
    log: Vec<LogLine>,
    log_bytes: u64,
    log_dropped: u64,
    series: SeriesSet,
    samples: u64,
    samples_dropped: u64,
    attachments: Vec<AttachmentRecord>,
    attachment_bytes: u64,
    denials: BTreeMap<(String, String), u64>,
    host_calls: u64,
    panic: Option<String>,
}

impl Pages {
    fn place(&mut self, limits: &Limits, kind: &str, key: &str, unit: &str) -> Option<Place> {
        let (kind, key, unit) = (clean(kind), clean(key), clean(unit));
        let known = self.series.place(&kind, &key);
        known.or_else(|| {
            let room = (self.series.len() as u64) < limits.series;
            room.then(|| self.series.begin(&kind, &key, &unit))
        })
    }
}

/// Somebody who is told of lines and points as they are written down.
pub trait Tap: Send + Sync {
    /// A log line.
    fn line(&self, level: Level, text: &str);
    /// A point of a series.
    fn sample(&self, kind: &str, key: &str, unit: &str, value: f64);
}

/// One attempt's notebook.
pub struct Notebook {
    limits: Limits,
    tap: Option<std::sync::Arc<dyn Tap>>,
    pages: Mutex<Pages>,
}

impl Notebook {
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        Notebook {
            limits,
            tap: None,
            pages: Mutex::default(),
        }
    }

    /// An empty one that somebody listens to.
    pub fn tapped(limits: Limits, tap: std::sync::Arc<dyn Tap>) -> Self {
        Notebook {
            tap: Some(tap),
            ..Notebook::new(limits)
        }
    }

    /// A panic elsewhere leaves the pages whole: each change to them is complete in itself.
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be seen of it now.
    pub fn live(&self) -> Live {
        self.pages().live.clone()
    }

    /// Counts a host call.
    pub fn count_call(&self) {
        self.pages().host_calls += 1;
    }

    /// How many host calls there were.
    pub fn calls(&self) -> u64 {
        self.pages().host_calls
    }

    /// Notes how far the stage is.
    pub fn progress(&self, fraction: f64, note: &str) {
        let mut pages = self.pages();
        pages.live.fraction = fraction;
        pages.live.note = printable(note);
    }

    /// Writes a log line at a time since the attempt began.
    pub fn log(&self, at: Duration, level: Level, text: &str) {
        self.pages().now = at;
        self.log_now(level, text);
    }

    /// Writes a log line at the time of the last one.
    pub fn log_now(&self, level: Level, text: &str) {
        let mut pages = self.pages();
        let text = printable(&text[..text.floor_char_boundary(MAX_LINE)]);
        if let Some(panic) = text.strip_prefix(PANIC) {
            pages.panic = Some(panic.to_owned());
        }
        let bytes = pages.log_bytes + text.len() as u64;
        if pages.log.len() as u64 >= self.limits.log_lines || bytes > self.limits.log_bytes {
            pages.log_dropped += 1;
            return;
        }
        pages.log_bytes = bytes;
        pages.live.last_line = Some((level, text.clone()));
        if let Some(tap) = &self.tap {
            tap.line(level, &text);
        }
        let at_ns = u64::try_from(pages.now.as_nanos()).unwrap_or(u64::MAX);
        pages.log.push(LogLine { at_ns, level, text });
    }

    /// The place of a series, which is begun where there is none. None beyond the attempt's limit.
    pub fn series(&self, kind: &str, key: &str, unit: &str) -> Option<Place> {
        self.pages().place(&self.limits, kind, key, unit)
    }

    /// Adds a point to a series.
    pub fn sample(&self, at: Duration, kind: &str, key: &str, unit: &str, value: f64) {
        let mut pages = self.pages();
        let place = match value.is_finite() {
            true => pages.place(&self.limits, kind, key, unit),
            false => None,
        };
        self.push(&mut pages, at, place, value);
    }

    /// Adds a point to each of several series.
    pub fn sample_all(&self, at: Duration, points: impl Iterator<Item = (Option<Place>, f64)>) {
        let mut pages = self.pages();
        for (place, value) in points {
            self.push(&mut pages, at, place, value);
        }
    }

    /// Adds a point, or counts it as dropped.
    fn push(&self, pages: &mut Pages, at: Duration, place: Option<Place>, value: f64) {
        let full = pages.samples >= self.limits.samples;
        let place = place.filter(|_| value.is_finite() && !full);
        let at_ns = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        let pushed = place.and_then(|place| pages.series.push(place, at_ns, value));
        match (pushed, &self.tap) {
            (Some((kind, key, unit)), Some(tap)) => tap.sample(kind, key, unit, value),
            (Some(_), None) => {}
            (None, _) => {
                pages.samples_dropped += 1;
                return;
            }
        }
        pages.samples += 1;
    }

    /// Attaches a file.
    pub fn attach(&self, name: &str, media_type: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(plain) {
            let reason = "1 to 100 letters, digits, `.`, `_` or `-` are needed";
            return Err(Error::invalid("name", reason));
        }
        if media_type.len() > MAX_NAME {
            return Err(Error::invalid("media-type", "at most 100 bytes are kept"));
        }
        let mut pages = self.pages();
        if pages.attachments.iter().any(|a| a.name == name) {
            return Err(Error::invalid("name", format!("`{name}` is taken")));
        }
        let total = pages.attachment_bytes + bytes.len() as u64;
        if pages.attachments.len() as u64 >= self.limits.attachments
            || total > self.limits.attachment_bytes
        {
            return Err(Error::Denied(format!(
                "the limit of {} attachments or {} bytes of them would be passed",
                self.limits.attachments, self.limits.attachment_bytes
            )));
        }
        pages.attachment_bytes = total;
        let digest = vetting_component::digest(&bytes);
        let size = bytes.len() as u64;
        let (text, base64) = match String::from_utf8(bytes) {
            Ok(text) => (Some(text), None),
            Err(error) => (None, Some(STANDARD.encode(error.as_bytes()))),
        };
        pages.attachments.push(AttachmentRecord {
            name: name.to_owned(),
            media_type: printable(media_type),
            bytes: size,
            digest,
            text,
            base64,
        });
        Ok(())
    }

    /// Notes a denial.
    pub fn denied(&self, function: &str, reason: &str) {
        let mut key = (function.to_owned(), printable(reason));
        let denials = &mut self.pages().denials;
        if denials.len() >= MAX_DENIALS && !denials.contains_key(&key) {
            key = (
                "*".to_owned(),
                "further denials, each for another reason".to_owned(),
            );
        }
        *denials.entry(key).or_default() += 1;
    }

    /// Closes the notebook.
    pub fn leavings(&self) -> Leavings {
        let mut pages = std::mem::take(&mut *self.pages());
        if pages.log_dropped > 0 {
            let text = format!(
                "{} more log lines were dropped: the limit",
                pages.log_dropped
            );
            pages.log.push(LogLine {
                at_ns: u64::try_from(pages.now.as_nanos()).unwrap_or(u64::MAX),
                level: Level::Warn,
                text,
            });
        }
        let denial = |((function, reason), count)| Denial {
            function,
            reason,
            count,
        };
        Leavings {
            log: pages.log,
            log_dropped: pages.log_dropped,
            series: pages.series.finish(),
            samples_dropped: pages.samples_dropped,
            attachments: pages.attachments,
            denials: pages.denials.into_iter().map(denial).collect(),
            host_calls: pages.host_calls,
            panic: pages.panic,
        }
    }
}

/// The text itself where it has no control characters, as nearly all have none.
fn clean(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(printable(text)),
    }
}
