//! Rows of `nvidia-smi --query-gpu=… --format=csv,nounits`: samples during a load.

use serde::Serialize;
use serde_json::{Map, Value};

use super::messages::{Message, MessageKind, messages};
use super::values::{Said, said};
use crate::Unreadable;
use crate::gpu::lines::{leading_number, lines, normal_pci_address};

/// All rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Samples {
    /// The columns' names without units: `power.draw`.
    pub columns: Vec<String>,
    /// Row by row, in the order printed.
    pub rows: Vec<Sample>,
    /// Lines that are no rows.
    pub messages: Vec<Message>,
    /// Rows that do not fit the columns.
    pub unread: Vec<String>,
}

/// One GPU at one time. Columns that were not asked for are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    /// When, in the host's time, as the tool wrote it.
    pub timestamp: Option<String>,
    /// The tool's number of the GPU.
    pub index: Option<u64>,
    /// `GPU-…`.
    pub uuid: Option<String>,
    /// Address as the kernel writes it.
    pub pci_address: Option<String>,
    /// Temperature of the GPU, in degrees Celsius.
    pub temperature: Option<f64>,
    /// Temperature of the memory, in degrees Celsius.
    pub memory_temperature: Option<f64>,
    /// Margin to the limit at which it throttles, in degrees Celsius.
    pub tlimit: Option<f64>,
    /// Power drawn, in watts (averaged on most GPUs).
    pub power: Option<f64>,
    /// Power drawn now, in watts.
    pub instant_power: Option<f64>,
    /// Power limit in watts.
    pub power_limit: Option<f64>,
    /// Multiprocessor clock in MHz.
    pub sm_clock: Option<f64>,
    /// Graphics clock in MHz.
    pub graphics_clock: Option<f64>,
    /// Memory clock in MHz.
    pub memory_clock: Option<f64>,
    /// How busy the multiprocessors are, in per cent.
    pub utilization: Option<f64>,
    /// How busy the memory is, in per cent.
    pub memory_utilization: Option<f64>,
    /// PCI Express generation.
    pub link_generation: Option<u64>,
    /// PCI Express lanes.
    pub link_width: Option<u64>,
    /// Performance state: `P0`.
    pub performance_state: Option<String>,
    /// NVML's bits of the clock event (throttle) reasons that are active.
    pub reasons: Option<u64>,
    /// Other columns with a value.
    pub extra: Map<String, Value>,
    /// Columns with an error or a value of another kind: `column: text`.
    pub unread: Vec<String>,
}

/// Reads the rows below the line of column names, which must be there (no `noheader`).
pub fn samples(bytes: &[u8]) -> Result<Samples, Unreadable> {
    let text = String::from_utf8_lossy(bytes);
    let mut samples = Samples::default();
    for line in lines(&text) {
        let fields: Vec<&str> = line.text.split(',').map(str::trim).collect();
        if samples.columns.is_empty() {
            match columns(&fields) {
                Some(columns) => samples.columns = columns,
                None => samples.messages.extend(messages(line.text)),
            }
        } else if columns(&fields).as_ref() == Some(&samples.columns) {
            // Printed again by a loop.
        } else if fields.len() == samples.columns.len() {
            let row = row(&samples.columns, &fields, line.ended);
            samples.rows.push(row);
        } else {
            let message = messages(line.text);
            if message.iter().any(|m| m.kind != MessageKind::Other) {
                samples.messages.extend(message);
            } else {
                samples.unread.push(line.text.to_owned());
            }
        }
    }
    let known = samples
        .messages
        .iter()
        .any(|m| m.kind != MessageKind::Other);
    if samples.columns.is_empty() && !known {
        return Err(Unreadable::starting(
            "the table of nvidia-smi --query-gpu",
            bytes,
        ));
    }
    Ok(samples)
}

/// The names, where every field is one: lower-case words with dots, then perhaps a unit.
fn columns(fields: &[&str]) -> Option<Vec<String>> {
    let name = |field: &&str| {
        let name = field.split_once(" [").map_or(*field, |(name, _)| name);
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
        let good = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(letter);
        good.then(|| name.to_owned())
    };
    fields.iter().map(name).collect()
}

fn row(columns: &[String], fields: &[&str], ended: bool) -> Sample {
    let mut sample = Sample::default();
    let last = columns.len().saturating_sub(1);
    for (at, (column, text)) in columns.iter().zip(fields).enumerate() {
        let value = match said(text) {
            Said::Absent => continue,
            Said::Text(value) if ended || at != last => Some(value),
            _ => None,
        };
        if value
            .and_then(|value| set(&mut sample, column, value))
            .is_none()
        {
            sample.unread.push(format!("{column}: {text}"));
        }
    }
    sample
}

fn set(sample: &mut Sample, column: &str, value: &str) -> Option<()> {
    let number = || leading_number(value).map(|(number, _)| number);
    let text = || Some(value.to_owned());
    let count = || value.parse::<u64>().ok();
    let numbers = match column {
        "temperature.gpu" => Some(&mut sample.temperature),
        "temperature.memory" => Some(&mut sample.memory_temperature),
        "temperature.gpu.tlimit" => Some(&mut sample.tlimit),
        "power.draw" => Some(&mut sample.power),
        "power.draw.instant" => Some(&mut sample.instant_power),
        "power.limit" => Some(&mut sample.power_limit),
        "clocks.sm" | "clocks.current.sm" => Some(&mut sample.sm_clock),
        "clocks.gr" | "clocks.current.graphics" => Some(&mut sample.graphics_clock),
        "clocks.mem" | "clocks.current.memory" => Some(&mut sample.memory_clock),
        "utilization.gpu" => Some(&mut sample.utilization),
        "utilization.memory" => Some(&mut sample.memory_utilization),
        _ => None,
    };
    if let Some(place) = numbers {
        *place = Some(number()?);
        return Some(());
    }
    match column {
        "timestamp" => sample.timestamp = text(),
        "index" => sample.index = Some(count()?),
        "uuid" | "gpu_uuid" => sample.uuid = text(),
        "pci.bus_id" | "gpu_bus_id" => sample.pci_address = Some(normal_pci_address(value)?),
        "pcie.link.gen.current" | "pcie.link.gen.gpucurrent" => {
            sample.link_generation = Some(count()?)
        }
        "pcie.link.width.current" => sample.link_width = Some(count()?),
        "pstate" => sample.performance_state = text(),
        "clocks_event_reasons.active" | "clocks_throttle_reasons.active" => {
            let hex = value.strip_prefix("0x")?;
            sample.reasons = Some(u64::from_str_radix(hex, 16).ok()?);
        }
        _ => {
            sample
                .extra
                .insert(column.to_owned(), Value::String(value.to_owned()));
        }
    }
    Some(())
}
