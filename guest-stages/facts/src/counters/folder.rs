//! One folder of sysfs: each file is taken once, and what no reader took is kept as it was.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::files::{Entry, Files, Gap};

/// What a folder held beyond the typed fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Leftover {
    /// Files that no field holds, and files whose text does not fit their field: name to text.
    pub extra: BTreeMap<String, String>,
    /// Files that could not be read: `NAME: reason`.
    pub unread: Vec<String>,
}

/// Links that one path may lead through.
const MAX_LINKS: usize = 8;

/// The path under which a folder's files are: as asked, or behind the links on the way.
pub(crate) fn resolve(files: &Files, path: &str) -> String {
    let mut path = path.trim_matches('/').to_owned();
    for _ in 0..MAX_LINKS {
        if !files.names(&path).is_empty() {
            break;
        }
        let Some(next) = follow(files, &path) else {
            break;
        };
        path = next;
    }
    path
}

/// Replaces the longest beginning of a path that is a link.
fn follow(files: &Files, path: &str) -> Option<String> {
    let mut head = path;
    loop {
        if let Some(target) = files.target(head) {
            let tail = path.strip_prefix(head)?;
            return Some(format!("{}{tail}", target.trim_matches('/')));
        }
        head = head.rsplit_once('/')?.0;
    }
}

/// A folder's own path, behind the links on the way, and the names below it.
fn entries<'a>(files: &'a Files, path: &str) -> (String, Vec<&'a str>) {
    let names = files.names(path);
    if !names.is_empty() {
        return (path.trim_matches('/').to_owned(), names);
    }
    let home = resolve(files, path);
    let names = files.names(&home);
    (home, names)
}

/// The names below a folder, links on the way followed.
pub(crate) fn names(files: &Files, path: &str) -> Vec<String> {
    let (_, names) = entries(files, path);
    names.into_iter().map(str::to_owned).collect()
}

/// Where the link at a path leads, links on the way followed.
pub(crate) fn link(files: &Files, folder: &str, name: &str) -> Option<String> {
    let direct = files.target(&format!("{folder}/{name}"));
    let target = direct.map(str::to_owned).or_else(|| {
        let home = resolve(files, folder);
        files.target(&format!("{home}/{name}")).map(str::to_owned)
    });
    target.filter(|target| !target.is_empty())
}

/// The last name of a path.
pub(crate) fn last(path: &str) -> &str {
    path.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(path)
}

/// The number behind a prefix that is all of the rest: `dimm12`, `dimm` gives 12.
pub(crate) fn numbered(name: &str, prefix: &str) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?;
    let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
}

/// The words for a gap.
pub(crate) fn reason(gap: &Gap) -> String {
    match gap {
        Gap::Denied => "denied".to_owned(),
        Gap::TimedOut => "timed out".to_owned(),
        Gap::Failed(words) => words.clone(),
    }
}

/// A file's text without white space around it, and whether the file goes on after it.
pub(crate) fn text(files: &Files, path: &str) -> Option<(String, bool)> {
    let found = match files.get(path) {
        Some(entry) => Some(entry),
        None => {
            let (folder, name) = path.rsplit_once('/')?;
            files.get(&format!("{}/{name}", resolve(files, folder)))
        }
    };
    match found? {
        Entry::File { bytes, cut } => {
            let text = String::from_utf8_lossy(bytes);
            let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
            Some((text.to_owned(), *cut))
        }
        Entry::Link(_) | Entry::Gap(_) => None,
    }
}

/// The text of a file that is whole.
pub(crate) fn whole(files: &Files, path: &str) -> Option<String> {
    let (text, cut) = text(files, path)?;
    (!cut).then_some(text)
}

/// The lines of a table: empty ones left out, and the last one where the file was cut in it.
pub(crate) fn rows(files: &Files, path: &str) -> Option<Vec<String>> {
    let (text, cut) = text(files, path)?;
    let mut rows: Vec<String> = text.lines().map(|row| row.trim_end().to_owned()).collect();
    if cut {
        rows.pop();
    }
    rows.retain(|row| !row.trim().is_empty());
    Some(rows)
}

