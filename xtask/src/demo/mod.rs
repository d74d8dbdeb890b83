//! The demo: an orchestrator on loopback, an agent that vets this machine without harming it, and
//! what came of it. All that it writes is in a temporary folder and in `target/demo/`, where the
//! report and the logs stay.

mod interrupt;
mod orchestrator;
mod process;
mod spec;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use vetting_protocol::PIPELINE;

use crate::{build, setup, target, toolchain};
use interrupt::Interrupt;
use orchestrator::{Orchestrator, printed};
use process::{LOOK, Process};

/// Short durations, and so little memory that a busy machine gets round it in that time: a demo is no
/// intake test.
const SETTINGS: [&str; 5] = [
    "CPUStress.duration=20s",
    "Memory.duration=15s",
    "Memory.worker_mib_per_second=100",
    "Storage.duration=5s",
    "Network.duration=5s",
];

/// The host's name.
const HOST: &str = "this-machine";
/// How long the agent may take to end.
const LAST_WORDS: Duration = Duration::from_secs(60);

/// Sets up, builds, vets, shows; with `keep`, the orchestrator then stays until Ctrl-C.
pub fn demo(keep: bool) -> anyhow::Result<()> {
    setup::programs(&setup::TOOLS)?;
    build::vetting()?;
    build::orchestrator()?;
    build::stages()?;
    // Whoever goes on to write a stage finds what it is built with; the demo itself needs none of it.
    if let Err(error) = toolchain::python() {
        println!("stages in Python cannot be built here: {error:#}");
    }
    let interrupt = Interrupt::take()?;
    let kept = target("demo");
    std::fs::create_dir_all(&kept).with_context(|| kept.display().to_string())?;
    // Not where a folder may be memory: the storage stage reads and writes a file in it.
    let folder = tempfile::Builder::new()
        .prefix("vetting-demo-")
        .tempdir_in("/var/tmp")
        .context("a temporary folder in /var/tmp")?;
    let shown = show(folder.path(), &kept, &interrupt, keep);
    // Everything was ended by now, whatever came of it; the folder goes last.
    let gone = folder.close().context("the temporary folder is left");
    shown.and(gone)
}

fn show(folder: &Path, kept: &Path, interrupt: &Interrupt, keep: bool) -> anyhow::Result<()> {
    let mut orchestrator =
        Orchestrator::start(&folder.join("data"), &kept.join("orchestrator.log"))?;
    println!(
        "\nAn orchestrator serves at {}, its certificate's fingerprint is {}.",
        orchestrator.url, orchestrator.pin
    );
    let (run, boot_token, mac) = create_run(&orchestrator, folder)?;
    println!(
        "Its agent vets this machine: every stage is a sandboxed WebAssembly component. Nothing is\n\
         harmed: no disk is written, one core and half of the free memory stay yours.\n\n\
         The run's page: {}/runs/{run}",
        orchestrator.url
    );
    if keep {
        println!(
            "To log in there, paste the operator's token: {}\n\
             (the browser warns of the certificate, which is the orchestrator's own)",
            orchestrator.token
        );
    }
    println!();
    let mut command = Command::new(target("release/vetting"));
    command
        .args(["agent", "--url", &orchestrator.url, "--run", &run])
        .args(["--pin", &orchestrator.pin, "--mac", &mac])
        .arg("--spool")
        .arg(folder.join("spool"))
        .arg("--scratch")
        .arg(folder)
        .env("VETTING_BOOT_TOKEN", boot_token)
        .stdout(Stdio::null());
    let mut agent = Process::start("agent", command, &kept.join("agent.log"))?;
    let watch = orchestrator.command(&["run", "watch", &run]);
    let mut watch = Process::start("watch", watch, &kept.join("watch.log"))?;
    until_at_rest(&mut watch, &mut orchestrator, &mut agent, interrupt)?;
    let judged = judged(&orchestrator, &run, kept);
    match &judged {
        Ok(()) => {
            orchestrator.ask(&["run", "shutdown", &run])?;
            let status = agent.wait(LAST_WORDS).context("the agent does not end")?;
            ensure!(
                status.success(),
                "the agent ended with {status}:\n{}",
                agent.last_words()
            );
            println!("The run was shut down: its agent has ended, and this machine stays up.");
        }
        Err(why) => println!("The run is not completed: {why:#}"),
    }
    println!("The report as JSON, and the logs: {}", kept.display());
    if keep {
        stay(&mut orchestrator, &run, interrupt)?;
    } else {
        println!(
            "The orchestrator ends here; `cargo xtask demo --keep` leaves it, and the run's page, \
             until Ctrl-C."
        );
    }
    judged
}

