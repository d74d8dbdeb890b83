//! Functions on the PCI bus, as `sys/bus/pci/devices` shows them.

use super::root::Root;
use crate::contract::types::PcieLink;

/// Where the kernel lists them.
pub const BUS: &str = "sys/bus/pci/devices";

/// A function on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its address: `0000:41:00.0`.
    pub address: String,
    /// Its class code, six lower-case hexadecimal digits.
    pub class: String,
    /// Its vendor's id, four lower-case hexadecimal digits.
    pub vendor_id: String,
    /// Whether it has a PCI Express link of its own.
    pub has_link: bool,
}

/// All functions, by address.
pub fn functions(root: &Root) -> Vec<Function> {
    let id = |address: &str, file: &str, digits: usize| {
        let text = root.value(&format!("{BUS}/{address}/{file}"));
        let text = text.unwrap_or_default().to_ascii_lowercase();
        format!("{:0>digits$}", text.trim_start_matches("0x"))
    };
    let addresses = root.list(BUS).into_iter().filter(|name| is_address(name));
    let function = |address: String| Function {
        class: id(&address, "class", 6),
        vendor_id: id(&address, "vendor", 4),
        has_link: link(root, &address).is_some(),
        address,
    };
    let mut functions: Vec<Function> = addresses.map(function).collect();
    functions.sort_by(|a, b| a.address.cmp(&b.address));
    functions
}

/// A function's PCI Express link; `None` where it has none or the kernel does not know it.
pub fn link(root: &Root, address: &str) -> Option<PcieLink> {
    let folder = format!("{BUS}/{address}");
    // `16.0 GT/s PCIe`, `8 GT/s`, or `Unknown`.
    let speed = |file: &str| {
        let text = root.value(&format!("{folder}/{file}"))?;
        text.split_whitespace().next()?.parse::<f64>().ok()
    };
    // 0 and 255 stand for unknown.
    let width = |file: &str| {
        let width = root.number::<u32>(&format!("{folder}/{file}"))?;
        (1..255).contains(&width).then_some(width)
    };
    Some(PcieLink {
        current_speed: speed("current_link_speed")?,
        current_width: width("current_link_width")?,
        max_speed: speed("max_link_speed")?,
        max_width: width("max_link_width")?,
    })
}

/// The PCI function nearest to a device, by the device's resolved path.
pub fn nearest(path: &str) -> Option<&str> {
    path.rsplit('/').find(|part| is_address(part))
}

/// Whether this is a PCI address such as `0000:41:00.0`.
pub fn is_address(text: &str) -> bool {
    let hex = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let fields = || {
        let (domain, rest) = text.split_once(':')?;
        let (bus, rest) = rest.split_once(':')?;
        let (slot, function) = rest.split_once('.')?;
        Some(hex(domain, 4..=8) && hex(bus, 2..=2) && hex(slot, 2..=2) && hex(function, 1..=1))
    };
    fields().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_names() {
        for good in ["0000:41:00.0", "10000:01:00.0", "0000:ff:1f.7"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "pci0000:00",
            "0:0:0:0",
            "0000:41:00",
            "0000:41:00.0.1",
            "virtio1",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
        let path = "sys/devices/pci0000:00/0000:00:1d.0/0000:04:00.0/nvme/nvme0";
        assert_eq!(nearest(path), Some("0000:04:00.0"));
    }
}
