//! `ethtool --show-fec PORT`, with `-I` its counters too.

use serde::Serialize;

use super::lines::{Line, lines, number};
use crate::Unreadable;

/// A port's forward error correction.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Fec {
    /// The port.
    pub port: Option<String>,
    /// What it may use or was set to: `Auto`, `RS`, `BaseR`, `None`.
    pub configured: Vec<String>,
    /// What it uses.
    pub active: Vec<String>,
    /// Counters, with `-I`.
    pub counters: Vec<FecCounter>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

/// One counter.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FecCounter {
    /// Its name: `corrected_blocks`, `uncorrectable_blocks`.
    pub name: String,
    /// Its value, all lanes together.
    pub total: u64,
    /// Its value by lane.
    pub lanes: Vec<u64>,
}

/// Reads the FEC parameters.
pub fn fec(bytes: &[u8]) -> Result<Fec, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut fec = Fec::default();
    let mut some = false;
    for line in lines(&text) {
        some |= add(&mut fec, &line);
    }
    match some {
        true => Ok(fec),
        false => Err(Unreadable::starting("the FEC parameters of ethtool", bytes)),
    }
}

fn add(fec: &mut Fec, line: &Line) -> bool {
    let words = |value: &str| value.split_whitespace().map(str::to_owned).collect();
    if let Some(port) = line.text.strip_prefix("FEC parameters for ") {
        fec.port = Some(port.trim_end_matches(':').to_owned());
        return true;
    }
    match line.row() {
        Some((name, value)) if name.ends_with("onfigured FEC encodings") => {
            fec.configured = words(value)
        }
        Some((name, value)) if name.starts_with("Active FEC encoding") => fec.active = words(value),
        Some(("Statistics", "")) => {}
        Some((name, value)) if name.starts_with("Lane ") && !fec.counters.is_empty() => {
            if let (Some(counter), Some(value)) = (fec.counters.last_mut(), number(value)) {
                counter.lanes.push(value);
            }
        }
        Some((name, value)) if line.indent > 0 && number::<u64>(value).is_some() => {
            let (total, rest) = value.split_once('[').unwrap_or((value, ""));
            let lanes = rest.split_once(':').map_or("", |(_, lanes)| lanes);
            fec.counters.push(FecCounter {
                name: name.to_owned(),
                total: number(total).unwrap_or_default(),
                lanes: lanes.split([',', ' ', ']']).filter_map(number).collect(),
            });
        }
        _ => {
            fec.unread.push(line.text.to_owned());
            return false;
        }
    }
    true
}
