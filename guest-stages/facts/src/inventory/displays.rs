//! GPUs and accelerators on the PCI bus, and what only draws a console.

use serde::Serialize;

use super::pci::{BUS, Link, PciDevice};
use crate::counters::PciLink;
use crate::files::Files;

/// What a display or processing function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum GpuRole {
    /// A GPU or accelerator of its own.
    Accelerator,
    /// A graphics card whose maker is not known for computing.
    Display,
    /// The display that a management controller draws the console with.
    ManagementController,
    /// A display that a hypervisor makes up.
    Virtual,
    /// Graphics within the processor or its board's chipset.
    BuiltIn,
    /// A co-processor other than a GPU: cryptography, compression, inference within a processor.
    Coprocessor,
}

/// A graphics processor, display or accelerator.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Gpu {
    /// PCI address: `0000:41:00.0`.
    pub pci_address: String,
    /// PCI vendor id, four lower-case hexadecimal digits: `10de`.
    pub vendor_id: String,
    /// PCI device id, four lower-case hexadecimal digits.
    pub device_id: String,
    /// Subsystem vendor id, four lower-case hexadecimal digits.
    pub subsystem_vendor_id: Option<String>,
    /// Subsystem device id, four lower-case hexadecimal digits.
    pub subsystem_device_id: Option<String>,
    /// Class code, six lower-case hexadecimal digits.
    pub class: String,
    /// Model, where a driver names it.
    pub model: Option<String>,
    /// Serial number, where a driver gives it.
    pub serial: Option<String>,
    /// The kernel driver bound to it.
    pub driver: Option<String>,
    /// Whether it computes.
    pub accelerator: bool,
    /// What it is.
    pub role: GpuRole,
    /// Why it is that.
    pub reason: &'static str,
    /// Whether the firmware draws on it at boot.
    pub boot_display: Option<bool>,
    /// Name of its slot.
    pub slot: Option<String>,
    /// NUMA node.
    pub numa_node: Option<u32>,
    /// PCI Express link.
    pub link: Option<Link>,
}

/// GPUs and accelerators, then what is set apart, both by address.
pub(super) fn among(files: &Files, functions: &[PciDevice]) -> (Vec<Gpu>, Vec<Gpu>) {
    let found = functions.iter().filter_map(|function| gpu(files, function));
    found.partition(|gpu| matches!(gpu.role, GpuRole::Accelerator | GpuRole::Display))
}

fn gpu(files: &Files, function: &PciDevice) -> Option<Gpu> {
    let class = function.class.as_deref()?;
    // Display controllers, processing accelerators, co-processors.
    let wanted = ["03", "1200", "0b40"];
    if !wanted.iter().any(|begin| class.starts_with(begin)) {
        return None;
    }
    let (role, reason) = role(function, class);
    let file = |name: &str| {
        let text = files.text(&format!("{BUS}/{}/{name}", function.address))?;
        Some(text.to_owned())
    };
    Some(Gpu {
        pci_address: function.address.clone(),
        vendor_id: function.vendor_id.clone().unwrap_or_default(),
        device_id: function.device_id.clone().unwrap_or_default(),
        subsystem_vendor_id: function.subsystem_vendor_id.clone(),
        subsystem_device_id: function.subsystem_device_id.clone(),
        class: class.to_owned(),
        model: nvidia(files, &function.address).or_else(|| file("product_name")),
        serial: file("serial_number").or_else(|| file("unique_id")),
        driver: function.driver.clone(),
        accelerator: role == GpuRole::Accelerator,
        role,
        reason,
        boot_display: file("boot_vga").map(|text| text == "1"),
        slot: function.slot.clone(),
        numa_node: function.numa_node,
        link: function.link.clone(),
    })
}

/// Whether a display or processing function computes, and does not only draw a console; one whose ids are not
/// known may.
pub fn computes(function: &PciLink) -> bool {
    let (Some(class), Some(vendor), Some(device)) =
        (function.class, function.vendor, function.device)
    else {
        return true;
    };
    let known = PciDevice {
        address: function.address.clone(),
        vendor_id: Some(format!("{vendor:04x}")),
        device_id: Some(format!("{device:04x}")),
        ..PciDevice::default()
    };
    let (role, _reason) = role(&known, &format!("{class:06x}"));
    role == GpuRole::Accelerator
}

