//! `nvidia-smi`: what NVIDIA's driver reports of its GPUs.
//!
//! The lists of supported clocks are left out: the maximum clocks say what they say.

mod board;
mod clocks;
mod ecc;
mod gpu;
mod markup;
mod messages;
mod power;
mod samples;
pub(crate) mod values;

use serde::Serialize;
use serde_json::{Map, Value};

use super::lines::MAX_BYTES;
use crate::Unreadable;
use values::Values;

pub use board::{Identity, Pci};
pub use clocks::{ClockReasonTimes, ClockReasons, Clocks};
pub use ecc::{Ecc, EccCounts, EccKinds, Histogram, RemappedRows, RetiredPages, SramSources};
pub use gpu::{Fabric, Gpu, Memory, Process, Utilization};
pub use messages::{Message, MessageKind};
pub use power::{Power, Temperatures};
pub use samples::{Sample, Samples, samples};

pub(super) use messages::messages;

/// What `nvidia-smi -q -x` printed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// When, as the tool wrote it, in the host's time.
    pub timestamp: Option<String>,
    /// The driver's version: `580.105.08`.
    pub driver: Option<String>,
    /// The newest CUDA that the driver knows: `13.0`.
    pub cuda: Option<String>,
    /// How many GPUs the driver has.
    pub attached: Option<u64>,
    /// GPU by GPU, in the tool's order; lost ones too.
    pub gpus: Vec<Gpu>,
    /// Lines before and after the document, or in its place; at most 1,000 each.
    pub messages: Vec<Message>,
    /// Whether the document goes to its end; else the last GPU may lack values, and GPUs may be missing.
    pub complete: bool,
    /// Elements outside of any GPU that are not known, by path.
    pub extra: Map<String, Value>,
    /// Rows outside of any GPU that could not be read.
    pub unread: Vec<String>,
}

const EXPECTED: &str = "nvidia-smi's XML";

/// Reads `nvidia-smi -q -x`: a document, or the message in its place. Documents over 4 MiB are refused.
pub fn gpus(bytes: &[u8]) -> Result<Report, Unreadable> {
    if bytes.len() > MAX_BYTES {
        let found = format!("{} bytes, more than 4 MiB", bytes.len());
        return Err(Unreadable {
            expected: EXPECTED,
            found,
        });
    }
    let text = String::from_utf8_lossy(bytes);
    let Some(start) = text.find("<nvidia_smi_log") else {
        return only_messages(&text).ok_or_else(|| Unreadable::starting(EXPECTED, bytes));
    };
    let (before, document) = text.split_at(start);
    let log = markup::read(document);
    let after = document.get(log.end..).unwrap_or_default();
    let before: String = before
        .split_inclusive('\n')
        .filter(|line| !is_prologue(line))
        .collect();
    let mut found = messages(&before);
    // A second document follows where the tool was run in a loop.
    match after
        .find("<?xml")
        .or_else(|| after.find("<nvidia_smi_log"))
    {
        Some(more) => {
            found.extend(messages(after.get(..more).unwrap_or_default()));
            let rest = after.len().saturating_sub(more);
            found.push(Message {
                kind: MessageKind::Other,
                pci_address: None,
                text: format!("another document follows, {rest} bytes"),
            });
        }
        None => found.extend(messages(after)),
    }
    let mut own = Values::new(log.own);
    let mut report = Report {
        timestamp: own.text("timestamp"),
        driver: own.text("driver_version"),
        cuda: own.text("cuda_version"),
        attached: own.count("attached_gpus"),
        gpus: log.gpus.into_iter().map(gpu::read).collect(),
        messages: found,
        complete: log.complete,
        ..Report::default()
    };
    (report.extra, report.unread) = own.rest();
    Ok(report)
}

fn is_prologue(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("<?xml") || line.starts_with("<!DOCTYPE")
}

fn only_messages(text: &str) -> Option<Report> {
    let messages = messages(text);
    let known = messages.iter().any(|m| m.kind != MessageKind::Other);
    known.then(|| Report {
        messages,
        ..Report::default()
    })
}
