//! The code cache: compiled components in a private folder.
//!
//! Compiled code is trusted code, and wasmtime's own loading accepts flipped bytes. So an entry is
//! opened without following links, must be a regular file that this user owns and nobody else may
//! touch, is read once, and carries the sha256 of its body, checked over the very buffer that is
//! then loaded. The checksum stops corruption; the folder's owner and mode stop forgery. Whatever is
//! wrong with an entry, the component is compiled again: the `.wasm` is the truth.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::libc::{O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK};
use nix::unistd::geteuid;
use sha2::{Digest as _, Sha256};

/// The most that an entry may be, in bytes.
const MAX_ENTRY: u64 = 512 * 1024 * 1024;
/// The most that all entries may be, in bytes: what was written longest ago goes. Every edit of a stage
/// in Python is forty megabytes of code.
const MAX_FOLDER: u64 = 1024 * 1024 * 1024;
/// How the names of entries end.
const SUFFIX: &str = "cwasm";
/// Bytes of the checksum in front of the body.
const CHECKSUM: usize = 32;

/// A folder of compiled components that trusts nothing it finds.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache in `folder`, which is made with mode 0700 when it is not there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made, is not this user's, or others may touch it.
    pub fn open(folder: &Path) -> io::Result<Self> {
        if let Some(parent) = folder.parent() {
            std::fs::create_dir_all(parent)?;
        }
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(O_DIRECTORY | O_NOFOLLOW)
            .open(folder)?;
        private(&opened)?;
        Ok(Cache {
            folder: folder.to_owned(),
        })
    }

    /// The code of that key, if there is a sound entry.
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.read(key) {
            Ok(code) => Some(code),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!("the code cache's entry {key} is not used: {error}");
                None
            }
        }
    }

    /// Keeps code. A cache that cannot be written is no error: the code is at hand.
    pub fn put(&self, key: &str, code: &[u8]) {
        if let Err(error) = self.write(key, code) {
            let folder = self.folder.display();
            tracing::warn!("the code cache {folder} could not be written: {error}");
        }
    }

    fn read(&self, key: &str) -> io::Result<Vec<u8>> {
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(O_NOFOLLOW | O_NONBLOCK)
            .open(self.entry(key))?;
        let metadata = private(&file)?;
        if !metadata.is_file() || metadata.len() > MAX_ENTRY {
            return Err(io::Error::other("it is no regular file of a sane size"));
        }
        let mut entry = Vec::new();
        (&mut file).take(MAX_ENTRY).read_to_end(&mut entry)?;
        let Some((checksum, body)) = entry.split_at_checked(CHECKSUM) else {
            return Err(io::Error::other("it is truncated"));
        };
        if Sha256::digest(body).as_slice() != checksum {
            return Err(io::Error::other("its checksum does not match"));
        }
        Ok(entry.split_off(CHECKSUM))
    }

    /// Writes a whole entry beside its place and renames it there.
    fn write(&self, key: &str, code: &[u8]) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(&self.folder)?;
        file.write_all(Sha256::digest(code).as_slice())?;
        file.write_all(code)?;
        file.persist(self.entry(key)).map_err(|e| e.error)?;
        self.make_room(MAX_FOLDER)
    }

    /// Removes what was written longest ago until the rest is no more than `allowed` bytes.
    fn make_room(&self, allowed: u64) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            // Another process may have removed it.
            let Ok(metadata) = path.symlink_metadata() else {
                continue;
            };
            if path
                .extension()
                .is_some_and(|extension| extension == SUFFIX)
            {
                entries.push((metadata.modified()?, metadata.len(), path));
            }
        }
        entries.sort();
        let mut kept = 0_u64;
        for (_, size, path) in entries.iter().rev() {
            kept = kept.saturating_add(*size);
            if kept > allowed {
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn entry(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.{SUFFIX}"))
    }
}

/// The metadata of an open file that this user owns and nobody else may touch.
fn private(file: &File) -> io::Result<std::fs::Metadata> {
    let metadata = file.metadata()?;
    if metadata.uid() != geteuid().as_raw() {
        return Err(io::Error::other(format!(
            "it belongs to user {}, not to this one",
            metadata.uid()
        )));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(io::Error::other(format!(
            "others may touch it (mode {:o}); chmod go-rwx it",
            metadata.mode() & 0o777
        )));
    }
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let cache = Cache::open(&folder.path().join("code")).expect("a cache");
        (folder, cache)
    }

    #[test]
    fn what_was_kept_is_found() {
        let (_folder, cache) = cache();
        assert_eq!(cache.get("a"), None);
        cache.put("a", b"code");
        assert_eq!(cache.get("a").as_deref(), Some(b"code".as_slice()));
    }

    #[test]
    fn what_was_written_longest_ago_makes_room() {
        let (_folder, cache) = cache();
        let now = std::time::SystemTime::now();
        for (age, key) in [(3, "old"), (1, "new"), (2, "middle")] {
            cache.put(key, b"code");
            let entry = File::open(cache.entry(key)).expect("the entry");
            let then = now - std::time::Duration::from_secs(age);
            entry.set_modified(then).expect("its time");
        }
        let size = (CHECKSUM + b"code".len()) as u64;
        cache.make_room(2 * size).expect("room is made");
        assert_eq!(cache.get("old"), None);
        assert!(cache.get("middle").is_some() && cache.get("new").is_some());
    }

    #[test]
    fn every_flipped_or_cut_byte_is_noticed() {
        let (_folder, cache) = cache();
        cache.put("a", b"some code");
        let path = cache.entry("a");
        let whole = std::fs::read(&path).expect("the entry");
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).expect("written");
            assert_eq!(cache.get("a"), None, "flipped at {at}");
            std::fs::write(&path, &whole[..at]).expect("written");
            assert_eq!(cache.get("a"), None, "cut at {at}");
        }
    }

    #[test]
    fn links_and_foreign_modes_are_refused() {
        let (folder, cache) = cache();
        cache.put("a", b"code");
        std::os::unix::fs::symlink(cache.entry("a"), cache.entry("b")).expect("a link");
        assert_eq!(cache.get("b"), None, "a link");
        let open = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(cache.entry("a"), open).expect("chmod");
        assert_eq!(cache.get("a"), None, "readable by others");

        let code = folder.path().join("code");
        std::fs::set_permissions(&code, std::fs::Permissions::from_mode(0o755)).expect("chmod");
        assert!(
            Cache::open(&code).is_err(),
            "a folder that others may enter"
        );
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&code, &link).expect("a link");
        assert!(Cache::open(&link).is_err(), "a folder behind a link");
    }
}
