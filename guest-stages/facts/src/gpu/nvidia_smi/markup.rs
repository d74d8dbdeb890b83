//! The elements of a document of `nvidia-smi`, also of one that is cut or not well-formed.
//!
//! A strict XML parser refuses documents that the tool really prints: text around them, end tags in the
//! wrong order (supported clocks of drivers 535 to 545), a cut. This one keeps what stands before.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The deepest nesting that is kept; a real document has 6.
const MAX_DEPTH: usize = 32;

/// The text of every element without children, by its path (`temperature/gpu_temp`).
#[derive(Debug, Default)]
pub(super) struct Leaves {
    pub id: Option<String>,
    pub leaves: BTreeMap<String, String>,
    /// What could not be read as an element.
    pub unread: Vec<String>,
}

/// One document.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// What stands outside of any GPU.
    pub own: Leaves,
    /// GPU by GPU.
    pub gpus: Vec<Leaves>,
    /// Whether the end of the document was found.
    pub complete: bool,
    /// Bytes after its end.
    pub end: usize,
}

/// Lists whose elements have one name: their paths get a number.
const LISTS: [&str; 3] = ["process_info", "mig_device", "accounted_process_info"];
/// Long lists that say nothing about one GPU that its maximum clocks do not say.
const LEFT_OUT: [&str; 1] = ["supported_clocks"];
/// Lists of page addresses: `<retired_page_addr>0x…` one after the other.
const REPEATED: &str = "retired_pagelist";

struct Open<'a> {
    name: &'a str,
    /// The length of the path before it.
    before: usize,
    has_children: bool,
    number: usize,
}

/// Reads the document that starts at the beginning of a text.
pub(super) fn read(text: &str) -> Log {
    let mut log = Log::default();
    let mut open: Vec<Open> = Vec::new();
    let mut path = String::new();
    let mut at = 0;
    let mut begun = false;
    let mut too_deep: usize = 0;
    while let Some(rest) = text.get(at..) {
        let Some(start) = rest.find('<') else { break };
        let (content, tag) = rest.split_at(start);
        let Some(end) = tag.find('>') else { break };
        let inner = tag.get(1..end).unwrap_or_default().trim();
        at = at
            .saturating_add(start)
            .saturating_add(end)
            .saturating_add(1);
        if inner.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = inner.strip_prefix('/') {
            let name = name.trim();
            if too_deep > 0 {
                too_deep = too_deep.saturating_sub(1);
                continue;
            }
            let Some(depth) = open.iter().rposition(|element| element.name == name) else {
                continue;
            };
            let is_last = depth.saturating_add(1) == open.len();
            if is_last && open.last().is_some_and(|element| !element.has_children) {
                keep(&mut log, &open, &path, content.trim());
            }
            if let Some(element) = open.get(depth) {
                path.truncate(element.before);
            }
            open.truncate(depth);
            if begun && open.is_empty() {
                log.complete = true;
                log.end = at;
                return log;
            }
            continue;
        }
        let (name, attributes) = inner
            .split_once(|c: char| c.is_ascii_whitespace())
            .unwrap_or((inner, ""));
        let empty = inner.ends_with('/');
        let name = name.trim_end_matches('/');
        if too_deep > 0 || open.len() >= MAX_DEPTH {
            too_deep = too_deep.saturating_add(usize::from(!empty));
            continue;
        }
        let mut number = 0;
        if let Some(parent) = open.last_mut() {
            parent.has_children = true;
            if LISTS.contains(&name) || parent.name == REPEATED {
                number = parent.number;
                parent.number = parent.number.saturating_add(1);
            }
        }
        if empty {
            continue;
        }
        begun = true;
        let before = path.len();
        if name == "gpu" && open.len() == 1 {
            let id = attributes.split('"').nth(1).map(str::to_owned);
            log.gpus.push(Leaves {
                id,
                ..Leaves::default()
            });
        } else if !open.is_empty() {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
            if LISTS.contains(&name) || open.last().is_some_and(|parent| parent.name == REPEATED) {
                path.push('#');
                path.push_str(&number.to_string());
            }
        }
        open.push(Open {
            name,
            before,
            has_children: false,
            number: 0,
        });
    }
    log.end = text.len();
    if let (Some(element), Some(rest)) = (open.last(), text.get(at..))
        && !element.has_children
        && open.len() > 1
        && !rest.trim().is_empty()
    {
        let row = format!("{path}: {} (cut)", rest.trim());
        current(&mut log, &open).unread.push(row);
    }
    log
}

/// The GPU that is open, or else the document itself.
fn current<'a>(log: &'a mut Log, open: &[Open]) -> &'a mut Leaves {
    let in_gpu = open.get(1).is_some_and(|element| element.name == "gpu");
    match log.gpus.last_mut() {
        Some(gpu) if in_gpu => gpu,
        _ => &mut log.own,
    }
}

fn keep(log: &mut Log, open: &[Open], path: &str, text: &str) {
    if text.is_empty() || open.len() < 2 || open.iter().any(|e| LEFT_OUT.contains(&e.name)) {
        return;
    }
    let text = unescaped(text);
    let leaves = current(log, open);
    match leaves.leaves.entry(path.to_owned()) {
        Entry::Vacant(place) => {
            place.insert(text);
        }
        Entry::Occupied(_) => leaves
            .unread
            .push(format!("{path}: {text} (a second time)")),
    }
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
