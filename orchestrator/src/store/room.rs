//! Whether the database's folder has room, and whether it still is the folder that was opened.
//!
//! Lines, samples, files and uploads are refused below a floor of free space, so that what is left of the
//! disk is for results, claims and directives. A folder that was removed or replaced under a running process
//! takes no write at all: what is written to a file without a name is lost with the process.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StoreError;

/// The folder and the file that was opened in it.
#[derive(Clone, Debug)]
pub struct Room(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    folder: PathBuf,
    file: PathBuf,
    /// Device and inode of the file.
    identity: (u64, u64),
}

/// Why the folder takes nothing more.
#[derive(Debug, thiserror::Error)]
pub enum NoRoom {
    /// Less is free than the floor.
    #[error(
        "{} of disk space are free, less than the floor of {} (--min-free): make room on the \
         orchestrator's disk",
        size(*free),
        size(*floor)
    )]
    Full {
        /// What an ordinary user may still write, in bytes.
        free: u64,
        /// The floor, in bytes.
        floor: u64,
    },
    /// The database's file was removed, moved or replaced.
    #[error(
        "{} is not the file that was opened: the folder was removed, moved or unmounted while the \
         orchestrator served; bring it back, or restart the orchestrator",
        file.display()
    )]
    Vanished {
        /// The file.
        file: PathBuf,
    },
    /// The file system does not answer.
    #[error("the free space of {} cannot be read: {reason}", folder.display())]
    Unknown {
        /// The folder.
        folder: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
}

impl Room {
    /// The room of a folder in which a file was just opened.
    pub(super) fn of(folder: &Path, file: &Path) -> Result<Self, StoreError> {
        let identity = identity(file).map_err(|reason| StoreError::Folder {
            path: file.to_owned(),
            reason,
        })?;
        Ok(Room(Arc::new(Opened {
            folder: folder.to_owned(),
            file: file.to_owned(),
            identity,
        })))
    }

    /// Fails where the file that was opened is not in its place.
    ///
    /// # Errors
    ///
    /// [`NoRoom::Vanished`].
    pub fn in_place(&self) -> Result<(), NoRoom> {
        let Opened {
            file,
            identity: opened,
            ..
        } = &*self.0;
        if identity(file).is_ok_and(|found| found == *opened) {
            return Ok(());
        }
        Err(NoRoom::Vanished { file: file.clone() })
    }

    /// Fails where less than `floor` bytes are free.
    ///
    /// # Errors
    ///
    /// See [`NoRoom`].
    pub fn above(&self, floor: u64) -> Result<(), NoRoom> {
        self.in_place()?;
        let free = self.free()?;
        if free < floor {
            return Err(NoRoom::Full { free, floor });
        }
        Ok(())
    }

    /// How many bytes an ordinary user may still write.
    fn free(&self) -> Result<u64, NoRoom> {
        let folder = &self.0.folder;
        let found = nix::sys::statvfs::statvfs(folder).map_err(|errno| NoRoom::Unknown {
            folder: folder.clone(),
            reason: errno.into(),
        })?;
        let (blocks, each) = (found.blocks_available(), found.fragment_size());
        Ok(blocks.saturating_mul(each))
    }
}

fn identity(file: &Path) -> std::io::Result<(u64, u64)> {
    let found = std::fs::metadata(file)?;
    Ok((found.dev(), found.ino()))
}

/// A number of bytes in words, such as `63.9 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    // No size in words needs more digits than a float has.
    #[allow(clippy::cast_precision_loss)]
    let mut number = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for larger in &UNITS[1..] {
        if number < 1024.0 {
            break;
        }
        number /= 1024.0;
        unit = larger;
    }
    format!("{number:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_was_moved_away_takes_nothing_until_it_is_back() {
        let outer = tempfile::tempdir().expect("a folder");
        let (folder, away) = (outer.path().join("data"), outer.path().join("away"));
        std::fs::create_dir(&folder).expect("made");
        let file = folder.join("state.db");
        std::fs::write(&file, "x").expect("written");
        let room = Room::of(&folder, &file).expect("there");
        room.above(1).expect("it has a byte");
        let full = room.above(u64::MAX).expect_err("no disk is as large");
        assert!(
            full.to_string().contains("of disk space are free"),
            "{full}"
        );
        std::fs::rename(&folder, &away).expect("moved");
        let words = room.above(0).expect_err("gone").to_string();
        assert!(words.contains("bring it back"), "{words}");
        // Another file in its place is not the one that is open.
        std::fs::create_dir(&folder).expect("made");
        std::fs::write(&file, "x").expect("written");
        room.in_place().expect_err("another file");
        std::fs::remove_dir_all(&folder).expect("removed");
        std::fs::rename(&away, &folder).expect("moved back");
        room.above(1).expect("it is back");
    }

    #[test]
    fn sizes_are_read_at_a_glance() {
        let words = [0, 1023, 1024, 67_004_006, 64 << 20, 3 << 40].map(size);
        let expected = [
            "0 bytes",
            "1023 bytes",
            "1.0 KiB",
            "63.9 MiB",
            "64.0 MiB",
            "3.0 TiB",
        ];
        assert_eq!(words, expected);
    }
}
