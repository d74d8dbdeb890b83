//! Reading a recording, line by line: bounded, summed up, each line where it may be.

use std::io::{BufRead, BufReader, ErrorKind, Read};

use super::RecordingError;
use super::format::{Entry, FORMAT};
use super::writer::Chain;

/// The most that is read of a recording, however small it is on the disk.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Bytes of one line.
    pub line: u64,
    /// Bytes of all lines.
    pub total: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            line: 16 << 20,
            total: 1 << 30,
        }
    }
}

/// The largest window that is unpacked with: 16 MiB. Ours are of 2 MiB.
const WINDOW_LOG: u32 = 24;
/// A zstd frame's first bytes.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Before a line's sum.
const OPENING: &[u8] = b"{\"sum\":\"";
/// Behind it.
const CLOSING: &[u8] = b"\",";
/// A sum's length, in characters.
const SUM: usize = 32;

/// The lines of a recording.
pub(super) struct Reader<R: Read> {
    lines: BufReader<zstd::Decoder<'static, BufReader<R>>>,
    chain: Chain,
    bounds: Bounds,
    /// Lines that were read.
    pub line: u64,
    read: u64,
}

/// What the next line is.
pub(super) enum Next {
    /// A line.
    Entry(Entry),
    /// A line whose sum is wrong.
    Edited,
    /// There is none, and the file ends as it should.
    End,
    /// The file ends in the middle.
    Cut,
}

impl<R: Read> Reader<R> {
    pub fn new(file: R, bounds: Bounds) -> Result<Self, RecordingError> {
        let mut file = BufReader::new(file);
        let begins = file.fill_buf().map_err(RecordingError::Io)?;
        if begins.is_empty() {
            return Err(RecordingError::Empty);
        }
        let magic = begins.get(..MAGIC.len()).unwrap_or(begins);
        if !MAGIC.starts_with(magic) {
            let why = match begins.first() {
                Some(b'{' | b'[') => "it is JSON, and a recording is compressed with zstd",
                _ => "it is not compressed with zstd",
            };
            return Err(RecordingError::NotARecording(why.to_owned()));
        }
        let mut unpacked = zstd::Decoder::with_buffer(file).map_err(RecordingError::Io)?;
        let bounded = unpacked.window_log_max(WINDOW_LOG);
        bounded.map_err(RecordingError::Io)?;
        Ok(Reader {
            lines: BufReader::new(unpacked),
            chain: Chain::default(),
            bounds,
            line: 0,
            read: 0,
        })
    }

    /// The next line.
    pub fn next(&mut self) -> Result<Next, RecordingError> {
        let mut line = Vec::new();
        let most = self.bounds.line;
        let mut bounded = (&mut self.lines).take(most.saturating_add(1));
        let read = bounded.read_until(b'\n', &mut line);
        let number = self.line.saturating_add(1);
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(Next::Cut),
            Err(error) => {
                return Err(RecordingError::Damaged {
                    line: self.line,
                    reason: error.to_string(),
                });
            }
        }
        if line.is_empty() {
            return Ok(Next::End);
        }
        let length = line.len() as u64;
        self.read = self.read.saturating_add(length);
        if length > most {
            return Err(RecordingError::LongLine { line: number, most });
        }
        if self.read > self.bounds.total {
            let most = self.bounds.total;
            return Err(RecordingError::Large { most });
        }
        if line.pop() != Some(b'\n') {
            return Ok(Next::Cut);
        }
        self.line = number;
        self.entry(&line)
    }

    fn entry(&mut self, line: &[u8]) -> Result<Next, RecordingError> {
        let first = self.line == 1;
        let Some((sum, rest)) = parts(line) else {
            let reason = "it is no line of a recording";
            return Err(match first {
                true => RecordingError::NotARecording("its first line is no header".to_owned()),
                false => self.malformed(reason),
            });
        };
        if first {
            version(rest)?;
        }
        if self.chain.next(rest).as_bytes() != sum {
            return Ok(Next::Edited);
        }
        let text = [b"{", rest].concat();
        let entry = serde_json::from_slice(&text);
        entry
            .map(Next::Entry)
            .map_err(|error| self.malformed(&error.to_string()))
    }

    pub fn malformed(&self, reason: &str) -> RecordingError {
        RecordingError::Malformed {
            line: self.line,
            reason: reason.to_owned(),
        }
    }
}

/// A line's sum, and all that comes after it.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sum, rest) = line.strip_prefix(OPENING)?.split_at_checked(SUM)?;
    Some((sum, rest.strip_prefix(CLOSING)?))
}

/// Whether the header is of a format that is read here. It is looked at before anything else of it: a
/// later one may be summed up otherwise and have other fields.
fn version(rest: &[u8]) -> Result<(), RecordingError> {
    let text = [b"{", rest].concat();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    let of = |name: &str| json["header"][name].as_str().map(str::to_owned);
    match of("format") {
        Some(format) if format == FORMAT => Ok(()),
        Some(found) if found.starts_with("vetting.recording/") => Err(RecordingError::Version {
            found,
            version: of("vetting_version").unwrap_or_else(|| "unknown".to_owned()),
        }),
        _ => Err(RecordingError::NotARecording(
            "its first line is no header".to_owned(),
        )),
    }
}
