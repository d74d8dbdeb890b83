//! `vetting machine import`: a bundle from the field as a folder of evidence for `--machine dir:FOLDER`.

use std::path::PathBuf;

use clap::Args;
use vetting_machine::capture::{self, CaptureError};

use super::{Exit, Failure, print};
use crate::import::{self, ImportError};

/// `vetting machine import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A sosreport's archive (.tar, .tar.gz, .tar.xz, .tar.zst), or a folder with what commands printed:
    /// dmesg.txt, smartctl-x-sda.json, ipmitool-sel-elist.txt, nvidia-smi-q-x.xml
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Where it goes: a folder that is new or empty
    #[arg(long, short, default_value = "imported", value_name = "DIR")]
    pub output: PathBuf,
    /// Keep serial numbers, addresses and names as they are
    #[arg(long)]
    pub keep_serials: bool,
}

/// Imports, and says what was understood.
pub fn import(args: &ImportArgs) -> Result<Exit, Failure> {
    let imported = import::import(&args.bundle).map_err(|error| match error {
        ImportError::Io { .. } | ImportError::TooMuch { .. } | ImportError::Nothing(_) => {
            Failure::usage(error)
        }
    })?;
    let documents: Vec<String> = imported
        .evidence
        .documents
        .iter()
        .map(|document| format!("{} {}", document.query, document.target))
        .collect();
    let has_log = imported.evidence.log.is_some();
    let written = capture::write_evidence(
        &imported.evidence,
        &args.output,
        args.keep_serials,
        &imported.names,
    );
    let written = written.map_err(|error| match error {
        CaptureError::NotEmpty(_) => Failure::usage(error),
        other => Failure::runtime(other),
    })?;
    let folder = args.output.display();
    let mut text = format!(
        "{folder}: {} files of the kernel, {} documents, {} serial numbers and addresses replaced\n",
        written.files, written.documents, written.scrubbed
    );
    for document in documents {
        text.push_str(&format!("document: {}\n", document.trim_end()));
    }
    if has_log {
        text.push_str("kernel log\n");
    }
    for gap in &imported.gaps {
        text.push_str(&format!("not read: {gap}\n"));
    }
    text.push_str(&format!(
        "{} other files answer no question that is known\nvetting run --machine dir:{folder}\n",
        imported.unknown
    ));
    print::lines(&text)?;
    Ok(Exit::Passed)
}
