//! The GPUs on the PCI bus, whether a tool reports on them or not.

use vetting_facts::counters::{PciLink, pci_links};
use vetting_facts::files::Files;
use vetting_facts::inventory::computes;
use vetting_stage::{Part, explain, gpu, kernel_files, part};

/// What is read of each function, and of the port that it is plugged into.
pub const FILES: &[&str] = &[
    "sys/bus/pci/devices/*",
    "sys/bus/pci/devices/*/class",
    "sys/bus/pci/devices/*/vendor",
    "sys/bus/pci/devices/*/device",
    "sys/bus/pci/devices/*/driver",
    "sys/bus/pci/devices/*/current_link_speed",
    "sys/bus/pci/devices/*/current_link_width",
    "sys/bus/pci/devices/*/max_link_speed",
    "sys/bus/pci/devices/*/max_link_width",
];

/// One of them.
#[derive(Clone, Debug, Default)]
pub struct OnBus {
    pub address: String,
    /// PCI vendor id; `None`: its files could not be read.
    pub vendor: Option<u64>,
    /// Class, subclass and interface.
    pub class: Option<u64>,
    /// Kernel driver.
    pub driver: Option<String>,
    /// The most lanes of the port that it is plugged into.
    pub port_width: Option<u32>,
}

/// Those that compute.
///
/// # Errors
///
/// Why the host gives no list of them.
pub fn read() -> Result<Vec<OnBus>, String> {
    let mut addresses = gpu::devices().map_err(|error| explain(&error))?;
    let functions = links(&addresses);
    // What only draws the console is no GPU to judge.
    addresses.retain(|address| {
        let mut functions = functions.iter();
        functions
            .find(|function| function.address == *address)
            .is_none_or(computes)
    });
    let of = |address: &str| functions.iter().find(|link| link.address == address);
    let parents = functions
        .iter()
        .filter(|link| addresses.contains(&link.address));
    let parents: Vec<String> = parents.filter_map(|link| link.parent.clone()).collect();
    let ports = links(&parents);
    let one = |address: &String| {
        let function = of(address);
        let parent = function.and_then(|function| function.parent.as_deref());
        let port = ports
            .iter()
            .find(|port| Some(port.address.as_str()) == parent);
        OnBus {
            address: address.clone(),
            vendor: function.and_then(|function| function.vendor),
            class: function.and_then(|function| function.class),
            driver: function.and_then(|function| function.driver.clone()),
            port_width: port
                .and_then(|port| port.max_width)
                .filter(|lanes| *lanes > 0),
        }
    };
    Ok(addresses.iter().map(one).collect())
}

/// The links of some functions. Where their files cannot be read there are none: that is no fault of a GPU.
fn links(addresses: &[String]) -> Vec<PciLink> {
    let paths = addresses
        .iter()
        .flat_map(|address| kernel_files::of_part(FILES, address));
    let paths: Vec<String> = paths.collect();
    if paths.is_empty() {
        return Vec::new();
    }
    let globs: Vec<&str> = paths.iter().map(String::as_str).collect();
    let files: Files = kernel_files::read(&globs).unwrap_or_default();
    pci_links(&files)
}

impl OnBus {
    /// It as a part.
    pub fn part(&self) -> Part {
        part("gpu", self.address.clone())
    }
}
