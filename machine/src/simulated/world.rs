//! The state of the machine: what its parts count, log and how hot they are. It moves in steps of a
//! second ([`World::second`]), whatever is asked of it, so that its course depends on the running
//! tools and on time alone.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::boot_log;
use super::counted::{DiskCounts, NicCounts};
use super::files::{self, Files};
use super::load::Load;
use super::noise;
use super::profile::{Disk, Fault, Gpu, Nic, Profile};
use super::sensors::{self, Probe};
use super::thermal::{Cooling, Thermal};
use super::timeline::Course;
use crate::contract::kernel_log::Entry;
use crate::contract::types::PcieLink;

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

/// A self-test inside a drive.
#[derive(Clone, Debug)]
pub struct SelfTestRun {
    /// Whether it reads the whole surface.
    pub extended: bool,
    /// When it began, in nanoseconds.
    pub began: u64,
    /// When it ends.
    pub ends: u64,
}

/// An entry of the management controller's event log: something came to be.
#[derive(Clone, Debug)]
pub struct Logged {
    /// When, in seconds since 1970.
    pub seconds: u64,
    /// The sensor's type and name, as ipmitool prints them: `Fan FAN3`.
    pub sensor: String,
    /// What happened, in ipmitool's words.
    pub event: String,
}

/// The state of the machine.
pub struct World {
    /// What it is made of.
    pub profile: Arc<Profile>,
    /// The seed of its noise.
    pub seed: u64,
    /// Nanoseconds since the session began.
    pub now: u64,
    /// How busy its parts are.
    pub load: Load,
    /// How hot they are.
    pub thermal: Thermal,
    /// The kernel's log, since boot.
    pub lines: Vec<Entry>,
    /// The management controller's event log.
    pub event_log: Vec<Logged>,
    /// Corrected and uncorrected errors, by module.
    pub dimm_errors: BTreeMap<String, (u64, u64)>,
    /// Correctable, non-fatal and fatal errors, by PCI address.
    pub pcie_errors: BTreeMap<String, (u64, u64, u64)>,
    /// What network ports have counted, by name.
    pub nics: BTreeMap<String, NicCounts>,
    /// What disks have counted, by name.
    pub disks: BTreeMap<String, DiskCounts>,
    /// Self-tests that were started, newest last, by disk.
    pub self_tests: BTreeMap<String, Vec<SelfTestRun>>,
    /// The sensors that the kernel knows.
    pub probes: Vec<Probe>,
    /// Whether a fault has cancelled the attempt.
    pub cancelled: bool,
    files: OnceLock<Arc<Files>>,
    courses: Vec<Course>,
    next_second: u64,
    /// The second of each package's last line about heat.
    pub last_throttle_line: Vec<Option<u64>>,
}

impl World {
    /// A machine that has idled for long, with the faults of second 0.
    pub fn new(profile: Arc<Profile>, seed: u64) -> Self {
        let mut world = Self {
            seed,
            now: 0,
            load: Load::default(),
            thermal: Thermal::new(&profile),
            lines: boot_log::lines(&profile),
            event_log: Vec::new(),
            dimm_errors: BTreeMap::new(),
            pcie_errors: BTreeMap::new(),
            nics: BTreeMap::new(),
            disks: BTreeMap::new(),
            self_tests: BTreeMap::new(),
            probes: sensors::of(&profile, seed),
            cancelled: false,
            files: OnceLock::new(),
            courses: vec![Course::default(); profile.faults.len()],
            next_second: 0,
            last_throttle_line: vec![None; profile.cpu.sockets as usize],
            profile,
        };
        if world.profile.bmc.is_some() {
            world.note("Event Logging Disabled SEL", "Log area reset/cleared");
        }
        world.set_load(Load::default());
        world.second();
        world
    }

    /// The kernel's files, built when they are first asked for.
    pub fn files(&self) -> Arc<Files> {
        let files = || Arc::new(files::of(&self.profile));
        Arc::clone(self.files.get_or_init(files))
    }

    /// When the next second comes, in nanoseconds.
    pub fn next_second_at(&self) -> u64 {
        self.next_second.saturating_mul(SECOND)
    }

    /// A second comes: faults first, then heat.
    pub fn second(&mut self) {
        let second = self.next_second;
        self.next_second = second.saturating_add(1);
        let profile = Arc::clone(&self.profile);
        let cpus = self.load.cpus();
        for (index, scheduled) in profile.faults.iter().enumerate() {
            let load = match scheduled.fault.gpu() {
                Some(gpu) => self.load.gpus.get(gpu).copied().unwrap_or(0.0),
                None => cpus,
            };
            let strikes = match self.courses.get_mut(index) {
                Some(course) => course.second(second, load, scheduled),
                None => false,
            };
            if strikes {
                self.strike(&scheduled.fault);
            }
        }
        let cooling = self.cooling();
        for package in self.thermal.second(&profile, &self.load, &cooling) {
            self.log_throttle(package, second);
        }
    }

