//! The parsers of `vetting-facts` behind the interfaces of `vetting:facts` (`wit/`): each function reads with the
//! crate's parser, and flattens what it found to the interface's records. Nothing is judged or left out here that
//! the interface has a field for.
//!
//! `cargo xtask` builds it to a component that imports nothing; `vetting stage build` puts it into stages that
//! import `vetting:facts`.

mod bindings;
mod bmc;
mod counters;
mod gpu;
mod inventory;
mod kernel_events;
mod read;
mod smart;
#[cfg(test)]
mod tests;

/// What the component exports.
struct Facts;

// A native library's linker takes no `:` in names; only tests are native.
#[cfg(target_family = "wasm")]
bindings::export!(Facts with_types_in bindings);
