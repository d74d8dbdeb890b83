//! Block devices and the scratch folder.

use crate::contract::disks::{Content, Disk, Scratch, Signature, Transport, Usage};
use crate::contract::types::{Error, Missing, MissingKind, PcieLink};
use crate::simulated::profile::{self, DiskKind};
use crate::simulated::world::World;

/// All whole disks, by name.
pub fn list(world: &World) -> Vec<Disk> {
    let mut disks: Vec<Disk> = world
        .present_disks()
        .map(|disk| tell(world, disk))
        .collect();
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    disks
}

/// Where scratch files go.
pub fn scratch(world: &World) -> Result<Scratch, Error> {
    let scratch = &world.profile.scratch;
    if scratch.allowance_bytes == 0 {
        return Err(Error::Unavailable(Missing {
            kind: MissingKind::Other("space".to_owned()),
            what: "room in the scratch folder".to_owned(),
            remedy: String::new(),
        }));
    }
    Ok(Scratch {
        allowance_bytes: scratch.allowance_bytes,
        file_system: scratch.file_system.clone(),
        disk: scratch.disk.clone(),
    })
}

/// How a disk of that kind is attached.
pub fn transport(kind: DiskKind) -> Transport {
    match kind {
        DiskKind::SasHdd => Transport::Sas,
        DiskKind::SataHdd | DiskKind::SataSsd => Transport::Sata,
        DiskKind::NvmeGen3 | DiskKind::NvmeGen4 | DiskKind::NvmeGen5 => Transport::Nvme,
        DiskKind::Virtio => Transport::Virtio,
    }
}

/// The link that a disk of that kind has of its own, all of it in use.
pub fn full_link(kind: DiskKind) -> Option<PcieLink> {
    kind.link().map(|(speed, width)| PcieLink {
        current_speed: speed,
        current_width: width,
        max_speed: speed,
        max_width: width,
    })
}

/// The PCI address of a disk's controller.
pub fn address<'a>(world: &'a World, disk: &str) -> Option<&'a str> {
    world.disk(disk)?.pci.as_deref()
}

fn tell(world: &World, disk: &profile::Disk) -> Disk {
    let usage = |by: &String| Usage {
        kind: "mounted".to_owned(),
        by: by.clone(),
    };
    let signature = |kind: &String| Signature {
        kind: kind.clone(),
        offset: match kind.as_str() {
            "gpt" => 512,
            "mbr" => 510,
            _ => 1024,
        },
    };
    let signatures: Vec<_> = disk.signatures.iter().map(signature).collect();
    Disk {
        name: disk.name.clone(),
        serial: disk.serial.clone(),
        wwn: disk.wwn.clone(),
        model: disk.model.clone(),
        firmware: disk.firmware.clone(),
        size_bytes: disk.size_bytes,
        logical_block_bytes: 512,
        physical_block_bytes: if disk.kind.rotational() || disk.kind == DiskKind::SataSsd {
            4096
        } else {
            512
        },
        rotational: disk.kind.rotational(),
        removable: false,
        read_only: false,
        transport: transport(disk.kind),
        controller: disk.pci.clone(),
        link: world.link(disk.pci.as_deref(), full_link(disk.kind)),
        in_use: disk.mounted.iter().map(usage).collect(),
        content: if signatures.is_empty() {
            Content::NoneRecognised
        } else {
            Content::Signatures(signatures)
        },
        extra: Vec::new(),
    }
}
