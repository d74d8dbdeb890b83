//! Peak memory of a whole run, against a shell's.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};

use crate::Built;
use crate::table::{Pairs, Row, mebibytes};

/// One stage, then all eight.
pub fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    let shell = peak(Command::new("sh").args(["-c", "true"]))?;
    let vetting = |stages: &std::path::Path| {
        let mut command = Command::new(&built.vetting);
        command.args([
            "run",
            "--machine",
            "sim:healthy-server",
            "--format",
            "json",
            "--stages",
        ]);
        command
            .arg(stages)
            .arg("--cache")
            .arg(built.scratch.path().join("cache"));
        command
    };
    // The compiler is a child of its own; what it takes is not the run's.
    let _compiled = vetting(&built.guests)
        .arg("Gauge")
        .stdout(Stdio::null())
        .status()?;
    let one = peak(vetting(&built.guests).arg("Gauge"))?;
    let _compiled = vetting(&built.stages).stdout(Stdio::null()).status()?;
    let all = peak(&vetting(&built.stages))?;
    let mut rows = Vec::new();
    for (what, bytes) in [
        (
            "Peak memory, largest process of a run of one empty stage",
            one,
        ),
        (
            "Peak memory, largest process of a run of all eight stages, simulated",
            all,
        ),
    ] {
        let mut pairs = Pairs::default();
        pairs.push(bytes, shell);
        rows.push(pairs.row(what, "vetting run", "sh -c true", mebibytes));
    }
    Ok(rows)
}

/// The most memory that a command's largest process held, in bytes. A fresh process of ours asks,
/// because the kernel tells the largest child of a whole life.
fn peak(command: &Command) -> anyhow::Result<f64> {
    let mut asking = Command::new(std::env::current_exe()?);
    asking
        .arg(PEAK)
        .arg(command.get_program())
        .args(command.get_args());
    let output = asking.stderr(Stdio::inherit()).output()?;
    anyhow::ensure!(
        output.status.success(),
        "{command:?} ended with {}",
        output.status
    );
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The argument that makes this program [`tell_peak`].
pub const PEAK: &str = "--peak-of";

/// Runs a command and prints the most memory that its largest process held, in bytes.
pub fn tell_peak(mut words: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let program = words.next().context("a command")?;
    let status = Command::new(program)
        .args(words)
        .stdout(Stdio::null())
        .status()?;
    anyhow::ensure!(status.success(), "it ended with {status}");
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() * 1024);
    Ok(())
}
