//! CPUs: which there are, how they belong together, and what the kernel says of each.

use serde::Serialize;

use super::change::{Count, Part};
use super::cpufreq::{Cppc, Frequency, cppc, frequency};
use super::folder::{Folder, Leftover, names, numbered, whole};
use super::throttle::{Throttle, throttle};
use crate::files::Files;

const HOME: &str = "sys/devices/system/cpu";
const CHECKS: &str = "sys/devices/system/machinecheck";

/// What to read for [`cpus`].
pub const CPU: &[&str] = &[
    "sys/devices/system/cpu/*",
    "sys/devices/system/cpu/cpu*/online",
    "sys/devices/system/cpu/cpu*/cpu_capacity",
    "sys/devices/system/cpu/cpu*/node*",
    "sys/devices/system/cpu/cpu*/cpufreq",
    "sys/devices/system/cpu/cpu*/topology/*",
    "sys/devices/system/cpu/cpu*/thermal_throttle/*",
    "sys/devices/system/cpu/cpu*/cpufreq/*",
    "sys/devices/system/cpu/cpu*/acpi_cppc/*",
    "sys/devices/system/cpu/cpu*/microcode/version",
    "sys/devices/system/cpu/cpufreq/boost",
    "sys/devices/system/cpu/intel_pstate/*",
    "sys/devices/system/cpu/amd_pstate/*",
    "sys/devices/system/cpu/smt/*",
    "sys/devices/system/cpu/vulnerabilities/*",
    "sys/devices/system/machinecheck/machinecheck*/*",
    "sys/devices/cpu_core/cpus",
    "sys/devices/cpu_atom/cpus",
    "sys/devices/cpu_lowpower/cpus",
];

/// All CPUs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cpus {
    /// Those that run.
    pub online: Option<Vec<u32>>,
    /// Those that are there and do not run.
    pub offline: Option<Vec<u32>>,
    /// Those that are there.
    pub present: Option<Vec<u32>>,
    /// Those that there could ever be.
    pub possible: Option<Vec<u32>>,
    /// Those that the scheduler keeps free.
    pub isolated: Option<Vec<u32>>,
    /// Those with performance cores (Intel's hybrid CPUs).
    pub performance: Option<Vec<u32>>,
    /// Those with efficient cores.
    pub efficient: Option<Vec<u32>>,
    /// Those with low-power efficient cores.
    pub low_power: Option<Vec<u32>>,
    /// Whether threads share cores now.
    pub smt_active: Option<bool>,
    /// The switch for it: `on`, `off`, `forceoff`, `notsupported`.
    pub smt_control: Option<String>,
    /// Whether `acpi-cpufreq` and `amd-pstate` may boost.
    pub boost: Option<bool>,
    /// Whether `intel_pstate` may not boost.
    pub no_turbo: Option<bool>,
    /// Each CPU.
    pub cpus: Vec<Cpu>,
    /// What the kernel says of each known vulnerability.
    pub vulnerabilities: Vec<NamedText>,
    /// The machine check settings of each CPU.
    pub checks: Vec<MachineCheck>,
    /// The files of `intel_pstate/` and `amd_pstate/`, and what does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// A text with its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedText {
    /// The kernel's name of it.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// One logical CPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cpu {
    /// Its number.
    pub cpu: u32,
    /// Whether it runs; `None`: it cannot be switched off.
    pub online: Option<bool>,
    /// Its package (socket); `None` while it is offline, or where the firmware names none.
    pub package: Option<u32>,
    /// Its die in the package.
    pub die: Option<u32>,
    /// Its cluster in the die; `None` where the firmware names none (65535, then in `extra`).
    pub cluster: Option<u32>,
    /// Its core; unique in the package alone.
    pub core: Option<u32>,
    /// The CPUs of its core, itself included.
    pub core_cpus: Option<Vec<u32>>,
    /// The CPUs of its package, itself included.
    pub package_cpus: Option<Vec<u32>>,
    /// Its capacity against the strongest core's 1024.
    pub capacity: Option<u32>,
    /// Its NUMA node.
    pub node: Option<u32>,
    /// Its microcode: `0x2b000603`.
    pub microcode: Option<String>,
    /// Its frequencies; `None`: no cpufreq driver.
    pub frequency: Option<Frequency>,
    /// ACPI performance control; `None`: the firmware has none.
    pub cppc: Option<Cppc>,
    /// Thermal throttling; `None`: the kernel does not count it.
    pub throttle: Option<Throttle>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One CPU's machine check settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MachineCheck {
    /// The CPU.
    pub cpu: u32,
    /// Seconds between polls for corrected errors; 0: never.
    pub check_interval: Option<u64>,
    /// Whether corrected errors are left alone.
    pub ignore_ce: Option<bool>,
    /// Whether corrected errors are not logged.
    pub dont_log_ce: Option<bool>,
    /// Whether interrupts for corrected errors are off.
    pub cmci_disabled: Option<bool>,
    /// Which errors each bank reports, in hexadecimal: `bank0` is `ffffffffffffffff`.
    pub banks: Vec<NamedText>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// The most CPUs that one list may name.
const MOST: usize = 65_536;

const MASKS: [&str; 6] = [
    "core_cpus",
    "core_siblings",
    "thread_siblings",
    "package_cpus",
    "die_cpus",
    "cluster_cpus",
];

/// Reads a list of CPUs or nodes: `0-3,8`. An empty list is one; `None`: not a list.
pub fn list(text: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let many = usize::try_from(last.checked_sub(first)?).ok()?;
        if all.len().saturating_add(many) >= MOST {
            return None;
        }
        all.extend(first..=last);
    }
    Some(all)
}

