//! What tells one machine from another, replaced by placeholders of the same length: the same one
//! wherever it stands, as text or as bytes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::evidence::Evidence;
use crate::identities;
use crate::placeholder::real;
use crate::real::smbios::Tables;

/// Shorter ones would be found where they are not meant.
const SHORTEST: usize = 4;

/// Words by which a tool names such a thing.
const WORDS: [&str; 9] = [
    "serial",
    "uuid",
    "guid",
    "mac",
    "wwn",
    "logical_unit_id",
    "eui64",
    "asset",
    "ip address",
];

/// Fields of readings that hold such a thing.
const FIELDS: [&str; 5] = ["serial", "uuid", "mac", "wwn", "hostname"];

/// What is replaced, longest first.
pub struct Scrub {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
    count: usize,
}

impl Scrub {
    /// Nothing is replaced.
    pub fn nothing() -> Self {
        Scrub {
            pairs: Vec::new(),
            count: 0,
        }
    }

    /// Everything of that sort in what a machine answered. `names`: of the host, which are in no file that is
    /// kept and perhaps in a document.
    pub fn of(evidence: &Evidence, names: &[String]) -> Self {
        let mut found = Found::default();
        names.iter().for_each(|name| found.add(name));
        for readings in [
            serde_json::to_value(&evidence.disks),
            serde_json::to_value(&evidence.parameters),
        ] {
            found.fields(&readings.unwrap_or_default(), &FIELDS);
        }
        for (path, content) in &evidence.files {
            found.file(path, &content.bytes);
        }
        for document in &evidence.documents {
            let text = String::from_utf8_lossy(&document.stdout);
            found.said(&text);
            for (_, identity) in identities::within(&text) {
                found.add(&identity);
            }
            found.addresses(&text);
        }
        for entry in evidence.log.iter().flatten() {
            found.line(&entry.text);
        }
        found.scrub()
    }

    /// How many things are replaced.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The bytes with everything replaced.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (secret, placeholder) in &self.pairs {
            let mut from = 0;
            while let Some(at) = find(bytes.get(from..).unwrap_or_default(), secret) {
                let at = from + at;
                bytes.splice(at..at + secret.len(), placeholder.iter().copied());
                from = at + placeholder.len();
            }
        }
        bytes
    }

    /// The text with everything replaced.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Secrets as they are found.
#[derive(Default)]
struct Found(BTreeSet<String>);

