//! One GPU of the document.

use super::super::xml::Values;
use crate::simulated::profile::{Fault, Gpu};
use crate::simulated::thermal::{GPU_SLOWDOWN, GPU_SLOWED};
use crate::simulated::world::World;

/// The margin (T.Limit) at which the hardware slows down, as the captured document has it.
const SLOWDOWN_MARGIN: f64 = -2.0;

/// The clock of a GPU that has nothing to do, in MHz.
const IDLE_MHZ: f64 = 345.0;

/// The processes that a load has, one for each GPU, begin at this id.
const FIRST_PID: usize = 4_100;

/// What a GPU does now.
pub struct Now {
    /// From 0 to 1.
    pub busy: f64,
    /// Core and memory, in degrees Celsius.
    pub core: f64,
    /// Memory, in degrees Celsius.
    pub memory: f64,
    /// How far the core is below the temperature at which software slows it down.
    pub margin: f64,
    /// Whether its hardware slows it down.
    pub hot: bool,
    /// Drawn, in watts.
    pub watts: f64,
    /// In MHz.
    pub core_mhz: f64,
    /// Generation of its link and the highest.
    pub generation: (u32, u32),
    /// Lanes of its link and the most.
    pub width: (u32, u32),
}

impl Now {
    pub fn of(world: &World, gpu: &Gpu) -> Self {
        let busy = world
            .load
            .gpus
            .get(&gpu.name)
            .copied()
            .unwrap_or(0.0)
            .min(1.0);
        let key = |what: &str| format!("gpu/{}/{what}", gpu.name);
        let degrees = world.thermal.gpus.get(&gpu.name).copied();
        let degrees = degrees.unwrap_or(world.profile.ambient);
        let hot = degrees >= GPU_SLOWDOWN;
        let slowed = if hot { GPU_SLOWED } else { 1.0 };
        let core = world.about(degrees, 0.01, &key("temperature")).round();
        let share = 0.11 + 0.84 * busy * slowed;
        let full = gpu.link.map(|link| link.full());
        let (most_speed, most_width) = full
            .as_ref()
            .map_or((0.0, 0), |l| (l.max_speed, l.max_width));
        let now = world.link(Some(&gpu.pci), full);
        // An idle GPU lowers its link's speed, legally.
        let speed = now.as_ref().map_or(0.0, |link| match busy > 0.0 {
            true => link.current_speed,
            false => link.current_speed.min(2.5),
        });
        Now {
            busy,
            core,
            memory: world.about(degrees + 6.0, 0.01, &key("memory")).round(),
            margin: (GPU_SLOWDOWN + SLOWDOWN_MARGIN - degrees).ceil(),
            hot,
            watts: world.about(gpu.power_limit * share, 0.01, &key("power")),
            core_mhz: match busy > 0.0 {
                true => gpu.core_mhz * slowed,
                false => IDLE_MHZ,
            },
            generation: (generation(speed), generation(most_speed)),
            width: (now.map_or(0, |link| link.current_width), most_width),
        }
    }

    /// NVML's bits of the reasons that hold its clocks down.
    pub fn reasons(&self) -> u64 {
        match (self.busy > 0.0, self.hot) {
            (_, true) => 0x08 | 0x20 | 0x40,
            (true, false) => 0x04,
            (false, false) => 0x01,
        }
    }
}

/// PCI Express's generation by its speed in gigatransfers per second and lane.
fn generation(speed: f64) -> u32 {
    let speeds = [2.5, 5.0, 8.0, 16.0, 32.0, 64.0];
    let found = speeds.iter().position(|known| speed <= *known);
    found.map_or(6, |at| at as u32 + 1) * u32::from(speed > 0.0)
}

/// `0000:98:00.0` as the driver writes it: `00000000:98:00.0`.
pub fn long_address(pci: &str) -> String {
    format!("0000{}", pci.to_ascii_uppercase())
}

