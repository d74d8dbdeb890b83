//! The table of `nvidia-smi --query-gpu`.

use super::one::{Now, long_address};
use crate::simulated::profile::Gpu;
use crate::simulated::world::World;
use crate::tools::gpu::COLUMNS;

/// The columns' names as the tool prints them, with their units.
fn heading(column: &str) -> String {
    match column {
        "power.draw" | "power.limit" => format!("{column} [W]"),
        "clocks.sm" => "clocks.current.sm [MHz]".to_owned(),
        "clocks.mem" => "clocks.current.memory [MHz]".to_owned(),
        "utilization.gpu" => format!("{column} [%]"),
        other => other.to_owned(),
    }
}

/// A line of names, and a line per GPU.
pub fn table(world: &World, gpus: &[&Gpu]) -> String {
    let names: Vec<String> = COLUMNS.iter().map(|column| heading(column)).collect();
    let mut table = names.join(", ") + "\n";
    for (index, gpu) in gpus.iter().enumerate() {
        let now = Now::of(world, gpu);
        let cell = |column: &&str| match *column {
            "index" => index.to_string(),
            "pci.bus_id" => long_address(&gpu.pci),
            "temperature.gpu" => format!("{:.0}", now.core),
            "temperature.memory" => format!("{:.0}", now.memory),
            "temperature.gpu.tlimit" => format!("{:.0}", now.margin),
            "power.draw" => format!("{:.2}", now.watts),
            "power.limit" => format!("{:.2}", gpu.power_limit),
            "clocks.sm" => format!("{:.0}", now.core_mhz),
            "clocks.mem" => format!("{:.0}", gpu.memory_mhz),
            "utilization.gpu" => format!("{:.0}", now.busy * 100.0),
            "pcie.link.gen.current" => now.generation.0.to_string(),
            "pcie.link.width.current" => now.width.0.to_string(),
            "clocks_event_reasons.active" => format!("0x{:016x}", now.reasons()),
            _ => "[N/A]".to_owned(),
        };
        let cells: Vec<String> = COLUMNS.iter().map(cell).collect();
        table.push_str(&(cells.join(", ") + "\n"));
    }
    table
}
