//! Files of sysfs and procfs as a stage asks for them.
//!
//! A read of a broken driver's file can block for good, and nothing can end it. So files are read on a
//! thread of their own; one that blocks is left behind with its thread, and not read again.

mod reader;

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::root::Root;
use crate::contract::files::{Content, Ending, Kind, Listing};
use crate::files::{self, CALL, CALL_TIME, Look, Tree, without_bytes};

/// How long one file may take.
const FILE_TIME: Duration = Duration::from_secs(1);

/// Files that are read before they are taken.
const READ_AHEAD: usize = 16;

/// Threads that may be left behind; more files are not tried then.
const MOST_BLOCKED: usize = 16;

/// The files whose reading blocks.
#[derive(Clone, Debug, Default)]
pub struct Blocked(Arc<Mutex<BTreeSet<String>>>);

impl Blocked {
    fn add(&self, path: &str) {
        let mut paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paths.insert(path.to_owned());
    }

    fn has(&self, path: &str) -> bool {
        let paths = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paths.len() >= MOST_BLOCKED || paths.contains(path)
    }
}

/// What globs match.
pub fn list(root: &Root, globs: &[String]) -> Listing {
    files::expand(root, globs, Some(Instant::now() + CALL_TIME))
}

/// Reads files in their order.
pub async fn read(root: &Root, blocked: &Blocked, paths: Vec<String>) -> Vec<Content> {
    read_by(reader::content, root, blocked, paths).await
}

/// What reads one file.
type Reader = fn(&Root, &str) -> Content;

async fn read_by(
    reader: Reader,
    root: &Root,
    blocked: &Blocked,
    paths: Vec<String>,
) -> Vec<Content> {
    let paths: Arc<[String]> = paths.into();
    let until = Instant::now() + CALL_TIME;
    let mut contents: Vec<Content> = Vec::with_capacity(paths.len());
    let mut bytes = 0_u64;
    let mut reading: Option<mpsc::Receiver<Content>> = None;
    while let Some(path) = paths.get(contents.len()) {
        if bytes >= CALL || Instant::now() >= until {
            contents.push(without_bytes(Ending::LeftOut));
            continue;
        }
        if blocked.has(path) {
            contents.push(without_bytes(Ending::TimedOut));
            reading = None;
            continue;
        }
        let receiver = match &mut reading {
            Some(receiver) => receiver,
            None => match begin(reader, root, blocked, &paths, contents.len()) {
                Ok(receiver) => reading.insert(receiver),
                Err(error) => {
                    contents.push(without_bytes(Ending::Failed(error.to_string())));
                    continue;
                }
            },
        };
        match tokio::time::timeout(FILE_TIME, receiver.recv()).await {
            Ok(Some(content)) => {
                bytes = bytes.saturating_add(content.bytes.len() as u64);
                contents.push(content);
            }
            // The thread ended before this file: it begins anew there.
            Ok(None) => reading = None,
            Err(_) => {
                tracing::warn!(
                    path,
                    "reading this file does not end; it is left alone from now on"
                );
                blocked.add(path);
                contents.push(without_bytes(Ending::TimedOut));
                reading = None;
            }
        }
    }
    contents
}

/// Reads files from one on, until the receiver is dropped or a file is known to block.
fn begin(
    reader: Reader,
    root: &Root,
    blocked: &Blocked,
    paths: &Arc<[String]>,
    from: usize,
) -> io::Result<mpsc::Receiver<Content>> {
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let (root, blocked, paths) = (root.clone(), blocked.clone(), Arc::clone(paths));
    let work = move || {
        for path in paths.iter().skip(from) {
            if blocked.has(path) || sender.blocking_send(reader(&root, path)).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("files".to_owned())
        .spawn(work)?;
    Ok(receiver)
}

impl Tree for Root {
    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        self.try_list(folder)
    }

    fn look(&self, path: &str) -> Option<Look> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.resolve(folder).ok()?;
        let itself = self.path().join(&folder).join(name);
        let is_link = itself.symlink_metadata().ok()?.is_symlink();
        let resolved = match (is_link, folder.is_empty()) {
            (true, _) => self.resolve(path).ok()?,
            (false, true) => name.to_owned(),
            (false, false) => format!("{folder}/{name}"),
        };
        let kind = match self.path().join(&resolved).symlink_metadata() {
            Ok(there) if there.is_file() => Kind::File,
            Ok(there) if there.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        Some(Look {
            kind,
            resolved,
            is_link,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    static TRIED: AtomicU32 = AtomicU32::new(0);

    fn stuck(_: &Root, path: &str) -> Content {
        if path == "stuck" {
            TRIED.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(3 * FILE_TIME);
        }
        files::first_bytes(path.as_bytes().to_vec(), 64)
    }

    #[tokio::test]
    async fn a_file_whose_reading_blocks_is_left_alone_and_the_others_are_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Root::new(folder.path()).expect("a root");
        let blocked = Blocked::default();
        for _ in 0..2 {
            let paths = ["a", "stuck", "b"].map(str::to_owned).to_vec();
            let read = read_by(stuck, &root, &blocked, paths).await;
            let endings: Vec<Ending> = read.into_iter().map(|content| content.ending).collect();
            assert_eq!(endings, [Ending::Whole, Ending::TimedOut, Ending::Whole]);
        }
        assert_eq!(TRIED.load(Ordering::Relaxed), 1);
    }
}
