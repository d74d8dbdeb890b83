//! The rows of `dmidecode`'s text: blocks that begin with a handle, and what their values mean.

use super::{Code, RawStructure};

/// One row: its key, its value, and the list below it.
struct Row<'a> {
    key: &'a str,
    value: &'a str,
    list: Vec<&'a str>,
    taken: bool,
}

/// One structure as it was printed.
pub(super) struct Block<'a> {
    pub kind: u8,
    pub handle: u16,
    length: u8,
    rows: Vec<Row<'a>>,
}

/// The blocks, in order.
pub(super) fn blocks<'a>(text: &'a str, unread: &mut Vec<String>) -> Vec<Block<'a>> {
    let mut blocks: Vec<Block<'a>> = Vec::new();
    let (mut indent, mut open) = (None, false);
    let whole = text.rfind('\n').and_then(|end| text.split_at_checked(end));
    let (whole, last) = whole.unwrap_or(("", text));
    if !last.trim().is_empty() {
        // A row without an end may be cut in its value.
        unread.push(last.trim().to_owned());
    }
    for line in whole.lines() {
        let row = line.trim();
        if let Some(rest) = row.strip_prefix("Handle 0x") {
            (indent, open) = (None, false);
            match head(rest) {
                Some(block) => {
                    blocks.push(block);
                    open = true;
                }
                None if unread.len() < super::MAX_UNREAD => unread.push(row.to_owned()),
                None => {}
            }
            continue;
        }
        let Some(block) = blocks.last_mut().filter(|_| open) else {
            continue;
        };
        if row.is_empty() {
            // The flags of some processors end in an empty line; a block ends at the next handle.
            continue;
        }
        let depth = line.len().saturating_sub(line.trim_start().len());
        // The first line after the handle is the title, which has no colon and no indentation of its own.
        let Some((key, value)) = row.split_once(':') else {
            match block.rows.last_mut() {
                Some(last) => last.list.push(row),
                None => indent = None,
            }
            continue;
        };
        let base = *indent.get_or_insert(depth);
        match block.rows.last_mut() {
            Some(last) if depth > base => last.list.push(row),
            _ => block.rows.push(Row {
                key: key.trim(),
                value: value.trim(),
                list: Vec::new(),
                taken: false,
            }),
        }
    }
    blocks
}

/// `0011, DMI type 17, 92 bytes`, after `Handle 0x`.
fn head<'a>(text: &str) -> Option<Block<'a>> {
    let (handle, rest) = text.split_once(',')?;
    let (kind, length) = rest.trim().strip_prefix("DMI type ")?.split_once(',')?;
    let length = length.trim().strip_suffix("bytes")?;
    Some(Block {
        handle: u16::from_str_radix(handle.trim(), 16).ok()?,
        kind: kind.trim().parse().ok()?,
        length: length.trim_end_matches('.').trim().parse().ok()?,
        rows: Vec::new(),
    })
}

impl<'a> Block<'a> {
    fn row(&mut self, key: &str) -> Option<&mut Row<'a>> {
        let mut rows = self.rows.iter_mut();
        let row = rows.find(|row| row.key == key)?;
        row.taken = true;
        Some(row)
    }

    /// A value; `None` where dmidecode prints that there is none.
    pub fn text(&mut self, key: &str) -> Option<String> {
        let value = self.row(key)?.value;
        let absent = ["", "Not Specified", "<BAD INDEX>", "<OUT OF SPEC>"];
        (!absent.contains(&value)).then(|| value.to_owned())
    }

    /// The rows below a key.
    pub fn list(&mut self, key: &str) -> Vec<&'a str> {
        self.row(key)
            .map(|row| row.list.clone())
            .unwrap_or_default()
    }

    /// A number, with or without a unit behind it.
    pub fn number<N: std::str::FromStr>(&mut self, key: &str) -> Option<N> {
        self.row(key)?.value.split(' ').next()?.parse().ok()
    }

    /// A number of two bytes in hexadecimal digits: a handle.
    pub fn hex(&mut self, key: &str) -> Option<u16> {
        let digits = self.row(key)?.value.strip_prefix("0x")?;
        u16::from_str_radix(digits, 16).ok()
    }

    /// An address in hexadecimal digits.
    pub fn address(&mut self, key: &str) -> Option<u64> {
        let digits = self.row(key)?.value.strip_prefix("0x")?;
        u64::from_str_radix(digits, 16).ok()
    }

    /// A size in bytes; `None` is printed for zero.
    pub fn size(&mut self, key: &str) -> Option<u64> {
        match self.row(key)?.value {
            "None" => Some(0),
            value => size(value),
        }
    }

    /// A word of the specification with its number.
    pub fn code(&mut self, key: &str, word: fn(u16) -> Option<&'static str>) -> Option<Code> {
        code(self.row(key)?.value, word)
    }

    /// What no field took.
    pub fn left(&self) -> Option<RawStructure> {
        let rows = self.rows.iter().filter(|row| !row.taken);
        let strings: Vec<String> = rows
            .map(|row| match row.list.as_slice() {
                [] => format!("{}: {}", row.key, row.value),
                list => format!("{}: {} {}", row.key, row.value, list.join("; ")),
            })
            .collect();
        (!strings.is_empty()).then(|| RawStructure {
            kind: self.kind,
            handle: self.handle,
            length: self.length,
            data: String::new(),
            strings,
        })
    }
}

/// A word of the specification with its number.
pub(super) fn code(text: &str, word: fn(u16) -> Option<&'static str>) -> Option<Code> {
    let text = match text {
        "Intel Optane DC persistent memory" => "Intel Optane persistent memory",
        text => text,
    };
    let same = |code: &u16| word(*code).is_some_and(|word| word.eq_ignore_ascii_case(text));
    let numbers = (0..=0xff_u16).chain(0x100..0x280);
    let code = numbers.into_iter().find(same)?;
    Some(Code {
        code,
        word: word(code),
    })
}

/// `16384 MB`, `64 GB`, `512 kB`, `3 TB`, `16 GiB`: units of 1,024.
pub(super) fn size(text: &str) -> Option<u64> {
    let (amount, unit) = text.split_once(' ')?;
    let amount: u64 = amount.parse().ok()?;
    let shift = match unit.trim() {
        "bytes" => 0,
        "kB" | "KB" | "KiB" => 10,
        "MB" | "MiB" => 20,
        "GB" | "GiB" => 30,
        "TB" | "TiB" => 40,
        _ => return None,
    };
    amount.checked_mul(1 << shift)
}
