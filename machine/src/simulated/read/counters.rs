//! Counters.

use crate::contract::counters::{
    CpuCounters, DimmCounters, DiskCounters, MemoryCounters, NicCounters, PcieCounters, Reading,
};
use crate::contract::disks::Transport;
use crate::simulated::profile::{Disk, Fault};
use crate::simulated::read::{disks, inventory};
use crate::simulated::world::World;

/// All of them.
pub fn read(world: &World) -> Reading {
    Reading {
        cpus: cpus(world),
        memory: memory(world),
        pcie: pcie(world),
        nics: nics(world),
        disks: disks(world),
        extra: Vec::new(),
    }
}

fn cpus(world: &World) -> Vec<CpuCounters> {
    let spec = &world.profile.cpu;
    // A virtual machine shows neither frequency nor heat.
    let shown = spec.sensors.is_some();
    let cores = spec.sockets.saturating_mul(spec.cores).max(1);
    let tell = |cpu: u32| {
        let package = (cpu % cores) / spec.cores.max(1);
        let throttled = world.thermal.throttle_ms.get(package as usize).copied();
        // Only Intel's driver counts.
        let throttled = throttled.filter(|_| shown && spec.vendor == "GenuineIntel");
        CpuCounters {
            cpu,
            core: (cpu % cores) % spec.cores.max(1),
            package,
            current_mhz: shown.then(|| {
                world
                    .about(world.mhz(cpu), 0.004, &format!("mhz/{cpu}"))
                    .round()
            }),
            base_mhz: shown.then_some(f64::from(spec.base_mhz)),
            max_mhz: shown.then_some(f64::from(spec.max_mhz)),
            core_throttle_ms: throttled,
            package_throttle_ms: throttled,
        }
    };
    (0..world.profile.logical_cpus()).map(tell).collect()
}

fn memory(world: &World) -> MemoryCounters {
    let spec = &world.profile.memory;
    let Some(driver) = &spec.edac else {
        return MemoryCounters::default();
    };
    let missing =
        |slot: &String| world.any(|f| matches!(f, Fault::DimmMissing { dimm } if dimm == slot));
    let present = spec
        .slots
        .iter()
        .enumerate()
        .filter(|(_, slot)| !missing(slot));
    let dimms = present.map(|(index, slot)| {
        let (corrected, uncorrected) = world.dimm_errors.get(slot).copied().unwrap_or_default();
        DimmCounters {
            // Two channels a controller, one module a channel.
            controller: format!("mc{}", index / 2),
            label: slot.clone(),
            location: format!("channel {} slot 0", index % 2),
            corrected,
            uncorrected,
        }
    });
    MemoryCounters {
        drivers: vec![driver.clone()],
        dimms: dimms.collect(),
        corrected_unattributed: 0,
        uncorrected_unattributed: 0,
    }
}

fn pcie(world: &World) -> Vec<PcieCounters> {
    let functions = inventory::pci(world)
        .into_iter()
        .filter(|f| f.link.is_some());
    let tell = |address: String| {
        let (correctable, nonfatal, fatal) =
            world.pcie_errors.get(&address).copied().unwrap_or_default();
        PcieCounters {
            address,
            correctable,
            nonfatal,
            fatal,
        }
    };
    functions.map(|f| tell(f.address)).collect()
}

fn nics(world: &World) -> Vec<NicCounters> {
    let tell = |nic: &crate::simulated::profile::Nic| {
        let counted = world.nics.get(&nic.name).cloned().unwrap_or_default();
        // The port came up once.
        let carrier_changes = counted
            .carrier_changes
            .saturating_add(u64::from(nic.carrier));
        NicCounters {
            name: nic.name.clone(),
            carrier_changes,
            ..counted
        }
    };
    let mut nics: Vec<NicCounters> = world.profile.nics.iter().map(tell).collect();
    nics.sort_by(|a, b| a.name.cmp(&b.name));
    nics
}

fn disks(world: &World) -> Vec<DiskCounters> {
    let tell = |disk: &Disk| {
        let counted = world.disks.get(&disk.name).cloned().unwrap_or_default();
        // SCSI's driver counts, which SATA disks use too.
        let scsi = matches!(
            disks::transport(disk.kind),
            Transport::Sas | Transport::Sata
        );
        DiskCounters {
            io_errors: scsi.then(|| counted.io_errors.unwrap_or(0)),
            name: disk.name.clone(),
            ..counted
        }
    };
    let mut disks: Vec<DiskCounters> = world.present_disks().map(tell).collect();
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    disks
}
