//! `amd-smi static --json` and `amd-smi metric --json`.

use serde::Serialize;
use serde_json::{Map, Value};

use super::cut_json;
use super::lines::normal_pci_address;
use crate::Unreadable;

/// All GPUs of one of the documents; values of the other one are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// GPU by GPU.
    pub gpus: Vec<Gpu>,
    /// Whether the document was cut.
    pub cut: bool,
    /// Lines around the document.
    pub messages: Vec<String>,
    /// Elements that are no GPU.
    pub unread: Vec<String>,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gpu {
    /// The tool's number of the GPU.
    pub index: Option<u64>,
    /// Address: `0000:05:00.0`.
    pub pci_address: Option<String>,
    /// `AMD Instinct MI300X`.
    pub name: Option<String>,
    /// Serial number of the chip.
    pub asic_serial: Option<String>,
    /// Serial number of the board.
    pub serial: Option<String>,
    /// VBIOS (or IFWI) version.
    pub vbios: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// Device memory in mebibytes.
    pub vram_mib: Option<f64>,
    /// Most lanes.
    pub max_link_width: Option<f64>,
    /// Highest speed, in gigatransfers a second.
    pub max_link_gts: Option<f64>,
    /// Lanes now.
    pub link_width: Option<f64>,
    /// Speed now, in gigatransfers a second.
    pub link_gts: Option<f64>,
    /// PCI Express replays.
    pub pcie_replays: Option<f64>,
    /// How busy it is, in per cent.
    pub busy_percent: Option<f64>,
    /// How busy its memory is, in per cent.
    pub memory_busy_percent: Option<f64>,
    /// Power drawn, in watts.
    pub power: Option<f64>,
    /// Power limit in watts.
    pub power_limit: Option<f64>,
    /// `UNTHROTTLED`, `THROTTLED`.
    pub throttle_status: Option<String>,
    /// Temperature at the edge, in degrees Celsius.
    pub edge: Option<f64>,
    /// Temperature of the hottest place, in degrees Celsius.
    pub hotspot: Option<f64>,
    /// Temperature of the memory, in degrees Celsius.
    pub memory: Option<f64>,
    /// Corrected errors of all blocks.
    pub correctable: Option<u64>,
    /// Uncorrectable errors of all blocks.
    pub uncorrectable: Option<u64>,
    /// Deferred errors of all blocks.
    pub deferred: Option<u64>,
    /// Errors of the cache, corrected.
    pub cache_correctable: Option<u64>,
    /// Errors of the cache, uncorrectable.
    pub cache_uncorrectable: Option<u64>,
    /// Errors by block, in the tool's form.
    pub blocks: Option<Value>,
    /// Clocks in MHz by name (`gfx_0`, `mem_0`).
    pub clocks: Vec<Clock>,
    /// Everything else, in the tool's form.
    pub extra: Map<String, Value>,
    /// Values of another kind than they should be.
    pub unread: Vec<String>,
}

/// One clock, in MHz.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Clock {
    /// `gfx_0`, `mem_0`.
    pub name: String,
    /// Now.
    pub now: Option<f64>,
    /// Lowest.
    pub min: Option<f64>,
    /// Highest.
    pub max: Option<f64>,
}

/// Reads one of the documents.
pub fn report(bytes: &[u8]) -> Result<Report, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let unreadable = || Unreadable::starting("amd-smi's JSON", bytes);
    let found = cut_json::find(&text).ok_or_else(unreadable)?;
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
    // Since ROCm 6.4 the list stands in an object.
    let list = match found.value {
        Value::Array(list) => list,
        Value::Object(mut map) => match map.remove("gpu_data") {
            Some(Value::Array(list)) => list,
            _ if map.contains_key("gpu") => vec![Value::Object(map)],
            _ => return Err(unreadable()),
        },
        _ => return Err(unreadable()),
    };
    for element in list {
        match element {
            Value::Object(map) if map.contains_key("gpu") => report.gpus.push(gpu(map)),
            other => report.unread.push(other.to_string()),
        }
    }
    if report.gpus.is_empty() {
        return Err(unreadable());
    }
    Ok(report)
}

struct Values {
    map: Map<String, Value>,
    unread: Vec<String>,
}

