//! Disks (`Documentation/ABI/stable/sysfs-block`, `Documentation/block/stat.rst`).

use super::pci;
use super::tree::{Files, Part};
use crate::contract::disks::Transport;
use crate::simulated::profile::{Disk, Profile};
use crate::simulated::read::disks::transport;

pub fn add(files: &mut Files, profile: &Profile) {
    for (number, disk) in profile.disks.iter().enumerate() {
        let part = Part::Disk(disk.name.clone());
        files.of_part(Some(part), |files| one(files, disk, number));
    }
}

/// The folder of the device that a disk sits on, and that of the disk in it.
fn places(disk: &Disk, number: usize) -> (String, String) {
    let name = &disk.name;
    let controller = match &disk.pci {
        Some(address) => pci::home(address),
        None => "sys/devices/platform".to_owned(),
    };
    match transport(disk.kind) {
        Transport::Nvme => {
            let end = name.rfind('n').unwrap_or(name.len());
            let device = format!("{controller}/nvme/{}", name.get(..end).unwrap_or(name));
            let itself = format!("{device}/{name}");
            (device, itself)
        }
        Transport::Sas | Transport::Sata => {
            let device = format!("{controller}/host{number}/target{number}:0:0/{number}:0:0:0");
            let itself = format!("{device}/block/{name}");
            (device, itself)
        }
        _ => {
            let device = format!("{controller}/virtio{number}");
            let itself = format!("{device}/block/{name}");
            (device, itself)
        }
    }
}

fn one(files: &mut Files, disk: &Disk, number: usize) {
    let (device, home) = places(disk, number);
    files.link(format!("sys/block/{}", disk.name), &home);
    files.link(format!("{home}/device"), &device);
    files.text(format!("{home}/size"), disk.size_bytes / 512);
    files.text(format!("{home}/ro"), 0);
    files.text(format!("{home}/removable"), 0);
    let queue = format!("{home}/queue");
    let rotational = disk.kind.rotational();
    files.text(format!("{queue}/rotational"), u8::from(rotational));
    files.text(format!("{queue}/logical_block_size"), 512);
    let physical = if rotational { 4096 } else { 512 };
    files.text(format!("{queue}/physical_block_size"), physical);
    let key = disk.name.clone();
    files.now(format!("{home}/stat"), move |world| {
        let counted = world.disks.get(&key).cloned().unwrap_or_default();
        let (read, written) = (counted.read_bytes / 512, counted.written_bytes / 512);
        // Requests of 128 KiB, as far as the kernel counts them.
        let fields = [
            read / 256,
            0,
            read,
            0,
            written / 256,
            0,
            written,
            0,
            0,
            0,
            0,
        ];
        let fields: Vec<String> = fields.iter().map(|field| format!("{field:>8}")).collect();
        Ok(format!("{}\n", fields.join(" ")))
    });
    // SCSI's driver counts, which SATA disks use too.
    if matches!(transport(disk.kind), Transport::Sas | Transport::Sata) {
        files.text(format!("{device}/state"), "running");
        files.text(format!("{device}/iotmo_cnt"), "0x0");
        let key = disk.name.clone();
        files.now(format!("{device}/ioerr_cnt"), move |world| {
            let counted = world.disks.get(&key).map_or(0, |d| d.io_errors);
            Ok(format!("{counted:#x}\n"))
        });
    } else if transport(disk.kind) == Transport::Nvme {
        files.text(format!("{device}/state"), "live");
    }
}
