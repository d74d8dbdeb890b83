//! What `nvidia-smi` prints in the place of a document, or around it.

use serde::Serialize;

use crate::gpu::lines::{lines, pci_address};

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    /// The kernel driver is not loaded or does not answer.
    DriverNotRunning,
    /// Driver and library are of different versions.
    VersionMismatch,
    /// The driver runs and has no GPU.
    NoDevices,
    /// A GPU is lost: it does not answer on the bus any more.
    GpuLost,
    /// A GPU must be reset before it answers.
    ResetRequired,
    /// The configuration memory of a GPU is corrupted.
    InforomCorrupted,
    /// A GPU or the library did not answer, for another or an unknown reason.
    NoAnswer,
    /// Anything else.
    Other,
}

/// One line outside of the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// What it is about.
    pub kind: MessageKind,
    /// The GPU that it names, as the kernel writes addresses (`0000:2b:00.0`).
    pub pci_address: Option<String>,
    /// The line.
    pub text: String,
}

/// The kinds, by words that their lines hold; the first that fits.
const WORDS: [(&str, MessageKind); 12] = [
    (
        "couldn't communicate with the NVIDIA driver",
        MessageKind::DriverNotRunning,
    ),
    ("Driver Not Loaded", MessageKind::DriverNotRunning),
    ("version mismatch", MessageKind::VersionMismatch),
    ("No devices were found", MessageKind::NoDevices),
    ("No devices found", MessageKind::NoDevices),
    ("GPU is lost", MessageKind::GpuLost),
    ("requires reset", MessageKind::ResetRequired),
    ("infoROM is corrupted", MessageKind::InforomCorrupted),
    (
        "Unable to determine the device handle",
        MessageKind::NoAnswer,
    ),
    ("Failed to initialize NVML", MessageKind::NoAnswer),
    ("Unable to retrieve", MessageKind::NoAnswer),
    ("Failed to", MessageKind::NoAnswer),
];

/// The most lines that are kept.
const MAX_MESSAGES: usize = 1000;

/// Every line as a message, at most 1,000.
pub(crate) fn messages(text: &str) -> Vec<Message> {
    let message = |line: &str| {
        let kind = WORDS.iter().find(|(words, _)| line.contains(words));
        Message {
            kind: kind.map_or(MessageKind::Other, |(_, kind)| *kind),
            pci_address: pci_address(line),
            text: line.to_owned(),
        }
    };
    lines(text)
        .take(MAX_MESSAGES)
        .map(|line| message(line.text.trim_start()))
        .collect()
}
