//! The kernel's files as a tree: what was asked for, and the links and folders on the way there.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use super::scrub::Scrub;
use super::{CaptureError, io, make, write};
use crate::real::root::Root;

/// The most bytes of one file: the firmware's tables are the largest.
const MOST: u64 = 4 << 20;

/// Links that one path may go through, as in [`Root`].
const MAX_LINKS: u32 = 40;

/// Copies what is at these paths below a root to a folder. Returns how many files there are.
pub fn copy(
    root: &Root,
    paths: &BTreeSet<String>,
    to: &Path,
    scrub: &Scrub,
) -> Result<usize, CaptureError> {
    make(to)?;
    let copier = Copier { root, to, scrub };
    let mut files = 0;
    // What is only listed comes first, so that a file that was read is not left empty.
    for path in paths {
        if let Some(place) = copier.walk(path)? {
            copier.listed(&place)?;
        }
    }
    for path in paths.iter().filter(|path| !private(path)) {
        let Some(place) = copier.walk(path)? else {
            continue;
        };
        if let Ok(bytes) = root.bytes(path, MOST) {
            write(&copier.at(&place), &scrub.bytes(&told(&place, bytes)))?;
            files += 1;
        }
    }
    Ok(files)
}

/// What devices hold is nobody's business, and what processes are is not the machine's.
fn private(path: &str) -> bool {
    path.starts_with("dev/") || path == "dev"
}

/// A kernel's command line may hold a token, and is never kept.
fn told(place: &Path, bytes: Vec<u8>) -> Vec<u8> {
    match place == Path::new("proc/cmdline") {
        true => b"\n".to_vec(),
        false => bytes,
    }
}

struct Copier<'a> {
    root: &'a Root,
    to: &'a Path,
    scrub: &'a Scrub,
}

impl Copier<'_> {
    /// Where a path of the root goes.
    fn at(&self, place: &Path) -> PathBuf {
        self.to.join(self.scrub.text(&place.to_string_lossy()))
    }

    /// Makes every link and folder on the way, and says where it ends; `None`: nowhere.
    fn walk(&self, path: &str) -> Result<Option<PathBuf>, CaptureError> {
        let mut done = PathBuf::new();
        let mut todo = parts(Path::new(path));
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if name == ".." {
                done.pop();
                continue;
            }
            let next = done.join(&name);
            let there = self.root.path().join(&next);
            if let Ok(target) = fs::read_link(&there) {
                links += 1;
                if links > MAX_LINKS {
                    return Ok(None);
                }
                self.link(&next, &target)?;
                if target.is_absolute() {
                    done = PathBuf::new();
                }
                todo.extend(parts(&target));
            } else {
                if there.is_dir() {
                    make(&self.at(&next))?;
                } else if !there.exists() {
                    return Ok(None);
                }
                done = next;
            }
        }
        Ok(Some(done))
    }

    fn link(&self, place: &Path, target: &Path) -> Result<(), CaptureError> {
        let at = self.at(place);
        if fs::symlink_metadata(&at).is_ok() {
            return Ok(());
        }
        let target = self.scrub.text(&target.to_string_lossy());
        symlink(target, &at).map_err(|reason| io(&at, reason))
    }

    /// Where a folder was asked for, its entries are there, whatever they hold.
    fn listed(&self, place: &Path) -> Result<(), CaptureError> {
        let there = self.root.path().join(place);
        // Processes come and go, and devices are not copied.
        if place == Path::new("proc") || place.starts_with("dev") || !there.is_dir() {
            return Ok(());
        }
        let entries = fs::read_dir(&there).into_iter().flatten().flatten();
        for entry in entries {
            let next = place.join(entry.file_name());
            let at = self.at(&next);
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if fs::symlink_metadata(&at).is_ok() {
                continue;
            }
            if kind.is_symlink() {
                let target = fs::read_link(entry.path()).map_err(|r| io(&entry.path(), r))?;
                self.link(&next, &target)?;
            } else if kind.is_dir() {
                make(&at)?;
            } else if kind.is_file() {
                write(&at, b"")?;
            }
        }
        Ok(())
    }
}

/// A path's names, last first.
fn parts(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    let mut names: Vec<OsString> = names.collect();
    names.reverse();
    names
}
