//! What is wrong with a tool itself, and what the wrappers of the real tools say then.

use super::Ending;
use crate::Answer;
use crate::contract::types::{Error, ToolFailure};
use crate::simulated::profile::Fault;
use crate::simulated::world::World;

/// What a tool prints that prints garbage.
pub const GARBAGE: &str = "\u{fffd}\u{fffd}@\u{fffd}%s\u{fffd}";

/// What the wrappers say of output that is no JSON.
pub const NOT_JSON: &str = "its output is not JSON: expected value at line 1 column 1";

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

    /// The answer of a tool that is asked one thing and should end at once; `said` is what its
    /// wrapper makes of garbage.
    pub fn asked(self, tool: &str, said: &str) -> Result<(), Error> {
        let failed = |exit_status, reason: &str| {
            Err(Error::Failed(ToolFailure {
                tool: tool.to_owned(),
                exit_status,
                reason: reason.to_owned(),
                stderr_tail: String::new(),
            }))
        };
        match self {
            Trouble { hangs: true, .. } => Err(Error::TimedOut),
            Trouble { crashes: true, .. } => failed(None, "signal 11 ended it"),
            Trouble { garbage: true, .. } => failed(Some(0), said),
            _ => Ok(()),
        }
    }
}

/// The failure of a wrapper that could make nothing of a tool's result.
pub fn not_understood(tool: &str, ending: Ending, reason: &str) -> Answer {
    Err(Error::Failed(ToolFailure {
        tool: tool.to_owned(),
        exit_status: (ending == Ending::Itself).then_some(0),
        reason: reason.to_owned(),
        stderr_tail: String::new(),
    }))
}
