//! The file of a recording: lines, summed up and compressed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::RecordingError;
use super::format::{Entry, hexadecimal};

/// How many bytes of a line's SHA-256 are its sum.
const SUM: usize = 16;
/// How long a line of a machine of virtual time may wait for others before it goes to the file.
const PATIENCE: Duration = Duration::from_millis(100);
/// zstd's own default.
const LEVEL: i32 = 3;

/// Sums up a recording, line by line.
#[derive(Clone, Default)]
pub(super) struct Chain([u8; 32]);

impl Chain {
    /// The sum of the next line, given all of it that comes after the sum.
    pub fn next(&mut self, rest: &[u8]) -> String {
        let mut sum = Sha256::new();
        sum.update(self.0);
        sum.update(rest);
        self.0 = sum.finalize().into();
        hexadecimal(self.0.get(..SUM).unwrap_or(&self.0))
    }
}

/// A line: `{"sum":"…",` and the entry's own members.
pub(super) fn line(chain: &mut Chain, entry: &Entry) -> io::Result<String> {
    let text = serde_json::to_string(entry)?;
    let rest = text.strip_prefix('{').unwrap_or(&text);
    let sum = chain.next(rest.as_bytes());
    Ok(format!("{{\"sum\":\"{sum}\",{rest}\n"))
}

pub(super) struct Writer {
    file: zstd::Encoder<'static, File>,
    chain: Chain,
    /// Whether every line goes to the file at once.
    prompt: bool,
    flushed: Instant,
}

impl Writer {
    /// A new file that only its owner reads: a recording tells serial numbers and addresses.
    pub fn create(path: &Path, prompt: bool) -> Result<Self, RecordingError> {
        let mut options = OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o600).open(path);
        let file = opened.and_then(|file| zstd::Encoder::new(file, LEVEL));
        let file = file.map_err(|reason| match reason.kind() {
            io::ErrorKind::AlreadyExists => RecordingError::Exists {
                path: path.to_owned(),
            },
            _ => RecordingError::Write {
                path: path.to_owned(),
                reason,
            },
        })?;
        Ok(Writer {
            file,
            chain: Chain::default(),
            prompt,
            flushed: Instant::now(),
        })
    }

    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let line = line(&mut self.chain, entry)?;
        self.file.write_all(line.as_bytes())?;
        let worth_keeping = matches!(entry, Entry::Header(_) | Entry::End(_) | Entry::Verdict(_));
        if self.prompt || worth_keeping || self.flushed.elapsed() > PATIENCE {
            self.file.flush()?;
            self.flushed = Instant::now();
        }
        Ok(())
    }

    /// Whether every line goes to the file at once: the machine's time is the wall's.
    pub fn is_prompt(&self) -> bool {
        self.prompt
    }

    /// Ends the compressed stream.
    pub fn finish(self) -> io::Result<()> {
        self.file.finish()?.sync_all()
    }
}
