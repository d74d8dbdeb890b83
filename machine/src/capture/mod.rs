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

use crate::contract::bmc::Question;
use crate::contract::files::Kind;
use crate::contract::gpu;
use crate::contract::types::{Document, Error};
use crate::real::RealMachine;
use crate::{Answer, Attempt, Machine as _, MachineError, Reply, Request, Session};
use scrub::Scrub;

/// Where the kernel's files go, below the output folder.
pub const ROOT: &str = "root";
/// Where the tools' answers go.
pub const TOOLS: &str = "tools";
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

/// Writes a machine down in a folder that is new or empty. `globs`: the kernel's files to keep besides those
/// that its readings need. `keep_serials`: nothing is replaced. `read`: how documents are read for the profile.
///
/// # Errors
///
/// [`CaptureError`]: before anything was written when the folder is not empty or the machine does not
/// tell what it is made of.
pub async fn capture(
    machine: RealMachine,
    output: &Path,
    globs: &[&str],
    keep_serials: bool,
    read: Readers,
) -> Result<Captured, CaptureError> {
    empty(output)?;
    let (machine, seen, heard) = machine.noting();
    let readings = Readings::take(&machine, globs).await?;
    readings.look_again(&machine);
    let (paths, exchanges) = (seen.paths(), heard.exchanges());
    let scrub = match keep_serials {
        true => Scrub::nothing(),
        false => Scrub::of(&readings, machine.root(), &paths, &exchanges),
    };
    let watched = (read.watched)(&readings.controller, &readings.batteries);
    let profile = profile::toml(&readings, read, &watched)?;
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

/// What is asked of the tools of GPUs.
const GPU_QUESTIONS: [gpu::Question; 6] = [
    gpu::Question::NvidiaSmi,
    gpu::Question::NvlinkStatus,
    gpu::Question::NvlinkErrors,
    gpu::Question::RocmSmi,
    gpu::Question::AmdSmiStatic,
    gpu::Question::AmdSmiMetric,
];

/// Everything that a machine tells at once.
struct Readings {
    replies: Vec<Reply>,
    /// What the management controller answered.
    controller: Vec<(Question, Document)>,
    gaps: Vec<String>,
    /// What EDAC's first memory controller calls itself.
    edac: Option<String>,
    /// The kernel's files of batteries and mains adapters.
    batteries: Vec<(String, Vec<u8>)>,
}

impl Readings {
    async fn take(machine: &RealMachine, globs: &[&str]) -> Result<Self, CaptureError> {
        let session = machine.begin(Attempt::beside("capture")).await?;
        let mut readings = Readings {
            replies: Vec::new(),
            controller: Vec::new(),
            gaps: Vec::new(),
            edac: None,
            batteries: Vec::new(),
        };
        let inventory = session.call(Request::Inventory).await;
        readings
            .replies
            .push(inventory.map_err(CaptureError::Silent)?);
        for request in [Request::Hwmon, Request::Disks] {
            let answer = session.call(request.clone()).await;
            readings.add(&request, answer);
        }
        for question in Question::ALL {
            let request = Request::Bmc {
                question: question.clone(),
            };
            match session.call(request.clone()).await {
                Ok(Reply::Document(document)) => readings.controller.push((question, *document)),
                // Where there is none, one line is enough.
                answer => {
                    readings.add(&request, answer);
                    break;
                }
            }
        }
        for glob in globs {
            readings.files(&*session, glob).await;
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
        let has_gpus = match session.call(Request::GpuDevices).await {
            Ok(Reply::GpuDevices(devices)) => !devices.is_empty(),
            _ => false,
        };
        for question in GPU_QUESTIONS.into_iter().filter(|_| has_gpus) {
            let request = Request::GpuAsk { question };
            match session.call(request.clone()).await {
                // A machine has the tools of its own GPUs' makers.
                Err(Error::Unavailable(_)) => {}
                answer => readings.add(&request, answer),
            }
        }
        let _nothing_ran = session.end().await;
        Ok(readings)
    }

    /// Reads the files that a glob matches, so that they are kept.
    async fn files(&mut self, session: &dyn Session, glob: &str) {
        let globs = vec![glob.to_owned()];
        let listed = session.call(Request::FilesList { globs }).await;
        let Ok(Reply::FilesListing(listing)) = listed else {
            return self.gaps.push(format!("{glob}: it could not be listed"));
        };
        let unread = listing.unread.into_iter();
        let unread = unread.map(|(path, why)| format!("{path}: {why}"));
        self.gaps.extend(unread);
        self.gaps
            .extend(listing.cut.map(|why| format!("{glob}: {why}")));
        let files = listing.found.into_iter().filter(|f| f.kind == Kind::File);
        let paths: Vec<String> = files.map(|file| file.path).collect();
        let read = session
            .call(Request::FilesRead {
                paths: paths.clone(),
            })
            .await;
        let Ok(Reply::FilesContents(contents)) = read else {
            return self.gaps.push(format!("{glob}: it could not be read"));
        };
        for (path, content) in paths.iter().zip(&contents) {
            if path.starts_with(BATTERIES) {
                self.batteries.push((path.clone(), content.bytes.clone()));
            }
        }
        let edac = paths.iter().position(|path| path == EDAC);
        if let Some(content) = edac.and_then(|at| contents.get(at)) {
            let name = String::from_utf8_lossy(&content.bytes).trim().to_owned();
            self.edac = Some(name).filter(|name| !name.is_empty());
        }
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
