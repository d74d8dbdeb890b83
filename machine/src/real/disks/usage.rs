//! What uses a disk: mounted file systems, swap, devices stacked on it, and its own partitions.

use std::collections::BTreeSet;

use super::BLOCK;
use crate::contract::disks::Usage;
use crate::real::root::Root;

/// Stacks deeper than this are loops.
const DEEPEST: u32 = 16;

/// What is mounted and what is swapped to, read once for all disks.
#[derive(Clone, Debug, Default)]
pub struct Mounts {
    mounts: Vec<Mount>,
    swaps: Vec<String>,
}

/// One line of `mountinfo` (proc(5)).
#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    /// Device number, `8:1`; a number of its own for btrfs and others.
    pub device: String,
    /// Where it is mounted.
    pub point: String,
    /// The file system's type.
    pub file_system: String,
    /// What is mounted: `/dev/sda1`.
    pub source: String,
    /// The file system's own options, separated by commas.
    pub options: String,
}

impl Mounts {
    /// Reads them. Ours and the first process's, which sees the host's from inside a namespace.
    pub fn read(root: &Root) -> Self {
        let mut mounts: Vec<Mount> = Vec::new();
        for process in ["self", "1"] {
            for mount in mounts_of(root, process) {
                if !mounts.contains(&mount) {
                    mounts.push(mount);
                }
            }
        }
        let swaps = root.value("proc/swaps").unwrap_or_default();
        let swaps = swaps
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next());
        Self {
            mounts,
            swaps: swaps.map(unescape).collect(),
        }
    }

    /// The mounts.
    pub fn mounts(&self) -> &[Mount] {
        &self.mounts
    }
}

/// What a process sees mounted, in order; of several at one point the last is the one that is seen.
pub fn mounts_of(root: &Root, process: &str) -> Vec<Mount> {
    let text = root.value(&format!("proc/{process}/mountinfo"));
    let text = text.unwrap_or_default();
    text.lines().filter_map(mount).collect()
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`.
pub fn mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ').skip(2);
    let device = before.next()?.to_owned();
    let mut after = after.split(' ');
    Some(Mount {
        device,
        point: unescape(before.nth(1)?),
        file_system: after.next()?.to_owned(),
        source: unescape(after.next()?),
        options: after.next().unwrap_or_default().to_owned(),
    })
}

/// The kernel writes space, tab, newline and backslash as `\040`.
pub fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let code = after.get(..3).and_then(|d| u8::from_str_radix(d, 8).ok());
        match (code, after.get(3..)) {
            (Some(code), Some(after)) if code.is_ascii() => {
                out.push(char::from(code));
                rest = after;
            }
            _ => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out + rest
}

/// A device of the stack: its folder in sysfs and its name.
struct Layer {
    folder: String,
    name: String,
}

/// Everything that uses a disk.
pub fn of(root: &Root, disk: &str, mounts: &Mounts) -> Vec<Usage> {
    let mut usages = Vec::new();
    let mut seen = BTreeSet::new();
    let folder = format!("{BLOCK}/{disk}");
    let whole = Layer {
        folder: folder.clone(),
        name: disk.to_owned(),
    };
    stack(root, &whole, mounts, &mut usages, &mut seen, 0);
    for entry in root.list(&folder) {
        if root.exists(&format!("{folder}/{entry}/partition")) {
            push(&mut usages, "partition", &entry);
            let layer = Layer {
                folder: format!("{folder}/{entry}"),
                name: entry,
            };
            stack(root, &layer, mounts, &mut usages, &mut seen, 0);
        }
    }
    usages
}

fn push(usages: &mut Vec<Usage>, kind: &str, by: &str) {
    let usage = Usage {
        kind: kind.into(),
        by: by.into(),
    };
    if !usages.contains(&usage) {
        usages.push(usage);
    }
}

/// One device, and what is stacked on it.
fn stack(
    root: &Root,
    layer: &Layer,
    mounts: &Mounts,
    usages: &mut Vec<Usage>,
    seen: &mut BTreeSet<String>,
    depth: u32,
) {
    if depth > DEEPEST || !seen.insert(layer.name.clone()) {
        return;
    }
    let number = root.value(&format!("{}/dev", layer.folder));
    let mapped = root.value(&format!("{}/dm/name", layer.folder));
    let is_this = |source: &str| {
        let name = source
            .strip_prefix("/dev/")
            .map(|name| name.replace('/', "!"));
        name.as_deref() == Some(layer.name.as_str())
            || mapped
                .as_deref()
                .is_some_and(|m| source.strip_prefix("/dev/mapper/") == Some(m))
    };
    for mount in &mounts.mounts {
        if number.as_ref() == Some(&mount.device) || is_this(&mount.source) {
            push(usages, "mounted", &mount.point);
        }
    }
    for swap in mounts.swaps.iter().filter(|swap| is_this(swap)) {
        push(usages, "swap", swap);
    }
    for holder in root.list(&format!("{}/holders", layer.folder)) {
        push(usages, "holder", &holder);
        let folder = format!("{BLOCK}/{holder}");
        stack(
            root,
            &Layer {
                folder,
                name: holder,
            },
            mounts,
            usages,
            seen,
            depth + 1,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_of_mountinfo_is_read() {
        let line = "36 35 8:1 / /mnt/a\\040b rw,noatime shared:1 master:2 - ext4 /dev/sda1 rw";
        let mount = mount(line).expect("a mount");
        assert_eq!(
            (mount.device.as_str(), mount.point.as_str()),
            ("8:1", "/mnt/a b")
        );
        assert_eq!(
            (mount.file_system.as_str(), mount.source.as_str()),
            ("ext4", "/dev/sda1")
        );
    }

    proptest! {
        #[test]
        fn any_line_is_taken(line in "( - |/|\\\\04|\\\\040|é|[0-9: a-z])*") {
            let _ = mount(&line);
            let _ = unescape(&line);
        }
    }
}
