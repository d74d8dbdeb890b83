//! Network ports: those that a cable may be in, and others with the reason.

use serde::Serialize;

use super::pci::{self, Link, PciDevice};
use super::{Given, GivenPort, usb};
use crate::files::{Entry, Files};
use crate::smbios::Tables;

const CLASS: &str = "sys/class/net";

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

/// Where a port's address was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MacSource {
    /// The driver gave the permanent address.
    Driver,
    /// A bond keeps the permanent address of its port.
    Bond,
    /// The current address, which the kernel says is the permanent one.
    Permanent,
    /// The current address, which may have been set.
    Current,
    /// The GUID within an InfiniBand port's address of 20 bytes.
    Guid,
}

/// A network port.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Nic {
    /// The kernel's name: `eth0`, `enp3s0f0np0`.
    pub name: String,
    /// Permanent address, lower case with colons: six bytes, of InfiniBand the eight of the port's GUID.
    pub mac: Option<String>,
    /// Where the permanent address was found.
    pub mac_source: Option<MacSource>,
    /// The current address as the kernel writes it.
    pub address: Option<String>,
    /// Driver.
    pub driver: Option<String>,
    /// Version of its firmware.
    pub firmware: Option<String>,
    /// PCI address of its function: `0000:03:00.0`.
    pub pci_address: Option<String>,
    /// PCI vendor id, or USB's for a port on USB.
    pub vendor_id: Option<String>,
    /// PCI device id, or USB's product id.
    pub device_id: Option<String>,
    /// PCI subsystem vendor id.
    pub subsystem_vendor_id: Option<String>,
    /// PCI subsystem device id.
    pub subsystem_device_id: Option<String>,
    /// Place on USB: `1-14.3`.
    pub usb_place: Option<String>,
    /// Name of its slot.
    pub slot: Option<String>,
    /// Name on the board.
    pub onboard: Option<String>,
    /// Whether it is a virtual function or a paravirtual card, so that no cable can be judged.
    pub paravirtual: bool,
    /// Whether there is a carrier; `None` where the port is down.
    pub carrier: Option<bool>,
    /// The kernel's word for its state: `up`, `down`, `lowerlayerdown`.
    pub state: Option<String>,
    /// Speed in Mbit/s now; `None` without a carrier or where the driver does not say.
    pub speed_mbps: Option<u64>,
    /// The highest speed that it supports, in Mbit/s, where the driver says so.
    pub max_speed_mbps: Option<u64>,
    /// `full` or `half`.
    pub duplex: Option<String>,
    /// Maximum transmission unit in bytes.
    pub mtu: Option<u32>,
    /// The kernel's number of its hardware type: 1 Ethernet, 32 InfiniBand.
    pub hardware_type: Option<u32>,
    /// Number of the port on its function.
    pub port: Option<u32>,
    /// The driver's name of the port: `p0`.
    pub port_name: Option<String>,
    /// NUMA node.
    pub numa_node: Option<u32>,
    /// PCI Express link.
    pub link: Option<Link>,
}

/// Why a port is not one of the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PortRole {
    /// It leads from the host to its own management controller.
    ManagementController,
    /// It has no device: loopback, bridge, bond, VLAN, tunnel.
    Virtual,
    /// It stands for a virtual function within a switch.
    Representor,
    /// It is neither Ethernet nor InfiniBand, or without a cable.
    NotWired,
}

/// A port that no cable of the machine's network is in.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PortApart {
    /// What it is.
    pub role: PortRole,
    /// Why it is that.
    pub reason: String,
    /// The port.
    #[serde(flatten)]
    pub nic: Nic,
}

/// Files and links that [`super::ports`] reads.
pub const PORT_FILES: &[&str] = &[
    "sys/bus/pci/devices/*",
    "sys/bus/pci/devices/*/class",
    "sys/bus/pci/devices/*/current_link_speed",
    "sys/bus/pci/devices/*/current_link_width",
    "sys/bus/pci/devices/*/device",
    "sys/bus/pci/devices/*/max_link_speed",
    "sys/bus/pci/devices/*/max_link_width",
    "sys/bus/pci/devices/*/vendor",
    "sys/bus/usb/devices/*",
    "sys/bus/usb/devices/*/idProduct",
    "sys/bus/usb/devices/*/idVendor",
    "sys/bus/usb/devices/*/manufacturer",
    "sys/bus/usb/devices/*/product",
    "sys/class/net/*",
    "sys/class/net/*/addr_assign_type",
    "sys/class/net/*/address",
    "sys/class/net/*/bonding_slave/perm_hwaddr",
    "sys/class/net/*/carrier",
    "sys/class/net/*/dev_port",
    "sys/class/net/*/device",
    "sys/class/net/*/device/driver",
    "sys/class/net/*/device/infiniband/*/fw_ver",
    "sys/class/net/*/device/physfn",
    "sys/class/net/*/duplex",
    "sys/class/net/*/mtu",
    "sys/class/net/*/operstate",
    "sys/class/net/*/phy80211",
    "sys/class/net/*/phys_port_name",
    "sys/class/net/*/speed",
    "sys/class/net/*/type",
];

