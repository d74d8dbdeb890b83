//! Which GPUs there are, as jobs and findings name them. What they say of themselves comes from the
//! vendors' tools ([`crate::tools::gpu`]) and the kernel's files.

use super::inventory;
use super::root::Root;

/// The PCI addresses of those that compute.
pub fn devices(root: &Root) -> Vec<String> {
    let all = inventory::gpus(root).into_iter();
    all.filter(|gpu| gpu.accelerator)
        .map(|gpu| gpu.pci_address)
        .collect()
}
