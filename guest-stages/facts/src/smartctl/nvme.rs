//! What only NVMe drives have: health log, namespaces, logs of errors and self-tests.

use serde::Serialize;

use super::members::{
    Members, Node, boolean, drop_if, number, numbers, rows, signed, text, wide, within,
};

/// What only NVMe drives have.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Nvme {
    /// PCI vendor.
    pub pci_vendor: Option<u16>,
    /// PCI vendor of the subsystem: who sold it.
    pub pci_subsystem_vendor: Option<u16>,
    /// The maker's number at the IEEE, 24 bits.
    pub ieee_oui: Option<u32>,
    /// Controller id.
    pub controller_id: Option<u16>,
    /// Version of the NVMe standard: `1.4`.
    pub version: Option<String>,
    /// How many namespaces the controller can have.
    pub max_namespaces: Option<u64>,
    /// Bytes of all namespaces and of what is not allocated.
    pub total_capacity_bytes: Option<u64>,
    /// Bytes that belong to no namespace.
    pub unallocated_capacity_bytes: Option<u64>,
    /// The namespaces that smartctl asked: the one of the device file.
    pub namespaces: Option<Vec<Namespace>>,
    /// Degrees Celsius at which the drive warns.
    pub warning_temperature: Option<i64>,
    /// Degrees Celsius at which the drive may stop.
    pub critical_temperature: Option<i64>,
    /// The critical warning bits as smartctl judged them: not 0 is a failed health.
    pub status: Option<StatusFlags>,
    /// SMART / Health information, log 02h.
    pub health: Option<NvmeHealthLog>,
    /// Error information, log 01h.
    pub errors: Option<NvmeErrorLog>,
    /// Device self-test, log 06h.
    pub self_tests: Option<NvmeSelfTestLog>,
}

/// A namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Namespace {
    /// Its number, from 1.
    pub id: Option<u32>,
    /// Bytes of its blocks.
    pub size_bytes: Option<u64>,
    /// Bytes that can be allocated.
    pub capacity_bytes: Option<u64>,
    /// Bytes that are allocated.
    pub utilization_bytes: Option<u64>,
    /// Bytes of a logical block.
    pub formatted_lba_bytes: Option<u32>,
    /// Its IEEE identifier.
    pub eui64: Option<Eui64>,
}

/// An IEEE identifier of 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Eui64 {
    /// The maker's number, 24 bits.
    pub oui: Option<u32>,
    /// The maker's number of the namespace, 40 bits.
    pub ext_id: Option<u64>,
}

/// The critical warnings, bit by bit: how it is now. Absent where smartctl prints the sum only, as it does
/// where the sum is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct StatusFlags {
    /// All bits.
    pub value: Option<u8>,
    /// Bit 0: spare below threshold.
    pub spare_below_threshold: Option<bool>,
    /// Bit 1: temperature above or below a threshold.
    pub temperature: Option<bool>,
    /// Bit 2: reliability degraded by media or internal errors.
    pub reliability_degraded: Option<bool>,
    /// Bit 3: media read-only.
    pub media_read_only: Option<bool>,
    /// Bit 4: backup of volatile memory failed: power-loss protection is gone.
    pub memory_backup_failed: Option<bool>,
    /// Bit 5: persistent memory region unreliable.
    pub memory_region_unreliable: Option<bool>,
    /// The bits of no known meaning.
    pub other: Option<u8>,
}

/// SMART / Health information. `u64::MAX` stands for counts that need more than 64 bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NvmeHealthLog {
    /// The namespace it is of; -1 is the whole controller.
    pub namespace: Option<i64>,
    /// Critical warning bits: 01 spare, 02 temperature, 04 reliability, 08 read-only, 10 memory backup, 20
    /// memory region.
    pub critical_warning: Option<u8>,
    /// Composite temperature in degrees Celsius.
    pub temperature: Option<i64>,
    /// Spare left, in per cent.
    pub available_spare: Option<u8>,
    /// Spare below which the drive warns, in per cent.
    pub available_spare_threshold: Option<u8>,
    /// Rated life used, in per cent; may pass 100; 255 is the highest.
    pub percentage_used: Option<u8>,
    /// Summary of the endurance groups' critical warnings.
    pub endurance_group_warning: Option<u64>,
    /// Units of 512,000 bytes read.
    pub data_units_read: Option<u64>,
    /// Units of 512,000 bytes written.
    pub data_units_written: Option<u64>,
    /// Read commands.
    pub host_reads: Option<u64>,
    /// Write commands.
    pub host_writes: Option<u64>,
    /// Minutes that the controller was busy.
    pub controller_busy_minutes: Option<u64>,
    /// Power cycles.
    pub power_cycles: Option<u64>,
    /// Hours powered on.
    pub power_on_hours: Option<u64>,
    /// Power losses without notice.
    pub unsafe_shutdowns: Option<u64>,
    /// Data-integrity errors that could not be corrected.
    pub media_errors: Option<u64>,
    /// Entries that the error log ever had, harmless rejected commands included.
    pub error_log_entries: Option<u64>,
    /// Minutes above the warning temperature.
    pub warning_temperature_minutes: Option<u64>,
    /// Minutes above the critical temperature.
    pub critical_temperature_minutes: Option<u64>,
    /// Degrees Celsius of up to 8 sensors; `None`: the drive has no such sensor.
    pub temperature_sensors: Option<Vec<Option<i64>>>,
    /// How often the drive slowed itself lightly to cool down.
    pub throttle_1_count: Option<u64>,
    /// Seconds of that.
    pub throttle_1_seconds: Option<u64>,
    /// How often the drive slowed itself heavily to cool down.
    pub throttle_2_count: Option<u64>,
    /// Seconds of that.
    pub throttle_2_seconds: Option<u64>,
}

