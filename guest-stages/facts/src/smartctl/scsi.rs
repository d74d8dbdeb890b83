//! What only SCSI and SAS drives have: identity, exceptions, error counters, environment.

use serde::Serialize;

use super::members::{Members, Node, boolean, drop_if, number, signed, text, wide, within};
use super::scsi_logs::{self, BackgroundScanResult, SasPhy, ScsiPendingDefect, ScsiSelfTest};

/// What only SCSI and SAS drives have.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scsi {
    /// Vendor: `SEAGATE`; `ATA` of a SATA drive behind a translation.
    pub vendor: Option<String>,
    /// Product.
    pub product: Option<String>,
    /// Product revision: the firmware.
    pub revision: Option<String>,
    /// Version of the SCSI standard: `SPC-5`.
    pub version: Option<String>,
    /// Logical unit id: `0x5000c500…`.
    pub logical_unit_id: Option<String>,
    /// Peripheral device type: 0 disk, 1 tape, 5 CD or DVD, 13 enclosure, 20 zoned disk.
    pub device_type: Option<u8>,
    /// Peripheral device type in words.
    pub device_type_text: Option<String>,
    /// Transport protocol: 6 is SAS.
    pub transport: Option<u8>,
    /// Transport protocol in words: `SAS (SPL-4)`.
    pub transport_text: Option<String>,
    /// Kind of end-to-end protection that it is formatted with, 1 to 3.
    pub protection_type: Option<u8>,
    /// Bytes of protection that each logical block has more.
    pub protection_bytes: Option<u64>,
    /// Logical block provisioning: `fully provisioned`.
    pub provisioning: Option<String>,
    /// Whether reads are cached. smartctl prints it as text, as [`Scsi::non_medium_errors`].
    pub read_cache: Option<bool>,
    /// Whether writes are cached. smartctl prints it as text, as [`Scsi::non_medium_errors`].
    pub write_cache: Option<bool>,
    /// Whether temperature warnings are switched on.
    pub temperature_warning: Option<bool>,
    /// Why the drive's health is not good.
    pub exception: Option<Exception>,
    /// Defects that grew since the drive was made.
    pub grown_defects: Option<u64>,
    /// How many defects are pending.
    pub pending_defect_count: Option<u64>,
    /// The pending defects.
    pub pending_defects: Option<Vec<ScsiPendingDefect>>,
    /// Errors of reads.
    pub read_errors: Option<ErrorCounters>,
    /// Errors of writes.
    pub write_errors: Option<ErrorCounters>,
    /// Errors of verifications.
    pub verify_errors: Option<ErrorCounters>,
    /// Errors outside the medium: bus, cable, commands. smartctl prints them as text, which its JSON has with
    /// `--json=o` and `--json=u` only.
    pub non_medium_errors: Option<u64>,
    /// The scan that the drive does by itself.
    pub background_scan: Option<BackgroundScan>,
    /// Self-tests, the newest first; absent where the log is absent or empty.
    pub self_tests: Option<Vec<ScsiSelfTest>>,
    /// Whether a self-test runs.
    pub self_test_in_progress: Option<bool>,
    /// Per cent of the running self-test that is done.
    pub self_test_percent: Option<u8>,
    /// Seconds that an extended self-test takes.
    pub extended_self_test_seconds: Option<u64>,
    /// Spindle starts and head loads.
    pub start_stop: Option<StartStop>,
    /// Rated life that is used, in per cent.
    pub percentage_used: Option<u64>,
    /// What the last format found.
    pub format_status: Option<FormatStatus>,
    /// Temperatures and humidities of the environment log.
    pub environment: Vec<EnvironmentReading>,
    /// The links of its SAS ports.
    pub phys: Vec<SasPhy>,
}

/// An informational exception.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Exception {
    /// Additional sense code: 5Dh predicts a failure, 0Bh warns.
    pub asc: Option<u8>,
    /// Its qualifier.
    pub ascq: Option<u8>,
    /// In words: `FAILURE PREDICTION THRESHOLD EXCEEDED`.
    pub text: Option<String>,
}

