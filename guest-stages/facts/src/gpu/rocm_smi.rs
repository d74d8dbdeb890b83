//! `rocm-smi --json` (`-a`, or any of its `--show…` options), of ROCm 4 to 6.

use serde::Serialize;
use serde_json::{Map, Value};

use super::cut_json;
use super::lines::{leading_number, normal_pci_address};
use crate::Unreadable;

/// All cards.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The driver's version.
    pub driver: Option<String>,
    /// Card by card.
    pub cards: Vec<Card>,
    /// Whether the document was cut.
    pub cut: bool,
    /// Lines around the document: `WARNING: …`.
    pub messages: Vec<String>,
    /// What stands outside of the cards.
    pub extra: Map<String, Value>,
}

/// One card.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Card {
    /// `card0`.
    pub name: String,
    /// Address: `0000:83:00.0`.
    pub pci_address: Option<String>,
    /// Series: `AMD Instinct MI300X OAM`.
    pub series: Option<String>,
    /// The chip's unique id.
    pub unique_id: Option<String>,
    /// Serial number of the board.
    pub serial: Option<String>,
    /// VBIOS version.
    pub vbios: Option<String>,
    /// Temperature at the edge, in degrees Celsius.
    pub edge: Option<f64>,
    /// Temperature of the hottest place, in degrees Celsius.
    pub junction: Option<f64>,
    /// Temperature of the memory, in degrees Celsius.
    pub memory: Option<f64>,
    /// Power drawn, in watts.
    pub power: Option<f64>,
    /// Highest power that is allowed, in watts.
    pub power_limit: Option<f64>,
    /// How busy it is, in per cent.
    pub busy_percent: Option<f64>,
    /// Shader clock in MHz.
    pub sclk: Option<f64>,
    /// Memory clock in MHz.
    pub mclk: Option<f64>,
    /// PCI Express replays.
    pub pcie_replays: Option<u64>,
    /// Device memory in bytes.
    pub vram_total: Option<u64>,
    /// Device memory in use, in bytes.
    pub vram_used: Option<u64>,
    /// `auto`, `manual`.
    pub performance_level: Option<String>,
    /// Everything else, as printed.
    pub extra: Map<String, Value>,
    /// Values of another kind than they should be.
    pub unread: Vec<String>,
}

/// Reads the document.
pub fn report(bytes: &[u8]) -> Result<Report, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let unreadable = || Unreadable::starting("rocm-smi's JSON", bytes);
    let found = cut_json::find(&text).ok_or_else(unreadable)?;
    let Value::Object(top) = found.value else {
        return Err(unreadable());
    };
    let around = found
        .before
        .lines()
        .chain(found.after.lines())
        .map(str::trim);
    let mut report = Report {
        cut: found.cut,
        messages: around
            .filter(|l| !l.is_empty())
            .map(str::to_owned)
            .collect(),
        ..Report::default()
    };
    for (name, value) in top {
        match value {
            Value::Object(map) if name.starts_with("card") => report.cards.push(card(name, map)),
            Value::Object(mut map) if name == "system" => {
                if let Some(Value::String(driver)) = map.remove("Driver version") {
                    report.driver = Some(driver);
                }
                report.extra.extend(map);
            }
            value => {
                report.extra.insert(name, value);
            }
        }
    }
    report
        .cards
        .sort_by(|a, b| crate::files::natural(&a.name, &b.name));
    if report.cards.is_empty() && report.driver.is_none() {
        return Err(unreadable());
    }
    Ok(report)
}

struct Values {
    map: Map<String, Value>,
    unread: Vec<String>,
}

impl Values {
    /// The first of several names; those of newer versions come first.
    fn read<T>(&mut self, names: &[&str], parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        for name in names {
            let Some(value) = self.map.remove(*name) else {
                continue;
            };
            let text = match &value {
                Value::String(text) => text.trim().to_owned(),
                other => other.to_string(),
            };
            if matches!(text.as_str(), "N/A" | "None" | "" | "null") {
                continue;
            }
            match parse(&text) {
                Some(value) => return Some(value),
                None => self.unread.push(format!("{name}: {text}")),
            }
        }
        None
    }

    fn text(&mut self, names: &[&str]) -> Option<String> {
        self.read(names, |text| Some(text.to_owned()))
    }

    fn number(&mut self, names: &[&str]) -> Option<f64> {
        // Clocks stand in brackets: `(1402Mhz)`.
        self.read(names, |text| {
            let text = text.trim_matches(['(', ')']);
            leading_number(text).map(|(number, _)| number)
        })
    }

    fn count(&mut self, names: &[&str]) -> Option<u64> {
        self.read(names, |text| text.parse().ok())
    }
}

fn card(name: String, map: Map<String, Value>) -> Card {
    let mut values = Values {
        map,
        unread: Vec::new(),
    };
    let v = &mut values;
    let mut card = Card {
        name,
        pci_address: v.read(&["PCI Bus"], normal_pci_address),
        series: v.text(&["Card Series", "Card series", "Device Name"]),
        unique_id: v.text(&["Unique ID"]),
        serial: v.text(&["Serial Number"]),
        vbios: v.text(&["VBIOS version"]),
        edge: v.number(&["Temperature (Sensor edge) (C)"]),
        junction: v.number(&["Temperature (Sensor junction) (C)"]),
        memory: v.number(&["Temperature (Sensor memory) (C)"]),
        power: v.number(&[
            "Current Socket Graphics Package Power (W)",
            "Average Graphics Package Power (W)",
        ]),
        power_limit: v.number(&["Max Graphics Package Power (W)"]),
        busy_percent: v.number(&["GPU use (%)"]),
        sclk: v.number(&["sclk clock speed:"]),
        mclk: v.number(&["mclk clock speed:"]),
        pcie_replays: v.count(&["PCIe Replay Count"]),
        vram_total: v.count(&["VRAM Total Memory (B)"]),
        vram_used: v.count(&["VRAM Total Used Memory (B)"]),
        performance_level: v.text(&["Performance Level"]),
        ..Card::default()
    };
    (card.extra, card.unread) = (values.map, values.unread);
    card
}
