//! The running of real tools: a typed job in, a typed result out.
//!
//! [`toolbox`] finds programs and starts them in a cage ([`cage`], [`confinement`]), [`process`] watches
//! them, [`group`] sees to it that nothing they started survives, [`run`] is a tool that works while a
//! stage waits for its events. Above these stands one file per tool, which knows its command line and
//! its output and nothing else. What comes out of a tool is never trusted: it may be missing, cut off,
//! huge or garbage, and is then a typed error.

mod cage;
mod confinement;
pub mod document;
pub mod fio;
pub mod gpu_burn;
pub mod group;
pub mod iperf3;
pub mod ipmitool;
mod json;
pub mod leftovers;
pub mod nvidia_smi;
pub mod outside;
pub mod process;
pub mod processes;
pub mod run;
pub mod smartctl;
pub mod stress_ng;
mod tail;
pub mod toolbox;
mod version;

pub use confinement::landlock_version;
pub use document::Question;
pub use group::own_cgroup;
pub use run::{RunContext, ToolEvent, ToolRun};
pub use toolbox::{Exchange, Heard, Limits, Output, Toolbox};
pub use version::{Version, versions};
