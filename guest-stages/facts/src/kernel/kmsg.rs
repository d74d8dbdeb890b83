//! Records of `/dev/kmsg` (the kernel's `Documentation/ABI/testing/dev-kmsg`): a line
//! `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,caller=…];TEXT`, then lines ` KEY=value`.

use super::Entry;

/// Reads records one after the other.
pub(super) fn read(bytes: &[u8]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    // Where the entries of the latest record begin: its dictionary belongs to all of them.
    let mut record = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = trim(line);
        if line.is_empty() {
            continue;
        }
        if let Some(field) = line.strip_prefix(b" ") {
            let (key, value) = split(field, b'=').unwrap_or((field, b""));
            let (key, value) = (unescape(key), unescape(value));
            for entry in entries.get_mut(record..).unwrap_or_default() {
                entry.fields.push((key.clone(), value.clone()));
            }
            continue;
        }
        let Some((mut entry, text)) = head(line) else {
            record = entries.len();
            entries.push(Entry {
                text: String::from_utf8_lossy(line).into_owned(),
                ..Entry::default()
            });
            continue;
        };
        let text = unescape(text);
        // `+`: the rest of the line before (kernels up to 4.9).
        if entry.flags.as_deref() == Some("+")
            && let Some(before) = entries.last_mut()
            && before.sequence.is_some()
        {
            before.text.push_str(&text);
            continue;
        }
        record = entries.len();
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            entry.text = line.trim_end_matches('\r').to_owned();
            if lines.peek().is_some() {
                entries.push(entry.clone());
            } else if !entry.text.is_empty() || record == entries.len() {
                entries.push(std::mem::take(&mut entry));
            }
        }
    }
    entries
}

/// A record's first line: what stands before the `;`, and the text after it.
fn head(line: &[u8]) -> Option<(Entry, &[u8])> {
    let (prefix, text) = split(line, b';')?;
    let mut parts = std::str::from_utf8(prefix).ok()?.split(',');
    let priority: u32 = parts.next()?.parse().ok()?;
    let sequence = parts.next()?.parse().ok()?;
    let at_us = parts.next()?.parse().ok()?;
    let flags = parts.next().filter(|flags| *flags != "-");
    let caller = parts.find_map(|part| part.strip_prefix("caller="));
    let entry = Entry {
        sequence: Some(sequence),
        priority: Some((priority & 7) as u8),
        facility: u8::try_from(priority >> 3).ok(),
        at_us: Some(at_us),
        flags: flags.map(str::to_owned),
        caller: caller.map(str::to_owned),
        ..Entry::default()
    };
    Some((entry, text))
}

fn split(bytes: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = bytes.iter().position(|byte| *byte == at)?;
    Some((bytes.get(..place)?, bytes.get(place.checked_add(1)?..)?))
}

/// Without the line's end. A trailing space belongs to the text.
fn trim(mut line: &[u8]) -> &[u8] {
    while let Some(rest) = line.strip_suffix(b"\r").or(line.strip_suffix(b"\0")) {
        line = rest;
    }
    while let Some(rest) = line.strip_prefix(b"\0") {
        line = rest;
    }
    line
}

/// The kernel writes bytes that are not printable, and the backslash, as `\x1b`.
fn unescape(text: &[u8]) -> String {
    if !text.contains(&b'\\') {
        return String::from_utf8_lossy(text).into_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let code = match after {
            [b'x', high, low, ..] if *first == b'\\' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}
