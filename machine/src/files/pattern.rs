//! Which files somebody means: a glob, or all below a folder.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::glob::matches;
use super::is_well_formed;

/// What stands for everything below a folder.
const BELOW: &str = "/**";

/// A glob over paths below the root, `sys/class/net/*/speed`, in which `*` stands for any part of one name.
/// A last `/**` stands for everything below a folder: `sys/devices/system/edac/**`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PathPattern {
    names: Vec<String>,
    below: bool,
}

/// A text that is not a pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a pattern of paths: write one without a leading slash, such as sys/class/net/*/speed or, for \
     all below a folder, sys/devices/system/edac/**"
)]
pub struct PatternError(String);

impl PathPattern {
    /// Whether it matches a path. A glob in the place of a path is matched where all that it can match is.
    pub fn matches(&self, path: &str) -> bool {
        self.matches_names(&names(path))
    }

    /// The same, of the names of a path.
    pub fn matches_names(&self, path: &[&str]) -> bool {
        let fits = if self.below {
            path.len() > self.names.len()
        } else {
            path.len() == self.names.len()
        };
        // Paths differ in their last names more than in their first.
        let mut both = self.names.iter().zip(path).rev();
        fits && both.all(|(pattern, name)| matches(pattern, name))
    }

    /// Whether a path may be matched by both; wrongly so now and then, and never wrongly not.
    pub fn may_meet(&self, other: &PathPattern) -> bool {
        let long_enough = |one: &PathPattern, two: &PathPattern| {
            one.below
                || two.names.len() < one.names.len()
                || !two.below && two.names.len() == one.names.len()
        };
        let mut both = self.names.iter().zip(&other.names);
        long_enough(self, other)
            && long_enough(other, self)
            && both.all(|(a, b)| names_may_meet(a, b))
    }
}

/// The names of a path.
pub fn names(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

/// Whether two patterns of one name begin and end alike, as far as they are plain.
fn names_may_meet(a: &str, b: &str) -> bool {
    let begin = |text: &str| text.split('*').next().unwrap_or_default().to_owned();
    let end = |text: &str| text.rsplit('*').next().unwrap_or_default().to_owned();
    match (a.contains('*'), b.contains('*')) {
        (true, true) => {
            let (x, y) = (begin(a), begin(b));
            let (v, w) = (end(a), end(b));
            (x.starts_with(&y) || y.starts_with(&x)) && (v.ends_with(&w) || w.ends_with(&v))
        }
        (true, false) => matches(a, b),
        (false, _) => matches(b, a),
    }
}

impl FromStr for PathPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (path, below) = match text.strip_suffix(BELOW) {
            Some(folder) => (folder, true),
            None => (text, false),
        };
        if !is_well_formed(path) {
            return Err(PatternError(text.chars().take(80).collect()));
        }
        Ok(PathPattern {
            names: names(path).into_iter().map(str::to_owned).collect(),
            below,
        })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names.join("/"))?;
        f.write_str(if self.below { BELOW } else { "" })
    }
}

impl TryFrom<String> for PathPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<PathPattern> for String {
    fn from(pattern: PathPattern) -> String {
        pattern.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> PathPattern {
        text.parse().expect("a pattern")
    }

    #[test]
    fn a_pattern_is_a_glob_or_all_below_a_folder() {
        for (text, path, expected) in [
            ("sys/class/net/*/speed", "sys/class/net/eth0/speed", true),
            ("sys/class/net/*/speed", "sys/class/net/*/speed", true),
            ("sys/class/net/*/speed", "sys/class/net/eth0/mtu", false),
            ("sys/class/net/eth*/speed", "sys/class/net/*/speed", false),
            ("sys/class/*", "sys/class/net/eth0", false),
            ("sys/class/**", "sys/class/net/eth0", true),
            ("sys/class/**", "sys/class/net/*/*", true),
            ("sys/class/**", "sys/class", false),
            ("sys/*/net/**", "sys/class/net/eth0/mtu", true),
        ] {
            assert_eq!(pattern(text).matches(path), expected, "{text} {path}");
        }
        for wrong in ["", "/sys", "sys/**/x", "**", "/**", "sys/../x", "sys/"] {
            assert!(wrong.parse::<PathPattern>().is_err(), "{wrong}");
        }
        let tail = "sys/devices/system/edac/**";
        assert_eq!(pattern(tail).to_string(), tail);
    }

    #[test]
    fn patterns_that_cannot_meet_are_seen() {
        for (a, b, expected) in [
            ("sys/class/net/*/speed", "sys/class/net/eth0/*", true),
            ("sys/class/net/*/speed", "sys/class/net/*/mtu", false),
            ("sys/class/**", "sys/class/net/*/mtu", true),
            ("sys/class/net/*/mtu", "sys/class/**", true),
            ("sys/class/**", "sys/class", false),
            ("sys/**", "sys/class/**", true),
            ("proc/*", "sys/*", false),
            ("sys/*/a", "sys/b/*/c", false),
            ("sys/cpu*", "sys/*_x", true),
            ("sys/cpu*", "sys/mem*", false),
        ] {
            assert_eq!(pattern(a).may_meet(&pattern(b)), expected, "{a} {b}");
        }
    }
}
