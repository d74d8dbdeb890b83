//! The facts of one attempt, as its stage sees them.

use std::time::Duration;

use vetting_machine::contract::context::{ExpectedDisk, NetworkPeer};

/// What `context.get` tells.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The stage's name in the pipeline.
    pub stage: String,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// When the attempt ends, since it began, in the machine's time.
    pub deadline: Duration,
    /// When the soft cancel comes, since it began.
    pub soft_deadline: Duration,
    /// The calendar's time at the beginning, since 1970, by the machine's clock.
    pub began: Duration,
    /// Whether nothing may be written to a disk.
    pub non_destructive: bool,
    /// Whether a wipe override is armed.
    pub wipe_armed: bool,
    /// The disks of the operator's spec.
    pub expected_disks: Vec<ExpectedDisk>,
    /// The other end of the network test.
    pub peer: Option<NetworkPeer>,
    /// The stage's parameters, defaults filled in.
    pub parameters: serde_json::Value,
    /// How many logical CPUs the stage may load.
    pub cpu_allowance: u32,
    /// How many bytes of memory it may touch.
    pub memory_allowance_bytes: u64,
    /// Whether this is a live image.
    pub live_image: bool,
}

/// When the soft cancel comes: 2 s before the deadline, or 20 % of it, whichever is less.
pub fn soft_deadline(deadline: Duration) -> Duration {
    deadline - Duration::from_secs(2).min(deadline / 5)
}
