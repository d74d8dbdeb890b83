//! A machine that is recorded: each question and answer is written down as it passes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::format::{
    Abandoned, Answered, Ask, Begin, Cancelled, Close, End, Entry, Header, Verdict,
};
use super::scrub::Scrub;
use super::writer::Writer;
use super::{RecordingError, nanoseconds};
use crate::delegate::delegate_machine;
use crate::{
    Answer, Attempt, Cancel, Halt, Machine, MachineError, Reason, Reply, Request, Session,
};

/// Writes a recording. Clones write the same one.
#[derive(Clone)]
pub struct Recorder(Arc<Mutex<Recording>>);

struct Recording {
    path: PathBuf,
    /// Gone once it was closed or could not be written.
    writer: Option<Writer>,
    failed: Option<std::io::Error>,
    scrub: Scrub,
    streams: u32,
}

impl Recorder {
    /// Begins a recording in a file that is not there yet. `scrubbed`: whether serial numbers and
    /// addresses are replaced.
    ///
    /// # Errors
    ///
    /// When the file is there already, or cannot be written.
    pub fn create(path: &Path, header: Header, scrubbed: bool) -> Result<Self, RecordingError> {
        let writer = Writer::create(path, !header.virtual_time)?;
        let recorder = Recorder(Arc::new(Mutex::new(Recording {
            path: path.to_owned(),
            writer: Some(writer),
            failed: None,
            scrub: Scrub::new(scrubbed),
            streams: 0,
        })));
        let header = Header { scrubbed, ..header };
        recorder.recording().write(|scrub| {
            scrub
                .clean(header)
                .map(|header| Entry::Header(Box::new(header)))
        });
        Ok(recorder)
    }

    /// The same machine, recorded.
    pub fn machine(&self, machine: Arc<dyn Machine>) -> RecordedMachine {
        RecordedMachine {
            machine,
            recorder: self.clone(),
        }
    }

    /// Notes what an attempt came to.
    pub fn verdict(&self, verdict: Verdict) {
        let entry = |scrub: &mut Scrub| scrub.clean(verdict).map(Entry::Verdict);
        self.recording().write(entry);
    }

    /// Closes the recording. `cancelled`: why the run was, if it was.
    ///
    /// # Errors
    ///
    /// When something of it could not be written, now or earlier.
    pub fn close(&self, cancelled: Option<Reason>) -> Result<(), RecordingError> {
        let mut recording = self.recording();
        recording.write(|_| Some(Entry::Close(Close { cancelled })));
        let finished = recording.writer.take().map_or(Ok(()), Writer::finish);
        let failed = recording.failed.take().map_or(finished, Err);
        failed.map_err(|reason| RecordingError::Write {
            path: recording.path.clone(),
            reason,
        })
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    /// Writes a line. One that cannot be written ends the recording, which whoever closes it is told;
    /// the run goes on.
    fn write(&mut self, entry: impl FnOnce(&mut Scrub) -> Option<Entry>) {
        let Some(writer) = &mut self.writer else {
            return;
        };
        let written = match entry(&mut self.scrub) {
            Some(entry) => writer.write(&entry),
            None => Err(std::io::Error::other(
                "a line from which something had to be left out would not read back",
            )),
        };
        if let Err(error) = written {
            self.failed = Some(error);
            self.writer = None;
        }
    }

    fn begin(&mut self, attempt: &Attempt) -> u32 {
        let stream = self.streams;
        self.streams = self.streams.saturating_add(1);
        for secret in &attempt.particulars.secrets {
            self.scrub.secret(secret);
        }
        let begin = Begin::of(attempt, stream);
        self.write(|scrub| {
            scrub
                .clean(begin)
                .map(|begin| Entry::Begin(Box::new(begin)))
        });
        stream
    }
}

/// A machine that is recorded.
pub struct RecordedMachine {
    machine: Arc<dyn Machine>,
    recorder: Recorder,
}

#[async_trait]
impl Machine for RecordedMachine {
    delegate_machine!(machine);

    fn pace(&self) -> Option<f64> {
        self.machine.pace()
    }

