//! The contract's types, generated from `wit/` by this crate's build script: one module per
//! interface, documented there.

include!(concat!(env!("OUT_DIR"), "/contract.rs"));
