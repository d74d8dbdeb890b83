//! The running of real tools: a typed job in, the tool's own document out.
//!
//! [`toolbox`] finds programs and starts them in a cage ([`cage`], [`confinement`]), [`process`] watches
//! them, [`group`] sees to it that nothing they started survives, [`run`] is a tool that works while a
//! stage waits for its events. Above these stands one file per tool, which knows its command line and
//! how far it is. What comes out of a tool is handed on, bounded; what it means is for a stage to say.

mod cage;
mod confinement;
pub mod document;
pub mod fio;
pub mod gpu;
pub mod gpu_load;
pub mod group;
pub mod iperf3;
pub mod ipmitool;
mod json;
pub mod leftovers;
pub mod outside;
pub mod process;
pub mod processes;
pub mod run;
pub mod smartctl;
pub mod stress_ng;
pub mod stressapptest;
mod tail;
pub mod toolbox;
mod transcript;
mod version;

pub use confinement::landlock_version;
pub use document::Question;
pub use group::own_cgroup;
pub use run::{RunContext, ToolEvent, ToolRun};
pub use toolbox::{Limits, Output, Toolbox};
pub use version::{Version, versions};
