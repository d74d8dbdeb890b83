//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    use kernel_events;

    /// Fewer GPUs are on the bus than expected.
    FEWER_GPUS: fail expected_gpus;
    /// No tool that is installed reports on a GPU that is on the bus, or not all of it could be read.
    SILENT: unknown "gpu-silent";
    /// Values of a GPU could not be read: the driver answered with an error in their place.
    UNREAD: unknown "gpu-unread";
    /// A GPU does not answer its driver any more, or stopped answering during the test.
    LOST: fail "gpu-lost" = "0", "NVML, NVML_ERROR_GPU_IS_LOST; default";
    /// The driver of a GPU asks for a reset, a reboot or a drain.
    RESET_REQUIRED: fail "recovery-action" = "None", "NVML, GPU recovery action";
    /// The configuration memory (infoROM) of a GPU is corrupted.
    INFOROM: fail "inforom" = "not corrupted", "NVIDIA DCGM, DCGM_FR_CORRUPT_INFOROM";

    /// The deadline left no time for a load.
    DEADLINE: unknown "deadline" = "2 s", "default";
    /// A GPU was not loaded, not seen under load, or the load was cut short.
    LOAD: unknown "gpu-load";
    /// A process computed on a GPU before the test: what the test measures is not the GPU alone.
    BUSY: warn "gpu-busy" = "no process", "default";
    /// A GPU computed wrongly under load.
    WRONG_RESULTS: fail "wrong-results" = "0", "the tool that loads it";
    /// A test of DCGM failed for a GPU.
    DIAGNOSIS: fail "dcgm-diag" = "Pass", "NVIDIA DCGM, dcgmi diag";
    /// A test of DCGM warned of a GPU.
    DIAGNOSIS_REMARK: warn "dcgm-diag" = "Pass", "NVIDIA DCGM, dcgmi diag";
    /// DCGM could not run its tests.
    NOT_DIAGNOSED: unknown "dcgm-diag";

    /// A GPU lost data in its memory since the driver was loaded.
    UNCORRECTED: fail uncorrected_fail;
    /// A GPU lost data in its memory at some time in its life.
    UNCORRECTED_EVER: warn lifetime_uncorrected_warn;
    /// Uncorrected errors of a GPU's SRAM are over the maker's threshold, as the GPU says.
    SRAM_THRESHOLD: fail "sram-threshold-exceeded" = "not exceeded", "NVIDIA RMA policy, A100 memory error management";
    /// A row of a GPU's memory could not be remapped.
    REMAP_FAILED: fail "remap-failed" = "0", "NVIDIA RMA policy, A100 memory error management";
    /// A remap of a GPU's memory waits for a reset.
    REMAP_PENDING: fail "remap-pending" = "0", "NVIDIA RMA policy, A100 memory error management";
    /// A page of a GPU's memory waits to be retired.
    RETIREMENT_PENDING: fail "retirement-pending" = "0", "NVIDIA RMA policy, A100 memory error management";
    /// A repair of a memory channel or a processing cluster waits for a reset.
    REPAIR_PENDING: fail "repair-pending" = "0", "NVIDIA driver 570, channel and TPC repair";
    /// A GPU's memory cannot be repaired, as its driver says.
    UNREPAIRABLE: fail "unrepairable-memory" = "No", "NVIDIA driver 580, nvidia-smi -q";
    /// Rows of a GPU's memory were remapped for uncorrected errors.
    REMAPPED: warn remapped_rows_warn;
    /// As many rows were remapped as there can be.
    REMAPPED_ALL: fail remapped_rows_fail;
    /// Banks of a GPU's memory have no spare row left.
    NO_SPARE_ROWS: warn "banks-without-spare-rows" = "0", "NVIDIA RMA policy, A100 memory error management; default";
    /// Too many pages of a GPU's memory were retired.
    RETIRED: fail retired_pages_fail;
    /// Many pages of a GPU's memory were retired for double-bit errors.
    RETIRED_DOUBLE: warn retired_double_bit_warn;
    /// Error correction of a GPU for data centres is off, so that errors of its memory are not seen.
    NO_ECC: warn "error-correction" = "on", "default";
    /// The driver of an AMD GPU reserved bad pages.
    BAD_PAGES: warn bad_pages_warn;
    /// The driver of an AMD GPU could not reserve a bad page.
    BAD_PAGE_IN_USE: fail "bad-page-in-use" = "0", "Linux amdgpu, ras/gpu_vram_bad_pages";
    /// A block of an AMD GPU has data that was lost and not yet read.
    DEFERRED: fail "deferred-errors" = "0", "Linux amdgpu, RAS";

    /// The fabric of NVLinks is not ready, so that GPUs may not compute: fabric manager, or the switches.
    FABRIC_NOT_READY: unknown "fabric-not-ready";
    /// A GPU could not join its fabric.
    FABRIC_FAILED: fail "fabric-status" = "Success", "NVML, GPU fabric state";
    /// A GPU's way into its fabric is unhealthy or degraded.
    FABRIC_UNHEALTHY: fail "fabric-health" = "Healthy, full bandwidth", "NVML, GPU fabric health";
    /// A GPU's way into its fabric recovers, or has limits.
    FABRIC_REMARK: warn "fabric-health" = "nothing to report", "NVML, GPU fabric health";
    /// The state of links to other GPUs could not be read.
    LINKS_UNREAD: unknown "fabric-links";
    /// Links to other GPUs are down.
    FABRIC_DOWN: fail "fabric-links-down" = "0", "NVIDIA health validation: inactive links";
    /// A link to another GPU is slower than the others of its model.
    FABRIC_SLOW: fail "fabric-link-speed" = "that of the others", "default";
    /// Links to other GPUs were recovered or repeated transfers during the test.
    FABRIC_ERRORS: warn "fabric-link-errors" = "0", "default";
    /// Links to other GPUs had many errors during the test.
    FABRIC_ERRORS_MANY: fail fabric_errors_per_second;

    /// Under load a GPU's hardware held its clocks down: heat, or the power supply's brake.
    HELD_DOWN: warn "clocks-held-down" = "0 % of the time", "NVML clock event reasons 0x08, 0x40, 0x80; default";
    /// Under load a GPU's hardware held its clocks down for long.
    HELD_DOWN_LONG: fail "held_down_fail_percent" = "{held_down_fail_percent} % of the time",
        "NVML clock event reasons 0x08, 0x40, 0x80; default";
    /// Under load a GPU's driver held its clocks down for heat.
    SOFTWARE_THERMAL: warn "software-thermal" = "0 readings", "NVML clock event reason 0x20; default";
    /// Under load a GPU reached the temperature at which its hardware slows it down, for two readings or more.
    TOO_HOT: fail "slowdown_temperature" = "below it", "the GPU's own limit";
    /// Under load a GPU reached the temperature at which its hardware slows it down, in one reading.
    HOT_ONCE: warn "slowdown_temperature" = "below it", "the GPU's own limit";
    /// Under load a GPU's memory was warm.
    MEMORY_WARM: warn memory_celsius_warn;
    /// Under load a GPU's memory was hotter than such memory may be.
    MEMORY_HOT: fail memory_celsius_fail;
    /// Under load a GPU's memory was much hotter than that of the others of its model.
    MEMORY_UNLIKE: warn "memory-above-others" = "20 K", "default";
    /// Under load a GPU's PCI Express link is slower than GPU and host can do.
    LINK_SLOW: fail "pcie_speed" = "the highest of GPU and host", "PCI Express, judged under load";
    /// A GPU's PCI Express link has fewer lanes than GPU and slot.
    LINK_NARROW: fail "pcie_width" = "the most of GPU and slot", "PCI Express, judged under load";
    /// More transfers over a GPU's link were repeated than its bit error rate makes usual.
    REPLAYS: warn replays_per_minute;
    /// A GPU does less work than the others of its model.
    BELOW_PEERS: warn peers_warn_percent;
    /// A GPU does far less work than the others of its model.
    FAR_BELOW_PEERS: fail peers_fail_percent;
    /// A GPU's clock under load is lower than that of the others of its model.
    CLOCK_BELOW_PEERS: warn "clock-of-peers" = "85 % of the others", "default";
    /// A GPU draws less power under load than the others of its model.
    POWER_BELOW_PEERS: warn "power-of-peers" = "80 % of the others", "default";
    /// GPUs do far less work than the data sheet of their model lets expect, and agree with each other.
    BELOW_DATA_SHEET: unknown "work-of-data-sheet";
    /// The kernel's log, which tells of Xids, could not be watched.
    KERNEL_LOG: unknown "kernel-log";
}
