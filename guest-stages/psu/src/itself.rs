//! The rules of the controller itself: its log's room, its clock, its test of itself, and the chassis.

use vetting_facts::bmc::{ChassisStatus, EventLog, EventLogInfo, SelfTest, SelfTestResult, Time};
use vetting_stage::{Finding, Findings, Measure, part};

use crate::{Parameters, events, rules};

/// From here on, in per cent, the log is nearly full.
const NEARLY_FULL_PERCENT: f64 = 90.0;

/// 2020-01-01: no machine that is tested is older than its calendar says then.
const EARLIEST: u64 = 1_577_836_800;

/// 2010-01-01: a log whose newest entry is older was written by a clock that was never set.
const CONTROLLERS: i64 = 1_262_304_000;

/// Controllers keep local time as well as UTC: clocks apart by whole quarters of an hour, up to the widest
/// time zone, are no fault (IANA time zone database).
const QUARTER: i64 = 900;
const WIDEST_ZONE: i64 = 14 * 3600;

/// Whether the log has room, by all that says so: one finding.
pub fn room(info: Option<&EventLogInfo>, log: Option<&EventLog>, findings: &mut Findings) {
    let info = info.cloned().unwrap_or_default();
    let used = info.used_percent.unwrap_or(0.0);
    // Some controllers always say 100 %, others always 0 bytes.
    let filled = used >= 100.0 && info.free_bytes == Some(0) && info.entries.is_some_and(|n| n > 0);
    let overflow = info.overflow == Some(true);
    let told = log.is_some_and(events::says_full);
    // A sensor of the log may have said it already.
    let known = findings
        .diagnoses()
        .iter()
        .any(|d| d.name == rules::EVENT_LOG_FULL_NAME);
    if known {
        return;
    }
    if overflow || filled || told {
        let how = match (overflow, filled) {
            (true, _) => format!("overflow, {used:.0} % used"),
            (false, true) => format!("{used:.0} % used"),
            (false, false) => "its last entry says so".to_owned(),
        };
        let message = format!(
            "the controller's event log is full and takes no more entries ({how}): save and clear it (ipmitool sel save, sel clear)"
        );
        findings.broken(rules::EVENT_LOG_FULL, None, message);
    } else if used >= NEARLY_FULL_PERCENT && info.free_bytes != Some(0) {
        let message = format!(
            "the controller's event log is nearly full ({used:.0} % used): save and clear it"
        );
        findings.broken(rules::EVENT_LOG_FULL, None, message);
    }
}

/// Holds the controller's clock against the machine's, and that against what can be. `last` is the time of
/// the log's newest entry.
pub fn clocks(
    controller: Option<&Time>,
    last: Option<&Time>,
    machine: u64,
    p: &Parameters,
    findings: &mut Findings,
) {
    if machine < EARLIEST {
        let message = format!(
            "the machine's calendar is wrong: its clock is {machine} s after 1970-01-01. Set it, and look at the battery of the board"
        );
        return findings.broken(rules::CALENDAR, None, message);
    }
    let machine = i64::try_from(machine).unwrap_or(i64::MAX);
    let apart =
        |time: &Time| Some(time.seconds?.saturating_sub(machine)).filter(|_| !time.date_only);
    if let Some((time, apart)) = controller.and_then(|time| Some((time, apart(time)?))) {
        let off = skew(apart);
        let measure = Measure::number("controller-clock", off as f64).unit("s");
        findings.hold(measure.at_most(rules::CLOCK, p.clock_skew_warn.as_secs_f64()), || {
            format!("the controller's clock says {}, {off} s from the machine's: set it (ipmitool sel time set now), or the event log's times are wrong", time.text)
        });
        return;
    }
    // Without its clock: an entry cannot be of the future, or older than the controller.
    let Some((time, apart)) = last.and_then(|time| Some((time, apart(time)?))) else {
        return;
    };
    let when = match () {
        () if apart > WIDEST_ZONE => "which is to come",
        () if time.seconds.is_some_and(|seconds| seconds < CONTROLLERS) => {
            "when there was no such machine"
        }
        () => return,
    };
    let message = format!(
        "the event log's newest entry is of {}, {when}: the controller's clock is wrong. Set it (ipmitool sel time set now)",
        time.text
    );
    findings.broken(rules::CLOCK_OF_LOG, None, message);
}

/// How far two clocks are apart, in seconds, whatever time zone one of them keeps.
fn skew(apart: i64) -> i64 {
    let beyond = apart.saturating_abs();
    if beyond > WIDEST_ZONE {
        return beyond;
    }
    let rest = beyond.rem_euclid(QUARTER);
    rest.min(QUARTER.saturating_sub(rest))
}

