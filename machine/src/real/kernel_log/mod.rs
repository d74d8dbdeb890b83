//! The kernel's log, watched while a stage works.
//!
//! `/dev/kmsg` (ABI/testing/dev-kmsg) gives one record per read, `EAGAIN` when there is none and
//! `EPIPE` when records were overwritten before they were read. Below a root that is not `/` an
//! ordinary file in the same format takes its place. Each watch has a reader thread of its own,
//! which ends with the watch.

pub mod classify;
pub mod record;

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::libc::{EPIPE, O_CLOEXEC, O_NONBLOCK};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::sync::Notify;

use super::root::Root;
use crate::contract::kernel_log::Event;
use crate::contract::types::{Error, Missing, MissingKind};

/// Lines that a watch keeps (`wit/kernel-log.wit`).
const KEPT: usize = 10_000;

/// The longest record that the kernel gives (`PRINTK_MESSAGE_MAX`, 2,048, and `CONSOLE_EXT_LOG_MAX`,
/// 8,192).
const RECORD: usize = 8_192;

/// How often a reader looks whether its watch is still open.
const LOOK: Duration = Duration::from_millis(50);

/// An open watch. Dropping it ends its reader.
pub struct Watch {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    events: Mutex<VecDeque<Event>>,
    lost: AtomicU64,
    came: Notify,
    closed: AtomicBool,
}

impl Shared {
    fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Starts to watch. Events are stamped with the time since `begun`.
    pub fn open(root: &Root, begun: Instant) -> Result<Self, Error> {
        let file = open(root).map_err(|error| refusal(&error))?;
        let shared = Arc::new(Shared::default());
        let reader = Reader {
            file,
            shared: shared.clone(),
            begun,
            rest: Vec::new(),
        };
        let thread = std::thread::Builder::new().name("kernel-log".into());
        thread
            .spawn(move || reader.run())
            .map_err(|error| refusal(&error))?;
        Ok(Self { shared })
    }

    /// The lines since the last call, waiting up to the time-out for the first one.
    pub async fn next(&self, timeout: Duration) -> Vec<Event> {
        let first = async {
            loop {
                let came = self.shared.came.notified();
                let events: Vec<Event> = self.shared.events().drain(..).collect();
                if !events.is_empty() {
                    return events;
                }
                came.await;
            }
        };
        tokio::time::timeout(timeout, first)
            .await
            .unwrap_or_default()
    }

    /// Lines that were lost because a buffer overran.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
    }
}

/// Whether the log could be watched, and why not.
pub fn probe(root: &Root) -> Result<(), Error> {
    open(root).map(drop).map_err(|error| refusal(&error))
}

fn open(root: &Root) -> io::Result<File> {
    let path = root.locate("dev/kmsg")?;
    let kind = std::fs::metadata(&path)?.file_type();
    if !(kind.is_file() || root.is_here() && kind.is_char_device()) {
        return Err(io::Error::other("is not the kernel's log"));
    }
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .custom_flags(O_NONBLOCK | O_CLOEXEC)
        .open(path)?;
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

fn refusal(error: &io::Error) -> Error {
    let permission = error.kind() == ErrorKind::PermissionDenied;
    Error::Unavailable(Missing {
        kind: match permission {
            true => MissingKind::Permission,
            false => MissingKind::Driver,
        },
        what: format!("/dev/kmsg ({error})"),
        remedy: match permission {
            true => "run as root, or set kernel.dmesg_restrict=0 and allow reading /dev/kmsg",
            false => "use a kernel with CONFIG_PRINTK, and pass /dev/kmsg to the container",
        }
        .into(),
    })
}

/// Reads one open log until its watch is closed.
struct Reader {
    file: File,
    shared: Arc<Shared>,
    begun: Instant,
    /// The start of a line whose end has not come yet (only in an ordinary file).
    rest: Vec<u8>,
}

impl Reader {
    fn run(mut self) {
        let mut buffer = vec![0; RECORD];
        while !self.shared.closed.load(Ordering::Relaxed) {
            match self.file.read(&mut buffer) {
                Ok(0) => std::thread::sleep(LOOK),
                Ok(count) => self.take(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.raw_os_error() == Some(EPIPE) => self.lose(1),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(%error, "the kernel's log can no longer be read");
                    self.lose(1);
                    return;
                }
            }
        }
    }

    /// Waits until the kernel has a record, or it is time to look again.
    fn wait(&self) {
        let mut files = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
        let look = u16::try_from(LOOK.as_millis()).unwrap_or(u16::MAX);
        if poll(&mut files, PollTimeout::from(look)).is_err() {
            std::thread::sleep(LOOK);
        }
    }

    fn lose(&self, count: u64) {
        self.shared.lost.fetch_add(count, Ordering::Relaxed);
    }

    fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        while let Some(end) = self.rest.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.rest.drain(..=end).collect();
            self.line(&String::from_utf8_lossy(&line));
        }
        if self.rest.len() > RECORD {
            self.rest.clear();
            self.lose(1);
        }
    }

    fn line(&self, line: &str) {
        let Some(record) = record::parse(line) else {
            return;
        };
        let Some((kind, part)) = classify::classify(&record.text, record.priority) else {
            return;
        };
        let at = self.begun.elapsed().as_nanos();
        let event = Event {
            kind,
            at_ns: u64::try_from(at).unwrap_or(u64::MAX),
            priority: record.priority,
            text: record.text,
            part,
            extra: match record.facility {
                0 => Vec::new(),
                other => vec![("facility".into(), other.to_string())],
            },
        };
        let mut events = self.shared.events();
        if events.len() >= KEPT {
            events.pop_front();
            self.lose(1);
        }
        events.push_back(event);
        drop(events);
        self.shared.came.notify_one();
    }
}
