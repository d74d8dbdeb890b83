//! Graphics processors and accelerators, as the tools of NVIDIA and AMD and the files of `amdgpu`
//! describe them.

pub mod amd;
pub mod amd_smi;
mod cut_json;
pub mod dcgmi_diag;
pub mod gpu_burn;
mod lines;
pub mod nvidia_smi;
pub mod nvlinks;
pub mod rocm_smi;
#[cfg(test)]
mod tests;
