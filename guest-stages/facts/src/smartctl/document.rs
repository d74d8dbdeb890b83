//! Finds the JSON object in what smartctl printed, and rescues what stands before a cut or damage.

use serde_json::{Map, Value};

/// The JSON object that was found, and the lines around it.
pub(super) struct Document {
    /// The members of the outermost object.
    pub members: Map<String, Value>,
    /// Lines before and after the object, and all lines from the place where it is cut or damaged.
    pub unread: Vec<String>,
}

/// How many places that look like the start of an object are tried.
const MAX_STARTS: usize = 8;

/// How often a damaged object is cut shorter.
const MAX_REPAIRS: usize = 4;

/// Finds the first JSON object that has a member of smartctl's. `None` where there is none.
pub(super) fn find(text: &str) -> Option<Document> {
    let mut start = 0;
    for _ in 0..MAX_STARTS {
        start = next_start(text, start)?;
        let (before, rest) = text.split_at_checked(start)?;
        let skip = match object(rest) {
            Some((members, end)) if is_smartctl(&members) => {
                let mut unread = lines(before);
                unread.extend(lines(rest.get(end..).unwrap_or_default()));
                return Some(Document { members, unread });
            }
            Some((_, end)) => end,
            None => 1,
        };
        start = start.saturating_add(skip);
    }
    None
}

/// Whether an object has a member that smartctl prints: a program's log line may be JSON too.
fn is_smartctl(members: &Map<String, Value>) -> bool {
    let ours = ["json_format_version", "device", "devices", "local_time"];
    let families = ["smart", "ata_", "nvme_", "scsi_"];
    members.keys().any(|key| {
        ours.contains(&key.as_str()) || families.iter().any(|family| key.starts_with(family))
    })
}

/// The next `{` that a quote follows: braces in a line of text are no object.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = at.checked_add(text.get(at..)?.find('{')?)?;
        let after = text.get(at.checked_add(1)?..)?.trim_start();
        if after.starts_with('"') {
            return Some(at);
        }
        at = at.checked_add(1)?;
    }
}

/// Reads the object at the start of `text`; the number is where the text goes on after it.
fn object(text: &str) -> Option<(Map<String, Value>, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    match values.next()? {
        Ok(Value::Object(members)) => Some((members, values.byte_offset())),
        Ok(_) => None,
        Err(error) => rescue(text, &error),
    }
}

/// Reads what stands before the place where an object is cut or damaged.
fn rescue(text: &str, error: &serde_json::Error) -> Option<(Map<String, Value>, usize)> {
    let mut damage = offset(text, error.line(), error.column());
    for _ in 0..MAX_REPAIRS {
        let (repaired, end) = repair(text.get(..damage)?)?;
        match serde_json::from_str(&repaired) {
            Ok(Value::Object(members)) if members.is_empty() => return None,
            Ok(Value::Object(members)) => return Some((members, end)),
            Ok(_) => return None,
            // An error may point behind the byte that is wrong.
            Err(error) => {
                let again = offset(&repaired, error.line(), error.column());
                damage = again.min(end).min(damage.saturating_sub(1));
            }
        }
        while !text.is_char_boundary(damage) {
            damage = damage.saturating_sub(1);
        }
    }
    None
}

/// The byte that an error's line and column (both from 1) point at; on a character's border.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut begin: usize = 0;
    for found in text.split_inclusive('\n').take(line.saturating_sub(1)) {
        begin = begin.saturating_add(found.len());
    }
    let mut at = begin.saturating_add(column.saturating_sub(1));
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    at
}

/// Closes an object that is cut: keeps it up to its last whole value, and adds the missing brackets. The
/// number is how much of `text` was kept.
fn repair(text: &str) -> Option<(String, usize)> {
    let mut open: Vec<u8> = Vec::new();
    // The end of the last whole value, and how many brackets are open there.
    let mut whole: Option<(usize, usize)> = None;
    let mut in_text = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        let next = at.saturating_add(1);
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' | b'[' => {
                open.push(byte);
                whole = Some((next, open.len()));
            }
            b'}' | b']' => {
                open.pop()?;
                whole = Some((next, open.len()));
            }
            // A comma ends the value before it.
            b',' => whole = Some((at, open.len())),
            _ => {}
        }
    }
    let (end, depth) = whole?;
    let mut repaired = text.get(..end)?.to_owned();
    // Brackets that were opened after `end` do not exist: every one sets `end` itself.
    for bracket in open.iter().take(depth).rev() {
        repaired.push(if *bracket == b'{' { '}' } else { ']' });
    }
    Some((repaired, end))
}

/// The lines that hold text, without white space around them.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}
