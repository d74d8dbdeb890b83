//! The head of a text from outside: what is stored, held in memory or shown of it is bounded.

use std::borrow::Cow;

/// A text of at most `most` bytes, and a few more that say how much was cut.
pub(crate) fn head(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(most);
    let (head, rest) = text.split_at(end);
    Cow::Owned(format!("{head}… ({} bytes cut)", rest.len()))
}

/// The same of an owned text, which is not copied where it is short enough.
pub(crate) fn to_head(text: &mut String, most: usize) {
    if text.len() > most {
        *text = head(text, most).into_owned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_keeps_characters_whole_and_says_how_much_is_missing() {
        assert_eq!(head("short", 5), "short");
        assert_eq!(head("äöü", 3), "ä… (4 bytes cut)");
        let mut long = "x".repeat(10_000);
        to_head(&mut long, 100);
        assert!(
            long.len() < 140 && long.ends_with("(9900 bytes cut)"),
            "{long}"
        );
    }
}