impl Values {
    /// Takes the value at a path of two or more keys.
    fn take(&mut self, path: &[&str]) -> Option<Value> {
        let (last, sections) = path.split_last()?;
        let mut map = &mut self.map;
        for section in sections {
            map = map.get_mut(*section)?.as_object_mut()?;
        }
        map.remove(*last)
    }

    fn number(&mut self, path: &[&str]) -> Option<f64> {
        let value = self.take(path)?;
        let plain = value.get("value").unwrap_or(&value);
        let number = plain.as_f64().or_else(|| {
            let (number, _) = super::lines::leading_number(plain.as_str()?.trim())?;
            Some(number)
        });
        if number.is_none() && !is_absent(plain) {
            self.unread.push(format!("{}: {value}", path.join("/")));
        }
        number
    }

    fn count(&mut self, path: &[&str]) -> Option<u64> {
        let value = self.take(path)?;
        let count = value
            .as_u64()
            .or_else(|| value.as_str()?.trim().parse().ok());
        if count.is_none() && !is_absent(&value) {
            self.unread.push(format!("{}: {value}", path.join("/")));
        }
        count
    }

    fn text(&mut self, path: &[&str]) -> Option<String> {
        match self.take(path)? {
            value if is_absent(&value) => None,
            Value::String(text) => Some(text.trim().to_owned()),
            other => {
                self.unread.push(format!("{}: {other}", path.join("/")));
                None
            }
        }
    }
}

fn is_absent(value: &Value) -> bool {
    value.is_null()
        || value
            .as_str()
            .is_some_and(|text| matches!(text.trim(), "" | "N/A"))
}

fn gpu(map: Map<String, Value>) -> Gpu {
    let mut values = Values {
        map,
        unread: Vec::new(),
    };
    let v = &mut values;
    let bdf = v.text(&["bus", "bdf"]);
    let vbios = v.text(&["vbios", "version"]);
    let mut gpu = Gpu {
        index: v.count(&["gpu"]),
        pci_address: bdf.map(|bdf| normal_pci_address(&bdf).unwrap_or(bdf)),
        name: v.text(&["asic", "market_name"]),
        asic_serial: v.text(&["asic", "asic_serial"]),
        serial: v.text(&["board", "product_serial"]),
        vbios: vbios.or_else(|| v.text(&["ifwi", "version"])),
        driver: v.text(&["driver", "version"]),
        vram_mib: v.number(&["vram", "size"]),
        max_link_width: v.number(&["bus", "max_pcie_width"]),
        max_link_gts: v.number(&["bus", "max_pcie_speed"]),
        link_width: v.number(&["pcie", "width"]),
        link_gts: v.number(&["pcie", "speed"]),
        pcie_replays: v.number(&["pcie", "replay_count"]),
        busy_percent: v.number(&["usage", "gfx_activity"]),
        memory_busy_percent: v.number(&["usage", "umc_activity"]),
        power: v.number(&["power", "socket_power"]),
        power_limit: v.number(&["limit", "socket_power"]),
        throttle_status: v.text(&["power", "throttle_status"]),
        edge: v.number(&["temperature", "edge"]),
        hotspot: v.number(&["temperature", "hotspot"]),
        memory: v.number(&["temperature", "mem"]),
        correctable: v.count(&["ecc", "total_correctable_count"]),
        uncorrectable: v.count(&["ecc", "total_uncorrectable_count"]),
        deferred: v.count(&["ecc", "total_deferred_count"]),
        cache_correctable: v.count(&["ecc", "cache_correctable_count"]),
        cache_uncorrectable: v.count(&["ecc", "cache_uncorrectable_count"]),
        blocks: v.take(&["ecc_blocks"]).filter(|blocks| !is_absent(blocks)),
        ..Gpu::default()
    };
    let clocks = v.map.get("clock").and_then(Value::as_object);
    let names: Vec<String> = clocks.into_iter().flat_map(Map::keys).cloned().collect();
    for name in names {
        let mut clock = |what: &str| v.number(&["clock", &name, what]);
        let (now, min, max) = (clock("clk"), clock("min_clk"), clock("max_clk"));
        if now.or(min).or(max).is_some() {
            gpu.clocks.push(Clock {
                name,
                now,
                min,
                max,
            });
        }
    }
    (gpu.extra, gpu.unread) = (values.map, values.unread);
    gpu
}
