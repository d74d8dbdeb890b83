//! What the kernel counts for processors and links: read before and after the load.

use vetting_facts::counters::{AerFunction, Cpu, Cpus, aer, cpus};
use vetting_stage::types::Error;
use vetting_stage::{kernel_files, median};

/// What is read of processors and of PCI Express before and after the load.
pub const FILES: &[&str] = &[
    "sys/devices/system/cpu/online",
    "sys/devices/system/cpu/cpu*/online",
    "sys/devices/system/cpu/cpu*/topology/core_id",
    "sys/devices/system/cpu/cpu*/topology/physical_package_id",
    "sys/devices/system/cpu/cpu*/cpu_capacity",
    "sys/devices/system/cpu/cpu*/cpufreq/base_frequency",
    "sys/devices/system/cpu/cpu*/cpufreq/cpuinfo_max_freq",
    "sys/devices/system/cpu/cpu*/acpi_cppc/nominal_freq",
    "sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_total_time_ms",
    "sys/devices/cpu_core/cpus",
    "sys/devices/cpu_atom/cpus",
    "sys/bus/pci/devices/*",
    "sys/bus/pci/devices/*/aer_*",
];

/// What is read of each processor under load.
pub const SAMPLED: &[&str] = &["sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq"];

/// One reading.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Processors: which run, their frequencies, how long they were throttled.
    pub cpus: Cpus,
    /// Errors of PCI Express functions.
    pub aer: Vec<AerFunction>,
}

/// Reads all of it once.
pub fn read() -> Result<Counted, Error> {
    let files = kernel_files::read(FILES)?;
    Ok(Counted {
        cpus: cpus(&files),
        aer: aer(&files),
    })
}

/// The numbers of the CPUs that run.
pub fn online(counted: &Counted) -> Vec<u32> {
    let listed = counted.cpus.online.clone();
    listed.unwrap_or_else(|| counted.cpus.cpus.iter().map(|cpu| cpu.cpu).collect())
}

/// The highest frequency of a CPU in kHz, by which kinds of cores are told apart.
pub fn highest_khz(cpu: &Cpu) -> Option<u64> {
    cpu.frequency.as_ref()?.max_khz
}

/// The base frequency of a CPU in MHz: by Intel's driver, or what ACPI CPPC calls nominal.
pub fn base_mhz(cpu: &Cpu) -> Option<f64> {
    let by_driver = cpu.frequency.as_ref().and_then(|f| f.base_khz);
    let nominal = || {
        let values = &cpu.cppc.as_ref()?.values;
        let nominal = values.iter().find(|value| value.name == "nominal_freq")?;
        Some(nominal.count as f64)
    };
    by_driver.map(|khz| khz as f64 / 1e3).or_else(nominal)
}

/// The median of the CPUs' frequencies now, in MHz; `None` where the kernel has none.
pub fn frequency_mhz(cpus: &[u32]) -> Option<f64> {
    let paths = cpus
        .iter()
        .flat_map(|cpu| kernel_files::of_part(SAMPLED, &cpu.to_string()));
    let paths: Vec<String> = paths.collect();
    let files = kernel_files::at(&paths).ok()?;
    let khz = paths.iter().filter_map(|path| files.number::<f64>(path));
    let megahertz: Vec<f64> = khz.filter(|khz| *khz > 0.0).map(|khz| khz / 1e3).collect();
    median(&megahertz)
}