/// What a GPU is.
pub fn describe(world: &World, gpu: &Gpu, index: usize, values: &mut Values) {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "N/A".to_owned());
    values.set("product_name", gpu.model.clone());
    values.set("product_architecture", architecture(&gpu.model));
    values.set("serial", text(&gpu.serial));
    values.set("uuid", text(&gpu.uuid));
    values.set("vbios_version", text(&gpu.vbios));
    values.set("minor_number", index.to_string());
    values.set("gsp_firmware_version", text(&gpu.driver));
    let (vendor, device) = gpu.pci_id.split_once(':').unwrap_or_default();
    let id = format!("{device}{vendor}").to_ascii_uppercase();
    values.set("pci/pci_device_id", id);
    values.set("pci/pci_bus_id", long_address(&gpu.pci));
    let mut parts = gpu.pci.split([':', '.']);
    for name in ["pci_domain", "pci_bus", "pci_device"] {
        let part = parts.next().unwrap_or_default().to_ascii_uppercase();
        values.set(&format!("pci/{name}"), part);
    }
    let mebibytes = gpu.memory_bytes >> 20;
    let busy = world
        .load
        .gpus
        .get(&gpu.name)
        .is_some_and(|busy| *busy > 0.0);
    let used = if busy { mebibytes / 10 * 9 } else { 0 };
    let mut memory = |name: &str, mebibytes: u64| {
        values.set(
            &format!("fb_memory_usage/{name}"),
            format!("{mebibytes} MiB"),
        );
    };
    memory("total", mebibytes);
    memory("reserved", 0);
    memory("used", used);
    memory("free", mebibytes.saturating_sub(used));
    for name in ["current", "requested", "default", "max"] {
        let path = format!("gpu_power_readings/{name}_power_limit");
        values.set(&path, format!("{:.2} W", gpu.power_limit));
    }
    let lowest = format!("{:.2} W", gpu.power_limit / 3.5);
    values.set("gpu_power_readings/min_power_limit", lowest);
    for section in [
        "applications_clocks",
        "default_applications_clocks",
        "max_clocks",
    ] {
        values.set(
            &format!("{section}/graphics_clock"),
            megahertz(gpu.core_mhz),
        );
        values.set(&format!("{section}/mem_clock"), megahertz(gpu.memory_mhz));
    }
    values.set("max_clocks/sm_clock", megahertz(gpu.core_mhz));
    // Links to other GPUs go over switches.
    if gpu.nvlinks > 0 {
        values.set("fabric/state", "Completed");
        values.set("fabric/status", "Success");
        values.set("fabric/cliqueId", "0");
        values.set("fabric/clusterUuid", "00000000-0000-0000-0000-000000000000");
        values.set("fabric/health/summary", "Healthy");
        values.set("fabric/health/bandwidth", "Full");
        for flag in [
            "route_recovery_in_progress",
            "route_unhealthy",
            "access_timeout_recovery",
        ] {
            values.set(&format!("fabric/health/{flag}"), "False");
        }
        values.set("fabric/health/incorrect_configuration", "None");
    }
}

