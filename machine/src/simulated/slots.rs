//! Memory slots, and what is in them now.

use super::profile::Fault;
use super::world::World;

/// A memory slot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Its name: `DIMM_A1`.
    pub name: String,
    /// The bank's name.
    pub bank: Option<String>,
    /// The module's size in bytes; 0: the slot is empty.
    pub size_bytes: u64,
    /// The module's serial number.
    pub serial: Option<String>,
}

/// What the kernel leaves of the modules' bytes, by what servers tell: about 1.5 % go.
fn visible(installed: u64) -> u64 {
    installed / 200 * 197
}

/// What of the modules' bytes could be used on a machine that runs nothing but us.
pub fn available_bytes(installed: u64) -> u64 {
    visible(installed) / 100 * 96
}

/// What the kernel has of the modules that are there now, in bytes.
pub fn visible_bytes(world: &World) -> u64 {
    visible(installed(world))
}

/// The bytes of the modules that are there now.
pub fn installed(world: &World) -> u64 {
    let slots = slots(world).into_iter();
    slots.fold(0, |sum, slot| sum.saturating_add(slot.size_bytes))
}

/// Every slot, in SMBIOS' order.
pub fn slots(world: &World) -> Vec<Slot> {
    let spec = &world.profile.memory;
    let missing =
        |slot: &String| world.any(|f| matches!(f, Fault::DimmMissing { dimm } if dimm == slot));
    let sockets = world.profile.cpu.sockets as usize;
    let filled = spec.slots.iter().enumerate().map(|(index, slot)| {
        if missing(slot) {
            return empty(slot);
        }
        let node = index.saturating_mul(sockets) / spec.slots.len().max(1);
        let serial = || format!("8F3A{:04X}", index.saturating_add(0x2100));
        Slot {
            name: slot.clone(),
            bank: Some(format!("NODE {node}")),
            size_bytes: spec.module_bytes,
            serial: spec.part_number.as_ref().map(|_| serial()),
        }
    });
    let filled: Vec<Slot> = filled.collect();
    let empties = spec.empty.iter().map(|slot| empty(slot));
    filled.into_iter().chain(empties).collect()
}

fn empty(slot: &str) -> Slot {
    Slot {
        name: slot.to_owned(),
        ..Slot::default()
    }
}
