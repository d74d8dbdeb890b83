//! A file for this user alone, written whole or not at all.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Writes a file beside its place and renames it, so that nobody ever sees half of it.
pub(super) fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let half = file.with_extension("vetting-new");
    let mut new = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&half)?;
    new.write_all(bytes)?;
    new.sync_all()?;
    std::fs::rename(&half, file)
}