/// What it measures and counts.
pub fn measure(world: &World, gpu: &Gpu, values: &mut Values) {
    let now = Now::of(world, gpu);
    let celsius = |degrees: f64| format!("{degrees:.0} C");
    values.set("temperature/gpu_temp", celsius(now.core));
    values.set("temperature/gpu_temp_tlimit", celsius(now.margin));
    values.set("temperature/memory_temp", celsius(now.memory));
    let watts = format!("{:.2} W", now.watts);
    values.set("gpu_power_readings/average_power_draw", watts.clone());
    values.set("gpu_power_readings/instant_power_draw", watts);
    let state = if now.busy > 0.0 { "P0" } else { "P8" };
    values.set("performance_state", state);
    values.set("gpu_power_readings/power_state", state);
    values.set("utilization/gpu_util", format!("{:.0} %", now.busy * 100.0));
    for name in ["graphics_clock", "sm_clock"] {
        values.set(&format!("clocks/{name}"), megahertz(now.core_mhz));
    }
    values.set("clocks/mem_clock", megahertz(gpu.memory_mhz));
    let reasons = now.reasons();
    for (bit, name) in [
        (0x01, "gpu_idle"),
        (0x04, "sw_power_cap"),
        (0x08, "hw_slowdown"),
        (0x20, "sw_thermal_slowdown"),
        (0x40, "hw_thermal_slowdown"),
    ] {
        let active = if reasons & bit > 0 {
            "Active"
        } else {
            "Not Active"
        };
        let path = format!("clocks_event_reasons/clocks_event_reason_{name}");
        values.set(&path, active);
    }
    let slowed = world
        .thermal
        .gpus_slowed
        .get(&gpu.name)
        .copied()
        .unwrap_or(0);
    for name in ["sw_therm_slowdown", "hw_therm_slowdown"] {
        let path = format!("clocks_event_reasons_counters/clocks_event_reasons_counters_{name}");
        values.set(&path, format!("{} us", slowed.saturating_mul(1_000_000)));
    }
    let generations = "pci/pci_gpu_link_info/pcie_gen";
    for (name, generation) in [
        ("current_link_gen", now.generation.0),
        ("device_current_link_gen", now.generation.0),
        ("max_link_gen", now.generation.1),
        ("max_device_link_gen", now.generation.1),
        ("max_host_link_gen", now.generation.1),
    ] {
        values.set(&format!("{generations}/{name}"), generation.to_string());
    }
    let widths = "pci/pci_gpu_link_info/link_widths";
    values.set(
        &format!("{widths}/current_link_width"),
        format!("{}x", now.width.0),
    );
    values.set(
        &format!("{widths}/max_link_width"),
        format!("{}x", now.width.1),
    );
    let uncorrected = world.faults().filter_map(|fault| match fault {
        Fault::GpuEccUncorrected { gpu: name, count } if *name == gpu.name => Some(*count),
        _ => None,
    });
    let uncorrected = uncorrected.fold(0, u64::saturating_add);
    for life in ["volatile", "aggregate"] {
        let path = format!("ecc_errors/{life}/dram_uncorrectable");
        values.set(&path, uncorrected.to_string());
    }
}

/// The beginning of the section of processes, with what loads the GPU.
pub fn processes(world: &World, gpu: &Gpu) -> String {
    let busy = world
        .load
        .gpus
        .get(&gpu.name)
        .is_some_and(|busy| *busy > 0.0);
    let mut text = "<processes>\n".to_owned();
    if busy {
        let place = world.profile.gpus.iter().position(|g| g.name == gpu.name);
        let pid = FIRST_PID.saturating_add(place.unwrap_or(0));
        let used = (gpu.memory_bytes >> 20) / 10 * 9;
        text.push_str("\t\t\t<process_info>\n");
        for (name, value) in [
            ("gpu_instance_id", "N/A".to_owned()),
            ("compute_instance_id", "N/A".to_owned()),
            ("pid", pid.to_string()),
            ("type", "C".to_owned()),
            ("process_name", "gpu_burn".to_owned()),
            ("used_memory", format!("{used} MiB")),
        ] {
            text.push_str(&format!("\t\t\t\t<{name}>{value}</{name}>\n"));
        }
        text.push_str("\t\t\t</process_info>\n");
    }
    text
}

fn megahertz(clock: f64) -> String {
    format!("{clock:.0} MHz")
}

fn architecture(model: &str) -> &'static str {
    let known = [
        ("B200", "Blackwell"),
        ("B100", "Blackwell"),
        ("H100", "Hopper"),
        ("H200", "Hopper"),
        ("L40", "Ada Lovelace"),
        ("L4", "Ada Lovelace"),
        ("A100", "Ampere"),
        ("T4", "Turing"),
    ];
    let found = known.iter().find(|(word, _)| model.contains(word));
    found.map_or("N/A", |(_, architecture)| architecture)
}
