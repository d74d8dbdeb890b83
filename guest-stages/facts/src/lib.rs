//! What the files and tools of a bare-metal server say, as typed facts: bytes in, facts out.
//!
//! One room per source. A parser does no I/O, knows no WebAssembly and no contract, and builds natively
//! and for Wasm alike: a stage links it, and so does `vetting machine show`. Each room was tried on what
//! real tools and kernels printed: `captured/ROOM/`, whose `ORIGIN.md` names tool, version and address.
//!
//! Rules of every room:
//! * A value that is absent is `None`, never zero. A value of the wrong kind is absent, and its row kept.
//! * What a parser does not know it keeps: unknown keys in `extra`, rows it cannot read in `unread`.
//! * A parser fails as a whole ([`Unreadable`]) only where nothing at all could be read.
//! * No judgement: thresholds and verdicts belong to stages.

pub mod bmc;
pub mod counters;
pub mod files;
pub mod fio;
pub mod gpu;
pub mod inventory;
pub mod iperf3;
pub mod kernel;
pub mod power;
pub mod queries;
pub mod smartctl;
pub mod smbios;
pub mod stress_ng;
pub mod stressapptest;
mod unreadable;

pub use unreadable::Unreadable;

/// The version of these parsers, `MAJOR.MINOR.PATCH`; it travels in every stage that links them.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
