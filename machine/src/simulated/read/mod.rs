//! What each kind of reading tells of the world, one file per interface of the contract.

pub mod counters;
pub mod disks;
pub mod gpu;
pub mod hwmon;
pub mod inventory;
pub mod power;

use super::world::World;
use crate::{Answer, Reply, Request};

/// What a reading tells of the world as it is; `None` for requests that do more than look.
pub fn reading(world: &World, request: &Request) -> Option<Answer> {
    Some(match request {
        Request::Hwmon => Ok(Reply::Hwmon(hwmon::read(world))),
        Request::Inventory => Ok(Reply::Inventory(Box::new(inventory::read(world)))),
        Request::Counters => Ok(Reply::Counters(counters::read(world))),
        Request::Disks => Ok(Reply::Disks(disks::list(world))),
        Request::GpuRead => Ok(Reply::GpuReading(gpu::read(world))),
        Request::PowerRead => Ok(Reply::Power(power::read(world))),
        Request::PowerEventLog => power::event_log(world).map(Reply::PowerEventLog),
        _ => return None,
    })
}
