//! `numactl -H`: memory nodes, their CPUs and the distances between them.

use serde::Serialize;

use super::lines::{lines, number};
use crate::Unreadable;

/// The memory nodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hardware {
    /// Which nodes there are, as printed: `4 nodes (0-3)`.
    pub available: Option<String>,
    /// Each node. A node may have no CPUs, or no memory.
    pub nodes: Vec<Node>,
    /// The nodes that the columns and rows of the distances are of.
    pub distance_nodes: Vec<u32>,
    /// Distances by row; 10 is the node itself.
    pub distances: Vec<Vec<u32>>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// One node.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Node {
    /// Its number.
    pub node: u32,
    /// Its CPUs.
    pub cpus: Vec<u32>,
    /// Its memory in MiB (printed as MB).
    pub size_mib: Option<u64>,
    /// Its free memory in MiB.
    pub free_mib: Option<u64>,
}

/// Reads the memory nodes.
pub fn hardware(bytes: &[u8]) -> Result<Hardware, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Hardware::default();
    let mut distances = false;
    for line in lines(&text) {
        let row = line.row();
        match row {
            Some(("available", value)) => found.available = Some(value.to_owned()),
            Some(("node distances", _)) => distances = true,
            Some((name, value)) if distances && name.parse::<u32>().is_ok() => {
                found.distances.push(numbers(value));
            }
            Some((name, value)) if name.starts_with("node ") => {
                if !add(&mut found.nodes, name, value) {
                    found.unread.push(line.text.to_owned());
                }
            }
            None if distances && line.text.starts_with("node ") => {
                found.distance_nodes = numbers(line.text);
            }
            _ => found.unread.push(line.text.to_owned()),
        }
    }
    match found.nodes.is_empty() {
        false => Ok(found),
        true => Err(Unreadable::starting("the nodes of numactl -H", bytes)),
    }
}

/// `node 0 cpus: 0 1`
fn add(nodes: &mut Vec<Node>, name: &str, value: &str) -> bool {
    let mut words = name.split_whitespace().skip(1);
    let (Some(Ok(number_of)), Some(what)) = (words.next().map(str::parse::<u32>), words.next())
    else {
        return false;
    };
    // The rows of a node follow each other.
    if nodes.last().is_none_or(|last| last.node != number_of) {
        nodes.push(Node {
            node: number_of,
            ..Node::default()
        });
    }
    let Some(node) = nodes.last_mut() else {
        return false;
    };
    match what {
        "cpus" => node.cpus = numbers(value),
        "size" => node.size_mib = number(value),
        "free" => node.free_mib = number(value),
        _ => return false,
    }
    true
}

fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect()
}
