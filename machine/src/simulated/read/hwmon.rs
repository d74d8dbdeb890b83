//! Sensors that the kernel knows: what each of the machine's probes shows now.

use std::collections::BTreeSet;

use crate::contract::hwmon::{Reading, Sensor};
use crate::simulated::noise;
use crate::simulated::profile::Fault;
use crate::simulated::sensors::{Probe, Source};
use crate::simulated::world::{SECOND, World};

/// Noise of a temperature sensor in kelvins.
const NOISE: f64 = 0.6;

/// What a network card has over the air at its inlet, in kelvins.
const CARD: f64 = 28.0;

/// All that are there now.
pub fn read(world: &World) -> Reading {
    let gone = Gone::of(world);
    let seen = world.probes.iter().filter(|probe| !gone.has(probe));
    Reading {
        sensors: seen.filter_map(|probe| shown(world, probe)).collect(),
        unreadable: Vec::new(),
    }
}

/// What the faults that last have taken away.
#[derive(Default)]
struct Gone<'a> {
    labels: BTreeSet<&'a str>,
    slots: BTreeSet<&'a str>,
    disks: BTreeSet<&'a str>,
}

impl<'a> Gone<'a> {
    fn of(world: &'a World) -> Self {
        let mut gone = Gone::default();
        for fault in world.faults() {
            match fault {
                Fault::SensorMissing { label } => gone.labels.insert(label),
                Fault::DimmMissing { dimm } => gone.slots.insert(dimm),
                Fault::DiskMissing { disk } => gone.disks.insert(disk),
                _ => false,
            };
        }
        gone
    }

    fn has(&self, probe: &Probe) -> bool {
        let part = match &probe.source {
            Source::Module(slot) => self.slots.contains(slot.as_str()),
            Source::Disk(disk) => self.disks.contains(disk.as_str()),
            _ => false,
        };
        part || self.labels.contains(probe.sensor.label.as_str())
    }
}

fn shown(world: &World, probe: &Probe) -> Option<Sensor> {
    let heat = &world.thermal;
    let degrees = match &probe.source {
        Source::Package(package, below) => heat.packages.get(*package)? - below,
        Source::Module(_) => heat.memory,
        Source::Disk(disk) => *heat.disks.get(disk)?,
        Source::Card => world.profile.ambient + CARD,
        Source::Fan(index) => return fan(world, probe, *index),
    };
    // The kernel tells coretemp and most others in whole degrees.
    let noise = noise::unit_of(world.seed, probe.key, world.now / SECOND);
    let value = (degrees + NOISE * noise).round();
    let alarms = match probe.sensor.limits.crit {
        Some(crit) if value >= crit => vec!["crit-alarm".to_owned()],
        _ => Vec::new(),
    };
    Some(Sensor {
        value,
        alarms,
        ..probe.sensor.clone()
    })
}

fn fan(world: &World, probe: &Probe, index: usize) -> Option<Sensor> {
    let fan = world.profile.fans.get(index)?;
    let turning = world.about_key(fan.rpm * world.thermal.duty, 0.01, probe.key);
    let value = match world.fan_turns(&fan.name) {
        true => turning.round(),
        false => 0.0,
    };
    Some(Sensor {
        value,
        ..probe.sensor.clone()
    })
}
