//! What each kind of reading tells of the world, one file per interface of the contract.

pub mod counters;
pub mod disks;
pub mod gpu;
pub mod hwmon;
pub mod inventory;
pub mod power;
pub mod smart;
