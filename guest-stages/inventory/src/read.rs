//! Puts the inventory together: files by `vetting_facts`, disks as the host lists them.

use std::collections::BTreeSet;

use vetting_facts::inventory::{self, Bmc, Disk, FILES, Given, GivenPort, Inventory, LINKS};
use vetting_stage::disks::{self, Transport};
use vetting_stage::inventory::{self as host, Nic};
use vetting_stage::types::Error;
use vetting_stage::{explain, kernel_files};

/// Reads everything once.
pub fn inventory() -> Result<Inventory, Error> {
    let globs: BTreeSet<&str> = FILES.iter().chain(LINKS).copied().collect();
    let globs: Vec<&str> = globs.into_iter().collect();
    let files = kernel_files::read(&globs)?;
    let disks = disks::list()?;
    let mut given = Given {
        disks: disks.into_iter().map(disk).collect(),
        ..Given::default()
    };
    // What no file says: ports by their drivers, and the management controller by itself.
    let mut gap = None;
    match host::read() {
        Ok(parts) => {
            given.ports = parts.nics.into_iter().map(port).collect();
            given.bmc = parts.bmc.map(|bmc| Bmc {
                manufacturer: bmc.manufacturer,
                firmware: bmc.firmware,
                address: bmc.address,
                mac: bmc.mac,
            });
        }
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        Err(error) => {
            gap = Some(format!(
                "ports and management controller: {}",
                explain(&error)
            ))
        }
    }
    let mut inventory = inventory::inventory(&files, &given);
    inventory.gaps.extend(gap);
    Ok(inventory)
}

/// A disk, byte for byte.
fn disk(disk: disks::Disk) -> Disk {
    Disk {
        name: disk.name,
        model: disk.model,
        serial: disk.serial,
        wwn: disk.wwn,
        firmware: disk.firmware,
        size_bytes: disk.size_bytes,
        rotational: disk.rotational,
        transport: match disk.transport {
            Transport::Sata => "sata".to_owned(),
            Transport::Sas => "sas".to_owned(),
            Transport::Nvme => "nvme".to_owned(),
            Transport::NvmeOf => "nvme-of".to_owned(),
            Transport::Usb => "usb".to_owned(),
            Transport::Virtio => "virtio".to_owned(),
            Transport::FibreChannel => "fibre-channel".to_owned(),
            Transport::Iscsi => "iscsi".to_owned(),
            Transport::Mmc => "mmc".to_owned(),
            Transport::Other(other) => other,
        },
    }
}

fn port(nic: Nic) -> GivenPort {
    GivenPort {
        name: nic.name,
        permanent_mac: Some(nic.mac).filter(|mac| !mac.is_empty()),
        driver: nic.driver,
        firmware: nic.firmware,
        max_speed_mbps: nic.max_speed_mbps,
    }
}
