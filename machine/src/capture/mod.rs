//! A machine written down: as a profile that simulates one like it, and as a tree of the files and the
//! tools' answers that it was known by, for `--root` and `--tools`.
//!
//! * [`tree`]: files, links and folders, those that were read and no others;
//! * [`answers`]: what the tools said, as programs that say it again;
//! * [`scrub`]: serial numbers, addresses and names become placeholders, the same one everywhere.
//!
//! Nothing of what is on a disk is read, and nothing is written outside the one folder.

mod answers;
mod scrub;
mod tree;

use std::path::{Path, PathBuf};

use crate::MachineError;
use crate::contract::disks::Disk;
use crate::real::RealMachine;
use crate::real::root::Seen;
use crate::tools::Heard;
use scrub::Scrub;

/// Where the kernel's files go, below the output folder.
pub const ROOT: &str = "root";
/// Where the tools' answers go.
pub const TOOLS: &str = "tools";
/// The profile's file.
pub const PROFILE: &str = "profile.toml";

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
    /// The machine cannot be looked at.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// What was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Files of the tree.
    pub files: usize,
    /// Answers of tools.
    pub answers: usize,
    /// Serial numbers, addresses and names that were replaced; 0 where they were kept.
    pub scrubbed: usize,
}

/// A real machine that notes what is asked of it, so that all of it can be written down.
#[derive(Clone, Debug)]
pub struct Noted {
    machine: RealMachine,
    seen: Seen,
    heard: Heard,
}

impl Noted {
    /// Notes from now on.
    pub fn new(machine: RealMachine) -> Self {
        let (machine, seen, heard) = machine.noting();
        Noted {
            machine,
            seen,
            heard,
        }
    }

    /// The machine, to be asked whatever is to be kept.
    pub fn machine(&self) -> &RealMachine {
        &self.machine
    }

    /// Writes what was asked down in a folder that is new or empty, with a profile that was made of it.
    /// `disks`: the machine's. `keep_serials`: nothing is replaced.
    ///
    /// # Errors
    ///
    /// [`CaptureError`]; nothing was written where the folder is not empty or the profile is none.
    pub fn write(
        &self,
        output: &Path,
        profile: &str,
        disks: &[Disk],
        keep_serials: bool,
    ) -> Result<Captured, CaptureError> {
        empty(output)?;
        let (paths, exchanges) = (self.seen.paths(), self.heard.exchanges());
        let root = self.machine.root();
        let scrub = match keep_serials {
            true => Scrub::nothing(),
            false => Scrub::of(disks, root, &paths, &exchanges),
        };
        let profile = scrub.text(profile);
        crate::simulated::SimulatedMachine::from_toml(PROFILE, &profile, 1)?;
        make(output)?;
        write(&output.join(PROFILE), profile.as_bytes())?;
        let files = tree::copy(root, &paths, &output.join(ROOT), &scrub)?;
        let answers = answers::keep(&exchanges, &output.join(TOOLS), &scrub)?;
        Ok(Captured {
            files,
            answers,
            scrubbed: scrub.count(),
        })
    }
}

/// Whether a capture may be written there.
///
/// # Errors
///
/// [`CaptureError::NotEmpty`], or what the system said.
pub fn empty(folder: &Path) -> Result<(), CaptureError> {
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
