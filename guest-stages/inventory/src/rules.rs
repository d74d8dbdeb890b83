//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    /// Not one processor is found.
    NO_CPU: fail "cpus" = "1", "default";
    /// The system sees less memory than is installed, and by more than firmware and graphics usually take.
    VISIBLE_MEMORY: warn "visible_memory" = "90 % of what is installed; 88 % of 16 GiB and less, 85 % of 8, 80 % of 6, 75 % of 2",
        "Canonical checkbox, memory_compare.py";
    /// The firmware maps less memory than is installed, and the system sees less, by a module or more: a module was mapped out.
    MAPPED_OUT: fail "mapped-out-memory" = "less than one module", "DMTF DSP0134, types 17 and 19; MemTotal of /proc/meminfo";
    /// A socket is populated, and Linux does not run on its processor.
    PROCESSOR_UNSEEN: warn "populated-sockets" = "as many as Linux runs on", "DMTF DSP0134, type 4, status";
    /// CPUs are present and offline, and simultaneous threads are not switched off.
    CPUS_OFFLINE: warn "offline-cpus" = "0", "Linux sysfs, devices/system/cpu/offline";
    /// Not everything of the inventory could be read.
    GAP: warn "inventory-gap" = "0", "default";
    /// A serial number or an address is there twice: a cloned part, or a misreading. Several paths to one disk are one part.
    DUPLICATE: fail "duplicate" = "0", "default";
    /// A disk that the spec names is not there.
    DISK_MISSING: fail "expected-disk" = "0", "the machine's spec";
    /// The size of a disk that the spec names is not what the spec says.
    DISK_SIZE: fail disk_size_tolerance_percent;
    /// Fewer processors are found than expected.
    FEWER_CPUS: fail expected_cpus;
    /// More processors are found than expected.
    MORE_CPUS: warn expected_cpus;
    /// Fewer physical cores are found than expected.
    FEWER_CORES: fail expected_cores;
    /// More physical cores are found than expected.
    MORE_CORES: warn expected_cores;
    /// Fewer memory modules are found than expected.
    FEWER_DIMMS: fail expected_dimms;
    /// More memory modules are found than expected.
    MORE_DIMMS: warn expected_dimms;
    /// Fewer disks are found than expected.
    FEWER_DISKS: fail expected_disks;
    /// More disks are found than expected.
    MORE_DISKS: warn expected_disks;
    /// Fewer network ports are found than expected.
    FEWER_NICS: fail expected_nics;
    /// More network ports are found than expected.
    MORE_NICS: warn expected_nics;
    /// Fewer GPUs and accelerators are found than expected.
    FEWER_GPUS: fail expected_gpus;
    /// More GPUs and accelerators are found than expected.
    MORE_GPUS: warn expected_gpus;
    /// Fewer GiB of memory are installed than expected.
    FEWER_MEMORY: fail expected_memory_gib;
    /// More GiB of memory are installed than expected.
    MORE_MEMORY: warn expected_memory_gib;
    /// The firmware does not tell how much memory is installed, and some is expected.
    MEMORY_NOT_TOLD: unknown expected_memory_gib;
}
