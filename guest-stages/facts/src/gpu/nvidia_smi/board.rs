//! What a GPU is, and its PCI Express link.

use serde::Serialize;

use super::values::Values;

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

pub(super) fn identity(values: &mut Values) -> Identity {
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

pub(super) fn pci(values: &mut Values) -> Pci {
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
