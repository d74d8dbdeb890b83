//! JSON documents within other text: read leniently, so that a cut or disturbed one still gives what it has.

use serde_json::{Map, Number, Value};

/// How deep objects and arrays may nest.
const MAX_DEPTH: usize = 64;

/// One JSON object that was found.
pub(crate) struct Document {
    pub value: Map<String, Value>,
    /// Whether it came to its end.
    pub whole: bool,
}

/// What a text holds.
#[derive(Default)]
pub(crate) struct Found {
    pub documents: Vec<Document>,
    /// The lines before, between and after the documents, without white space around them.
    pub outside: Vec<String>,
    /// Lines within documents that are not JSON, and members that came twice.
    pub unread: Vec<String>,
}

/// Reads every JSON object of a text.
pub(crate) fn find(bytes: &[u8]) -> Found {
    let mut found = Found::default();
    let mut text_from = 0;
    let mut at = 0;
    while let Some(start) = next_start(bytes, at) {
        lines(bytes.get(text_from..start), &mut found.outside);
        let mut reader = Reader {
            bytes,
            at: start.saturating_add(1),
            cut: false,
            broken: false,
            unread: &mut found.unread,
        };
        let value = reader.object(0);
        let whole = !reader.cut && !reader.broken;
        at = reader.at;
        text_from = at;
        found.documents.push(Document { value, whole });
    }
    lines(bytes.get(text_from..), &mut found.outside);
    found
}

/// Adds the lines of a text that are not empty.
pub(crate) fn lines(bytes: Option<&[u8]>, to: &mut Vec<String>) {
    let text = String::from_utf8_lossy(bytes.unwrap_or_default());
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    to.extend(lines.map(str::to_owned));
}

