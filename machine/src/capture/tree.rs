//! The kernel's files as a tree below `root/`: files, and links that lead where they led on the machine.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::evidence::Evidence;
use super::scrub::Scrub;
use super::{CaptureError, io, make, write};
use crate::contract::files::Ending;
use crate::directory::manifest::FileEntry;

/// Links that one path may lead through, as in the kernel.
const MAX_LINKS: u32 = 40;

/// What was written.
pub struct Written {
    /// Files.
    pub files: usize,
    /// Those whose reading did not give the whole file.
    pub endings: Vec<FileEntry>,
}

/// Writes the tree to a folder.
pub fn keep(evidence: &Evidence, to: &Path, scrub: &Scrub) -> Result<Written, CaptureError> {
    make(to)?;
    let place = |path: &str| real(&evidence.links, path);
    let at = |place: &str| -> PathBuf { to.join(scrub.text(place)) };
    for folder in &evidence.folders {
        make(&at(&place(folder)))?;
    }
    for (path, target) in &evidence.links {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = place(folder);
        let link = at(&join(&folder, name));
        make(&at(&folder))?;
        if fs::symlink_metadata(&link).is_err() {
            let target = scrub.text(&relative(&folder, target));
            symlink(target, &link).map_err(|reason| io(&link, reason))?;
        }
    }
    let mut endings = BTreeMap::new();
    let mut files = 0_usize;
    for (path, content) in &evidence.files {
        if content.ending == Ending::Absent {
            continue;
        }
        let place = place(path);
        let file = at(&place);
        if let Some(folder) = file.parent() {
            make(folder)?;
        }
        write(&file, &scrub.bytes(&content.bytes))?;
        files = files.saturating_add(1);
        if content.ending != Ending::Whole {
            endings.insert(place, content.ending.clone());
        }
    }
    let endings = endings
        .into_iter()
        .map(|(path, ending)| FileEntry { path, ending });
    Ok(Written {
        files,
        endings: endings.collect(),
    })
}

/// The path without a link on the way, as far as the links are known.
fn real(links: &BTreeMap<String, String>, path: &str) -> String {
    let mut done = String::new();
    let mut todo: Vec<&str> = path.rsplit('/').collect();
    let mut followed = 0_u32;
    while let Some(name) = todo.pop() {
        let next = join(&done, name);
        match links.get(&next).filter(|_| followed < MAX_LINKS) {
            Some(target) => {
                followed = followed.saturating_add(1);
                done.clear();
                todo.extend(target.rsplit('/'));
            }
            None => done = next,
        }
    }
    done
}

/// The way from a folder to a path, both below the root.
fn relative(folder: &str, target: &str) -> String {
    let depth = folder.split('/').filter(|name| !name.is_empty()).count();
    format!("{}{target}", "../".repeat(depth))
}

fn join(folder: &str, name: &str) -> String {
    match folder.is_empty() {
        true => name.to_owned(),
        false => format!("{folder}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_on_the_way_are_followed() {
        let links = [
            ("sys/class/net/eth0", "sys/devices/pci0/net/eth0"),
            ("sys/devices/pci0/net/eth0/device", "sys/devices/pci0"),
            ("sys/a", "sys/b"),
            ("sys/b", "sys/a"),
        ];
        let links: BTreeMap<String, String> = links
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .into();
        let place = real(&links, "sys/class/net/eth0/device/vendor");
        assert_eq!(place, "sys/devices/pci0/vendor");
        assert!(real(&links, "sys/a/x").ends_with("/x"));
        assert_eq!(
            relative("sys/class/net", "sys/devices/x"),
            "../../../sys/devices/x"
        );
    }
}
