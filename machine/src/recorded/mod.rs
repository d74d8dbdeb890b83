//! Recordings: everything that crossed the seam in a run, in a file, and a machine that answers from
//! one.
//!
//! * [`format`]: the lines of a recording;
//! * [`Recorder`]: wraps any machine and writes what is asked and answered;
//! * [`Recording`]: a recording that was read, attempt by attempt;
//! * [`ReplayMachine`]: gives each stage the answers that it had then, and tells where it asks for
//!   something else;
//! * [`scrub`]: what never is in a recording, and what can be left out of one.
//!
//! A recording is zstd-compressed JSON lines. Each line's `sum` is the SHA-256 of the one before it
//! and the rest of the line (its first 16 bytes), so that a change anywhere is found. It stops damage
//! and careless edits, not forgery: whoever rewrites all of a recording can sum it up again.
//!
//! On a machine of real time each line is flushed as it is written, the question before its answer; on
//! one of virtual time a tenth of a second later at most, and at the end of each attempt. A
//! run that is killed, or whose host goes down, leaves a recording that says at which question.

mod divergence;
mod error;
pub mod format;
mod look;
pub mod outside;
mod reader;
mod recorder;
mod recording;
mod replay;
pub mod scrub;
mod writer;

pub use error::RecordingError;
pub use format::{FORMAT, Header, Planned, Verdict};
pub use reader::Bounds;
pub use recorder::{RecordedMachine, Recorder};
pub use recording::{AttemptRecording, Exchange, Recording};
pub use replay::ReplayMachine;

/// A duration in nanoseconds; one that is too long for them is as long as can be.
fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
