//! Editing a captured JSON document in place: spacing, order and repeated keys stay as the tool printed
//! them.

use std::fmt::Display;
use std::ops::Range;

/// The text of one JSON value.
#[derive(Clone, Debug)]
pub struct JsonText(String);

impl JsonText {
    /// This text, which is a JSON value.
    pub fn of(text: &str) -> Self {
        JsonText(text.to_owned())
    }

    /// Puts another value, as JSON, where the first one stands at this path of keys and indices. A path
    /// that is not there changes nothing.
    pub fn set(&mut self, path: &[&str], value: impl Display) {
        if let Some(range) = find(self.0.as_bytes(), 0, path) {
            self.0.replace_range(range, &value.to_string());
        }
    }

    /// The value at a path, as its own text.
    pub fn part(&self, path: &[&str]) -> JsonText {
        let range = find(self.0.as_bytes(), 0, path);
        let text = range.and_then(|range| self.0.get(range));
        JsonText(text.unwrap_or_default().to_owned())
    }

    /// Puts these entries into the array at a path, with what stands between two of them.
    pub fn set_entries(&mut self, path: &[&str], entries: &[JsonText], between: &str) {
        let texts: Vec<&str> = entries.iter().map(|entry| entry.0.as_str()).collect();
        self.set(path, format_args!("[{}]", texts.join(between)));
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Display for JsonText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the value at a path stands, from the value at `at` on.
fn find(text: &[u8], at: usize, path: &[&str]) -> Option<Range<usize>> {
    let at = skip_space(text, at);
    let Some((wanted, rest)) = path.split_first() else {
        return Some(at..end_of(text, at)?);
    };
    let (open, mut at) = (text.get(at)?, at.checked_add(1)?);
    for index in 0_usize.. {
        at = skip_space(text, at);
        let here = match open {
            b'{' => {
                let end = end_of(text, at)?;
                let key = text.get(at.checked_add(1)?..end.checked_sub(1)?)?;
                at = skip_space(text, end);
                (text.get(at) == Some(&b':')).then_some(())?;
                at = skip_space(text, at.checked_add(1)?);
                key == wanted.as_bytes()
            }
            b'[' => wanted.parse() == Ok(index),
            _ => return None,
        };
        if here {
            return find(text, at, rest);
        }
        at = skip_space(text, end_of(text, at)?);
        (text.get(at) == Some(&b',')).then_some(())?;
        at = at.checked_add(1)?;
    }
    None
}

fn skip_space(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let space = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
    at.saturating_add(space.count())
}

/// Where the value ends that begins at `at`.
fn end_of(text: &[u8], at: usize) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for (offset, byte) in text.get(at..)?.iter().enumerate() {
        let here = at.checked_add(offset)?;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => {
                in_text = !in_text;
                if !in_text && depth == 0 {
                    return here.checked_add(1);
                }
            }
            _ if in_text => {}
            b'{' | b'[' => depth = depth.saturating_add(1),
            b'}' | b']' if depth == 0 => return Some(here),
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return here.checked_add(1);
                }
            }
            b',' | b' ' | b'\t' | b'\n' if depth == 0 => return Some(here),
            _ => {}
        }
    }
    (depth == 0 && !in_text).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_replaced_where_they_stand() {
        let mut text =
            JsonText::of("{\n \"a\" : [ 1, {\"b}\" : \"x\\\"]\",\t\"c\":2} ],\n \"d\" : 3\n}");
        text.set(&["a", "1", "c"], 40);
        text.set(&["a", "0"], "\"one\"");
        text.set(&["d"], 3.5);
        text.set(&["nothing", "here"], 1);
        let expected =
            "{\n \"a\" : [ \"one\", {\"b}\" : \"x\\\"]\",\t\"c\":40} ],\n \"d\" : 3.5\n}";
        assert_eq!(text.to_string(), expected);
        assert_eq!(text.part(&["a", "1", "b}"]).to_string(), "\"x\\\"]\"");
        let entries = [JsonText::of("1"), JsonText::of("2")];
        text.set_entries(&["a"], &entries, ", ");
        assert_eq!(text.part(&["a"]).to_string(), "[1, 2]");
    }

    #[test]
    fn what_is_no_json_is_left_alone() {
        for broken in ["", "{", "{\"a\"", "[1", "{\"a\" 1}", "\"", "{]"] {
            let mut text = JsonText::of(broken);
            text.set(&["a", "0"], 1);
            assert_eq!(text.into_text(), broken);
        }
    }
}
