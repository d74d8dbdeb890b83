//! One orchestrator serves a folder: two would mark each other's agents as lost. The lock is the kernel's, on
//! a file that names its holder; it ends with the holder's process, whatever ends that.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::StoreError;

/// The file, in the folder.
const FILE: &str = "serve.lock";
/// The most that is read of who holds it, in bytes.
const LONGEST: u64 = 500;

/// The lock, for as long as this is kept.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes a folder's lock, and writes down who has it. The folder is made where it is missing.
    ///
    /// # Errors
    ///
    /// When another process has it; the error names that one. When the folder is another user's.
    pub fn take(folder: &Path, address: &str) -> Result<Self, StoreError> {
        super::make_private(folder)?;
        let path = folder.join(FILE);
        let failed = |reason| StoreError::Folder {
            path: path.clone(),
            reason,
        };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is helps; that it is held is what counts.
                let _read = (&file).take(LONGEST).read_to_string(&mut holder);
                return Err(StoreError::Served {
                    folder: folder.to_owned(),
                    holder: holder.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(reason)) => return Err(failed(reason)),
        }
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let holder = format!(
            "process {} on {}, serving {address} since {}\n",
            std::process::id(),
            host.trim(),
            super::now()
        );
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(holder.as_bytes())
        };
        write(&mut file).map_err(failed)?;
        Ok(Lock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_and_the_next_one_reads_who() {
        let folder = tempfile::tempdir().expect("a folder");
        let held = Lock::take(folder.path(), "127.0.0.1:8443").expect("taken");
        let refused = Lock::take(folder.path(), "127.0.0.1:8444").expect_err("held");
        let words = refused.to_string();
        let own = format!("process {} on ", std::process::id());
        assert!(words.contains(&own) && words.contains(":8443"), "{words}");
        drop(held);
        Lock::take(folder.path(), "127.0.0.1:8444").expect("free again");
    }
}
