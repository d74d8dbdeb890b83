//! One GPU of the document.

use serde::Serialize;
use serde_json::{Map, Value};

use super::board::{Identity, Pci, identity, pci};
use super::clocks::{ClockReasonTimes, ClockReasons, Clocks, clocks, reason_times, reasons};
use super::ecc::{self, Ecc, RemappedRows, RetiredPages};
use super::markup::Leaves;
use super::power::{self, Power, Temperatures};
use super::values::Values;
use crate::gpu::lines::normal_pci_address;

/// One GPU, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gpu {
    /// Address as the kernel writes it: `0000:41:00.0`.
    pub pci_address: Option<String>,
    /// Names, numbers and versions.
    pub identity: Identity,
    /// Whether any element says that the GPU is lost.
    pub lost: bool,
    /// Whether any element says that the GPU requires a reset.
    pub requires_reset: bool,
    /// What the driver advises (drivers 560 and later): `None` (its word for nothing),
    /// `GPU Reset Required`, `Reboot`, `Drain P2P`, `Drain and Reset`.
    pub recovery_action: Option<String>,
    /// Whether a reset is required (drivers 525 to 565).
    pub reset_required: Option<bool>,
    /// Whether draining and a reset are recommended (drivers 525 to 565).
    pub drain_and_reset_recommended: Option<bool>,
    /// Whether the driver stays loaded without a client.
    pub persistence_mode: Option<bool>,
    /// Who may compute: `Default`, `Exclusive Process`, `Prohibited`.
    pub compute_mode: Option<String>,
    /// Whether the GPU is partitioned (MIG).
    pub mig: Option<bool>,
    /// Whether it is partitioned after the next reset.
    pub mig_pending: Option<bool>,
    /// `None` (the driver's word), `Pass-Through`, `VGPU`, …
    pub virtualization: Option<String>,
    /// Performance state: `P0` is the fastest.
    pub performance_state: Option<String>,
    /// Fan speed in per cent of the highest; what was asked for, not what turns.
    pub fan_percent: Option<f64>,
    /// PCI Express.
    pub pci: Pci,
    /// Why the clocks are below their maximum.
    pub clock_reasons: ClockReasons,
    /// For how long they were, since the driver was loaded.
    pub clock_reason_times: ClockReasonTimes,
    /// Clocks now.
    pub clocks: Clocks,
    /// Highest clocks.
    pub max_clocks: Clocks,
    /// Clocks that applications run at.
    pub application_clocks: Clocks,
    /// Clocks that applications run at after a reset.
    pub default_application_clocks: Clocks,
    /// Device memory.
    pub memory: Memory,
    /// Memory that the host sees through BAR 1.
    pub bar1: Memory,
    /// How busy the units are.
    pub utilization: Utilization,
    /// Errors of the memories.
    pub ecc: Ecc,
    /// Retired pages (before Ampere).
    pub retired_pages: RetiredPages,
    /// Remapped rows (Ampere and later).
    pub remapped_rows: RemappedRows,
    /// Temperatures.
    pub temperatures: Temperatures,
    /// Power of the GPU.
    pub power: Option<Power>,
    /// Power of its memory (Blackwell).
    pub memory_power: Option<Power>,
    /// Power of the module of GPU and CPU (Grace).
    pub module_power: Option<Power>,
    /// Voltage of the graphics rail, in millivolts.
    pub graphics_millivolts: Option<f64>,
    /// NVLink fabric.
    pub fabric: Fabric,
    /// Processes that use it.
    pub processes: Vec<Process>,
    /// Elements that are not known, by path.
    pub extra: Map<String, Value>,
    /// Elements with an error or a value of another kind: `path: text`.
    pub unread: Vec<String>,
}

/// Memory in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// All of it.
    pub total: Option<u64>,
    /// Reserved by the driver.
    pub reserved: Option<u64>,
    /// In use.
    pub used: Option<u64>,
    /// Free.
    pub free: Option<u64>,
}

/// How busy units are, in per cent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Utilization {
    /// Multiprocessors.
    pub gpu: Option<f64>,
    /// Memory.
    pub memory: Option<f64>,
    /// Video encoder.
    pub encoder: Option<f64>,
    /// Video decoder.
    pub decoder: Option<f64>,
}

/// The GPU's place in an NVLink fabric, in the driver's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fabric {
    /// `Completed`, `In Progress`, `Not Started`; absent: no fabric.
    pub state: Option<String>,
    /// `Success`, or what went wrong.
    pub status: Option<String>,
    /// Clique within the cluster.
    pub clique: Option<String>,
    /// Cluster.
    pub cluster_uuid: Option<String>,
    /// `Healthy`, `Unhealthy`, `Limited Capacity`.
    pub health: Option<String>,
    /// `Full`, `Degraded`.
    pub bandwidth: Option<String>,
    /// Whether a route is being recovered.
    pub route_recovery: Option<bool>,
    /// Whether a route is unhealthy.
    pub route_unhealthy: Option<bool>,
    /// Whether time-outs are being recovered.
    pub access_timeout_recovery: Option<bool>,
    /// What is configured wrongly: `None` (the driver's word), `Incompatible GPU firmware`, …
    pub incorrect_configuration: Option<String>,
}

