//! The runtime of `vetting`: runs stages, which are WebAssembly components, on a machine.
//!
//! * [`engine`] compiles components (in a child process, with a cache), and runs one attempt of one
//!   stage under its limits.
//! * [`host`] gives a stage the functions of the contract in `wit/`.
//! * [`run`] runs stages one after the other on this machine, without an orchestrator.
//! * [`agent`] walks a run that an orchestrator decides.
//! * [`policy`] says which stages run, and what they get at most.
//! * [`import`] reads a bundle from the field as evidence.
//! * [`cli`] is the command line.
//!
//! Arrows: `cli → agent, run → engine → host → vetting-machine`; `policy` knows none of them.

pub mod agent;
pub mod cli;
pub mod engine;
pub mod host;
pub mod import;
pub mod policy;
pub mod recording;
pub mod run;
pub mod scenario;
