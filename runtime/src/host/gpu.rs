//! `gpu`: graphics processors and accelerators.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::gpu;
use super::{HostError, ask, run_resource};

run_resource!(
    gpu,
    GpuRun,
    GpuStart,
    vetting_machine::Reply::Gpu,
    ["gpu.start", "gpu.next", "gpu.stop", "gpu.drop"];

    async fn read(&mut self) -> Result<gpu::Reading, HostError> {
        ask!(self, "gpu.read", Request::GpuRead, Reply::GpuReading)
    }
);
