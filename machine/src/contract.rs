//! The contract's types, generated from `wit/` by this crate's build script: one module per
//! interface, documented there.

// A tool's result is larger than its progress; the sizes follow from the contract.
#![allow(clippy::large_enum_variant)]

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
