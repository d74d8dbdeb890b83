//! What kind of machine it is, as far as rules ask: a guest of a hypervisor, or one that people carry about.

use crate::kernel_files;

/// A flag of the processor by which a hypervisor shows itself (CPUID, leaf 1, ECX bit 31).
const HYPERVISOR: &str = "hypervisor";

/// Chassis types of machines that people carry about (DMTF DSP0134, 7.4.1): portable, laptop, notebook,
/// hand-held, sub-notebook, tablet, convertible, detachable.
const PORTABLE: [u8; 8] = [8, 9, 10, 11, 14, 30, 31, 32];

/// The table of the processors.
const CPUS: &str = "proc/cpuinfo";
/// The hypervisor, where the kernel knows it.
const HYPERVISOR_TYPE: &str = "sys/hypervisor/type";
/// The chassis.
const CHASSIS: &str = "sys/class/dmi/id/chassis_type";

/// What is read, for a stage's `files!`.
pub const FILES: &[&str] = &[CPUS, HYPERVISOR_TYPE, CHASSIS];

/// The kind of machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// Its clocks and heat are another machine's.
    pub is_virtual: bool,
    /// It is built to be throttled.
    pub is_portable: bool,
}

/// Looks at what the kernel says; an ordinary machine where it says nothing.
pub fn platform() -> Platform {
    let paths: Vec<String> = FILES.iter().map(|path| (*path).to_owned()).collect();
    let Ok(files) = kernel_files::at(&paths) else {
        return Platform::default();
    };
    let info = files.bytes(CPUS).unwrap_or_default();
    let info = String::from_utf8_lossy(info);
    let flags = info.lines().find(|line| line.starts_with("flags"));
    let mut flags = flags.unwrap_or_default().split_whitespace();
    let chassis: Option<u8> = files.number(CHASSIS);
    Platform {
        is_virtual: flags.any(|flag| flag == HYPERVISOR) || files.text(HYPERVISOR_TYPE).is_some(),
        // The highest bit says that there is a lock.
        is_portable: chassis.is_some_and(|kind| PORTABLE.contains(&(kind & 0x7f))),
    }
}
