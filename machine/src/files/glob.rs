//! What globs match below a root: name by name, so that a listing never goes deeper than its glob.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::Instant;

use super::MOST_PATHS;
use super::allowed::{is_allowed, may_list};
use super::natural::natural;
use super::tree::Tree;
use crate::contract::files::{Found, Kind, Listing};

/// Names that one listing may look at: a folder with a million entries ends it.
const MOST_NAMES: usize = 200_000;

/// Whether a pattern matches a name: `*` stands for any part of it.
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => {
                rest = rest
                    .get(at.saturating_add(part.len())..)
                    .unwrap_or_default()
            }
            None => return false,
        }
    }
    true
}

/// Whether a glob matches a path.
pub fn matches_path(glob: &str, path: &str) -> bool {
    let mut names = path.split('/');
    let mut each = glob.split('/');
    let all = each.all(|pattern| names.next().is_some_and(|name| matches(pattern, name)));
    all && names.next().is_none()
}

/// What globs match, until `until`. The globs are well formed.
pub fn expand(tree: &dyn Tree, globs: &[String], until: Option<Instant>) -> Listing {
    let mut walk = Walk {
        tree,
        until,
        seen: BTreeSet::new(),
        names: 0,
        listing: Listing {
            found: Vec::new(),
            unread: Vec::new(),
            cut: None,
        },
    };
    for glob in globs {
        let names: Vec<&str> = glob.split('/').collect();
        if !may_lead_somewhere(&names) {
            let why = "the host gives no stage these files".to_owned();
            walk.listing.unread.push((glob.clone(), why));
            continue;
        }
        walk.below(String::new(), &names);
    }
    let mut listing = walk.listing;
    listing.found.sort_by(|a, b| natural(&a.path, &b.path));
    listing.unread.sort();
    listing.unread.dedup();
    listing
}

/// Whether the names before the first wildcard lead to anything that may be read.
fn may_lead_somewhere(names: &[&str]) -> bool {
    let plain: Vec<&str> = names
        .iter()
        .copied()
        .take_while(|n| !n.contains('*'))
        .collect();
    let path = plain.join("/");
    plain.is_empty() || may_list(&path) || plain.len() == names.len() && is_allowed(&path)
}

struct Walk<'a> {
    tree: &'a dyn Tree,
    until: Option<Instant>,
    seen: BTreeSet<String>,
    names: usize,
    listing: Listing,
}

impl Walk<'_> {
    fn below(&mut self, folder: String, names: &[&str]) {
        let Some((name, rest)) = names.split_first() else {
            return self.matched(folder);
        };
        if self.is_over() {
            return;
        }
        let join = |name: &str| match folder.is_empty() {
            true => name.to_owned(),
            false => format!("{folder}/{name}"),
        };
        if !name.contains('*') {
            return self.below(join(name), rest);
        }
        if !folder.is_empty() && !may_list(&folder) {
            return;
        }
        match self.tree.names(&folder) {
            Ok(there) => {
                self.names = self.names.saturating_add(there.len());
                for there in there.iter().filter(|there| matches(name, there)) {
                    self.below(join(there), rest);
                }
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => self.listing.unread.push((folder, error.to_string())),
        }
    }

    fn matched(&mut self, path: String) {
        if self.is_over() || self.seen.contains(&path) {
            return;
        }
        let Some(look) = self.tree.look(&path) else {
            return;
        };
        let kept = |path: &str| is_allowed(path) || look.kind == Kind::Folder && may_list(path);
        // Of a link that leads to nothing that may be read, the place it leads to is shown all the same.
        if !kept(&path) || look.kind == Kind::File && !is_allowed(&look.resolved) {
            return;
        }
        if self.listing.found.len() >= MOST_PATHS {
            self.listing.cut = Some(format!("there are more than {MOST_PATHS} matches"));
            return;
        }
        self.listing.found.push(Found {
            path: path.clone(),
            kind: look.kind,
            target: look.is_link.then_some(look.resolved),
        });
        self.seen.insert(path);
    }

    fn is_over(&mut self) -> bool {
        if self.listing.cut.is_some() {
            return true;
        }
        if self.names > MOST_NAMES {
            self.listing.cut = Some(format!("there are more than {MOST_NAMES} names to look at"));
        } else if self.until.is_some_and(|until| Instant::now() >= until) {
            self.listing.cut = Some("the listing took too long".to_owned());
        }
        self.listing.cut.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_part_of_a_name() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "x", true),
            ("cpu*", "cpu12", true),
            ("cpu*", "xcpu1", false),
            ("temp*_input", "temp1_input", true),
            ("temp*_input", "temp1_inputs", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("plain", "plain", true),
            ("plain", "plainer", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
