//! `machine.toml`: which file of the folder is which document, and what could not be had.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::contract::files::Ending;
use crate::contract::types::{Document, DocumentEnding, Error};

/// The format's name, in the field `format`. A change that an older reader would misread gets a new number.
pub const FORMAT: &str = "vetting.machine/1";

/// The whole file. Unknown fields are refused by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// The machine in one line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it was captured from: `real`, `sim:failing-disk`, an archive's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// When the evidence was taken, by the machine's own calendar (RFC 3339): `2026-11-27T05:44:43Z`.
    pub taken: String,
    /// Logical CPUs that a stage may reckon with.
    #[serde(default = "one")]
    pub cpus: u32,
    /// Bytes of memory that a stage may reckon with.
    #[serde(default)]
    pub memory_bytes: u64,
    /// The globs below `root/` that are complete: what one of them matches and is not there was not on the
    /// machine either. Any other file that is missing was not captured, and a stage gets a gap. Left out:
    /// the whole tree is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured_globs: Option<Vec<String>>,
    /// The drives that the kernel showed (`smart.devices`). Left out: those of `root/` and of the documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drives: Option<Vec<String>>,
    /// PCI addresses of the GPUs that the kernel showed (`gpu.devices`). Left out: those of `root/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<Vec<String>>,
    /// The network peer that the machine had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<Peer>,
    /// Parameters of stages, by the stage's name: what a spec would say of this machine.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// What the tools printed.
    #[serde(default, rename = "document", skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentEntry>,
    /// Questions that were answered by an error.
    #[serde(default, rename = "absent", skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<AbsentEntry>,
    /// Files below `root/` whose reading did not give the whole file.
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileEntry>,
    /// Folders that could not be listed.
    #[serde(default, rename = "unlisted", skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<UnlistedEntry>,
}

/// A network peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Peer {
    /// Name or address.
    pub host: String,
    /// Port of its iperf3.
    pub port: u16,
}

/// One document: `[[document]]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DocumentEntry {
    /// The function that it answers: `smart.read`, `smart.scan`, `bmc.ask`, `gpu.ask`, `gpu.sample`;
    /// or the name of a query: `ethtool`.
    pub query: String,
    /// What it is about: a drive's name, a question's name. Empty where the query has no target.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub target: String,
    /// The file with the tool's standard output, byte for byte, below the folder.
    pub file: String,
    /// The command line, the program's name first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argv: Vec<String>,
    /// The first line of what the tool prints of its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The tool's exit status, 0 to 255. Left out where no signal is named either: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// The end of its standard error, at most 4,096 bytes.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub stderr: String,
    /// How its output came to its end: `"complete"`, `"timed-out"`, `"cancelled"` or `{ cut = BYTES }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub ending: Option<DocumentEnding>,
    /// How long the tool ran, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
}

impl DocumentEntry {
    /// The document with these bytes, begun at an instant of the session's clock.
    pub fn document(&self, stdout: Vec<u8>, begun_ns: u64) -> Document {
        Document {
            query: self.query.clone(),
            target: self.target.clone(),
            argv: self.argv.clone(),
            version: self.version.clone(),
            exit_status: match (self.exit_status, self.signal) {
                (None, None) => Some(0),
                (status, _) => status,
            },
            signal: self.signal,
            stdout,
            stderr_tail: self.stderr.clone(),
            ending: self.ending.clone().unwrap_or(DocumentEnding::Complete),
            begun_ns,
            took_ns: self.took_ms.unwrap_or(0).saturating_mul(1_000_000),
        }
    }

    /// The entry of a document whose bytes are in a file.
    pub fn of(document: &Document, file: String) -> Self {
        DocumentEntry {
            query: document.query.clone(),
            target: document.target.clone(),
            file,
            argv: document.argv.clone(),
            version: document.version.clone(),
            exit_status: document.exit_status,
            signal: document.signal,
            stderr: document.stderr_tail.clone(),
            ending: match &document.ending {
                DocumentEnding::Complete => None,
                other => Some(other.clone()),
            },
            took_ms: Some(document.took_ns / 1_000_000),
        }
    }
}

/// A question that was answered by an error: `[[absent]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AbsentEntry {
    /// The function, as in [`DocumentEntry::query`]; also `hwmon.read`, `disks.list`, `kernel-log.open`,
    /// `smart.devices` and `gpu.devices`.
    pub query: String,
    /// What was asked about; left out: every target without an entry of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The contract's error: `{ unavailable = { kind = "hardware", what = "a BMC", remedy = "" } }`.
    pub error: Error,
}

/// A file whose reading did not give the whole file: `[[file]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileEntry {
    /// The path below `root/`.
    pub path: String,
    /// How the reading ended: `"cut"`, `"timed-out"`, `{ denied = "…" }`, `{ failed = "…" }`.
    pub ending: Ending,
}

/// A folder that could not be listed: `[[unlisted]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnlistedEntry {
    /// The folder below `root/`, or the glob that could not be followed.
    pub path: String,
    /// Why.
    pub reason: String,
}

fn one() -> u32 {
    1
}
