//! `vetting machine capture`: any machine as a folder of evidence for `--machine dir:FOLDER`, and a real one as
//! a profile too.

mod profile;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use vetting_facts::{counters, inventory, power};
use vetting_machine::capture::{self, CaptureError, Captured, Wanted};
use vetting_machine::directory::DirectoryMachine;
use vetting_machine::real::{self, RealMachine};
use vetting_machine::simulated::SimulatedMachine;
use vetting_machine::{Attempt, Machine as _, Reply, Request, Session};
use vetting_protocol::PIPELINE;

use super::args::MachineChoice;
use super::machine_power::ShownPower;
use super::run::MachineGiven;
use super::{Exit, Failure, print};
use super::{machine_files, machine_gpus, machine_inventory};

/// `vetting machine capture`.
#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// Which machine
    #[command(flatten)]
    pub machine: MachineChoice,
    /// Where it goes: a folder that is new or empty
    #[arg(long, short, default_value = "captured", value_name = "DIR")]
    pub output: PathBuf,
    /// Keep serial numbers, addresses and names as they are
    #[arg(long)]
    pub keep_serials: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The profile's file.
const PROFILE: &str = "profile.toml";

/// Files that single stages read beyond the lists of `vetting-facts`, and folders whose names queries are
/// about.
const OF_STAGES: [&str; 12] = [
    "sys/class/dmi/id/*",
    "sys/class/net/*",
    "sys/class/nvme/*",
    "sys/devices/cpu_atom/cpus",
    "sys/devices/cpu_core/cpus",
    "sys/devices/system/cpu/cpu*/acpi_cppc/nominal_freq",
    "sys/devices/system/cpu/cpu*/cpu_capacity",
    "sys/devices/system/cpu/cpu*/cpufreq/*",
    "sys/devices/system/cpu/cpu*/online",
    "sys/devices/system/cpu/cpu*/thermal_throttle/*",
    "sys/devices/system/cpu/cpu*/topology/*",
    "sys/devices/system/cpu/online",
];

/// The name of EDAC's first memory controller.
const EDAC: &str = "sys/devices/system/edac/mc/mc0/mc_name";

/// Captures, and says what to do with it.
pub async fn capture(args: &CaptureArgs) -> Result<Exit, Failure> {
    let globs: BTreeSet<&str> = [counters::globs(), power::globs()]
        .into_iter()
        .flatten()
        .chain(inventory::FILES.iter().chain(inventory::LINKS).copied())
        .chain(OF_STAGES)
        .collect();
    let globs: Vec<&str> = globs.into_iter().collect();
    let wanted = Wanted {
        globs: &globs,
        stages: &PIPELINE,
        keep_serials: args.keep_serials,
        names: &[],
    };
    let is_real = args.machine.machine == "real";
    let mut captured = if is_real {
        real(args, wanted).await?
    } else {
        let (machine, _no_server) =
            super::run::machine(&args.machine, MachineGiven::default()).await?;
        let captured = capture::capture(&*machine, &args.output, wanted).await;
        captured.map_err(failure)?
    };
    let mut has_profile = false;
    if is_real {
        match write_profile(&args.output).await {
            Ok(()) => has_profile = true,
            Err(error) => captured.gaps.push(format!("no {PROFILE}: {error:#}")),
        }
    }
    let folder = args.output.display();
    let text = if args.json {
        let value = serde_json::json!({
            "folder": args.output,
            "files": captured.files,
            "documents": captured.documents,
            "scrubbed": captured.scrubbed,
            "gaps": captured.gaps,
        });
        let text = serde_json::to_string_pretty(&value).map_err(Failure::runtime)?;
        text + "\n"
    } else {
        let mut text = format!(
            "{folder}: {} files, {} documents, {} serial numbers and addresses replaced\n",
            captured.files, captured.documents, captured.scrubbed
        );
        for gap in &captured.gaps {
            text.push_str(&format!("not read: {gap}\n"));
        }
        text.push_str(&format!("vetting run --machine dir:{folder}\n"));
        if has_profile {
            text.push_str(&format!("vetting run --machine sim:{folder}/{PROFILE}\n"));
        }
        text
    };
    print::lines(&text)?;
    Ok(Exit::Passed)
}

/// The machine that we are on, or one below `--root`.
async fn real(args: &CaptureArgs, wanted: Wanted<'_>) -> Result<Captured, Failure> {
    let machine = RealMachine::new(real::Options {
        root: args.machine.root.clone(),
        tools: args.machine.tools.clone(),
        ..real::Options::default()
    });
    let machine = machine.map_err(Failure::usage)?;
    let wanted = Wanted {
        names: &machine.host_names(),
        ..wanted
    };
    let captured = capture::capture(&machine, &args.output, wanted).await;
    captured.map_err(failure)
}

/// Makes a profile of what was captured, as it was captured.
async fn write_profile(folder: &Path) -> Result<(), anyhow::Error> {
    let machine = DirectoryMachine::open("captured", folder)?;
    let session = machine.begin(Attempt::beside("capture")).await?;
    let profile = profile_of(&*session).await;
    let _nothing_ran = session.end().await;
    let profile = profile?;
    SimulatedMachine::from_toml(PROFILE, &profile, 1)?;
    let file = folder.join(PROFILE);
    std::fs::write(&file, profile).with_context(|| file.display().to_string())
}

fn failure(error: CaptureError) -> Failure {
    match error {
        CaptureError::NotEmpty(_) => Failure::usage(error),
        other => Failure::runtime(other),
    }
}

/// The profile of a machine. What it does not answer is left out.
async fn profile_of(session: &dyn Session) -> Result<String, anyhow::Error> {
    let machine_inventory::ShownInventory {
        mut files,
        inventory,
    } = machine_inventory::inventory(session).await?;
    for glob in counters::globs().into_iter().chain(power::globs()) {
        let _gaps_are_the_capture_s = machine_files::read(session, glob, &mut files).await;
    }
    let disks = match session.call(Request::Disks).await {
        Ok(Reply::Disks(disks)) => disks,
        _ => Vec::new(),
    };
    let sensors = match session.call(Request::Hwmon).await {
        Ok(Reply::Hwmon(reading)) => reading.sensors,
        _ => Vec::new(),
    };
    let power = ShownPower::ask(session).await.ok();
    let gpus = machine_gpus::gpus(session).await.ok();
    let gpus = gpus.and_then(|gpus| gpus.nvidia());
    let seen = profile::Seen {
        parts: &inventory,
        sensors: &sensors,
        disks: &disks,
        gpus: gpus.as_ref(),
        power: power.as_ref(),
        edac: files.text(EDAC),
    };
    Ok(profile::toml(&seen)?)
}
