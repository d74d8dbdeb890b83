//! The disk of the orchestrator's databases: a small file system of its own, which can be filled.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory. It is mounted in this process's own mount namespace (`main.rs`), so that
/// nothing of it is left whatever becomes of the process.
pub struct Disk {
    at: PathBuf,
}

impl Disk {
    /// Mounts one of so many mebibytes.
    pub fn mount(at: &Path, mebibytes: u32) -> Self {
        std::fs::create_dir_all(at).expect("a mount point");
        let size = format!("size={mebibytes}m,mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(at)
            .status()
            .expect("mount starts");
        assert!(mounted.success(), "{} is not mounted", at.display());
        Disk { at: at.to_owned() }
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }

    /// Fills it to the last byte; returns how many bytes that took.
    pub fn fill(&self) -> u64 {
        let mut file = std::fs::File::create(self.ballast()).expect("the ballast");
        let mut written = 0;
        for block in [1 << 20, 4096, 1] {
            let block = vec![0_u8; block];
            while let Ok(bytes @ 1..) = file.write(&block) {
                written += bytes as u64;
            }
        }
        written
    }

    /// Gives the space back.
    pub fn free(&self) {
        match std::fs::remove_file(self.ballast()) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("the ballast stays: {error}"),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone_with_the_namespace = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}
