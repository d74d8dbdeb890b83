//! What disks of a kind can do, from which a floor follows for one that nothing else is known of.

use vetting_stage::disks::{Disk, Transport};

/// The floors of a kind of disk. They are remarks, never failures: small and QLC disks miss them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floors {
    /// The kind, in words.
    pub name: &'static str,
    /// Reading in order, bytes per second.
    pub in_order: f64,
    /// Reading at random, accesses per second.
    pub at_random: f64,
    /// Latency of 99 % of random reads, milliseconds.
    pub latency_ms: f64,
}

const HARD_DISK: Floors = Floors {
    name: "hard disk",
    in_order: 120e6,
    at_random: 100.0,
    // 128 reads wait at once, at some 100 to 200 a second.
    latency_ms: 2_000.0,
};
const SATA: Floors = Floors {
    name: "SATA or SAS SSD",
    in_order: 400e6,
    at_random: 50e3,
    latency_ms: 10.0,
};
const NVME_3: Floors = Floors {
    name: "NVMe, PCIe 3",
    in_order: 2e9,
    at_random: 200e3,
    latency_ms: 3.0,
};
const NVME_4: Floors = Floors {
    name: "NVMe, PCIe 4",
    in_order: 4e9,
    at_random: 400e3,
    latency_ms: 3.0,
};
const NVME_5: Floors = Floors {
    name: "NVMe, PCIe 5",
    in_order: 8e9,
    at_random: 800e3,
    latency_ms: 3.0,
};

/// Words in the models of disks that a hypervisor or a cloud makes up.
const MADE_UP: [&str; 8] = [
    "QEMU",
    "VBOX",
    "VMware",
    "Virtual",
    "Msft",
    "Microsoft",
    "PersistentDisk",
    "Elastic Block",
];

/// The floors of a disk's kind; `None` for kinds whose speed is somebody else's: virtual disks, USB,
/// networks.
pub fn floors(disk: &Disk) -> Option<Floors> {
    let model = disk.model.as_deref().unwrap_or_default();
    if MADE_UP.iter().any(|word| model.contains(word)) {
        return None;
    }
    match disk.transport {
        Transport::Sata | Transport::Sas if disk.rotational => Some(HARD_DISK),
        Transport::Sata | Transport::Sas => Some(SATA),
        Transport::Nvme => Some(match disk.link.as_ref().map(|link| link.max_speed) {
            Some(speed) if speed >= 32.0 => NVME_5,
            Some(speed) if speed >= 16.0 => NVME_4,
            _ => NVME_3,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Table;

    #[test]
    fn the_table_says_what_the_code_does() {
        for kind in [HARD_DISK, SATA, NVME_3, NVME_4, NVME_5] {
            let name = kind.name;
            let in_order = format!("{name}: {} MB/s", kind.in_order / 1e6);
            let at_random = format!(", {} 1/s", kind.at_random);
            let class = name.split(',').next().unwrap_or(name);
            let latency = format!("{class}: {} ms", kind.latency_ms);
            for words in [in_order, at_random, latency] {
                assert!(Table::RULES.contains(&words), "{words}");
            }
        }
    }
}
