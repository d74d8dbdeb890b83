//! Which drives can be asked for their health, and by which device node.

use std::path::PathBuf;

use super::disks::{self, transport};
use super::root::Root;
use crate::contract::smart::Device;
use crate::contract::types::Error;

/// Every whole disk, two namespaces of one NVMe controller counting once, and those that a
/// controller hides (`hidden`, from smartctl's scan).
pub fn devices(root: &Root, hidden: Vec<Device>) -> Vec<Device> {
    let mut controllers = Vec::new();
    let mut devices = Vec::new();
    for name in disks::names(root) {
        if let Some(controller) = controller(root, &name) {
            if controllers.contains(&controller) {
                continue;
            }
            controllers.push(controller);
        }
        devices.push(Device {
            id: name.clone(),
            disk: name,
            kind: None,
        });
    }
    // What needs no type told is a disk that the kernel shows; the list has it.
    let behind = |d: &Device| d.kind.as_deref().is_some_and(|kind| kind.contains(','));
    for device in hidden.into_iter().filter(behind) {
        if !devices.iter().any(|known| known.id == device.id) {
            devices.push(device);
        }
    }
    devices
}

fn controller(root: &Root, disk: &str) -> Option<String> {
    disk.starts_with("nvme")
        .then(|| transport::nvme_controller(root, disk))
        .flatten()
}

/// The device node to ask. A virtual disk has no health to tell.
pub fn node(root: &Root, device: &Device) -> Result<PathBuf, Error> {
    if device.disk.starts_with("bus/") {
        // Controllers that smartctl reaches by a number: `bus/0`.
        return root
            .locate(&format!("dev/{}", device.disk))
            .map_err(|e| Error::no_hardware(e.to_string()));
    }
    let facts = disks::facts(root, &device.disk);
    if facts.transport == crate::contract::disks::Transport::Virtio {
        return Err(Error::no_hardware(format!(
            "{} is a virtual disk: its health",
            device.disk
        )));
    }
    let asked = controller(root, &device.disk).unwrap_or_else(|| device.disk.clone());
    let node = disks::node(root, &asked);
    node.map_err(|error| Error::no_hardware(format!("{asked}: {error}")))
}
