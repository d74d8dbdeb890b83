//! What a stage reads of its machine, written down once: the constants that it reads by are those that its
//! manifest names.

/// Declares the files that a stage reads through `files`: for each group of globs (a `&[&str]`, best the
/// constant that the stage reads by) a doc comment with the reason, for whoever grants them.
///
/// ```text
/// vetting_stage::files! {
///     /// to see throttling and frequencies
///     counted::FILES;
/// }
/// ```
///
/// In a glob `*` stands for any part of one name. The host denies what is not declared. The globs travel in
/// the module's custom section `vetting:files`, from where the build tool takes them into the manifest.
#[macro_export]
macro_rules! files {
    ($($(#[doc = $reason:literal])+ $globs:expr;)+) => {
        $crate::__reads!("vetting:files", &[$((::core::concat!($($reason),+), $globs)),+]);
    };
}

/// Declares the queries that a stage asks through `queries`, by name, in the way of [`files!`].
///
/// ```text
/// vetting_stage::queries! {
///     /// to know the links of PCI Express
///     &["lspci"];
/// }
/// ```
#[macro_export]
macro_rules! queries {
    ($($(#[doc = $reason:literal])+ $names:expr;)+) => {
        $crate::__reads!("vetting:queries", &[$((::core::concat!($($reason),+), $names)),+]);
    };
}

/// Leaves groups in a custom section of that name: a line `#REASON`, then a line for each entry.
#[doc(hidden)]
#[macro_export]
macro_rules! __reads {
    ($name:tt, $groups:expr) => {
        #[cfg(target_family = "wasm")]
        const _: () = {
            const GROUPS: &[$crate::__Group] = $groups;
            #[used]
            #[unsafe(link_section = $name)]
            static SECTION: [u8; $crate::__lines_length(GROUPS)] = $crate::__lines(GROUPS);
        };
    };
}

/// A reason, and what it stands for.
#[doc(hidden)]
pub type __Group = (&'static str, &'static [&'static str]);

/// How many bytes the lines of groups have together.
#[doc(hidden)]
pub const fn __lines_length(groups: &[__Group]) -> usize {
    let (mut length, mut group) = (0, 0);
    while group < groups.len() {
        let (reason, entries) = groups[group];
        // The sign before the reason, and the end of its line.
        length += reason.len() + 2;
        let mut entry = 0;
        while entry < entries.len() {
            length += entries[entry].len() + 1;
            entry += 1;
        }
        group += 1;
    }
    length
}

/// The lines of groups.
#[doc(hidden)]
pub const fn __lines<const LENGTH: usize>(groups: &[__Group]) -> [u8; LENGTH] {
    let mut lines = [b'\n'; LENGTH];
    let (mut at, mut group) = (0, 0);
    while group < groups.len() {
        let (reason, entries) = groups[group];
        lines[at] = b'#';
        at = put(&mut lines, at + 1, reason);
        let mut entry = 0;
        while entry < entries.len() {
            at = put(&mut lines, at, entries[entry]);
            entry += 1;
        }
        group += 1;
    }
    lines
}

/// Puts a text there; gives where the next line begins.
const fn put<const LENGTH: usize>(lines: &mut [u8; LENGTH], at: usize, text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut byte = 0;
    while byte < bytes.len() {
        lines[at + byte] = bytes[byte];
        byte += 1;
    }
    at + bytes.len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_lines_as_constants() {
        const GROUPS: &[__Group] = &[(" why", &["a/b", "c"]), (" because", &["d"])];
        const LINES: [u8; __lines_length(GROUPS)] = __lines(GROUPS);
        assert_eq!(&LINES, b"# why\na/b\nc\n# because\nd\n");
    }
}
