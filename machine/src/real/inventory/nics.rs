//! Network ports: `sys/class/net` without loopback, bridges and other virtual ones.

use super::ethtool;
use crate::contract::inventory::Nic;
use crate::real::pci;
use crate::real::root::Root;

/// Where the kernel shows network ports.
pub const CLASS: &str = "sys/class/net";

/// Drivers of cards that a hypervisor makes up; no cable of theirs can be judged.
const PARAVIRTUAL: [&str; 10] = [
    "virtio_net",
    "vmxnet3",
    "xen_netfront",
    "vif",
    "hv_netvsc",
    "netvsc",
    "ena",
    "gve",
    "mana",
    "ibmveth",
];

/// The names of the physical ports, in order.
pub fn names(root: &Root) -> Vec<String> {
    let is_physical = |name: &String| {
        let place = root.resolve(&format!("{CLASS}/{name}")).unwrap_or_default();
        // A port of a copied tree may have lost the link that its device was.
        let device = root.link_name(&format!("{CLASS}/{name}/device")).is_some()
            || root.is_folder(&format!("{CLASS}/{name}/device"));
        // A VLAN on top of a port has the port's device in old kernels; ARPHRD_ETHER or InfiniBand.
        let kind = root.number::<u32>(&format!("{CLASS}/{name}/type"));
        let wired = matches!(kind, None | Some(1 | 32));
        device && wired && !place.contains("/virtual/") && name != "lo"
    };
    root.list(CLASS).into_iter().filter(is_physical).collect()
}

/// The physical ports, by name.
pub fn read(root: &Root) -> Vec<Nic> {
    names(root)
        .into_iter()
        .map(|name| nic(root, name))
        .collect()
}

fn nic(root: &Root, name: String) -> Nic {
    let folder = format!("{CLASS}/{name}");
    let device = format!("{folder}/device");
    let place = root.resolve(&device).unwrap_or_default();
    let driver = root.link_name(&format!("{device}/driver"));
    let address = pci::nearest(&place).map(str::to_owned);
    let value = |file: &str| root.value(&format!("{folder}/{file}"));
    let told = match root.is_here() {
        true => ethtool::ask(&name),
        false => ethtool::Told::default(),
    };
    let virtual_function = root.link_name(&format!("{device}/physfn")).is_some();
    let made_up = driver.as_deref().is_some_and(|d| PARAVIRTUAL.contains(&d))
        || place
            .rsplit('/')
            .next()
            .is_some_and(|last| last.starts_with("virtio"));
    let carrier = value("carrier").as_deref() == Some("1");
    // Without a carrier the kernel writes -1 or 4294967295.
    let speed = value("speed").and_then(|text| text.parse::<i64>().ok());
    let speed = speed.filter(|s| *s > 0 && *s < i64::from(u32::MAX));
    Nic {
        mac: told
            .mac
            .or_else(|| value("address"))
            .unwrap_or_default()
            .to_ascii_lowercase(),
        driver: driver.or(told.driver),
        firmware: told.firmware,
        paravirtual: virtual_function || made_up,
        carrier,
        speed_mbps: speed
            .filter(|_| carrier)
            .and_then(|s| u64::try_from(s).ok()),
        max_speed_mbps: told.max_speed_mbps,
        duplex: value("duplex").filter(|d| d == "full" || d == "half"),
        mtu: value("mtu").and_then(|t| t.parse().ok()).unwrap_or(0),
        link: address.as_deref().and_then(|a| pci::link(root, a)),
        pci_address: address,
        name,
    }
}
