//! The JSON document in what a tool printed: with text around it, or cut before its end.

use serde_json::Value;

/// A document that was found.
pub(super) struct Found {
    /// The first object or array.
    pub value: Value,
    /// Whether the document was cut: what stood before the cut was closed.
    pub cut: bool,
    /// Text before it.
    pub before: String,
    /// Text after it.
    pub after: String,
}

/// Finds the first JSON object or array that can be read. At most 16 places are tried.
pub(super) fn find(text: &str) -> Option<Found> {
    let places = text
        .match_indices(['{', '['])
        .map(|(at, _)| at)
        .filter(|at| starts_line(text, *at));
    let mut first = None;
    for at in places.take(16) {
        let rest = text.get(at..)?;
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        if let Some(Ok(value)) = documents.next()
            && (value.is_object() || value.as_array().is_some_and(|a| !a.is_empty()))
        {
            let after = rest.get(documents.byte_offset()..).unwrap_or_default();
            return Some(Found {
                value,
                cut: false,
                before: text.get(..at).unwrap_or_default().to_owned(),
                after: after.to_owned(),
            });
        }
        first = first.or(Some(at));
    }
    let at = first?;
    let value = serde_json::from_str(&closed(text.get(at..)?)?).ok()?;
    Some(Found {
        value,
        cut: true,
        before: text.get(..at).unwrap_or_default().to_owned(),
        after: String::new(),
    })
}

/// Only white space stands before it on its line.
fn starts_line(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let blanks = |c: &char| matches!(c, ' ' | '\t');
    !matches!(before.chars().rev().find(|c| !blanks(c)), Some(c) if c != '\n' && c != '\r')
}

/// A cut document up to its last whole value, with every bracket closed.
fn closed(text: &str) -> Option<String> {
    let mut open: Vec<u8> = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    let mut whole: Option<(usize, usize)> = None;
    for (at, byte) in text.bytes().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                open.push(if byte == b'{' { b'}' } else { b']' });
                whole = Some((at.saturating_add(1), open.len()));
            }
            b'}' | b']' => {
                if open.pop() != Some(byte) {
                    break;
                }
                whole = Some((at.saturating_add(1), open.len()));
            }
            b',' => whole = Some((at, open.len())),
            _ => {}
        }
    }
    let (end, depth) = whole?;
    let mut closed = text.get(..end)?.to_owned();
    let brackets = open.get(..depth)?;
    closed.extend(brackets.iter().rev().map(|byte| char::from(*byte)));
    Some(closed)
}
