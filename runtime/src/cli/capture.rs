//! `vetting machine capture`: this machine as a profile, and as a tree for `--root` and `--tools`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use vetting_facts::gpu::nvidia_smi;
use vetting_facts::{counters, inventory, power};
use vetting_machine::capture::{self, CaptureError, KnownGpu, Readers};
use vetting_machine::contract::types::Document;
use vetting_machine::real::{self, RealMachine};

use super::machine_power::watched;
use super::{Exit, Failure, print};

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

/// How the documents of tools are read for the profile.
const READERS: Readers = Readers { gpus, watched };

/// The speed of a lane by its generation (PCI Express Base Specification), in gigatransfers per second.
const SPEEDS: [f64; 6] = [2.5, 5.0, 8.0, 16.0, 32.0, 64.0];

fn gpus(document: &Document) -> Vec<KnownGpu> {
    let Ok(report) = nvidia_smi::gpus(&document.stdout) else {
        return Vec::new();
    };
    let one = |gpu: nvidia_smi::Gpu| {
        let power = gpu.power.unwrap_or_default();
        let generation = gpu.pci.max_generation.and_then(|n| usize::try_from(n).ok());
        let speed = generation.and_then(|n| SPEEDS.get(n.checked_sub(1)?).copied());
        let width = gpu
            .pci
            .max_width
            .and_then(|lanes| u32::try_from(lanes).ok());
        Some(KnownGpu {
            pci_address: gpu.pci_address?,
            model: gpu.identity.name,
            uuid: gpu.identity.uuid,
            serial: gpu.identity.serial,
            vbios: gpu.identity.vbios,
            driver: report.driver.clone(),
            memory_bytes: gpu.memory.total,
            power_limit: power.limit.or(power.enforced_limit),
            core_mhz: gpu.max_clocks.sm.or(gpu.max_clocks.graphics),
            memory_mhz: gpu.max_clocks.memory,
            link: speed.zip(width),
        })
    };
    report.gpus.into_iter().filter_map(one).collect()
}

/// Captures, and says what to do with it.
pub async fn capture(args: &CaptureArgs) -> Result<Exit, Failure> {
    let machine = RealMachine::new(real::Options {
        root: args.root.clone(),
        tools: args.tools.clone(),
        ..real::Options::default()
    });
    let machine = machine.map_err(Failure::usage)?;
    let globs: BTreeSet<&str> = [counters::globs(), power::globs()]
        .into_iter()
        .flatten()
        .chain(inventory::FILES.iter().chain(inventory::LINKS).copied())
        .collect();
    let globs: Vec<&str> = globs.into_iter().collect();
    let captured = capture::capture(machine, &args.output, &globs, args.keep_serials, READERS);
    let captured = captured.await;
    let captured = captured.map_err(|error| match error {
        CaptureError::NotEmpty(_) => Failure::usage(error),
        other => Failure::runtime(other),
    })?;
    let folder = args.output.display();
    let text = if args.json {
        let value = serde_json::json!({
            "folder": args.output,
            "files": captured.files,
            "answers": captured.answers,
            "scrubbed": captured.scrubbed,
            "gaps": captured.gaps,
        });
        let text = serde_json::to_string_pretty(&value).map_err(Failure::runtime)?;
        text + "\n"
    } else {
        let mut text = format!(
            "{folder}: {} files, {} answers of tools, {} serial numbers and addresses replaced\n",
            captured.files, captured.answers, captured.scrubbed
        );
        for gap in &captured.gaps {
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
