//! The thermal model: each part is one lump of heat that goes towards inlet + load × rise with its
//! time constant; fans answer to the hottest; a package that gets too hot is throttled until it has
//! cooled by a few kelvins. One step is one second, so that a state follows from the time alone.
//! Rises and time constants are our own, chosen to look like an air-cooled server.

use std::collections::BTreeMap;

use super::load::Load;
use super::profile::Profile;

/// Seconds until a part has gone 63 % of its way.
const PACKAGE_SECONDS: f64 = 14.0;
const MEMORY_SECONDS: f64 = 60.0;
const DISK_SECONDS: f64 = 150.0;
const GPU_SECONDS: f64 = 25.0;

/// A throttled package is let go this much below its limit, in kelvins.
const HYSTERESIS: f64 = 3.0;

/// What part of its power a throttled package still draws.
const THROTTLED_POWER: f64 = 0.62;

/// Where a GPU's hardware slows it down, in degrees Celsius.
pub const GPU_SLOWDOWN: f64 = 92.0;

/// What part of its work and power a GPU that is slowed down for heat still has.
pub const GPU_SLOWED: f64 = 0.6;

/// How well the heat leaves.
#[derive(Clone, Debug)]
pub struct Cooling {
    /// The part of the usual rate that dust and ducts leave, 0 to 1.
    pub clear: f64,
    /// The part of it that each package's own cooler leaves, 0 to 1.
    pub packages: Vec<f64>,
    /// The part of the fans that turn, 0 to 1.
    pub fans_alive: f64,
}

/// The heat of every part, in degrees Celsius.
#[derive(Clone, Debug)]
pub struct Thermal {
    /// Processor packages.
    pub packages: Vec<f64>,
    /// Whether each is throttled now.
    pub throttled: Vec<bool>,
    /// Milliseconds each has been throttled.
    pub throttle_ms: Vec<u64>,
    /// The memory modules, which all get the same air.
    pub memory: f64,
    /// Disks, by name.
    pub disks: BTreeMap<String, f64>,
    /// GPUs, by name.
    pub gpus: BTreeMap<String, f64>,
    /// Seconds that each GPU has been slowed down for heat.
    pub gpus_slowed: BTreeMap<String, u64>,
    /// How fast the fans are driven, 0 to 1.
    pub duty: f64,
}

impl Thermal {
    /// A machine that has idled for long.
    pub fn new(profile: &Profile) -> Self {
        let sockets = profile.cpu.sockets as usize;
        let air = profile.ambient;
        Self {
            packages: vec![air + 12.0; sockets],
            throttled: vec![false; sockets],
            throttle_ms: vec![0; sockets],
            memory: air + 8.0,
            disks: profile
                .disks
                .iter()
                .map(|d| (d.name.clone(), air + 9.0))
                .collect(),
            gpus_slowed: BTreeMap::new(),
            gpus: profile
                .gpus
                .iter()
                .map(|g| (g.name.clone(), air + 11.0))
                .collect(),
            duty: 0.35,
        }
    }

    /// One second passes. Answers with the packages that have just begun to throttle.
    pub fn second(&mut self, profile: &Profile, load: &Load, cooling: &Cooling) -> Vec<usize> {
        let air = profile.ambient;
        // Idling fans carry off two thirds of the heat that full ones do.
        let airflow = (0.5 + 0.5 * self.duty) * (0.25 + 0.75 * cooling.fans_alive);
        let resistance = 1.0 / (airflow * cooling.clear.max(0.05));
        let mut just_throttled = Vec::new();
        let package_step = step(PACKAGE_SECONDS);
        let disk_step = step(DISK_SECONDS);
        let gpu_step = step(GPU_SECONDS);
        for (package, degrees) in self.packages.iter_mut().enumerate() {
            let throttled = self.throttled.get(package).copied().unwrap_or(false);
            let power = if throttled { THROTTLED_POWER } else { 1.0 };
            let busy = 0.12 + 0.88 * load.package(package) * power;
            let cooler = cooling.packages.get(package).copied().unwrap_or(1.0);
            approach(
                degrees,
                air + profile.cpu.rise * busy * resistance / cooler.max(0.05),
                package_step,
            );
            let now = *degrees >= profile.cpu.throttle_at
                || (throttled && *degrees > profile.cpu.throttle_at - HYSTERESIS);
            if now && !throttled {
                just_throttled.push(package);
            }
            if let Some(flag) = self.throttled.get_mut(package) {
                *flag = now;
            }
            if now && let Some(total) = self.throttle_ms.get_mut(package) {
                *total = total.saturating_add(1000);
            }
        }
        let busy = load.cpus().max(load.memory);
        approach(
            &mut self.memory,
            air + (6.0 + 16.0 * busy) * resistance,
            step(MEMORY_SECONDS),
        );
        for (name, degrees) in &mut self.disks {
            let busy = load.disks.get(name).copied().unwrap_or(0.0).min(1.0);
            approach(degrees, air + (6.0 + 10.0 * busy) * resistance, disk_step);
        }
        for (name, degrees) in &mut self.gpus {
            let busy = load.gpus.get(name).copied().unwrap_or(0.0).min(1.0);
            let slowed = if *degrees >= GPU_SLOWDOWN {
                let seconds = self.gpus_slowed.entry(name.clone()).or_default();
                *seconds = seconds.saturating_add(1);
                GPU_SLOWED
            } else {
                1.0
            };
            let target = air + (7.0 + 36.0 * busy * slowed) * resistance;
            approach(degrees, target, gpu_step);
        }
        let hottest = self
            .packages
            .iter()
            .chain(self.gpus.values())
            .fold(air, |a, b| a.max(*b));
        let wanted = ((hottest - 40.0) / 35.0).clamp(0.35, 1.0);
        approach(&mut self.duty, wanted, step(5.0));
        just_throttled
    }
}

/// The part of its way that a part of that time constant goes in a second.
fn step(time_constant: f64) -> f64 {
    1.0 - libm::exp(-1.0 / time_constant)
}

/// One second of a first-order lag.
fn approach(value: &mut f64, target: f64, step: f64) {
    *value += (target - *value) * step;
}
