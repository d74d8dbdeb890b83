//! Everything that a machine answers without being loaded, asked once: files and links that globs match,
//! documents, readings and the kernel's log. An error is kept as the answer that it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::contract::bmc::Question;
use crate::contract::clock::Instant;
use crate::contract::disks::Disk;
use crate::contract::files::{Content, Ending, Kind};
use crate::contract::gpu;
use crate::contract::hwmon::Reading;
use crate::contract::kernel_log::{Beginning, Entry};
use crate::contract::queries::{Query, Subject};
use crate::contract::types::{Document, Error, Missing, MissingKind};
use crate::directory::manifest::{AbsentEntry, Peer};
use crate::directory::place;
use crate::files::check_paths;
use crate::{Attempt, Machine, MachineError, Reply, Request, Session};

/// Paths that are read in one call.
const AT_ONCE: usize = 1_024;

/// Calls for one listing of files; each gives some of it.
const MAX_CALLS: usize = 4_096;

/// Records of the kernel's log.
const MAX_RECORDS: usize = 200_000;

/// What is asked of the tools of GPUs.
const GPU_QUESTIONS: [gpu::Question; 6] = [
    gpu::Question::NvidiaSmi,
    gpu::Question::NvlinkStatus,
    gpu::Question::NvlinkErrors,
    gpu::Question::RocmSmi,
    gpu::Question::AmdSmiStatic,
    gpu::Question::AmdSmiMetric,
];

/// What a machine answered.
#[derive(Default)]
pub struct Evidence {
    /// What reports call it.
    pub origin: String,
    /// Its calendar; `None`: it has none.
    pub taken: Option<Instant>,
    /// Logical CPUs.
    pub cpus: u32,
    /// Bytes of memory that were free.
    pub memory_bytes: u64,
    /// Its network peer.
    pub peer: Option<Peer>,
    /// Parameters that it fixes for stages.
    pub parameters: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// The globs whose matches are all here.
    pub globs: BTreeSet<String>,
    /// Links, each with where it leads in the end.
    pub links: BTreeMap<String, String>,
    /// Folders that are not links.
    pub folders: BTreeSet<String>,
    /// Files, as they were read.
    pub files: BTreeMap<String, Content>,
    /// Folders and globs that could not be listed, and why.
    pub unlisted: BTreeSet<(String, String)>,
    /// What tools printed.
    pub documents: Vec<Document>,
    /// Questions that were answered by an error.
    pub absent: Vec<AbsentEntry>,
    /// The sensors.
    pub hwmon: Option<Reading>,
    /// The disks.
    pub disks: Option<Vec<Disk>>,
    /// The drives that the kernel shows.
    pub drives: Option<Vec<String>>,
    /// The GPUs that the kernel shows.
    pub gpus: Option<Vec<String>>,
    /// The queries that the host knows.
    pub queries: Option<Vec<Query>>,
    /// The kernel's log since boot.
    pub log: Option<Vec<Entry>>,
    /// Records of the kernel's log that were lost.
    pub lost: u64,
}

impl Evidence {
    /// Asks a machine everything. `globs`: the kernel's files; `stages`: the names of stages whose
    /// parameters are kept.
    ///
    /// # Errors
    ///
    /// When no session can be begun.
    pub async fn take(
        machine: &dyn Machine,
        globs: &[&str],
        stages: &[&str],
    ) -> Result<Self, MachineError> {
        let attempt = Attempt {
            max_watches: 1,
            ..Attempt::beside("capture")
        };
        let session = machine.begin(attempt).await?;
        let (cpus, memory_bytes) = machine.capacity();
        let mut evidence = Evidence {
            origin: machine.name(),
            cpus,
            memory_bytes,
            peer: machine.peer().map(|peer| Peer {
                host: peer.host,
                port: peer.port,
            }),
            ..Evidence::default()
        };
        for stage in stages {
            // TOML has no null, which is what a parameter without a value is.
            let parameters = machine.parameters(stage).into_iter();
            let parameters: BTreeMap<_, _> = parameters.filter(|(_, v)| !v.is_null()).collect();
            if !parameters.is_empty() {
                evidence.parameters.insert((*stage).to_owned(), parameters);
            }
        }
        if let Ok(Reply::Wall(taken)) = session.call(Request::Wall).await {
            evidence.taken = Some(taken);
        }
        evidence.readings(&*session).await;
        evidence.drives(&*session).await;
        evidence.controller(&*session).await;
        for question in GPU_QUESTIONS {
            evidence.ask(&*session, Request::GpuAsk { question }).await;
        }
        evidence.ask(&*session, Request::GpuSample).await;
        evidence.tree(&*session, globs).await;
        evidence.queries(&*session).await;
        evidence.kernel_log(&*session).await;
        let _nothing_ran = session.end().await;
        Ok(evidence)
    }

