//! The wipe guard, as far as it is the same on every machine: what an attempt is allowed, what must be
//! so before a disk is written, and how the answer is told. Trim and secure erase would be writing too.
//!
//! [`real`](crate::real) adds what only a kernel can tell: reservations, other paths, blocks that are
//! read, and holding the disk. A simulated machine takes its profile's word for these.

mod expected;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Condition;
use crate::contract::context::ExpectedDisk;
use crate::contract::disks::{Disk, Transport};
pub use expected::{MOST_BYTES, TRANSPORT};

/// Two conditions, either of which is enough: the disk holds nothing, or a person waived that.
pub const EMPTY: &str = "empty";
/// The other of the two.
pub const OVERRIDE: &str = "wipe override";

/// What fills every block that a disk is written with, so that a disk that was written before still
/// counts as empty. Sixteen bytes, so that every block begins with it, whatever its size.
pub const PATTERN: &[u8; 16] = b"vetting wiped it";

/// What one attempt is allowed to do to the machine's disks. By default: nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mandate {
    /// Whether nothing may be written to a disk.
    pub non_destructive: bool,
    /// The disks of the operator's spec.
    pub expected_disks: Vec<ExpectedDisk>,
    /// What a person waived for this attempt.
    pub wipe_override: Option<WipeOverride>,
}

impl Default for Mandate {
    fn default() -> Self {
        Mandate {
            non_destructive: true,
            expected_disks: Vec::new(),
            wipe_override: None,
        }
    }
}

/// A person's word that these disks may be written to although they are not empty. It waives nothing
/// else, and each disk may be opened under it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WipeOverride {
    /// Serial numbers or world-wide names.
    pub disks: Vec<String>,
    /// Who gave it.
    pub by: String,
    /// When it is void, since the attempt began.
    pub expires: Duration,
}

impl WipeOverride {
    /// Whether it lets a disk be opened now, and why or why not. `used`: the disks that were opened
    /// under it.
    fn lets(&self, disk: &Disk, now: Duration, used: &BTreeSet<String>) -> Result<String, String> {
        let by = &self.by;
        let names = [disk.serial.as_deref(), disk.wwn.as_deref()];
        let names = || names.iter().flatten();
        let listed = |name: &&str| {
            let same = |listed: &String| expected::same_name(listed, name);
            self.disks.iter().any(same)
        };
        if !names().any(listed) {
            return Err(format!("{by}'s lists {}", self.disks.join(", ")));
        }
        if now >= self.expires {
            return Err(format!("{by}'s has expired"));
        }
        if used.contains(&disk.name) {
            return Err(format!("{by}'s was used for this disk already"));
        }
        Ok(format!("{by}'s lists it"))
    }
}

/// Whether a disk may be written to: every condition with its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The kernel's name of the disk.
    pub disk: String,
    /// The conditions.
    pub conditions: Vec<Condition>,
}

impl Decision {
    /// A decision that nothing was looked at for yet.
    pub fn about(disk: &str) -> Self {
        Decision {
            disk: disk.to_owned(),
            conditions: Vec::new(),
        }
    }

    /// Notes a condition.
    pub fn note(&mut self, condition: Condition) {
        self.conditions.push(condition);
    }

    /// The state of a condition; one that was not looked at is not met.
    pub fn is_met(&self, name: &str) -> bool {
        let mut conditions = self.conditions.iter();
        conditions.any(|condition| condition.name == name && condition.met)
    }

    /// Whether everything holds but for what a person may waive.
    pub fn holds_otherwise(&self) -> bool {
        let waivable = |condition: &&Condition| [EMPTY, OVERRIDE].contains(&&*condition.name);
        let mut others = self.conditions.iter().filter(|c| !waivable(c)).peekable();
        others.peek().is_some() && others.all(|condition| condition.met)
    }

    /// Whether the disk may be written to.
    pub fn allows(&self) -> bool {
        self.holds_otherwise() && (self.is_met(EMPTY) || self.is_met(OVERRIDE))
    }

    /// Why it may be written to, for the record.
    pub fn permission(&self) -> String {
        let found = self.conditions.iter().filter(|c| c.met);
        let lines: Vec<_> = found.map(|c| format!("{} ({})", c.name, c.found)).collect();
        format!(
            "the disk {} may be written to: {}.",
            self.disk,
            lines.join("; ")
        )
    }

    /// The answer that a stage is given: what is in the way, then what is not.
    pub fn refusal(&self) -> String {
        let shown = |met: bool| -> String {
            let of = self.conditions.iter().filter(|c| c.met == met);
            let lines: Vec<_> = of.map(|c| format!("{} ({})", c.name, c.found)).collect();
            lines.join("; ")
        };
        format!(
            "the disk {} may not be written to. Not met: {}. Met: {}.",
            self.disk,
            shown(false),
            shown(true)
        )
    }
}

/// Whether the run may write at all.
pub fn run_may_write(mandate: &Mandate) -> Condition {
    let found = match mandate.non_destructive {
        true => Err("the run is non-destructive".to_owned()),
        false => Ok("the run is destructive".to_owned()),
    };
    Condition::of("run may write", found)
}

/// What the list of disks tells of one of them: is it the one that the operator expects, is it
/// attached as a disk of a server's is, and does nobody use it.
pub fn of_list(disk: &Disk, all: &[Disk], expected: &[ExpectedDisk]) -> Vec<Condition> {
    let matching = expected::one(disk, all, expected);
    let named = matching.as_ref().ok().and_then(|m| m.transport.clone());
    vec![
        Condition::of("one expected disk", matching.map(|matching| matching.found)),
        Condition::of("transport", transport(disk, named.as_deref())),
        Condition::of("writable", writable(disk)),
        Condition::of("not in use", unused(disk)),
    ]
}

/// Whether a person waived that the disk is to be empty.
pub fn waived(mandate: &Mandate, disk: &Disk, now: Duration, used: &BTreeSet<String>) -> Condition {
    let none = || Err("none for this attempt".to_owned());
    let lets = mandate
        .wipe_override
        .as_ref()
        .map(|o| o.lets(disk, now, used));
    Condition::of(OVERRIDE, lets.unwrap_or_else(none))
}

/// Local disks of servers; another transport only where the spec names it.
fn transport(disk: &Disk, named: Option<&str>) -> Result<String, String> {
    let word = disk.transport.word().to_owned();
    match disk.transport {
        Transport::Sata | Transport::Sas | Transport::Nvme => Ok(word),
        _ if named == Some(&word) => Ok(format!("{word}, which the spec names")),
        _ => Err(format!(
            "{word}, and the spec does not name it: `transport = \"{word}\"` in the disk's entry would"
        )),
    }
}

fn writable(disk: &Disk) -> Result<String, String> {
    match disk.read_only {
        true => Err("the kernel holds it read-only".to_owned()),
        false => Ok("yes".to_owned()),
    }
}

/// Partitions by themselves are content, not use; what is mounted from one, or stands on it, is use.
fn unused(disk: &Disk) -> Result<String, String> {
    let uses = disk.in_use.iter().filter(|usage| usage.kind != "partition");
    let uses: Vec<_> = uses.map(|u| format!("{} {}", u.kind, u.by)).collect();
    match uses.is_empty() {
        true => Ok("neither mounted nor swap nor held".to_owned()),
        false => Err(uses.join(", ")),
    }
}

#[cfg(test)]
mod tests;
