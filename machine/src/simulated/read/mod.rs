//! What each kind of reading tells of the world, one file per kind.

pub mod disks;
pub mod gpu;
pub mod hwmon;
pub mod power;

use super::documents::{ethtool, ipmitool, nvidia_smi};
use super::files;
use super::world::World;
use crate::contract::types::Document;
use crate::files::{check_globs, check_paths};
use crate::{Answer, Reply, Request};

/// What a reading tells of the world as it is; `None` for requests that do more than look.
pub fn reading(world: &World, request: &Request) -> Option<Answer> {
    Some(match request {
        Request::Hwmon => Ok(Reply::Hwmon(hwmon::read(world))),
        Request::FilesList { globs } => {
            check_globs(globs).map(|()| Reply::FilesListing(files::list(world, globs)))
        }
        Request::FilesRead { paths } => {
            check_paths(paths).map(|()| Reply::FilesContents(files::read(world, paths)))
        }
        Request::Disks => Ok(Reply::Disks(disks::list(world))),
        Request::GpuDevices => Ok(Reply::GpuDevices(gpu::devices(world))),
        Request::GpuAsk { question } => nvidia_smi::ask(world, question).map(document),
        Request::GpuSample => nvidia_smi::sample(world).map(document),
        Request::Bmc { question } => ipmitool::ask(world, question).map(document),
        Request::QueriesList => Ok(Reply::Queries(ethtool::list(world))),
        Request::QueriesRun { name, target } => ethtool::run(world, name, target).map(document),
        _ => return None,
    })
}

fn document(document: Document) -> Reply {
    Reply::Document(Box::new(document))
}
