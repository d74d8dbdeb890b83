//! Rows of `name: value` text.

/// One line: its indent, and name and value around the first colon followed by white space or the end.
pub(super) struct Line<'a> {
    pub indent: usize,
    pub text: &'a str,
}

impl<'a> Line<'a> {
    /// Name and value; `None` without a colon.
    pub fn row(&self) -> Option<(&'a str, &'a str)> {
        let mut from = 0_usize;
        loop {
            let at = from.checked_add(self.text.get(from..)?.find(':')?)?;
            let rest = self.text.get(at.checked_add(1)?..)?;
            if rest.is_empty() || rest.starts_with([' ', '\t']) {
                return Some((self.text.get(..at)?.trim(), rest.trim()));
            }
            from = at.checked_add(1)?;
        }
    }
}

/// The lines that are not empty.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().filter_map(|line| {
        let line = line.trim_end();
        let text = line.trim_start();
        let indent = line.len().saturating_sub(text.len());
        (!text.is_empty()).then_some(Line { indent, text })
    })
}

/// The number at the start of a text, with sign and fraction.
pub(super) fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let text = text.trim_start();
    let end = text.find(|c| !part(c)).unwrap_or(text.len());
    text.get(..end)?.trim_start_matches('+').parse().ok()
}

/// A value that is known: not `Unknown!`, `Not reported`, `N/A` or nothing.
pub(super) fn known(text: &str) -> Option<String> {
    let text = text.trim();
    let nothing = ["", "Not reported", "N/A", "n/a", "None reported"].contains(&text);
    (!nothing && !text.starts_with("Unknown!")).then(|| text.to_owned())
}
