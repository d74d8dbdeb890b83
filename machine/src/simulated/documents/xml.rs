//! Values put into a document of XML that has an element a line.

use std::collections::BTreeMap;

/// Values by the path of their element: `pci/pci_bus_id`.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, String>);

impl Values {
    /// An element's text.
    pub fn set(&mut self, path: &str, text: impl Into<String>) {
        self.0.insert(path.to_owned(), text.into());
    }

    /// The document, below its outermost element, with these values.
    pub fn fill(&self, document: &str) -> String {
        let mut filled = String::with_capacity(document.len() + 2048);
        let mut within = Walk::default();
        for line in document.lines() {
            let text = within.line(line).and_then(|path| self.0.get(path));
            match (text, line.split_once('>')) {
                (Some(text), Some((start, end))) => {
                    filled.push_str(start);
                    filled.push('>');
                    filled.push_str(text);
                    let close = end.rfind("</").unwrap_or_default();
                    filled.push_str(end.get(close..).unwrap_or_default());
                }
                _ => filled.push_str(line),
            }
            filled.push('\n');
        }
        filled
    }
}

/// Whether a document has an element whose text can be set.
pub fn has(document: &str, path: &str) -> bool {
    let mut within = Walk::default();
    document.lines().any(|line| within.line(line) == Some(path))
}

/// Where in a document a line is.
#[derive(Default)]
struct Walk {
    /// The path of the open elements but the outermost, and of the last leaf.
    path: String,
    /// How long the path was before each open element.
    open: Vec<usize>,
    /// How long the path is without the last leaf.
    length: usize,
}

impl Walk {
    /// Takes a line; the path of the element whose text is on it.
    fn line(&mut self, line: &str) -> Option<&str> {
        self.path.truncate(self.length);
        let tag = line.trim().strip_prefix('<')?;
        if tag.starts_with('/') {
            self.length = self.open.pop()?;
            return None;
        }
        let (name, rest) = tag.split_once('>')?;
        let before = self.length;
        // The outermost has no part in paths.
        if rest.is_empty() && self.open.is_empty() {
            self.open.push(before);
            return None;
        }
        if before > 0 {
            self.path.push('/');
        }
        self.path.push_str(name);
        if rest.is_empty() {
            self.open.push(before);
            self.length = self.path.len();
            return None;
        }
        Some(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_by_their_path() {
        let document =
            "<gpu id=\"N/A\">\n\t<a>1</a>\n\t<b>\n\t\t<a>2</a>\n\t</b>\n\t<c>3</c>\n</gpu>\n";
        let mut values = Values::default();
        values.set("b/a", "two");
        values.set("c", "");
        let filled = values.fill(document);
        assert_eq!(
            filled,
            document.replace(">2<", ">two<").replace(">3<", "><")
        );
        assert!(has(document, "b/a") && has(document, "a"));
        assert!(!has(document, "b") && !has(document, "b/c"));
    }
}
