//! A tolerant reader of JSON: borrows from the text, keeps numbers as they are written, and gives what
//! stands before a cut or damage.

use std::borrow::Cow;

use super::members::{Members, Node};

/// Objects and lists within each other that are read; smartctl prints fewer than 10.
const MAX_DEPTH: usize = 64;

/// Reads the object at the start of `text`, up to its end or to the first damage. The number is where the
/// text goes on after it, or after its last whole value.
pub(super) fn object(text: &str) -> Option<(Members<'_>, usize)> {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        whole: 0,
        damaged: false,
    };
    match reader.value(0)? {
        Node::Object(members) => Some((members, reader.whole)),
        _ => None,
    }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// The end of the last whole value.
    whole: usize,
    /// Whether the text is cut or not JSON at `at`: every open object and list ends there.
    damaged: bool,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn skip_space(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..)?;
        let is_space = |byte: &u8| matches!(*byte, b' ' | b'\n' | b'\r' | b'\t');
        let length = rest.iter().position(|byte| !is_space(byte))?;
        self.at = self.at.saturating_add(length);
        rest.get(length).copied()
    }

    /// The next value; `None` where none stands whole.
    fn value(&mut self, depth: usize) -> Option<Node<'a>> {
        let found = match self.skip_space() {
            Some(b'{') if depth < MAX_DEPTH => Some(Node::Object(self.members(depth))),
            Some(b'[') if depth < MAX_DEPTH => Some(Node::List(self.list(depth))),
            Some(b'"') => self.text().map(Node::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Node::Boolean(true)),
            Some(b'f') => self.word("false", Node::Boolean(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => None,
        };
        if found.is_none() {
            self.damaged = true;
        } else if !self.damaged {
            self.whole = self.at;
        }
        found
    }

    fn members(&mut self, depth: usize) -> Members<'a> {
        let mut members = Members::default();
        self.step();
        self.whole = self.at;
        let mut is_first = true;
        while !self.ends(b'}', is_first) {
            is_first = false;
            let key = match self.skip_space() {
                Some(b'"') => self.text(),
                _ => None,
            };
            let colon = key.is_some() && self.skip_space() == Some(b':');
            if !colon {
                self.damaged = true;
                break;
            }
            self.step();
            if let (Some(key), Some(value)) = (key, self.value(depth.saturating_add(1))) {
                members.push(key, value);
            }
            if self.damaged {
                break;
            }
        }
        members.close();
        members
    }

    fn list(&mut self, depth: usize) -> Vec<Node<'a>> {
        let mut list = Vec::new();
        self.step();
        self.whole = self.at;
        let mut is_first = true;
        while !self.ends(b']', is_first) {
            is_first = false;
            list.extend(self.value(depth.saturating_add(1)));
            if self.damaged {
                break;
            }
        }
        list
    }

    /// Whether the bracket follows, which is taken, or nothing of use. Takes the comma between two values.
    fn ends(&mut self, bracket: u8, is_first: bool) -> bool {
        match self.skip_space() {
            Some(byte) if byte == bracket => {
                self.step();
                true
            }
            Some(b',') if !is_first => {
                self.step();
                false
            }
            Some(_) if is_first => false,
            _ => {
                self.damaged = true;
                true
            }
        }
    }

    /// A text in quotes. One with a line feed in it lacks a quote.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let begin = self.at.checked_add(1)?;
        let rest = self.bytes.get(begin..)?;
        let stop = |byte: &u8| matches!(*byte, b'"' | b'\\' | b'\n');
        let length = rest.iter().position(stop)?;
        let plain = self.text.get(begin..begin.checked_add(length)?)?;
        self.at = begin.checked_add(length)?;
        match self.peek()? {
            b'"' => {
                self.step();
                Some(Cow::Borrowed(plain))
            }
            b'\\' => self.escaped(plain).map(Cow::Owned),
            _ => None,
        }
    }

    /// The text from its first backslash on.
    fn escaped(&mut self, plain: &str) -> Option<String> {
        let mut text = plain.to_owned();
        let mut rest = self.text.get(self.at..)?.chars();
        loop {
            match rest.next()? {
                '"' => break,
                '\n' => return None,
                '\\' => match rest.next()? {
                    'n' => text.push('\n'),
                    'r' => text.push('\r'),
                    't' => text.push('\t'),
                    'b' => text.push('\u{8}'),
                    'f' => text.push('\u{c}'),
                    'u' => {
                        let code = rest.as_str().get(..4)?;
                        let code = u32::from_str_radix(code, 16).ok()?;
                        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        rest.nth(3)?;
                    }
                    same => text.push(same),
                },
                other => text.push(other),
            }
        }
        self.at = self.bytes.len().saturating_sub(rest.as_str().len());
        Some(text)
    }

    /// A number that something follows: the last digits of one at the end may be cut.
    fn number(&mut self) -> Option<Node<'a>> {
        let begin = self.at;
        let rest = self.bytes.get(begin..)?;
        let part = |byte: &u8| matches!(*byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = rest.iter().position(|byte| !part(byte))?;
        self.at = begin.checked_add(length)?;
        let digits = self.text.get(begin..self.at)?;
        Some(Node::Number(digits))
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Option<Node<'a>> {
        let rest = self.bytes.get(self.at..)?;
        let is_word = rest.starts_with(word.as_bytes());
        self.at = self.at.checked_add(word.len())?;
        is_word.then_some(node)
    }
}
