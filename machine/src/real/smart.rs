//! Which drives can be asked for their health, and by which device node.

use std::path::PathBuf;

use super::disks::{self, transport};
use super::root::Root;
use crate::contract::smart::Device;

/// Every whole disk, two namespaces of one NVMe controller counting once, and what smartctl's scan
/// `found`.
pub fn devices(root: &Root, found: Vec<Device>) -> Vec<Device> {
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
    // Beside what the kernel shows, whatever smartctl finds: disks that controllers hide, first of
    // all.
    let shown = |d: &Device| {
        d.kind.is_none()
            && (devices.iter().any(|k| k.disk == d.disk) || controllers.contains(&d.disk))
    };
    let hidden: Vec<Device> = found.into_iter().filter(|device| !shown(device)).collect();
    for device in hidden {
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

/// The device node to ask: of an NVMe namespace, its controller's.
pub fn node(root: &Root, device: &Device) -> PathBuf {
    let asked = controller(root, &device.disk).unwrap_or_else(|| device.disk.clone());
    // Where it is not there, smartctl says so.
    disks::node(root, &asked).unwrap_or_else(|_| root.path().join("dev").join(&asked))
}

/// Whether it is a virtual machine's disk, which has no health to tell.
pub fn is_virtual(root: &Root, device: &Device) -> bool {
    let transport = disks::facts(root, &device.disk).transport;
    transport == crate::contract::disks::Transport::Virtio || device.disk.starts_with("xvd")
}
