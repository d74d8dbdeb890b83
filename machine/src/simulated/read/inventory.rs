//! The inventory.

use crate::contract::disks::Transport;
use crate::contract::inventory::{Cpu, Disk, Gpu, Memory, MemoryModule, Nic, Parts, PciDevice};
use crate::simulated::pci::{Function, Seat, functions};
use crate::simulated::profile::Fault;
use crate::simulated::read::disks;
use crate::simulated::world::World;

/// What the kernel leaves of the modules' bytes, by what servers tell: about 1.5 % go.
fn visible_bytes(installed: u64) -> u64 {
    installed / 200 * 197
}

/// What of them could be used on a machine that runs nothing but us.
pub fn available_bytes(installed: u64) -> u64 {
    visible_bytes(installed) / 100 * 96
}

/// Everything.
pub fn read(world: &World) -> Parts {
    let profile = &world.profile;
    Parts {
        system: profile.system.clone(),
        board: profile.board.clone(),
        bios: profile.bios.clone(),
        bmc: profile.bmc.clone(),
        cpus: cpus(world),
        memory: memory(world),
        disks: disks(world),
        nics: nics(world),
        gpus: gpus(world),
        pci: pci(world),
        gaps: Vec::new(),
        extra: Vec::new(),
    }
}

fn cpus(world: &World) -> Vec<Cpu> {
    let spec = &world.profile.cpu;
    let package = |socket: u32| Cpu {
        socket: format!("CPU{}", socket + 1),
        model: spec.model.clone(),
        vendor: spec.vendor.clone(),
        cores: spec.cores,
        threads: spec.cores.saturating_mul(spec.threads_per_core),
        base_mhz: Some(spec.base_mhz),
        max_mhz: Some(spec.max_mhz),
        stepping: spec.stepping.clone(),
        microcode: spec.microcode.clone(),
    };
    (0..spec.sockets).map(package).collect()
}

/// The memory that is there now.
pub fn memory(world: &World) -> Memory {
    let spec = &world.profile.memory;
    let missing =
        |slot: &String| world.any(|f| matches!(f, Fault::DimmMissing { dimm } if dimm == slot));
    let bare = world.profile.system.hypervisor.is_none();
    let filled = spec.slots.iter().enumerate().map(|(index, slot)| {
        if missing(slot) {
            return empty(slot);
        }
        MemoryModule {
            locator: slot.clone(),
            bank: Some(format!(
                "NODE {}",
                index * world.profile.cpu.sockets as usize / spec.slots.len().max(1)
            )),
            size_bytes: spec.module_bytes,
            kind: Some(spec.kind.clone()),
            rated_mts: spec.mts,
            configured_mts: spec.mts,
            manufacturer: spec.manufacturer.clone(),
            part_number: spec.part_number.clone(),
            serial: spec
                .part_number
                .as_ref()
                .map(|_| format!("8F3A{:04X}", 0x2100 + index)),
            ranks: spec.ranks,
            // A hypervisor tells no widths.
            total_width: bare.then_some(if spec.ecc { 72 } else { 64 }),
            data_width: bare.then_some(64),
        }
    });
    let mut modules: Vec<MemoryModule> = filled.collect();
    modules.extend(spec.empty.iter().map(|slot| empty(slot)));
    let installed = modules
        .iter()
        .fold(0_u64, |sum, m| sum.saturating_add(m.size_bytes));
    Memory {
        visible_bytes: visible_bytes(installed),
        available_bytes: available_bytes(installed),
        installed_bytes: Some(installed),
        error_correction: Some(if spec.ecc { "Multi-bit ECC" } else { "None" }.to_owned()),
        modules,
    }
}

fn empty(slot: &str) -> MemoryModule {
    MemoryModule {
        locator: slot.to_owned(),
        ..MemoryModule::default()
    }
}

fn disks(world: &World) -> Vec<Disk> {
    let tell = |disk: crate::contract::disks::Disk| Disk {
        name: disk.name,
        model: disk.model,
        serial: disk.serial,
        wwn: disk.wwn,
        firmware: disk.firmware,
        size_bytes: disk.size_bytes,
        rotational: disk.rotational,
        transport: match disk.transport {
            Transport::Sas => "sas",
            Transport::Sata => "sata",
            Transport::Nvme => "nvme",
            _ => "virtio",
        }
        .to_owned(),
    };
    disks::list(world).into_iter().map(tell).collect()
}

fn nics(world: &World) -> Vec<Nic> {
    let tell = |nic: &crate::simulated::profile::Nic| {
        let carrier = world.carrier(nic);
        let speed = world.speed_mbps(nic);
        Nic {
            name: nic.name.clone(),
            mac: nic.mac.clone(),
            driver: Some(nic.driver.clone()),
            firmware: nic.firmware.clone(),
            pci_address: nic.pci.clone(),
            paravirtual: nic.paravirtual,
            carrier,
            speed_mbps: speed,
            max_speed_mbps: nic.mbps,
            duplex: speed.map(|_| "full".to_owned()),
            mtu: nic.mtu,
            link: world.link(nic.pci.as_deref(), nic.link.map(|l| l.full())),
        }
    };
    let mut nics: Vec<Nic> = world.profile.nics.iter().map(tell).collect();
    nics.sort_by(|a, b| a.name.cmp(&b.name));
    nics
}

fn gpus(world: &World) -> Vec<Gpu> {
    let present = world.profile.gpus.iter().filter(|gpu| !world.off_bus(gpu));
    let tell = |gpu: &crate::simulated::profile::Gpu| {
        let (vendor_id, device_id) = ids(&gpu.pci_id);
        Gpu {
            pci_address: gpu.pci.clone(),
            vendor_id,
            device_id,
            model: Some(gpu.model.clone()),
            driver: gpu.driver.as_ref().map(|_| gpu.vendor.clone()),
            accelerator: gpu.accelerator,
        }
    };
    let mut gpus: Vec<Gpu> = present.map(tell).collect();
    gpus.sort_by(|a, b| a.pci_address.cmp(&b.pci_address));
    gpus
}

/// All functions that a part of the machine sits on.
fn pci(world: &World) -> Vec<PciDevice> {
    let gone = |function: &Function| match &function.seat {
        Seat::Gpu(name) => world.any(|f| matches!(f, Fault::GpuOffBus { gpu } if gpu == name)),
        Seat::Disk(name) => function.goes_with_its_disk && world.disk(name).is_none(),
        Seat::Nic => false,
    };
    let tell = |function: Function| PciDevice {
        subsystem_vendor_id: function.vendor_id.clone(),
        subsystem_device_id: "0001".to_owned(),
        link: world.link(Some(&function.address), function.link),
        address: function.address,
        class: function.class,
        vendor_id: function.vendor_id,
        device_id: function.device_id,
        driver: function.driver,
    };
    let functions = functions(&world.profile).into_iter();
    functions.filter(|f| !gone(f)).map(tell).collect()
}

/// Vendor and device of `10de:2331`.
fn ids(pci_id: &str) -> (String, String) {
    let (vendor, device) = pci_id.split_once(':').unwrap_or((pci_id, "0000"));
    (vendor.to_owned(), device.to_owned())
}