/// NVIDIA's driver names the model.
fn nvidia(files: &Files, address: &str) -> Option<String> {
    let text = files.text(&format!("proc/driver/nvidia/gpus/{address}/information"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
    Some(line.trim().to_owned()).filter(|name| !name.is_empty())
}

fn role(function: &PciDevice, class: &str) -> (GpuRole, &'static str) {
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    let (vendor, device) = (id(&function.vendor_id), id(&function.device_id));
    let set_apart = controller(&vendor, &device)
        .map(|why| (GpuRole::ManagementController, why))
        .or_else(|| hypervisor(&vendor, &device).map(|why| (GpuRole::Virtual, why)));
    if let Some(apart) = set_apart {
        return apart;
    }
    let on_root = function.address.get(5..8) == Some("00:");
    if class.starts_with("0b40") {
        return match vendor.as_str() {
            "8086" if device.starts_with("225") => {
                (GpuRole::Accelerator, "Intel Xeon Phi, a co-processor")
            }
            "8086" => (
                GpuRole::Coprocessor,
                "Intel QuickAssist: cryptography and compression",
            ),
            "1022" | "14e4" | "177d" | "15b3" => {
                (GpuRole::Coprocessor, "cryptography or packet processing")
            }
            _ => (GpuRole::Accelerator, "class 0b40, a co-processor"),
        };
    }
    if class.starts_with("1200") {
        return match vendor.as_str() {
            "8086" if on_root => (
                GpuRole::Coprocessor,
                "class 1200 on the root bus: within the processor",
            ),
            _ => (GpuRole::Accelerator, "class 1200, a processing accelerator"),
        };
    }
    if built_in(&vendor, &device, on_root) {
        return (GpuRole::BuiltIn, "graphics within the processor or chipset");
    }
    if class.starts_with("0302") {
        return (GpuRole::Accelerator, "class 0302, a 3D controller");
    }
    match vendor.as_str() {
        "10de" | "1002" | "8086" | "1da3" | "1ed5" | "1e3e" | "1ec8" => {
            (GpuRole::Accelerator, "a graphics card of a maker of GPUs")
        }
        _ => (GpuRole::Display, "a display controller"),
    }
}

/// Displays of management controllers.
fn controller(vendor: &str, device: &str) -> Option<&'static str> {
    Some(match (vendor, device) {
        ("1a03", _) => "ASPEED: a management controller's display",
        ("102b", "0520" | "0521" | "0522" | "0524" | "0530" | "0532" | "0533" | "0534") => {
            "Matrox G200: a management controller's display"
        }
        ("102b", "0535" | "0536" | "0538") => "Matrox G200: a management controller's display",
        ("1002", "515e") => "ATI ES1000: a server board's display",
        ("1002", "4752" | "4750") => "ATI Rage XL: a server board's display",
        ("1002", "5159" | "5969") => "ATI RV100: a server board's display",
        ("19e5", "1711") => "HiSilicon Hi1710: a management controller's display",
        ("1050", _) => "Nuvoton: a management controller's display",
        ("18ca", "0020" | "0021" | "0027") => "XGI Volari Z: a server board's display",
        ("126f", _) => "Silicon Motion: a server board's display",
        ("19a2", _) => "ServerEngines Pilot: a management controller's display",
        _ => return None,
    })
}

/// Displays that hypervisors make up.
fn hypervisor(vendor: &str, device: &str) -> Option<&'static str> {
    Some(match (vendor, device) {
        ("1234", "1111") => "the display of QEMU or Bochs",
        ("1b36", "0100") => "QXL: the display of QEMU",
        ("1013", "00b8") => "Cirrus GD 5446: the display of QEMU",
        ("15ad", _) => "the display of VMware",
        ("80ee", _) => "the display of VirtualBox",
        ("1414", _) => "the display of Hyper-V",
        ("1af4", _) => "the display of virtio",
        ("1ab8", _) => "the display of Parallels",
        _ => return None,
    })
}

/// Graphics that are part of a processor or chipset.
fn built_in(vendor: &str, device: &str, on_root: bool) -> bool {
    match vendor {
        "8086" => on_root,
        // AMD's processors have theirs behind an internal bridge, with a link of its own.
        "1002" => {
            on_root
                || matches!(
                    device,
                    "9874"
                        | "98e4"
                        | "15d8"
                        | "15dd"
                        | "1636"
                        | "1638"
                        | "164c"
                        | "164d"
                        | "164e"
                        | "1681"
                        | "15bf"
                        | "15c8"
                        | "1900"
                        | "1901"
                        | "13c0"
                        | "150e"
                        | "1586"
                        | "1114"
                        | "1506"
                )
        }
        "1022" | "0014" => true,
        _ => false,
    }
}
