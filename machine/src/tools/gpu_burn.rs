//! gpu_burn.
use crate::contract::gpu::Job;
use crate::contract::types::Error;

use super::{RunContext, ToolRun, Toolbox};

/// Starts a job. `installed`: the PCI addresses of the GPUs in the driver's order (`nvidia-smi`'s).
pub async fn start(
    _tools: &Toolbox,
    _job: &Job,
    _installed: &[String],
    _ctx: &RunContext,
) -> Result<ToolRun, Error> {
    Err(Error::tool_missing("gpu_burn", "gpu-burn"))
}
