//! Everything that a machine answers without being loaded, asked once: files and links that globs match,
//! documents, readings and the kernel's log. An error is kept as the answer that it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::contract::bmc::Question;
use crate::contract::clock::Instant;
use crate::contract::disks::Disk;
use crate::contract::files::Content;
use crate::contract::gpu;
use crate::contract::hwmon::Reading;
use crate::contract::kernel_log::{Beginning, Entry};
use crate::contract::queries::{Query, Subject};
use crate::contract::types::{Document, Error, Missing, MissingKind};
use crate::directory::manifest::{AbsentEntry, Peer};
use crate::directory::place;
use crate::{Attempt, Machine, MachineError, Reply, Request, Session};

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