/// Error information.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NvmeErrorLog {
    /// Entries for which the log has room.
    pub size: Option<u64>,
    /// Entries that smartctl read.
    pub read: Option<u64>,
    /// Entries that smartctl left unread.
    pub unread: Option<u64>,
    /// The errors, the newest first.
    pub errors: Vec<NvmeError>,
}

/// An entry of the error log.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NvmeError {
    /// Its number since the drive was made.
    pub count: Option<u64>,
    /// Submission queue; 0 is the admin queue.
    pub queue: Option<u16>,
    /// Command id.
    pub command_id: Option<u16>,
    /// Status field without its phase bit.
    pub status: Option<u16>,
    /// Status code type: 0 generic, 1 command specific, 2 media and data integrity, 3 path.
    pub status_code_type: Option<u8>,
    /// Status code.
    pub status_code: Option<u8>,
    /// The status in words: `Invalid Field in Command`.
    pub status_text: Option<String>,
    /// Whether to try again makes no sense.
    pub do_not_retry: Option<bool>,
    /// Byte and bit of the command that the error is of.
    pub parameter_location: Option<u16>,
    /// Logical block address.
    pub lba: Option<u64>,
    /// Namespace.
    pub namespace: Option<i64>,
    /// Number of a vendor's log with more of it.
    pub vendor_log: Option<u8>,
}

/// Device self-tests.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NvmeSelfTestLog {
    /// The test that runs: 0 none, 1 short, 2 extended, 14 vendor's.
    pub current: Option<u8>,
    /// In words.
    pub current_text: Option<String>,
    /// Per cent of it that is done.
    pub current_percent: Option<u8>,
    /// The namespace of the log; -1 is the whole controller.
    pub namespace: Option<i64>,
    /// Ended tests, the newest first.
    pub tests: Vec<NvmeSelfTest>,
}

/// An ended self-test.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct NvmeSelfTest {
    /// Kind: 1 short, 2 extended, 14 vendor's.
    pub kind: Option<u8>,
    /// Kind in words.
    pub kind_text: Option<String>,
    /// Result: 0 good, 1 to 4 and 8, 9 aborted, 5 to 7 failed.
    pub result: Option<u8>,
    /// Result in words.
    pub result_text: Option<String>,
    /// Hours powered on when it ended.
    pub power_on_hours: Option<u64>,
    /// Segment that failed.
    pub segment: Option<u8>,
    /// Namespace that failed; -1 is all.
    pub namespace: Option<i64>,
    /// Logical block address of the first failure.
    pub lba: Option<u64>,
    /// Status code type of the failure.
    pub status_code_type: Option<u8>,
    /// Status code of the failure.
    pub status_code: Option<u8>,
}

/// Takes the members of an NVMe drive.
pub(super) fn read(document: &mut Members) -> Nvme {
    let vendor = within(document, "nvme_pci_vendor", |vendor| {
        (number(vendor, "id"), number(vendor, "subsystem_id"))
    });
    let (pci_vendor, pci_subsystem_vendor) = vendor.unwrap_or_default();
    let limits = within(document, "nvme_composite_temperature_threshold", |limits| {
        (signed(limits, "warning"), signed(limits, "critical"))
    });
    let (warning_temperature, critical_temperature) = limits.unwrap_or_default();
    let version = within(document, "nvme_version", |version| {
        let name = text(version, "string");
        if name.is_some() {
            drop_if(version, "value", Node::is_number);
        }
        name
    });
    let status = within(document, "smart_status", |status| {
        within(status, "nvme", status_flags)
    });
    Nvme {
        pci_vendor,
        pci_subsystem_vendor,
        ieee_oui: number(document, "nvme_ieee_oui_identifier"),
        controller_id: number(document, "nvme_controller_id"),
        version: version.flatten(),
        max_namespaces: number(document, "nvme_number_of_namespaces"),
        total_capacity_bytes: wide(document, "nvme_total_capacity"),
        unallocated_capacity_bytes: wide(document, "nvme_unallocated_capacity"),
        namespaces: rows(document, "nvme_namespaces", |row| Some(namespace(row))),
        warning_temperature,
        critical_temperature,
        status: status.flatten(),
        health: within(document, "nvme_smart_health_information_log", health),
        errors: within(document, "nvme_error_information_log", |log| NvmeErrorLog {
            size: number(log, "size"),
            read: number(log, "read"),
            unread: number(log, "unread"),
            errors: rows(log, "table", |row| Some(error(row))).unwrap_or_default(),
        }),
        self_tests: within(document, "nvme_self_test_log", self_tests),
    }
}

