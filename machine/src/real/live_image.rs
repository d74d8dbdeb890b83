//! Live-image mode: whether this machine was booted for a test, so that it may be powered off, entered
//! and, behind guards of their own, written to. It is on only when three things agree: a flag, a
//! marker that is baked into the image, and a root file system that lies on no block device. A
//! battery or a portable chassis refuses it: nobody's laptop is a server.

use serde::{Deserialize, Serialize};

use super::disks::usage::{mounts_of, unescape};
use super::identity;
use super::root::Root;
use crate::Condition;

/// The marker, as an image carries it.
pub const MARKER: &str = "etc/vetting/live-image";

/// How many layers of file systems are looked through.
const MOST_LAYERS: u32 = 8;

/// File systems that live in memory alone. (Linux, `Documentation/filesystems/`.)
const IN_MEMORY: [&str; 3] = ["rootfs", "tmpfs", "ramfs"];

/// File systems that another machine serves.
const FROM_ELSEWHERE: [&str; 5] = ["nfs", "nfs4", "9p", "virtiofs", "ceph"];

/// Every condition with its state. The mode is on when all of them are met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveImage {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

impl LiveImage {
    /// The name of the condition that is a flag.
    pub(super) const FLAG: &str = "flag";

    /// Looks at all of them.
    pub(super) fn look(root: &Root, flag: bool) -> Self {
        let condition = |name: &str, met, found: String| Condition::new(name, met, found);
        let asked = if flag {
            "--live-image was given"
        } else {
            "--live-image was not given"
        };
        let here = if root.is_here() {
            "this machine is looked at".to_owned()
        } else {
            format!("{} is a copy of a machine", root.path().display())
        };
        let marked = match root.text(MARKER) {
            Ok(_) => (true, format!("/{MARKER} is there")),
            Err(error) => (false, format!("/{MARKER}: {error}")),
        };
        let memory = off_disk(root, "/", MOST_LAYERS);
        let portable = match (identity::has_battery(root), identity::is_portable(root)) {
            (true, _) => Some("a battery"),
            (_, true) => Some("a portable chassis"),
            _ => None,
        };
        let carried = portable.unwrap_or("neither battery nor portable chassis");
        LiveImage {
            conditions: vec![
                condition(Self::FLAG, flag, asked.to_owned()),
                condition("this machine", root.is_here(), here),
                condition("marker", marked.0, marked.1),
                condition(
                    "root off disk",
                    memory.is_ok(),
                    memory.unwrap_or_else(|why| why),
                ),
                condition("not portable", portable.is_none(), carried.to_owned()),
            ],
        }
    }

    /// Whether the mode is on.
    pub fn is_on(&self) -> bool {
        self.conditions.iter().all(|condition| condition.met)
    }

    /// What is in the way, in a line; empty where nothing is.
    pub fn refusal(&self) -> String {
        let unmet = self.conditions.iter().filter(|condition| !condition.met);
        let told: Vec<_> = unmet.map(|c| format!("{}: {}", c.name, c.found)).collect();
        told.join("; ")
    }
}

/// What a path's file system lies on when that is no block device; else why not.
fn off_disk(root: &Root, path: &str, layers: u32) -> Result<String, String> {
    if layers == 0 {
        return Err(format!(
            "{path} lies below more layers than are looked through"
        ));
    }
    let mounts = mounts_of(root, "self");
    // Of several at one point the last is the one that is seen.
    let covering = mounts
        .iter()
        .filter(|mount| std::path::Path::new(path).starts_with(&mount.point))
        .max_by_key(|mount| mount.point.len());
    let Some(mount) = covering else {
        return Err(format!("no mount covers {path}"));
    };
    let (kind, source) = (&*mount.file_system, &*mount.source);
    if IN_MEMORY.contains(&kind) || FROM_ELSEWHERE.contains(&kind) {
        return Ok(format!("{path} lies on {kind}"));
    }
    if kind == "overlay" {
        for layer in overlay_layers(&mount.options)? {
            off_disk(root, &layer, layers - 1)?;
        }
        return Ok(format!(
            "{path} lies on overlay, all layers of which lie on no disk"
        ));
    }
    if let Some(device) = source
        .strip_prefix("/dev/")
        .filter(|d| d.starts_with("loop"))
    {
        let backing = root.text(&format!("sys/block/{device}/loop/backing_file"));
        let backing = backing.map_err(|error| format!("{source} of {path}: {error}"))?;
        let below = off_disk(root, backing.trim(), layers - 1)?;
        return Ok(format!("{path} lies on {kind} in a file: {below}"));
    }
    Err(format!("{path} lies on {kind} on {source}"))
}

