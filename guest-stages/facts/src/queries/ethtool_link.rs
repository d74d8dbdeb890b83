//! `ethtool PORT`: link settings.

use serde::Serialize;

use super::lines::{known, lines, number};
use crate::Unreadable;

/// A port's link settings. What the driver does not know is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Link {
    /// The port.
    pub port: Option<String>,
    /// Kinds of connector: `FIBRE`, `TP`.
    pub supported_ports: Vec<String>,
    /// Link modes that it supports: `25000baseCR/Full`.
    pub supported: Vec<String>,
    /// Link modes that it offers.
    pub advertised: Vec<String>,
    /// Link modes that the other side offers.
    pub partner: Vec<String>,
    /// FEC modes that it supports.
    pub supported_fec: Vec<String>,
    /// FEC modes that it offers.
    pub advertised_fec: Vec<String>,
    /// FEC modes that the other side offers.
    pub partner_fec: Vec<String>,
    /// Speed in Mbit/s.
    pub speed_mbps: Option<u64>,
    /// Lanes.
    pub lanes: Option<u64>,
    /// `Full` or `Half`.
    pub duplex: Option<String>,
    /// Whether it negotiates.
    pub negotiates: Option<bool>,
    /// The connector in use: `FIBRE`, `Direct Attach Copper`.
    pub connector: Option<String>,
    /// Whether it has a link.
    pub link: Option<bool>,
    /// The reason for a missing link, as printed: `(No cable)`.
    pub link_reason: Option<String>,
    /// All other rows.
    pub extra: Vec<(String, String)>,
    /// Lines that could not be read.
    pub unread: Vec<String>,
}

impl Link {
    /// The highest speed among the link modes that it supports, in Mbit/s.
    pub fn max_speed_mbps(&self) -> Option<u64> {
        let modes = self.supported.iter();
        modes.filter_map(|mode| number(mode.split_once("base")?.0)).max()
    }
}

/// Reads link settings.
pub fn link(bytes: &[u8]) -> Result<Link, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut link = Link::default();
    let mut some = false;
    let mut row: Option<(String, Vec<String>)> = None;
    for line in lines(&text) {
        if let Some(port) = line.text.strip_prefix("Settings for ") {
            link.port = Some(port.trim_end_matches(':').to_owned());
            some = true;
        } else if let Some((name, value)) = line.row() {
            some |= line.indent > 0;
            if let Some((name, words)) = row.take() {
                add(&mut link, &name, words);
            }
            row = Some((name.to_owned(), vec![value.to_owned()]));
        } else if let Some((_, words)) = &mut row
            && line.indent > 0
        {
            words.push(line.text.to_owned());
        } else {
            link.unread.push(line.text.to_owned());
        }
    }
    if let Some((name, words)) = row {
        add(&mut link, &name, words);
    }
    match some {
        true => Ok(link),
        false => Err(Unreadable::starting("the link settings of ethtool", bytes)),
    }
}

fn add(link: &mut Link, name: &str, values: Vec<String>) {
    let first = values.first().map(String::as_str).unwrap_or_default();
    let list = || -> Vec<String> {
        let known = values.iter().filter_map(|value| known(value));
        known.flat_map(|value| words(&value)).collect()
    };
    let mut taken = true;
    match name {
        "Supported ports" => {
            link.supported_ports = list()
                .into_iter()
                .filter(|word| word != "[" && word != "]")
                .collect();
        }
        "Supported link modes" => link.supported = list(),
        "Advertised link modes" => link.advertised = list(),
        "Link partner advertised link modes" => link.partner = list(),
        "Supported FEC modes" => link.supported_fec = list(),
        "Advertised FEC modes" => link.advertised_fec = list(),
        "Link partner advertised FEC modes" => link.partner_fec = list(),
        "Speed" => {
            link.speed_mbps = number(first).filter(|_| first.ends_with("Mb/s"));
            taken = link.speed_mbps.is_some();
        }
        "Lanes" => link.lanes = number(first),
        "Duplex" => link.duplex = known(first).filter(|word| !word.starts_with("Unknown")),
        "Auto-negotiation" => link.negotiates = flag(first),
        "Port" => link.connector = known(first),
        "Link detected" => {
            let (word, reason) = first.split_once(' ').unwrap_or((first, ""));
            link.link = flag(word);
            link.link_reason = known(reason);
        }
        _ => taken = false,
    }
    if !taken {
        link.extra.push((name.to_owned(), values.join("\n")));
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn flag(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "on" => Some(true),
        "no" | "off" => Some(false),
        _ => None,
    }
}
