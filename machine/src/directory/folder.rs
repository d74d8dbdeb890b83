//! What lies in the folder. Documents are checked here and read when they are asked for; everything else is
//! read once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::error::DirectoryError;
use super::log;
use super::manifest::{DocumentEntry, FORMAT, Manifest};
use crate::contract::disks::Disk;
use crate::contract::files::Ending;
use crate::contract::hwmon::Reading;
use crate::contract::kernel_log::Entry;
use crate::contract::queries::Query;
use crate::real::files::Blocked;
use crate::real::root::Root;

/// The file that says what each document is.
pub const MANIFEST: &str = "machine.toml";
/// The folder of the kernel's files.
pub const TREE: &str = "root";
/// The folder where a capture puts documents.
pub const DOCUMENTS: &str = "documents";
/// Readings of the sensors, as JSON.
pub const HWMON: &str = "hwmon.json";
/// The disks, as JSON.
pub const DISKS: &str = "disks.json";
/// The queries that the host knows, as JSON.
pub const QUERIES: &str = "queries.json";
/// The kernel's log.
pub const KERNEL_LOG: &str = "kernel.log";

/// Bytes of `machine.toml`, of `hwmon.json` and of `disks.json`.
const DESCRIPTION_BYTES: u64 = 8 << 20;
/// Bytes of a document, the contract's bound.
pub const DOCUMENT_BYTES: u64 = 4 << 20;
/// Bytes of the kernel's log.
const LOG_BYTES: u64 = 64 << 20;
/// Entries of one kind in `machine.toml`.
const MAX_ENTRIES: usize = 16_384;

/// A folder of evidence.
pub struct Folder {
    /// Itself.
    files: Root,
    /// `machine.toml`.
    pub manifest: Manifest,
    /// When the evidence was taken, since 1970.
    pub taken: Duration,
    /// The kernel's files; `None`: there are none.
    pub tree: Option<Root>,
    /// How the reading of files ended that were not read whole, by path.
    pub endings: BTreeMap<String, Ending>,
    /// Files whose reading blocks.
    pub blocked: Blocked,
    /// The sensors, where there is a file of them.
    pub hwmon: Option<Reading>,
    /// The disks, where there is a file of them.
    pub disks: Option<Vec<Disk>>,
    /// The queries, where there is a file of them.
    pub queries: Option<Vec<Query>>,
    /// The kernel's log, where there is a file of it.
    pub log: Option<Vec<Entry>>,
}

impl Folder {
    /// Reads a folder.
    pub fn open(path: &Path) -> Result<Self, DirectoryError> {
        let io = |reason| DirectoryError::Io {
            path: path.to_owned(),
            reason,
        };
        let files = Root::new(path).map_err(|error| io(io::Error::other(error)))?;
        let text = bytes(&files, MANIFEST, DESCRIPTION_BYTES)?;
        let at = files.path().join(MANIFEST);
        let manifest = parse(&text).map_err(|reason| DirectoryError::Form {
            path: at.clone(),
            reason,
        })?;
        if manifest.format != FORMAT {
            let found = manifest.format;
            return Err(DirectoryError::Format { path: at, found });
        }
        let form = |reason: String| DirectoryError::Form {
            path: at.clone(),
            reason,
        };
        let taken = humantime::parse_rfc3339_weak(&manifest.taken)
            .ok()
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let taken = taken.ok_or_else(|| {
            let found = &manifest.taken;
            form(format!(
                "taken: {found:?} is not an instant such as 2026-11-27T05:44:43Z"
            ))
        })?;
        for document in &manifest.documents {
            check(&files, &document.file)?;
        }
        twice(&manifest.documents).map_err(form)?;
        let tree = files.path().join(TREE);
        let tree = match fs::symlink_metadata(&tree) {
            Ok(kind) if kind.is_dir() => Some(Root::new(&tree).map_err(|error| {
                let reason = io::Error::other(error);
                DirectoryError::Io { path: tree, reason }
            })?),
            _ => None,
        };
        let log = optional(&files, KERNEL_LOG, LOG_BYTES)?;
        let log = log.map(|bytes| log::read(&bytes)).transpose();
        let log = log.map_err(|line| DirectoryError::Form {
            path: files.path().join(KERNEL_LOG),
            reason: format!(
                "line {line} is not a record such as `6,1234,5678901,-;text` (priority, number, \
                 microseconds since boot)"
            ),
        })?;
        let endings = manifest.files.iter();
        let endings = endings.map(|entry| (entry.path.clone(), entry.ending.clone()));
        Ok(Folder {
            endings: endings.collect(),
            blocked: Blocked::default(),
            hwmon: json(&files, HWMON)?,
            disks: json(&files, DISKS)?,
            queries: json(&files, QUERIES)?,
            log,
            tree,
            taken,
            manifest,
            files,
        })
    }

