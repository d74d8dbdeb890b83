//! The entry point, which says the version of the specification and how long the table is.

use serde::Serialize;

/// The two kinds of entry points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// `_SM_`, of SMBIOS 2.1 and later.
    Bits32,
    /// `_SM3_`, of SMBIOS 3.0 and later.
    Bits64,
}

/// What an entry point says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryPoint {
    /// Which kind it is.
    pub kind: EntryKind,
    /// Major version of the specification: 3.
    pub major: u8,
    /// Minor version of the specification: 2.
    pub minor: u8,
    /// Revision of the document; `None` of 32-bit ones.
    pub revision: Option<u8>,
    /// Length of the table in bytes; of 64-bit ones the most that it may have.
    pub table_bytes: Option<u32>,
    /// Number of structures; `None` of 64-bit ones.
    pub structures: Option<u16>,
    /// Whether its bytes sum up to zero; `None` where it is cut.
    pub checksum_holds: Option<bool>,
}

/// Reads an entry point; `None` for anything else.
pub(super) fn read(bytes: &[u8]) -> Option<EntryPoint> {
    let at = |offset: usize| bytes.get(offset).copied();
    let kind = match bytes {
        [b'_', b'S', b'M', b'3', b'_', ..] => EntryKind::Bits64,
        [b'_', b'S', b'M', b'_', ..] => EntryKind::Bits32,
        _ => return None,
    };
    Some(match kind {
        EntryKind::Bits64 => EntryPoint {
            kind,
            major: at(7)?,
            minor: at(8)?,
            revision: at(9),
            table_bytes: dword(bytes, 12),
            structures: None,
            checksum_holds: checksum(bytes, at(6)?),
        },
        EntryKind::Bits32 => {
            let (major, minor) = corrected(at(6)?, at(7)?);
            EntryPoint {
                kind,
                major,
                minor,
                revision: None,
                table_bytes: word(bytes, 0x16).map(u32::from),
                structures: word(bytes, 0x1c),
                checksum_holds: checksum(bytes, at(5)?),
            }
        }
    })
}

/// Versions that firmware is known to write for others: 2.31 is 2.3, 2.33 is 2.3, 2.51 is 2.6.
fn corrected(major: u8, minor: u8) -> (u8, u8) {
    match (major, minor) {
        (2, 31 | 33) => (2, 3),
        (2, 51) => (2, 6),
        version => version,
    }
}

/// The entry point and the table of a `dmidecode --dump-bin`, whose table begins at byte 32.
pub(super) fn of_dump(dump: &[u8]) -> Option<(EntryPoint, &[u8])> {
    Some((read(dump)?, dump.get(32..)?))
}

fn checksum(bytes: &[u8], length: u8) -> Option<bool> {
    let bytes = bytes.get(..usize::from(length))?;
    Some(bytes.iter().fold(0u8, |sum, b| sum.wrapping_add(*b)) == 0)
}

fn word(bytes: &[u8], offset: usize) -> Option<u16> {
    let bytes = bytes.get(offset..offset.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn dword(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}
