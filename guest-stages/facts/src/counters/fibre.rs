//! Fibre Channel hosts: their port's state and counters.

use serde::Serialize;

use super::change::{Count, NamedCount, Part};
use super::folder::{Folder, Leftover, names};
use crate::files::Files;

const CLASS: &str = "sys/class/fc_host";

/// What to read for [`fibre`].
pub const FIBRE: &[&str] = &[
    "sys/class/fc_host/*",
    "sys/class/fc_host/*/port_name",
    "sys/class/fc_host/*/port_state",
    "sys/class/fc_host/*/port_type",
    "sys/class/fc_host/*/speed",
    "sys/class/fc_host/*/supported_speeds",
    "sys/class/fc_host/*/symbolic_name",
    "sys/class/fc_host/*/statistics/*",
];

/// One Fibre Channel host port.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FibrePort {
    /// Its folder: `host6`.
    pub host: String,
    /// The function or device that it is, as a path below the root.
    pub path: Option<String>,
    /// Its world-wide name.
    pub port_name: Option<String>,
    /// `Online`, `Linkdown`, `Offline`.
    pub state: Option<String>,
    /// How it is connected: `NPort (fabric via point-to-point)`.
    pub port_type: Option<String>,
    /// Speed in Gbit/s; `None`: no link (`unknown`, then in `extra`).
    pub gbps: Option<f64>,
    /// The speeds that it can have: `4 Gbit, 8 Gbit, 16 Gbit`.
    pub supported: Option<String>,
    /// The driver's description: model, firmware, driver.
    pub description: Option<String>,
    /// The counters. One that the card does not count (all bits set) is in `extra`.
    pub statistics: Vec<NamedCount>,
    /// What does not fit.
    #[serde(flatten)]
    pub leftover: Leftover,
}

/// `16 Gbit`.
fn gbps(text: &str) -> Option<f64> {
    let number: f64 = text.strip_suffix(" Gbit")?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The kernel writes hexadecimal digits after `0x`.
fn counted(text: &str) -> Option<u64> {
    let count = u64::from_str_radix(text.strip_prefix("0x")?, 16).ok()?;
    (count != u64::MAX).then_some(count)
}

/// Reads every host port.
pub fn fibre(files: &Files) -> Vec<FibrePort> {
    let one = |host: String| {
        let home = format!("{CLASS}/{host}");
        let mut folder = Folder::open(files, &home);
        let mut counters = Folder::open(files, &format!("{home}/statistics"));
        // To write there sets the counters back: it cannot be read.
        counters.gap("reset_statistics");
        let statistics = counters.left().into_iter().filter_map(|name| {
            let count = counters.with(&name, counted)?;
            Some(NamedCount { name, count })
        });
        let statistics = statistics.collect();
        let mut found = FibrePort {
            path: files.target(&home).map(str::to_owned),
            host,
            port_name: folder.text("port_name"),
            state: folder.text("port_state"),
            port_type: folder.text("port_type"),
            gbps: folder.with("speed", gbps),
            supported: folder.text("supported_speeds"),
            description: folder.text("symbolic_name"),
            statistics,
            leftover: folder.close(),
        };
        counters.close_below("statistics", &mut found.leftover);
        found
    };
    names(files, CLASS).into_iter().map(one).collect()
}

/// The counters of all host ports.
pub fn counts(ports: &[FibrePort]) -> Vec<Count> {
    let mut counts = Vec::new();
    for port in ports {
        let part = format!("fibre/{}", port.host);
        Part {
            to: &mut counts,
            part,
        }
        .all(&port.statistics);
    }
    counts
}
