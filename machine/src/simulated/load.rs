//! How busy the parts are, as the running tools make them.

use std::collections::BTreeMap;

use super::profile::Profile;

/// How busy the parts are. 1 is one worker's full work; several tools may add up to more.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// Logical CPUs, by number; those beyond the end are idle.
    pub cpu: Vec<f64>,
    /// Memory.
    pub memory: f64,
    /// Disks, by name: 1 for each tool at work on it.
    pub disks: BTreeMap<String, f64>,
    /// GPUs, by name.
    pub gpus: BTreeMap<String, f64>,
}

impl Load {
    /// Adds work to a CPU.
    pub fn add_cpu(&mut self, cpu: u32, work: f64) {
        let cpu = cpu as usize;
        if self.cpu.len() <= cpu {
            self.cpu.resize(cpu + 1, 0.0);
        }
        if let Some(busy) = self.cpu.get_mut(cpu) {
            *busy += work;
        }
    }

    /// How busy one CPU is, 0 to 1.
    pub fn of_cpu(&self, cpu: u32) -> f64 {
        self.cpu.get(cpu as usize).copied().unwrap_or(0.0).min(1.0)
    }

    /// How busy a package is, 0 to 1: a core is as busy as the busier of its threads.
    pub fn package(&self, profile: &Profile, package: usize) -> f64 {
        let cores = profile.cpu.cores;
        let first = u32::try_from(package)
            .unwrap_or(u32::MAX)
            .saturating_mul(cores);
        let all_cores = profile.cpu.sockets.saturating_mul(cores);
        let core = |core: u32| {
            (0..profile.cpu.threads_per_core)
                .map(|thread| self.of_cpu(core.saturating_add(thread.saturating_mul(all_cores))))
                .fold(0.0, f64::max)
        };
        (first..first.saturating_add(cores)).map(core).sum::<f64>() / f64::from(cores.max(1))
    }

    /// How busy all packages are, 0 to 1.
    pub fn cpus(&self, profile: &Profile) -> f64 {
        let sockets = profile.cpu.sockets;
        (0..sockets as usize)
            .map(|p| self.package(profile, p))
            .sum::<f64>()
            / f64::from(sockets.max(1))
    }
}
