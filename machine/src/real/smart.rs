//! Which drives may be asked of themselves, and by which device node.

use std::path::PathBuf;

use super::disks::{self, transport};
use super::root::Root;
use crate::contract::types::Error;
use crate::tools::smartctl;

/// Every whole disk that the kernel shows, two namespaces of one NVMe controller counting once.
pub fn devices(root: &Root) -> Vec<String> {
    let mut controllers = Vec::new();
    let names = disks::names(root).into_iter();
    let first_of_controller = names.filter(|name| match controller(root, name) {
        Some(controller) if controllers.contains(&controller) => false,
        Some(controller) => {
            controllers.push(controller);
            true
        }
        None => true,
    });
    first_of_controller.collect()
}

fn controller(root: &Root, disk: &str) -> Option<String> {
    disk.starts_with("nvme")
        .then(|| transport::nvme_controller(root, disk))
        .flatten()
}

/// A drive to ask: its device node, and smartctl's type where one was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The device node: of an NVMe namespace, its controller's.
    pub node: PathBuf,
    /// smartctl's type.
    pub kind: Option<String>,
}

/// The drive that a stage names: a disk that the kernel shows, or a node that smartctl reaches drives by.
///
/// # Errors
///
/// `invalid` for any other name.
pub fn target(root: &Root, device: &str) -> Result<Target, Error> {
    let (name, kind) = smartctl::named(device)?;
    let known = smartctl::is_node(name) || disks::names(root).iter().any(|disk| disk == name);
    if !known {
        return Err(smartctl::not_a_drive(device));
    }
    let asked = controller(root, name).unwrap_or_else(|| name.to_owned());
    // Where the node is missing, smartctl says so.
    let node = disks::node(root, &asked).unwrap_or_else(|_| root.path().join("dev").join(&asked));
    Ok(Target {
        node,
        kind: kind.map(str::to_owned),
    })
}
