//! The text that `dmesg`, the journal or syslog print of the kernel's log.

use serde_json::Value;

use super::{Entry, stamp};

/// Reads a text line by line; a document of `dmesg -J` whole.
pub(super) fn read(bytes: &[u8]) -> Vec<Entry> {
    let text = String::from_utf8_lossy(bytes);
    if text.trim_start().starts_with('{')
        && let Some(entries) = json(&text)
    {
        return entries;
    }
    let mut entries: Vec<Entry> = Vec::new();
    // A record of several lines has its prefix on the first alone.
    let mut latest: Option<usize> = None;
    for line in text.lines() {
        let line = line.trim_matches(['\r', '\0', '\u{feff}']);
        if line.trim().is_empty() {
            continue;
        }
        let (mut entry, prefixed) = stamp::read(line);
        if prefixed {
            latest = Some(entries.len());
        } else if let Some(head) = latest.and_then(|place| entries.get(place)) {
            let text = std::mem::take(&mut entry.text);
            entry = Entry {
                text,
                ..head.clone()
            };
        }
        entries.push(entry);
    }
    entries
}

/// `{"dmesg": [{"pri": 6, "time": 0.0, "msg": "…"}]}`. `fac` and `caller` are there with `-x` and newer
/// versions.
fn json(text: &str) -> Option<Vec<Entry>> {
    let document: Value = serde_json::from_str(text).ok()?;
    let rows = document.get("dmesg")?.as_array()?;
    let entry = |row: &Value| {
        let number = |key: &str| row.get(key).and_then(Value::as_u64);
        let words = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let level = |name: &str| {
            (0..8)
                .zip([
                    "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug",
                ])
                .find(|(_, known)| *known == name)
                .map(|(level, _)| level)
        };
        let seconds = row.get("time").and_then(Value::as_f64);
        let seconds = seconds.filter(|seconds| (0.0..1e12).contains(seconds));
        Entry {
            priority: number("pri")
                .map(|pri| (pri & 7) as u8)
                .or_else(|| level(row.get("pri")?.as_str()?)),
            facility: number("fac")
                .or_else(|| Some(number("pri")? >> 3))
                .and_then(|fac| u8::try_from(fac).ok()),
            at_us: seconds.map(|seconds| (seconds * 1e6).round() as u64),
            time: words("time"),
            caller: words("caller"),
            text: words("msg").unwrap_or_default(),
            ..Entry::default()
        }
    };
    Some(rows.iter().map(entry).collect())
}
