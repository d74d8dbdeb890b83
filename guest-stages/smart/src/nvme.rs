//! NVMe drives: the SMART / Health log page.

use vetting_stage::outcome::Value;
use vetting_stage::smart::NvmeHealth;
use vetting_stage::{Findings, Measure, Severity};

use crate::Parameters;
use crate::drive::Drive;

/// The critical warning's bits (NVM Express Base Specification, SMART / Health Information).
const WARNINGS: [(u8, Severity, &str); 6] = [
    (0x01, Severity::Fail, "the spare is below its threshold"),
    (
        0x02,
        Severity::Warn,
        "the temperature is beyond a threshold",
    ),
    (0x04, Severity::Fail, "its reliability is degraded"),
    (0x08, Severity::Fail, "its medium is read-only"),
    (
        0x10,
        Severity::Fail,
        "the backup of its volatile memory has failed (power-loss protection)",
    ),
    (
        0x20,
        Severity::Fail,
        "its persistent memory region is unreliable",
    ),
];

/// Holds the whole log.
pub fn judge(log: &NvmeHealth, drive: &Drive, findings: &mut Findings) {
    let p = drive.parameters;
    let name = &drive.name;
    for (bit, severity, meaning) in WARNINGS {
        let set = log.critical_warning & bit != 0;
        let measure = Measure::boolean(&format!("critical-warning-{bit:02x}"), set)
            .part(&drive.part)
            .equals(
                "critical_warning",
                Value::Boolean(false),
                severity,
                "NVM Express Base Specification, Critical Warning",
            );
        findings.hold(measure, || {
            format!(
                "drive {name}: critical_warning is 0x{:02x}: {meaning}",
                log.critical_warning
            )
        });
    }
    let unknown = log.critical_warning & 0xc0;
    if unknown != 0 {
        let message = format!("drive {name}: critical_warning has unknown bits 0x{unknown:02x}");
        findings.warn("critical_warning", Some(&drive.part), message);
    }
    let spare = f64::from(log.available_spare);
    let threshold = f64::from(log.available_spare_threshold);
    let measure = Measure::number("available-spare", spare)
        .unit("%")
        .part(&drive.part)
        .at_least(
            "available_spare_threshold",
            threshold,
            Severity::Fail,
            "the drive's own threshold",
        );
    findings.hold(measure, || {
        format!("drive {name}: available_spare is {spare} %, its threshold is {threshold} %")
    });
    drive.count(
        findings,
        "percentage_used",
        u64::from(log.percentage_used),
        Some(("used_warn_percent", p.used_warn_percent)),
        Some(("used_fail_percent", p.used_fail_percent)),
        "per cent of its rated life",
    );
    let rule = ("media_errors_fail", p.media_errors_fail);
    drive.count(
        findings,
        "media_errors",
        log.media_errors,
        None,
        Some(rule),
        "data were lost",
    );
    let rule = ("critical_minutes_warn", p.critical_minutes_warn);
    drive.count(
        findings,
        "critical_comp_time",
        log.critical_temperature_minutes,
        Some(rule),
        None,
        "minutes above the critical temperature",
    );
    if log.power_cycles > 0 {
        let share = 100.0 * log.unsafe_shutdowns as f64 / log.power_cycles as f64;
        let rule = "unsafe_shutdowns_warn_percent";
        let measure = Measure::number("unsafe-shutdowns", share)
            .unit("%")
            .part(&drive.part);
        let limit = p.unsafe_shutdowns_warn_percent;
        findings.hold(
            measure.at_most(rule, limit, Severity::Warn, Parameters::source(rule)),
            || {
                format!(
                    "drive {name}: {} of its {} power cycles ended without notice",
                    log.unsafe_shutdowns, log.power_cycles
                )
            },
        );
    }
    for (what, value, unit) in [
        ("num_err_log_entries", log.error_log_entries as f64, "1"),
        (
            "warning_temp_time",
            log.warning_temperature_minutes as f64,
            "min",
        ),
        (
            "controller_busy_time",
            log.controller_busy_minutes as f64,
            "min",
        ),
        ("data-read", log.data_units_read as f64 * 512_000.0, "B"),
        (
            "data-written",
            log.data_units_written as f64 * 512_000.0,
            "B",
        ),
    ] {
        findings.note(Measure::number(what, value).unit(unit).part(&drive.part));
    }
}
