//! Everything the real machine reads, it reads through a [`Root`]: the files of sysfs, procfs and
//! devfs below one folder. On a machine under test that folder is `/`; for a tree copied from another
//! machine it is the copy.
//!
//! Whatever lies there, a read neither blocks nor leaves the folder: links are followed by hand and
//! an absolute one starts again at the root, only regular files are opened (sysfs and procfs show
//! theirs as such), never a FIFO or a device, and no more than a bounded number of bytes is read.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use nix::libc::{O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK};

use crate::MachineError;
use crate::files::natural;

/// The most bytes that one attribute may have; sysfs gives at most a page.
const TEXT_LIMIT: u64 = 1 << 20;

/// Links that one path may go through before it counts as a loop, as in the kernel (`MAXSYMLINKS`).
const MAX_LINKS: u32 = 40;

/// The folder below which the machine's files lie.
#[derive(Clone, Debug)]
pub struct Root {
    path: PathBuf,
}

impl Root {
    /// The machine whose files lie below this folder, which must exist.
    pub fn new(path: &Path) -> Result<Self, MachineError> {
        let fail = |reason| MachineError::Io {
            path: path.to_owned(),
            reason,
        };
        let canonical = path.canonicalize().map_err(fail)?;
        if !canonical.is_dir() {
            return Err(fail(io::Error::from(io::ErrorKind::NotADirectory)));
        }
        Ok(Self { path: canonical })
    }

    /// Its folder on this system.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether these are the files of the machine we run on.
    pub fn is_here(&self) -> bool {
        self.path == Path::new("/")
    }

    /// Where `path` leads, relative to the root, with every link followed inside it. Names that do
    /// not exist are kept as they are, so the target of a broken link can still be named.
    pub fn resolve(&self, path: &str) -> io::Result<String> {
        let mut done = PathBuf::new();
        let mut todo: Vec<OsString> = parts(Path::new(path));
        let mut links = 0;
        while let Some(name) = todo.pop() {
            if name == ".." {
                done.pop();
                continue;
            }
            let next = done.join(&name);
            match fs::read_link(self.path.join(&next)) {
                Ok(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(io::Error::from_raw_os_error(nix::libc::ELOOP));
                    }
                    if target.is_absolute() {
                        done = PathBuf::new();
                    }
                    todo.extend(parts(&target));
                }
                Err(_) => done = next,
            }
        }
        Ok(done.to_string_lossy().into_owned())
    }

    /// The path on this system of a file below the root, links followed.
    pub fn locate(&self, path: &str) -> io::Result<PathBuf> {
        Ok(self.path.join(self.resolve(path)?))
    }

    /// What the link `path` points at, by its last name, even when nothing is there.
    pub fn link_name(&self, path: &str) -> Option<String> {
        let target = fs::read_link(self.locate_link(path)?).ok()?;
        Some(target.file_name()?.to_string_lossy().into_owned())
    }

    fn locate_link(&self, path: &str) -> Option<PathBuf> {
        let (folder, name) = path.rsplit_once('/')?;
        Some(self.locate(folder).ok()?.join(name))
    }

    /// Whether something is there.
    pub fn exists(&self, path: &str) -> bool {
        self.locate(path).is_ok_and(|p| p.exists())
    }

    /// Whether a folder is there.
    pub fn is_folder(&self, path: &str) -> bool {
        self.locate(path).is_ok_and(|p| p.is_dir())
    }

    /// Opens a regular file for reading, without waiting for anything.
    pub fn open(&self, path: &str) -> io::Result<File> {
        let path = self.locate(path)?;
        let kind = fs::symlink_metadata(&path)?.file_type();
        if !kind.is_file() {
            return Err(io::Error::other("is not a regular file"));
        }
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)
            .open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("is not a regular file"));
        }
        Ok(file)
    }

    /// A file's first `limit` bytes.
    pub fn bytes(&self, path: &str, limit: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path)?.take(limit).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// A file's text without the space around it; what is no UTF-8 becomes replacement characters.
    pub fn text(&self, path: &str) -> io::Result<String> {
        let bytes = self.bytes(path, TEXT_LIMIT)?;
        let text = String::from_utf8_lossy(&bytes);
        let space = |c: char| c.is_whitespace() || c == '\0';
        Ok(text.trim_matches(space).to_owned())
    }

    /// A file's text, where it can be read and is not empty.
    pub fn value(&self, path: &str) -> Option<String> {
        self.text(path).ok().filter(|text| !text.is_empty())
    }

    /// A file's text as a number, where it is one.
    pub fn number<T: std::str::FromStr>(&self, path: &str) -> Option<T> {
        self.value(path)?.parse().ok()
    }

    /// The names in a folder, in natural order; empty where it cannot be read.
    pub fn list(&self, path: &str) -> Vec<String> {
        self.try_list(path).unwrap_or_default()
    }

    /// The names in a folder, in natural order.
    pub fn try_list(&self, path: &str) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.locate(path)?)?;
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_by(|a, b| natural(a, b));
        Ok(names)
    }
}

/// A path's names, last first; `.` and the root itself are left out.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_never_leads_out_of_the_root() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let inner = folder.path().join("inner");
        fs::create_dir_all(inner.join("sys")).expect("a folder");
        fs::write(folder.path().join("secret"), "outside").expect("a file");
        fs::write(inner.join("etc"), "inside").expect("a file");
        symlink("/etc", inner.join("sys/absolute")).expect("a link");
        symlink("../../../secret", inner.join("sys/relative")).expect("a link");
        symlink("round", inner.join("sys/round")).expect("a link");
        let root = Root::new(&inner).expect("the root");
        assert_eq!(root.text("sys/absolute").ok().as_deref(), Some("inside"));
        assert!(root.text("sys/relative").is_err());
        assert!(root.text("sys/round").is_err());
        assert!(root.text("../secret").is_err());
    }

    #[test]
    fn a_fifo_and_a_folder_are_no_values() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mode = nix::sys::stat::Mode::S_IRWXU;
        nix::unistd::mkfifo(&folder.path().join("fifo"), mode).expect("a FIFO");
        fs::create_dir(folder.path().join("folder")).expect("a folder");
        let root = Root::new(folder.path()).expect("the root");
        assert!(root.text("fifo").is_err());
        assert!(root.text("folder").is_err());
        assert!(root.list("fifo").is_empty());
    }
}
