//! One run record in; JSON, a terminal table, OCP Test & Validation output, JUnit or HTML out.
//!
//! [`RunRecord`] is the stable JSON that `vetting run --format json` prints; its schema, generated
//! from these types, is `report/schema/run-record.schema.json`.

mod format;
mod html;
mod json;
mod junit;
mod ocptv;
mod record;
mod series;
#[cfg(test)]
mod specimen;
mod table;
mod verdict;
mod words;

pub use format::{Format, UnknownFormat, WriteError};
pub use html::html;
pub use json::{ReadError, from_json, schema, to_json};
pub use junit::junit;
pub use ocptv::{OcptvError, ocptv};
pub use record::{Counts, RunRecord, RunVerdict};
pub use series::{Place, SeriesSet};
pub use table::{Style, table};
pub use verdict::{Run, judge};

/// The record's format: its name and major version.
pub const FORMAT: &str = "vetting.run/1";