/// Reads all CPUs.
pub fn cpus(files: &Files) -> Cpus {
    let mut folder = Folder::open(files, HOME);
    let hybrid = |kind: &str| list(&whole(files, &format!("sys/devices/cpu_{kind}/cpus"))?);
    let mut smt = Folder::open(files, &format!("{HOME}/smt"));
    let mut boost = Folder::open(files, &format!("{HOME}/cpufreq"));
    let mut intel = Folder::open(files, &format!("{HOME}/intel_pstate"));
    let below = names(files, HOME);
    let numbers = below.iter().filter_map(|name| numbered(name, "cpu"));
    let mut found = Cpus {
        online: folder.with("online", list),
        offline: folder.with("offline", list),
        present: folder.with("present", list),
        possible: folder.with("possible", list),
        isolated: folder.with("isolated", list),
        performance: hybrid("core"),
        efficient: hybrid("atom"),
        low_power: hybrid("lowpower"),
        smt_active: smt.flag("active"),
        smt_control: smt.text("control"),
        boost: boost.flag("boost"),
        no_turbo: intel.flag("no_turbo"),
        cpus: numbers.map(|number| cpu(files, number)).collect(),
        vulnerabilities: texts(files, &format!("{HOME}/vulnerabilities")),
        checks: checks(files),
        leftover: folder.close(),
    };
    let amd = Folder::open(files, &format!("{HOME}/amd_pstate"));
    let rest = [
        ("smt", smt),
        ("cpufreq", boost),
        ("intel_pstate", intel),
        ("amd_pstate", amd),
    ];
    for (name, folder) in rest {
        folder.close_below(name, &mut found.leftover);
    }
    found
}

fn texts(files: &Files, path: &str) -> Vec<NamedText> {
    let mut folder = Folder::open(files, path);
    let texts = folder.left().into_iter().filter_map(|name| {
        let text = folder.text(&name)?;
        Some(NamedText { name, text })
    });
    texts.collect()
}

fn cpu(files: &Files, number: u32) -> Cpu {
    let home = format!("{HOME}/cpu{number}");
    let mut folder = Folder::open(files, &home);
    let mut topology = Folder::open(files, &format!("{home}/topology"));
    let mut microcode = Folder::open(files, &format!("{home}/microcode"));
    // Kernels before 5.3 know the old names alone, later ones both.
    let mut siblings = |new: &str, old: &str| {
        let old = topology.with(old, list);
        topology.with(new, list).or(old)
    };
    let core_cpus = siblings("core_cpus_list", "thread_siblings_list");
    let package_cpus = siblings("package_cpus_list", "core_siblings_list");
    let below = names(files, &home);
    let mut found = Cpu {
        cpu: number,
        online: folder.flag("online"),
        package: topology.number("physical_package_id"),
        die: topology.number("die_id"),
        cluster: topology.with("cluster_id", cluster),
        core: topology.number("core_id"),
        core_cpus,
        package_cpus,
        capacity: folder.number("cpu_capacity"),
        node: below.iter().find_map(|name| numbered(name, "node")),
        microcode: microcode.text("version"),
        frequency: frequency(files, &home),
        cppc: cppc(files, &home),
        throttle: throttle(files, &home),
        leftover: folder.close(),
    };
    // Bit masks say again what the lists say.
    for mask in MASKS {
        topology.text(mask);
    }
    topology.close_below("topology", &mut found.leftover);
    microcode.close_below("microcode", &mut found.leftover);
    found
}

/// x86 kernels write the 16 bits of -1 where there are no clusters.
fn cluster(text: &str) -> Option<u32> {
    text.parse().ok().filter(|id| *id != u32::from(u16::MAX))
}

fn checks(files: &Files) -> Vec<MachineCheck> {
    let one = |number: u32| {
        let mut folder = Folder::open(files, &format!("{CHECKS}/machinecheck{number}"));
        let banks = folder
            .left()
            .into_iter()
            .filter(|name| numbered(name, "bank").is_some());
        let banks: Vec<String> = banks.collect();
        let banks = banks.into_iter().filter_map(|name| {
            let text = folder.text(&name)?;
            Some(NamedText { name, text })
        });
        let banks = banks.collect();
        MachineCheck {
            cpu: number,
            check_interval: folder.number("check_interval"),
            ignore_ce: folder.flag("ignore_ce"),
            dont_log_ce: folder.flag("dont_log_ce"),
            cmci_disabled: folder.flag("cmci_disabled"),
            banks,
            leftover: folder.close(),
        }
    };
    let below = names(files, CHECKS);
    let numbers = below
        .iter()
        .filter_map(|name| numbered(name, "machinecheck"));
    numbers.map(one).collect()
}

impl Cpus {
    /// The counters of throttling, by CPU.
    pub fn counts(&self) -> Vec<Count> {
        let mut counts = Vec::new();
        for cpu in &self.cpus {
            let Some(throttle) = &cpu.throttle else {
                continue;
            };
            let mut part = Part {
                to: &mut counts,
                part: format!("cpu/{}", cpu.cpu),
            };
            part.add("core_throttle_count", throttle.core_count);
            part.add("core_throttle_total_time_ms", throttle.core_total_ms);
            part.add("package_throttle_count", throttle.package_count);
            part.add("package_throttle_total_time_ms", throttle.package_total_ms);
            part.add("core_power_limit_count", throttle.core_power_limit_count);
            part.add(
                "package_power_limit_count",
                throttle.package_power_limit_count,
            );
        }
        counts
    }
}
