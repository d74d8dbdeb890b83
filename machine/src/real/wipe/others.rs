//! Who else can reach a disk: by a second path, or by having it open already.

use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};

use crate::contract::disks::Disk;
use crate::real::disks::{BLOCK, transport};
use crate::real::root::Root;

/// One path leads to it, or which others do.
pub fn one_path(root: &Root, disk: &Disk, all: &[Disk]) -> Result<String, String> {
    let same = |other: &&Disk| other.name != disk.name && other.wwn == disk.wwn;
    if disk.wwn.is_some()
        && let Some(other) = all.iter().find(same)
    {
        return Err(format!(
            "{} is the same disk by its world-wide name",
            other.name
        ));
    }
    if disk.name.starts_with("nvme") {
        let controllers = transport::nvme_controllers(root, &disk.name).len();
        if controllers > 1 {
            return Err(format!("{controllers} controllers lead to it"));
        }
    }
    // LUNs above 0 are parts of something that a storage system serves.
    let device = root.link_name(&format!("{BLOCK}/{}/device", disk.name));
    let lun = device.as_deref().and_then(|device| {
        let mut places = device.split(':').rev();
        let lun = places.next().filter(|_| places.clone().count() == 3)?;
        Some(lun.to_owned())
    });
    match lun.as_deref() {
        None | Some("0") => Ok("no other is known".to_owned()),
        Some(lun) => Err(format!("it is LUN {lun} of something that has several")),
    }
}

/// No process has it open for writing.
pub fn no_writer(root: &Root, name: &str) -> Result<String, String> {
    if !root.is_here() {
        return Err("a copy of a machine has no processes".to_owned());
    }
    let number = root
        .value(&format!("{BLOCK}/{name}/dev"))
        .unwrap_or_default();
    for process in root.list("proc") {
        if !process.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        for descriptor in root.list(&format!("proc/{process}/fd")) {
            // Neither a process nor a descriptor has to stay while it is looked at.
            let Ok(file) = std::fs::metadata(format!("/proc/{process}/fd/{descriptor}")) else {
                continue;
            };
            let device = file.rdev();
            let this = format!("{}:{}", nix::libc::major(device), nix::libc::minor(device));
            if file.file_type().is_block_device()
                && this == number
                && writes(root, &process, &descriptor)
            {
                let what = root.value(&format!("proc/{process}/comm"));
                let what = what.unwrap_or_default();
                return Err(format!(
                    "process {process} ({what}) has it open for writing"
                ));
            }
        }
    }
    Ok("no process has it open for writing".to_owned())
}

/// Whether a descriptor may write, by its flags in octal. (proc(5), `fdinfo`)
fn writes(root: &Root, process: &str, descriptor: &str) -> bool {
    let info = root.value(&format!("proc/{process}/fdinfo/{descriptor}"));
    let info = info.unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|octal| i32::from_str_radix(octal.trim(), 8).ok());
    flags.is_none_or(|flags| flags & nix::libc::O_ACCMODE != nix::libc::O_RDONLY)
}