impl Found {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if text.len() >= SHORTEST && text.is_ascii() && real(text).is_some() {
            self.0.insert(text.to_owned());
        }
    }

    /// A file of the kernel that is an identity, or a table that holds some.
    fn file(&mut self, path: &str, bytes: &[u8]) {
        if path.ends_with("dmi/tables/DMI") || path.contains("dmi/entries/") {
            let tables = Tables::parse(bytes, &[]);
            tables.serials().iter().for_each(|serial| self.add(serial));
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        if identities::of_file(path).is_some() {
            self.add(identities::in_file(path, &text));
        }
        // A page of vital product data: four bytes, then the number.
        if path.ends_with("/vpd_pg80")
            && let Some(number) = bytes.get(4..)
        {
            self.add(&String::from_utf8_lossy(number));
        }
        self.addresses(&text);
    }

    /// A line of the kernel's log: `SerialNumber: …` of a USB device, and addresses.
    fn line(&mut self, text: &str) {
        for (at, word) in text.match_indices("SerialNumber: ") {
            let rest = text.get(at.saturating_add(word.len())..);
            let number = rest.and_then(|rest| rest.split_whitespace().next());
            self.add(number.unwrap_or_default());
        }
        for (_, identity) in identities::within(text) {
            self.add(&identity);
        }
        self.addresses(text);
    }

    /// MAC addresses and world-wide names with colons, wherever they stand.
    fn addresses(&mut self, text: &str) {
        let of_one = |c: char| c.is_ascii_hexdigit() || c == ':';
        for word in text.split(|c: char| !of_one(c)) {
            let word = word.trim_matches(':');
            let mut groups = word.split(':');
            let count = groups.clone().count();
            if matches!(count, 6 | 8) && groups.all(|group| group.len() == 2) {
                self.add(word);
            }
        }
    }

    /// Texts of fields of these names, wherever they stand.
    fn fields(&mut self, value: &Value, names: &[&str]) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    let key = key.to_ascii_lowercase();
                    match value {
                        Value::String(text) if names.iter().any(|n| key.contains(n)) => {
                            self.add(text);
                        }
                        // A world-wide name in parts: its last number is the drive's own.
                        Value::Object(parts) if key == "wwn" || key == "eui64" => {
                            for name in ["id", "ext_id"] {
                                let number = parts.get(name).and_then(Value::as_u64);
                                self.add(&number.unwrap_or_default().to_string());
                            }
                        }
                        other => self.fields(other, names),
                    }
                }
            }
            Value::Array(list) => list.iter().for_each(|value| self.fields(value, names)),
            _ => {}
        }
    }

    /// What a tool prints: JSON, XML, or lines of `name : value`.
    fn said(&mut self, text: &str) {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            return self.fields(&value, &WORDS);
        }
        for line in text.lines() {
            let line = line.trim();
            let pair = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
                Some((name, rest)) => Some((name, rest.split('<').next().unwrap_or_default())),
                None => line.split_once(':'),
            };
            let Some((name, value)) = pair else { continue };
            let name = name.to_ascii_lowercase();
            if WORDS.iter().any(|word| name.contains(word)) {
                self.add(value);
            }
        }
    }

    fn scrub(self) -> Scrub {
        let mut pairs = BTreeMap::new();
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for secret in &self.0 {
            // Spellings of one thing have one number.
            let next = numbers.len() + 1;
            let number = *numbers.entry(bare(secret)).or_insert(next);
            spellings(secret, number, &mut pairs);
        }
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = pairs.into_iter().collect();
        pairs.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
        Scrub {
            pairs,
            count: numbers.len(),
        }
    }
}

