//! fio.
use std::path::PathBuf;

use crate::contract::fio::Job;
use crate::contract::types::Error;

use super::{RunContext, ToolRun, Toolbox};

/// What is read and written, already checked by whoever knows the disks.
#[derive(Clone, Debug)]
pub enum Target {
    /// A file that is made before and removed after.
    Scratch {
        /// The file.
        file: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A whole disk.
    Disk {
        /// Its device node.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// Its logical block in bytes.
        logical_block: u32,
    },
}

/// Starts a job.
pub async fn start(
    _tools: &Toolbox,
    _job: &Job,
    _target: Target,
    _ctx: &RunContext,
) -> Result<ToolRun, Error> {
    Err(Error::tool_missing("fio", "fio"))
}
