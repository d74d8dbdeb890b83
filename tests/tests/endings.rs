//! Every way that an attempt can end, and every limit, by one stage that behaves as it is told.

use serde_json::Value;
use vetting_tests::{Ended, Vetting, folder_of, guests};

fn probe(mode: &str, times: u64, more: &[&str]) -> Ended {
    let guests = guests();
    let folder = folder_of(&[(&guests, "Probe")]);
    let (mode, times) = (format!("Probe.mode={mode}"), format!("Probe.times={times}"));
    let mut args = vec!["--machine", "sim:small-vm", "--set", &mode, "--set", &times];
    args.extend(more);
    Vetting::run(folder.path(), &args).output()
}

fn stage(mode: &str, times: u64, more: &[&str]) -> (i32, Value) {
    let ended = probe(mode, times, more);
    (ended.status(), ended.stage("Probe"))
}

#[test]
fn what_a_stage_returns_is_what_it_gets() {
    for (mode, status, verdict) in [
        ("pass", 0, "pass"),
        ("fail", 1, "fail"),
        // A run in which nothing was judged is no pass.
        ("skip", 4, "skip"),
        ("error", 4, "inconclusive"),
        ("panic", 4, "inconclusive"),
        ("unearned", 4, "inconclusive"),
    ] {
        let (exit, stage) = stage(mode, 1, &[]);
        assert_eq!(
            (exit, &stage["verdict"]),
            (status, &Value::from(verdict)),
            "{mode}: {stage:#}"
        );
    }
}

#[test]
fn a_panic_is_told_with_its_text_and_its_backtrace() {
    let (_, stage) = stage("panic", 1, &[]);
    let ending = &stage["ending"];
    assert_eq!(ending["kind"], "trap", "{stage:#}");
    assert!(
        ending["panic"]
            .as_str()
            .is_some_and(|p| p.contains("a panic with a reason"))
    );
    assert!(
        ending["backtrace"]
            .as_array()
            .is_some_and(|b| !b.is_empty()),
        "{stage:#}"
    );
}

#[test]
fn each_limit_ends_the_attempt_and_is_named() {
    for (mode, times, limit) in [
        ("memory", 100, "memory=16MiB"),
        ("calls", 1000, "host-calls=100"),
        ("hwmon-calls", 1000, "host-calls=100"),
        ("outcome", 100, "outcome-bytes=50KiB"),
        ("big-call", 1024, "call-bytes=64KiB"),
        ("handles", 100, "handles=20"),
        ("pass", 1, "instances=1"),
        ("pass", 1, "memories=0"),
        ("pass", 1, "tables=0"),
        ("pass", 1, "table-elements=1"),
    ] {
        let name = limit.split('=').next().unwrap_or(limit);
        let (exit, stage) = stage(mode, times, &["--limit", "watches=100", "--limit", limit]);
        assert_eq!(exit, 4, "{mode}: {stage:#}");
        assert_eq!(stage["ending"]["kind"], "limit", "{mode}: {stage:#}");
        assert_eq!(stage["ending"]["limit"], name, "{mode}: {stage:#}");
    }
}

#[test]
fn endless_recursion_is_a_trap() {
    let (exit, stage) = stage("recursion", 100_000_000, &[]);
    assert_eq!(
        (exit, &stage["ending"]["kind"]),
        (4, &Value::from("trap")),
        "{stage:#}"
    );
}

#[test]
fn what_is_dropped_is_counted() {
    let (exit, stage) = stage("log", 500, &["--limit", "log-lines=100"]);
    assert_eq!(exit, 0);
    let text = stage.to_string();
    assert!(text.contains("dropped"), "{stage:#}");
    let (exit, stage) = self::stage("samples", 100, &[]);
    assert_eq!(exit, 0, "{stage:#}");
}

#[test]
fn an_attachment_too_many_is_refused() {
    let (exit, stage) = stage("attach", 10, &["--limit", "attachments=3"]);
    assert_eq!(exit, 4);
    assert!(
        stage["message"]
            .as_str()
            .is_some_and(|m| m.contains("attach")),
        "{stage:#}"
    );
    let (exit, _) = self::stage("attach", 3, &["--limit", "attachments=3"]);
    assert_eq!(exit, 0);
}

#[test]
fn no_line_of_a_stage_can_forge_another() {
    let ended = probe("escape", 1, &[]);
    assert_eq!(ended.status(), 0);
    let text = ended.stdout() + &ended.stderr();
    assert!(!text.contains('\u{1b}'), "{text:?}");
    assert!(!text.contains("\nforged"), "{text:?}");
}
