//! Graphics processors and accelerators on the PCI bus.

use crate::contract::inventory::{Gpu, PciDevice};
use crate::real::root::Root;

/// Databases of PCI names, where the system has one.
const NAMES: [&str; 2] = ["usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids"];

/// Most that is read of such a database; it is about 1.5 MB.
const NAMES_LIMIT: u64 = 16 << 20;

/// Those among the functions, by address.
pub fn among(root: &Root, functions: &[PciDevice]) -> Vec<Gpu> {
    let found: Vec<_> = functions.iter().filter(|f| is_gpu(f)).collect();
    if found.is_empty() {
        return Vec::new();
    }
    let bytes = NAMES
        .iter()
        .find_map(|path| root.bytes(path, NAMES_LIMIT).ok());
    let names = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let gpu = |f: &&PciDevice| Gpu {
        pci_address: f.address.clone(),
        vendor_id: f.vendor_id.clone(),
        device_id: f.device_id.clone(),
        model: driver_name(root, &f.address).or_else(|| lookup(&names, &f.vendor_id, &f.device_id)),
        driver: f.driver.clone(),
        accelerator: is_accelerator(f),
    };
    found.iter().map(gpu).collect()
}

/// Display controllers (class 03) and processing accelerators (class 12 00).
fn is_gpu(function: &PciDevice) -> bool {
    function.class.starts_with("03") || function.class.starts_with("1200")
}

/// A 3D or processing controller computes; a graphics card does when its vendor makes such. A BMC's
/// display (ASPEED 1a03, Matrox 102b) and a virtual machine's does not.
fn is_accelerator(function: &PciDevice) -> bool {
    let vendor = function.vendor_id.as_str();
    let display_only = [
        "1a03", "102b", "1234", "1b36", "1013", "15ad", "80ee", "1414", "1af4", "19e5", "18ca",
    ];
    if display_only.contains(&vendor) {
        return false;
    }
    let computes = function.class.starts_with("0302") || function.class.starts_with("1200");
    // Graphics on bus 00 sits in the processor; what AMD and Intel build in is no accelerator.
    let built_in = matches!(vendor, "8086" | "1002") && function.link.is_none();
    computes
        || matches!(vendor, "10de" | "1002" | "1da3")
        || (vendor == "8086" && !built_in && discrete(function))
}

/// Intel's discrete cards are not on the root bus.
fn discrete(function: &PciDevice) -> bool {
    !function.address.starts_with("0000:00:")
}

/// NVIDIA's driver names the model.
fn driver_name(root: &Root, address: &str) -> Option<String> {
    let text = root.value(&format!("proc/driver/nvidia/gpus/{address}/information"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
    Some(line.trim().to_owned()).filter(|name| !name.is_empty())
}

/// A device's name in `pci.ids`: vendors at the line's start, their devices after one tab.
fn lookup(names: &str, vendor: &str, device: &str) -> Option<String> {
    let mut lines = names
        .lines()
        .skip_while(|line| !line.starts_with(vendor))
        .peekable();
    let vendor_name = lines.next()?.get(vendor.len()..)?.trim().to_owned();
    let of_vendor = lines.take_while(|line| line.starts_with('\t') || line.starts_with('#'));
    let mut devices = of_vendor.filter_map(|line| line.strip_prefix('\t'));
    let name = devices.find_map(|line| line.strip_prefix(device))?;
    Some(format!("{vendor_name} {}", name.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_database() {
        let names = "# x\n1002  AMD\n\t740f  Aldebaran\n10de  NVIDIA Corporation\n\t20b2  GA100 [A100 SXM4 80GB]\n\t\t10de 1463  x\n1234  Y\n\t20b9  no\n";
        assert_eq!(
            lookup(names, "10de", "20b2").as_deref(),
            Some("NVIDIA Corporation GA100 [A100 SXM4 80GB]")
        );
        assert_eq!(lookup(names, "10de", "20b9"), None);
        assert_eq!(lookup(names, "ffff", "0000"), None);
    }

    #[test]
    fn a_bmc_display_is_no_accelerator() {
        let function = |address: &str, class: &str, vendor: &str| PciDevice {
            address: address.into(),
            class: class.into(),
            vendor_id: vendor.into(),
            ..PciDevice::default()
        };
        for (yes, f) in [
            (true, function("0000:41:00.0", "030200", "10de")),
            (true, function("0000:41:00.0", "120000", "1da3")),
            (true, function("0000:41:00.0", "030000", "1002")),
            (false, function("0000:03:00.0", "030000", "1a03")),
            (false, function("0000:03:00.0", "030000", "102b")),
            (false, function("0000:00:02.0", "030000", "8086")),
            (false, function("0000:00:01.0", "030000", "1234")),
        ] {
            assert_eq!(is_accelerator(&f), yes, "{f:?}");
        }
    }
}
