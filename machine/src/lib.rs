//! The machine: everything a stage can see. Sensors, disks, tools, inventory, the kernel's log and
//! the clock, behind one seam ([`Machine`] and [`Session`]) that a stage cannot look behind.
//!
//! Everything that crosses the seam is one serialisable [`Request`] and one [`Answer`], so that
//! recording, replaying, fault injection and auditing are one layer each.
//!
//! This crate does not know WebAssembly, and its manifest keeps it so.

pub mod cancel;
pub mod capture;
pub mod check;
mod condition;
pub mod contract;
mod delegate;
pub mod directory;
mod error;
pub mod fault;
pub mod files;
mod identities;
mod log_text;
pub mod paced;
mod placeholder;
pub mod queries;
pub mod real;
pub mod recorded;
mod request;
pub mod seam;
pub mod simulated;
pub mod tools;
pub mod wipe;

pub use cancel::{Cancel, Reason};
pub use condition::Condition;
pub use error::MachineError;
pub use paced::Paced;
pub use seam::{
    Answer, Attempt, Halt, Identity, Machine, Particulars, Reply, Request, RunId, Session, Terms,
    Time, WatchId,
};
pub use wipe::{Decision, Mandate, WipeOverride};
