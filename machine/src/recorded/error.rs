//! What is wrong with a recording.

use std::path::PathBuf;

use super::FORMAT;

/// A recording that cannot be written, or cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// There is such a file already.
    #[error(
        "{} is there already, and a recording is never written over; name another file", path.display()
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be written.
    #[error("the recording {} could not be written: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// It cannot be read.
    #[error("the recording cannot be read: {0}")]
    Io(std::io::Error),
    /// There is nothing in it.
    #[error("the file is empty: no recording was written to it")]
    Empty,
    /// It is something else.
    #[error("the file is no recording: {0}; `vetting run --record FILE` makes one")]
    NotARecording(String),
    /// It ends before its first line does.
    #[error("the recording is cut short before its header ends; copy it again, or record again")]
    NoHeader,
    /// Another format.
    #[error(
        "the recording is of the format `{found}`, and this vetting reads `{FORMAT}`; use the vetting \
         that recorded it ({version}) or a newer one"
    )]
    Version {
        /// What it says it is.
        found: String,
        /// The vetting that recorded it.
        version: String,
    },
    /// A line was changed after it was written.
    #[error(
        "line {line} of the recording{place} is not what was written: its sum is wrong, so it or a line \
         before it was edited or damaged; use an untouched copy"
    )]
    Edited {
        /// Which line, from 1.
        line: u64,
        /// Where that is in the run: `, after exchange 7 of SMART,`.
        place: String,
    },
    /// A line makes no sense where it is.
    #[error("line {line} of the recording: {reason}")]
    Malformed {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The compressed stream is damaged.
    #[error("the recording is damaged after line {line}: {reason}; use an untouched copy")]
    Damaged {
        /// The last good line.
        line: u64,
        /// What the decompressor said.
        reason: String,
    },
    /// A line is too long to be one.
    #[error("line {line} of the recording has more than {most} bytes, which no recording has")]
    LongLine {
        /// Which line, from 1.
        line: u64,
        /// The most that are read.
        most: u64,
    },
    /// All of it is too large.
    #[error("the recording unpacks to more than {most} bytes, which are the most that are read")]
    Large {
        /// The most that are read.
        most: u64,
    },
    /// It holds no attempt of the stage.
    #[error(
        "the recording holds no attempt of the stage `{stage}`; it has: {}",
        known(known_stages)
    )]
    NoStage {
        /// The stage that was asked for.
        stage: String,
        /// Those it has.
        known_stages: Vec<String>,
    },
}

fn known(stages: &[String]) -> String {
    match stages {
        [] => "none at all: the run ended before its first stage began".to_owned(),
        stages => stages.join(", "),
    }
}