/// Errors of one kind of command since the drive was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ErrorCounters {
    /// Corrected by ECC without delay.
    pub ecc_fast: Option<u64>,
    /// Corrected by ECC with delay.
    pub ecc_delayed: Option<u64>,
    /// Corrected by rereads or rewrites.
    pub rereads_rewrites: Option<u64>,
    /// Corrected in all.
    pub corrected: Option<u64>,
    /// How often the correction was invoked.
    pub invocations: Option<u64>,
    /// Gigabytes (10^9 bytes) processed, with three decimals.
    pub gigabytes: Option<f64>,
    /// Not corrected.
    pub uncorrected: Option<u64>,
}

/// The scan of the medium that a drive does by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct BackgroundScan {
    /// Number of its state: 0 none runs, 1 runs, 2 to 8 halted or waiting.
    pub status: Option<u64>,
    /// Its state in words.
    pub status_text: Option<String>,
    /// Progress: `12.34%`.
    pub progress: Option<String>,
    /// Scans done.
    pub scans: Option<u64>,
    /// Scans of the medium done.
    pub medium_scans: Option<u64>,
    /// What it found, each by its place.
    pub results: Vec<BackgroundScanResult>,
}

/// Spindle starts and head loads.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StartStop {
    /// Year of manufacture.
    pub year: Option<String>,
    /// Week of manufacture.
    pub week: Option<String>,
    /// Starts that the drive is made for.
    pub specified_cycles: Option<u64>,
    /// Starts so far.
    pub cycles: Option<u64>,
    /// Loads that the drive is made for.
    pub specified_loads: Option<u64>,
    /// Loads so far.
    pub loads: Option<u64>,
}

/// What the last format found. Drives often have none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct FormatStatus {
    /// Defects that its certification found.
    pub grown_defects: Option<u64>,
    /// Blocks reassigned by it.
    pub reassigned: Option<u64>,
    /// Blocks reassigned since.
    pub new_reassigned: Option<u64>,
    /// Minutes powered on since.
    pub power_on_minutes: Option<u64>,
}

/// A reading of the environment log: degrees Celsius or per cent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EnvironmentReading {
    /// Its name: `temperature_1`, `relative_humidity_1`.
    pub name: String,
    /// Parameter code: below 256 a temperature, from 256 a humidity.
    pub code: Option<u64>,
    /// Now.
    pub current: Option<i64>,
    /// Highest since the drive was made.
    pub lifetime_max: Option<i64>,
    /// Lowest since the drive was made.
    pub lifetime_min: Option<i64>,
    /// Highest since power-on.
    pub power_on_max: Option<i64>,
    /// Lowest since power-on.
    pub power_on_min: Option<i64>,
    /// The drive's upper limit ("maximum other").
    pub limit_max: Option<i64>,
    /// The drive's lower limit ("minimum other").
    pub limit_min: Option<i64>,
}

/// Takes the members of a SCSI drive. 7.0 to 7.2 name vendor, product and revision without `scsi_`.
pub(super) fn read(document: &mut Members) -> Scsi {
    let mut scsi = Scsi {
        vendor: text(document, "scsi_vendor").or_else(|| text(document, "vendor")),
        product: text(document, "scsi_product").or_else(|| text(document, "product")),
        revision: text(document, "scsi_revision").or_else(|| text(document, "revision")),
        version: text(document, "scsi_version"),
        logical_unit_id: text(document, "logical_unit_id"),
        protection_type: number(document, "scsi_protection_type"),
        protection_bytes: number(document, "scsi_protection_interval_bytes_per_lb"),
        grown_defects: number(document, "scsi_grown_defect_list"),
        extended_self_test_seconds: number(document, "scsi_extended_self_test_seconds"),
        percentage_used: number(document, "scsi_percentage_used_endurance_indicator"),
        ..Scsi::default()
    };
    within(document, "device_type", |kind| {
        scsi.device_type = number(kind, "scsi_value");
        scsi.device_type_text = text(kind, "name");
        drop_if(kind, "scsi_terminology", Node::is_text);
    });
    within(document, "scsi_transport_protocol", |protocol| {
        scsi.transport = number(protocol, "value");
        scsi.transport_text = text(protocol, "name");
    });
    let provisioning = within(document, "scsi_lb_provisioning", |kind| {
        let name = text(kind, "name");
        if name.is_some() {
            // The same as a number.
            drop_if(kind, "value", Node::is_number);
        }
        name
    });
    scsi.provisioning = provisioning.flatten();
    let warning = within(document, "temperature_warning", |w| boolean(w, "enabled"));
    scsi.temperature_warning = warning.flatten();
    scsi.exception = within(document, "smart_status", |status| {
        within(status, "scsi", |sense| Exception {
            asc: number(sense, "asc"),
            ascq: number(sense, "ascq"),
            text: text(sense, "ie_string"),
        })
    })
    .flatten();
    within(document, "scsi_error_counter_log", |log| {
        scsi.read_errors = within(log, "read", counters);
        scsi.write_errors = within(log, "write", counters);
        scsi.verify_errors = within(log, "verify", counters);
    });
    for key in ["scsi_format_status", "format_status"] {
        scsi.format_status = scsi.format_status.or(within(document, key, format_status));
    }
    scsi.start_stop = within(document, "scsi_start_stop_cycle_counter", start_stop);
    scsi.environment = environment(document);
    scsi_logs::read(&mut scsi, document);
    scsi
}

