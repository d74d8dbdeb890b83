//! `vetting machine capture`: this machine as a profile, and as a tree for `--root` and `--tools`.

mod profile;

use std::path::PathBuf;

use clap::Args;
use vetting_facts::{counters, power};
use vetting_machine::capture::{self, CaptureError, Noted};
use vetting_machine::contract::bmc::Question;
use vetting_machine::contract::disks::Disk;
use vetting_machine::contract::types::Error;
use vetting_machine::real::{self, RealMachine};
use vetting_machine::{Attempt, Machine as _, Reply, Request, Session};

use super::machine_power::ShownPower;
use super::{Exit, Failure, print};
use super::{machine_facts, machine_files, machine_gpus, machine_inventory};

/// `vetting machine capture`.
#[derive(Debug, Args)]
pub struct CaptureArgs {
    /// Where it goes: a folder that is new or empty
    #[arg(long, short, default_value = "captured", value_name = "DIR")]
    pub output: PathBuf,
    /// Keep serial numbers, addresses and names as they are
    #[arg(long)]
    pub keep_serials: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Read sysfs, procfs and devices below this folder
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub root: PathBuf,
    /// Look for tools in this folder before PATH
    #[arg(long, value_name = "DIR")]
    pub tools: Option<PathBuf>,
}

/// The name of EDAC's first memory controller.
const EDAC: &str = "sys/devices/system/edac/mc/mc0/mc_name";

/// Captures, and says what to do with it.
pub async fn capture(args: &CaptureArgs) -> Result<Exit, Failure> {
    capture::empty(&args.output).map_err(failure)?;
    let machine = RealMachine::new(real::Options {
        root: args.root.clone(),
        tools: args.tools.clone(),
        ..real::Options::default()
    });
    let noted = Noted::new(machine.map_err(Failure::usage)?);
    let session = noted.machine().begin(Attempt::beside("capture")).await;
    let session = session.map_err(Failure::runtime)?;
    let asked = ask(&*session).await;
    let _nothing_ran = session.end().await;
    let Asked {
        profile,
        disks,
        gaps,
    } = asked.map_err(Failure::runtime)?;
    let captured = noted.write(&args.output, &profile, &disks, args.keep_serials);
    let captured = captured.map_err(failure)?;
    let folder = args.output.display();
    let text = if args.json {
        let value = serde_json::json!({
            "folder": args.output,
            "files": captured.files,
            "answers": captured.answers,
            "scrubbed": captured.scrubbed,
            "gaps": gaps,
        });
        let text = serde_json::to_string_pretty(&value).map_err(Failure::runtime)?;
        text + "\n"
    } else {
        let mut text = format!(
            "{folder}: {} files, {} answers of tools, {} serial numbers and addresses replaced\n",
            captured.files, captured.answers, captured.scrubbed
        );
        for gap in &gaps {
            text.push_str(&format!("not read: {gap}\n"));
        }
        text.push_str(&format!(
            "vetting run --machine sim:{folder}/{}\n\
             vetting machine show --root {folder}/{} --tools {folder}/{}\n",
            capture::PROFILE,
            capture::ROOT,
            capture::TOOLS
        ));
        text
    };
    print::lines(&text)?;
    Ok(Exit::Passed)
}

fn failure(error: CaptureError) -> Failure {
    match error {
        CaptureError::NotEmpty(_) => Failure::usage(error),
        other => Failure::runtime(other),
    }
}

/// What a capture needs of the answers, all of which are kept.
struct Asked {
    profile: String,
    disks: Vec<Disk>,
    /// What could not be read, one line each.
    gaps: Vec<String>,
}

/// Asks everything that can be asked without a load.
async fn ask(session: &dyn Session) -> Result<Asked, anyhow::Error> {
    let mut gaps = Vec::new();
    let machine_inventory::ShownInventory {
        mut files,
        inventory,
    } = machine_inventory::inventory(session).await?;
    gaps.extend(inventory.gaps.iter().cloned());
    for glob in counters::globs().into_iter().chain(power::globs()) {
        if let Err(error) = machine_files::read(session, glob, &mut files).await {
            gaps.push(format!("{glob}: {error}"));
        }
    }
    let disks = match session.call(Request::Disks).await {
        Ok(Reply::Disks(disks)) => disks,
        _ => Vec::new(),
    };
    let sensors = match session.call(Request::Hwmon).await {
        Ok(Reply::Hwmon(reading)) => reading.sensors,
        Ok(_) => Vec::new(),
        Err(error) => {
            gaps.push(format!("sensors: {error}"));
            Vec::new()
        }
    };
    let power = match ShownPower::ask(session).await {
        Ok(power) => Some(power),
        Err(error) => {
            gaps.push(format!("management controller: {error}"));
            None
        }
    };
    // What takes a slow controller minutes is asked for a capture alone.
    if power.is_some() {
        let question = Question::SensorRecords;
        let _kept = session.call(Request::Bmc { question }).await;
    }
    let drives = machine_facts::drives(session).await;
    gaps.extend(drives.err().map(|error| format!("drives: {error}")));
    let gpus = match machine_gpus::gpus(session).await {
        Ok(gpus) => gpus.nvidia(),
        Err(Error::Unavailable(_)) => None,
        Err(error) => {
            gaps.push(format!("GPUs: {error}"));
            None
        }
    };
    let seen = profile::Seen {
        parts: &inventory,
        sensors: &sensors,
        disks: &disks,
        gpus: gpus.as_ref(),
        power: power.as_ref(),
        edac: files.text(EDAC),
    };
    let profile = profile::toml(&seen)?;
    Ok(Asked {
        profile,
        disks,
        gaps,
    })
}