/// The ports that a driver can be asked about: all that have a device, in natural order.
pub fn port_names(files: &Files) -> Vec<&str> {
    let mut names = files.names(CLASS);
    names.retain(|name| {
        let device = format!("{CLASS}/{name}/device");
        files.get(&device).is_some() || !files.names(&device).is_empty()
    });
    names
}

/// The machine's ports, then the others, both by name.
pub(super) fn read(
    files: &Files,
    given: &Given,
    functions: &[PciDevice],
    tables: &Tables,
) -> (Vec<Nic>, Vec<PortApart>) {
    let (mut own, mut apart) = (Vec::new(), Vec::new());
    for name in files.names(CLASS) {
        // `bonding_masters` is a file.
        if matches!(
            files.get(&format!("{CLASS}/{name}")),
            Some(Entry::File { .. })
        ) {
            continue;
        }
        let port = given.ports.iter().find(|port| port.name == name);
        let device = files.target(&format!("{CLASS}/{name}/device"));
        let on_usb = device.and_then(|path| usb::at_path(files, tables, path));
        let nic = nic(files, name, port, functions, on_usb.as_ref());
        match role(files, &nic, on_usb.as_ref()) {
            Some((role, reason)) => apart.push(PortApart { role, reason, nic }),
            None => own.push(nic),
        }
    }
    (own, apart)
}

fn role(files: &Files, nic: &Nic, on_usb: Option<&usb::UsbDevice>) -> Option<(PortRole, String)> {
    let folder = format!("{CLASS}/{}", nic.name);
    let place = files.target(&folder).unwrap_or_default();
    let device = format!("{folder}/device");
    let has_device = files.get(&device).is_some() || !files.names(&device).is_empty();
    if place.contains("/virtual/") || !has_device || nic.name == "lo" {
        return Some((PortRole::Virtual, "it has no device".to_owned()));
    }
    if let Some(kind) = nic.hardware_type.filter(|kind| !matches!(kind, 1 | 32)) {
        let reason = format!("its hardware type is {kind}, neither Ethernet nor InfiniBand");
        return Some((PortRole::NotWired, reason));
    }
    let wireless = ["wireless", "phy80211"];
    if wireless
        .iter()
        .any(|file| files.get(&format!("{folder}/{file}")).is_some())
    {
        return Some((PortRole::NotWired, "it is wireless".to_owned()));
    }
    if let Some(name) = nic.port_name.as_deref().filter(|name| is_representor(name)) {
        let reason = format!("it stands for the virtual port {name}");
        return Some((PortRole::Representor, reason));
    }
    let device = on_usb?;
    if let Some(reason) = device.management_controller {
        return Some((PortRole::ManagementController, reason.to_owned()));
    }
    // Without the device's numbers: a gadget makes up its address, and its driver is a generic one.
    let generic = matches!(
        nic.driver.as_deref(),
        Some("cdc_ether" | "rndis_host" | "cdc_eem")
    );
    let made_up = nic.address.as_deref().is_some_and(is_made_up);
    (generic && made_up).then(|| {
        let reason = "a USB gadget with an address that it made up";
        (PortRole::ManagementController, reason.to_owned())
    })
}

/// Whether an address is administered locally: bit 1 of the first byte.
fn is_made_up(address: &str) -> bool {
    let first = address.get(..2).map(|hex| u8::from_str_radix(hex, 16));
    matches!(first, Some(Ok(byte)) if byte & 2 != 0)
}

/// `pf0vf3`, `c1pf0vf0`, `pf0sf88`; the physical `p0` and `pf0` are none.
fn is_representor(name: &str) -> bool {
    name.contains("pf") && (name.contains("vf") || name.contains("sf"))
}

