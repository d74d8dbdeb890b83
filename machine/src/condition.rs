//! Something that must be so before a machine may be harmed, with what was found.

use serde::{Deserialize, Serialize};

/// One thing that must be so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What must be so.
    pub name: String,
    /// Whether it is.
    pub met: bool,
    /// What was found.
    pub found: String,
}

impl Condition {
    /// A condition and its state.
    pub fn new(name: &str, met: bool, found: impl Into<String>) -> Self {
        Condition {
            name: name.to_owned(),
            met,
            found: found.into(),
        }
    }

    /// One that holds, with what shows it, or one that does not, with what is in the way.
    pub fn of(name: &str, found: Result<String, String>) -> Self {
        let met = found.is_ok();
        Self::new(name, met, found.unwrap_or_else(|why| why))
    }
}
