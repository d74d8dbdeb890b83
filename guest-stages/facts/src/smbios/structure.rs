//! Structures: a header, a formatted area whose length the header gives, then texts up to two zero bytes.

use super::{Code, RawStructure};

/// One structure as bytes.
pub(super) struct Structure<'a> {
    /// The formatted area, header included; shorter than the header says where the table is cut.
    bytes: &'a [u8],
    kind: u8,
    handle: u16,
    length: u8,
    strings: Vec<&'a [u8]>,
}

/// Goes through the structures of a table.
pub(super) struct Walk<'a> {
    rest: &'a [u8],
    offset: usize,
    /// Whether the end of the table was reached.
    pub ended: bool,
    /// What could not be read.
    pub unread: Vec<String>,
}

impl<'a> Walk<'a> {
    pub fn new(table: &'a [u8]) -> Self {
        Walk {
            rest: table,
            offset: 0,
            ended: false,
            unread: Vec::new(),
        }
    }

    /// The next structure; `None` at the end, or where nothing more can be read.
    pub fn next(&mut self) -> Option<Structure<'a>> {
        while !self.ended {
            let &[kind, length, low, high, ..] = self.rest else {
                if self.rest.iter().any(|b| *b != 0) {
                    self.note("the table ends in the middle of a header");
                }
                return None;
            };
            if length >= 4 {
                return self.structure(kind, length, u16::from_le_bytes([low, high]));
            }
            if self.rest.iter().all(|b| *b == 0) {
                return None;
            }
            // A length that cannot be: the next structure may begin after the next two zero bytes.
            self.note(&format!(
                "type {kind} has a length of {length} bytes, and its header alone has 4"
            ));
            let after = self.rest.get(4..).unwrap_or_default();
            let end = strings_end(after)?;
            self.skip(end.saturating_add(4));
        }
        None
    }

    fn structure(&mut self, kind: u8, length: u8, handle: u16) -> Option<Structure<'a>> {
        let wanted = usize::from(length);
        let (bytes, after) = self
            .rest
            .split_at_checked(wanted)
            .unwrap_or((self.rest, &[]));
        self.ended = kind == 127;
        if bytes.len() < wanted {
            self.note(&format!(
                "type {kind}, handle {handle:#06x}: {} of {length} bytes",
                bytes.len()
            ));
            self.rest = &[];
            return None;
        }
        let end = strings_end(after);
        let text = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        let mut strings: Vec<&[u8]> = text.split(|b| *b == 0).collect();
        if end.is_some() {
            // The zero byte of the last text and the one after it.
            strings.truncate(strings.len().saturating_sub(2));
        } else {
            // What stands after the last zero byte is cut.
            strings.pop();
            if !self.ended {
                self.note(&format!(
                    "type {kind}, handle {handle:#06x}: the texts are not ended"
                ));
            }
        }
        if strings.iter().all(|text| text.is_empty()) {
            strings.clear();
        }
        let whole = wanted.saturating_add(end.unwrap_or(after.len()));
        self.skip(whole);
        Some(Structure {
            bytes,
            kind,
            handle,
            length,
            strings,
        })
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
        self.offset = self.offset.saturating_add(bytes);
    }

    fn note(&mut self, what: &str) {
        self.unread.push(format!("at byte {}: {what}", self.offset));
    }
}

/// Where the texts end, both zero bytes included.
fn strings_end(after: &[u8]) -> Option<usize> {
    let mut last = None;
    for (at, byte) in after.iter().enumerate() {
        if *byte == 0 {
            if last == Some(0) {
                return at.checked_add(1);
            }
            last = Some(0);
        } else {
            last = Some(1);
        }
    }
    None
}

