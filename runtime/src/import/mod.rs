//! Evidence from the field: a sosreport's archive, or a plain folder of what commands printed, becomes a folder
//! that `dir:` reads.
//!
//! * [`source`]: what an archive or a folder holds, item by item, within bounds;
//! * [`names`]: which question a file answers, by its name;
//! * [`gather`]: items become evidence.
//!
//! Nothing is understood here but names and the forms of a kernel log: what a document means is the stage's
//! to say. Nothing of an import counts as complete, so that a file which the bundle lacks is a gap.

mod gather;
mod names;
mod source;

use std::path::{Path, PathBuf};

use vetting_machine::capture::Evidence;

use gather::Gathered;

/// A bundle that cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system or the decompressor said.
        reason: std::io::Error,
    },
    /// It holds more than is read.
    #[error("{}: more than {limit} {what}; unpack what matters into a folder and import that", path.display())]
    TooMuch {
        /// The file or folder.
        path: PathBuf,
        /// How much is read.
        limit: u64,
        /// Of what: `bytes`, `entries`.
        what: &'static str,
    },
    /// Nothing in it is known.
    #[error(
        "{}: no file is known as evidence: expected sys/ and proc/, or outputs named like their commands, such \
         as dmesg.txt, smartctl-x-sda.json, ipmitool-sel-elist.txt, nvidia-smi-q-x.xml",
        .0.display()
    )]
    Nothing(PathBuf),
}

/// What was imported.
pub struct Imported {
    /// The evidence.
    pub evidence: Evidence,
    /// Files that could not be taken, and why, one line each.
    pub gaps: Vec<String>,
    /// What the host calls itself.
    pub names: Vec<String>,
    /// Files that answer no question that is known.
    pub unknown: usize,
}

/// Reads a bundle: an archive (`.tar`, `.tar.gz`, `.tar.xz`, `.tar.zst`) or a folder.
///
/// # Errors
///
/// [`ImportError`]; nothing is written here.
pub fn import(bundle: &Path) -> Result<Imported, ImportError> {
    let mut gathered = Gathered::default();
    if bundle.is_dir() {
        source::folder(bundle, &mut gathered)?;
    } else {
        source::archive(bundle, &mut gathered)?;
    }
    let name = bundle.file_name().unwrap_or_default().to_string_lossy();
    gathered
        .into_imported(&format!("import:{name}"))
        .ok_or_else(|| ImportError::Nothing(bundle.to_owned()))
}
