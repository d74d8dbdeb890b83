//! Where a stage's scratch files go, and how much room they have there.

use std::path::Path;

use super::usage::Mount;
use super::{Mounts, names};
use crate::contract::disks::Scratch;
use crate::contract::types::{Error, Missing, MissingKind};
use crate::real::root::Root;

/// The most that a stage may use, whatever is free: enough for a throughput test to get past the
/// caches of most drives, little enough to be written within minutes (our own choice).
const MOST: u64 = 16 << 30;

/// The room in `folder`: half of what is free, at most 16 GiB.
pub fn space(root: &Root, folder: &Path) -> Result<Scratch, Error> {
    let unavailable = |what: String, remedy: &str| {
        Error::Unavailable(Missing {
            kind: MissingKind::Other("no room for scratch files".into()),
            what,
            remedy: remedy.into(),
        })
    };
    let told = nix::sys::statvfs::statvfs(folder);
    let told = told.map_err(|error| unavailable(format!("the scratch folder: {error}"), ""))?;
    let free = told.blocks_available().saturating_mul(told.fragment_size());
    let allowance_bytes = (free / 2).min(MOST);
    if allowance_bytes < 1 << 20 {
        return Err(unavailable(
            "room in the scratch folder".into(),
            "free some space there",
        ));
    }
    let mounts = Mounts::read(root);
    let mount = below(folder, mounts.mounts());
    Ok(Scratch {
        allowance_bytes,
        file_system: mount.map_or_else(|| "unknown".into(), |m| m.file_system.clone()),
        disk: mount.and_then(|m| disk(root, m, &mounts)),
    })
}

/// The mount that a folder lies in: the longest mount point above it, the newest of equals.
fn below<'a>(folder: &Path, mounts: &'a [Mount]) -> Option<&'a Mount> {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let above = mounts
        .iter()
        .filter(|mount| folder.starts_with(&mount.point));
    above.max_by_key(|mount| mount.point.len())
}

/// The disk that a mount lies on.
fn disk(root: &Root, mount: &Mount, mounts: &Mounts) -> Option<String> {
    let carries = |name: &String| {
        let usages = super::usage::of(root, name, mounts);
        usages
            .iter()
            .any(|u| u.kind == "mounted" && u.by == mount.point)
    };
    names(root).into_iter().find(carries)
}