    async fn readings(&mut self, session: &dyn Session) {
        match session.call(Request::Hwmon).await {
            Ok(Reply::Hwmon(reading)) => self.hwmon = Some(reading),
            answer => self.missing(&Request::Hwmon, answer.err()),
        }
        match session.call(Request::Disks).await {
            Ok(Reply::Disks(disks)) => self.disks = Some(disks),
            answer => self.missing(&Request::Disks, answer.err()),
        }
        match session.call(Request::GpuDevices).await {
            Ok(Reply::GpuDevices(gpus)) => self.gpus = Some(gpus),
            answer => self.missing(&Request::GpuDevices, answer.err()),
        }
        match session.call(Request::SmartDevices).await {
            Ok(Reply::SmartDevices(drives)) => self.drives = Some(drives),
            answer => self.missing(&Request::SmartDevices, answer.err()),
        }
    }

    /// Every drive that the kernel shows, and those that a scan finds behind controllers.
    async fn drives(&mut self, session: &dyn Session) {
        let mut drives = self.drives.clone().unwrap_or_default();
        self.ask(session, Request::SmartScan).await;
        if let Some(scan) = self.documents.iter().find(|d| d.query == "smart.scan") {
            drives.extend(hidden(scan));
        }
        for device in drives {
            self.ask(session, Request::SmartRead { device }).await;
        }
    }

    async fn controller(&mut self, session: &dyn Session) {
        for question in Question::ALL {
            let request = Request::Bmc { question };
            let function = request.function();
            match session.call(request.clone()).await {
                // Where there is none, one entry is enough.
                Err(error @ Error::Unavailable(_)) => {
                    self.absent.push(AbsentEntry {
                        query: function.to_owned(),
                        target: None,
                        error,
                    });
                    return;
                }
                answer => self.keep(&request, answer),
            }
        }
    }

    /// Every query whose program is there, about everything that it can be about.
    async fn queries(&mut self, session: &dyn Session) {
        let known = match session.call(Request::QueriesList).await {
            Ok(Reply::Queries(known)) => known,
            answer => return self.missing(&Request::QueriesList, answer.err()),
        };
        for query in known.iter().filter(|query| query.missing.is_none()) {
            let targets = match query.subject {
                Subject::Machine => vec![String::new()],
                Subject::Disk => {
                    let disks = self.disks.iter().flatten();
                    disks.map(|disk| disk.name.clone()).collect()
                }
                Subject::Gpu => self.gpus.clone().unwrap_or_default(),
                Subject::Nvme => self.names_in("sys/class/nvme"),
                Subject::Port => self.names_in("sys/class/net"),
                Subject::Pci => self.names_in("sys/bus/pci/devices"),
            };
            for target in targets {
                let name = query.name.clone();
                self.ask(session, Request::QueriesRun { name, target })
                    .await;
            }
        }
        self.queries = Some(known);
    }

    /// The names of the links and folders in a folder of the kernel's.
    fn names_in(&self, folder: &str) -> Vec<String> {
        let paths = self.links.keys().chain(&self.folders);
        let names = paths.filter_map(|path| {
            let name = path.strip_prefix(folder)?.strip_prefix('/')?;
            (!name.contains('/')).then(|| name.to_owned())
        });
        let names: BTreeSet<String> = names.collect();
        names.into_iter().collect()
    }

