//! A run's life as one pure function: [`step`] takes where a run is and what happened, and says where
//! it is then, or why that cannot happen now. It does no I/O and knows no clock.
//!
//! ```text
//!            claim                     every stage passed
//!  (created) ─────► Stage ──result───► … ─────► Reporting ─► Completed
//!                    ▲ │ │                ▲
//!      retry ┌───────┘ │ └ Inventory ─► SpecValidate
//!            │         ▼                  │
//!         FailedHolding ◄─────────────────┘  cancel_stage, shutdown ─► Cancelled
//!                                            abort, nobody claims   ─► Aborted
//! ```
//!
//! Attempt numbers are given here and nowhere else: one more each time a stage is entered. An agent
//! that crashed and comes back in the same boot, with its session, runs the same attempt again,
//! [`MOST_RESUMES`] times at most. Any other second claim holds the run.

mod step;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vetting_protocol::State;

pub use step::step;

/// How often an attempt is run again after its agent has crashed. (Design, section 5.)
pub const MOST_RESUMES: u32 = 2;

/// What stands before the first reason of a run that holds for a second one too.
const BEFORE: &str = "; it held before because ";

/// The stage after which the inventory is compared with the spec.
pub const INVENTORY: &str = "Inventory";

/// Where a run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Its state.
    pub state: State,
    /// Its stages, in order.
    pub stages: Vec<StageProgress>,
    /// Why it holds, where it does.
    #[serde(default)]
    pub held: Option<Held>,
    /// Why it ended, where it did before its time.
    #[serde(default)]
    pub ended_because: Option<String>,
    /// The stage that was at work when the run was ended: its result may still come.
    #[serde(default)]
    pub interrupted: Option<String>,
}

/// One stage of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageProgress {
    /// Its name.
    pub name: String,
    /// Whether an attempt of it may write to disks, and so is never run again by itself.
    pub destructive: bool,
    /// How often it was entered; the number of its newest attempt.
    pub attempt: u32,
    /// How often that attempt was taken up again.
    pub resumes: u32,
    /// Whether an agent was told to run that attempt.
    pub begun: bool,
    /// What it is worth.
    pub standing: Standing,
}

/// What a stage's newest attempt is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It has no result.
    Open,
    /// It passed, and the parts that it judged are still there.
    Passed,
    /// It did not pass.
    NotPassed,
    /// It passed, but a part that it judged was changed since.
    Void,
}

/// Why a run holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Held {
    /// Where it stopped: a stage's state, or `SpecValidate`.
    pub at: State,
    /// Why.
    pub reason: String,
}

/// What can happen to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// An agent claimed it.
    Claimed(Claimant),
    /// Something was learnt that a person must know before a run that holds goes on.
    Disputed {
        /// What, in a sentence.
        reason: String,
    },
    /// The image that has the run cannot run a stage of it.
    Unfit {
        /// Which stage, and what the image lacks.
        reason: String,
    },
    /// An agent is told to run the newest attempt of the stage whose turn it is.
    Told,
    /// That attempt is a retry, which no agent has heard of in time.
    RetryExpired,
    /// A result came.
    Result {
        /// Of which stage.
        stage: String,
        /// Of which attempt.
        attempt: u32,
        /// What it says.
        worth: Worth,
        /// Why, in a sentence.
        reason: String,
    },
    /// The inventory was compared with the spec.
    SpecJudged {
        /// Whether it is what was expected.
        passed: bool,
        /// Why not.
        reason: String,
        /// Stages whose parts have changed since they passed.
        voided: Vec<String>,
        /// Whether an agent hears at once where the run goes: as the answer to its result.
        told: bool,
    },
    /// The report was stored.
    Reported,
    /// An operator wants a stage, or the comparison with the spec, once more.
    Retry(State),
    /// An operator wants the machine powered off.
    Shutdown {
        /// Who.
        by: String,
    },
    /// An operator, or the orchestrator itself, gives the run up.
    Abort {
        /// Why.
        reason: String,
    },
}

