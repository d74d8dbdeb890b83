//! The functions on the PCI bus that the parts of a profile sit on.

use std::collections::BTreeSet;

use super::profile::Profile;
use super::read::disks;
use crate::contract::disks::Transport;
use crate::contract::types::PcieLink;

/// What sits on a function.
#[derive(Clone, Debug)]
pub enum Seat {
    /// A network port.
    Nic,
    /// A disk or its controller, by the disk's name.
    Disk(String),
    /// A GPU, by its name in the profile.
    Gpu(String),
}

/// A function on the bus.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its address.
    pub address: String,
    /// Class code, six hexadecimal digits.
    pub class: String,
    /// Vendor id, four hexadecimal digits.
    pub vendor_id: String,
    /// Device id, four hexadecimal digits.
    pub device_id: String,
    /// The driver bound to it.
    pub driver: Option<String>,
    /// Its link at its best.
    pub link: Option<PcieLink>,
    /// What sits on it.
    pub seat: Seat,
    /// Whether it is the disk itself, not a controller with disks behind it.
    pub goes_with_its_disk: bool,
}

/// All of them by address, each once.
pub fn functions(profile: &Profile) -> Vec<Function> {
    let mut all = Vec::new();
    let mut add = |address: &str, class: &str, id: &str, driver: Option<String>, link, seat| {
        let (vendor, device) = id.split_once(':').unwrap_or((id, "0000"));
        all.push(Function {
            address: address.to_owned(),
            class: class.to_owned(),
            vendor_id: vendor.to_owned(),
            device_id: device.to_owned(),
            driver,
            link,
            seat,
            goes_with_its_disk: class == "010802",
        });
    };
    for nic in &profile.nics {
        if let Some(address) = &nic.pci {
            let id = nic.pci_id.as_deref().unwrap_or("1af4:1041");
            let (driver, link) = (Some(nic.driver.clone()), nic.link.map(|l| l.full()));
            add(address, "020000", id, driver, link, Seat::Nic);
        }
    }
    let mut controllers = BTreeSet::new();
    for disk in &profile.disks {
        let Some(address) = disk.pci.as_deref().filter(|pci| controllers.insert(*pci)) else {
            continue;
        };
        let (class, id, driver) = match disks::transport(disk.kind) {
            Transport::Sas => ("010700", "1000:00e6", "mpt3sas"),
            Transport::Sata => ("010601", "8086:1bf2", "ahci"),
            Transport::Nvme => ("010802", "144d:a80a", "nvme"),
            _ => ("010000", "1af4:1042", "virtio-pci"),
        };
        let seat = Seat::Disk(disk.name.clone());
        let link = disks::full_link(disk.kind);
        add(address, class, id, Some(driver.to_owned()), link, seat);
    }
    for gpu in &profile.gpus {
        let class = if gpu.accelerator { "030200" } else { "030000" };
        let driver = gpu.driver.as_ref().map(|_| gpu.vendor.clone());
        let seat = Seat::Gpu(gpu.name.clone());
        let link = gpu.link.map(|l| l.full());
        add(&gpu.pci, class, &gpu.pci_id, driver, link, seat);
    }
    all.sort_by(|a, b| a.address.cmp(&b.address));
    all.dedup_by(|a, b| a.address == b.address);
    all
}
