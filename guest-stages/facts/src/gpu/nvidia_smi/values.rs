//! The values of one GPU, taken one by one; what is left over is kept.

use serde_json::{Map, Value};

use super::markup::Leaves;
use crate::gpu::lines::leading_number;

/// The tool's words for "this GPU has no such thing".
const ABSENT: [&str; 6] = [
    "N/A",
    "Not Supported",
    "Not Available",
    "Requested functionality has been deprecated",
    "Not Found",
    "Unknown",
];
/// The tool's words for "the GPU or the driver did not answer".
const SILENT: [&str; 8] = [
    "Unknown Error",
    "GPU is lost",
    "ERR!",
    "Insufficient Permissions",
    "GPU requires reset",
    "Function Not Found",
    "GPU access blocked by the operating system",
    "Timeout",
];

/// What a text of the tool is.
pub(crate) enum Said<'a> {
    /// The GPU has no such value.
    Absent,
    /// An error in the place of a value.
    Silent,
    /// A value.
    Text(&'a str),
}

/// Separates values from the words that stand in their place: `[N/A]`, `ERR!`, `[GPU is lost]`.
pub(crate) fn said(text: &str) -> Said<'_> {
    let text = text.trim();
    let word = text.trim_start_matches('[').trim_end_matches(']').trim();
    if word.is_empty() || ABSENT.contains(&word) {
        return Said::Absent;
    }
    if SILENT.contains(&word) {
        return Said::Silent;
    }
    Said::Text(text)
}

/// Gives values of the right kind, and keeps the rows of the wrong kind.
pub(super) struct Values {
    leaves: Leaves,
    section: String,
}

impl Values {
    pub fn new(leaves: Leaves) -> Self {
        Values {
            leaves,
            section: String::new(),
        }
    }

    pub fn id(&self) -> Option<&str> {
        self.leaves.id.as_deref()
    }

    /// The section whose elements the next calls name; it ends with a slash, or is empty.
    pub fn section(&mut self, section: &str) -> &mut Self {
        section.clone_into(&mut self.section);
        self
    }

    /// Whether anything stands below a section.
    pub fn has(&self, section: &str) -> bool {
        let mut below = self.leaves.leaves.range(section.to_owned()..);
        below
            .next()
            .is_some_and(|(path, _)| path.starts_with(section))
    }

    /// Whether the driver says of any element what marks a whole GPU: that it is lost, needs a reset.
    pub fn any_says(&self, words: &str) -> bool {
        let mut texts = self.leaves.leaves.values();
        texts.any(|text| text.trim_start_matches('[').starts_with(words))
    }

    fn take(&mut self, name: &str) -> Option<(String, String)> {
        let path = format!("{}{name}", self.section);
        self.leaves.leaves.remove_entry(&path)
    }

    fn read<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (path, text) = self.take(name)?;
        match said(&text) {
            Said::Absent => return None,
            Said::Text(value) => {
                if let Some(value) = parse(value) {
                    return Some(value);
                }
            }
            Said::Silent => {}
        }
        self.leaves.unread.push(format!("{path}: {text}"));
        None
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, |text| Some(text.to_owned()))
    }

    /// A whole number without a unit.
    pub fn count(&mut self, name: &str) -> Option<u64> {
        self.read(name, |text| text.parse().ok())
    }

    /// A whole number before one of these units (`16x`, `3968 bank(s)`).
    pub fn count_of(&mut self, name: &str, unit: &str) -> Option<u64> {
        self.read(name, |text| {
            text.strip_suffix(unit)?.trim_end().parse().ok()
        })
    }

    /// A number before its unit.
    pub fn number(&mut self, name: &str, unit: &str) -> Option<f64> {
        self.read(name, |text| {
            leading_number(text)
                .filter(|(_, found)| *found == unit)
                .map(|(number, _)| number)
        })
    }

    /// Mebibytes as bytes.
    pub fn bytes(&mut self, name: &str) -> Option<u64> {
        self.read(name, |text| {
            let mebibytes: u64 = text.strip_suffix("MiB")?.trim_end().parse().ok()?;
            mebibytes.checked_mul(1 << 20)
        })
    }

    /// `Yes`, `Enabled`, `Active`, `True` and their opposites.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.read(name, |text| match text {
            "Yes" | "Enabled" | "Active" | "True" => Some(true),
            "No" | "Disabled" | "Not Active" | "False" => Some(false),
            _ => None,
        })
    }

    /// The texts of a list's elements, whatever their names.
    pub fn list(&mut self, name: &str) -> Vec<String> {
        let start = format!("{}{name}/", self.section);
        let below = self.leaves.leaves.range(start.clone()..);
        let paths: Vec<String> = below
            .map(|(path, _)| path)
            .take_while(|path| path.starts_with(&start))
            .cloned()
            .collect();
        let mut rows = Vec::new();
        for path in paths {
            rows.extend(self.leaves.leaves.remove(&path));
        }
        self.read(name, |_| Some(())); // "N/A" in the place of the list
        rows
    }

    /// What nothing has asked for, and the rows that could not be read.
    pub fn rest(self) -> (Map<String, Value>, Vec<String>) {
        let Leaves {
            leaves, mut unread, ..
        } = self.leaves;
        let mut extra = Map::new();
        for (path, text) in leaves {
            match said(&text) {
                Said::Absent => {}
                Said::Silent => unread.push(format!("{path}: {text}")),
                Said::Text(_) => {
                    extra.insert(path, Value::String(text));
                }
            }
        }
        (extra, unread)
    }
}