/// What an agent that claims is to the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimant {
    /// The first one.
    First,
    /// Another agent process in the same boot, which has its session: the one before crashed.
    AgentRestarted,
    /// Another boot of the host, or another machine that has the run's boot token: which of them is
    /// not known, so a person decides.
    Another {
        /// Who had the run, and who claims it, in words.
        claims: String,
    },
}

/// What a result says to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// A pass, or an accepted skip.
    Passed,
    /// A failure, or what could not be judged.
    NotPassed,
    /// A person ended it.
    Cancelled,
}

/// Why something cannot happen now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The run is over.
    #[error("the run is over: {0}")]
    Over(State),
    /// The result is not the one that is waited for.
    #[error("{stage} attempt {attempt} is not what the run waits for: it is at {at}")]
    NotAwaited {
        /// The stage that was told of.
        stage: String,
        /// Its attempt.
        attempt: u32,
        /// Where the run is.
        at: String,
    },
    /// Not in this state.
    #[error("{what} is for a run that {needs}; this one is at {at}")]
    NotNow {
        /// What was wanted.
        what: &'static str,
        /// When that can be.
        needs: &'static str,
        /// Where the run is.
        at: String,
    },
    /// The run has no such stage.
    #[error("the run has no stage `{0}`")]
    NoStage(String),
    /// There is no stage to run.
    #[error("a run needs at least one stage")]
    Empty,
}

/// Whether a run in this state was ended before its time, so that its agent has nothing to wait for.
pub fn was_given_up(state: &State) -> bool {
    matches!(state, State::Cancelled | State::Aborted)
}

impl Progress {
    /// A new run of these stages (name, and whether it may write to disks).
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn new(stages: impl IntoIterator<Item = (String, bool)>) -> Result<Self, Refused> {
        let stages: Vec<_> = stages
            .into_iter()
            .map(|(name, destructive)| StageProgress {
                name,
                destructive,
                attempt: 0,
                resumes: 0,
                begun: false,
                standing: Standing::Open,
            })
            .collect();
        let mut progress = Progress {
            state: State::Reporting,
            stages,
            held: None,
            ended_because: None,
            interrupted: None,
        };
        if progress.stages.is_empty() {
            return Err(Refused::Empty);
        }
        progress.walk_on(false);
        Ok(progress)
    }

    /// The stage whose turn it is.
    pub fn current(&self) -> Option<&StageProgress> {
        self.stage(self.state.stage()?)
    }

    /// A stage by its name.
    pub fn stage(&self, name: &str) -> Option<&StageProgress> {
        self.stages.iter().find(|stage| stage.name == name)
    }

    /// The newest attempt of the stage whose turn it is; 0 where it is none's.
    pub fn attempt(&self) -> u32 {
        self.current().map_or(0, |stage| stage.attempt)
    }

    /// Where it is, for a person.
    pub fn place(&self) -> String {
        match self.current() {
            Some(stage) => format!("{} attempt {}", stage.name, stage.attempt),
            None => self.state.to_string(),
        }
    }

    /// Enters the first stage that has not passed; the report when all have.
    fn walk_on(&mut self, told: bool) {
        let next = self
            .stages
            .iter_mut()
            .find(|stage| stage.standing != Standing::Passed);
        self.held = None;
        self.state = match next {
            Some(stage) => stage.enter(told),
            None => State::Reporting,
        };
    }

    fn hold(&mut self, reason: String) {
        let at = std::mem::replace(&mut self.state, State::FailedHolding);
        self.held = Some(Held { at, reason });
    }

    /// Adds to the reason why it holds; what was added before gives way, so that it never grows.
    fn also_holds(&mut self, more: &str) {
        if let Some(held) = &mut self.held {
            let first = held.reason.rsplit(BEFORE).next().unwrap_or_default();
            held.reason = format!("{more}{BEFORE}{first}");
        }
    }
}

impl StageProgress {
    fn enter(&mut self, told: bool) -> State {
        self.attempt += 1;
        self.resumes = 0;
        self.begun = told;
        self.standing = Standing::Open;
        State::Stage(self.name.clone())
    }
}
