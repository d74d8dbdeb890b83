//! InfiniBand and RDMA devices: their ports' state and counters.

use serde::Serialize;

use super::change::{Count, NamedCount, Part};
use super::folder::{Folder, Leftover, link, names, numbered};
use crate::files::Files;

const CLASS: &str = "sys/class/infiniband";

/// What to read for [`infiniband`].
pub const INFINIBAND: &[&str] = &[
    "sys/class/infiniband/*",
    "sys/class/infiniband/*/fw_ver",
    "sys/class/infiniband/*/board_id",
    "sys/class/infiniband/*/hca_type",
    "sys/class/infiniband/*/node_type",
    "sys/class/infiniband/*/node_guid",
    "sys/class/infiniband/*/device",
    "sys/class/infiniband/*/hw_counters/*",
    "sys/class/infiniband/*/ports/*/*",
    "sys/class/infiniband/*/ports/*/counters/*",
    "sys/class/infiniband/*/ports/*/counters_ext/*",
    "sys/class/infiniband/*/ports/*/hw_counters/*",
];

/// One device.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct IbDevice {
    /// The kernel's name: `mlx5_0`.
    pub name: String,
    /// The function that it is, as a path below the root.
    pub device: Option<String>,
    /// Firmware.
    pub firmware: Option<String>,
    /// The board: `MT_0000000223`.
    pub board: Option<String>,
    /// The card: `MT4123`.
    pub hca: Option<String>,
    /// The device's own counters.
    pub hw_counters: Vec<NamedCount>,
    /// Its ports.
    pub ports: Vec<IbPort>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// One port.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct IbPort {
    /// Its number, from 1.
    pub port: u32,
    /// The logical state: `4: ACTIVE` is code 4 and `ACTIVE`.
    pub state: Option<Coded>,
    /// The physical state: `5: LinkUp`.
    pub physical_state: Option<Coded>,
    /// Speed in Gbit/s.
    pub gbps: Option<f64>,
    /// Lanes and generation: `4X EDR`.
    pub rate: Option<String>,
    /// `InfiniBand`, `Ethernet`.
    pub link_layer: Option<String>,
    /// The standard counters. `port_rcv_data` and `port_xmit_data` count words of 4 bytes.
    pub counters: Vec<NamedCount>,
    /// The same with 64 bits, where a driver has them apart.
    pub counters_ext: Vec<NamedCount>,
    /// The card's own counters.
    pub hw_counters: Vec<NamedCount>,
    /// What does not fit; a counter without a value says so (`N/A (no PMA)`).
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// A code with its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coded {
    /// The code.
    pub code: u32,
    /// The words.
    pub text: String,
}

fn coded(text: &str) -> Option<Coded> {
    let (code, text) = text.split_once(':')?;
    Some(Coded {
        code: code.trim().parse().ok()?,
        text: text.trim().to_owned(),
    })
}

/// Reads every device.
pub fn infiniband(files: &Files) -> Vec<IbDevice> {
    let one = |name: String| {
        let home = format!("{CLASS}/{name}");
        let mut folder = Folder::open(files, &home);
        let ports = names(files, &format!("{home}/ports"));
        let ports = ports.iter().filter_map(|name| numbered(name, ""));
        let mut found = IbDevice {
            name,
            device: link(files, &home, "device"),
            firmware: folder.text("fw_ver"),
            board: folder.text("board_id"),
            hca: folder.text("hca_type"),
            hw_counters: Vec::new(),
            ports: ports.map(|number| port(files, &home, number)).collect(),
            leftover: folder.close(),
        };
        found.hw_counters = counters(files, &home, "hw_counters", &mut found.leftover);
        found
    };
    names(files, CLASS).into_iter().map(one).collect()
}

fn port(files: &Files, device: &str, number: u32) -> IbPort {
    let home = format!("{device}/ports/{number}");
    let mut folder = Folder::open(files, &home);
    let rate = folder.text("rate");
    // `100 Gb/sec (4X EDR)`.
    let cells = rate.as_deref().and_then(|rate| rate.split_once(" Gb/sec"));
    let gbps = cells.and_then(|(number, _)| number.trim().parse().ok());
    let inner = cells.map(|(_, rest)| rest.trim().trim_matches(['(', ')']).to_owned());
    let mut found = IbPort {
        port: number,
        state: folder.with("state", coded),
        physical_state: folder.with("phys_state", coded),
        gbps: gbps.filter(|number: &f64| number.is_finite()),
        rate: if gbps.is_some() { inner } else { rate },
        link_layer: folder.text("link_layer"),
        counters: Vec::new(),
        counters_ext: Vec::new(),
        hw_counters: Vec::new(),
        leftover: folder.close(),
    };
    found.counters = counters(files, &home, "counters", &mut found.leftover);
    found.counters_ext = counters(files, &home, "counters_ext", &mut found.leftover);
    found.hw_counters = counters(files, &home, "hw_counters", &mut found.leftover);
    found
}

fn counters(files: &Files, home: &str, kind: &str, leftover: &mut Leftover) -> Vec<NamedCount> {
    let mut folder = Folder::open(files, &format!("{home}/{kind}"));
    let mut counts = Vec::new();
    for name in folder.left() {
        if let Some(count) = folder.number(&name) {
            counts.push(NamedCount { name, count });
        }
    }
    folder.close_below(kind, leftover);
    counts
}

/// The counters of all ports.
pub fn counts(devices: &[IbDevice]) -> Vec<Count> {
    let mut counts = Vec::new();
    for device in devices {
        let home = format!("infiniband/{}", device.name);
        let mut part = Part {
            to: &mut counts,
            part: home.clone(),
        };
        part.all(&device.hw_counters);
        for port in &device.ports {
            part.part = format!("{home}/{}", port.port);
            part.all(&port.counters);
            part.part = format!("{home}/{}/ext", port.port);
            part.all(&port.counters_ext);
            part.part = format!("{home}/{}/hw", port.port);
            part.all(&port.hw_counters);
        }
    }
    counts
}