/// Where the next object begins: a brace before a quote, a closing brace or the end.
fn next_start(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        let start = at.saturating_add(rest.iter().position(|byte| *byte == b'{')?);
        let next = start.saturating_add(1);
        let after = bytes.get(next..).unwrap_or_default();
        match after.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None | Some(b'"' | b'}') => return Some(start),
            Some(_) => at = next,
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    cut: bool,
    broken: bool,
    unread: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        match rest.iter().position(|byte| !byte.is_ascii_whitespace()) {
            Some(length) => {
                self.at = self.at.saturating_add(length);
                rest.get(length).copied()
            }
            None => {
                self.at = self.bytes.len();
                self.cut = true;
                None
            }
        }
    }

    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// After the opening brace.
    fn object(&mut self, depth: usize) -> Map<String, Value> {
        let mut members = Map::new();
        while !self.broken {
            match self.peek() {
                None => break,
                Some(b'}') => {
                    self.step();
                    break;
                }
                Some(b',') => self.step(),
                Some(b'"') => {
                    let Some(name) = self.string() else { continue };
                    if self.peek() != Some(b':') {
                        if !self.cut {
                            self.skip_line();
                        }
                        continue;
                    }
                    self.step();
                    if let Some(value) = self.value(depth) {
                        if members.contains_key(&name) {
                            self.unread.push(format!("again {name}: {value}"));
                        } else {
                            members.insert(name, value);
                        }
                    }
                }
                Some(b'{' | b'[' | b']') => self.broken = true,
                Some(_) => self.skip_line(),
            }
        }
        members
    }

    /// After the opening bracket.
    fn array(&mut self, depth: usize) -> Vec<Value> {
        let mut values = Vec::new();
        while !self.broken {
            match self.peek() {
                None => break,
                Some(b']') => {
                    self.step();
                    break;
                }
                Some(b',') => self.step(),
                Some(b'}' | b':') => self.broken = true,
                Some(_) => values.extend(self.value(depth)),
            }
        }
        values
    }

    /// `None`: no value is here. Words that are not a value are skipped up to the end of their line.
    fn value(&mut self, depth: usize) -> Option<Value> {
        match self.peek()? {
            b'{' | b'[' if depth >= MAX_DEPTH => {
                self.broken = true;
                None
            }
            b'{' => {
                self.step();
                Some(Value::Object(self.object(depth.saturating_add(1))))
            }
            b'[' => {
                self.step();
                Some(Value::Array(self.array(depth.saturating_add(1))))
            }
            b'"' => self.string().map(Value::String),
            b'}' | b']' | b',' | b':' => None,
            _ => self.word(),
        }
    }

    /// A number, `true`, `false`, `null`; `nan` and the like become their text.
    fn word(&mut self) -> Option<Value> {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.iter().take_while(|byte| part(byte)).count();
        let word = std::str::from_utf8(rest.get(..length)?).ok()?;
        let Some(after) = rest.get(length) else {
            // The rest of a number may be missing.
            self.at = self.bytes.len();
            self.cut = true;
            return None;
        };
        let value = match word {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ => match number(word) {
                Some(number) => Value::Number(number),
                None if not_a_number(word) => Value::String(word.to_owned()),
                None => {
                    self.skip_line();
                    return None;
                }
            },
        };
        if !after.is_ascii_whitespace() && !matches!(after, b',' | b'}' | b']') {
            self.skip_line();
            return None;
        }
        self.at = start.saturating_add(length);
        Some(value)
    }

    /// At the opening quote. A text that does not end on its line is skipped.
    fn string(&mut self) -> Option<String> {
        self.step();
        let mut text: Vec<u8> = Vec::new();
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n');
            let Some(length) = rest.iter().position(special) else {
                self.at = self.bytes.len();
                self.cut = true;
                return None;
            };
            let (plain, after) = rest.split_at_checked(length)?;
            self.at = self.at.saturating_add(length).saturating_add(1);
            let end = after.first() == Some(&b'"');
            if end && text.is_empty() {
                return Some(String::from_utf8_lossy(plain).into_owned());
            }
            text.extend_from_slice(plain);
            if end {
                return Some(String::from_utf8_lossy(&text).into_owned());
            }
            if after.first() == Some(&b'\n') {
                let line = String::from_utf8_lossy(&text);
                self.unread.push(line.trim().to_owned());
                return None;
            }
            self.escape(&mut text);
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let byte = self.bytes.get(self.at).copied().unwrap_or(b'"');
        if self.at < self.bytes.len() {
            self.step();
        }
        let plain = match byte {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'u' => {
                let code = self.unicode();
                let mut buffer = [0; 4];
                text.extend_from_slice(code.encode_utf8(&mut buffer).as_bytes());
                return;
            }
            other => other,
        };
        text.push(plain);
    }

    fn unicode(&mut self) -> char {
        let Some(first) = self.four_digits() else {
            return char::REPLACEMENT_CHARACTER;
        };
        let pair = self.bytes.get(self.at..self.at.saturating_add(2)) == Some(b"\\u");
        if !(0xd800..0xdc00).contains(&first) || !pair {
            return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        self.at = self.at.saturating_add(2);
        let second = self.four_digits().unwrap_or(0);
        let low = second.saturating_sub(0xdc00) & 0x3ff;
        let high = first.saturating_sub(0xd800) << 10;
        let code = high.saturating_add(low).saturating_add(0x10000);
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn four_digits(&mut self) -> Option<u32> {
        let end = self.at.saturating_add(4);
        let digits = std::str::from_utf8(self.bytes.get(self.at..end)?).ok()?;
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.at = end;
        Some(code)
    }

    fn skip_line(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n');
        let length = end.unwrap_or(rest.len());
        lines(rest.get(..length), self.unread);
        self.at = self.at.saturating_add(length).saturating_add(1);
        self.at = self.at.min(self.bytes.len());
    }
}

fn number(word: &str) -> Option<Number> {
    let digits = word.trim_start_matches(['-', '+']);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole && let Ok(number) = word.parse::<u64>() {
        return Some(number.into());
    }
    if whole && let Ok(number) = word.parse::<i64>() {
        return Some(number.into());
    }
    Number::from_f64(word.parse().ok()?)
}

fn not_a_number(word: &str) -> bool {
    let word = word.trim_start_matches(['-', '+']);
    ["nan", "inf", "infinity"]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests;
