//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    use kernel_events, stress_endings;

    /// The deadline left no time for a test.
    DEADLINE: unknown "deadline" = "2 s", "default";
    /// The deadline cut the test.
    DURATION: warn "duration" = "{duration}", "default";
    /// Not one round over the memory was finished.
    COVERAGE: unknown "coverage";
    /// On a live image, where nobody else needs it, less of the free memory was tested than should be.
    COVERAGE_LOW: warn coverage_warn_percent;
    /// Error counts could not be read after the test.
    COUNTERS: unknown "memory-counters";
    /// A module, or memory that no module in particular is blamed for, had corrected errors.
    CORRECTED: warn corrected_warn;
    /// It had too many of them.
    CORRECTED_MANY: fail corrected_fail;
    /// A module, or memory that no module in particular is blamed for, had uncorrected errors.
    UNCORRECTED: fail uncorrected_fail;
    /// Error correction is required, and the memory has none.
    NO_ECC: fail require_ecc;
    /// Error correction is required, and nobody tells whether the memory has it.
    ECC_NOT_TOLD: unknown require_ecc;
    /// The memory corrects errors, and nobody counts them.
    EDAC: unknown "edac";
    /// Fewer modules are seen than expected.
    FEWER_MODULES: fail expected_modules;
    /// Modules of several sizes or part numbers are mixed.
    MIXED_MODULES: warn "mixed-modules" = "1 size, 1 part number", "default";
    /// A module is set to a lower speed than it can do.
    SPEED_LOW: warn speed_warn_percent;
    /// A module is set to a lower speed than expected.
    SPEED_UNEXPECTED: warn expected_mts;
    /// A module is set to a far lower speed than expected.
    SPEED_TOO_LOW: fail "expected_mts" = "80 % of {expected_mts}", "default: 80 % of the machine's spec";
    /// The kernel's log, which tells of memory errors, could not be watched.
    KERNEL_LOG: unknown "kernel-log";
}
