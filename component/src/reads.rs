//! What a stage reads of its machine through `files` and `queries`: the globs and the names that its
//! manifest gives, each with the reason. The host answers nothing else.

use std::collections::BTreeMap;

use crate::manifest::is_name;
use crate::{ComponentError, Manifest};

/// The most globs, and the most queries, that a manifest may name.
const MAX_ENTRIES: usize = 512;
/// The longest glob, in bytes: as long as the contract takes one.
const MAX_GLOB: usize = 1024;
/// The longest reason, in bytes.
const MAX_REASON: usize = 1000;

/// The interface through which files are read.
pub(crate) const FILES: &str = "files";
/// The interface through which queries are asked.
pub(crate) const QUERIES: &str = "queries";

/// Whether each glob and each name is well formed and has its reason.
pub(crate) fn check(manifest: &Manifest) -> Result<(), ComponentError> {
    entries(FILES, &manifest.files, is_glob, GLOB)?;
    entries(QUERIES, &manifest.queries, is_name, QUERY)
}

/// What a glob must be.
const GLOB: &str = "a path below the root without a leading slash, such as sys/class/net/*/speed, in which \
                    `*` stands for any part of one name (no `**`)";
/// What a query's name must be.
const QUERY: &str =
    "a query's name: a letter, then letters, digits or `-`, at most 64 in all, such as lspci";

fn entries(
    table: &str,
    entries: &BTreeMap<String, String>,
    is_well_formed: fn(&str) -> bool,
    needed: &str,
) -> Result<(), ComponentError> {
    let wrong = |what: String| Err(ComponentError::Manifest(what));
    if entries.len() > MAX_ENTRIES {
        let count = entries.len();
        return wrong(format!(
            "[{table}] has {count} entries; at most {MAX_ENTRIES} are allowed"
        ));
    }
    for (entry, reason) in entries {
        let shown: String = entry.chars().take(80).collect();
        if !is_well_formed(entry) {
            return wrong(format!("[{table}] {shown:?} is not {needed}"));
        }
        if reason.trim().is_empty() || reason.len() > MAX_REASON {
            return wrong(format!("[{table}] {shown:?} must say why it is needed"));
        }
    }
    Ok(())
}

/// Whether a stage that imports an interface says what it reads through it, and the other way round.
/// `imported`: whether the component imports a function of that interface.
pub(crate) fn agree(
    manifest: &Manifest,
    imported: impl Fn(&str) -> bool,
) -> Result<(), ComponentError> {
    for (interface, entries, each) in [
        (FILES, &manifest.files, "glob that it reads"),
        (QUERIES, &manifest.queries, "query that it asks"),
    ] {
        match (imported(interface), entries.is_empty()) {
            (true, true) => {
                return Err(ComponentError::Disagrees(format!(
                    "the component imports `{interface}`, and its manifest names nothing to read through \
                     it; add [{interface}] with each {each} and the reason to stage.toml, or, in Rust, \
                     `{interface}!` to the code"
                )));
            }
            (false, false) => {
                return Err(ComponentError::Disagrees(format!(
                    "the manifest has [{interface}], and the component does not import `{interface}`; \
                     remove [{interface}]"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a text is a glob that a manifest may name.
fn is_glob(text: &str) -> bool {
    let is_name = |name: &str| !matches!(name, "" | "." | "..") && !name.contains("**");
    text.len() <= MAX_GLOB && !text.contains(char::is_control) && text.split('/').all(is_name)
}

/// Reads what the SDK left in a module: a line `#REASON`, then a line for each entry that it stands for, and
/// so on. An entry that is named twice has both reasons.
pub(crate) fn from_section(
    section: &[u8],
    entries: &mut BTreeMap<String, String>,
) -> Result<(), ComponentError> {
    let wrong = |reason: &str| ComponentError::Manifest(format!("files! or queries!: {reason}"));
    let text = std::str::from_utf8(section).map_err(|_| wrong("a text is not UTF-8"))?;
    let mut reason = None;
    for line in text.lines() {
        if let Some(begins) = line.strip_prefix('#') {
            reason = Some(begins.trim());
            continue;
        }
        let reason = reason.ok_or_else(|| wrong("an entry has no doc comment with its reason"))?;
        let known = entries.entry(line.to_owned()).or_default();
        if known.is_empty() {
            *known = reason.to_owned();
        } else if !known.split("; ").any(|other| other == reason) {
            *known = format!("{known}; {reason}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_names_are_checked() {
        for good in ["proc/cpuinfo", "sys/class/net/*/speed", "sys/a..b/.x"] {
            assert!(is_glob(good), "{good}");
        }
        for bad in [
            "",
            "/sys",
            "sys/",
            "sys/../etc",
            "sys/**",
            "sys/a\0",
            "a\nb",
        ] {
            assert!(!is_glob(bad), "{bad:?}");
        }
        assert!(is_name("tpm2-pcrread"));
        for bad in ["", "8", "a b", "../x"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_section_is_reasons_each_with_its_entries() {
        let mut entries = BTreeMap::new();
        let section = b"# to see clocks\nproc/cpuinfo\nsys/a\n# to count\nproc/cpuinfo\n";
        from_section(section, &mut entries).expect("a section");
        assert_eq!(entries["proc/cpuinfo"], "to see clocks; to count");
        assert_eq!(entries["sys/a"], "to see clocks");
        assert!(from_section(b"proc/cpuinfo\n", &mut entries).is_err());
    }
}
