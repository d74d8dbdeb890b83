//! The formats in which a record can be written.

use std::str::FromStr;

use crate::words::printable_lines;
use crate::{OcptvError, RunRecord, Style, html, junit, ocptv, table, to_json};

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A table for a person.
    Pretty,
    /// The stable record, as JSON.
    Json,
    /// OCP Test & Validation output 2.0, JSON lines.
    Ocptv,
    /// JUnit XML, for CI systems.
    Junit,
    /// One HTML file with charts.
    Html,
}

/// There is no such format.
#[derive(Debug, thiserror::Error)]
#[error("there is no report format `{0}`; there are: pretty, json, ocptv, junit, html")]
pub struct UnknownFormat(pub String);

/// A record that cannot be written so.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// It is no JSON.
    #[error("the record cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no OCP Test & Validation output.
    #[error(transparent)]
    Ocptv(#[from] OcptvError),
}

impl Format {
    /// All there are.
    pub const ALL: [Format; 5] = [
        Format::Pretty,
        Format::Json,
        Format::Ocptv,
        Format::Junit,
        Format::Html,
    ];

    /// Its name: `pretty`, `json`, `ocptv`, `junit`, `html`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Pretty => "pretty",
            Format::Json => "json",
            Format::Ocptv => "ocptv",
            Format::Junit => "junit",
            Format::Html => "html",
        }
    }

    /// What it is, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Format::Pretty => "A table for a person",
            Format::Json => "The stable record, as JSON",
            Format::Ocptv => "OCP Test & Validation output 2.0, JSON lines",
            Format::Junit => "JUnit XML, for CI systems",
            Format::Html => "One HTML file with charts",
        }
    }

    /// The record in this format; `style` is a table's.
    ///
    /// # Errors
    ///
    /// When the record's time is no time, which its own program never writes.
    pub fn write(self, record: &RunRecord, style: &Style) -> Result<String, WriteError> {
        let text = match self {
            // It may be in colour; what strangers wrote in it is printable already.
            Format::Pretty => return Ok(table(record, style)),
            Format::Json => to_json(record)?,
            Format::Ocptv => ocptv(record)?,
            Format::Junit => junit(record),
            Format::Html => html(record),
        };
        Ok(printable_lines(&text))
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let of_name = Format::ALL.into_iter().find(|format| format.name() == name);
        of_name.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_another_is_told_of_them() {
        for format in Format::ALL {
            assert_eq!(format.name().parse::<Format>().expect("known"), format);
        }
        let error = "yaml".parse::<Format>().expect_err("unknown").to_string();
        for format in Format::ALL {
            assert!(error.contains(format.name()), "{error}");
        }
    }
}