    async fn begin(&self, attempt: Attempt) -> Result<Box<dyn Session>, MachineError> {
        let stream = self.recorder.recording().begin(&attempt);
        let cancel = attempt.cancel.clone();
        Ok(Box::new(RecordingSession {
            session: self.machine.begin(attempt).await?,
            recorder: self.recorder.clone(),
            stream,
            cancel,
            state: Mutex::default(),
        }))
    }
}

struct RecordingSession {
    session: Box<dyn Session>,
    recorder: Recorder,
    stream: u32,
    cancel: Cancel,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many exchanges there were.
    exchanges: u64,
    /// Times that were written down since the last question.
    stamps: Vec<u64>,
    /// Whether the cancellation was.
    cancelled: bool,
}

impl RecordingSession {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        nanoseconds(self.session.elapsed())
    }

    fn write(&self, entry: impl FnOnce(&mut Scrub) -> Option<Entry>) {
        self.recorder.recording().write(entry);
    }

    fn ask(&self, request: Request) -> u64 {
        let (stream, at_ns) = (self.stream, self.now());
        let mut state = self.state();
        state.exchanges = state.exchanges.saturating_add(1);
        let n = state.exchanges;
        let stamps = std::mem::take(&mut state.stamps);
        let ask = |request| {
            Entry::Ask(Ask {
                stream,
                n,
                at_ns,
                request,
                stamps,
            })
        };
        self.write(|scrub| scrub.clean(request).map(ask));
        n
    }

    /// An answer whose files have no identities, where they are to be replaced.
    fn without_identities(&self, request: &Request, mut answer: Answer) -> Answer {
        if let (Request::FilesRead { paths }, Ok(Reply::FilesContents(contents))) =
            (request, &mut answer)
        {
            self.recorder.recording().scrub.files(paths, contents);
        }
        answer
    }

    fn answered(&self, n: u64, answer: Answer) {
        let (stream, at_ns) = (self.stream, self.now());
        let answered = |answer| Entry::Answer(Box::new(Answered::of(stream, n, at_ns, answer)));
        self.write(|scrub| {
            let cleaned = match answer {
                Ok(reply) => scrub.clean(reply).map(Ok),
                Err(error) => scrub.clean(error).map(Err),
            };
            cleaned.map(answered)
        });
    }

    /// Writes the cancellation down once it has come.
    fn notice_cancel(&self) {
        let (Some(reason), Some(at)) = (self.cancel.reason(), self.cancel.at()) else {
            return;
        };
        if std::mem::replace(&mut self.state().cancelled, true) {
            return;
        }
        let ago = match self.is_virtual() {
            true => 0,
            false => nanoseconds(at.elapsed()),
        };
        let cancelled = Cancelled {
            stream: self.stream,
            at_ns: self.now().saturating_sub(ago),
            reason: reason.clone(),
        };
        self.write(|_| Some(Entry::Cancel(cancelled)));
    }

    fn is_virtual(&self) -> bool {
        self.recorder
            .recording()
            .writer
            .as_ref()
            .is_some_and(|w| !w.is_prompt())
    }
}

/// A question that waits for its answer.
struct Open<'a> {
    session: &'a RecordingSession,
    n: u64,
    answered: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.answered {
            let abandoned = Abandoned {
                stream: self.session.stream,
                n: self.n,
                at_ns: self.session.now(),
            };
            self.session.notice_cancel();
            self.session.write(|_| Some(Entry::Abandon(abandoned)));
        }
    }
}

#[async_trait]
impl Session for RecordingSession {
    async fn call(&self, request: Request) -> Answer {
        self.notice_cancel();
        let mut open = Open {
            n: self.ask(request.clone()),
            session: self,
            answered: false,
        };
        let answer = self.session.call(request.clone()).await;
        open.answered = true;
        self.notice_cancel();
        self.answered(open.n, self.without_identities(&request, answer.clone()));
        answer
    }

    fn elapsed(&self) -> Duration {
        self.session.elapsed()
    }

    fn stamp(&self) -> Duration {
        let stamp = self.session.stamp();
        self.state().stamps.push(nanoseconds(stamp));
        stamp
    }

    async fn halted(&self) -> Halt {
        self.session.halted().await
    }

    async fn end(&self) -> Vec<String> {
        let leftovers = self.session.end().await;
        self.notice_cancel();
        let end = End {
            stream: self.stream,
            at_ns: self.now(),
            stamps: std::mem::take(&mut self.state().stamps),
            leftovers: leftovers.clone(),
        };
        self.write(|scrub| scrub.clean(end).map(Entry::End));
        leftovers
    }
}
