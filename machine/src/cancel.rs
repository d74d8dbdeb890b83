//! One cancellation per attempt, with its reason.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Why an attempt is being cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The soft deadline has come.
    Deadline,
    /// A person ended the run: the signal's name, such as `SIGINT`.
    Person(String),
    /// The orchestrator said so: the directive's name, such as `abort`.
    Directive(String),
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Deadline => f.write_str("deadline"),
            Reason::Person(signal) => write!(f, "cancelled by {signal}"),
            Reason::Directive(name) => write!(f, "cancelled by the directive {name}"),
        }
    }
}

/// The soft cancel of one attempt. Clones share it; the first reason stays.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    token: CancellationToken,
    first: Arc<OnceLock<(Reason, Instant)>>,
}

impl Cancel {
    /// A new one that nobody has cancelled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels, unless somebody already did; the first reason stays.
    pub fn cancel(&self, reason: Reason) {
        let _already_cancelled = self.first.set((reason, Instant::now()));
        self.token.cancel();
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Why, once it was.
    pub fn reason(&self) -> Option<&Reason> {
        self.first.get().map(|(reason, _)| reason)
    }

    /// When, once it was. Whoever hears of it later counts from here.
    pub fn at(&self) -> Option<Instant> {
        self.first.get().map(|(_, at)| *at)
    }

    /// Ends when it is cancelled.
    pub async fn cancelled(&self) {
        self.token.cancelled().await;
    }
}
