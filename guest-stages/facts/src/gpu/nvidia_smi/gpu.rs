//! One GPU of the document.

use serde::Serialize;
use serde_json::{Map, Value};

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

/// What a GPU is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// `NVIDIA H100 80GB HBM3`.
    pub name: Option<String>,
    /// `Tesla`, `GeForce`, `NVIDIA`.
    pub brand: Option<String>,
    /// `Hopper`, `Blackwell`.
    pub architecture: Option<String>,
    /// Serial number of the board.
    pub serial: Option<String>,
    /// `GPU-…`.
    pub uuid: Option<String>,
    /// N of `/dev/nvidiaN`.
    pub minor: Option<u64>,
    /// VBIOS version.
    pub vbios: Option<String>,
    /// Part number of the board.
    pub board_part: Option<String>,
    /// Part number of the GPU.
    pub gpu_part: Option<String>,
    /// Part number of the field-replaceable unit.
    pub fru_part: Option<String>,
    /// Number of the module on its baseboard.
    pub module: Option<u64>,
    /// Version of the configuration memory's image.
    pub inforom_image: Option<String>,
    /// Version of its ECC object.
    pub inforom_ecc: Option<String>,
    /// Version of its OEM object.
    pub inforom_oem: Option<String>,
    /// Version of its power object.
    pub inforom_power: Option<String>,
    /// Firmware of the GPU's system processor.
    pub gsp_firmware: Option<String>,
    /// Serial number of the chassis (NVLink racks).
    pub chassis_serial: Option<String>,
}

/// PCI Express. Idle GPUs lower the generation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Pci {
    /// Device and vendor id: `233010DE`.
    pub device_id: Option<String>,
    /// Device and vendor id of the board.
    pub subsystem_id: Option<String>,
    /// Generation now.
    pub generation: Option<u64>,
    /// Generation now, as the GPU has it.
    pub device_generation: Option<u64>,
    /// Highest generation of GPU and host together.
    pub max_generation: Option<u64>,
    /// Highest generation of the GPU.
    pub device_max_generation: Option<u64>,
    /// Highest generation of the host's port.
    pub host_max_generation: Option<u64>,
    /// Lanes now.
    pub width: Option<u64>,
    /// Most lanes.
    pub max_width: Option<u64>,
    /// Replays since the driver was loaded.
    pub replays: Option<u64>,
    /// How often the replay counter rolled over.
    pub replay_rollovers: Option<u64>,
    /// Sent, in kilobytes a second.
    pub sent_kb_per_s: Option<f64>,
    /// Received, in kilobytes a second.
    pub received_kb_per_s: Option<f64>,
}

/// Whether each reason holds the clocks down now (NVML's clock event or throttle reasons).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockReasons {
    /// Nothing to do (bit 0x1).
    pub idle: Option<bool>,
    /// Clocks set by applications (0x2).
    pub application_clocks: Option<bool>,
    /// The driver, at the power limit (0x4).
    pub sw_power_cap: Option<bool>,
    /// The hardware, for any cause (0x8).
    pub hw_slowdown: Option<bool>,
    /// Clocks in step with other GPUs (0x10).
    pub sync_boost: Option<bool>,
    /// The driver, for heat (0x20).
    pub sw_thermal: Option<bool>,
    /// The hardware, for heat (0x40).
    pub hw_thermal: Option<bool>,
    /// The hardware, because the power supply asked (0x80).
    pub hw_power_brake: Option<bool>,
    /// Clocks of a display (0x100).
    pub display_clocks: Option<bool>,
}

/// Microseconds for which each reason held the clocks down (drivers 550 and later).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClockReasonTimes {
    /// The driver, at the power limit.
    pub sw_power_cap_us: Option<u64>,
    /// Clocks in step with other GPUs.
    pub sync_boost_us: Option<u64>,
    /// The driver, for heat.
    pub sw_thermal_us: Option<u64>,
    /// The hardware, for heat.
    pub hw_thermal_us: Option<u64>,
    /// The hardware, because the power supply asked.
    pub hw_power_brake_us: Option<u64>,
}

/// Clocks in MHz.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Clocks {
    /// Graphics.
    pub graphics: Option<f64>,
    /// Multiprocessors.
    pub sm: Option<f64>,
    /// Memory.
    pub memory: Option<f64>,
    /// Video.
    pub video: Option<f64>,
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

