//! What an attempt is begun with.

use std::sync::Arc;
use std::time::Duration;

use vetting_machine::contract::context::NetworkPeer;
use vetting_machine::files::ReadRules;
use vetting_machine::{Cancel, Mandate, Terms};

use super::{Limits, LoadedStage, Notebook};
use crate::policy::Withheld;

/// What an attempt is begun with.
pub struct Order {
    /// The stage.
    pub stage: LoadedStage,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The stage's parameters, validated, defaults filled in.
    pub parameters: serde_json::Value,
    /// How long it may take, in the machine's time.
    pub deadline: Duration,
    /// How long the guest and the tools have after a cancel.
    pub grace: Duration,
    /// The seed of everything random on a simulated machine.
    pub seed: u64,
    /// The limits.
    pub limits: Limits,
    /// The interfaces that are withheld.
    pub withheld: Withheld,
    /// What the policy lets the stage read, of what its manifest names.
    pub reads: ReadRules,
    /// The attempt's cancellation.
    pub cancel: Cancel,
    /// Where the attempt is written down while it lasts.
    pub notebook: Arc<Notebook>,
    /// The attempt's own scratch folder.
    pub scratch: std::path::PathBuf,
    /// How many logical CPUs the stage may load.
    pub cpu_allowance: u32,
    /// How many bytes of memory it may touch.
    pub memory_allowance_bytes: u64,
    /// What an orchestrator says of the run.
    pub charge: Charge,
}

/// What an orchestrator says of a run; without one, its default.
#[derive(Clone, Debug, Default)]
pub struct Charge {
    /// The other end of the network test; `None`: the machine's own.
    pub peer: Option<NetworkPeer>,
    /// What the attempt may do to the machine's disks.
    pub mandate: Mandate,
}

impl Order {
    /// The same attempt, under the terms of an earlier one.
    pub(super) fn under(self, terms: Terms) -> Self {
        Order {
            attempt: terms.number,
            deadline: terms.deadline,
            grace: terms.grace,
            seed: terms.seed,
            withheld: terms.withheld,
            reads: terms.reads,
            cpu_allowance: terms.cpu_allowance,
            memory_allowance_bytes: terms.memory_allowance_bytes,
            charge: Charge {
                peer: terms.peer,
                mandate: terms.mandate,
            },
            ..self
        }
    }
}