/// Registers the stages and this machine, and makes a run of it: its id, its boot token, and the
/// machine's MAC address.
fn create_run(
    orchestrator: &Orchestrator,
    folder: &Path,
) -> anyhow::Result<(String, String, String)> {
    let stages = target("stages").display().to_string();
    orchestrator.ask(&["stage", "add", &stages])?;
    let mut show = Command::new(target("release/vetting"));
    let inventory = printed(show.args(["machine", "show", "inventory", "--json"]))?;
    let inventory: Value = serde_json::from_str(&inventory)?;
    let expected = folder.join("spec.json");
    let text = serde_json::to_string_pretty(&spec::of(&inventory))?;
    std::fs::write(&expected, text).with_context(|| expected.display().to_string())?;
    let mac = inventory["nics"][0]["mac"].as_str();
    let mac = mac.unwrap_or("02:00:00:00:00:01").to_owned();
    let expected = expected.display().to_string();
    orchestrator.ask(&["host", "add", HOST, "--mac", &mac, "--spec", &expected])?;
    let mut create = vec!["run", "create", HOST, "--json"];
    for setting in SETTINGS {
        create.extend(["--set", setting]);
    }
    let made = orchestrator.ask_json(&create)?;
    let text = |key: &str| made[key].as_str().map(str::to_owned).context("a new run");
    Ok((text("id")?, text("boot_token")?, mac))
}

/// Waits until the run is over or holds, which the watch tells as it goes, and then ends.
fn until_at_rest(
    watch: &mut Process,
    orchestrator: &mut Orchestrator,
    agent: &mut Process,
    interrupt: &Interrupt,
) -> anyhow::Result<()> {
    loop {
        interrupt.check()?;
        match watch.ended()? {
            Some(status) if status.success() => return Ok(()),
            Some(_) => watch.must_work()?,
            None => {}
        }
        orchestrator.process.must_work()?;
        agent.must_work()?;
        std::thread::sleep(LOOK);
    }
}

/// Prints the report and keeps it; fails when the run is not completed, or a stage was not run.
fn judged(orchestrator: &Orchestrator, run: &str, kept: &Path) -> anyhow::Result<()> {
    println!("\n{}", orchestrator.ask(&["run", "report", run])?);
    let report = orchestrator.ask(&["run", "report", run, "--format", "json"])?;
    let path = kept.join("report.json");
    std::fs::write(&path, &report).with_context(|| path.display().to_string())?;
    let view = orchestrator.ask_json(&["run", "show", run])?;
    if view["state"] != "Completed" {
        let why = view["held"]["reason"].as_str();
        bail!(
            "it is at {}: {}; look at the stage's message in the report above and at {}",
            view["state"],
            why.or(view["ended_because"].as_str())
                .unwrap_or("nobody says why"),
            kept.join("agent.log").display()
        );
    }
    let report: Value = serde_json::from_str(&report)?;
    // The demo is not whole without any of the built-in stages.
    for name in PIPELINE {
        let mut stages = report["stages"].as_array().into_iter().flatten();
        let stage = stages.find(|stage| stage["stage"] == name);
        let verdict = stage.map(|stage| &stage["verdict"]);
        ensure!(
            verdict.is_some_and(|v| v == "pass" || v == "skip"),
            "the stage {name} was not run"
        );
    }
    Ok(())
}

/// Leaves the orchestrator up until somebody has seen enough.
fn stay(orchestrator: &mut Orchestrator, run: &str, interrupt: &Interrupt) -> anyhow::Result<()> {
    println!(
        "\nThe run's page: {url}/runs/{run}, token {token}\n\
         On the command line:\n    \
         export VETTING_SERVER={url} VETTING_PIN={pin} VETTING_TOKEN={token}\n    \
         target/release/vetting-orchestrator run show {run}\n\
         Ctrl-C ends the orchestrator and removes all that it stored.",
        url = orchestrator.url,
        pin = orchestrator.pin,
        token = orchestrator.token
    );
    while !interrupt.came() {
        orchestrator.process.must_work()?;
        std::thread::sleep(LOOK);
    }
    Ok(())
}
