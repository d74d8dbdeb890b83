//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    use kernel_events, stress_endings;

    /// The deadline left less than half of the time that was asked for.
    DEADLINE: unknown "deadline" = "half of {duration}, at least 2 s", "default";
    /// The deadline cut the test.
    DURATION: warn "duration" = "{duration}", "default";
    /// Not one round of zeros and ones over the memory was finished.
    COVERAGE: unknown "coverage";
    /// On a live image, where nobody else needs it, less of the free memory was tested than should be.
    COVERAGE_LOW: warn coverage_warn_percent;
    /// In a test of a minute or more, less than half of the memory that may be touched was tested.
    COVERAGE_PART: warn "coverage-part" = "50 % of the memory that may be touched, from 60 s on", "default";
    /// Most of the memory is not free, and cannot be tested.
    FREE_LOW: warn "memory-free" = "50 % of the memory that the kernel shows", "default";
    /// The second pass, of many patterns, finished not one of them.
    NO_PATTERN: warn "patterns" = "1", "default";
    /// stressapptest found memory that did not keep what was written.
    MEMTEST_ERRORS: fail "memtest-errors" = "0", "stressapptest, its status line";
    /// stressapptest was started and did not come to a result.
    MEMTEST: unknown "memtest";
    /// EDAC error counters could not be read.
    COUNTERS: unknown "memory-counters";
    /// A module, or memory that no module in particular is blamed for, had corrected errors.
    CORRECTED: warn corrected_warn;
    /// It had too many of them.
    CORRECTED_MANY: fail corrected_fail;
    /// Several modules together had too many corrected errors, none of them alone.
    CORRECTED_ALL: fail "corrected-all" = "{corrected_fail} over all modules", "mcelog.conf: 10 in 24 h; default";
    /// A module, or memory that no module in particular is blamed for, had uncorrected errors.
    UNCORRECTED: fail uncorrected_fail;
    /// Error correction is required, and the memory has none.
    NO_ECC: fail require_ecc;
    /// Error correction is required, and nobody tells whether the memory has it.
    ECC_NOT_TOLD: unknown require_ecc;
    /// The memory corrects errors, and there are no EDAC error counters.
    EDAC: unknown "edac";
    /// Fewer modules are seen than expected.
    FEWER_MODULES: fail expected_modules;
    /// Modules of several sizes or part numbers are mixed.
    MIXED_MODULES: warn "mixed-modules" = "1 size, 1 part number", "default";
    /// One slot is empty beside modules in all the others.
    ODD_SLOT: warn "odd-slot" = "none, or several", "default";
    /// A module has no check bits, and others have.
    NO_ECC_MODULE: fail "module-ecc" = "as the others", "SMBIOS type 17, total and data width";
    /// A module has another number of ranks than most of its part number.
    ODD_RANKS: warn "module-ranks" = "as the others", "SMBIOS type 17, attributes";
    /// Two modules of one part number have one serial number.
    SAME_SERIAL: fail "module-serial" = "1 module", "JEDEC SPD, serial number; default";
    /// A module is set to a lower speed than others that can do as much.
    SPEED_ODD: warn "speed-odd" = "the fastest of the others", "default";
    /// All modules are set to a far lower speed than they can do.
    SPEED_LOW: warn speed_warn_percent;
    /// A module is set to a lower speed than expected.
    SPEED_UNEXPECTED: warn expected_mts;
    /// A module is set to a far lower speed than expected.
    SPEED_TOO_LOW: fail "expected_mts" = "80 % of {expected_mts}", "default: 80 % of the machine's spec";
    /// A memory module's sensor reached its critical limit.
    CRITICAL_TEMPERATURE: fail "critical_temperature" = "below the sensor's critical limit", "the module's own limit (hwmon temp*_crit)";
    /// A memory module's sensor came close to its critical limit.
    CRITICAL_MARGIN: warn crit_margin_celsius;
    /// The kernel's log, which tells of memory errors, could not be watched.
    KERNEL_LOG: unknown "kernel-log";
}
