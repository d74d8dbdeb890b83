//! The agent: walks a run that an orchestrator decides.
//!
//! ```text
//! hello ─► claim ─► state ──┬─ a stage's: load, attempt, spool, /result ─► next state
//!                           ├─ FailedHolding: keys in, wait for retry_stage, keys out
//!                           ├─ Completed: wait for a directive
//!                           ├─ Cancelled: power off      └─ anything unknown: wait, and say so
//! ```
//!
//! One task walks ([`walk`], and [`steering`], which hears signals); it alone starts and ends stages. Beside it, and unable to stop it,
//! work the heartbeat ([`beat`]), which brings directives as signals, the sensors ([`thermal`]) and
//! the forwarders of lines and samples ([`forward`]). A newer claim, a shutdown and an abort are
//! signals too: whatever the walk waits for, it waits for signals beside it. While the run holds, a
//! person is let in ([`hold`]); what is left of a boot that went down is gathered by [`evidence`].

mod beat;
pub mod boot;
mod components;
mod evidence;
mod forward;
mod hold;
mod identity;
mod link;
mod offers;
mod override_flags;
mod private_file;
mod queue;
pub mod service;
mod session;
mod spool;
mod steering;
mod thermal;
mod walk;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use vetting_machine::Machine;
use vetting_machine::recorded::Recorder;
use vetting_protocol::Identity;
use vetting_transport::CallError;

pub use boot::{BootError, Parameters};
pub use walk::run;

use crate::engine::{Limits, StageEngine};
use crate::policy::Policy;

/// What an agent is started with.
pub struct Agent {
    /// Where the orchestrator is, and which run.
    pub boot: Parameters,
    /// The engine for the machine's stages.
    pub engine: Arc<StageEngine>,
    /// The machine.
    pub machine: Arc<dyn Machine>,
    /// What records the machine, told what each attempt came to.
    pub recorder: Option<Recorder>,
    /// How it behaves.
    pub settings: Settings,
}

/// How an agent behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often hello and claim are tried; 0: for ever.
    pub tries: u32,
    /// The first wait between two tries; it doubles up to [`Settings::longest_wait`], each time cut
    /// by chance.
    pub first_wait: Duration,
    /// The longest wait between two tries.
    pub longest_wait: Duration,
    /// How long one call may take.
    pub call: Duration,
    /// How long the body of a component may stand still.
    pub stall: Duration,
    /// How long a stage has after a cancel.
    pub grace: Duration,
    /// Where results wait until they are answered: a folder that does not outlive the boot.
    pub spool: PathBuf,
    /// Where components are kept.
    pub components: Option<PathBuf>,
    /// Where scratch folders are made.
    pub scratch: PathBuf,
    /// The folder below which the kernel's last words lie: `/`.
    pub root: PathBuf,
    /// The file that the operators' keys go to while the run holds; nowhere without one.
    pub hold_keys: Option<PathBuf>,
    /// What its log begins with.
    pub notices: Vec<String>,
    /// Which components run, and what they get at most.
    pub policy: Arc<Policy>,
    /// How many lines, and how many samples, wait while the orchestrator is away.
    pub queue: usize,
    /// Each stage's limits.
    pub limits: Limits,
    /// The seed of everything random on a simulated machine.
    pub seed: u64,
    /// Who a simulated machine says that it is.
    pub identity: Option<Identity>,
    /// Which boot a simulated machine says that it is in.
    pub boot_id: Option<String>,
}

/// How an agent's work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A directive, or the run's end, wants the machine powered off.
    PowerOff(String),
    /// A directive gave the run up. The machine stays up.
    Aborted(String),
    /// A newer claim has the run: whoever made it decides.
    Superseded(String),
    /// The run is over, and this machine is none of its business: it is left as it is.
    RunOver(String),
}

/// An agent that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The run could not be claimed.
    #[error("the run could not be claimed: {0}")]
    Claim(CallError),
    /// The orchestrator does not take this agent's calls any more.
    #[error("the orchestrator refuses this agent: {0}")]
    Refused(CallError),
    /// The machine cannot be used.
    #[error(transparent)]
    Machine(#[from] vetting_machine::MachineError),
    /// The client cannot be made.
    #[error(transparent)]
    Client(CallError),
    /// The spool cannot be written, so that no result would be safe.
    #[error("{}: {reason}", path.display())]
    Spool {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
}
