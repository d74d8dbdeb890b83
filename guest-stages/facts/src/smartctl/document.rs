//! Finds the JSON object in what smartctl printed.

use super::json;
use super::members::Members;

/// The JSON object that was found, and the lines around it.
pub(super) struct Document<'a> {
    /// The members of the outermost object.
    pub members: Members<'a>,
    /// Lines before and after the object, and all lines from the place where it is cut or damaged.
    pub unread: Vec<String>,
}

/// How many places that look like the start of an object are tried.
const MAX_STARTS: usize = 8;

/// Finds the first JSON object that has a member of smartctl's. `None` where there is none.
pub(super) fn find(text: &str) -> Option<Document<'_>> {
    let mut start = 0;
    for _ in 0..MAX_STARTS {
        start = next_start(text, start)?;
        let (before, rest) = text.split_at_checked(start)?;
        let skip = match json::object(rest) {
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
fn is_smartctl(members: &Members) -> bool {
    let ours = ["json_format_version", "device", "devices", "local_time"];
    let families = ["smart", "ata_", "nvme_", "scsi_"];
    members
        .keys()
        .any(|key| ours.contains(&key) || families.iter().any(|family| key.starts_with(family)))
}

/// The next `{` that a quote follows: braces in a line of text are no object.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let mut rest = text.as_bytes().get(from..)?;
    loop {
        let at = rest.iter().position(|byte| *byte == b'{')?;
        let after = rest.get(at.checked_add(1)?..)?.trim_ascii_start();
        if after.first() == Some(&b'"') {
            let left = rest.len().checked_sub(at)?;
            return text.len().checked_sub(left);
        }
        rest = after;
    }
}

/// The lines that hold text, without white space around them.
fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}
