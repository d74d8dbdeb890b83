//! What was captured as a folder that `dir:` reads.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::evidence::Evidence;
use super::scrub::Scrub;
use super::{CaptureError, make, tree, write};
use crate::contract::types::Document;
use crate::directory::manifest::{AbsentEntry, DocumentEntry, FORMAT, Manifest, UnlistedEntry};
use crate::directory::{DISKS, DOCUMENTS, HWMON, KERNEL_LOG, MANIFEST, QUERIES, TREE, log};

/// Writes everything. Returns how many files of the kernel and how many documents there are.
pub fn keep(evidence: &Evidence, to: &Path, scrub: &Scrub) -> Result<(usize, usize), CaptureError> {
    let tree = tree::keep(evidence, &to.join(TREE), scrub)?;
    make(&to.join(DOCUMENTS))?;
    let mut names = BTreeSet::new();
    let mut documents = Vec::new();
    for document in &evidence.documents {
        let file = format!("{DOCUMENTS}/{}", name(document, &mut names));
        write(&to.join(&file), &scrub.bytes(&document.stdout))?;
        documents.push(DocumentEntry::of(document, file));
    }
    if let Some(reading) = &evidence.hwmon {
        json(&to.join(HWMON), reading, scrub)?;
    }
    if let Some(disks) = &evidence.disks {
        json(&to.join(DISKS), disks, scrub)?;
    }
    if let Some(queries) = &evidence.queries {
        json(&to.join(QUERIES), queries, scrub)?;
    }
    if let Some(entries) = &evidence.log {
        let text = log::write(entries);
        write(&to.join(KERNEL_LOG), scrub.text(&text).as_bytes())?;
    }
    let count = documents.len();
    let taken = std::time::UNIX_EPOCH.checked_add(evidence.taken());
    let taken = taken.unwrap_or(std::time::UNIX_EPOCH);
    let unlisted = evidence.unlisted.iter();
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        description: String::new(),
        origin: evidence.origin.clone(),
        taken: humantime::format_rfc3339(taken).to_string(),
        cpus: evidence.cpus,
        memory_bytes: evidence.memory_bytes,
        captured_globs: Some(evidence.globs.iter().cloned().collect()),
        drives: evidence.drives.clone(),
        gpus: evidence.gpus.clone(),
        peer: evidence.peer.clone(),
        parameters: evidence.parameters.clone(),
        documents,
        absent: absent(&evidence.absent),
        files: tree.endings,
        unlisted: unlisted
            .map(|(path, reason)| UnlistedEntry {
                path: path.clone(),
                reason: reason.clone(),
            })
            .collect(),
    };
    let text = toml::to_string(&manifest);
    let text = text.map_err(|error| CaptureError::Form(error.to_string()))?;
    let text = format!(
        "# A captured machine: `vetting run --machine dir:FOLDER` judges it again.\n{}",
        scrub.text(&text)
    );
    write(&to.join(MANIFEST), text.as_bytes())?;
    Ok((tree.files, count))
}

/// Each question once: the kernel's log may fail twice.
fn absent(entries: &[AbsentEntry]) -> Vec<AbsentEntry> {
    let mut seen = BTreeSet::new();
    let first = entries
        .iter()
        .filter(|entry| seen.insert((&entry.query, &entry.target)));
    first.cloned().collect()
}

/// A file's name for a document: its query and target, and what it holds.
fn name(document: &Document, taken: &mut BTreeSet<String>) -> String {
    let kind = match document.stdout.trim_ascii_start().first() {
        Some(b'{' | b'[') => "json",
        Some(b'<') => "xml",
        _ => "txt",
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let text = match document.target.is_empty() {
        true => document.query.clone(),
        false => format!("{}-{}", document.query, document.target),
    };
    let text: String = text
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .take(100)
        .collect();
    let text = text.trim_start_matches('.');
    let mut name = format!("{text}.{kind}");
    let mut number = 1_u32;
    while !taken.insert(name.clone()) {
        number = number.saturating_add(1);
        name = format!("{text}-{number}.{kind}");
    }
    name
}

fn json(file: &Path, value: &impl Serialize, scrub: &Scrub) -> Result<(), CaptureError> {
    let text = serde_json::to_string_pretty(value);
    let text = text.map_err(|error| CaptureError::Form(error.to_string()))?;
    write(file, scrub.text(&format!("{text}\n")).as_bytes())
}
