//! What stressapptest (SAT, "googlesat") logs: 1.0.6 to 1.0.11, with or without timestamps.

mod failure;
mod log;
#[cfg(test)]
mod tests;

pub use failure::{Failure, FailureKind, ReportedError};
pub use log::{Ending, Log, Rate, Status, Totals, log};