/// The folders that an overlay is made of.
pub(super) fn overlay_layers(options: &str) -> Result<Vec<String>, String> {
    let mut layers = Vec::new();
    for option in options.split(',') {
        match option.split_once('=') {
            Some(("lowerdir" | "lowerdir+", folders)) => {
                layers.extend(folders.split(':').map(unescape));
            }
            Some(("upperdir", folder)) => layers.push(unescape(folder)),
            _ => {}
        }
    }
    if layers.is_empty() {
        return Err("an overlay that does not tell its layers".to_owned());
    }
    Ok(layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine with these mounts, and a file behind each loop device.
    fn machine(mounts: &str, loops: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(file, text).expect("written");
        };
        let lines: Vec<_> = mounts
            .lines()
            .map(|line| {
                let words: Vec<_> = line.split_whitespace().collect();
                let options = words.get(3).unwrap_or(&"rw");
                format!(
                    "1 0 0:1 / {} rw - {} {} {options}",
                    words[0], words[1], words[2]
                )
            })
            .collect();
        write("proc/self/mountinfo", &lines.join("\n"));
        write(MARKER, "");
        for (device, file) in loops {
            write(&format!("sys/block/{device}/loop/backing_file"), file);
        }
        let root = Root::new(folder.path()).expect("a root");
        (folder, root)
    }

    #[test]
    fn a_root_on_a_disk_is_told_from_one_in_memory() {
        let loops = [
            ("loop0", "/run/live/image.squashfs\n"),
            ("loop1", "/home/image.squashfs"),
        ];
        for (mounts, off) in [
            ("/ rootfs rootfs", true),
            ("/ tmpfs tmpfs", true),
            ("/ ext4 /dev/sda1", false),
            // An anonymous device number does not make it one of memory.
            ("/ btrfs /dev/nvme0n1p2", false),
            ("/ nfs4 server:/images/vetting", true),
            ("/ tmpfs tmpfs\n/ ext4 /dev/sda1", false),
            ("/ squashfs /dev/loop0\n/run tmpfs tmpfs", true),
            (
                "/ squashfs /dev/loop1\n/home ext4 /dev/sda2\n/run tmpfs tmpfs",
                false,
            ),
            ("/ squashfs /dev/loop9", false),
            (
                "/ overlay overlay rw,lowerdir=/run/a,upperdir=/run/b\n/run tmpfs tmpfs",
                true,
            ),
            (
                "/ overlay overlay rw,lowerdir=/run/a:/disk,upperdir=/run/b\n/run tmpfs tmpfs\n/disk xfs /dev/sdb",
                false,
            ),
            ("/ overlay overlay rw,lowerdir=/,upperdir=/", false),
            ("/ overlay overlay rw", false),
            ("/ ext4 /dev/mapper/root", false),
            ("", false),
        ] {
            let (_folder, root) = machine(mounts, &loops);
            let found = off_disk(&root, "/", MOST_LAYERS);
            assert_eq!(found.is_ok(), off, "{mounts}: {found:?}");
        }
    }

    #[test]
    fn every_condition_is_told_and_a_copied_machine_is_never_live() {
        let (_folder, root) = machine("/ tmpfs tmpfs", &[]);
        let live = LiveImage::look(&root, true);
        assert!(!live.is_on());
        let unmet: Vec<_> = live
            .conditions
            .iter()
            .filter(|c| !c.met)
            .map(|c| &*c.name)
            .collect();
        assert_eq!(unmet, ["this machine"], "{live:?}");
        let here = Root::new(std::path::Path::new("/")).expect("a root");
        let not_asked = LiveImage::look(&here, false);
        assert!(!not_asked.is_on() && not_asked.refusal().contains("was not given"));
    }
}
