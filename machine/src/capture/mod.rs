//! A machine written down: as a profile that simulates one like it, and as a tree of the files and the
//! tools' answers that it was known by, for `--root` and `--tools`.
//!
//! * [`profile`]: readings become a profile;
//! * [`tree`]: files, links and folders, those that were read and no others;
//! * [`answers`]: what the tools said, as programs that say it again;
//! * [`scrub`]: serial numbers, addresses and names become placeholders, the same one everywhere.
//!
//! Nothing of what is on a disk is read, and nothing is written outside the one folder.

mod answers;
mod profile;
mod scrub;
mod tree;

use std::path::{Path, PathBuf};

use crate::contract::types::{Document, Error};
use crate::real::RealMachine;
use crate::{Answer, Attempt, Machine as _, MachineError, Reply, Request};
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
    /// What was read is no machine that a profile can say.
    #[error("the readings make no profile: {0}")]
    Profile(String),
    /// The machine cannot be looked at.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// It does not tell what it is made of.
    #[error("the machine does not tell what it is made of: {0}")]
    Silent(Error),
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
    /// What could not be read, one line each.
    pub gaps: Vec<String>,
}

/// Writes a machine down in a folder that is new or empty. `keep_serials`: nothing is replaced.
///
/// # Errors
///
/// [`CaptureError`]: before anything was written when the folder is not empty or the machine does not
/// tell what it is made of.
pub async fn capture(
    machine: RealMachine,
    output: &Path,
    keep_serials: bool,
) -> Result<Captured, CaptureError> {
    empty(output)?;
    let (machine, seen, heard) = machine.noting();
    let readings = Readings::take(&machine).await?;
    readings.look_again(&machine);
    let (paths, exchanges) = (seen.paths(), heard.exchanges());
    let scrub = match keep_serials {
        true => Scrub::nothing(),
        false => Scrub::of(&readings, machine.root(), &paths, &exchanges),
    };
    let profile = profile::toml(&readings)?;
    let profile = scrub.text(&profile);
    crate::simulated::SimulatedMachine::from_toml(PROFILE, &profile, 1)?;
    make(output)?;
    write(&output.join(PROFILE), profile.as_bytes())?;
    let files = tree::copy(machine.root(), &paths, &output.join(ROOT), &scrub)?;
    let answers = answers::keep(&exchanges, &output.join(TOOLS), &scrub)?;
    Ok(Captured {
        files,
        answers,
        scrubbed: scrub.count(),
        gaps: readings.gaps,
    })
}

/// Everything that a machine tells at once.
struct Readings {
    replies: Vec<Reply>,
    gaps: Vec<String>,
}

impl Readings {
    async fn take(machine: &RealMachine) -> Result<Self, CaptureError> {
        let session = machine.begin(Attempt::beside("capture")).await?;
        let mut readings = Readings {
            replies: Vec::new(),
            gaps: Vec::new(),
        };
        let inventory = session.call(Request::Inventory).await;
        readings
            .replies
            .push(inventory.map_err(CaptureError::Silent)?);
        for request in [
            Request::Hwmon,
            Request::Disks,
            Request::GpuRead,
            Request::PowerRead,
            Request::PowerEventLog,
            Request::Counters,
        ] {
            let answer = session.call(request.clone()).await;
            readings.add(&request, answer);
        }
        let mut drives = match session.call(Request::SmartDevices).await {
            Ok(Reply::SmartDevices(devices)) => devices,
            _ => Vec::new(),
        };
        match session.call(Request::SmartScan).await {
            Ok(Reply::Document(scan)) => drives.extend(hidden(&scan)),
            answer => readings.add(&Request::SmartScan, answer),
        }
        for device in drives {
            let request = Request::SmartRead { device };
            let answer = session.call(request.clone()).await;
            readings.add(&request, answer);
        }
        let _nothing_ran = session.end().await;
        Ok(readings)
    }

    /// Asks the kernel's files for what was told by a call that a tree cannot answer, so that they
    /// are kept too: the addresses of network ports.
    fn look_again(&self, machine: &RealMachine) {
        for reply in &self.replies {
            if let Reply::Inventory(parts) = reply {
                for nic in &parts.nics {
                    let file = format!("sys/class/net/{}/address", nic.name);
                    let _kept = machine.root().value(&file);
                }
            }
        }
    }

    fn add(&mut self, request: &Request, answer: Answer) {
        match answer {
            Ok(reply) => self.replies.push(reply),
            Err(error) => self.gaps.push(format!("{request:?}: {error}")),
        }
    }
}

/// The drives of a scan that only smartctl knows, as `smart.read` takes them: those whose type names a
/// place behind a controller.
fn hidden(scan: &Document) -> Vec<String> {
    let scanned: serde_json::Value = serde_json::from_slice(&scan.stdout).unwrap_or_default();
    let found = scanned["devices"].as_array();
    let name = |device: &serde_json::Value| {
        let node = device["name"].as_str()?.strip_prefix("/dev/")?;
        let kind = device["type"].as_str()?;
        kind.contains(',').then(|| format!("{node}:{kind}"))
    };
    found.into_iter().flatten().filter_map(name).collect()
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
