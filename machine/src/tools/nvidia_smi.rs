//! nvidia-smi.
use crate::contract::gpu::Device;
use crate::contract::types::Error;

use super::Toolbox;

/// Reads every NVIDIA GPU.
pub async fn read(_tools: &Toolbox) -> Result<Vec<Device>, Error> {
    Err(Error::tool_missing("nvidia-smi", "nvidia-smi"))
}

/// Understands `nvidia-smi -q -x`.
pub fn parse(_xml: &[u8]) -> Result<Vec<Device>, Error> {
    Err(Error::tool_failed("nvidia-smi", "no XML"))
}
