//! What an attempt is given of its machine.

use std::path::Path;

use vetting_machine::{Machine, MachineError};

/// What the agent and its tools need beside the memory that is tested on a live image, in bytes; or that
/// share of what is free, whichever is more.
const LEFT_BYTES: u64 = 256 * 1024 * 1024;
const LEFT_SHARE: u64 = 20;

/// How many logical CPUs a stage may load, and how many bytes of memory it may touch. A machine that was
/// booted for a test is tested whole, but for what the test itself needs; one that somebody else uses too
/// keeps a core and half of the memory that is free. (Design, section 8.)
pub fn allowances(machine: &dyn Machine) -> (u32, u64) {
    let (cpus, free) = machine.capacity();
    match machine.is_live_image() {
        true => {
            let left = LEFT_BYTES.max(free / LEFT_SHARE);
            (cpus.max(1), free.saturating_sub(left).max(free / 2))
        }
        false => (cpus.saturating_sub(1).max(1), free / 2),
    }
}

/// A private folder for one attempt.
///
/// # Errors
///
/// When it cannot be made.
pub fn scratch_folder(base: &Path) -> Result<tempfile::TempDir, MachineError> {
    tempfile::Builder::new()
        .prefix("vetting-")
        .tempdir_in(base)
        .map_err(|reason| MachineError::Io {
            path: base.to_owned(),
            reason,
        })
}
