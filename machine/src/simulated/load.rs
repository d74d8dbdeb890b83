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
    /// Packages, 0 to 1: what [`Load::sum_up`] found.
    packages: Vec<f64>,
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

    /// Adds up what the packages do, once all work was added: a core is as busy as the busier of its
    /// threads.
    pub fn sum_up(&mut self, profile: &Profile) {
        let cores = profile.cpu.cores;
        let all_cores = profile.cpu.sockets.saturating_mul(cores);
        let core = |core: u32| {
            (0..profile.cpu.threads_per_core)
                .map(|thread| self.of_cpu(core.saturating_add(thread.saturating_mul(all_cores))))
                .fold(0.0, f64::max)
        };
        let package = |package: u32| {
            let first = package.saturating_mul(cores);
            let busy: f64 = (first..first.saturating_add(cores)).map(core).sum();
            busy / f64::from(cores.max(1))
        };
        let packages: Vec<f64> = (0..profile.cpu.sockets).map(package).collect();
        self.packages = packages;
    }

    /// How busy a package is, 0 to 1.
    pub fn package(&self, package: usize) -> f64 {
        self.packages.get(package).copied().unwrap_or(0.0)
    }

    /// How busy all packages are, 0 to 1.
    pub fn cpus(&self) -> f64 {
        self.packages.iter().sum::<f64>() / self.packages.len().max(1) as f64
    }
}
