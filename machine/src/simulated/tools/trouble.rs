//! What is wrong with a tool itself, and what the wrappers of the real tools say then.

use crate::Answer;
use crate::contract::types::{Error, ToolFailure};
use crate::simulated::profile::Fault;
use crate::simulated::world::World;

/// What a tool prints that prints garbage.
pub const GARBAGE: &str = "\u{fffd}\u{fffd}@\u{fffd}%s\u{fffd}";

/// What is wrong with a tool now.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// It dies.
    pub crashes: bool,
    /// It neither tells anything nor ends.
    pub hangs: bool,
    /// What it prints cannot be understood.
    pub garbage: bool,
}

impl Trouble {
    /// By the faults that last.
    pub fn of(world: &World, tool: &str) -> Self {
        let mut trouble = Trouble::default();
        for fault in world.faults() {
            match fault {
                Fault::ToolCrash { tool: t } => trouble.crashes |= t == tool,
                Fault::ToolHang { tool: t } => trouble.hangs |= t == tool,
                Fault::ToolGarbage { tool: t } => trouble.garbage |= t == tool,
                _ => {}
            }
        }
        trouble
    }
}

/// The failure of a tool that died of a segmentation fault.
pub fn crashed(tool: &str) -> Answer {
    Err(Error::Failed(ToolFailure {
        tool: tool.to_owned(),
        exit_status: None,
        reason: "ended by signal 11 (SIGSEGV)".to_owned(),
        stderr_tail: String::new(),
    }))
}
