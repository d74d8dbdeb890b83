//! The sensors that the kernel knows of a machine: coretemp's, the memory's, the disks', the network
//! cards'. What stays the same of each is made once; [`crate::simulated::read`] gives it its value.

use super::noise;
use super::profile::{DiskKind, Profile};
use crate::contract::hwmon::{Limits, Sensor, SensorKind};

/// What a sensor measures.
#[derive(Clone, Debug)]
pub enum Source {
    /// A package, and how much cooler than its hottest spot the place is, in kelvins.
    Package(usize, f64),
    /// The module in this slot.
    Module(String),
    /// A disk, by name.
    Disk(String),
    /// A card that only the air cools.
    Card,
    /// A fan, by its place in the profile.
    Fan(usize),
}

/// A sensor.
#[derive(Clone, Debug)]
pub struct Probe {
    /// All of it but its value and its alarms.
    pub sensor: Sensor,
    /// The key of its noise.
    pub key: u64,
    /// What it measures.
    pub source: Source,
}

/// All of them, ordered by chip, device and channel.
pub fn of(profile: &Profile, seed: u64) -> Vec<Probe> {
    let mut probes = Vec::new();
    packages(profile, seed, &mut probes);
    modules(profile, &mut probes);
    disks(profile, &mut probes);
    network_cards(profile, &mut probes);
    laptop_fans(profile, &mut probes);
    probes.sort_by(|a, b| place(&a.sensor).cmp(&place(&b.sensor)));
    probes
}

/// By chip, device and channel, where `temp10` comes after `temp2`.
fn place(sensor: &Sensor) -> (&str, &str, usize, &str) {
    let channel = sensor.channel.as_str();
    (&sensor.chip, &sensor.device, channel.len(), channel)
}

fn probe(
    (chip, device): (&str, &str),
    (channel, label): (&str, &str),
    limits: Limits,
    source: Source,
) -> Probe {
    let (kind, key) = match source {
        Source::Fan(_) => (SensorKind::Fan, label.to_owned()),
        _ => (
            SensorKind::Temperature,
            format!("{chip}/{device}/{channel}"),
        ),
    };
    Probe {
        key: noise::key(&key),
        sensor: Sensor {
            chip: chip.to_owned(),
            device: device.to_owned(),
            label: label.to_owned(),
            channel: channel.to_owned(),
            kind,
            value: 0.0,
            limits,
            alarms: Vec::new(),
            fault: false,
            extra: Vec::new(),
        },
        source,
    }
}

fn limits(max: Option<f64>, crit: f64) -> Limits {
    Limits {
        max,
        crit: Some(crit),
        ..Limits::default()
    }
}

fn packages(profile: &Profile, seed: u64, probes: &mut Vec<Probe>) {
    let spec = &profile.cpu;
    let Some(chip) = &spec.sensors else { return };
    // coretemp's limits: `max` is where fans go to full speed, `crit` is where it throttles.
    let limits = || limits(Some(spec.throttle_at - 10.0), spec.throttle_at);
    for package in 0..spec.sockets {
        let device = format!("platform:{chip}.{package}");
        let at = (chip.as_str(), device.as_str());
        let package = package as usize;
        let label = format!("Package id {package}");
        let hottest = Source::Package(package, 0.0);
        probes.push(probe(at, ("temp1", &label), limits(), hottest));
        for core in 0..spec.cores {
            // Cores are a little cooler than the hottest spot that the package tells.
            let below = 1.5 + 1.5 * noise::unit(seed, &format!("core/{package}/{core}"), 0);
            let (channel, label) = (format!("temp{}", core + 2), format!("Core {core}"));
            let source = Source::Package(package, below);
            probes.push(probe(at, (&channel, &label), limits(), source));
        }
    }
}

fn modules(profile: &Profile, probes: &mut Vec<Probe>) {
    let spec = &profile.memory;
    if !spec.ecc || profile.cpu.sensors.is_none() {
        return;
    }
    let chip = match spec.kind.as_str() {
        "DDR5" => "spd5118",
        _ => "jc42",
    };
    for (index, slot) in spec.slots.iter().enumerate() {
        let device = format!("i2c:{}-00{:02x}", index / 8, 0x50 + index % 8);
        let source = Source::Module(slot.clone());
        let limits = limits(Some(85.0), 95.0);
        probes.push(probe((chip, &device), ("temp1", "temp1"), limits, source));
    }
}

fn disks(profile: &Profile, probes: &mut Vec<Probe>) {
    for disk in &profile.disks {
        let source = Source::Disk(disk.name.clone());
        if disk.kind.nvme() {
            let device = disk.pci.as_deref().unwrap_or(&disk.name);
            let limits = limits(Some(82.0), 88.0);
            let name = ("temp1", "Composite");
            probes.push(probe(("nvme", device), name, limits, source));
        } else if disk.kind != DiskKind::Virtio {
            let limits = limits(Some(60.0), 70.0);
            let name = ("temp1", "temp1");
            probes.push(probe(("drivetemp", &disk.name), name, limits, source));
        }
    }
}

fn network_cards(profile: &Profile, probes: &mut Vec<Probe>) {
    for nic in &profile.nics {
        if let (Some(address), "mlx5_core") = (&nic.pci, nic.driver.as_str()) {
            let limits = limits(None, 105.0);
            probes.push(probe(
                ("mlx5", address),
                ("temp1", "asic"),
                limits,
                Source::Card,
            ));
        }
    }
}

/// Fans that no management controller owns.
fn laptop_fans(profile: &Profile, probes: &mut Vec<Probe>) {
    if profile.bmc.is_some() {
        return;
    }
    for (index, fan) in profile.fans.iter().enumerate() {
        let at = ("thinkpad", "platform:thinkpad_hwmon");
        let channel = format!("fan{}", index + 1);
        let source = Source::Fan(index);
        probes.push(probe(at, (&channel, &fan.name), Limits::default(), source));
    }
}