    async fn ask(&mut self, session: &dyn Session, request: Request) {
        let answer = session.call(request.clone()).await;
        self.keep(&request, answer);
    }

    fn keep(&mut self, request: &Request, answer: crate::Answer) {
        match answer {
            // The place that it is asked for by, whatever answered.
            Ok(Reply::Document(document)) => match place(request) {
                Some((query, target)) => self.documents.push(Document {
                    query,
                    target,
                    ..*document
                }),
                None => self.missing(request, None),
            },
            Ok(_) => self.missing(request, None),
            Err(error) => self.missing(request, Some(error)),
        }
    }

    fn missing(&mut self, request: &Request, error: Option<Error>) {
        let (query, target) = match place(request) {
            Some((query, target)) => (query, Some(target)),
            None => (request.function().to_owned(), None),
        };
        let unexpected = || Error::tool_failed(&query, "another kind of reply than was asked for");
        self.absent.push(AbsentEntry {
            target,
            error: error.unwrap_or_else(unexpected),
            query,
        });
    }

    /// Lists what globs match, with the links on the way there, and reads the files.
    async fn tree(&mut self, session: &dyn Session, globs: &[&str]) {
        let mut paths = BTreeSet::new();
        // The drivers of GPUs have many files of their own.
        let of_gpus = self.gpus.iter().flatten().flat_map(|address| {
            let home = format!("sys/bus/pci/devices/{address}");
            ["*", "ras/*", "hwmon/*/*"].map(|below| format!("{home}/{below}"))
        });
        let of_gpus: Vec<String> = of_gpus.collect();
        let globs: BTreeSet<&str> = globs
            .iter()
            .copied()
            .chain(of_gpus.iter().map(String::as_str))
            .collect();
        let ways: BTreeSet<&str> = globs.iter().flat_map(|glob| on_the_way(glob)).collect();
        for way in ways {
            let is_asked_for = globs.contains(way);
            let files = self.list(session, way, is_asked_for).await;
            if is_asked_for {
                paths.extend(files);
            }
        }
        let mut todo: Vec<String> = paths.into_iter().collect();
        for _ in 0..MAX_CALLS {
            let now: Vec<String> = todo.iter().take(AT_ONCE).cloned().collect();
            if now.is_empty() {
                return;
            }
            let request = Request::FilesRead { paths: now.clone() };
            let contents = match session.call(request).await {
                Ok(Reply::FilesContents(contents)) => contents,
                Err(error) => vec![failed(&error); now.len()],
                Ok(_) => Vec::new(),
            };
            let mut given = 0_usize;
            for (path, content) in now.into_iter().zip(contents) {
                if content.ending == Ending::LeftOut {
                    break;
                }
                given = given.saturating_add(1);
                self.files.insert(path, content);
            }
            if given == 0 {
                break;
            }
            todo.drain(..given.min(todo.len()));
        }
        let gap = "the file was not read: the capture had read as much as it may".to_owned();
        for path in todo {
            let content = Content {
                bytes: Vec::new(),
                ending: Ending::Failed(gap.clone()),
            };
            self.files.insert(path, content);
        }
    }