/// The controller's test of itself. Words that it has for everything are noted.
pub fn self_test(test: &SelfTest, findings: &mut Findings) {
    let place = part("controller", "BMC");
    let details = match test.details.is_empty() {
        true => String::new(),
        false => format!(" ({})", test.details.join(", ")),
    };
    findings.note(Measure::text("self-test", test.text.clone()).part(&place));
    match test.result {
        SelfTestResult::FatalError => {
            let message =
                "its test of itself ends with a fatal error: replace the board or its controller";
            findings.broken(rules::SELF_TEST_FATAL, Some(&place), message);
        }
        SelfTestResult::Corrupted | SelfTestResult::DeviceSpecific => {
            let message = format!(
                "its test of itself finds a fault: {}{details}",
                test.text.trim()
            );
            findings.broken(rules::SELF_TEST, Some(&place), message);
        }
        _ => {}
    }
}

/// What the chassis says that no sensor has said yet.
pub fn chassis(status: &ChassisStatus, findings: &mut Findings) {
    let faults = [
        (status.main_power_fault, "main power fault"),
        (status.power_control_fault, "power control fault"),
        (status.power_overload, "power overload"),
    ];
    for (set, words) in faults {
        if set == Some(true) {
            let message = format!("the chassis status says: {words}");
            findings.broken(rules::CHASSIS_POWER, Some(&part("chassis", words)), message);
        }
    }
    let bad = |kinds: &[&str]| {
        findings.diagnoses().iter().any(|d| {
            let of = d
                .part
                .as_ref()
                .is_some_and(|part| kinds.contains(&part.kind.as_str()));
            of && d.finding != Finding::Pass
        })
    };
    let named = [
        (status.drive_fault, "drive fault", bad(&["drive"])),
        (
            status.cooling_fault,
            "cooling or fan fault",
            bad(&["fan", "temperature", "redundancy"]),
        ),
    ];
    for (set, words, known) in named {
        if set == Some(true) && !known {
            let message =
                format!("the chassis status says: {words}, and no sensor says of which part");
            findings.broken(rules::CHASSIS, Some(&part("chassis", words)), message);
        }
    }
    if !status.last_power_events.is_empty() {
        let last = status.last_power_events.join(", ");
        findings.note(Measure::text("last-power-event", last));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vetting_facts::bmc::{chassis_status, clock, event_log_info};

    fn said(judge: impl FnOnce(&mut Findings)) -> Vec<String> {
        let mut findings = Findings::new();
        judge(&mut findings);
        findings
            .diagnoses()
            .iter()
            .map(|d| d.message.clone())
            .collect()
    }

    #[test]
    fn a_log_without_room_is_one_remark() {
        let room = |text: &str| {
            let info = event_log_info(text.as_bytes()).expect("an answer");
            said(|findings| super::room(Some(&info), None, findings)).len()
        };
        assert_eq!(
            room("Entries : 12\nFree Space : 8000 bytes\nPercent Used : 2%\nOverflow : false\n"),
            0
        );
        assert_eq!(
            room("Entries : 512\nFree Space : 0 bytes\nPercent Used : 100%\nOverflow : true\n"),
            1
        );
        assert_eq!(
            room("Entries : 3\nFree Space : 65535 bytes\nPercent Used : 100%\nOverflow : false\n"),
            1
        );
        assert_eq!(
            room("Entries : 3\nFree Space : 0 bytes\nPercent Used : 2%\nOverflow : false\n"),
            0
        );
    }

    #[test]
    fn a_time_zone_is_no_fault_and_a_wrong_clock_is() {
        let now = 1_752_570_000; // 2025-07-15 09:00:00 UTC
        let judged = |text: &str| {
            let time = clock(text.as_bytes()).expect("a time");
            said(|f| clocks(Some(&time), None, now, &Parameters::default(), f)).len()
        };
        assert_eq!(judged("07/15/25 09:00:20 UTC\n"), 0);
        assert_eq!(judged("07/15/2025 11:00:20\n"), 0);
        assert_eq!(judged("07/15/2025 09:07:00\n"), 1);
        assert_eq!(judged("01/01/1970 00:10:00\n"), 1);
        let p = Parameters::default();
        assert_eq!(said(|f| clocks(None, None, 60, &p, f)).len(), 1);
        for (newest, wrong) in [
            ("01/01/2040 03:10:20", 1),
            ("01/01/1970 00:10:20", 1),
            ("03/11/2025 16:34:51", 0),
        ] {
            let time = clock(newest.as_bytes()).expect("a time");
            assert_eq!(
                said(|f| clocks(None, Some(&time), now, &p, f)).len(),
                wrong,
                "{newest}"
            );
        }
    }

    #[test]
    fn the_chassis_is_quiet_where_a_sensor_named_the_part() {
        let status =
            chassis_status(b"System Power : on\nCooling/Fan Fault : true\n").expect("a status");
        assert_eq!(said(|findings| chassis(&status, findings)).len(), 1);
        let named = said(|findings| {
            findings.broken(rules::FAN_FLICKERS, Some(&part("fan", "FAN1")), "it stands");
            chassis(&status, findings);
        });
        assert_eq!(named.len(), 1);
    }
}
