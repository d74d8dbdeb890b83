//! A recording that was read.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use super::RecordingError;
use super::format::{Ask, Begin, Cancelled, Close, End, Entry, Header, Verdict};
use super::reader::{Bounds, Next, Reader};
use crate::{Answer, Reason};

/// A recording, all of it in memory.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What was recorded, and on what.
    pub header: Header,
    /// Every session in the order of their beginnings, those that only looked on included.
    pub sessions: Vec<AttemptRecording>,
    /// The last line; `None`: it is cut short.
    closed: Option<Close>,
}

/// One session.
#[derive(Clone, Debug)]
pub struct AttemptRecording {
    /// What it was begun with.
    pub begin: Begin,
    /// What was asked and answered, in order.
    pub exchanges: Vec<Exchange>,
    /// How it was cancelled, if it was, and how many exchanges were begun by then.
    pub cancelled: Option<(Cancelled, usize)>,
    /// Its end; `None`: the run ended before it did.
    pub end: Option<End>,
    /// What it came to.
    pub verdict: Option<Verdict>,
}

/// A question and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The question.
    pub ask: Ask,
    /// The answer, and when it came in nanoseconds; `None`: nobody waited for it any more, or the run
    /// ended before it.
    pub answer: Option<(Answer, u64)>,
}

impl AttemptRecording {
    pub(super) fn new(begin: Begin) -> Self {
        AttemptRecording {
            begin,
            exchanges: Vec::new(),
            cancelled: None,
            end: None,
            verdict: None,
        }
    }

    /// Whether its hard end interrupted it.
    pub fn was_interrupted(&self) -> bool {
        self.verdict.as_ref().is_some_and(|v| v.interrupted)
    }
}

impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// When it is no recording, one of another format, or was changed. One that is cut short behind its
    /// header is read as far as it goes: see [`Recording::cut_short`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let file = std::fs::File::open(path).map_err(RecordingError::Io)?;
        Self::read(file, Bounds::default())
    }

    /// Reads whatever bytes, within bounds.
    ///
    /// # Errors
    ///
    /// As [`Recording::open`].
    pub fn read(bytes: impl Read, bounds: Bounds) -> Result<Self, RecordingError> {
        let mut reader = Reader::new(bytes, bounds)?;
        let header = match reader.next()? {
            Next::Entry(Entry::Header(header)) => *header,
            Next::Entry(_) => {
                let why = "its first line is no header".to_owned();
                return Err(RecordingError::NotARecording(why));
            }
            Next::Edited => {
                let place = " (its header)".to_owned();
                return Err(RecordingError::Edited { line: 1, place });
            }
            Next::End | Next::Cut => return Err(RecordingError::NoHeader),
        };
        let mut gathered = Gathered {
            recording: Recording {
                header,
                sessions: Vec::new(),
                closed: None,
            },
            streams: BTreeMap::new(),
        };
        loop {
            match reader.next()? {
                Next::Entry(entry) => {
                    let taken = gathered.take(entry);
                    taken.map_err(|reason| reader.malformed(reason))?;
                }
                Next::Edited => {
                    return Err(RecordingError::Edited {
                        line: reader.line,
                        place: gathered.recording.place(),
                    });
                }
                Next::End | Next::Cut => return Ok(gathered.recording),
            }
        }
    }

    /// The attempts, in the order of their beginnings, without the sessions that only looked on.
    pub fn attempts(&self) -> impl DoubleEndedIterator<Item = &AttemptRecording> {
        self.sessions.iter().filter(|session| !session.begin.beside)
    }

    /// The stages that were to run or did, each once, in order.
    pub fn stages(&self) -> Vec<String> {
        let planned = self.header.stages.iter().map(|planned| &planned.stage);
        let begun = self.attempts().map(|attempt| &attempt.begin.stage);
        let mut stages: Vec<String> = Vec::new();
        for stage in planned.chain(begun) {
            if !stages.contains(stage) {
                stages.push(stage.clone());
            }
        }
        stages
    }

    /// The error of asking for a stage that it does not have.
    pub fn no_stage(&self, stage: &str) -> RecordingError {
        RecordingError::NoStage {
            stage: stage.to_owned(),
            known_stages: self.stages(),
        }
    }

    /// The last attempt of a stage.
    pub fn attempt(&self, stage: &str) -> Option<&AttemptRecording> {
        self.attempts().rev().find(|a| a.begin.stage == stage)
    }

    /// The parameters that a stage was to run with or ran with, the secret ones blanked.
    pub fn parameters(&self, stage: &str) -> Option<&serde_json::Value> {
        let attempt = self.attempt(stage);
        let ran = attempt.map(|attempt| &attempt.begin.particulars.parameters);
        let planned = self.header.stages.iter().find(|p| p.stage == stage);
        ran.or(planned.map(|planned| &planned.parameters))
    }

    /// The digest of the component that a stage ran from.
    pub fn digest(&self, stage: &str) -> Option<&str> {
        let attempt = self.attempt(stage);
        let ran = attempt.map(|attempt| attempt.begin.particulars.digest.as_str());
        let planned = self.header.stages.iter().find(|p| p.stage == stage);
        ran.or(planned.map(|planned| planned.digest.as_str()))
    }

    /// Why the run was cancelled, if it was.
    pub fn cancelled(&self) -> Option<&Reason> {
        self.closed.as_ref()?.cancelled.as_ref()
    }

    /// Where it ends, in a sentence, if it is cut short: the run that was recorded was killed, or its
    /// host went down, or the file is not whole.
    pub fn cut_short(&self) -> Option<String> {
        if self.closed.is_some() {
            return None;
        }
        let place = self.place();
        Some(format!("the recording is cut short{place}"))
    }

    /// Where its last line is in the run: ` after exchange 7 of SMART (hwmon.read)`.
    fn place(&self) -> String {
        let Some(attempt) = self.attempts().next_back() else {
            return " before its first attempt".to_owned();
        };
        let stage = &attempt.begin.stage;
        match (attempt.exchanges.last(), &attempt.end) {
            (_, Some(_)) => format!(" after the end of {stage}"),
            (None, None) => format!(" at the beginning of {stage}"),
            (Some(exchange), None) => {
                let (n, function) = (exchange.ask.n, exchange.ask.request.function());
                match exchange.answer {
                    Some(_) => format!(" after exchange {n} of {stage}, `{function}`"),
                    None => {
                        format!(" at exchange {n} of {stage}, `{function}`, which has no answer")
                    }
                }
            }
        }
    }
}

