//! Texts that firmware writes where it has nothing to write.

use serde::Serialize;

/// A placeholder that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Placeholder {
    /// The field that is absent for it: `system.serial`.
    pub field: String,
    /// What the firmware wrote.
    pub text: String,
}

/// Takes placeholders out of fields, and keeps them.
#[derive(Default)]
pub(super) struct Fillers {
    pub found: Vec<Placeholder>,
}

impl Fillers {
    /// The text, unless it is a placeholder.
    pub fn real(&mut self, field: &str, text: Option<&str>) -> Option<String> {
        self.keep(field, text, is_placeholder)
    }

    /// The UUID, unless many machines have the same.
    pub fn uuid(&mut self, field: &str, text: Option<&str>) -> Option<String> {
        self.keep(field, text, is_placeholder_uuid)
    }

    fn keep(&mut self, field: &str, text: Option<&str>, is: fn(&str) -> bool) -> Option<String> {
        let text = text.map(str::trim).filter(|text| !text.is_empty())?;
        if !is(text) {
            return Some(text.to_owned());
        }
        self.found.push(Placeholder {
            field: field.to_owned(),
            text: text.to_owned(),
        });
        None
    }
}

/// Texts as they are written without their digits, spaces and punctuation.
const WORDS: [&str; 45] = [
    "oem",
    "none",
    "na",
    "null",
    "nil",
    "empty",
    "blank",
    "unknown",
    "undefined",
    "undefine",
    "unspecified",
    "invalid",
    "default",
    "defaultstring",
    "notspecified",
    "notspecify",
    "notapplicable",
    "notavailable",
    "notavail",
    "notdefined",
    "notset",
    "notinstalled",
    "notpresent",
    "notprovided",
    "notfound",
    "notread",
    "nodimm",
    "nodimminstalled",
    "nomodule",
    "nomoduleinstalled",
    "noasset",
    "noassettag",
    "noassetinformation",
    "noenclosure",
    "oemstring",
    "systemmanufacturer",
    "systemproductname",
    "systemname",
    "systemversion",
    "systemsku",
    "sku",
    "boardversion",
    "chassismanufacturer",
    "chassisversion",
    "typeproductconfigid",
];

/// What placeholders that name their own field end in: `Dimm0_SerNum`, `Base Board Serial Number`.
const ENDS: [&str; 11] = [
    "sernum",
    "serialnum",
    "serialnumber",
    "partnum",
    "partnumber",
    "assettag",
    "assettagnum",
    "assettagnumber",
    "assetnum",
    "manufacturer",
    "skunumber",
];

/// Whether a text is one that firmware writes where it has nothing to write.
pub fn is_placeholder(text: &str) -> bool {
    let lower = text.trim().to_ascii_lowercase();
    let plain = lower.strip_prefix("0x").unwrap_or(&lower);
    let letters: String = plain.chars().filter(|c| c.is_alphanumeric()).collect();
    let Some(first) = letters.chars().next() else {
        return true;
    };
    let alike = letters.chars().all(|c| c == first);
    let least = match first {
        '0' | '\u{fffd}' => 1,
        'x' => 2,
        'f' => 4,
        _ => 6,
    };
    if alike && letters.len() >= least {
        return true;
    }
    if letters.len() >= 6 && counts_up(&letters) || letters == "9876543210" {
        return true;
    }
    let words: String = letters.chars().filter(|c| !c.is_ascii_digit()).collect();
    let only_words = words.len() == letters.len();
    words.starts_with("tobefilled")
        || words.starts_with("filledbyoem")
        || words.starts_with("fillbyoem")
        || (only_words || words.len() > 3) && WORDS.contains(&words.as_str())
        || ENDS.iter().any(|end| words.ends_with(end))
        || lower.starts_with("no dimm")
        || lower.contains("_assettag")
}

/// Whether the digits go up by one from the first to the last: `0123456789`, `1234567890`.
fn counts_up(letters: &str) -> bool {
    let digits = letters.as_bytes();
    digits.windows(2).all(|pair| match pair {
        [a @ b'0'..=b'8', b] => a.checked_add(1) == Some(*b),
        [b'9', b] => *b == b'0',
        _ => false,
    })
}

/// Whether a UUID is one that many machines have.
pub fn is_placeholder_uuid(text: &str) -> bool {
    /// Defaults of AMI's and others' firmware, each in both orders of bytes.
    const KNOWN: [&str; 6] = [
        "03000200040005000006000700080009",
        "00020003000400050006000700080009",
        "12345678123456789012123456789012",
        "12345678123456781234567812345678",
        "123456781234567890abcddeefaabbcc",
        "785634123412785690abcddeefaabbcc",
    ];
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let digits = digits.to_ascii_lowercase();
    let first = digits.get(..2).unwrap_or_default();
    let bytes = digits.as_bytes().chunks(2);
    digits.len() != 32
        || bytes.into_iter().all(|byte| byte == first.as_bytes())
        || KNOWN.contains(&digits.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_firmware_writes_for_nothing_is_a_placeholder() {
        for text in [
            "",
            "...",
            "To Be Filled By O.E.M.",
            "To be filled by O.E.M.",
            "Not Specified",
            "Default string",
            "None",
            "0123456789",
            "1234567890.",
            "9876543210",
            "00000000",
            "0x00000000",
            "FFFFFFFF",
            "Not Set",
            "NO DIMM",
            "N/A",
            "System Serial Number",
            "Base Board Serial Number",
            "Dimm0_AssetTag",
            "A1_SerNum0",
            "Array1_PartNumber3",
            "P1-DIMMA1_AssetTag (date:15/25)",
            "XXXXXXX",
            "Unknown",
            "\u{fffd}\u{fffd}",
            "Type2 - Board Serial Number",
            "No Asset Information",
            "[Empty]",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn what_names_a_part_is_not() {
        for text in [
            "PF2ABC01",
            "F5",
            "1",
            "3.0c",
            "S0000001",
            "OEM1234",
            "Super Server",
            "X570D4U",
            "00162030",
            "Manufacturer Ltd",
            "NA12345",
            "None-such 12",
        ] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn uuids_of_many_machines() {
        for text in [
            "03000200-0400-0500-0006-000700080009",
            "00020003-0004-0005-0006-000700080009",
            "fefefefe-fefe-fefe-fefe-fefefefefefe",
            "00000000-0000-0000-0000-000000000000",
            "Not Settable",
        ] {
            assert!(is_placeholder_uuid(text), "{text}");
        }
        assert!(!is_placeholder_uuid("00000000-0000-0000-0000-0cc47a000001"));
        assert!(!is_placeholder_uuid("4c4c4544-0031-3010-8030-b1c04f303031"));
    }
}
