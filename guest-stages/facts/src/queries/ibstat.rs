//! `ibstat`: InfiniBand and RoCE adapters with their ports.

use serde::Serialize;

use super::lines::{known, lines};
use crate::Unreadable;

/// The adapters.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Adapters {
    /// Each adapter.
    pub adapters: Vec<Adapter>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// One adapter ("CA").
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Adapter {
    /// The kernel's name: `mlx5_0`.
    pub name: String,
    /// Its type: `MT4129`.
    pub kind: Option<String>,
    /// Its firmware.
    pub firmware: Option<String>,
    /// Its hardware revision.
    pub hardware: Option<String>,
    /// The node's GUID.
    pub node_guid: Option<String>,
    /// Number of ports, as the adapter reports it.
    pub port_count: Option<u32>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// All other rows.
    pub extra: Vec<(String, String)>,
}

/// One port.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Port {
    /// Its number, from 1.
    pub number: Option<u32>,
    /// `Active`, `Initializing`, `Down`.
    pub state: Option<String>,
    /// `LinkUp`, `Polling`, `Disabled`.
    pub physical_state: Option<String>,
    /// Its rate in Gbit/s; 2.5 printed as `2` by some versions.
    pub rate_gbps: Option<f64>,
    /// `InfiniBand` or `Ethernet`.
    pub link_layer: Option<String>,
    /// The port's GUID.
    pub guid: Option<String>,
    /// The local identifier that the subnet manager gave it; 0 for none.
    pub lid: Option<u32>,
    /// All other rows.
    pub extra: Vec<(String, String)>,
}

/// Reads the adapters.
pub fn adapters(bytes: &[u8]) -> Result<Adapters, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Adapters::default();
    for line in lines(&text) {
        if let Some(name) = line.text.strip_prefix("CA '") {
            found.adapters.push(Adapter {
                name: name.trim_end_matches('\'').to_owned(),
                ..Adapter::default()
            });
            continue;
        }
        match (found.adapters.last_mut(), line.row()) {
            (Some(adapter), Some((name, value))) => add(adapter, name, value),
            _ => found.unread.push(line.text.to_owned()),
        }
    }
    match found.adapters.is_empty() {
        false => Ok(found),
        true => Err(Unreadable::starting("the adapters of ibstat", bytes)),
    }
}

fn add(adapter: &mut Adapter, name: &str, value: &str) {
    if let Some(number) = name.strip_prefix("Port ")
        && value.is_empty()
    {
        adapter.ports.push(Port {
            number: number.parse().ok(),
            ..Port::default()
        });
        return;
    }
    match adapter.ports.last_mut() {
        Some(port) => add_to_port(port, name, value),
        None => match name {
            "CA type" => adapter.kind = known(value),
            "Firmware version" => adapter.firmware = known(value),
            "Hardware version" => adapter.hardware = known(value),
            "Node GUID" => adapter.node_guid = known(value),
            "Number of ports" => adapter.port_count = value.parse().ok(),
            _ => adapter.extra.push((name.to_owned(), value.to_owned())),
        },
    }
}

fn add_to_port(port: &mut Port, name: &str, value: &str) {
    match name {
        "State" => port.state = known(value),
        "Physical state" => port.physical_state = known(value),
        "Rate" => port.rate_gbps = super::lines::number(value),
        "Link layer" => port.link_layer = known(value),
        "Port GUID" => port.guid = known(value),
        "Base lid" => port.lid = value.parse().ok(),
        _ => port.extra.push((name.to_owned(), value.to_owned())),
    }
}
