//! Files of the kernel, read for the parsers of `vetting_facts`.

use vetting_facts::files::{Entry, Files, Gap};

use crate::files::{self, Content, Ending, Found, Kind};
use crate::types::Error;

/// Paths of one call, well within what one call gives.
const AT_ONCE: usize = 1_024;

/// Lists and reads what globs match. `Files` then holds every file that was read, every link, and a gap for
/// each file and folder that could not be read.
///
/// # Errors
///
/// The host's, where it answers nothing at all: `denied`, `cancelled`.
pub fn read(globs: &[&str]) -> Result<Files, Error> {
    let mut gathered = Files::new();
    let mut paths = Vec::new();
    let globs: Vec<String> = globs.iter().map(|glob| (*glob).to_owned()).collect();
    list(&globs, &mut gathered, &mut paths)?;
    paths.sort_unstable();
    paths.dedup();
    add(&paths, &mut gathered)?;
    Ok(gathered)
}

/// Reads files by their paths; one that is not there is left out.
///
/// # Errors
///
/// As [`read`].
pub fn at(paths: &[String]) -> Result<Files, Error> {
    let mut gathered = Files::new();
    add(paths, &mut gathered)?;
    Ok(gathered)
}

/// Globs for one part alone: the first `*` of each is its name. So a stage asks for one part by the globs that
/// its manifest names for all.
pub fn of_part(globs: &[&str], part: &str) -> Vec<String> {
    globs
        .iter()
        .map(|glob| glob.replacen('*', part, 1))
        .collect()
}

/// Lists what globs match. Where that is too much for one call, each half of the globs is listed by itself.
fn list(globs: &[String], gathered: &mut Files, paths: &mut Vec<String>) -> Result<(), Error> {
    let listing = files::list(globs)?;
    let whole = listing.cut.is_none();
    if let ([_, _, ..], false) = (globs, whole) {
        let (first, second) = globs.split_at(globs.len() / 2);
        list(first, gathered, paths)?;
        return list(second, gathered, paths);
    }
    for (path, why) in listing.unread {
        gathered.add(&path, Entry::Gap(Gap::Failed(why)));
    }
    if let (Some(why), [glob, ..]) = (listing.cut, globs) {
        gathered.add(glob, Entry::Gap(Gap::Failed(why)));
    }
    for Found { path, kind, target } in listing.found {
        match (kind, target) {
            (Kind::File, _) => paths.push(path),
            (_, Some(target)) => gathered.add_link(&path, &target),
            (Kind::Folder | Kind::Other, None) => {}
        }
    }
    Ok(())
}

fn add(paths: &[String], gathered: &mut Files) -> Result<(), Error> {
    let mut left: Vec<String> = paths.to_vec();
    while !left.is_empty() {
        let rest = left.split_off(left.len().min(AT_ONCE));
        let contents = files::read(&left)?;
        let asked = left.len();
        let mut again: Vec<String> = Vec::new();
        for (path, content) in left.into_iter().zip(contents) {
            if content.ending == Ending::LeftOut {
                again.push(path);
            } else if let Some(entry) = entry(content) {
                gathered.add(&path, entry);
            }
        }
        // A call that gave nothing would give nothing again.
        if again.len() == asked {
            for path in again.drain(..) {
                gathered.add(&path, Entry::Gap(Gap::TimedOut));
            }
        }
        again.extend(rest);
        left = again;
    }
    Ok(())
}

fn entry(content: Content) -> Option<Entry> {
    let bytes = content.bytes;
    Some(match content.ending {
        Ending::Whole => Entry::File { bytes, cut: false },
        Ending::Cut => Entry::File { bytes, cut: true },
        Ending::Denied(_) => Entry::Gap(Gap::Denied),
        Ending::TimedOut | Ending::LeftOut => Entry::Gap(Gap::TimedOut),
        Ending::Failed(why) => Entry::Gap(Gap::Failed(why)),
        Ending::Absent => return None,
    })
}
