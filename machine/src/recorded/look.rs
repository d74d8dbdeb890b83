//! A look at a recorded machine outside its attempts: what it told last, whenever that was.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;

use super::Recording;
use crate::contract::files::{Content, Ending, Listing};
use crate::contract::kernel_log::{Beginning, Entry};
use crate::contract::types::{Error, Missing, MissingKind};
use crate::files::{matches_path, without_bytes};
use crate::{Answer, Reply, Request, Session, WatchId};

/// The one watch of a look.
const WATCH: WatchId = 1;

/// Records of the kernel's log that one call gives.
const AT_ONCE: usize = 2_000;

/// Answers from anywhere in a recording.
pub struct Look {
    recording: Arc<Recording>,
    /// The kernel's log, once it was asked for.
    log: OnceLock<Vec<Entry>>,
    /// The record of it that comes next.
    next: AtomicUsize,
}

#[async_trait]
impl Session for Look {
    async fn call(&self, request: Request) -> Answer {
        match &request {
            Request::FilesList { globs } => return Ok(Reply::FilesListing(self.listing(globs))),
            Request::FilesRead { paths } => return Ok(Reply::FilesContents(self.contents(paths))),
            Request::KernelLogOpen {
                begins: Beginning::Boot,
            } if !self.log().is_empty() => return Ok(Reply::Watch(WATCH)),
            Request::KernelLogNext { watch: WATCH, .. } => {
                let from = self.next.fetch_add(AT_ONCE, Ordering::Relaxed);
                let rest = self.log().get(from..).unwrap_or_default();
                let records = rest.get(..AT_ONCE).unwrap_or(rest).to_vec();
                return Ok(Reply::KernelLog(records));
            }
            Request::KernelLogClose { .. } => return Ok(Reply::Done),
            _ => {}
        }
        let exchanges = self.recording.sessions.iter().flat_map(|s| &s.exchanges);
        let same = exchanges
            .rev()
            .filter(|exchange| exchange.ask.request == request);
        let mut answers = same.filter_map(|exchange| exchange.answer.as_ref());
        let function = request.function();
        answers.next().map_or_else(
            || {
                Err(Error::Unavailable(Missing {
                    kind: MissingKind::Other("recording".to_owned()),
                    what: format!("an answer to `{function}` in the recording"),
                    remedy: "no stage asked for it while it was recorded".to_owned(),
                }))
            },
            |(answer, _)| answer.clone(),
        )
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    async fn end(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Files are looked up one by one: whoever looks need not ask for them as the stage did.
impl Look {
    /// A look at a recording.
    pub fn new(recording: Arc<Recording>) -> Self {
        Look {
            recording,
            log: OnceLock::new(),
            next: AtomicUsize::new(0),
        }
    }

    /// Every record of the kernel's log that any stage was given, once each, in the kernel's order.
    fn log(&self) -> &[Entry] {
        self.log.get_or_init(|| {
            let mut records = BTreeMap::new();
            for (_, reply) in self.answered() {
                if let Reply::KernelLog(given) = reply {
                    records.extend(given.iter().map(|entry| (entry.sequence, entry.clone())));
                }
            }
            records.into_values().collect()
        })
    }

    /// Every answer with its question, the latest first.
    fn answered(&self) -> impl Iterator<Item = (&Request, &Reply)> {
        let sessions = self.recording.sessions.iter();
        let exchanges = sessions.flat_map(|s| &s.exchanges).rev();
        exchanges.filter_map(|exchange| match &exchange.answer {
            Some((Ok(reply), _)) => Some((&exchange.ask.request, reply)),
            _ => None,
        })
    }

    fn listing(&self, globs: &[String]) -> Listing {
        let mut found = BTreeMap::new();
        let mut asked: Vec<&String> = Vec::new();
        for (request, reply) in self.answered() {
            let Reply::FilesListing(listing) = reply else {
                continue;
            };
            if let Request::FilesList { globs } = request {
                asked.extend(globs);
            }
            for one in &listing.found {
                if globs.iter().any(|glob| matches_path(glob, &one.path)) {
                    found.entry(&one.path).or_insert(one);
                }
            }
        }
        Listing {
            found: found.into_values().cloned().collect(),
            unread: globs
                .iter()
                .filter(|glob| !asked.iter().any(|whole| matches_path(whole, glob)))
                .map(|glob| (glob.clone(), "not in the recording".to_owned()))
                .collect(),
            cut: None,
        }
    }

    fn contents(&self, paths: &[String]) -> Vec<Content> {
        let mut known: BTreeMap<&str, &Content> = BTreeMap::new();
        for (request, reply) in self.answered() {
            if let (Request::FilesRead { paths }, Reply::FilesContents(contents)) = (request, reply)
            {
                for (path, content) in paths.iter().zip(contents) {
                    known.entry(path).or_insert(content);
                }
            }
        }
        let content = |path: &String| match known.get(path.as_str()) {
            Some(content) => (*content).clone(),
            None => without_bytes(Ending::Failed("not in the recording".to_owned())),
        };
        paths.iter().map(content).collect()
    }
}
