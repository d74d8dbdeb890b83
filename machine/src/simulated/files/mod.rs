//! The kernel's files of a simulated machine: a tree of sysfs and procfs, built from the profile once, whose
//! files are written when they are read. It shares nothing with the parsers that read it.
//!
//! One file per source; [`tree`] holds them and follows links.

mod block;
mod cpus;
mod edac;
mod memory;
mod net;
mod pci;
mod smbios;
mod supplies;
mod tree;

use crate::contract::files::{Content, Ending, Listing};
use crate::files::{self, CALL, Tree as _, first_bytes, limit, may_read, without_bytes};
use crate::simulated::profile::Profile;
use crate::simulated::world::World;

pub use tree::Files;
use tree::View;

/// What the kernel answers where a device has no value now (EINVAL).
const INVALID: &str = "Invalid argument (os error 22)";

/// Builds the tree of a machine with all of its parts.
pub fn of(profile: &Profile) -> Files {
    let mut files = Files::default();
    cpus::add(&mut files, profile);
    memory::add(&mut files, profile);
    edac::add(&mut files, profile);
    pci::add(&mut files, profile);
    net::add(&mut files, profile);
    block::add(&mut files, profile);
    smbios::add(&mut files, profile);
    supplies::add(&mut files, profile);
    files
}

/// What globs match now.
pub fn list(world: &World, globs: &[String]) -> Listing {
    let files = world.files();
    files::expand(&View::new(&files, world), globs, None)
}

/// What files say now, in their order.
pub fn read(world: &World, paths: &[String]) -> Vec<Content> {
    let files = world.files();
    let view = View::new(&files, world);
    let mut given = 0_u64;
    let contents = paths.iter().map(|path| {
        if given >= CALL {
            return without_bytes(Ending::LeftOut);
        }
        let content = content(&view, path);
        given = given.saturating_add(content.bytes.len() as u64);
        content
    });
    contents.collect()
}

fn content(view: &View<'_>, path: &str) -> Content {
    if let Err(ending) = may_read(path, path) {
        return without_bytes(ending);
    }
    let Some(look) = view.look(path) else {
        return without_bytes(Ending::Absent);
    };
    if let Err(ending) = may_read(path, &look.resolved) {
        return without_bytes(ending);
    }
    match view.bytes(&look.resolved) {
        Some(Ok(bytes)) => first_bytes(bytes, limit(path)),
        Some(Err(why)) => without_bytes(Ending::Failed(why.to_owned())),
        None => without_bytes(Ending::Failed("not a regular file".to_owned())),
    }
}
