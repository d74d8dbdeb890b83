//! The wipe guard of a real machine: the one way to a disk that a tool may write to.
//!
//! [`decide`] opens the disk for itself alone, and only then looks at everything, so that what is
//! looked at is what is held. While it is held nobody can mount it, swap to it or stack anything on it;
//! and since it is open, the kernel gives its device number to no other disk. A tool is pointed at the
//! held descriptor, not at a name in `/dev`.

mod blocks;
mod identity;
mod ioctl;
mod others;
mod reservation;

use std::collections::BTreeSet;
use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use nix::libc::O_EXCL;

use super::disks;
use super::live_image::LiveImage;
use super::root::Root;
use crate::contract::disks::{Content, Disk};
use crate::contract::types::Error;
use crate::wipe::{self, EMPTY};
use crate::{Condition, Decision, Mandate};
use identity::Identity;

/// Conditions of a disk that could not be looked at are told as this.
const NOT_OPENED: &str = "not looked at, since it could not be opened for this process alone";

/// What the guard is asked.
pub struct Question<'a> {
    pub root: &'a Root,
    /// Whether it was said that the machine was booted for a test.
    pub live_image: bool,
    pub mandate: &'a Mandate,
    /// The disk's kernel name, as a stage or an operator gave it.
    pub name: &'a str,
    /// Since the attempt began.
    pub now: Duration,
    /// The disks that were opened under the override.
    pub used: &'a BTreeSet<String>,
}

/// A disk that may be written to, held for that. Its exclusive opening lasts as long as this.
#[derive(Debug)]
pub struct Held {
    /// The opening.
    pub file: File,
    /// Why it may be written to, in a line.
    pub why: String,
}

impl Held {
    /// What a tool that inherits the opening is to open: the very same inode, whatever happens to names
    /// in `/dev`.
    pub fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.file.as_raw_fd()).into()
    }
}

/// One attempt's guard: what it may do, and which disks it has opened under its override.
#[derive(Debug)]
pub struct Guard {
    mandate: Mandate,
    used: Mutex<BTreeSet<String>>,
}

impl Guard {
    pub fn new(mandate: Mandate) -> Self {
        Guard {
            mandate,
            used: Mutex::default(),
        }
    }

    /// Opens a disk for a tool that writes. `denied` with the state of every condition where one is
    /// not met.
    pub fn open(
        &self,
        root: &Root,
        live_image: bool,
        name: &str,
        now: Duration,
    ) -> Result<Held, Error> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let (decision, file) = decide(&Question {
            root,
            live_image,
            mandate: &self.mandate,
            name,
            now,
            used: &used,
        });
        let Some(file) = file.filter(|_| decision.allows()) else {
            return Err(Error::Denied(decision.refusal()));
        };
        if !decision.is_met(EMPTY) {
            used.insert(name.to_owned());
        }
        let why = decision.permission();
        Ok(Held { file, why })
    }
}

/// Whether a disk may be written to: every condition with its state. The file is the disk, opened for
/// reading and for this process alone, where that could be.
pub fn decide(question: &Question) -> (Decision, Option<File>) {
    let Question {
        root,
        name,
        mandate,
        ..
    } = *question;
    let mut decision = Decision::about(name);
    for condition in LiveImage::look(root, question.live_image).conditions {
        let name = format!("live image: {}", condition.name);
        decision.note(Condition { name, ..condition });
    }
    decision.note(wipe::run_may_write(mandate));
    let whole = whole_disk(root, name);
    let is_disk = whole.is_ok();
    decision.note(Condition::of("whole disk", whole));
    if !is_disk {
        return (decision, None);
    }
    let before = Identity::shown(root, name);
    let opened = disks::open(root, name, O_EXCL);
    let file = match opened {
        Ok(file) => {
            decision.note(Condition::new("held alone", true, "opened with O_EXCL"));
            Some(file)
        }
        Err(error) => {
            let found = format!("it cannot be opened with O_EXCL: {error}");
            decision.note(Condition::new("held alone", false, found));
            None
        }
    };
    // From here on everything is looked at behind the opening.
    let all = disks::list_reading(root, |other| other == name);
    let Some(disk) = all.iter().find(|disk| disk.name == name) else {
        decision.note(Condition::new("whole disk", false, "it has gone"));
        return (decision, None);
    };
    let held = |look: &dyn Fn(&File) -> Result<String, String>| match &file {
        Some(file) => look(file),
        None => Err(NOT_OPENED.to_owned()),
    };
    let same = held(&|file| identity::unchanged(&before, root, name, file));
    decision.note(Condition::of("unchanged", same));
    for condition in wipe::of_list(disk, &all, &mandate.expected_disks) {
        decision.note(condition);
    }
    decision.note(Condition::of(
        "one path",
        others::one_path(root, disk, &all),
    ));
    decision.note(Condition::of("no writer", others::no_writer(root, name)));
    let reserved = held(&|file| reservation::none(root, name, file));
    decision.note(Condition::of("no reservation", reserved));
    let empty = held(&|file| empty(disk, file));
    decision.note(Condition::of(EMPTY, empty));
    decision.note(wipe::waived(mandate, disk, question.now, question.used));
    (decision, file)
}

/// Whether the name is a whole disk's, and no partition's and nothing that is made of disks.
fn whole_disk(root: &Root, name: &str) -> Result<String, String> {
    if disks::names(root).iter().any(|known| known == name) {
        return Ok("it is one".to_owned());
    }
    if is_partition(root, name) {
        return Err("it is a partition".to_owned());
    }
    Err("it is no disk of this machine".to_owned())
}

/// Whether the kernel has a partition of that name.
pub fn is_partition(root: &Root, name: &str) -> bool {
    let plain = !name.is_empty() && !name.contains('/') && !name.starts_with('.');
    plain && root.exists(&format!("sys/class/block/{name}/partition"))
}

/// Nothing that is recognised, and nothing but zeros or our own pattern wherever it is read.
fn empty(disk: &Disk, file: &File) -> Result<String, String> {
    match &disk.content {
        Content::NoneRecognised => blocks::blank(file, disk.size_bytes, rand::random()),
        Content::Unreadable(reason) => Err(format!("it cannot be read: {reason}")),
        Content::Signatures(found) => {
            let found = found
                .iter()
                .map(|s| format!("{} at byte {}", s.kind, s.offset));
            Err(found.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests;
