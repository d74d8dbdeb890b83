//! The reader of recordings, for fuzzing.

use super::format::Entry;
use super::writer::{Chain, line};
use super::{Bounds, Recording};

/// What is read of any input.
const BOUNDS: Bounds = Bounds {
    line: 1 << 20,
    total: 4 << 20,
};

/// A recording's file; and lines of one without their sums, which are summed up and packed first, so
/// that more of them than the first gets through.
pub fn recording(bytes: &[u8]) {
    let _read_or_refused = Recording::read(bytes, BOUNDS);
    let mut chain = Chain::default();
    let entries = bytes.split(|byte| *byte == b'\n');
    let entries = entries.filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
    let lines: String = entries
        .filter_map(|entry| line(&mut chain, &entry).ok())
        .collect();
    if let Ok(packed) = zstd::encode_all(lines.as_bytes(), 1) {
        let _read_or_refused = Recording::read(&*packed, BOUNDS);
    }
}
