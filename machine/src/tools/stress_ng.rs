//! stress-ng.
use crate::contract::stress::Job;
use crate::contract::types::Error;

use super::{RunContext, ToolRun, Toolbox};

/// What a job may load.
#[derive(Clone, Debug)]
pub struct Allowance {
    /// How many logical CPUs.
    pub cpus: u32,
    /// Which are online.
    pub online_cpus: Vec<u32>,
    /// How many bytes of memory.
    pub memory_bytes: u64,
}

/// Starts a job.
pub async fn start(
    _tools: &Toolbox,
    _job: &Job,
    _allowed: Allowance,
    _ctx: &RunContext,
) -> Result<ToolRun, Error> {
    Err(Error::tool_missing("stress-ng", "stress-ng"))
}
