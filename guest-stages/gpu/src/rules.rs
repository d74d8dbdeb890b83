//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    use kernel_events;

    /// Fewer GPUs are on the bus than expected.
    FEWER_GPUS: fail expected_gpus;
    /// A GPU is on the bus and nothing can ask it.
    SILENT: unknown "gpu-silent";
    /// A GPU stopped answering during the test.
    LOST: fail "gpu-lost" = "0", "default";
    /// The deadline left no time for a load.
    DEADLINE: unknown "deadline" = "2 s", "default";
    /// A GPU was not loaded, not seen under load, or the load was cut short.
    LOAD: unknown "gpu-load";
    /// A GPU computed wrongly under load.
    WRONG_RESULTS: fail "wrong-results" = "0", "the tool that loads it";
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
    /// Rows of a GPU's memory were remapped for uncorrected errors.
    REMAPPED: warn remapped_rows_warn;
    /// As many rows were remapped as there can be.
    REMAPPED_ALL: fail remapped_rows_fail;
    /// Too many pages of a GPU's memory were retired.
    RETIRED: fail retired_pages_fail;
    /// The driver of an AMD GPU reserved bad pages.
    BAD_PAGES: warn bad_pages_warn;
    /// Links to other GPUs are down while others are up.
    FABRIC_DOWN: fail "fabric-links-down" = "0", "NVIDIA health validation: inactive links";
    /// Under load a GPU's hardware held its clocks down: heat, or the power supply's brake.
    HELD_DOWN: warn "clocks-held-down" = "0 % of the readings", "NVML clock event reasons 0x08, 0x40, 0x80; default";
    /// Under load a GPU's hardware held its clocks down most of the time.
    HELD_DOWN_LONG: fail "held_down_fail_percent" = "{held_down_fail_percent} % of the readings",
        "NVML clock event reasons 0x08, 0x40, 0x80; default";
    /// Under load a GPU's driver held its clocks down for heat.
    SOFTWARE_THERMAL: warn "software-thermal" = "0 readings", "NVML clock event reason 0x20; default";
    /// Under load a GPU reached the temperature at which its hardware slows it down.
    TOO_HOT: fail "slowdown_temperature" = "below it", "the GPU's own limit";
    /// Under load a GPU's PCI Express link is slower than the GPU can do.
    LINK_SLOW: fail "pcie_speed" = "the GPU's highest", "the GPU's own highest (PCI Express), judged under load";
    /// A GPU's PCI Express link has fewer lanes than the GPU.
    LINK_NARROW: fail "pcie_width" = "the GPU's most", "the GPU's own highest (PCI Express), judged under load";
    /// More transfers over a GPU's link were repeated than its bit error rate makes usual.
    REPLAYS: warn replays_per_minute;
    /// A GPU does less work than the middle of those of its model.
    BELOW_PEERS: warn peers_warn_percent;
    /// A GPU does far less work than the middle of those of its model.
    FAR_BELOW_PEERS: fail peers_fail_percent;
    /// The kernel's log, which tells of Xids, could not be watched.
    KERNEL_LOG: unknown "kernel-log";
}
