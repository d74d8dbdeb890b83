//! Texts of strangers, as they may be shown. Stages, tools, firmware and agents write what reaches
//! terminals, logs, pages and reports; none of it may steer the terminal, hide, or turn around what stands
//! beside it.
//!
//! What may not be shown is escaped as in JSON (`\u202e`, above U+FFFF as two), so that a JSON text that was
//! made printable is still the same JSON.

use std::fmt::Write as _;
use std::io;

/// One line: everything that may not be shown is escaped, line ends and tabs too.
pub fn printable(text: &str) -> String {
    escaped(text, |_| false)
}

/// A text of many lines, whose line ends and tabs stay.
pub fn printable_lines(text: &str) -> String {
    escaped(text, |c| matches!(c, '\n' | '\t'))
}

/// Whether a character may be shown as it is.
pub fn is_printable(c: char) -> bool {
    !c.is_control() && !is_invisible(c)
}

fn escaped(text: &str, kept: impl Fn(char) -> bool) -> String {
    let mut clean = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if is_printable(c) || kept(c) => clean.push(c),
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _infallible = write!(clean, "\\u{unit:04x}");
                }
            }
        }
    }
    clean
}

/// Characters without a shape of their own, which change or hide others: Unicode's separators of lines and
/// paragraphs, its property Default_Ignorable_Code_Point (DerivedCoreProperties.txt of Unicode 16) but for
/// the two selectors that choose between a sign's text and its picture (U+FE0E, U+FE0F), annotations, and
/// the two non-characters that XML 1.0 has no place for.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A writer of lines that are printable: for logs. Each call brings whole characters.
#[derive(Debug)]
pub struct Lines<W>(pub W);

impl<W: io::Write> io::Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        self.0.write_all(printable_lines(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_steers_hides_or_turns_around_is_shown_instead() {
        let shown = printable("a\u{1b}[31m\n\u{202e}b\u{0}\t\u{9b}2J\u{e0041}\u{2028}c");
        assert_eq!(
            shown,
            "a\\u001b[31m\\n\\u202eb\\u0000\\t\\u009b2J\\udb40\\udc41\\u2028c"
        );
        assert_eq!(printable_lines("a\n\tb\r\u{ffff}"), "a\n\tb\\r\\uffff");
        let plain = "Ärger über 90 °C ✓ ⚠\u{fe0f} 温度";
        assert_eq!(printable(plain), plain);
    }

    #[test]
    fn json_stays_the_same_json() {
        let hostile = "\u{1b}\u{7f}\u{85}\u{200b}\u{202e}\u{e0041}\u{feff}\"\\\n\t\u{2029}";
        let value = serde_json::json!({ hostile: [hostile] });
        for text in [value.to_string(), format!("{value:#}")] {
            let shown = printable_lines(&text);
            assert!(
                shown.chars().all(|c| is_printable(c) || c == '\n'),
                "{shown}"
            );
            let read: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
            assert_eq!(read, value);
        }
    }

    #[test]
    fn a_log_is_made_of_printable_lines() {
        let mut log = Vec::new();
        let mut lines = Lines(&mut log);
        lines
            .write_all("one\u{1b}[2J\ntwo\n".as_bytes())
            .expect("written");
        assert_eq!(log, b"one\\u001b[2J\ntwo\n");
    }
}
