//! NVMe drives: the SMART / Health log page.

use vetting_stage::outcome::Value;
use vetting_stage::smart::NvmeHealth;
use vetting_stage::{Findings, Measure, Rule};

use crate::drive::Drive;
use crate::rules::{self, CRITICAL_WARNING, CRITICAL_WARNING_REMARK};

/// The critical warning's bits (NVM Express Base Specification, SMART / Health Information).
const WARNINGS: [(u8, Rule, &str); 6] = [
    (0x01, CRITICAL_WARNING, "the spare is below its threshold"),
    (
        0x02,
        CRITICAL_WARNING_REMARK,
        "the temperature is beyond a threshold",
    ),
    (0x04, CRITICAL_WARNING, "its reliability is degraded"),
    (0x08, CRITICAL_WARNING, "its medium is read-only"),
    (
        0x10,
        CRITICAL_WARNING,
        "the backup of its volatile memory has failed (power-loss protection)",
    ),
    (
        0x20,
        CRITICAL_WARNING,
        "its persistent memory region is unreliable",
    ),
];

/// Holds the whole log.
pub fn judge(log: &NvmeHealth, drive: &Drive, findings: &mut Findings) {
    let p = drive.parameters;
    let name = &drive.name;
    for (bit, rule, meaning) in WARNINGS {
        let set = log.critical_warning & bit != 0;
        let measure = Measure::boolean(&format!("critical-warning-{bit:02x}"), set)
            .part(&drive.part)
            .equals(rule, Value::Boolean(false));
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
        findings.broken(CRITICAL_WARNING_REMARK, Some(&drive.part), message);
    }
    let spare = f64::from(log.available_spare);
    let threshold = f64::from(log.available_spare_threshold);
    let measure = Measure::number("available-spare", spare)
        .unit("%")
        .part(&drive.part)
        .at_least(rules::SPARE, threshold);
    findings.hold(measure, || {
        format!("drive {name}: available_spare is {spare} %, its threshold is {threshold} %")
    });
    drive.count(
        findings,
        "percentage_used",
        u64::from(log.percentage_used),
        Some((rules::USED, p.used_warn_percent)),
        Some((rules::USED_UP, p.used_fail_percent)),
        "per cent of its rated life",
    );
    let rule = (rules::MEDIA_ERRORS, p.media_errors_fail);
    drive.count(
        findings,
        "media_errors",
        log.media_errors,
        None,
        Some(rule),
        "data were lost",
    );
    let rule = (rules::CRITICAL_MINUTES, p.critical_minutes_warn);
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
        let measure = Measure::number("unsafe-shutdowns", share)
            .unit("%")
            .part(&drive.part);
        let limit = p.unsafe_shutdowns_warn_percent;
        findings.hold(measure.at_most(rules::UNSAFE_SHUTDOWNS, limit), || {
            format!(
                "drive {name}: {} of its {} power cycles ended without notice",
                log.unsafe_shutdowns, log.power_cycles
            )
        });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_the_code_does() {
        for (rule, others) in [
            (CRITICAL_WARNING, ""),
            (CRITICAL_WARNING_REMARK, ", 0x40, 0x80"),
        ] {
            let bits = WARNINGS.iter().filter(|(_, by, _)| *by == rule);
            let bits: Vec<String> = bits.map(|(bit, ..)| format!("0x{bit:02x}")).collect();
            let limit = format!("\"none of {}{others}\"", bits.join(", "));
            assert!(rules::Table::RULES.contains(&limit), "{limit}");
        }
    }
}
