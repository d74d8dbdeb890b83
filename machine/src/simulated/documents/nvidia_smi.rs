//! What nvidia-smi prints of a simulated machine's GPUs.

use super::xml::{self, Values};
use super::{Printed, document};
use crate::contract::gpu::Question;
use crate::contract::types::{Document, Error};
use crate::simulated::profile::{Fault, Gpu};
use crate::simulated::world::World;
use crate::tools::gpu as real;

mod one;
mod sample;

/// One GPU of the document.
const GPU: &str = include_str!("captured/nvidia-smi-gpu.xml");

/// The exit status with which it says that it cannot reach a GPU.
const NO_HANDLE: i32 = 255;

/// The bandwidth of one NVLink of the fourth generation, in gigabytes a second.
const LINK_SPEED: &str = "26.562 GB/s";

/// Whether the document has an element at a path below its GPU: `pci/replay_counter`.
pub fn has_element(path: &str) -> bool {
    xml::has(GPU, path)
}

/// The GPUs that NVIDIA's driver runs, in its order: that of their addresses.
pub fn driven(world: &World) -> Vec<&Gpu> {
    let all = world.profile.gpus.iter();
    let mut driven: Vec<&Gpu> = all
        .filter(|gpu| gpu.vendor == "nvidia" && gpu.driver.is_some())
        .collect();
    driven.sort_by(|a, b| a.pci.cmp(&b.pci));
    driven
}

/// Its answer to a question.
pub fn ask(world: &World, question: &Question) -> Result<Document, Error> {
    let command = real::command(question);
    let args: Vec<String> = command.args.iter().map(|arg| (*arg).to_owned()).collect();
    let printed = |text: &dyn Fn(&[&Gpu]) -> String| reachable(world, text);
    let printed = match question {
        Question::NvidiaSmi => printed(&|gpus| log(world, gpus)),
        Question::NvlinkStatus => printed(&|gpus| links(world, gpus, |_| None)),
        Question::NvlinkErrors => printed(&|gpus| links(world, gpus, Some)),
        // No profile has what these print.
        Question::RocmSmi | Question::AmdSmiStatic | Question::AmdSmiMetric => {
            return Err(Error::tool_missing(command.program, command.package));
        }
    };
    answer(world, "gpu.ask", real::name(question), &args, printed)
}

/// One sample of every GPU.
pub fn sample(world: &World) -> Result<Document, Error> {
    let printed = reachable(world, &|gpus| sample::table(world, gpus));
    answer(world, "gpu.sample", "", &real::sample_args(), printed)
}

fn answer(
    world: &World,
    query: &str,
    target: &str,
    args: &[String],
    printed: Printed,
) -> Result<Document, Error> {
    let tool = ("nvidia-smi", "nvidia-smi");
    let version = driver(world);
    let version = format!("NVIDIA-SMI version  : {version}");
    document(world, tool, &version, query, target, args, printed)
}

/// The driver's version.
fn driver(world: &World) -> &str {
    let tools = &world.profile.tools;
    tools.get("nvidia-smi").map_or("580.95.05", String::as_str)
}

/// What it prints where every GPU can be reached; else which it cannot reach, and nothing of the others.
fn reachable(world: &World, text: &dyn Fn(&[&Gpu]) -> String) -> Printed {
    let gpus = driven(world);
    let off = gpus.iter().find(|gpu| world.off_bus(gpu));
    let (text, exit_status) = match off {
        Some(gpu) => {
            let address = gpu.pci.to_ascii_uppercase();
            let line = "Unable to determine the device handle for GPU";
            (format!("{line}{address}: Unknown Error\n"), NO_HANDLE)
        }
        None => (text(&gpus), 0),
    };
    Printed {
        stdout: text.into_bytes(),
        exit_status,
    }
}

fn log(world: &World, gpus: &[&Gpu]) -> String {
    let mut log = format!(
        "<?xml version=\"1.0\" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM \"nvsmi_device_v13.dtd\">\n\
         <nvidia_smi_log>\n\t<driver_version>{}</driver_version>\n\t<cuda_version>13.0</cuda_version>\n\
         \t<attached_gpus>{}</attached_gpus>\n",
        driver(world),
        gpus.len()
    );
    for (index, gpu) in gpus.iter().enumerate() {
        let mut values = Values::default();
        one::describe(world, gpu, index, &mut values);
        one::measure(world, gpu, &mut values);
        for fault in world.faults() {
            if let Fault::GpuField {
                gpu: name,
                element,
                value,
            } = fault
                && *name == gpu.name
            {
                values.set(element, value.clone());
            }
        }
        let id = format!("\t<gpu id=\"{}\">", one::long_address(&gpu.pci));
        let text = values.fill(GPU).replacen("\t<gpu id=\"N/A\">", &id, 1);
        let processes = one::processes(world, gpu);
        log.push_str(&text.replacen("<processes>\n", &processes, 1));
        log.push('\n');
    }
    log.push_str("</nvidia_smi_log>\n");
    log
}

/// A line for each link: its state, or with `counts` each of its counters.
fn links(world: &World, gpus: &[&Gpu], counts: impl Fn(u32) -> Option<u32>) -> String {
    let mut text = String::new();
    for (index, gpu) in gpus.iter().enumerate() {
        let uuid = gpu.uuid.as_deref().unwrap_or("N/A");
        text.push_str(&format!("GPU {index}: {} (UUID: {uuid})\n", gpu.model));
        for link in 0..gpu.nvlinks {
            let down = |f: &Fault| matches!(f, Fault::GpuLinkDown { gpu: name, link: of } if *name == gpu.name && *of == link);
            if let Some(link) = counts(link) {
                for counter in ["Replay", "Recovery", "CRC"] {
                    text.push_str(&format!("\t Link {link}: {counter} Errors: 0\n"));
                }
                continue;
            }
            let state = if world.any(down) {
                "<inactive>"
            } else {
                LINK_SPEED
            };
            text.push_str(&format!("\t Link {link}: {state}\n"));
        }
    }
    text
}
