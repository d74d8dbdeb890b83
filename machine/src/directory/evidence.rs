//! What the folder answers. A question that nothing in the folder answers gets an error that says so: what
//! was not collected never reads as what was not there.

use std::io;
use std::time::Duration;

use super::error::DirectoryError;
use super::folder::Folder;
use super::manifest::{DocumentEntry, Manifest};
use crate::contract::files::{Content, Ending, Kind, Listing};
use crate::contract::queries::Query;
use crate::contract::types::{Error, Missing, MissingKind};
use crate::files::{
    self, Tree as _, check_globs, check_paths, matches_path, may_read, without_bytes,
};
use crate::queries;
use crate::real::{disks, files as real_files, gpu as real_gpu, hwmon, smart};
use crate::tools::gpu;
use crate::{Answer, Reply, Request};

/// What a document, or the error in its place, is asked for by: the function and the target.
pub type Place = (String, String);

/// The place of a request that a document answers; `None`: another kind of reply answers it.
pub fn place(request: &Request) -> Option<Place> {
    let target = match request {
        Request::SmartScan | Request::GpuSample => String::new(),
        Request::SmartRead { device } => device.clone(),
        Request::GpuAsk { question } => gpu::name(question).to_owned(),
        Request::Bmc { question } => question.name().to_owned(),
        // A query is a name of its own.
        Request::QueriesRun { name, target } => return Some((name.clone(), target.clone())),
        _ => return None,
    };
    Some((request.function().to_owned(), target))
}

/// The load that a request would run, or what else it would do to a machine; `None`: it only looks.
pub fn load(request: &Request) -> Option<&'static str> {
    Some(match request {
        Request::FioStart { .. } => "fio",
        Request::StressStart { .. } => "stress-ng",
        Request::IperfStart { .. } => "iperf3",
        Request::MemtestStart { .. } => "stressapptest",
        Request::GpuStart { .. } => "a load of GPUs",
        Request::SmartStartSelfTest { .. } => "a self-test of a drive",
        Request::ScratchSpace => "scratch space",
        _ => return None,
    })
}

/// The answer to whoever asks for a load.
pub fn not_run(what: &str) -> Error {
    let remedy = "not run on evidence alone: run the stage on the machine itself";
    Error::Unavailable(missing(what, remedy))
}

impl Folder {
    /// The answer to a request that only looks. `now`: the session's clock.
    pub async fn answer(&self, request: &Request, now: Duration) -> Answer {
        if let Some((query, target)) = place(request) {
            return self.printed(&query, &target, now);
        }
        let query = request.function();
        if let Some(error) = self.absent(query, "") {
            return Err(error);
        }
        match request {
            Request::FilesList { globs } => {
                check_globs(globs)?;
                Ok(Reply::FilesListing(self.listing(globs)))
            }
            Request::FilesRead { paths } => {
                check_paths(paths)?;
                Ok(Reply::FilesContents(self.contents(paths).await))
            }
            Request::Hwmon => {
                let of_tree = || Some(hwmon::read(self.having("sys/class/hwmon")?));
                let reading = self.hwmon.clone().or_else(of_tree);
                reading.map(Reply::Hwmon).ok_or_else(|| not_here(query, ""))
            }
            Request::Disks => {
                let of_tree = || Some(disks::list_reading(self.having("sys/block")?, |_| false));
                let disks = self.disks.clone().or_else(of_tree);
                disks.map(Reply::Disks).ok_or_else(|| not_here(query, ""))
            }
            Request::SmartDevices => {
                let drives = self.manifest.drives.clone();
                let drives = drives.or_else(|| self.drives_seen());
                drives
                    .map(Reply::SmartDevices)
                    .ok_or_else(|| not_here(query, ""))
            }
            Request::GpuDevices => {
                let of_tree = || Some(real_gpu::devices(self.having("sys/bus/pci/devices")?));
                let gpus = self.manifest.gpus.clone().or_else(of_tree);
                gpus.map(Reply::GpuDevices)
                    .ok_or_else(|| not_here(query, ""))
            }
            Request::QueriesList => {
                let queries = self.queries.clone();
                Ok(Reply::Queries(
                    queries.unwrap_or_else(|| self.queries_seen()),
                ))
            }
            _ => Err(not_here(query, "")),
        }
    }

    /// The built-in queries, of which those without a document are missing.
    fn queries_seen(&self) -> Vec<Query> {
        let known = |query: queries::Query| {
            let mut documents = self.manifest.documents.iter();
            let is_here = documents.any(|document| document.query == query.name);
            query.known((!is_here).then(|| missing(&query.name, NOT_IN_IT)))
        };
        queries::built_in().map(known).collect()
    }

    /// The kernel's files, where this folder of them is there.
    fn having(&self, folder: &str) -> Option<&crate::real::root::Root> {
        self.tree.as_ref().filter(|tree| tree.is_folder(folder))
    }

