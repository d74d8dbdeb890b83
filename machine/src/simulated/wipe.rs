//! The wipe guard of a simulated machine: the conditions of a real one, as far as a profile tells. The
//! profile's word is taken for what only a kernel could look at.

use std::collections::BTreeSet;
use std::time::Duration;

use super::read::disks;
use super::world::World;
use crate::contract::disks::{Content, Disk};
use crate::contract::types::Error;
use crate::wipe::{self, EMPTY};
use crate::{Condition, Decision, Mandate};

/// Lets a disk be written to, or not: `denied` with the state of every condition. The disk's name,
/// where that uses the override up for it, and why it may be written to. `used`: the disks for which it is.
pub fn guard(
    world: &World,
    mandate: &Mandate,
    name: &str,
    used: &BTreeSet<String>,
) -> Result<(Option<String>, String), Error> {
    let all = disks::list(world);
    let mut decision = Decision::about(name);
    let live = match world.profile.live_image {
        true => Ok("the profile says so".to_owned()),
        false => Err("the profile does not say `live_image = true`".to_owned()),
    };
    decision.note(Condition::of("live image", live));
    decision.note(wipe::run_may_write(mandate));
    let Some(disk) = all.iter().find(|disk| disk.name == name) else {
        decision.note(Condition::new("whole disk", false, "it has gone"));
        return Err(Error::Denied(decision.refusal()));
    };
    decision.note(Condition::new("whole disk", true, "it is one"));
    for condition in wipe::of_list(disk, &all, &mandate.expected_disks) {
        decision.note(condition);
    }
    decision.note(Condition::of(EMPTY, empty(disk)));
    let now = Duration::from_nanos(world.now);
    decision.note(wipe::waived(mandate, disk, now, used));
    match decision.allows() {
        true => {
            let overridden = (!decision.is_met(EMPTY)).then(|| name.to_owned());
            Ok((overridden, decision.permission()))
        }
        false => Err(Error::Denied(decision.refusal())),
    }
}

fn empty(disk: &Disk) -> Result<String, String> {
    match &disk.content {
        Content::NoneRecognised => Ok("the profile names nothing on it".to_owned()),
        Content::Unreadable(reason) => Err(format!("it cannot be read: {reason}")),
        Content::Signatures(found) => {
            let kinds: Vec<_> = found.iter().map(|s| s.kind.as_str()).collect();
            Err(kinds.join(", "))
        }
    }
}
