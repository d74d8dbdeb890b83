//! Bytes of which nothing could be read.

use std::fmt;

/// Nothing of a document or file could be read as what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What it should have been: "smartctl's JSON".
    pub expected: &'static str,
    /// What was found instead, in words.
    pub found: String,
}

impl Unreadable {
    /// With the first line of what was found, at most 120 characters of it.
    pub fn starting(expected: &'static str, bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes));
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        let found = match line {
            None => "no text".to_owned(),
            Some(line) => format!("{:?}", line.chars().take(120).collect::<String>()),
        };
        Unreadable { expected, found }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for Unreadable {}