/// A process that uses a GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Process {
    /// Process id.
    pub pid: Option<u64>,
    /// `C` (computes), `G` (draws), `C+G`.
    pub kind: Option<String>,
    /// Its program.
    pub name: Option<String>,
    /// Device memory in use, in bytes.
    pub used_memory: Option<u64>,
}

fn memory(values: &mut Values, section: &str) -> Memory {
    let v = values.section(section);
    Memory {
        total: v.bytes("total"),
        reserved: v.bytes("reserved"),
        used: v.bytes("used"),
        free: v.bytes("free"),
    }
}

fn fabric(values: &mut Values) -> Fabric {
    let v = values.section("fabric/health/");
    let (health, bandwidth) = (v.text("summary"), v.text("bandwidth"));
    let flags = [
        "route_recovery_in_progress",
        "route_unhealthy",
        "access_timeout_recovery",
    ];
    let [route_recovery, route_unhealthy, access_timeout_recovery] = flags.map(|name| v.flag(name));
    let incorrect_configuration = v.text("incorrect_configuration");
    let v = values.section("fabric/");
    Fabric {
        state: v.text("state"),
        status: v.text("status"),
        clique: v.text("cliqueId"),
        cluster_uuid: v.text("clusterUuid"),
        health,
        bandwidth,
        route_recovery,
        route_unhealthy,
        access_timeout_recovery,
        incorrect_configuration,
    }
}

fn processes(values: &mut Values) -> Vec<Process> {
    let mut processes = Vec::new();
    loop {
        let section = format!("processes/process_info#{}/", processes.len());
        if !values.has(&section) {
            return processes;
        }
        let v = values.section(&section);
        processes.push(Process {
            pid: v.count("pid"),
            kind: v.text("type"),
            name: v.text("process_name"),
            used_memory: v.bytes("used_memory"),
        });
    }
}

pub(super) fn read(leaves: Leaves) -> Gpu {
    let mut values = Values::new(leaves);
    let lost = values.any_says("GPU is lost");
    let requires_reset = values.any_says("GPU requires reset");
    let bus_id = values.section("pci/").text("pci_bus_id");
    let id = values.id().map(str::to_owned).or(bus_id);
    let v = &mut values;
    let mut gpu = Gpu {
        pci_address: id.map(|id| normal_pci_address(&id).unwrap_or(id)),
        identity: identity(v),
        lost,
        requires_reset,
        pci: pci(v),
        clock_reasons: reasons(v),
        clock_reason_times: reason_times(v),
        clocks: clocks(v, "clocks/"),
        max_clocks: clocks(v, "max_clocks/"),
        application_clocks: clocks(v, "applications_clocks/"),
        default_application_clocks: clocks(v, "default_applications_clocks/"),
        memory: memory(v, "fb_memory_usage/"),
        bar1: memory(v, "bar1_memory_usage/"),
        ecc: ecc::ecc(v),
        retired_pages: ecc::retired(v),
        remapped_rows: ecc::remapped(v),
        temperatures: power::temperatures(v),
        power: power::power(v, "gpu_power_readings/")
            .or_else(|| power::power(v, "power_readings/")),
        memory_power: power::power(v, "gpu_memory_power_readings/"),
        module_power: power::power(v, "module_power_readings/"),
        graphics_millivolts: v.section("voltage/").number("graphics_volt", "mV"),
        fabric: fabric(v),
        processes: processes(v),
        ..Gpu::default()
    };
    let v = values.section("utilization/");
    let units = ["gpu_util", "memory_util", "encoder_util", "decoder_util"];
    let [busy, memory, encoder, decoder] = units.map(|name| v.number(name, "%"));
    gpu.utilization = Utilization {
        gpu: busy,
        memory,
        encoder,
        decoder,
    };
    let v = values.section("mig_mode/");
    (gpu.mig, gpu.mig_pending) = (v.flag("current_mig"), v.flag("pending_mig"));
    let v = values.section("gpu_virtualization_mode/");
    gpu.virtualization = v.text("virtualization_mode");
    let v = values.section("gpu_reset_status/");
    gpu.reset_required = v.flag("reset_required");
    gpu.drain_and_reset_recommended = v.flag("drain_and_reset_recommended");
    let v = values.section("");
    gpu.recovery_action = v.text("gpu_recovery_action");
    gpu.persistence_mode = v.flag("persistence_mode");
    gpu.compute_mode = v.text("compute_mode");
    gpu.performance_state = v.text("performance_state");
    gpu.fan_percent = v.number("fan_speed", "%");
    (gpu.extra, gpu.unread) = values.rest();
    gpu
}
