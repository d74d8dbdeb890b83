//! The tables of the System Management BIOS (DMTF DSP0134), as far as the host itself must know them: who the
//! machine is, whether people carry it about, and what is scrubbed. What a machine is made of is for stages to
//! read. The parser trusts no length: firmware writes them, and firmware is often wrong.

use crate::placeholder::real;

/// What the tables told. Texts that are placeholders are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tables {
    /// The structures, in order.
    structures: Vec<Structure>,
    /// Major and minor version of the specification; 0.0 where it is not known.
    version: (u8, u8),
}

/// One structure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    kind: u8,
    bytes: Vec<u8>,
    strings: Vec<String>,
}

/// Structure types (DSP0134, 7).
pub mod kind {
    /// System information.
    pub const SYSTEM: u8 = 1;
    /// Baseboard.
    pub const BOARD: u8 = 2;
    /// Chassis.
    pub const CHASSIS: u8 = 3;
    /// IPMI device.
    pub const IPMI: u8 = 38;
    /// End of table.
    pub const END: u8 = 127;
}

impl Tables {
    /// Reads the tables; `entry` is the entry point, which tells the version.
    pub fn parse(mut table: &[u8], entry: &[u8]) -> Self {
        let mut structures = Vec::new();
        while let [kind, length, ..] = *table {
            let length = usize::from(length);
            let Some(bytes) = table.get(..length).filter(|b| b.len() >= 4) else {
                break;
            };
            let after = table.get(length..).unwrap_or_default();
            let end = after.windows(2).position(|pair| pair == [0, 0]);
            let strings = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
            structures.push(Structure {
                kind,
                bytes: bytes.to_vec(),
                strings: strings.split(|b| *b == 0).map(text).collect(),
            });
            let Some(end) = end else { break };
            if kind == kind::END {
                break;
            }
            table = after.get(end + 2..).unwrap_or_default();
        }
        Self {
            structures,
            version: version(entry),
        }
    }

    /// The structures of one type.
    pub fn all(&self, kind: u8) -> impl Iterator<Item = &Structure> {
        self.structures.iter().filter(move |s| s.kind == kind)
    }

    /// The first structure of one type.
    pub fn first(&self, kind: u8) -> Option<&Structure> {
        self.all(kind).next()
    }

    /// Serial numbers and asset tags.
    pub fn serials(&self) -> Vec<String> {
        /// Structures and where their serial number and asset tag stand (DMTF DSP0134).
        const PLACES: [(u8, &[usize]); 7] = [
            (1, &[0x07]),
            (2, &[0x07, 0x08]),
            (3, &[0x07, 0x08]),
            (4, &[0x20, 0x21]),
            (17, &[0x18, 0x19]),
            (22, &[0x07]),
            (39, &[0x08, 0x09]),
        ];
        let places = PLACES.iter().flat_map(|(kind, offsets)| {
            let structures = self.all(*kind);
            structures.flat_map(|s| offsets.iter().filter_map(|offset| s.text(*offset)))
        });
        places.collect()
    }

    /// The machine's UUID as it stands in the table.
    pub fn raw_uuid(&self) -> Option<&[u8]> {
        self.first(kind::SYSTEM)?.bytes.get(8..24)
    }

    /// The machine's UUID. Since 2.6 its first three fields are little-endian.
    pub fn uuid(&self) -> Option<String> {
        let mut bytes: [u8; 16] = self.raw_uuid()?.try_into().ok()?;
        if self.version >= (2, 6) || self.version == (0, 0) {
            for range in [0..4, 4..6, 6..8] {
                bytes.get_mut(range)?.reverse();
            }
        }
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let parts = [
            hex.get(..8)?,
            hex.get(8..12)?,
            hex.get(12..16)?,
            hex.get(16..20)?,
            hex.get(20..)?,
        ];
        real(&parts.join("-"))
    }
}

fn version(entry: &[u8]) -> (u8, u8) {
    let at = |i: usize| entry.get(i).copied().unwrap_or(0);
    match entry {
        [b'_', b'S', b'M', b'3', b'_', ..] => (at(7), at(8)),
        [b'_', b'S', b'M', b'_', ..] => (at(6), at(7)),
        _ => (0, 0),
    }
}

fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let printable = |c: &char| !c.is_control();
    text.chars()
        .filter(printable)
        .collect::<String>()
        .trim()
        .to_owned()
}

impl Structure {
    /// The text whose number stands at `offset`, unless it is a placeholder.
    pub fn text(&self, offset: usize) -> Option<String> {
        let number = usize::from(self.byte(offset)?);
        real(self.strings.get(number.checked_sub(1)?)?)
    }

    /// A byte.
    pub fn byte(&self, offset: usize) -> Option<u8> {
        self.bytes.get(offset).copied()
    }
}

/// Whether a chassis of this type is one that people carry about.
pub fn is_portable(number: u8) -> bool {
    matches!(number & 0x7f, 8..=11 | 14 | 30..=32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_structure_and_its_texts_are_read() {
        let table = [
            1, 8, 0, 0, 1, 2, 3, 9, b'A', b'c', b'm', b'e', 0, b'N', b'o', b'n', b'e', 0, b'X', 0,
            0, 127, 4, 0, 0, 0, 0,
        ];
        let tables = Tables::parse(&table, b"");
        let system = tables.first(kind::SYSTEM).expect("type 1");
        assert_eq!(system.text(4).as_deref(), Some("Acme"));
        assert_eq!(system.text(5), None);
        assert_eq!(system.text(6).as_deref(), Some("X"));
        assert_eq!(system.text(7), None);
        assert_eq!(system.text(200), None);
    }

    #[test]
    fn a_uuid_has_little_endian_fields_since_2_6() {
        let mut table = vec![1, 27, 0, 0, 0, 0, 0, 0];
        table.extend([
            0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
            0xee, 0xff, 0, 0, 0, 0, 0,
        ]);
        let new = Tables::parse(&table, b"_SM3_xx\x03\x02");
        assert_eq!(
            new.uuid().as_deref(),
            Some("00112233-4455-6677-8899-aabbccddeeff")
        );
        let old = Tables::parse(&table, b"_SM_xx\x02\x04");
        assert_eq!(
            old.uuid().as_deref(),
            Some("33221100-5544-7766-8899-aabbccddeeff")
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(table in proptest::collection::vec(any::<u8>(), 0..400), entry in proptest::collection::vec(any::<u8>(), 0..30)) {
            let tables = Tables::parse(&table, &entry);
            for kind in 0..=255 {
                for s in tables.all(kind) {
                    for offset in 0..64 {
                        let _ = s.text(offset);
                    }
                }
            }
            let _ = tables.uuid();
        }
    }
}
