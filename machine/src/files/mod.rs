//! Files of the kernel as a stage asks for them: what a glob matches, what may be read, and how much.
//! The same for every machine, whatever holds its files: a [`Tree`].

mod allowed;
mod glob;
mod natural;
mod pattern;
mod read_rules;
mod tree;

use std::time::Duration;

use crate::contract::files::{Content, Ending};
use crate::contract::types::Error;

pub use allowed::patterns;
pub use glob::{expand, matches as matches_name, matches_path};
pub use natural::natural;
pub use pattern::{PathPattern, PatternError, names};
pub use read_rules::{ReadRules, Share};
pub use tree::{Look, Tree};

/// Globs of one call.
const MOST_GLOBS: usize = 256;
/// Bytes of one path or glob.
const LONGEST: usize = 1024;
/// Matches of one listing, and paths of one call.
pub const MOST_PATHS: usize = 4096;
/// Bytes of one file.
const FILE: u64 = 64 << 10;
/// Bytes of a table.
const TABLE: u64 = 1 << 20;
/// Bytes of one call.
pub const CALL: u64 = 4 << 20;
/// How long one call may take.
pub const CALL_TIME: Duration = Duration::from_secs(2);

/// Where files may be longer than an attribute.
const TABLES: [&str; 3] = ["proc/", "sys/firmware/", "sys/fs/pstore/"];

/// How many bytes of a file are given.
pub fn limit(path: &str) -> u64 {
    match TABLES.iter().any(|folder| path.starts_with(folder)) {
        true => TABLE,
        false => FILE,
    }
}

/// Whether the globs of a call are well formed.
///
/// # Errors
///
/// `invalid`, naming the glob.
pub fn check_globs(globs: &[String]) -> Result<(), Error> {
    check("globs", globs, MOST_GLOBS)
}

/// Whether the paths of a call are well formed.
///
/// # Errors
///
/// `invalid`, naming the path.
pub fn check_paths(paths: &[String]) -> Result<(), Error> {
    check("paths", paths, MOST_PATHS)
}

fn check(argument: &str, given: &[String], most: usize) -> Result<(), Error> {
    if given.len() > most {
        let reason = format!("at most {most} at a time; these are {}", given.len());
        return Err(Error::invalid(argument, reason));
    }
    match given.iter().find(|path| !is_well_formed(path)) {
        Some(path) => {
            let shown: String = path.chars().take(80).collect();
            let reason = format!(
                "{shown:?} is not a path below the machine's root, such as sys/class/net/eth0/speed"
            );
            Err(Error::invalid(argument, reason))
        }
        None => Ok(()),
    }
}

fn is_well_formed(path: &str) -> bool {
    path.len() <= LONGEST
        && !path.contains('\0')
        && path
            .split('/')
            .all(|name| !matches!(name, "" | "." | "..") && !name.contains("**"))
}

/// Whether a path may be read, as it was asked for and as it is with links followed.
///
/// # Errors
///
/// The ending that a stage is given in place of the bytes.
pub fn may_read(path: &str, resolved: &str) -> Result<(), Ending> {
    match allowed::is_allowed(path) && allowed::is_allowed(resolved) {
        true => Ok(()),
        false => Err(Ending::Denied(
            "the host gives no stage this file".to_owned(),
        )),
    }
}

/// A file of which no bytes are given.
pub fn without_bytes(ending: Ending) -> Content {
    Content {
        bytes: Vec::new(),
        ending,
    }
}

/// The first bytes of a file, of which one more than `limit` were read where there are more.
pub fn first_bytes(mut bytes: Vec<u8>, limit: u64) -> Content {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let ending = match bytes.len() > limit {
        true => Ending::Cut,
        false => Ending::Whole,
    };
    bytes.truncate(limit);
    Content { bytes, ending }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_below_the_root_are_well_formed() {
        for good in ["proc/cpuinfo", "sys/class/net/*/speed", "sys/a..b/.x"] {
            assert!(is_well_formed(good), "{good}");
        }
        let long = format!("sys/{}", "x".repeat(LONGEST));
        for bad in [
            "",
            "/sys",
            "sys/",
            "sys//x",
            "sys/../etc",
            "sys/./x",
            "sys/**",
            "sys/a\0",
            &long,
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
        assert!(check_globs(&vec!["sys/x".to_owned(); MOST_GLOBS + 1]).is_err());
    }

    #[test]
    fn a_file_that_goes_on_is_cut() {
        assert_eq!(first_bytes(vec![1, 2, 3], 3).ending, Ending::Whole);
        let cut = first_bytes(vec![1, 2, 3, 4], 3);
        assert_eq!((cut.bytes, cut.ending), (vec![1, 2, 3], Ending::Cut));
    }
}
