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

/// Finds the first JSON object or array of which anything can be read. At most 16 places are tried.
pub(super) fn find(text: &str) -> Option<Found> {
    let brackets = text.match_indices(['{', '[']).map(|(at, _)| at);
    let places = brackets.filter(|at| starts_line(text, *at)).take(16);
    for at in places {
        let (before, rest) = text.split_at_checked(at)?;
        let mut documents = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let (value, cut) = match documents.next()? {
            Ok(value) => (Some(value), false),
            Err(error) => {
                let end = offset(rest, error.line(), error.column());
                let good = rest.get(..end).unwrap_or(rest);
                let value = closed(good).and_then(|text| serde_json::from_str(&text).ok());
                (value, true)
            }
        };
        let Some(value) = value.filter(|value| !is_empty(value)) else {
            continue;
        };
        let end = if cut {
            rest.len()
        } else {
            documents.byte_offset()
        };
        return Some(Found {
            value,
            cut,
            before: before.to_owned(),
            after: rest.get(end..).unwrap_or_default().to_owned(),
        });
    }
    None
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => true,
    }
}

/// Where a line and a column, both from 1, stand in a text.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start: usize = before.map(str::len).sum();
    start.saturating_add(column.saturating_sub(1))
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
