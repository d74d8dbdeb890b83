//! Tests on what ipmitool printed; see `captured/bmc/ORIGIN.md`.

mod events;
mod itself;
mod rows;
mod sensors;
mod supplies;
mod whole;

/// A captured output.
macro_rules! captured {
    ($name:literal) => {
        include_bytes!(concat!("../../../captured/bmc/", $name)).as_slice()
    };
}
pub(crate) use captured;
