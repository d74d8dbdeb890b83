//! Which GPUs the kernel shows.

use crate::simulated::world::World;

/// The addresses of those that compute. The kernel still lists one that has fallen off the bus.
pub fn devices(world: &World) -> Vec<String> {
    let all = world.profile.gpus.iter().filter(|gpu| gpu.accelerator);
    let mut devices: Vec<String> = all.map(|gpu| gpu.pci.clone()).collect();
    devices.sort();
    devices
}