fn clocks(values: &mut Values, section: &str) -> Clocks {
    let v = values.section(section);
    let mut megahertz = |name: &str| v.number(name, "MHz");
    Clocks {
        graphics: megahertz("graphics_clock"),
        sm: megahertz("sm_clock"),
        memory: megahertz("mem_clock"),
        video: megahertz("video_clock"),
    }
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

fn identity(values: &mut Values) -> Identity {
    let v = values.section("inforom_version/");
    let inforom = ["img_version", "ecc_object", "oem_object", "pwr_object"];
    let [inforom_image, inforom_ecc, inforom_oem, inforom_power] = inforom.map(|name| v.text(name));
    let v = values.section("platformInfo/");
    let (chassis_serial, platform_module) = (v.text("chassis_serial_number"), v.count("module_id"));
    let v = values.section("");
    Identity {
        name: v.text("product_name"),
        brand: v.text("product_brand"),
        architecture: v.text("product_architecture"),
        serial: v.text("serial"),
        uuid: v.text("uuid"),
        minor: v.count("minor_number"),
        vbios: v.text("vbios_version"),
        board_part: v.text("board_part_number"),
        gpu_part: v.text("gpu_part_number"),
        fru_part: v.text("gpu_fru_part_number"),
        module: v.count("gpu_module_id").or(platform_module),
        inforom_image,
        inforom_ecc,
        inforom_oem,
        inforom_power,
        gsp_firmware: v.text("gsp_firmware_version"),
        chassis_serial,
    }
}

fn pci(values: &mut Values) -> Pci {
    let v = values.section("pci/pci_gpu_link_info/pcie_gen/");
    let generations = [
        "current_link_gen",
        "device_current_link_gen",
        "max_link_gen",
        "max_device_link_gen",
        "max_host_link_gen",
    ];
    let [generation, device, max, device_max, host_max] = generations.map(|name| v.count(name));
    let v = values.section("pci/pci_gpu_link_info/link_widths/");
    let (width, max_width) = (
        v.count_of("current_link_width", "x"),
        v.count_of("max_link_width", "x"),
    );
    let v = values.section("pci/");
    Pci {
        device_id: v.text("pci_device_id"),
        subsystem_id: v.text("pci_sub_system_id"),
        generation,
        device_generation: device,
        max_generation: max,
        device_max_generation: device_max,
        host_max_generation: host_max,
        width,
        max_width,
        replays: v.count("replay_counter"),
        replay_rollovers: v.count("replay_rollover_counter"),
        sent_kb_per_s: v.number("tx_util", "KB/s"),
        received_kb_per_s: v.number("rx_util", "KB/s"),
    }
}

fn reasons(values: &mut Values) -> ClockReasons {
    // Before driver 535 events were called throttling.
    let events = "clocks_event_reasons/clocks_event_reason_";
    let throttling = "clocks_throttle_reasons/clocks_throttle_reason_";
    let is_new = values.has(events);
    let v = values.section(if is_new { events } else { throttling });
    ClockReasons {
        idle: v.flag("gpu_idle"),
        application_clocks: v.flag("applications_clocks_setting"),
        sw_power_cap: v.flag("sw_power_cap"),
        hw_slowdown: v.flag("hw_slowdown"),
        sync_boost: v.flag("sync_boost"),
        sw_thermal: v.flag("sw_thermal_slowdown"),
        hw_thermal: v.flag("hw_thermal_slowdown"),
        hw_power_brake: v.flag("hw_power_brake_slowdown"),
        display_clocks: v.flag("display_clocks_setting"),
    }
}

fn reason_times(values: &mut Values) -> ClockReasonTimes {
    let v = values.section("clocks_event_reasons_counters/clocks_event_reasons_counters_");
    ClockReasonTimes {
        sw_power_cap_us: v.count_of("sw_power_cap", "us"),
        sync_boost_us: v.count_of("sync_boost", "us"),
        sw_thermal_us: v.count_of("sw_therm_slowdown", "us"),
        hw_thermal_us: v.count_of("hw_therm_slowdown", "us"),
        hw_power_brake_us: v.count_of("hw_power_brake", "us"),
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
