//! The kernel's log, since boot or from now on.
//!
//! `/dev/kmsg` (ABI/testing/dev-kmsg) gives one record per read, `EAGAIN` when there is none and
//! `EPIPE` when records were overwritten before they were read. Below a root that is not `/` an
//! ordinary file in the same format takes its place. Each watch has a reader thread of its own,
//! which ends with the watch.

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
use crate::contract::kernel_log::{Beginning, Entry};
use crate::contract::types::{Error, Missing, MissingKind};
use crate::log_text::without_command_line;

/// Records that a watch keeps (`wit/kernel-log.wit`).
const KEPT: usize = 10_000;

/// Records that one call gives (`wit/kernel-log.wit`).
const AT_ONCE: usize = 2_000;

/// The longest record that the kernel gives (`PRINTK_MESSAGE_MAX`, 2,048, and `CONSOLE_EXT_LOG_MAX`,
/// 8,192).
const RECORD: usize = 8_192;

/// Words of a record's dictionary that are kept; the kernel writes two.
const FIELDS: usize = 16;

/// How often a reader looks whether its watch is still open.
const LOOK: Duration = Duration::from_millis(50);

/// An open watch. Dropping it ends its reader.
pub struct Watch {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    entries: Mutex<VecDeque<Entry>>,
    lost: AtomicU64,
    came: Notify,
    closed: AtomicBool,
}

impl Shared {
    fn entries(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// Starts to watch. Records that come later are stamped with the time since `begun`.
    pub fn open(root: &Root, begins: Beginning, begun: Instant) -> Result<Self, Error> {
        let mut file = open(root).map_err(|error| refusal(&error))?;
        let shared = Arc::new(Shared::default());
        let mut reader = match begins {
            Beginning::Now => {
                file.seek(SeekFrom::End(0))
                    .map_err(|error| refusal(&error))?;
                Reader::new(file, shared.clone(), begun)
            }
            Beginning::Boot => Reader::new(file, shared.clone(), begun),
        };
        // What is there already is read at once, so that the first call gives it.
        if begins == Beginning::Boot {
            reader.catch_up();
        }
        reader.came = true;
        let thread = std::thread::Builder::new().name("kernel-log".into());
        thread
            .spawn(move || reader.run())
            .map_err(|error| refusal(&error))?;
        Ok(Self { shared })
    }

    /// The records since the last call, waiting up to the time-out for the first one.
    pub async fn next(&self, timeout: Duration) -> Vec<Entry> {
        let first = async {
            loop {
                let came = self.shared.came.notified();
                let entries = self.waiting();
                if !entries.is_empty() {
                    return entries;
                }
                came.await;
            }
        };
        tokio::time::timeout(timeout, first)
            .await
            .unwrap_or_default()
    }

    /// What waits, as much as one call gives.
    fn waiting(&self) -> Vec<Entry> {
        let mut entries = self.shared.entries();
        let count = entries.len().min(AT_ONCE);
        entries.drain(..count).collect()
    }

    /// Records that were lost because a buffer overran.
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
    options
        .read(true)
        .custom_flags(O_NONBLOCK | O_CLOEXEC)
        .open(path)
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
    /// The record that was read last: its dictionary may still come.
    last: Option<Entry>,
    /// Whether what is read came after the watch was opened.
    came: bool,
}

impl Reader {
    fn new(file: File, shared: Arc<Shared>, begun: Instant) -> Self {
        Reader {
            file,
            shared,
            begun,
            rest: Vec::new(),
            last: None,
            came: false,
        }
    }

    /// Reads what is there already.
    fn catch_up(&mut self) {
        let mut buffer = vec![0; RECORD];
        // Twice what a watch keeps: a log that grows meanwhile must not hold the caller up.
        for _ in 0..2 * KEPT {
            match self.file.read(&mut buffer) {
                Ok(0) => return self.flush(),
                Ok(count) => self.take(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.raw_os_error() == Some(EPIPE) => self.lose(1),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.flush(),
            }
        }
    }

    fn run(mut self) {
        let mut buffer = vec![0; RECORD];
        while !self.shared.closed.load(Ordering::Relaxed) {
            match self.file.read(&mut buffer) {
                Ok(0) => {
                    self.flush();
                    std::thread::sleep(LOOK);
                }
                Ok(count) => self.take(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.raw_os_error() == Some(EPIPE) => self.lose(1),
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.wait(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(%error, "the kernel's log can no longer be read");
                    self.flush();
                    self.lose(1);
                    return;
                }
            }
        }
    }

    /// Waits until the kernel has a record, or it is time to look again.
    fn wait(&mut self) {
        self.flush();
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
        let mut rest = std::mem::take(&mut self.rest);
        let mut from = 0;
        while let Some(end) = rest.iter().skip(from).position(|b| *b == b'\n') {
            let line = rest.get(from..from.saturating_add(end)).unwrap_or_default();
            self.line(&String::from_utf8_lossy(line));
            from = from.saturating_add(end).saturating_add(1);
        }
        rest.drain(..from.min(rest.len()));
        self.rest = rest;
        if self.rest.len() > RECORD {
            self.rest.clear();
            self.lose(1);
        }
    }

    fn line(&mut self, line: &str) {
        if let Some(field) = record::field(line) {
            if let Some(last) = self.last.as_mut().filter(|last| last.fields.len() < FIELDS) {
                last.fields.push(field);
            }
            return;
        }
        self.flush();
        let Some(record) = record::parse(line) else {
            return;
        };
        let at = self.begun.elapsed().as_nanos();
        let came_ns = u64::try_from(at).unwrap_or(u64::MAX);
        self.last = Some(Entry {
            sequence: record.sequence,
            priority: record.priority,
            facility: record.facility,
            at_us: record.at_us,
            came_ns: if self.came { came_ns } else { 0 },
            text: without_command_line(record.text),
            fields: Vec::new(),
        });
    }

    /// Hands the last record on, once nothing more of it can come.
    fn flush(&mut self) {
        let Some(entry) = self.last.take() else {
            return;
        };
        let mut entries = self.shared.entries();
        if entries.len() >= KEPT {
            entries.pop_front();
            self.lose(1);
        }
        entries.push_back(entry);
        drop(entries);
        self.shared.came.notify_one();
    }
}
