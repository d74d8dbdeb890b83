//! Signals: a run that is cancelled says so at once, and leaves no tool behind. Real tools.

use nix::sys::signal::Signal;
use serde_json::Value;
use vetting_tests::{Vetting, alive, descendants, stages};

/// Far longer than any test may take: a run that ends was ended.
const LONG: &str = "300s";

fn cancelled(stage: &str, tool: &str, signal: Signal) -> Value {
    let setting = format!("{stage}.duration={LONG}");
    let args = [stage, "--set", &setting, "--timeout", "600s"];
    let vetting = Vetting::run(&stages(), &args).start();
    // The network's peer is an iperf3 too, and runs from the beginning.
    vetting.tool_with(tool, if tool == "iperf3" { "-c" } else { "" });
    let started = descendants(vetting.pid());
    vetting.signal(signal);
    let ended = vetting.wait();
    assert_eq!(ended.status(), 130, "{stage} {signal}: {}", ended.stderr());
    let left: Vec<_> = started.into_iter().filter(|pid| alive(*pid)).collect();
    assert!(left.is_empty(), "{stage} {signal}: left running: {left:?}");
    let stage = ended.stage(stage);
    assert_eq!(stage["verdict"], "cancelled", "{stage:#}");
    stage
}

#[test]
fn cpu_stress_is_cancelled_by_each_signal() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        cancelled("CPUStress", "stress-ng", signal);
    }
}

#[test]
fn storage_is_cancelled_by_each_signal() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        cancelled("Storage", "fio", signal);
    }
}

#[test]
fn network_is_cancelled_by_each_signal() {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        cancelled("Network", "iperf3", signal);
    }
}

#[test]
fn memory_is_cancelled_and_gives_what_it_has() {
    let stage = cancelled("Memory", "stress-ng", Signal::SIGINT);
    assert_eq!(stage["ending"]["partial_outcome"], true, "{stage:#}");
}

#[test]
fn what_comes_after_a_cancelled_stage_is_not_run() {
    let args = ["CPUStress", "PSU", "--set", "CPUStress.duration=300s"];
    let vetting = Vetting::run(&stages(), &args).start();
    vetting.tool("stress-ng");
    vetting.signal(Signal::SIGINT);
    let ended = vetting.wait();
    assert_eq!(ended.status(), 130);
    assert_eq!(
        ended.stage("PSU")["verdict"],
        Value::Null,
        "{:#}",
        ended.stage("PSU")
    );
}