/// What two spellings of one thing have in common.
fn bare(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let text = text.strip_prefix("0x").unwrap_or(&text);
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The ways in which a thing may be written, each with its placeholder.
fn spellings(secret: &str, number: usize, pairs: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    let id = bare(secret);
    let hexadecimal = [12, 16, 32].contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
    let mut pair = |secret: String, placeholder: String| {
        for upper in [false, true] {
            let spell = |text: &str| match upper {
                true => text.to_ascii_uppercase(),
                false => text.to_ascii_lowercase(),
            };
            pairs.insert(
                spell(&secret).into_bytes(),
                spell(&placeholder).into_bytes(),
            );
        }
    };
    if !hexadecimal {
        let placeholder = plain(secret, number);
        pair(secret.to_owned(), placeholder.clone());
        pairs.insert(secret.as_bytes().to_vec(), placeholder.into_bytes());
        return;
    }
    // A locally administered MAC address, and numbers that are no vendor's.
    let placeholder = format!("02{number:0>width$x}", width = id.len() - 2);
    pair(id.clone(), placeholder.clone());
    for separator in [":", "-", " "] {
        pair(
            grouped(&id, &[2], separator),
            grouped(&placeholder, &[2], separator),
        );
    }
    if id.len() == 32 {
        let groups = [8, 4, 4, 4, 12];
        pair(
            grouped(&id, &groups, "-"),
            grouped(&placeholder, &groups, "-"),
        );
    }
    let (Some(raw), Some(other)) = (raw(&id), raw(&placeholder)) else {
        return;
    };
    // SMBIOS turns the first three groups of a UUID around.
    if raw.len() == 16 {
        pairs.insert(turned(&raw), turned(&other));
    }
    pairs.insert(raw, other);
}

/// A placeholder of the same length; what is a number stays one.
fn plain(secret: &str, number: usize) -> String {
    let length = secret.len();
    let digits = secret.bytes().all(|b| b.is_ascii_digit());
    let (lead, width) = match digits {
        true => ("9", length - 1),
        false => ("SN", length - 2),
    };
    let text = format!("{lead}{number:0>width$}");
    // The last digits tell them apart.
    text.get(text.len() - length..)
        .unwrap_or_default()
        .to_owned()
}

/// Digits in groups; the last size is repeated.
fn grouped(digits: &str, sizes: &[usize], separator: &str) -> String {
    let mut groups = Vec::new();
    let mut rest = digits;
    let mut sizes = sizes.iter().copied().chain(std::iter::repeat(2));
    while !rest.is_empty() {
        let (group, more) = rest.split_at(sizes.next().unwrap_or(2).min(rest.len()));
        groups.push(group);
        rest = more;
    }
    groups.join(separator)
}

fn raw(digits: &str) -> Option<Vec<u8>> {
    let byte = |index: usize| u8::from_str_radix(digits.get(index..index + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}

fn turned(uuid: &[u8]) -> Vec<u8> {
    let mut turned = uuid.to_vec();
    for (from, to) in [(0, 4), (4, 6), (6, 8)] {
        if let Some(group) = turned.get_mut(from..to) {
            group.reverse();
        }
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub(secrets: &[&str]) -> Scrub {
        let mut found = Found::default();
        secrets.iter().for_each(|secret| found.add(secret));
        found.scrub()
    }

    #[test]
    fn one_thing_is_one_placeholder_however_it_is_written() {
        let scrub = scrub(&["02:AB:cd:00:11:22", "WD-1234567", "0x5000c500a1b2c301"]);
        assert_eq!(scrub.count(), 3);
        let text = scrub.text("02:ab:cd:00:11:22 02AB CD00 02abcd001122 wd-1234567 WD-1234567");
        assert!(!text.to_ascii_lowercase().contains("cd:00:11"), "{text}");
        assert!(!text.contains("02abcd001122"), "{text}");
        assert!(!text.contains("1234567"), "{text}");
        let wwn = scrub.text("naa.5000c500a1b2c301");
        assert!(wwn.starts_with("naa.02") && wwn.len() == 20, "{wwn}");
        assert_eq!(wwn.get(4..), Some(scrub.text("5000c500a1b2c301").as_str()));
    }

    #[test]
    fn bytes_keep_their_length() {
        let scrub = scrub(&["4c4c4544-0042-4a10-8054-b7c04f4e5631", "SERIAL-77"]);
        let uuid = raw("4c4c454400424a108054b7c04f4e5631").expect("is one");
        let table = [b"SERIAL-77\0".as_slice(), &turned(&uuid), b"\0end"].concat();
        let clean = scrub.bytes(&table);
        assert_eq!(clean.len(), table.len());
        assert!(find(&clean, &turned(&uuid)).is_none());
        assert!(find(&clean, b"SERIAL-77").is_none());
        assert!(find(&clean, b"\0end").is_some());
    }

    #[test]
    fn what_boards_ship_with_is_no_secret() {
        assert_eq!(
            scrub(&["Default string", "None", "abc", "To be filled by O.E.M."]).count(),
            0
        );
    }

    #[test]
    fn what_tools_print_is_searched() {
        let mut found = Found::default();
        found.said("{\"serial_number\":\"ZX81\",\"wwn\":{\"naa\":5,\"oui\":3152,\"id\":1234567}}");
        found.said(
            " Product Serial        : 7QK2\n MAC Address : 02:00:00:00:aa:01\n Name : other\n",
        );
        found.said("<gpu>\n  <serial>132262</serial>\n</gpu>");
        let all: Vec<&str> = found.0.iter().map(String::as_str).collect();
        assert_eq!(
            all,
            ["02:00:00:00:aa:01", "1234567", "132262", "7QK2", "ZX81"]
        );
    }
}
