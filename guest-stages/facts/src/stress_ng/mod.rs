//! What stress-ng prints and writes (0.09 to 0.22): its log, the metrics in it, and the file of `--yaml`.

mod exit;
mod figures;
mod log;
mod row;
#[cfg(test)]
mod tests;
mod yaml;

pub use exit::ExitStatus;
pub use figures::{Figure, Instance, Metrics};
pub use log::{Completion, Counted, Log, Tally, log};
pub use row::{About, Level, Row};
pub use yaml::{Yaml, yaml};