/// A file's bytes as text without white space around it; `None`: they are not text.
fn as_text(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    (!text.contains('\0')).then(|| text.to_owned())
}

/// The files directly in a folder.
#[derive(Default)]
pub(crate) struct Folder {
    rest: BTreeMap<String, String>,
    gaps: BTreeMap<String, String>,
}

impl Folder {
    /// Opens a folder; one that is not there is empty.
    pub(crate) fn open(files: &Files, path: &str) -> Folder {
        let (home, names) = entries(files, path);
        let mut folder = Folder::default();
        for name in names {
            match files.get(&format!("{home}/{name}")) {
                Some(Entry::File { bytes, cut }) => {
                    if *cut {
                        folder.gaps.insert(name.to_owned(), "cut".to_owned());
                    }
                    match as_text(bytes) {
                        Some(mut text) => {
                            // A row that was cut may be read as another one: whole rows stay.
                            if *cut && let Some(end) = text.rfind('\n') {
                                text.truncate(end);
                            }
                            folder.rest.insert(name.to_owned(), text);
                        }
                        None => {
                            let reason = format!("{} bytes that are not text", bytes.len());
                            folder.gaps.insert(name.to_owned(), reason);
                        }
                    }
                }
                Some(Entry::Gap(gap)) => {
                    folder.gaps.insert(name.to_owned(), reason(gap));
                }
                Some(Entry::Link(_)) | None => {}
            }
        }
        folder
    }

    /// Whether nothing was found in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.gaps.is_empty()
    }

    /// The names of the files that no reader took yet.
    pub(crate) fn left(&self) -> Vec<String> {
        let mut names: Vec<String> = self.rest.keys().cloned().collect();
        names.sort_by(|a, b| crate::files::natural(a, b));
        names
    }

    /// Takes a file's text; an empty file is taken and absent.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.rest.remove(name).filter(|text| !text.is_empty())
    }

    /// Takes a file that a function understands; where it does not, or the file was cut, the text stays.
    pub(crate) fn with<T>(&mut self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        if self.gaps.contains_key(name) {
            return None;
        }
        let value = read(self.rest.get(name)?)?;
        self.rest.remove(name);
        Some(value)
    }

    /// Takes a number that is a file's whole text.
    pub(crate) fn number<N: std::str::FromStr>(&mut self, name: &str) -> Option<N> {
        self.with(name, |text| text.parse().ok())
    }

    /// Takes a number in decimal or, with `0x`, in hexadecimal digits.
    pub(crate) fn any_radix(&mut self, name: &str) -> Option<u64> {
        self.with(name, |text| match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        })
    }

    /// Takes a switch: 0 or 1, `N` or `Y`.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.with(name, |text| match text {
            "0" | "N" | "n" => Some(false),
            "1" | "Y" | "y" => Some(true),
            _ => None,
        })
    }

    /// Takes out the reason why a file could not be read.
    pub(crate) fn gap(&mut self, name: &str) -> Option<String> {
        self.gaps.remove(name)
    }

    /// The names of the files that could not be read.
    pub(crate) fn gaps(&self) -> Vec<String> {
        self.gaps.keys().cloned().collect()
    }

    /// What no reader took.
    pub(crate) fn close(self) -> Leftover {
        let gaps = self.gaps.into_iter();
        Leftover {
            extra: self.rest,
            unread: gaps
                .map(|(name, reason)| format!("{name}: {reason}"))
                .collect(),
        }
    }

    /// Adds what no reader took to that of the folder above, with this folder's name.
    pub(crate) fn close_below(self, name: &str, above: &mut Leftover) {
        let rest = self.close();
        let extra = rest.extra.into_iter();
        let extra = extra.map(|(file, text)| (format!("{name}/{file}"), text));
        above.extra.extend(extra);
        let unread = rest.unread.iter().map(|row| format!("{name}/{row}"));
        above.unread.extend(unread);
    }
}