fn namespace(row: &mut Members) -> Namespace {
    let mut bytes = |key| {
        within(row, key, |size| {
            let bytes = wide(size, "bytes");
            if bytes.is_some() {
                wide(size, "blocks");
            }
            bytes
        })
        .flatten()
    };
    Namespace {
        size_bytes: bytes("size"),
        capacity_bytes: bytes("capacity"),
        utilization_bytes: bytes("utilization"),
        id: number(row, "id"),
        formatted_lba_bytes: number(row, "formatted_lba_size"),
        eui64: within(row, "eui64", |name| Eui64 {
            oui: number(name, "oui"),
            ext_id: number(name, "ext_id"),
        }),
    }
}

fn status_flags(flags: &mut Members) -> StatusFlags {
    StatusFlags {
        value: number(flags, "value"),
        spare_below_threshold: boolean(flags, "spare_below_threshold"),
        temperature: boolean(flags, "temperature_above_or_below_threshold"),
        reliability_degraded: boolean(flags, "reliability_degraded"),
        media_read_only: boolean(flags, "media_read_only"),
        memory_backup_failed: boolean(flags, "volatile_memory_backup_failed"),
        memory_region_unreliable: boolean(flags, "persistent_memory_region_unreliable"),
        other: number(flags, "other"),
    }
}

fn health(log: &mut Members) -> NvmeHealthLog {
    NvmeHealthLog {
        namespace: signed(log, "nsid"),
        critical_warning: number(log, "critical_warning"),
        temperature: signed(log, "temperature"),
        available_spare: number(log, "available_spare"),
        available_spare_threshold: number(log, "available_spare_threshold"),
        percentage_used: number(log, "percentage_used"),
        endurance_group_warning: number(log, "endurance_group_critical_warning_summary"),
        data_units_read: wide(log, "data_units_read"),
        data_units_written: wide(log, "data_units_written"),
        host_reads: wide(log, "host_reads"),
        host_writes: wide(log, "host_writes"),
        controller_busy_minutes: wide(log, "controller_busy_time"),
        power_cycles: wide(log, "power_cycles"),
        power_on_hours: wide(log, "power_on_hours"),
        unsafe_shutdowns: wide(log, "unsafe_shutdowns"),
        media_errors: wide(log, "media_errors"),
        error_log_entries: wide(log, "num_err_log_entries"),
        warning_temperature_minutes: number(log, "warning_temp_time"),
        critical_temperature_minutes: number(log, "critical_comp_time"),
        temperature_sensors: numbers(log, "temperature_sensors"),
        throttle_1_count: number(log, "thermal_mgmt_temperature_1_transition_count"),
        throttle_1_seconds: number(log, "thermal_mgmt_temperature_1_total_time"),
        throttle_2_count: number(log, "thermal_mgmt_temperature_2_transition_count"),
        throttle_2_seconds: number(log, "thermal_mgmt_temperature_2_total_time"),
    }
}

fn error(row: &mut Members) -> NvmeError {
    let mut error = NvmeError {
        count: wide(row, "error_count"),
        queue: number(row, "submission_queue_id"),
        command_id: number(row, "command_id"),
        parameter_location: number(row, "parm_error_location"),
        namespace: signed(row, "nsid"),
        vendor_log: number(row, "vendor_specific"),
        ..NvmeError::default()
    };
    within(row, "status_field", |status| {
        error.status = number(status, "value");
        error.status_code_type = number(status, "status_code_type");
        error.status_code = number(status, "status_code");
        error.status_text = text(status, "string");
        error.do_not_retry = boolean(status, "do_not_retry");
    });
    error.lba = within(row, "lba", |lba| wide(lba, "value")).flatten();
    drop_if(row, "phase_tag", Node::is_boolean);
    error
}

fn self_tests(log: &mut Members) -> NvmeSelfTestLog {
    let mut found = NvmeSelfTestLog {
        current_percent: number(log, "current_self_test_completion_percent"),
        namespace: signed(log, "nsid"),
        tests: rows(log, "table", |row| Some(self_test(row))).unwrap_or_default(),
        ..NvmeSelfTestLog::default()
    };
    within(log, "current_self_test_operation", |operation| {
        found.current = number(operation, "value");
        found.current_text = text(operation, "string");
    });
    found
}

fn self_test(row: &mut Members) -> NvmeSelfTest {
    let mut test = NvmeSelfTest {
        power_on_hours: wide(row, "power_on_hours"),
        segment: number(row, "segment"),
        namespace: signed(row, "nsid"),
        lba: wide(row, "lba"),
        status_code_type: number(row, "status_code_type"),
        status_code: number(row, "status_code"),
        ..NvmeSelfTest::default()
    };
    within(row, "self_test_code", |code| {
        test.kind = number(code, "value");
        test.kind_text = text(code, "string");
    });
    within(row, "self_test_result", |result| {
        test.result = number(result, "value");
        test.result_text = text(result, "string");
    });
    test
}
