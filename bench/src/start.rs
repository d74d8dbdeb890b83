//! From nothing to the first host call, and a stage's whole way without work.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context as _;

use crate::Built;
use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 30;

/// Process start to the first host call, against a process that does nothing.
pub fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    // Compiled once, before anything is measured.
    first_call(built)?;
    let pairs = Pairs::take(ROUNDS, || first_call(built), spawn)?;
    let row = pairs.row(
        "Process start to the first host call of the first stage",
        "vetting run, cached",
        "spawn of `true`",
        seconds,
    );
    // All stages once, so that they are compiled.
    eight_stages(built)?;
    let pairs = Pairs::take(ROUNDS, || eight_stages(built), spawn)?;
    let all = pairs.row(
        "All eight stages on a simulated server",
        "vetting run, cached",
        "spawn of `true`",
        seconds,
    );
    Ok(vec![row, all])
}

/// Seconds of a whole run.
fn eight_stages(built: &Built) -> anyhow::Result<f64> {
    let began = Instant::now();
    let status = Command::new(&built.vetting)
        .args(["run", "--machine", "sim:healthy-server", "--stages"])
        .arg(&built.stages)
        .arg("--cache")
        .arg(built.scratch.path().join("cache"))
        .stdout(Stdio::null())
        .status()
        .with_context(|| built.vetting.display().to_string())?;
    anyhow::ensure!(status.success(), "the healthy server ended with {status}");
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds until the stage's first call has been heard of.
fn first_call(built: &Built) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut vetting = Command::new(&built.vetting)
        .args([
            "run",
            "Gauge",
            "--machine",
            "sim:small-vm",
            "--set",
            "Gauge.mode=first-call",
        ])
        .arg("--stages")
        .arg(&built.guests)
        .arg("--cache")
        .arg(built.scratch.path().join("cache"))
        // Each call of a stage is a line at this level.
        .env("VETTING_LOG", "vetting_runtime::host=trace")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| built.vetting.display().to_string())?;
    let lines = vetting.stderr.take().context("a pipe")?;
    let mut heard = None;
    for line in BufReader::new(lines).lines() {
        if line?.contains("host call") && heard.is_none() {
            heard = Some(began.elapsed().as_secs_f64());
        }
    }
    vetting.wait()?;
    heard.context("the first call was not heard of")
}

fn spawn() -> anyhow::Result<f64> {
    let began = Instant::now();
    Command::new("true").status()?;
    Ok(began.elapsed().as_secs_f64())
}
