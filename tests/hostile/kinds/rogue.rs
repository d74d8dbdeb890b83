//! What the guest `Rogue` asks for (`tests/guests/rogue`): floods, outcomes and tools.

use std::time::Duration;

use serde_json::json;
use vetting_protocol::StageRecord;

use super::{End, Kind, kind};

/// A mode of the guest, on a simulated machine.
pub fn rogue(name: &'static str, mode: &'static str, end: End) -> Kind {
    let mut row = kind(name, component, end);
    row.parameters = json!({ "mode": mode });
    row
}

fn component() -> Vec<u8> {
    std::fs::read(vetting_tests::guests().join("Rogue.wasm")).expect("the rogue stage")
}

/// A few seconds on this machine, for tools that are to be caught at work.
const AT_WORK: Duration = Duration::from_secs(20);
const PASS: End = End::Outcome("pass", "");

/// The rows.
pub fn kinds() -> Vec<Kind> {
    let mut rows = floods();
    rows.extend(outcomes());
    rows.extend(tools());
    rows
}

fn floods() -> Vec<Kind> {
    let sleeper = rogue("sleep-past-cancel", "sleep-past-cancel", End::Deadline);
    let sleep = rogue("sleep-for-ever", "sleep-for-ever", End::Error("Cancelled"));
    vec![
        sleeper.clone(),
        sleeper.real(End::Deadline),
        sleep.clone(),
        sleep.real(End::Error("Cancelled")),
        rogue("log-flood", "log-flood", PASS).check(log_is_bounded),
        rogue("log-long-line", "log-long-line", PASS).check(log_is_bounded),
        rogue("log-escapes", "log-escapes", PASS).check(log_is_printable),
        rogue("sample-flood", "sample-flood", PASS)
            .limit("samples", "100000")
            .check(samples_dropped),
        rogue("series-flood", "series-flood", PASS).check(samples_dropped),
        rogue("sample-not-finite", "sample-not-finite", PASS).check(samples_dropped),
        rogue(
            "attachment-flood",
            "attachment-flood",
            End::Error("64 attached: denied"),
        ),
        rogue(
            "attachment-bytes",
            "attachment-bytes",
            End::Error("16 attached: denied"),
        ),
        rogue(
            "attachment-path",
            "attachment-path",
            End::Error("name is invalid"),
        ),
        rogue(
            "attachment-twice",
            "attachment-twice",
            End::Error("is taken"),
        ),
        rogue("progress-that-is-none", "progress", PASS),
        rogue("watch-flood", "watch-flood", End::Error("denied")),
        rogue("watch-flood", "watch-flood", End::Error("denied")).real(End::Error("denied")),
        rogue(
            "panic-of-a-megabyte",
            "panic-long",
            End::Trap("the stage panicked"),
        ),
    ]
}

fn outcomes() -> Vec<Kind> {
    let inconclusive = |text| End::Outcome("inconclusive", text);
    vec![
        rogue(
            "measurement-not-a-number",
            "outcome-nan",
            inconclusive("no measurement"),
        ),
        rogue(
            "measurement-infinite",
            "outcome-infinite",
            inconclusive("no measurement"),
        ),
        rogue(
            "pass-against-its-rule",
            "outcome-violated",
            inconclusive("violates its own rule"),
        ),
        rogue(
            "pass-by-a-violated-warning",
            "outcome-violated-warning",
            inconclusive("no measurement"),
        ),
        rogue(
            "pass-by-what-is-no-number",
            "outcome-nan-differs",
            inconclusive("no measurement"),
        ),
        rogue(
            "pass-by-an-exclusion",
            "outcome-excludes",
            inconclusive("no measurement"),
        ),
        rogue(
            "pass-by-a-rule-of-its-own",
            "outcome-other-rule",
            inconclusive("no rule `a_rule_of_my_own`"),
        ),
        rogue(
            "skip-against-its-rule",
            "outcome-skip-violated",
            inconclusive("says skip, but its measurement"),
        ),
        rogue(
            "skip-beside-a-failure",
            "outcome-skip-diagnosed",
            inconclusive("its diagnosis `pending-sectors` is a failure"),
        ),
        rogue(
            "pass-over-nothing",
            "outcome-unheld",
            inconclusive("no measurement"),
        ),
        rogue("outcome-huge", "outcome-huge", End::Limit("outcome-bytes")),
        rogue(
            "summary-huge",
            "outcome-huge-summary",
            End::Limit("outcome-bytes"),
        ),
        rogue("error-huge", "error-huge", End::Error("eeee")),
        rogue(
            "outcome-escapes",
            "outcome-escapes",
            End::Outcome("fail", "\\u001b"),
        ),
        rogue("error-escapes", "error-escapes", End::Error("\\u001b")),
    ]
}