/// A recording while it is read.
struct Gathered {
    recording: Recording,
    /// From a session's number to its place, while it lasts.
    streams: BTreeMap<u32, usize>,
}

impl Gathered {
    fn take(&mut self, entry: Entry) -> Result<(), &'static str> {
        if self.recording.closed.is_some() {
            return Err("it comes after the closing line");
        }
        match entry {
            Entry::Header(_) => return Err("there is a header already"),
            Entry::Begin(begin) => {
                let (stream, place) = (begin.stream, self.recording.sessions.len());
                if self.streams.insert(stream, place).is_some() {
                    return Err("that session has begun already");
                }
                let session = AttemptRecording::new(*begin);
                self.recording.sessions.push(session);
            }
            Entry::Ask(ask) => {
                let session = self.session(ask.stream)?;
                if ask.n != session.exchanges.len() as u64 + 1 {
                    return Err("the exchange's number is not the next");
                }
                let answer = None;
                session.exchanges.push(Exchange { ask, answer });
            }
            Entry::Answer(answered) => {
                let answer = answered.answer().ok_or("it holds no answer")?;
                let session = self.session(answered.stream)?;
                let place = usize::try_from(answered.n)
                    .ok()
                    .and_then(|n| n.checked_sub(1));
                let exchange = place.and_then(|place| session.exchanges.get_mut(place));
                let exchange = exchange.ok_or("nothing was asked that it answers")?;
                if exchange.answer.is_some() {
                    return Err("that exchange was answered already");
                }
                exchange.answer = Some((answer, answered.at_ns));
            }
            Entry::Abandon(abandoned) => {
                let session = self.session(abandoned.stream)?;
                if abandoned.n == 0 || abandoned.n > session.exchanges.len() as u64 {
                    return Err("nothing was asked that it gives up");
                }
            }
            Entry::Cancel(cancelled) => {
                let session = self.session(cancelled.stream)?;
                let by_then = session.exchanges.len();
                session.cancelled.get_or_insert((cancelled, by_then));
            }
            Entry::End(end) => {
                let stream = end.stream;
                self.session(stream)?.end = Some(end);
                self.streams.remove(&stream);
            }
            Entry::Verdict(verdict) => {
                let mut sessions = self.recording.sessions.iter_mut().rev();
                let session = sessions.find(|s| {
                    !s.begin.beside
                        && s.begin.stage == verdict.stage
                        && s.begin.number == verdict.attempt
                });
                session
                    .ok_or("no attempt has begun that it judges")?
                    .verdict = Some(verdict);
            }
            Entry::Close(close) => self.recording.closed = Some(close),
        }
        Ok(())
    }

    fn session(&mut self, stream: u32) -> Result<&mut AttemptRecording, &'static str> {
        let place = self.streams.get(&stream).copied();
        let session = place.and_then(|place| self.recording.sessions.get_mut(place));
        session.ok_or("that session has not begun, or has ended")
    }
}
