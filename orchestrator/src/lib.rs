//! The orchestrator: hosts, runs, stages, reports, and the agents of live images that it steers.
//!
//! * [`lifecycle`] is a run's state machine, one pure function.
//! * [`identity`] says who a host is.
//! * [`spec`] compares an inventory with what was expected.
//! * [`store`] is the database.
//! * [`service`] is what is done: each use case one function and one transaction.
//! * [`web`] is HTTP over TLS: the agents' calls, the operators', and a page per run.
//! * [`cli`] is the command line.
//!
//! Arrows: `cli → web → service → store, lifecycle, spec, identity`.

pub mod cli;
mod clock;
mod cut;
pub mod identity;
pub mod lifecycle;
pub mod secret;
pub mod service;
pub mod spec;
pub mod store;
#[cfg(test)]
mod trial;
pub mod web;
