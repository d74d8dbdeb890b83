//! Network ports: their link and the kernel's statistics.

use serde::Serialize;

use super::change::{Count, NamedCount, Part};
use super::folder::{Folder, Leftover, last, link, names, resolve};
use crate::files::{Entry, Files};

const CLASS: &str = "sys/class/net";

/// What to read for [`nics`].
pub const NIC: &[&str] = &[
    "sys/class/net/*",
    "sys/class/net/*/operstate",
    "sys/class/net/*/carrier*",
    "sys/class/net/*/speed",
    "sys/class/net/*/duplex",
    "sys/class/net/*/mtu",
    "sys/class/net/*/type",
    "sys/class/net/*/flags",
    "sys/class/net/*/address",
    "sys/class/net/*/dormant",
    "sys/class/net/*/phys_port_name",
    "sys/class/net/*/device",
    "sys/class/net/*/master",
    "sys/class/net/*/device/driver",
    "sys/class/net/*/statistics/*",
];

/// One network port.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Nic {
    /// The kernel's name.
    pub name: String,
    /// `up`, `down`, `lowerlayerdown`, `unknown`.
    pub state: Option<String>,
    /// Whether it has a carrier; `None`: not to be read while the port is down.
    pub carrier: Option<bool>,
    /// How often the carrier came or went.
    pub carrier_changes: Option<u64>,
    /// How often it came.
    pub carrier_up: Option<u64>,
    /// How often it went.
    pub carrier_down: Option<u64>,
    /// Speed in Mbit/s; `None` where unknown (-1 or 4294967295, then in `extra`).
    pub speed_mbps: Option<u32>,
    /// `full`, `half`, `unknown`.
    pub duplex: Option<String>,
    /// The longest packet in bytes.
    pub mtu: Option<u64>,
    /// ARP hardware type: 1 Ethernet, 32 InfiniBand, 772 loopback.
    pub hardware: Option<u32>,
    /// Interface flags; bit 0: switched on.
    pub flags: Option<u64>,
    /// Hardware address.
    pub address: Option<String>,
    /// The card's name of the port: `p0`.
    pub port: Option<String>,
    /// The device that it sits on, as a path below the root; `None`: a virtual port.
    pub device: Option<String>,
    /// The device's driver.
    pub driver: Option<String>,
    /// The bond or bridge that it belongs to.
    pub master: Option<String>,
    /// The kernel's statistics: `rx_crc_errors` …
    pub statistics: Vec<NamedCount>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// Reads every port. Files of the class that are not a port (`bonding_masters`) are left out.
pub fn nics(files: &Files) -> Vec<Nic> {
    let is_port = |name: &String| {
        let entry = files.get(&format!("{CLASS}/{name}"));
        !matches!(entry, Some(Entry::File { .. } | Entry::Gap(_)))
    };
    let names = names(files, CLASS).into_iter().filter(is_port);
    names.map(|name| nic(files, name)).collect()
}

fn nic(files: &Files, name: String) -> Nic {
    let home = format!("{CLASS}/{name}");
    let mut folder = Folder::open(files, &home);
    let device = link(files, &home, "device");
    let driver = link(files, &format!("{home}/device"), "driver");
    let target = |link: Option<String>| link.map(|to| last(&to).to_owned());
    let mut statistics = Folder::open(files, &resolve(files, &format!("{home}/statistics")));
    let mut counts = Vec::new();
    for name in statistics.left() {
        if let Some(count) = statistics.number(&name) {
            counts.push(NamedCount { name, count });
        }
    }
    let known = |text: &str| text.parse::<u32>().ok().filter(|speed| *speed != u32::MAX);
    let mut found = Nic {
        name,
        state: folder.text("operstate"),
        carrier: folder.flag("carrier"),
        carrier_changes: folder.number("carrier_changes"),
        carrier_up: folder.number("carrier_up_count"),
        carrier_down: folder.number("carrier_down_count"),
        speed_mbps: folder.with("speed", known),
        duplex: folder.text("duplex"),
        mtu: folder.number("mtu"),
        hardware: folder.number("type"),
        flags: folder.any_radix("flags"),
        address: folder.text("address"),
        port: folder.text("phys_port_name"),
        driver: target(driver),
        device,
        master: target(link(files, &home, "master")),
        statistics: counts,
        leftover: folder.close(),
    };
    statistics.close_below("statistics", &mut found.leftover);
    found
}

/// The counters of all ports.
pub fn counts(nics: &[Nic]) -> Vec<Count> {
    let mut counts = Vec::new();
    for nic in nics {
        let mut part = Part {
            to: &mut counts,
            part: format!("nic/{}", nic.name),
        };
        part.add("carrier_changes", nic.carrier_changes);
        part.add("carrier_up_count", nic.carrier_up);
        part.add("carrier_down_count", nic.carrier_down);
        part.all(&nic.statistics);
    }
    counts
}
