//! Sensors that the kernel knows: coretemp, the memory's, the disks', the network cards'.

use crate::contract::hwmon::{Limits, Reading, Sensor, SensorKind};
use crate::simulated::noise;
use crate::simulated::profile::Fault;
use crate::simulated::world::{SECOND, World};

/// Noise of a temperature sensor in kelvins.
const NOISE: f64 = 0.6;

/// All of them, ordered by chip, device and channel.
pub fn read(world: &World) -> Reading {
    let mut sensors = Vec::new();
    packages(world, &mut sensors);
    modules(world, &mut sensors);
    disks(world, &mut sensors);
    network_cards(world, &mut sensors);
    laptop_fans(world, &mut sensors);
    sensors.retain(|s| {
        !world.any(|f| matches!(f, Fault::SensorMissing { label } if *label == s.label))
    });
    sensors.sort_by(|a, b| {
        let place = |s: &Sensor| (s.chip.clone(), s.device.clone(), number(&s.channel));
        place(a).cmp(&place(b))
    });
    Reading {
        sensors,
        unreadable: Vec::new(),
    }
}

/// `temp10` comes after `temp2`.
fn number(channel: &str) -> (usize, String) {
    (channel.len(), channel.to_owned())
}

fn temperature(
    world: &World,
    chip: &str,
    device: &str,
    (channel, label): (String, String),
    degrees: f64,
    limits: Limits,
) -> Sensor {
    let id = format!("{chip}/{device}/{channel}");
    // The kernel tells coretemp and most others in whole degrees.
    let value = (degrees + NOISE * noise::unit(world.seed, &id, world.now / SECOND)).round();
    let alarms = match limits.crit {
        Some(crit) if value >= crit => vec!["crit-alarm".to_owned()],
        _ => Vec::new(),
    };
    Sensor {
        chip: chip.to_owned(),
        device: device.to_owned(),
        label,
        channel,
        kind: SensorKind::Temperature,
        value,
        limits,
        alarms,
        fault: false,
        extra: Vec::new(),
    }
}

fn packages(world: &World, sensors: &mut Vec<Sensor>) {
    let spec = &world.profile.cpu;
    let Some(chip) = &spec.sensors else { return };
    // coretemp's limits: `max` is where fans go to full speed, `crit` is where it throttles.
    let limits = || Limits {
        max: Some(spec.throttle_at - 10.0),
        crit: Some(spec.throttle_at),
        ..Limits::default()
    };
    for (package, degrees) in world.thermal.packages.iter().enumerate() {
        let device = format!("platform:{chip}.{package}");
        let label = format!("Package id {package}");
        sensors.push(temperature(
            world,
            chip,
            &device,
            ("temp1".to_owned(), label),
            *degrees,
            limits(),
        ));
        for core in 0..spec.cores {
            // Cores are a little cooler than the hottest spot that the package tells.
            let below = 1.5 + 1.5 * noise::unit(world.seed, &format!("core/{package}/{core}"), 0);
            let name = (format!("temp{}", core + 2), format!("Core {core}"));
            sensors.push(temperature(
                world,
                chip,
                &device,
                name,
                degrees - below,
                limits(),
            ));
        }
    }
}

fn modules(world: &World, sensors: &mut Vec<Sensor>) {
    let spec = &world.profile.memory;
    if !spec.ecc || world.profile.cpu.sensors.is_none() {
        return;
    }
    let chip = if spec.kind == "DDR5" {
        "spd5118"
    } else {
        "jc42"
    };
    for (index, slot) in spec.slots.iter().enumerate() {
        if world.any(|f| matches!(f, Fault::DimmMissing { dimm } if dimm == slot)) {
            continue;
        }
        let limits = Limits {
            max: Some(85.0),
            crit: Some(95.0),
            ..Limits::default()
        };
        let device = format!("i2c:{}-00{:02x}", index / 8, 0x50 + index % 8);
        let name = ("temp1".to_owned(), "temp1".to_owned());
        sensors.push(temperature(
            world,
            chip,
            &device,
            name,
            world.thermal.memory,
            limits,
        ));
    }
}

fn disks(world: &World, sensors: &mut Vec<Sensor>) {
    for disk in world.present_disks() {
        let Some(degrees) = world.thermal.disks.get(&disk.name) else {
            continue;
        };
        let name = |label: &str| ("temp1".to_owned(), label.to_owned());
        if disk.kind.nvme() {
            let limits = Limits {
                max: Some(82.0),
                crit: Some(88.0),
                ..Limits::default()
            };
            let device = disk.pci.as_deref().unwrap_or(&disk.name);
            sensors.push(temperature(
                world,
                "nvme",
                device,
                name("Composite"),
                *degrees,
                limits,
            ));
        } else if disk.kind != crate::simulated::profile::DiskKind::Virtio {
            let limits = Limits {
                max: Some(60.0),
                crit: Some(70.0),
                ..Limits::default()
            };
            sensors.push(temperature(
                world,
                "drivetemp",
                &disk.name,
                name("temp1"),
                *degrees,
                limits,
            ));
        }
    }
}

fn network_cards(world: &World, sensors: &mut Vec<Sensor>) {
    for nic in &world.profile.nics {
        if let (Some(address), "mlx5_core") = (&nic.pci, nic.driver.as_str()) {
            let limits = Limits {
                crit: Some(105.0),
                ..Limits::default()
            };
            let name = ("temp1".to_owned(), "asic".to_owned());
            sensors.push(temperature(
                world,
                "mlx5",
                address,
                name,
                world.profile.ambient + 28.0,
                limits,
            ));
        }
    }
}

/// Fans that no management controller owns.
fn laptop_fans(world: &World, sensors: &mut Vec<Sensor>) {
    if world.profile.bmc.is_some() {
        return;
    }
    for (index, fan) in world.profile.fans.iter().enumerate() {
        let turns = world.fan_turns(&fan.name);
        let rpm = if turns {
            world
                .about(fan.rpm * world.thermal.duty, 0.01, &fan.name)
                .round()
        } else {
            0.0
        };
        sensors.push(Sensor {
            chip: "thinkpad".to_owned(),
            device: "platform:thinkpad_hwmon".to_owned(),
            label: fan.name.clone(),
            channel: format!("fan{}", index + 1),
            kind: SensorKind::Fan,
            value: rpm,
            limits: Limits::default(),
            alarms: Vec::new(),
            fault: false,
            extra: Vec::new(),
        });
    }
}
