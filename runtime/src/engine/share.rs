//! What an attempt is given of a machine that somebody else uses too.

use std::path::Path;

use vetting_machine::{Machine, MachineError};

/// How many logical CPUs a stage may load, and how many bytes of memory it may touch: all but one
/// core, and half of what is free. (Design, section 8.)
pub fn shared_allowances(machine: &dyn Machine) -> (u32, u64) {
    let (cpus, free_memory) = machine.capacity();
    (cpus.saturating_sub(1).max(1), free_memory / 2)
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
