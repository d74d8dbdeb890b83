//! What the orchestrator does, without HTTP: each use case is one function and one transaction.

mod access;
mod agents;
mod artifacts;
mod claim;
#[cfg(test)]
mod claim_tests;
mod contradiction;
mod deeds;
mod deliveries;
mod due;
mod heartbeat;
mod holder;
mod holds;
mod hosts;
mod image;
mod iperf;
mod live;
mod patrol;
mod records;
mod registry;
mod releases;
mod result;
mod runs;
mod spec_check;
mod steer;
#[cfg(test)]
mod tests;
mod throttle;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use vetting_protocol::{Code, Periods};

pub use access::Proof;
pub use agents::{Caller, sent};
pub use hosts::{ChangedHost, Forgettable, HostChange, NewHost, Removed};
pub use live::{LiveEvent, Presence};
pub use runs::{MadeRun, NewRun, RunView, StageView};
pub use steer::{Order, Steered};
pub(crate) use throttle::network;

use crate::lifecycle::Refused;
use crate::store::journal::volume::Bounds;
use crate::store::runs::Run;
use crate::store::{Store, StoreError};

/// The floor of free disk space: the largest result is 32 MiB, and is written twice, to the log that SQLite
/// writes ahead and to the database.
pub const MIN_FREE: u64 = 64 << 20;
/// How many bytes are kept of a run's log lines: a stage may log 4 MiB in an attempt, and a pipeline has ten
/// stages; the rest is for retries and what the agent itself says.
pub const LINES: u64 = 128 << 20;
/// How many bytes are kept of a run's samples: 100 sensors that are read every 5 seconds for two days are
/// 3.5 million samples.
pub const SAMPLES: u64 = 512 << 20;

/// How the orchestrator behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How often agents do what.
    pub periods: Periods,
    /// How long a session lasts after it was last heard.
    pub session: Duration,
    /// How long a browser's log-in lasts.
    pub login: Duration,
    /// How long a run may wait for its first claim.
    pub unclaimed: Duration,
    /// After what silence an agent counts as lost.
    pub lost: Duration,
    /// How long a directive is good for.
    pub directive: Duration,
    /// How long log lines and samples are kept.
    pub retention: Duration,
    /// How long the audit is kept.
    pub audit_retention: Duration,
    /// How long a request's body may stand still.
    pub stall: Duration,
    /// How many bytes must be free in the folder for lines, samples, files and uploads to be taken.
    pub min_free: u64,
    /// How much is kept of a run's log lines.
    pub lines: Bounds,
    /// How much is kept of a run's samples.
    pub samples: Bounds,
    /// The ports on which iperf3 servers are started, one per run.
    pub iperf_ports: std::ops::RangeInclusive<u16>,
    /// The address on which iperf3 servers listen.
    pub iperf_address: std::net::IpAddr,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            periods: Periods::default(),
            session: Duration::from_secs(12 * 3600),
            login: Duration::from_secs(12 * 3600),
            unclaimed: Duration::from_secs(3600),
            lost: Duration::from_secs(60),
            directive: Duration::from_secs(15 * 60),
            retention: Duration::from_secs(30 * 24 * 3600),
            audit_retention: Duration::from_secs(400 * 24 * 3600),
            stall: Duration::from_secs(10),
            min_free: MIN_FREE,
            lines: Bounds::of_run(LINES),
            samples: Bounds::of_run(SAMPLES),
            iperf_ports: 5201..=5300,
            iperf_address: std::net::Ipv4Addr::UNSPECIFIED.into(),
        }
    }
}

/// Why a call is refused, for whoever called; an internal reason is logged and not told.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The caller is to blame, or the state.
    #[error("{message}")]
    Refused {
        /// For programs.
        code: Code,
        /// For people.
        message: String,
    },
    /// Not now: whoever called may come again.
    #[error("{message}")]
    Later {
        /// For programs.
        code: Code,
        /// For people.
        message: String,
        /// After how long.
        after: Duration,
    },
    /// The orchestrator is to blame.
    #[error("the orchestrator failed: {0}")]
    Store(#[from] StoreError),
    /// The record that was stored of a run is none that this version reads.
    #[error("the run's stored record cannot be read: {0}")]
    Unreadable(#[from] vetting_report::ReadError),
    /// A run's record cannot be written in a format.
    #[error("the run's report cannot be written: {0}")]
    Unwritable(#[from] vetting_report::WriteError),
}

impl ServiceError {
    /// A refusal.
    pub fn refused(code: Code, message: impl Into<String>) -> Self {
        ServiceError::Refused {
            code,
            message: message.into(),
        }
    }

    fn not_found(what: &str, name: &str) -> Self {
        Self::refused(Code::NotFound, format!("there is no {what} `{name}`"))
    }
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        ServiceError::Store(error.into())
    }
}

impl From<Refused> for ServiceError {
    fn from(refused: Refused) -> Self {
        let code = match &refused {
            Refused::Over(_) => Code::RunOver,
            Refused::NoStage(_) => Code::NotFound,
            Refused::NotAwaited { .. } | Refused::NotNow { .. } | Refused::Empty => Code::State,
        };
        Self::refused(code, refused.to_string())
    }
}

/// The orchestrator.
#[derive(Clone)]
pub struct Orchestrator {
    /// What it remembers.
    pub store: Store,
    /// How it behaves.
    pub settings: Arc<Settings>,
    /// Who listens, and who was heard.
    live: Arc<live::Live>,
    /// Who failed to say who they are.
    throttle: Arc<throttle::Throttle>,
    /// Whose roles did not reach.
    denied: Arc<throttle::Throttle>,
    iperf: Arc<tokio::sync::Mutex<BTreeMap<String, iperf::Server>>>,
    /// What components need of an image.
    known_needs: Arc<image::KnownNeeds>,
}

impl Orchestrator {
    /// An orchestrator over the database in a folder.
    ///
    /// # Errors
    ///
    /// When the database cannot be opened.
    pub async fn open(folder: &Path, settings: Settings) -> Result<Self, StoreError> {
        let store = Store::open(folder).await?;
        records::note_verdicts(&store).await?;
        Ok(Orchestrator {
            store,
            settings: Arc::new(settings),
            live: Arc::default(),
            throttle: Arc::default(),
            denied: Arc::default(),
            iperf: Arc::default(),
            known_needs: Arc::default(),
        })
    }

    /// What happens to a run from now on.
    pub fn watch(&self, run: &str) -> tokio::sync::broadcast::Receiver<LiveEvent> {
        self.live.watch(run)
    }

    /// Tells everybody who listens that a run has changed, and sees to its iperf3 server.
    async fn changed(&self, run: &Run) {
        self.live.changed(&run.id, &run.progress);
        self.serve_iperf(&run.id).await;
    }
}
