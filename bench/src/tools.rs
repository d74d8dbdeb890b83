//! What tools measure through a stage, against what they measure alone: the runtime must not
//! disturb what it measures.

use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde_json::Value;

use crate::Built;
use crate::table::{Pairs, Row, bogo, megabytes_a_second};

const ROUNDS: usize = 5;
const SECONDS: u64 = 3;
/// The size of the file that `Gauge` has fio read.
const FILE: &str = "256m";

/// fio and stress-ng.
pub fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    let file = built.scratch.path().join("alone");
    fio(&file, "write")?;
    let read = Pairs::take(ROUNDS, || gauge(built, "fio"), || fio(&file, "read"))?;
    let compute = Pairs::take(ROUNDS, || gauge(built, "stress"), stress)?;
    Ok(vec![
        read.row(
            "fio: a file read in order, O_DIRECT",
            "through a stage",
            "fio alone",
            megabytes_a_second,
        ),
        compute.row(
            "stress-ng: one worker, int64",
            "through a stage",
            "stress-ng alone",
            bogo,
        ),
    ])
}

/// What the stage measured.
fn gauge(built: &Built, mode: &str) -> anyhow::Result<f64> {
    let output = Command::new(&built.vetting)
        .args(["run", "Gauge", "--format", "json", "--set"])
        .arg(format!("Gauge.mode={mode}"))
        .arg("--set")
        .arg(format!("Gauge.times={}", SECONDS * 1000))
        .arg("--stages")
        .arg(&built.guests)
        .arg("--cache")
        .arg(built.scratch.path().join("cache"))
        .arg("--scratch")
        .arg(built.scratch.path())
        .stderr(Stdio::inherit())
        .output()?;
    let record: Value = serde_json::from_slice(&output.stdout).context("a report")?;
    let stage = &record["stages"][0];
    let value = stage["measurements"][0]["value"].as_f64();
    value.with_context(|| format!("{mode}: {}", stage["message"]))
}

/// The same job as the stage's, bytes per second.
fn fio(file: &std::path::Path, pattern: &str) -> anyhow::Result<f64> {
    let mut command = Command::new("fio");
    command
        .args([
            "--name=alone",
            "--ioengine=libaio",
            "--direct=1",
            "--bs=128k",
            "--iodepth=32",
        ])
        .arg(format!("--filename={}", file.display()))
        .arg(format!("--rw={pattern}"))
        .arg(format!("--size={FILE}"))
        .arg("--output-format=json");
    if pattern == "read" {
        command.args(["--time_based", &format!("--runtime={SECONDS}")]);
    }
    let output = command.output().context("fio")?;
    let json: Value = serde_json::from_slice(&output.stdout).context("fio's JSON")?;
    json["jobs"][0][pattern]["bw_bytes"]
        .as_f64()
        .context("bw_bytes")
}

/// The same job as the stage's, bogo-ops per second of real time.
fn stress() -> anyhow::Result<f64> {
    let output = Command::new("stress-ng")
        .args([
            "--cpu",
            "1",
            "--cpu-method",
            "int64",
            "--metrics-brief",
            "--timeout",
        ])
        .arg(format!("{SECONDS}s"))
        .output()
        .context("stress-ng")?;
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // `stress-ng: metrc: [1] cpu  1234  3.00  2.99  0.00  411.33  412.7`
    let line = text
        .lines()
        .find(|line| line.split_whitespace().nth(3) == Some("cpu"));
    let rate = line.and_then(|line| line.split_whitespace().nth(8)?.parse().ok());
    rate.with_context(|| format!("stress-ng gave no figures: {text}"))
}
