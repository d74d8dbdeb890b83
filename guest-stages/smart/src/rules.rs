//! The rules, each written down once.

use crate::Parameters;

vetting_stage::rules! {
    /// Fewer drives tell their health than expected.
    FEWER_DRIVES: fail expected_drives;
    /// A drive went during the test.
    DRIVE_LOST: fail "drive-lost" = "0", "default";
    /// The stage was cut short before it came to a drive.
    NOT_REACHED: unknown "not-reached";
    /// smartctl's list of drives could not be read, so that drives behind RAID controllers may be missing.
    SCAN: unknown "smart-scan";
    /// The health of a drive could not be read.
    UNREADABLE: unknown "smart-unreadable";
    /// A drive tells nothing of itself but its own verdict.
    PROTOCOL: unknown "smart-protocol";
    /// A drive predicts its own failure. An NVMe drive that is only too warm does not.
    STATUS: fail "smart-status" = "passed", "smartctl(8)";
    /// A drive gives no verdict of its own.
    NO_STATUS: warn "smart-status" = "passed or failed", "smartctl(8)";
    /// smartctl did not understand its command line (exit status, bit 0).
    USAGE: unknown "smartctl-usage" = "0", "smartctl(8), EXIT STATUS";
    /// A drive did not open, or is in a low-power state (exit status, bit 1).
    OPEN: unknown "smartctl-open" = "0", "smartctl(8), EXIT STATUS";
    /// A pre-failure attribute is at its threshold, and no attribute says which (exit status, bit 4).
    PREFAIL_NOW: fail "prefail-now" = "0", "smartctl(8), EXIT STATUS";
    /// An attribute was at its threshold in the past, and no attribute says which (exit status, bit 5).
    BELOW_IN_PAST: warn "below-in-past" = "0", "smartctl(8), EXIT STATUS";
    /// The error log holds errors, and does not tell how many (exit status, bit 6).
    ERROR_LOG: warn "error-log" = "0", "smartctl(8), EXIT STATUS";
    /// The self-test log holds errors, and does not tell of which test (exit status, bit 7).
    SELF_TEST_LOG: fail "self-test-log" = "0", "smartctl(8), EXIT STATUS";
    /// A SAS drive warns of itself (additional sense code 0Bh), for example of slow answers. It does not predict a failure.
    WARNED: warn "smart-warning" = "none", "SPC-4, additional sense codes; smartmontools issue 326";
    /// The logical blocks of a drive have another size than 512 or 4096 bytes: it comes out of a disk array.
    BLOCK_SIZE: unknown "block-size";
    /// A drive is locked by a password.
    LOCKED: unknown "drive-locked";
    /// The newest self-test that came to its end, or the newest extended one, failed.
    SELF_TEST: fail "self-test" = "passed", "smartctl(8), self-test log";
    /// A hard disk is warm.
    HDD_WARM: warn hdd_celsius_warn;
    /// A solid-state drive is warm.
    SSD_WARM: warn ssd_celsius_warn;
    /// A drive reached its own temperature limit.
    TOO_HOT: fail "temperature_limit" = "below the drive's own limit", "the drive's own limit";

    /// An ATA drive tells no attributes.
    NO_ATTRIBUTES: unknown "smart-attributes";
    /// An attribute is at the maker's threshold.
    FAILED_NOW: fail "attribute_failed_now" = "above the maker's threshold", "the maker's threshold (smartctl(8), WHEN_FAILED)";
    /// An attribute was at the maker's threshold in the past.
    FAILED_PAST: warn "attribute_failed_past" = "above the maker's threshold", "the maker's threshold (smartctl(8), WHEN_FAILED)";
    /// Sectors were replaced (attribute 5).
    REALLOCATED: warn reallocated_warn;
    /// Many sectors were replaced (attribute 5).
    REALLOCATED_MANY: fail reallocated_fail;
    /// The spindle did not start at once (attribute 10).
    SPIN_RETRIES: fail spin_retries_fail;
    /// Data were corrupted inside a hard disk (attribute 184).
    END_TO_END: fail end_to_end_fail;
    /// Data were lost (attribute 187).
    REPORTED_UNCORRECTABLE: fail reported_uncorrectable_fail;
    /// Commands timed out (attribute 188): cable, power or drive.
    TIMEOUTS: warn timeouts_warn;
    /// Sectors were replaced, or that was tried (attribute 196).
    REALLOCATIONS: warn reallocation_events_warn;
    /// Sectors were replaced, or that was tried, many times (attribute 196, where it packs nothing else).
    REALLOCATIONS_MANY: fail reallocation_events_fail;
    /// Sectors wait to be replaced (attribute 197).
    PENDING: fail pending_fail;
    /// Sectors cannot be read (attribute 198).
    OFFLINE_UNCORRECTABLE: fail offline_uncorrectable_fail;
    /// Transfers came damaged (attribute 199): cable or backplane.
    CRC: warn crc_warn;
    /// The log holds errors of the medium or the path (UNC, IDNF, ICRC).
    ATA_ERRORS: warn ata_errors_warn;
    /// Nothing is left of a solid-state drive's rated life (the same attributes).
    LIFE_OVER: fail "life_left" = "above 0 %", "default: as an NVMe drive that used more than its rated life";
    /// Little of a solid-state drive's life is left (attributes 169, 173, 177, 202, 231, 233, by their names).
    LIFE_LEFT: warn life_left_warn_percent;

    /// A bit of an NVMe drive's critical warning is set: spare, reliability, read-only, power-loss protection, persistent memory.
    CRITICAL_WARNING: fail "critical_warning" = "none of 0x01, 0x04, 0x08, 0x10, 0x20", "NVM Express Base Specification, Critical Warning";
    /// The temperature bit of an NVMe drive's critical warning is set, or one that is not known here.
    CRITICAL_WARNING_REMARK: warn "critical_warning" = "none of 0x02, 0x40, 0x80", "NVM Express Base Specification, Critical Warning";
    /// The critical warning of an NVMe drive could not be read.
    NO_HEALTH_LOG: unknown "nvme-health-log";
    /// An NVMe drive answered commands and counts no byte read or written: its counters cannot be believed.
    NVME_COUNTERS: unknown "nvme-counters";
    /// The spare of an NVMe drive is below its own threshold.
    SPARE: fail "available_spare_threshold" = "the drive's own threshold", "the drive's own threshold";
    /// Most of the rated life of an NVMe or SAS solid-state drive is used.
    USED: warn used_warn_percent;
    /// More than the rated life of an NVMe or SAS solid-state drive is used.
    USED_UP: fail used_fail_percent;
    /// An NVMe drive lost data.
    MEDIA_ERRORS: fail media_errors_fail;
    /// An NVMe drive was above its critical temperature.
    CRITICAL_MINUTES: warn critical_minutes_warn;
    /// Power cycles of an NVMe drive ended without notice.
    UNSAFE_SHUTDOWNS: warn unsafe_shutdowns_warn_percent;

    /// A SAS drive tells neither defects nor errors.
    NO_LOGS: unknown "scsi-logs";
    /// The medium of a SAS drive has got worse.
    GROWN_DEFECTS: warn grown_defects_warn;
    /// The background scan of a SAS drive met sectors that it could not read.
    BACKGROUND_SCAN: warn "background-scan-errors" = "0", "default";
    /// The links of a SAS drive counted many errors: cable, backplane or expander.
    SAS_LINK: warn sas_link_errors_warn;
    /// A SAS drive could not correct errors of reading, writing or verifying.
    UNCORRECTED: fail uncorrected_fail;
}
