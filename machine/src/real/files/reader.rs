//! One file's bytes.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::libc::{O_CLOEXEC, O_NOCTTY, O_NONBLOCK};

use super::super::root::Root;
use crate::contract::files::{Content, Ending};
use crate::files::{first_bytes, limit, may_read, without_bytes};

/// Reads a file whose path is well formed.
pub fn content(root: &Root, path: &str) -> Content {
    // Before anything is opened: of what no stage may read, not even whether it is there is said.
    if let Err(ending) = may_read(path, path) {
        return without_bytes(ending);
    }
    let limit = limit(path);
    let read = || {
        let (mut file, resolved) = open(root, path)?;
        if let Err(ending) = may_read(path, &resolved) {
            return Ok(without_bytes(ending));
        }
        let mut bytes = Vec::new();
        let most = limit.saturating_add(1);
        match (&mut file).take(most).read_to_end(&mut bytes) {
            // What a driver gave before it failed is less than the file.
            Err(error) if bytes.is_empty() => Err(error),
            _ => Ok(first_bytes(bytes, limit)),
        }
    };
    read().unwrap_or_else(|error| without_bytes(ending(&error)))
}

fn ending(error: &io::Error) -> Ending {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ending::Absent,
        io::ErrorKind::PermissionDenied => Ending::Denied(format!("the kernel: {error}")),
        _ => Ending::Failed(error.to_string()),
    }
}

/// Opens a regular file below the root and says where it is, links followed. What is not regular is never
/// opened for reading: opening some devices has an effect.
fn open(root: &Root, path: &str) -> io::Result<(File, String)> {
    let place = match inside(root, path) {
        Ok(place) => place,
        // Kernels before 5.6 have no openat2, and some containers refuse it.
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let resolved = root.resolve(path)?;
            return Ok((root.open(path)?, resolved));
        }
        Err(errno) => return Err(errno.into()),
    };
    let place = File::from(place);
    if !place.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let handle = PathBuf::from(format!("/proc/self/fd/{}", place.as_raw_fd()));
    let there = std::fs::read_link(&handle)?;
    let resolved = there.strip_prefix(root.path()).unwrap_or(&there);
    let resolved = resolved.to_string_lossy().into_owned();
    let file = File::options()
        .read(true)
        .custom_flags(O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
        .open(&handle)?;
    Ok((file, resolved))
}

/// A handle on a path, every link on the way followed inside the root.
fn inside(root: &Root, path: &str) -> nix::Result<OwnedFd> {
    let folder = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let folder = nix::fcntl::open(root.path(), folder, nix::sys::stat::Mode::empty())?;
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(&folder, Path::new(path), how)
}
