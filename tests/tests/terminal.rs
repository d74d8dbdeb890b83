//! A person at a terminal: bars while it works, a table at the end, and nothing left behind when
//! the terminal is closed.

use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use vetting_tests::{alive, descendants, eventually, named, stages, vetting};

/// `vetting` below a terminal of its own.
fn at_a_terminal(args: &str) -> Command {
    let (vetting, stages) = (vetting(), stages());
    let line = format!(
        "{} run {args} --stages {}",
        vetting.display(),
        stages.display()
    );
    let mut script = Command::new("script");
    script
        .args(["-qec", &line, "/dev/null"])
        .stdin(Stdio::null());
    script.env("TERM", "xterm-256color").env_remove("NO_COLOR");
    script
}

#[test]
fn bars_while_it_works_and_a_table_at_the_end() {
    let output = at_a_terminal("Inventory SMART --machine sim:healthy-server").output();
    let output = output.expect("a terminal");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains('\u{1b}'), "nothing is drawn: {text}");
    assert!(text.contains("2 passed, 0 failed"), "{text}");
}

#[test]
fn a_closed_terminal_leaves_nothing_behind() {
    let mut script = at_a_terminal("CPUStress --set CPUStress.duration=300s --timeout 600s")
        .stdout(Stdio::null())
        .spawn()
        .expect("a terminal");
    let pid = Pid::from_raw(i32::try_from(script.id()).expect("a process id"));
    let started = eventually(|| {
        let below = descendants(pid);
        below
            .iter()
            .any(|pid| named(*pid, "stress-ng"))
            .then_some(below)
    });
    let started = started.expect("stress-ng is started");
    kill(pid, Signal::SIGKILL).expect("the terminal is closed");
    let _reaped = script.wait();
    let gone = eventually(|| started.iter().all(|pid| !alive(*pid)).then_some(()));
    assert!(gone.is_some(), "left running: {started:?}");
}
