//! What read-only tools answer about network ports, PCI devices, NVMe drives, memory nodes, sensors and the TPM.
//! One file per tool; `lines` and the JSON helpers of [`crate::fio`] are shared.

pub mod ethtool_address;
pub mod ethtool_driver;
pub mod ethtool_fec;
pub mod ethtool_link;
pub mod ethtool_module;
pub mod ethtool_statistics;
pub mod ibstat;
mod lines;
pub mod lldp;
pub mod lspci;
pub mod numactl;
pub mod nvme;
pub mod sensors;
#[cfg(test)]
mod tests;
pub mod tpm;