fn tools() -> Vec<Kind> {
    let mut rows = vec![
        rogue(
            "fio-thousand",
            "fio-thousand",
            End::Error("16 started: denied: at most 16 tools may run"),
        ),
        rogue("fio-thousand", "fio-thousand", PASS)
            .real(End::Error("16 started: denied: at most 16 tools may run"))
            .within(AT_WORK * 3),
        rogue("fio-dropped-at-work", "fio-dropped", PASS)
            .real(PASS)
            .within(AT_WORK),
        rogue("fio-left-behind", "fio-left-behind", PASS),
        rogue("fio-left-behind", "fio-left-behind", PASS)
            .real(PASS)
            .within(AT_WORK),
        rogue("stress-left-behind", "stress-left-behind", PASS)
            .real(PASS)
            .within(AT_WORK),
        rogue("memtest-left-behind", "memtest-left-behind", PASS)
            .real(PASS)
            .within(AT_WORK),
        rogue("denial-flood", "denial-flood", PASS).check(denials_are_bounded),
    ];
    for (name, mode, text) in [
        ("fio-writes-disks", "fio-writes-disks", "denied: "),
        (
            "fio-more-than-there-is",
            "fio-whole-machine",
            "job.target is invalid",
        ),
        ("fio-offset-overflow", "fio-offset-overflow", "is invalid"),
        ("fio-four-billion-workers", "fio-workers", "is invalid"),
        (
            "stress-four-billion-workers",
            "stress-workers",
            "is invalid",
        ),
        ("stress-all-memory", "stress-all-memory", "is invalid"),
        (
            "memtest-all-memory",
            "memtest-all-memory",
            "over the memory allowance",
        ),
        (
            "memtest-four-billion-threads",
            "memtest-threads",
            "is invalid",
        ),
        (
            "memtest-without-a-bound",
            "memtest-no-bound",
            "job.bytes is invalid",
        ),
        (
            "fio-exec-prerun",
            "fio-option:exec_prerun=touch /tmp/owned",
            "job.options is invalid",
        ),
        (
            "fio-exec-with-dashes",
            "fio-option:--exec_prerun=id",
            "job.options is invalid",
        ),
        (
            "fio-engine-external",
            "fio-option:ioengine=external:/tmp/own.so",
            "job.options is invalid",
        ),
        (
            "fio-filename",
            "fio-option:filename=/etc/passwd",
            "job.options is invalid",
        ),
        (
            "fio-directory",
            "fio-option:directory=/etc",
            "job.options is invalid",
        ),
        (
            "fio-log-elsewhere",
            "fio-option:write_bw_log=/etc/own",
            "job.options is invalid",
        ),
        (
            "fio-newline",
            "fio-option:rate=1m\\nfilename=/etc/passwd",
            "job.options is invalid",
        ),
        (
            "fio-option-in-a-name",
            "fio-option:rate=1m --filename=/etc/passwd",
            "job.options is invalid",
        ),
        (
            "fio-pattern-of-a-file",
            "fio-option:buffer_pattern='/etc/shadow'",
            "job.options is invalid",
        ),
        (
            "fio-disk-path",
            "fio-disk:../../etc/passwd",
            "is not available",
        ),
        (
            "fio-disk-absolute",
            "fio-disk:/etc/passwd",
            "is not available",
        ),
        (
            "fio-disk-option",
            "fio-disk:--filename=/etc/passwd",
            "is not available",
        ),
        ("fio-disk-partition", "fio-disk:sda1", "is not available"),
        ("fio-disk-memory", "fio-disk:../mem", "is not available"),
        ("smart-device-option", "smart:--all", "is invalid"),
        ("smart-other-device", "smart:-d sat /dev/sda", "is invalid"),
        ("smart-watchdog", "smart:watchdog", "is invalid"),
        ("smart-tape", "smart:st0", "is invalid"),
        ("smart-type-option", "smart:sda:-x", "is invalid"),
        ("smart-path", "smart:/etc/passwd", "is invalid"),
        ("smart-newline", "smart:sda\n--all", "is invalid"),
        ("gpu-number", "gpu:4294967295", "is invalid"),
        ("gpu-twice", "gpu:0,0", "is invalid"),
        ("gpu-thousand", "gpu-many", "is invalid"),
        ("gpu-for-ever", "gpu-forever", "is invalid"),
        ("gpu-level", "gpu-level", "is invalid"),
        ("stress-harmful", "stress:hdd", "is invalid"),
        (
            "stress-option",
            "stress:cpu --exec 1 --exec-method",
            "is invalid",
        ),
        (
            "stress-method-option",
            "stress-method:--log-file=/etc/own",
            "is invalid",
        ),
        (
            "stress-method-newline",
            "stress-method:all\n--yaml /etc/own",
            "is invalid",
        ),
    ] {
        let row = rogue(name, mode, End::Error(text));
        // The simulated machine has no stressapptest.
        if !mode.starts_with("memtest-") {
            rows.push(row.clone());
        }
        // The words are the same where nothing is simulated; only what is no hardware differs.
        rows.push(row.real(End::Error(text)).within(AT_WORK));
    }
    rows
}

fn holds(good: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    good.then_some(()).ok_or_else(what)
}

fn log_is_bounded(record: &StageRecord) -> Result<(), String> {
    let bytes: usize = record.log.iter().map(|line| line.text.len()).sum();
    holds(record.log.len() <= 20_001 && bytes <= 5 << 20, || {
        format!("{} lines of {bytes} bytes were kept", record.log.len())
    })?;
    let longest = record.log.iter().map(|line| line.text.len()).max();
    holds(longest.is_some_and(|bytes| bytes <= 8192), || {
        format!("a line of {longest:?} bytes")
    })
}

fn log_is_printable(record: &StageRecord) -> Result<(), String> {
    let line = record.log.iter().find(|line| line.text.contains("forged"));
    let line = line.ok_or("the line is not there")?;
    holds(!line.text.chars().any(char::is_control), || {
        format!("{line:?}")
    })
}

fn samples_dropped(record: &StageRecord) -> Result<(), String> {
    holds(record.samples_dropped > 0, || {
        "no dropped sample is told".to_owned()
    })?;
    let json = serde_json::to_string(&record.series).map_or(usize::MAX, |json| json.len());
    holds(record.series.len() <= 2000 && json < 16 << 20, || {
        format!("{json} bytes of series")
    })
}

fn denials_are_bounded(record: &StageRecord) -> Result<(), String> {
    let told: u64 = record.denials.iter().map(|denial| denial.count).sum();
    holds(record.denials.len() <= 200, || {
        format!("{} denials are listed", record.denials.len())
    })?;
    holds(told <= 100_000, || format!("{told} denials are told"))
}
