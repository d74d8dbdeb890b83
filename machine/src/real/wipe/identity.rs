//! Is the disk that was opened the one that was looked at?

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;

use super::ioctl;
use crate::real::disks::{self, BLOCK};
use crate::real::root::Root;

/// By what a disk is known, as sysfs shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Device number, `8:16`.
    number: Option<String>,
    /// The kernel's count of disks when this one came (since Linux 5.15): a name and a number are
    /// given again, this never is.
    sequence: Option<u64>,
    serial: Option<String>,
    wwn: Option<String>,
    size_bytes: u64,
}

impl Identity {
    pub fn shown(root: &Root, name: &str) -> Self {
        let facts = disks::facts(root, name);
        Identity {
            number: root.value(&format!("{BLOCK}/{name}/dev")),
            sequence: root.number(&format!("{BLOCK}/{name}/diskseq")),
            serial: facts.serial,
            wwn: facts.wwn,
            size_bytes: facts.size_bytes,
        }
    }
}

/// Compares what was shown before the opening with what is shown behind it, and with the opening.
pub fn unchanged(
    before: &Identity,
    root: &Root,
    name: &str,
    file: &File,
) -> Result<String, String> {
    let after = Identity::shown(root, name);
    if after != *before {
        return Err(format!(
            "another disk took its name while it was opened: {before:?} became {after:?}"
        ));
    }
    let (Some(number), Some(sequence)) = (&before.number, before.sequence) else {
        return Err("this kernel does not count disks (diskseq, since Linux 5.15)".to_owned());
    };
    if !root.is_here() {
        return Ok(format!("device {number}, disk {sequence} of this copy"));
    }
    let told = |error: std::io::Error| format!("the opened disk does not tell what it is: {error}");
    let device = file.metadata().map_err(told)?.rdev();
    let opened = (
        format!("{}:{}", nix::libc::major(device), nix::libc::minor(device)),
        ioctl::disk_sequence(file).map_err(told)?,
        ioctl::size_bytes(file).map_err(told)?,
    );
    if opened != (number.clone(), sequence, before.size_bytes) {
        return Err(format!(
            "another disk was opened: {opened:?}, not {before:?}"
        ));
    }
    Ok(format!("device {number}, disk {sequence} since the boot"))
}
