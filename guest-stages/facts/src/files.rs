//! Files of sysfs and procfs as they were read: the input of every room that reads the kernel's files.

use std::collections::BTreeMap;

/// Why the bytes of a file that may exist are not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The host or the kernel does not allow to read it.
    Denied,
    /// It was not read in time.
    TimedOut,
    /// Reading failed, with the error's words.
    Failed(String),
}

/// What is known of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file's bytes.
    File {
        /// What it said.
        bytes: Vec<u8>,
        /// Whether the file goes on after them.
        cut: bool,
    },
    /// A link, with the path below the machine's root that it leads to in the end.
    Link(String),
    /// A file that could not be read.
    Gap(Gap),
}

/// What was read below a machine's root. Paths have no leading slash: `sys/class/net/eth0/speed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    entries: BTreeMap<String, Entry>,
}

impl Files {
    /// Nothing yet.
    pub fn new() -> Self {
        Files::default()
    }

    /// Adds one path; a leading slash is left out. A path that is there already is replaced.
    pub fn add(&mut self, path: &str, entry: Entry) {
        let path = path.trim_start_matches('/').to_owned();
        self.entries.insert(path, entry);
    }

    /// Adds a whole file.
    pub fn add_file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        let bytes = bytes.into();
        self.add(path, Entry::File { bytes, cut: false });
    }

    /// Adds a link and where it leads in the end.
    pub fn add_link(&mut self, path: &str, target: &str) {
        let target = target.trim_start_matches('/').to_owned();
        self.add(path, Entry::Link(target));
    }

    /// What is known of a path; `None`: the machine has no such file.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path.trim_start_matches('/'))
    }

    /// The bytes of a file that was read.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        match self.get(path)? {
            Entry::File { bytes, .. } => Some(bytes),
            Entry::Link(_) | Entry::Gap(_) => None,
        }
    }

    /// The text of a file without white space around it; `None` where it is absent, unread, empty or not
    /// UTF-8.
    pub fn text(&self, path: &str) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes(path)?).ok()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// The number that is a file's whole text.
    pub fn number<N: std::str::FromStr>(&self, path: &str) -> Option<N> {
        self.text(path)?.parse().ok()
    }

    /// Where a link leads in the end, as a path below the root.
    pub fn target(&self, path: &str) -> Option<&str> {
        match self.get(path)? {
            Entry::Link(target) => Some(target),
            Entry::File { .. } | Entry::Gap(_) => None,
        }
    }

    /// The names directly below a folder, in natural order (`cpu2` before `cpu10`), each once.
    pub fn names(&self, folder: &str) -> Vec<&str> {
        let prefix = format!("{}/", folder.trim_matches('/'));
        let mut names: Vec<&str> = Vec::new();
        for path in self.entries.range(prefix.clone()..).map(|(path, _)| path) {
            let Some(below) = path.strip_prefix(&prefix) else {
                break;
            };
            let name = below.split('/').next().unwrap_or(below);
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        names.sort_by(|a, b| natural(a, b));
        names.dedup();
        names
    }

    /// Every path with what is known of it, by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// The files that could not be read below a folder, and why.
    pub fn gaps<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a Gap)> {
        let folder = folder.trim_matches('/');
        self.iter().filter_map(move |(path, entry)| match entry {
            Entry::Gap(gap) if below(path, folder) => Some((path, gap)),
            _ => None,
        })
    }
}

fn below(path: &str, folder: &str) -> bool {
    let rest = path.strip_prefix(folder);
    folder.is_empty() || rest.is_some_and(|rest| rest.starts_with('/'))
}

/// Orders names as people do: runs of digits by their value.
pub fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let digits = (digits(a), digits(b));
        if digits.0 > 0 && digits.1 > 0 {
            let (left, right) = (value(&a[..digits.0]), value(&b[..digits.1]));
            let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
            if order.is_ne() {
                return order;
            }
            (a, b) = (&a[digits.0..], &b[digits.1..]);
            continue;
        }
        match (a.split_first(), b.split_first()) {
            (Some((x, left)), Some((y, right))) if x == y => (a, b) = (left, right),
            (x, y) => return x.map(|x| x.0).cmp(&y.map(|y| y.0)),
        }
    }
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_digit()).count()
}

/// Digits without leading zeros.
fn value(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|b| **b == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_natural_order_and_each_once() {
        let mut files = Files::new();
        for path in [
            "a/cpu10/x",
            "a/cpu2/x",
            "a/cpu2/y",
            "a/cpu2.1",
            "a/b",
            "ab/c",
        ] {
            files.add_file(path, "1\n");
        }
        assert_eq!(files.names("a"), ["b", "cpu2", "cpu2.1", "cpu10"]);
        assert_eq!(files.names("/a/cpu2/"), ["x", "y"]);
    }

    #[test]
    fn absent_and_unreadable_files_differ() {
        let mut files = Files::new();
        files.add("sys/x", Entry::Gap(Gap::Denied));
        assert_eq!(files.get("/sys/x"), Some(&Entry::Gap(Gap::Denied)));
        assert_eq!(files.get("sys/y"), None);
        assert_eq!(files.text("sys/x"), None);
        assert_eq!(
            files.gaps("sys").collect::<Vec<_>>(),
            [("sys/x", &Gap::Denied)]
        );
    }

    #[test]
    fn numbers_of_any_length_are_ordered() {
        assert!(natural("x99999999999999999999999", "x100000000000000000000000").is_lt());
        assert!(natural("x007", "x7").is_eq());
        assert!(natural("x", "x1").is_lt());
    }
}
