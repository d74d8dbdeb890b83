//! A profile: what a simulated machine is made of and what goes wrong with it, as a TOML file.
//! `machine/profiles/healthy-server.toml` shows every table. Sizes are in bytes, speeds in the unit
//! that their names say, times are texts such as `30s`, `10min`, `8h` in whole seconds. A machine may
//! be another one with changes; lists merge by `name`:
//!
//! ```toml
//! extends = "healthy-server"
//! description = "The healthy server with a bigger sda, whose second fan stops for a while"
//!
//! [[disk]]
//! name = "sda"
//! size_bytes = 2400476553216
//!
//! [[fault]]
//! at = "30s"
//! for = "10min"
//! kind = "fan-dead"
//! fan = "FAN2"
//! ```

mod fault;
mod load;
mod parts;
mod schema;
mod whole;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use fault::{Fault, Scheduled, SmartField};
pub use load::{builtin, builtin_names, builtin_text, from_toml};
pub use parts::{Cpu, Disk, DiskKind, Fan, Gpu, Memory, Nic, Peer, Psu, Rail, Scratch};
pub use schema::schema;
pub use whole::{Bios, Bmc, Board, System};

/// A whole machine.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// One line for a list of machines.
    pub description: String,
    /// What the calendar says when a session begins, in seconds since 1970.
    #[serde(default = "epoch")]
    pub epoch_seconds: u64,
    /// Whether it says that it was booted for a test, so that its disks may be written to where the
    /// wipe guard's conditions are met.
    #[serde(default)]
    pub live_image: bool,
    /// Air at the inlet, in degrees Celsius.
    #[serde(default = "ambient")]
    pub ambient: f64,
    /// The machine itself.
    pub system: System,
    /// The main board.
    pub board: Board,
    /// The boot firmware.
    pub bios: Bios,
    /// The management controller.
    #[serde(default)]
    pub bmc: Option<Bmc>,
    /// The processors.
    pub cpu: Cpu,
    /// The memory.
    pub memory: Memory,
    /// The disks.
    #[serde(default, rename = "disk")]
    pub disks: Vec<Disk>,
    /// The network ports.
    #[serde(default, rename = "nic")]
    pub nics: Vec<Nic>,
    /// The GPUs.
    #[serde(default, rename = "gpu")]
    pub gpus: Vec<Gpu>,
    /// The power supplies, batteries and mains adapters.
    #[serde(default, rename = "psu")]
    pub psus: Vec<Psu>,
    /// The fans.
    #[serde(default, rename = "fan")]
    pub fans: Vec<Fan>,
    /// The voltages that the management controller measures.
    #[serde(default, rename = "rail")]
    pub rails: Vec<Rail>,
    /// Where scratch files lie.
    pub scratch: Scratch,
    /// The other end of the network test.
    #[serde(default)]
    pub peer: Option<Peer>,
    /// The tools that are installed and their versions: `fio`, `stress-ng`, `iperf3`, `smartctl`,
    /// and `gpu_burn` under `gpu`. `nvidia-smi` comes with NVIDIA's driver; `dcgmi` is DCGM's.
    #[serde(default)]
    pub tools: BTreeMap<String, String>,
    /// What a spec would say, by stage and parameter.
    #[serde(default)]
    pub parameters: BTreeMap<String, BTreeMap<String, serde_json::Value>>,
    /// What goes wrong, and when.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Scheduled>,
}

impl Profile {
    /// Logical CPUs.
    pub fn logical_cpus(&self) -> u32 {
        self.cpu
            .sockets
            .saturating_mul(self.cpu.cores)
            .saturating_mul(self.cpu.threads_per_core)
    }

    /// Bytes of all modules.
    pub fn installed_bytes(&self) -> u64 {
        self.memory
            .module_bytes
            .saturating_mul(self.memory.slots.len() as u64)
    }
}

/// 2026-01-01T00:00:00Z.
fn epoch() -> u64 {
    1_767_225_600
}

/// In the recommended range of ASHRAE TC 9.9 (18 to 27 °C).
fn ambient() -> f64 {
    22.0
}