    /// Lists one glob: links and folders are kept, files are returned.
    async fn list(&mut self, session: &dyn Session, glob: &str, is_asked_for: bool) -> Vec<String> {
        let globs = vec![glob.to_owned()];
        let listed = session.call(Request::FilesList { globs }).await;
        let listing = match listed {
            Ok(Reply::FilesListing(listing)) => listing,
            answer => {
                let why = answer.err().map(|error| error.to_string());
                let why = why.unwrap_or_else(|| "another kind of reply".to_owned());
                if is_asked_for {
                    self.unlisted.insert((glob.to_owned(), why));
                }
                return Vec::new();
            }
        };
        // A glob that leads to nothing that may be read is answered by itself.
        let refused = listing.unread.iter().any(|(path, _)| path == glob);
        if let Some(why) = listing.cut {
            self.unlisted.insert((glob.to_owned(), why));
        } else if !refused {
            self.globs.insert(glob.to_owned());
        }
        if is_asked_for {
            self.unlisted.extend(listing.unread);
        }
        let mut files = Vec::new();
        for found in listing.found {
            // A recording may hold any path.
            let named = [Some(found.path.clone()), found.target.clone()];
            let named: Vec<String> = named.into_iter().flatten().collect();
            if check_paths(&named).is_err() {
                continue;
            }
            let is_folder = found.kind == Kind::Folder;
            match found.target {
                Some(target) => {
                    if is_folder {
                        self.folders.insert(target.clone());
                    }
                    self.links.insert(found.path.clone(), target);
                }
                None if is_folder => {
                    self.folders.insert(found.path.clone());
                }
                None => {}
            }
            if found.kind == Kind::File {
                files.push(found.path);
            }
        }
        files
    }

    async fn kernel_log(&mut self, session: &dyn Session) {
        let begins = Beginning::Boot;
        let open = Request::KernelLogOpen { begins };
        let watch = match session.call(open.clone()).await {
            Ok(Reply::Watch(watch)) => watch,
            answer => return self.missing(&open, answer.err()),
        };
        let mut log = Vec::new();
        let next = Request::KernelLogNext {
            watch,
            timeout_ms: 0,
        };
        while log.len() < MAX_RECORDS {
            match session.call(next.clone()).await {
                Ok(Reply::KernelLog(records)) if records.is_empty() => break,
                Ok(Reply::KernelLog(records)) => log.extend(records),
                answer => {
                    self.missing(&next, answer.err());
                    break;
                }
            }
        }
        if let Ok(Reply::Lost(lost)) = session.call(Request::KernelLogLost { watch }).await {
            self.lost = lost;
        }
        let _closed = session.call(Request::KernelLogClose { watch }).await;
        self.log = Some(log);
    }

    /// What could not be had, one line each, but for hardware that is not there and tools of its makers.
    pub fn gaps(&self) -> Vec<String> {
        let expected = |entry: &&AbsentEntry| {
            let missing = match &entry.error {
                Error::Unavailable(Missing { kind, .. }) => kind,
                _ => return true,
            };
            let is_gpu = entry.query.starts_with("gpu.");
            *missing != MissingKind::Hardware && !(is_gpu && *missing == MissingKind::Tool)
        };
        let absent = self.absent.iter().filter(expected).map(|entry| {
            let target = entry.target.as_deref().filter(|target| !target.is_empty());
            let target = target.map(|target| format!(" of {target}"));
            format!(
                "{}{}: {}",
                entry.query,
                target.unwrap_or_default(),
                entry.error
            )
        });
        let unlisted = self.unlisted.iter();
        let unlisted = unlisted.map(|(path, why)| format!("{path}: {why}"));
        let lost = (self.lost > 0).then(|| {
            let lost = self.lost;
            format!("kernel log: the first {lost} records were overwritten before the capture")
        });
        absent.chain(unlisted).chain(lost).collect()
    }

    /// When it was taken, since 1970.
    pub fn taken(&self) -> Duration {
        let taken = self.taken.as_ref();
        taken.map_or(Duration::ZERO, |at| {
            Duration::new(at.seconds, at.nanoseconds.min(999_999_999))
        })
    }
}

fn failed(error: &Error) -> Content {
    Content {
        bytes: Vec::new(),
        ending: Ending::Failed(error.to_string()),
    }
}

/// A glob, and each glob of the folders above it.
fn on_the_way(glob: &str) -> Vec<&str> {
    let ends = glob.match_indices('/').map(|(at, _)| at);
    let above = ends.filter_map(|end| glob.get(..end));
    above.chain(std::iter::once(glob)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_above_a_glob_are_on_the_way() {
        let way = on_the_way("sys/class/net/*/mtu");
        assert_eq!(
            way,
            [
                "sys",
                "sys/class",
                "sys/class/net",
                "sys/class/net/*",
                "sys/class/net/*/mtu"
            ]
        );
    }
}
