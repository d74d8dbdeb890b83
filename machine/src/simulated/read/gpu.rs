//! GPUs.

use crate::contract::gpu::{Device, Ecc, Reading, Repairs, Silent, Throttle};
use crate::simulated::profile::{Fault, Gpu};
use crate::simulated::thermal::{GPU_SLOWDOWN, GPU_SLOWED};
use crate::simulated::world::World;

/// NVML's bits of the clock event reasons that the model uses.
const IDLE: u64 = 0x01;
const SOFTWARE_THERMAL: u64 = 0x20;
const HARDWARE_THERMAL: u64 = 0x40;

/// Those that answer, and those that do not.
pub fn read(world: &World) -> Reading {
    let mut reading = Reading::default();
    for gpu in &world.profile.gpus {
        if world.off_bus(gpu) {
            // The bus still lists it, though nothing behind the address answers.
            reading.silent.push(Silent {
                pci_address: gpu.pci.clone(),
                model: gpu.model.clone(),
                reason: "the GPU has fallen off the bus: it does not answer its driver".to_owned(),
            });
        } else if gpu.driver.is_none() {
            if gpu.accelerator {
                reading.silent.push(Silent {
                    pci_address: gpu.pci.clone(),
                    model: gpu.model.clone(),
                    reason: format!(
                        "no driver is loaded for it; install the one of {}",
                        gpu.vendor
                    ),
                });
            }
        } else {
            reading.devices.push(tell(world, gpu));
        }
    }
    reading
        .devices
        .sort_by(|a, b| a.pci_address.cmp(&b.pci_address));
    reading
}

fn tell(world: &World, gpu: &Gpu) -> Device {
    let busy = world
        .load
        .gpus
        .get(&gpu.name)
        .copied()
        .unwrap_or(0.0)
        .min(1.0);
    let key = |what: &str| format!("gpu/{}/{what}", gpu.name);
    let degrees = world
        .thermal
        .gpus
        .get(&gpu.name)
        .copied()
        .unwrap_or(world.profile.ambient);
    let hot = degrees >= GPU_SLOWDOWN;
    let mask = match (busy > 0.0, hot) {
        (_, true) => SOFTWARE_THERMAL | HARDWARE_THERMAL,
        (false, false) => IDLE,
        (true, false) => 0,
    };
    let slowed = if hot { GPU_SLOWED } else { 1.0 };
    let uncorrected = world.faults().filter_map(|f| match f {
        Fault::GpuEccUncorrected { gpu: name, count } if *name == gpu.name => Some(*count),
        _ => None,
    });
    let uncorrected: u64 = uncorrected.sum();
    let mut link = world.link(Some(&gpu.pci), gpu.link.map(|l| l.full()));
    // An idle GPU lowers its link's speed, legally.
    if let Some(link) = &mut link
        && busy == 0.0
    {
        link.current_speed = link.current_speed.min(2.5);
    }
    let nvidia = gpu.vendor == "nvidia";
    Device {
        pci_address: gpu.pci.clone(),
        vendor: gpu.vendor.clone(),
        model: gpu.model.clone(),
        uuid: gpu.uuid.clone(),
        serial: gpu.serial.clone(),
        vbios: gpu.vbios.clone(),
        driver: gpu.driver.clone(),
        memory_bytes: Some(gpu.memory_bytes),
        temperature: Some(world.about(degrees, 0.01, &key("temperature")).round()),
        memory_temperature: Some(world.about(degrees + 6.0, 0.01, &key("memory")).round()),
        slowdown_temperature: Some(GPU_SLOWDOWN),
        power: Some(world.about(
            gpu.power_limit * (0.11 + 0.84 * busy * slowed),
            0.01,
            &key("power"),
        )),
        power_limit: Some(gpu.power_limit),
        core_mhz: Some(if busy > 0.0 {
            gpu.core_mhz * slowed
        } else {
            345.0
        }),
        memory_mhz: Some(gpu.memory_mhz),
        utilization: Some(busy * 100.0),
        throttle: nvidia.then(|| Throttle {
            mask,
            hardware_thermal: hot,
            software_thermal: hot,
            idle: mask == IDLE,
            ..Throttle::default()
        }),
        link,
        pcie_replays: Some(0),
        ecc: Ecc {
            enabled: Some(true),
            volatile_corrected: Some(0),
            volatile_uncorrected: Some(uncorrected),
            aggregate_corrected: Some(0),
            aggregate_uncorrected: Some(uncorrected),
            sram_threshold_exceeded: Some(false),
        },
        repairs: Repairs {
            remapped_corrected: Some(0),
            remapped_uncorrected: Some(0),
            remap_pending: Some(false),
            remap_failed: Some(false),
            ..Repairs::default()
        },
        fabric_links_up: None,
        fabric_links_down: None,
        extra: Vec::new(),
    }
}
