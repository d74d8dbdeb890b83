//! The demo: vets this machine with all built-in stages, harmlessly and briefly.

use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;
use vetting_protocol::PIPELINE;

use crate::{build, setup, target};

/// Short durations: a demo is no intake test.
const SETTINGS: [&str; 4] = [
    "CPUStress.duration=20s",
    "Memory.duration=15s",
    "Storage.duration=5s",
    "Network.duration=5s",
];

/// Exit statuses of `vetting run` that mean it judged: passed, failed, inconclusive.
const JUDGED: [i32; 3] = [0, 1, 4];

/// Sets up, builds, runs, and shows.
pub fn demo() -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    build::vetting()?;
    build::stages()?;
    println!(
        "\nVetting this machine: every stage is a sandboxed WebAssembly component.\n\
         Nothing is harmed: no disk is written, one core and half of the free memory stay yours.\n"
    );
    let report = target("demo/report.json");
    if let Some(folder) = report.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    let mut vetting = Command::new(target("release/vetting"));
    vetting
        .args(["run", "--format", "json", "--output"])
        .arg(&report)
        .arg("--stages")
        .arg(target("stages"));
    for setting in SETTINGS {
        vetting.args(["--set", setting]);
    }
    let status = vetting.status().context("vetting does not start")?;
    let code = status.code().unwrap_or(-1);
    if !JUDGED.contains(&code) {
        bail!("vetting itself ended with {status}");
    }
    let json = std::fs::read(&report).with_context(|| report.display().to_string())?;
    let record: Value = serde_json::from_slice(&json)?;
    let stages = record["stages"].as_array().cloned().unwrap_or_default();
    // The demo is not whole without any of the built-in stages.
    for name in PIPELINE {
        let run = stages
            .iter()
            .any(|s| s["stage"] == name && !s["verdict"].is_null());
        if !run {
            bail!("the stage {name} was not run");
        }
    }
    println!("\nThe same as JSON: {}", report.display());
    println!(
        "`vetting run` would have ended with exit status {code}; try also\n    \
         target/release/vetting run --machine sim:failing-disk\n    \
         target/release/vetting machine check"
    );
    Ok(())
}