fn nic(
    files: &Files,
    name: &str,
    given: Option<&GivenPort>,
    functions: &[PciDevice],
    on_usb: Option<&usb::UsbDevice>,
) -> Nic {
    let folder = format!("{CLASS}/{name}");
    let text = |file: &str| files.text(&format!("{folder}/{file}"));
    let owned = |file: &str| text(file).map(str::to_owned);
    let place = files
        .target(&format!("{folder}/device"))
        .unwrap_or_default();
    let driver = files.target(&format!("{folder}/device/driver"));
    let driver = driver.and_then(|path| path.rsplit('/').next());
    let driver = driver.map(str::to_owned);
    let driver = driver.or_else(|| given.and_then(|given| given.driver.clone()));
    let address = pci::nearest(place).filter(|_| on_usb.is_none());
    let function = functions
        .iter()
        .find(|f| Some(f.address.as_str()) == address);
    let of = |pick: fn(&PciDevice) -> &Option<String>| function.and_then(|f| pick(f).clone());
    let virtual_function = files.get(&format!("{folder}/device/physfn")).is_some();
    let made_up = driver.as_deref().is_some_and(|d| PARAVIRTUAL.contains(&d));
    let last = place.rsplit('/').next().unwrap_or_default();
    let carrier = text("carrier").map(|text| text == "1");
    // Without a carrier the kernel writes -1 or 4294967295.
    let speed = text("speed").and_then(|text| text.parse::<u64>().ok());
    let speed = speed.filter(|mbps| *mbps > 0 && *mbps < u64::from(u32::MAX));
    let (mac, mac_source) = mac(files, &folder, given).unzip();
    Nic {
        name: name.to_owned(),
        mac,
        mac_source,
        address: owned("address"),
        firmware: given
            .and_then(|given| given.firmware.clone())
            .or_else(|| infiniband_firmware(files, &folder)),
        pci_address: address.map(str::to_owned),
        vendor_id: of(|f| &f.vendor_id).or_else(|| on_usb?.vendor_id.clone()),
        device_id: of(|f| &f.device_id).or_else(|| on_usb?.product_id.clone()),
        subsystem_vendor_id: of(|f| &f.subsystem_vendor_id),
        subsystem_device_id: of(|f| &f.subsystem_device_id),
        usb_place: on_usb.map(|device| device.place.clone()),
        slot: of(|f| &f.slot),
        onboard: of(|f| &f.onboard),
        paravirtual: virtual_function || made_up || last.starts_with("virtio"),
        carrier,
        state: owned("operstate"),
        speed_mbps: speed.filter(|_| carrier == Some(true)),
        max_speed_mbps: given.and_then(|given| given.max_speed_mbps),
        duplex: owned("duplex").filter(|d| d == "full" || d == "half"),
        mtu: files.number(&format!("{folder}/mtu")),
        hardware_type: files.number(&format!("{folder}/type")),
        port: files.number(&format!("{folder}/dev_port")),
        port_name: owned("phys_port_name"),
        numa_node: function.and_then(|f| f.numa_node),
        link: function.and_then(|f| f.link.clone()),
        driver,
    }
}

/// The permanent address, and where it was found.
fn mac(files: &Files, folder: &str, given: Option<&GivenPort>) -> Option<(String, MacSource)> {
    let text = |file: &str| files.text(&format!("{folder}/{file}"));
    let (address, source) = None
        .or_else(|| Some((given?.permanent_mac.as_deref()?, MacSource::Driver)))
        .or_else(|| Some((text("bonding_slave/perm_hwaddr")?, MacSource::Bond)))
        .or_else(|| {
            let permanent = text("addr_assign_type") == Some("0");
            let source = if permanent {
                MacSource::Permanent
            } else {
                MacSource::Current
            };
            Some((text("address")?, source))
        })?;
    let address = address.trim().to_ascii_lowercase();
    let bytes: Vec<&str> = address.split(':').collect();
    // Queue pair and subnet come first, and are new when the driver is loaded again.
    if bytes.len() == 20 {
        let guid = bytes.get(12..)?.join(":");
        return Some((guid, MacSource::Guid));
    }
    let zeros = bytes.iter().all(|byte| *byte == "00");
    (!zeros && !address.is_empty()).then_some((address, source))
}

/// The firmware of an InfiniBand device, which Ethernet ports of the same maker have too.
fn infiniband_firmware(files: &Files, folder: &str) -> Option<String> {
    let devices = format!("{folder}/device/infiniband");
    let names = files.names(&devices).into_iter();
    let mut found = names.filter_map(|name| files.text(&format!("{devices}/{name}/fw_ver")));
    found.next().map(str::to_owned)
}
