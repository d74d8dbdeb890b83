//! `vetting machine capture`: any machine as a folder of evidence for `--machine dir:FOLDER`, and a real one as
//! a profile too.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use vetting_facts::gpu::nvidia_smi;
use vetting_facts::{counters, inventory, power};
use vetting_machine::capture::{self, CaptureError, KnownGpu, Readers, Wanted};
use vetting_machine::contract::types::Document;
use vetting_machine::real::{self, RealMachine};
use vetting_protocol::PIPELINE;

use super::args::MachineChoice;
use super::machine_power::watched;
use super::{Exit, Failure, print};

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

/// Files that single stages read beyond the lists of `vetting-facts`.
const OF_STAGES: [&str; 10] = [
    "sys/class/dmi/id/*",
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
    };
    let is_real = args.machine.machine == "real";
    let captured = if is_real {
        let machine = RealMachine::new(real::Options {
            root: args.machine.root.clone(),
            tools: args.machine.tools.clone(),
            ..real::Options::default()
        });
        let machine = machine.map_err(Failure::usage)?;
        capture::capture_real(&machine, &args.output, wanted, READERS).await
    } else {
        let (machine, _no_server) = super::run::machine(&args.machine, None, (false, false)).await?;
        capture::capture(&*machine, &args.output, wanted).await
    };
    let captured = captured.map_err(|error| match error {
        CaptureError::NotEmpty(_) => Failure::usage(error),
        other => Failure::runtime(other),
    })?;
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
        if is_real {
            let profile = capture::PROFILE;
            text.push_str(&format!("vetting run --machine sim:{folder}/{profile}\n"));
        }
        text
    };
    print::lines(&text)?;
    Ok(Exit::Passed)
}
