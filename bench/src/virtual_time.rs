//! Hours of a simulated machine, against a minute of it.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::Built;
use crate::table::{Pairs, Row, seconds};

const ROUNDS: usize = 10;

/// Disks that bring the storage server to 400 sensors.
const DISKS: usize = 350;

/// Eight hours of burn-in, sensors sampled every five seconds.
pub fn measure(built: &Built) -> anyhow::Result<Vec<Row>> {
    let profile = built.scratch.path().join("sensors.toml");
    std::fs::write(&profile, with_disks()).context("a profile")?;
    let large = format!("sim:{}", profile.display());
    let mut rows = Vec::new();
    for (what, machine) in [
        (
            "Eight virtual hours of CPUStress, 58 sensors",
            "sim:healthy-server",
        ),
        (
            "Eight virtual hours of CPUStress, 400 sensors",
            large.as_str(),
        ),
    ] {
        let whole = || run(built, machine, "8h");
        let minute = || run(built, machine, "1m");
        // Compiled once, before anything is measured.
        minute()?;
        let pairs = Pairs::take(ROUNDS, whole, minute)?;
        rows.push(pairs.row(what, "vetting run", "one virtual minute of it", seconds));
    }
    Ok(rows)
}

/// Seconds of the wall's for so much of the machine's.
fn run(built: &Built, machine: &str, duration: &str) -> anyhow::Result<f64> {
    let began = Instant::now();
    let status = Command::new(&built.vetting)
        .args(["run", "CPUStress", "--machine", machine, "--timeout", "9h"])
        .args(["--set", &format!("CPUStress.duration={duration}")])
        .arg("--stages")
        .arg(&built.stages)
        .arg("--cache")
        .arg(built.scratch.path().join("cache"))
        .stdout(Stdio::null())
        .status()
        .with_context(|| built.vetting.display().to_string())?;
    ensure!(
        status.success(),
        "CPUStress on {machine} ended with {status}"
    );
    Ok(began.elapsed().as_secs_f64())
}

fn with_disks() -> String {
    let head =
        "extends = \"storage-server\"\ndescription = \"A storage server with many shelves\"\n";
    let disk = |number: usize| {
        format!(
            "[[disk]]\nname = \"shelf{number}\"\nkind = \"sas-hdd\"\nserial = \"SHELF{number:04}\"\n\
             size_bytes = 2400476553216\npci = \"0000:17:00.0\"\n"
        )
    };
    (0..DISKS)
        .map(disk)
        .fold(head.to_owned(), |all, disk| all + &disk)
}