fn counters(log: &mut Members) -> ErrorCounters {
    let gigabytes = match log.get("gigabytes_processed") {
        Some(Node::Text(digits)) => digits.parse().ok(),
        Some(node) => node.as_number(),
        None => None,
    };
    let gigabytes = gigabytes.filter(|number: &f64| number.is_finite());
    if gigabytes.is_some() {
        log.remove("gigabytes_processed");
    }
    ErrorCounters {
        ecc_fast: wide(log, "errors_corrected_by_eccfast"),
        ecc_delayed: wide(log, "errors_corrected_by_eccdelayed"),
        rereads_rewrites: wide(log, "errors_corrected_by_rereads_rewrites"),
        corrected: wide(log, "total_errors_corrected"),
        invocations: wide(log, "correction_algorithm_invocations"),
        gigabytes,
        uncorrected: wide(log, "total_uncorrected_errors"),
    }
}

fn format_status(log: &mut Members) -> FormatStatus {
    // `not_available` stands for a number that the drive has not.
    log.retain(|_, value| value.as_text() != Some("not_available"));
    FormatStatus {
        grown_defects: number(log, "grown_defects_during_cert"),
        reassigned: number(log, "blocks_reassigned_during_format"),
        new_reassigned: number(log, "total_new_block_since_format"),
        power_on_minutes: number(log, "power_on_minutes_since_format"),
    }
}

fn start_stop(log: &mut Members) -> StartStop {
    StartStop {
        year: text(log, "year_of_manufacture"),
        week: text(log, "week_of_manufacture"),
        specified_cycles: number(log, "specified_cycle_count_over_device_lifetime"),
        cycles: number(log, "accumulated_start_stop_cycles"),
        specified_loads: number(log, "specified_load_unload_count_over_device_lifetime"),
        loads: number(log, "accumulated_load_unload_cycles"),
    }
}

fn environment(document: &mut Members) -> Vec<EnvironmentReading> {
    let mut readings = Vec::new();
    within(document, "scsi_environmental_reports", |reports| {
        let names: Vec<String> = reports.keys().map(str::to_owned).collect();
        for name in names {
            let reading = within(reports, &name, |report| {
                // `unknown` stands for a number that the drive has not.
                report.retain(|_, value| value.as_text() != Some("unknown"));
                EnvironmentReading {
                    name: name.clone(),
                    code: number(report, "parameter_code"),
                    current: signed(report, "current"),
                    lifetime_max: signed(report, "lifetime_maximum"),
                    lifetime_min: signed(report, "lifetime_minimum"),
                    power_on_max: signed(report, "maximum_since_power_on"),
                    power_on_min: signed(report, "minimum_since_power_on"),
                    limit_max: signed(report, "maximum_other"),
                    limit_min: signed(report, "minimum_other"),
                }
            });
            readings.extend(reading);
        }
    });
    readings
}