    /// The bytes of a document's file.
    pub fn document(&self, entry: &DocumentEntry) -> Result<Vec<u8>, DirectoryError> {
        bytes(&self.files, &entry.file, DOCUMENT_BYTES)
    }
}

/// `machine.toml`, as text.
fn parse(bytes: &[u8]) -> Result<Manifest, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let manifest: Manifest = toml::from_str(text).map_err(|error| error.to_string())?;
    let counts = [
        ("document", manifest.documents.len()),
        ("absent", manifest.absent.len()),
        ("file", manifest.files.len()),
        ("unlisted", manifest.unlisted.len()),
        ("drives", manifest.drives.as_ref().map_or(0, Vec::len)),
        ("gpus", manifest.gpus.as_ref().map_or(0, Vec::len)),
    ];
    match counts.iter().find(|(_, count)| *count > MAX_ENTRIES) {
        Some((name, count)) => Err(format!(
            "{count} entries of `{name}`; at most {MAX_ENTRIES} are read"
        )),
        None => Ok(manifest),
    }
}

/// Two documents that answer one question.
fn twice(documents: &[DocumentEntry]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for DocumentEntry { query, target, .. } in documents {
        if !seen.insert((query, target)) {
            return Err(format!("two documents for {query} of {target:?}: keep one"));
        }
    }
    Ok(())
}

fn check(files: &Root, name: &str) -> Result<(), DirectoryError> {
    let size = files.open(name).and_then(|file| file.metadata());
    let path = files.path().join(name);
    match size {
        Ok(size) if size.len() > DOCUMENT_BYTES => Err(DirectoryError::TooLarge {
            path,
            limit: DOCUMENT_BYTES,
        }),
        Ok(_) => Ok(()),
        Err(reason) => Err(DirectoryError::Io { path, reason }),
    }
}

fn bytes(files: &Root, name: &str, limit: u64) -> Result<Vec<u8>, DirectoryError> {
    let path = || -> PathBuf { files.path().join(name) };
    let read = files.bytes(name, limit.saturating_add(1));
    let bytes = read.map_err(|reason| DirectoryError::Io {
        path: path(),
        reason,
    })?;
    if bytes.len() as u64 > limit {
        return Err(DirectoryError::TooLarge {
            path: path(),
            limit,
        });
    }
    Ok(bytes)
}

fn optional(files: &Root, name: &str, limit: u64) -> Result<Option<Vec<u8>>, DirectoryError> {
    match bytes(files, name, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(DirectoryError::Io { reason, .. }) if reason.kind() == io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn json<T: DeserializeOwned>(files: &Root, name: &str) -> Result<Option<T>, DirectoryError> {
    let Some(bytes) = optional(files, name, DESCRIPTION_BYTES)? else {
        return Ok(None);
    };
    let parsed = serde_json::from_slice(&bytes);
    parsed.map(Some).map_err(|error| DirectoryError::Form {
        path: files.path().join(name),
        reason: error.to_string(),
    })
}
