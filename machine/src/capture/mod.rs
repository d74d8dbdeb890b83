//! A machine written down as a folder of evidence, which `dir:` reads.
//!
//! * [`evidence`]: everything that a machine answers, asked once; [`files`]: the kernel's files among it;
//! * [`folder`]: the folder; [`tree`]: its files, links and folders of the kernel;
//! * [`scrub`]: serial numbers, addresses and names become placeholders, the same one everywhere.
//!
//! Nothing of what is on a disk is read, and nothing is written outside the one folder.

mod evidence;
mod files;
mod folder;
mod scrub;
mod tree;

use std::path::{Path, PathBuf};

use crate::{Machine, MachineError};
pub use evidence::Evidence;
use scrub::Scrub;

/// A machine that could not be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The folder is not there for this alone.
    #[error("{} is not empty; name a folder that is new or empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file could not be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// What was read cannot be written in its format.
    #[error("the evidence cannot be written: {0}")]
    Form(String),
    /// The machine cannot be looked at.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// What was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Files of the kernel.
    pub files: usize,
    /// Documents of tools.
    pub documents: usize,
    /// Serial numbers, addresses and names that were replaced; 0 where they were kept.
    pub scrubbed: usize,
    /// What could not be read, one line each.
    pub gaps: Vec<String>,
}

/// What is captured of a machine.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The kernel's files.
    pub globs: &'a [&'a str],
    /// Stages whose parameters are kept, where the machine fixes any.
    pub stages: &'a [&'a str],
    /// Whether serial numbers, addresses and names stay as they are.
    pub keep_serials: bool,
    /// What the host calls itself, which may be in a document and is replaced too.
    pub names: &'a [String],
}

/// Writes any machine down as a folder of evidence, which is new or empty.
///
/// # Errors
///
/// [`CaptureError`]: before anything was written when the folder is not empty or the machine cannot be
/// looked at.
pub async fn capture(
    machine: &dyn Machine,
    output: &Path,
    wanted: Wanted<'_>,
) -> Result<Captured, CaptureError> {
    empty(output)?;
    let evidence = Evidence::take(machine, wanted.globs, wanted.stages).await?;
    write_evidence(&evidence, output, wanted.keep_serials, wanted.names)
}

/// Writes evidence that was gathered otherwise, as [`capture`] writes a machine's. `names`: of the host.
///
/// # Errors
///
/// [`CaptureError`]: before anything was written when the folder is not empty.
pub fn write_evidence(
    evidence: &Evidence,
    output: &Path,
    keep_serials: bool,
    names: &[String],
) -> Result<Captured, CaptureError> {
    empty(output)?;
    let scrub = match keep_serials {
        true => Scrub::nothing(),
        false => Scrub::of(evidence, names),
    };
    keep(evidence, output, &scrub)
}

fn keep(evidence: &Evidence, output: &Path, scrub: &Scrub) -> Result<Captured, CaptureError> {
    make(output)?;
    let (files, documents) = folder::keep(evidence, output, scrub)?;
    Ok(Captured {
        files,
        documents,
        scrubbed: scrub.count(),
        gaps: evidence.gaps().iter().map(|gap| scrub.text(gap)).collect(),
    })
}

fn empty(folder: &Path) -> Result<(), CaptureError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(CaptureError::NotEmpty(folder.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(reason) => Err(io(folder, reason)),
    }
}

fn make(folder: &Path) -> Result<(), CaptureError> {
    std::fs::create_dir_all(folder).map_err(|reason| io(folder, reason))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), CaptureError> {
    std::fs::write(file, bytes).map_err(|reason| io(file, reason))
}

fn io(path: &Path, reason: std::io::Error) -> CaptureError {
    CaptureError::Io {
        path: path.to_owned(),
        reason,
    }
}
