//! A machine written down: as a folder of evidence that `dir:` reads, and, where it is a real one, as a
//! profile that simulates one like it.
//!
//! * [`evidence`]: everything that a machine answers, asked once;
//! * [`folder`]: the folder; [`tree`]: its files, links and folders of the kernel;
//! * [`profile`]: readings become a profile;
//! * [`scrub`]: serial numbers, addresses and names become placeholders, the same one everywhere.
//!
//! Nothing of what is on a disk is read, and nothing is written outside the one folder.

mod evidence;
mod folder;
mod profile;
mod scrub;
mod tree;

use std::path::{Path, PathBuf};

use crate::contract::bmc::Question;
use crate::contract::types::{Document, Error};
use crate::real::RealMachine;
use crate::{Attempt, Machine, MachineError, Reply, Request};
use evidence::Evidence;
use scrub::Scrub;

/// The profile's file.
pub const PROFILE: &str = "profile.toml";

/// The name of EDAC's first memory controller.
const EDAC: &str = "sys/devices/system/edac/mc/mc0/mc_name";

/// The kernel's class of batteries and mains adapters.
const BATTERIES: &str = "sys/class/power_supply/";

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
    /// Files of the kernel.
    pub files: usize,
    /// Documents of tools.
    pub documents: usize,
    /// Serial numbers, addresses and names that were replaced; 0 where they were kept.
    pub scrubbed: usize,
    /// What could not be read, one line each.
    pub gaps: Vec<String>,
}

/// What the management controller's documents and the kernel's files of batteries show, for the profile: this
/// crate reads neither.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watched {
    /// Power supplies.
    pub supplies: Vec<Supply>,
    /// Fans by name, each with its speed now in revolutions per minute.
    pub fans: Vec<(String, f64)>,
    /// Voltages by name, in volts.
    pub rails: Vec<(String, f64)>,
}

/// A power supply, a battery or a mains adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Supply {
    /// Its name.
    pub name: String,
    /// Model.
    pub model: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// Whether it is a battery or a mains adapter.
    pub portable: bool,
}

/// What a profile has of a GPU that only its tool's document says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownGpu {
    /// PCI address.
    pub pci_address: String,
    /// Model.
    pub model: Option<String>,
    /// The maker's unique id.
    pub uuid: Option<String>,
    /// Serial number.
    pub serial: Option<String>,
    /// VBIOS version.
    pub vbios: Option<String>,
    /// Driver version.
    pub driver: Option<String>,
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Power limit in watts.
    pub power_limit: Option<f64>,
    /// Highest core clock in MHz.
    pub core_mhz: Option<f64>,
    /// Highest memory clock in MHz.
    pub memory_mhz: Option<f64>,
    /// Highest speed of its link, in gigatransfers per second and lane, and its lanes.
    pub link: Option<(f64, u32)>,
}

/// A question to the management controller, and what it answered.
pub type Answered = (Question, Document);

/// A file of the kernel by its path, and its bytes.
pub type Kept = (String, Vec<u8>);

/// Readers of documents, which this crate itself does not understand: whoever captures brings them.
#[derive(Clone, Copy, Debug)]
pub struct Readers {
    /// The GPUs of a document of `gpu.ask`, as far as it has any.
    pub gpus: fn(&Document) -> Vec<KnownGpu>,
    /// What the management controller's documents and the kernel's files of batteries show.
    pub watched: fn(&[Answered], &[Kept]) -> Watched,
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
    let scrub = match wanted.keep_serials {
        true => Scrub::nothing(),
        false => Scrub::of(&evidence, &[]),
    };
    keep(&evidence, output, &scrub)
}

/// Writes the real machine down, as a folder of evidence and as a profile. `read`: how documents are read
/// for the profile.
///
/// # Errors
///
/// As [`capture`], and when the readings make no profile.
pub async fn capture_real(
    machine: &RealMachine,
    output: &Path,
    wanted: Wanted<'_>,
    read: Readers,
) -> Result<Captured, CaptureError> {
    empty(output)?;
    let evidence = Evidence::take(machine, wanted.globs, wanted.stages).await?;
    let readings = Readings::of(&evidence, inventory(machine).await?);
    let mut names = machine.host_names();
    for reply in &readings.replies {
        if let Reply::Inventory(parts) = reply {
            names.extend(parts.bmc.as_ref().and_then(|bmc| bmc.address.clone()));
        }
    }
    let scrub = match wanted.keep_serials {
        true => Scrub::nothing(),
        false => Scrub::of(&evidence, &names),
    };
    let watched = (read.watched)(&readings.controller, &readings.batteries);
    let profile = profile::toml(&readings, read, &watched)?;
    let profile = scrub.text(&profile);
    crate::simulated::SimulatedMachine::from_toml(PROFILE, &profile, 1)?;
    let captured = keep(&evidence, output, &scrub)?;
    write(&output.join(PROFILE), profile.as_bytes())?;
    Ok(captured)
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

async fn inventory(machine: &RealMachine) -> Result<Reply, CaptureError> {
    let session = machine.begin(Attempt::beside("capture")).await?;
    let inventory = session.call(Request::Inventory).await;
    let _nothing_ran = session.end().await;
    inventory.map_err(CaptureError::Silent)
}

/// What a profile is made from.
struct Readings {
    replies: Vec<Reply>,
    /// What the management controller answered.
    controller: Vec<(Question, Document)>,
    /// What EDAC's first memory controller calls itself.
    edac: Option<String>,
    /// The kernel's files of batteries and mains adapters.
    batteries: Vec<(String, Vec<u8>)>,
}

impl Readings {
    fn of(evidence: &Evidence, inventory: Reply) -> Self {
        let mut replies = vec![inventory];
        replies.extend(evidence.hwmon.clone().map(Reply::Hwmon));
        replies.extend(evidence.disks.clone().map(Reply::Disks));
        let mut controller = Vec::new();
        for document in &evidence.documents {
            let question = Question::ALL
                .into_iter()
                .find(|question| question.name() == document.target);
            match question.filter(|_| document.query == crate::tools::ipmitool::QUERY) {
                Some(question) => controller.push((question, document.clone())),
                None => replies.push(Reply::Document(Box::new(document.clone()))),
            }
        }
        let files = evidence.files.iter();
        let batteries = files.filter(|(path, _)| path.starts_with(BATTERIES));
        let edac = evidence.files.get(EDAC);
        let edac = edac.map(|file| String::from_utf8_lossy(&file.bytes).trim().to_owned());
        Readings {
            replies,
            controller,
            edac: edac.filter(|name| !name.is_empty()),
            batteries: batteries
                .map(|(path, file)| (path.clone(), file.bytes.clone()))
                .collect(),
        }
    }
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
