//! Which very part a tool's document is about: serial numbers and world-wide names, as smartctl and others
//! print them. Found so that they can be replaced, and for nothing else: the document may be cut, or not
//! be what it should be.

/// Keys of JSON whose text is an identity: the key, and which kind.
const TEXTS: [(&str, &str); 5] = [
    ("serial_number", "serial"),
    ("scsi_serial_number", "serial"),
    ("logical_unit_id", "wwn"),
    ("nguid", "wwn"),
    ("sas_address", "wwn"),
];

/// Objects of JSON with the member whose digits are an identity.
const NUMBERS: [(&str, &str); 2] = [("wwn", "id"), ("eui64", "ext_id")];

/// Words before an identity in a tool's text.
const WORDS: [(&str, &str); 3] = [
    ("serial number:", "serial"),
    ("lu wwn device id:", "wwn"),
    ("logical unit id:", "wwn"),
];

/// Fewer digits could be a count.
const FEWEST_DIGITS: usize = 6;

/// Each identity in a document with its kind, `serial` or `wwn`. Digits of a number are of kind `digits`.
pub fn within(text: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (key, kind) in TEXTS {
        for rest in after_key(text, key) {
            if let Some(value) = quoted(rest) {
                let value = value.strip_prefix("0x").unwrap_or(value).trim();
                found.push((kind, value.to_owned()));
            }
        }
    }
    for (object, member) in NUMBERS {
        for rest in after_key(text, object) {
            let inner = rest.split('}').next().unwrap_or_default();
            for value in after_key(inner, member) {
                let end = value.find(|c: char| !c.is_ascii_digit());
                let digits = value.get(..end.unwrap_or(value.len())).unwrap_or_default();
                if digits.len() >= FEWEST_DIGITS {
                    found.push(("digits", digits.to_owned()));
                }
            }
        }
    }
    let lower = text.to_ascii_lowercase();
    for (words, kind) in WORDS {
        for (at, _) in lower.match_indices(words) {
            let rest = text
                .get(at.saturating_add(words.len())..)
                .unwrap_or_default();
            let value = rest
                .split(['\n', '\r', '"', '\\'])
                .next()
                .unwrap_or_default();
            found.push((kind, value.trim().to_owned()));
        }
    }
    found.retain(|(_, value)| !value.is_empty());
    found
}

/// What stands after each occurrence of a key of JSON and its colon.
fn after_key<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let key = format!("\"{key}\"");
    let places = text.match_indices(&key);
    let rest = places.filter_map(|(at, _)| {
        let rest = text.get(at.checked_add(key.len())?..)?;
        Some(rest.trim_start().strip_prefix(':')?.trim_start())
    });
    rest.collect()
}

fn quoted(rest: &str) -> Option<&str> {
    rest.strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_of_a_drive_are_found_also_where_the_document_is_cut() {
        let text = "{\"serial_number\": \"S3RIAL\",\n \"wwn\":{\"naa\":5,\"oui\":9528,\"id\":61213911380},\
                    \"logical_unit_id\":\"0x5000c50015ea71ac\",\"eui64\":{\"oui\":1,\"ext_id\":171819811633}";
        let found = within(text);
        for expected in [
            ("serial", "S3RIAL"),
            ("wwn", "5000c50015ea71ac"),
            ("digits", "61213911380"),
            ("digits", "171819811633"),
        ] {
            assert!(
                found.iter().any(|(k, v)| (*k, v.as_str()) == expected),
                "{expected:?}"
            );
        }
        let printed = "Serial Number:    WD-1234\nLU WWN Device Id: 5 0014ee 2b1\n";
        assert!(within(printed).contains(&("serial", "WD-1234".to_owned())));
    }

    #[test]
    fn a_document_without_identities_has_none() {
        assert!(within("{\"temperature\":{\"current\":30},\"wwn\":{\"id\":7}}").is_empty());
        assert!(within("\"serial_number\"").is_empty());
    }
}