    fn cooling(&self) -> Cooling {
        let of = |which: Option<u32>| {
            self.factor(|f| match f {
                Fault::CoolingBlocked { percent, package } if *package == which => Some(*percent),
                _ => None,
            })
        };
        Cooling {
            clear: of(None),
            packages: (0..self.profile.cpu.sockets).map(|p| of(Some(p))).collect(),
            fans_alive: self.fans_alive(),
        }
    }

    /// The parts are this busy from now on.
    pub fn set_load(&mut self, mut load: Load) {
        load.sum_up(&self.profile);
        self.load = load;
    }

    /// The faults that last now.
    pub fn faults(&self) -> impl Iterator<Item = &Fault> {
        let course = self.courses.iter();
        let lasting = course
            .zip(&self.profile.faults)
            .filter(|(course, _)| course.lasts());
        lasting.map(|(_, scheduled)| &scheduled.fault)
    }

    /// Whether a fault like this lasts.
    pub fn any(&self, which: impl Fn(&Fault) -> bool) -> bool {
        self.faults().any(which)
    }

    /// The product of what the lasting faults leave, given in per cent: 1 where none does.
    pub fn factor(&self, percent: impl Fn(&Fault) -> Option<f64>) -> f64 {
        let left = self.faults().filter_map(percent);
        left.map(|p| (p / 100.0).clamp(0.0, 1.0)).product()
    }

    /// A value with noise of that fraction around it: the same within one second.
    pub fn about(&self, value: f64, fraction: f64, of: &str) -> f64 {
        self.about_key(value, fraction, noise::key(of))
    }

    /// The same, of a name whose [`noise::key`] is kept.
    pub fn about_key(&self, value: f64, fraction: f64, key: u64) -> f64 {
        value * (1.0 + fraction * noise::unit_of(self.seed, key, self.now / SECOND))
    }

    /// Whether the tool is installed.
    pub fn has_tool(&self, tool: &str) -> bool {
        let missing = |f: &Fault| matches!(f, Fault::ToolMissing { tool: t } if t == tool);
        self.profile.tools.contains_key(tool) && !self.any(missing)
    }

    /// A disk that is there now.
    pub fn disk(&self, name: &str) -> Option<&Disk> {
        self.present_disks().find(|d| d.name == name)
    }

    /// The disks that are there now.
    pub fn present_disks(&self) -> impl Iterator<Item = &Disk> {
        let missing =
            |name: &str| self.any(|f| matches!(f, Fault::DiskMissing { disk } if disk == name));
        self.profile.disks.iter().filter(move |d| !missing(&d.name))
    }

    /// Whether a GPU does not answer any more.
    pub fn off_bus(&self, gpu: &Gpu) -> bool {
        self.any(|f| matches!(f, Fault::GpuOffBus { gpu: name } if *name == gpu.name))
    }

    /// Whether a port has a carrier.
    pub fn carrier(&self, nic: &Nic) -> bool {
        nic.carrier
            && !self.any(|f| matches!(f, Fault::CarrierLost { nic: name } if *name == nic.name))
    }

    /// A port's speed in Mbit/s as the driver tells it.
    pub fn speed_mbps(&self, nic: &Nic) -> Option<u64> {
        let slow = self.faults().filter_map(|f| match f {
            Fault::LinkSlow { nic: name, mbps } if *name == nic.name => Some(*mbps),
            _ => None,
        });
        if self.carrier(nic) {
            slow.min().or(nic.mbps)
        } else {
            None
        }
    }

    /// A PCI Express link as it came up.
    pub fn link(&self, address: Option<&str>, full: Option<PcieLink>) -> Option<PcieLink> {
        let mut link = full?;
        for fault in self.faults() {
            if let Fault::PcieDegraded { pci, width, speed } = fault
                && Some(pci.as_str()) == address
            {
                link.current_width = width.unwrap_or(link.current_width);
                link.current_speed = speed.unwrap_or(link.current_speed);
            }
        }
        Some(link)
    }

    /// The frequency of a CPU in MHz.
    pub fn mhz(&self, cpu: u32) -> f64 {
        let spec = &self.profile.cpu;
        let core = cpu % spec.sockets.saturating_mul(spec.cores).max(1);
        let package = (core / spec.cores.max(1)) as usize;
        if self
            .thermal
            .throttled
            .get(package)
            .copied()
            .unwrap_or(false)
        {
            return 0.62 * f64::from(spec.base_mhz);
        }
        if self.load.of_cpu(cpu) < 0.05 {
            return 800.0_f64.min(f64::from(spec.base_mhz));
        }
        let (one, all) = (f64::from(spec.max_mhz), f64::from(spec.all_core_mhz));
        one + (all - one) * self.load.package(package)
    }

    /// Whether a fan turns.
    pub fn fan_turns(&self, name: &str) -> bool {
        !self.any(|f| matches!(f, Fault::FanDead { fan } if fan == name))
    }

    fn fans_alive(&self) -> f64 {
        let fans = &self.profile.fans;
        if fans.is_empty() {
            return 1.0;
        }
        fans.iter().filter(|f| self.fan_turns(&f.name)).count() as f64 / fans.len() as f64
    }
}
