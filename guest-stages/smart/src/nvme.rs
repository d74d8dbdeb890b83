//! NVMe drives: the SMART / Health log page.

use vetting_facts::smartctl::NvmeHealthLog;
use vetting_stage::outcome::Value;
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
pub fn judge(log: &NvmeHealthLog, drive: &Drive, findings: &mut Findings) {
    let p = drive.parameters;
    let name = &drive.name;
    let Some(warning) = log.critical_warning else {
        let message = format!("drive {name}: its critical_warning could not be read");
        return findings.unknown(rules::NO_HEALTH_LOG, Some(&drive.part), message);
    };
    for (bit, rule, meaning) in WARNINGS {
        let set = warning & bit != 0;
        let measure = Measure::boolean(&format!("critical-warning-{bit:02x}"), set)
            .part(&drive.part)
            .equals(rule, Value::Boolean(false));
        findings.hold(measure, || {
            format!("drive {name}: critical_warning is 0x{warning:02x}: {meaning}")
        });
    }
    let unknown = warning & 0xc0;
    if unknown != 0 {
        let message = format!("drive {name}: critical_warning has unknown bits 0x{unknown:02x}");
        findings.broken(CRITICAL_WARNING_REMARK, Some(&drive.part), message);
    }
    if let (Some(spare), Some(threshold)) = (log.available_spare, log.available_spare_threshold) {
        let (spare, threshold) = (f64::from(spare), f64::from(threshold));
        let measure = Measure::number("available-spare", spare)
            .unit("%")
            .part(&drive.part)
            .at_least(rules::SPARE, threshold);
        findings.hold(measure, || {
            format!("drive {name}: available_spare is {spare} %, its threshold is {threshold} %")
        });
    }
    let used = (rules::USED, p.used_warn_percent);
    let used_up = (rules::USED_UP, p.used_fail_percent);
    let errors = (rules::MEDIA_ERRORS, p.media_errors_fail);
    let minutes = (rules::CRITICAL_MINUTES, p.critical_minutes_warn);
    for (what, value, warn, fail, advice) in [
        (
            "percentage_used",
            log.percentage_used.map(u64::from),
            Some(used),
            Some(used_up),
            "per cent of its rated life",
        ),
        (
            "media_errors",
            log.media_errors,
            None,
            Some(errors),
            "data were lost",
        ),
        (
            "critical_comp_time",
            log.critical_temperature_minutes,
            Some(minutes),
            None,
            "minutes above the critical temperature",
        ),
    ] {
        if let Some(value) = value {
            drive.count(findings, what, value, warn, fail, advice);
        }
    }
    let commands = [log.host_reads, log.host_writes].into_iter().flatten();
    let commands = commands.fold(0, u64::saturating_add);
    let counted = [log.data_units_read, log.data_units_written];
    if counted == [Some(0), Some(0)] && commands > p.nvme_commands_without_data {
        let message = format!(
            "drive {name}: it answered {commands} commands and counts no byte read or written: its \
             health log cannot be believed"
        );
        findings.unknown(rules::NVME_COUNTERS, Some(&drive.part), message);
    }
    let cycles = log.power_cycles.filter(|cycles| *cycles > 0);
    if let (Some(cycles), Some(unsafe_ones)) = (cycles, log.unsafe_shutdowns) {
        let share = 100.0 * unsafe_ones as f64 / cycles as f64;
        let measure = Measure::number("unsafe-shutdowns", share)
            .unit("%")
            .part(&drive.part);
        let limit = p.unsafe_shutdowns_warn_percent;
        findings.hold(measure.at_most(rules::UNSAFE_SHUTDOWNS, limit), || {
            format!("drive {name}: {unsafe_ones} of its {cycles} power cycles ended without notice")
        });
    }
    let bytes = |units: Option<u64>| units.map(|units| units as f64 * 512_000.0);
    let whole = |count: Option<u64>| count.map(|count| count as f64);
    for (what, value, unit) in [
        ("num_err_log_entries", whole(log.error_log_entries), "1"),
        (
            "warning_temp_time",
            whole(log.warning_temperature_minutes),
            "min",
        ),
        (
            "controller_busy_time",
            whole(log.controller_busy_minutes),
            "min",
        ),
        ("data-read", bytes(log.data_units_read), "B"),
        ("data-written", bytes(log.data_units_written), "B"),
    ] {
        if let Some(value) = value {
            findings.note(Measure::number(what, value).unit(unit).part(&drive.part));
        }
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
