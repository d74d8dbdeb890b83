//! The kernel's files of a machine: what globs match, the links and folders on the way there, and the bytes.

use std::collections::BTreeSet;

use super::evidence::Evidence;
use crate::contract::files::{Content, Ending, Kind};
use crate::contract::types::Error;
use crate::files::check_paths;
use crate::{Reply, Request, Session};

/// Paths that are read in one call.
const AT_ONCE: usize = 1_024;

/// Calls for all files; each gives some of them.
const MAX_CALLS: usize = 4_096;

impl Evidence {
    /// Lists what globs match, with the links on the way there, and reads the files.
    pub(super) async fn tree(&mut self, session: &dyn Session, globs: &[&str]) {
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
