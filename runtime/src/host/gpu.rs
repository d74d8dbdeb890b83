//! `gpu`: what the tools of NVIDIA and AMD print of their GPUs, and loads.

use vetting_machine::{Reply, Request};

use super::bindings::vetting::stage::gpu;
use super::{HostError, ask, carry, run_resource};

run_resource!(
    gpu,
    GpuRun,
    GpuStart,
    vetting_machine::Reply::Gpu,
    ["gpu.start", "gpu.next", "gpu.stop", "gpu.drop"];

    async fn devices(&mut self) -> Result<Vec<String>, HostError> {
        ask!(self, "gpu.devices", Request::GpuDevices, Reply::GpuDevices)
    }

    async fn ask(&mut self, question: gpu::Question) -> Result<gpu::Document, HostError> {
        let question = carry(&question)?;
        let request = Request::GpuAsk { question };
        ask!(self, "gpu.ask", request, Reply::Document)
    }

    async fn sample(&mut self) -> Result<gpu::Document, HostError> {
        ask!(self, "gpu.sample", Request::GpuSample, Reply::Document)
    }
);