/// Reads the fields of one structure. Where the structure ends before a field, the field is absent.
pub(super) struct Reader<'a> {
    structure: &'a Structure<'a>,
    version: Option<(u8, u8)>,
    unread: &'a mut Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(
        structure: &'a Structure<'a>,
        version: Option<(u8, u8)>,
        unread: &'a mut Vec<String>,
    ) -> Self {
        Reader {
            structure,
            version,
            unread,
        }
    }

    /// Type of the structure.
    pub fn kind(&self) -> u8 {
        self.structure.kind
    }

    /// Handle of the structure.
    pub fn handle(&self) -> u16 {
        self.structure.handle
    }

    /// Whether the specification's version is at least this one; `None` where it is not known.
    pub fn since(&self, major: u8, minor: u8) -> Option<bool> {
        self.version.map(|version| version >= (major, minor))
    }

    /// The text whose number stands at `offset`; `None` for number 0 and for an empty text.
    pub fn text(&mut self, offset: usize) -> Option<String> {
        let number = self.byte(offset).filter(|number| *number > 0)?;
        let index = usize::from(number).checked_sub(1)?;
        let Some(bytes) = self.structure.strings.get(index) else {
            self.unread.push(format!(
                "type {}, handle {:#06x}: byte {offset:#04x} names text {number} of {}",
                self.kind(),
                self.handle(),
                self.structure.strings.len()
            ));
            return None;
        };
        Some(text(bytes)).filter(|text| !text.is_empty())
    }

    /// Bytes of the formatted area.
    pub fn bytes(&self, offset: usize, count: usize) -> Option<&'a [u8]> {
        self.structure.bytes.get(offset..offset.checked_add(count)?)
    }

    fn array<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.bytes(offset, N)?.try_into().ok()
    }

    /// A byte.
    pub fn byte(&self, offset: usize) -> Option<u8> {
        self.structure.bytes.get(offset).copied()
    }

    /// A little-endian number of two bytes.
    pub fn word(&self, offset: usize) -> Option<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }

    /// A little-endian number of four bytes.
    pub fn dword(&self, offset: usize) -> Option<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }

    /// A little-endian number of eight bytes.
    pub fn qword(&self, offset: usize) -> Option<u64> {
        self.array(offset).map(u64::from_le_bytes)
    }

    /// A number of one byte with its word.
    pub fn code(&self, offset: usize, word: fn(u16) -> Option<&'static str>) -> Option<Code> {
        let code = u16::from(self.byte(offset)?);
        Some(Code {
            code,
            word: word(code),
        })
    }

    /// Handle of another structure; 0xFFFE and 0xFFFF name none.
    pub fn link(&self, offset: usize) -> Option<u16> {
        self.word(offset).filter(|handle| *handle < 0xfffe)
    }

    /// A PCI address of segment, bus, and device with function; `None` where the firmware gives none.
    pub fn pci_address(&self, offset: usize) -> Option<String> {
        let segment = self.word(offset)?;
        let bus = self.byte(offset.checked_add(2)?)?;
        let place = self.byte(offset.checked_add(3)?)?;
        let absent = segment == 0xffff || (bus == 0xff && place == 0xff);
        let (device, function) = (place >> 3, place & 7);
        (!absent).then(|| format!("{segment:04x}:{bus:02x}:{device:02x}.{function}"))
    }

    /// What the structure has after the last byte that this crate knows, as hexadecimal digits.
    pub fn beyond(&self, known: usize) -> Option<String> {
        let bytes = self.structure.bytes.get(known..)?;
        (!bytes.is_empty()).then(|| hex(bytes))
    }

    /// The structure as it is.
    pub fn raw(&self) -> RawStructure {
        RawStructure {
            kind: self.structure.kind,
            handle: self.structure.handle,
            length: self.structure.length,
            data: hex(self.structure.bytes.get(4..).unwrap_or_default()),
            strings: self.structure.strings.iter().map(|s| text(s)).collect(),
        }
    }
}

/// A text without control characters, and without white space around it.
fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if text.chars().any(char::is_control) {
        let kept: String = text.chars().filter(|c| !c.is_control()).collect();
        return kept.trim().to_owned();
    }
    text.trim().to_owned()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or('?');
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}