    /// The drives of the kernel's files, and those that documents are about.
    fn drives_seen(&self) -> Option<Vec<String>> {
        let of_tree = self.having("sys/block").map(smart::devices);
        let documents = self.manifest.documents.iter();
        let named = documents.filter(|document| document.query == "smart.read");
        // A drive behind a controller is found by the scan.
        let named = named.filter(|document| !document.target.contains(':'));
        let mut drives: Vec<String> = named.map(|document| document.target.clone()).collect();
        if drives.is_empty() && of_tree.is_none() {
            return None;
        }
        drives.extend(of_tree.unwrap_or_default());
        drives.sort_by(|a, b| files::natural(a, b));
        drives.dedup();
        Some(drives)
    }

    fn printed(&self, query: &str, target: &str, now: Duration) -> Answer {
        let is_it = |entry: &&DocumentEntry| entry.query == query && entry.target == target;
        let Some(entry) = self.manifest.documents.iter().find(is_it) else {
            let absent = self.absent(query, target);
            return Err(absent.unwrap_or_else(|| not_here(query, target)));
        };
        let bytes = self.document(entry).map_err(|error| unreadable(&error))?;
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        Ok(Reply::Document(Box::new(entry.document(bytes, now))))
    }

    /// The error that was recorded for a question: its own before that of the whole query.
    pub fn absent(&self, query: &str, target: &str) -> Option<Error> {
        let absent = &self.manifest.absent;
        let of = |wanted: Option<&str>| {
            let entry = absent
                .iter()
                .find(|entry| entry.query == query && entry.target.as_deref() == wanted);
            entry.map(|entry| entry.error.clone())
        };
        of(Some(target)).or_else(|| of(None))
    }

    fn listing(&self, globs: &[String]) -> Listing {
        let mut listing = match &self.tree {
            Some(tree) => real_files::list(tree, globs),
            None => Listing {
                found: Vec::new(),
                unread: Vec::new(),
                cut: None,
            },
        };
        let not_captured = globs.iter().filter(|glob| !self.is_captured(glob));
        let gaps = not_captured.map(|glob| (glob.clone(), NOT_CAPTURED.to_owned()));
        listing.unread.extend(gaps);
        for entry in &self.manifest.unlisted {
            let leads_there = |glob: &String| {
                let folder: Vec<&str> = entry.path.split('/').collect();
                let start: Vec<&str> = glob.split('/').take(folder.len()).collect();
                glob == &entry.path || matches_path(&start.join("/"), &entry.path)
            };
            if globs.iter().any(leads_there) {
                let row = (entry.path.clone(), entry.reason.clone());
                listing.unread.push(row);
            }
        }
        listing.unread.sort();
        listing.unread.dedup();
        listing
    }

    async fn contents(&self, paths: &[String]) -> Vec<Content> {
        let mut contents = match &self.tree {
            Some(tree) => real_files::read(tree, &self.blocked, paths.to_vec()).await,
            None => vec![without_bytes(Ending::Absent); paths.len()],
        };
        for (path, content) in paths.iter().zip(&mut contents) {
            if let Err(denied) = may_read(path, path) {
                *content = without_bytes(denied);
            } else if content.ending == Ending::Absent && !self.is_captured(path) {
                *content = without_bytes(Ending::Failed(NOT_CAPTURED.to_owned()));
            } else if let Some(ending) = self.ending(path) {
                content.ending = ending;
            }
        }
        contents
    }

    /// How the reading of a file ended on the machine, where it did not give the whole file.
    fn ending(&self, path: &str) -> Option<Ending> {
        if self.endings.is_empty() {
            return None;
        }
        let resolved = || {
            let look = self.tree.as_ref()?.look(path)?;
            (look.kind == Kind::File).then_some(look.resolved)
        };
        let ending = self.endings.get(path);
        ending.or_else(|| self.endings.get(&resolved()?)).cloned()
    }

    /// Whether a glob or a path is within what was captured.
    fn is_captured(&self, glob: &str) -> bool {
        match (&self.tree, &self.manifest) {
            (None, _) => false,
            (Some(_), Manifest { captured_globs, .. }) => captured_globs
                .as_ref()
                .is_none_or(|globs| globs.iter().any(|whole| matches_path(whole, glob))),
        }
    }
}

/// What to do about a question that nothing in the folder answers.
const NOT_IN_IT: &str = "not in this evidence: add it to machine.toml";
/// Why a file that may have been there is not here.
const NOT_CAPTURED: &str = "not in this evidence: the file was not captured";

fn not_here(query: &str, target: &str) -> Error {
    let what = match target.is_empty() {
        true => query.to_owned(),
        false => format!("{query} of {target}"),
    };
    Error::Unavailable(missing(&what, NOT_IN_IT))
}

/// What a folder of evidence cannot give, and what to do about it.
pub fn missing(what: &str, remedy: &str) -> Missing {
    Missing {
        kind: MissingKind::Other("evidence".to_owned()),
        what: what.to_owned(),
        remedy: remedy.to_owned(),
    }
}

fn unreadable(error: &DirectoryError) -> Error {
    let reason = match error {
        // A stage need not know where the folder lies.
        DirectoryError::Io { reason, .. } if reason.kind() == io::ErrorKind::NotFound => {
            "its file is no longer there".to_owned()
        }
        _ => "its file can no longer be read".to_owned(),
    };
    Error::tool_failed("the document", reason)
}
