//! Rows of tables: columns between bars or commas, where a sensor's name may hold either.

use super::{Entity, Status, printed};

/// One row, cut at every separator.
pub(super) struct Columns<'a> {
    line: &'a str,
    cut: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    /// `None`: fewer than three columns.
    pub(super) fn of(line: &'a str, separator: u8) -> Option<Self> {
        let cut = printed::cut(line, separator);
        (cut.len() >= 3).then_some(Columns { line, cut })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.cut.len()
    }

    /// One column without spaces around it; empty where there is none.
    pub(super) fn get(&self, index: usize) -> &'a str {
        self.cut
            .get(index)
            .copied()
            .unwrap_or_default()
            .trim_ascii()
    }

    /// The text before a column, separators included: a name that was cut.
    pub(super) fn before(&self, index: usize) -> &'a str {
        let cut = self.cut.get(..index).unwrap_or_default();
        let separators = index.saturating_sub(1);
        let length = cut.iter().map(|column| column.len()).sum::<usize>();
        let end = length.saturating_add(separators);
        self.line.get(..end).unwrap_or(self.line).trim_ascii()
    }

    /// The text from a column on, separators included.
    pub(super) fn from(&self, index: usize) -> &'a str {
        let cut = self.cut.get(..index).unwrap_or_default();
        let length = cut.iter().map(|column| column.len()).sum::<usize>();
        let begin = length.saturating_add(index);
        self.line.get(begin..).unwrap_or_default().trim_ascii()
    }

    /// Where `number | status | entity` stand: the column of the number.
    pub(super) fn numbered(&self) -> Option<usize> {
        (1..self.cut.len()).find(|at| {
            let number = self.get(*at);
            number.len() == 3
                && number.ends_with('h')
                && printed::hex::<u8>(number).is_some()
                && is_status(self.get(at.saturating_add(1)))
                && Entity::read(self.get(at.saturating_add(2))).is_some()
        })
    }
}

/// Whether a column holds a sensor's short status.
pub(super) fn is_status(text: &str) -> bool {
    text.len() <= 3
        && matches!(Status::read(text), Some(status) if !matches!(status, Status::Other(_)))
}
