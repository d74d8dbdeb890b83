//! What is left out of a recording.
//!
//! Secrets never are in one: the values of parameters that a manifest marks as secret (`writeOnly`, or
//! `"format": "password"`) are blanked wherever they occur, whole or within a text; tokens and keys of a
//! fleet do not cross the seam. A replay gives the stage the blank in the secret's place.
//!
//! Serial numbers, MAC addresses, UUIDs and world-wide names are kept unless it is said otherwise: a
//! report names parts by them. Scrubbing replaces each by a stand-in, the same one wherever it occurs
//! from then on, in questions, answers and expected disks alike, so that a replay's comparisons come out
//! as they did. The machine's name is replaced where a load tool prints it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::contract::bytes;
use crate::contract::files::Content;
use crate::identities;
use crate::real::smbios::Tables;

/// What stands in a secret's place, as in a report.
pub const BLANK: &str = "(secret)";

/// Fields that tell which very part it is, by their names.
const IDENTITIES: [&str; 4] = ["serial", "wwn", "mac", "uuid"];
/// Shorter texts are replaced only where they stand alone.
const WITHIN: usize = 4;

/// Replaces what must not be written down.
#[derive(Debug, Default)]
pub struct Scrub {
    /// From what is replaced to what stands for it.
    replaced: BTreeMap<String, String>,
    /// Whether identities are replaced.
    identities: bool,
    /// How many identities there are of each kind.
    counts: BTreeMap<&'static str, u32>,
}

impl Scrub {
    /// One that knows no secret yet. `identities`: whether serial numbers and addresses are replaced.
    pub fn new(identities: bool) -> Self {
        Scrub {
            identities,
            ..Scrub::default()
        }
    }

    /// A value that must not be written down from now on.
    pub fn secret(&mut self, value: &str) {
        if !value.is_empty() {
            self.replaced.insert(value.to_owned(), BLANK.to_owned());
        }
    }

    /// The value without what must not be written down. A value that does not read back is given as it
    /// was only when nothing had to be replaced in it.
    pub fn clean<T: Serialize + DeserializeOwned>(&mut self, value: T) -> Option<T> {
        if self.replaced.is_empty() && !self.identities {
            return Some(value);
        }
        let mut json = serde_json::to_value(&value).ok()?;
        let before = json.clone();
        if self.identities {
            self.learn(&json);
        }
        self.replace(&mut json);
        if json == before {
            return Some(value);
        }
        serde_json::from_value(json).ok()
    }

    /// Replaces identities in files of the kernel: those whose whole text is one are learned, and tables of
    /// bytes keep their length.
    pub fn files(&mut self, paths: &[String], contents: &mut [Content]) {
        if !self.identities {
            return;
        }
        for (path, content) in paths.iter().zip(contents) {
            match std::str::from_utf8(&content.bytes) {
                Ok(text) => {
                    if let Some(kind) = identities::of_file(path) {
                        self.identity(kind, identities::in_file(path, text));
                    }
                }
                Err(_) => self.blank_bytes(path, &mut content.bytes),
            }
        }
    }

    /// Overwrites every known identity in a table, and those that only the firmware's table names.
    fn blank_bytes(&self, path: &str, bytes: &mut [u8]) {
        let mut secrets: Vec<Vec<u8>> = self
            .replaced
            .keys()
            .map(|k| k.clone().into_bytes())
            .collect();
        if path.ends_with("dmi/tables/DMI") || path.contains("dmi/entries/") {
            let tables = Tables::parse(bytes, &[]);
            secrets.extend(tables.serials().into_iter().map(String::into_bytes));
            secrets.extend(tables.raw_uuid().map(<[u8]>::to_vec));
        }
        secrets.retain(|secret| secret.len() >= WITHIN);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            let mut from = 0_usize;
            while let Some(rest) = bytes.get_mut(from..) {
                let mut windows = rest.windows(secret.len());
                let Some(at) = windows.position(|window| window == secret) else {
                    break;
                };
                let end = at.saturating_add(secret.len());
                rest.get_mut(at..end).unwrap_or_default().fill(b'0');
                from = from.saturating_add(end);
            }
        }
    }

    fn learn(&mut self, json: &Value) {
        match json {
            Value::Object(members) => {
                for (name, value) in members {
                    let kind = IDENTITIES.iter().find(|kind| *kind == name);
                    if let (Some(kind), Value::String(identity)) = (kind, value) {
                        self.identity(kind, identity);
                    }
                    self.learn(value);
                }
                // A document is a text of its own.
                if let Some(Value::String(printed)) = members.get("stdout") {
                    let decoded = bytes::of_base64(printed);
                    let decoded = decoded.as_deref().map(String::from_utf8_lossy);
                    for (kind, identity) in
                        identities::within(decoded.as_deref().unwrap_or(printed))
                    {
                        self.identity(kind, &identity);
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn(value)),
            _ => {}
        }
    }

    fn identity(&mut self, kind: &'static str, identity: &str) {
        let nothing = crate::placeholder::real(identity).is_none();
        let stand_in = self.replaced.values().any(|known| known == identity);
        if nothing || stand_in || self.replaced.contains_key(identity) {
            return;
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        // A MAC address stays one, since it is read as one.
        let stand_in = match kind {
            "mac" => {
                let [.., a, b] = count.to_be_bytes();
                format!("02:00:00:00:{a:02x}:{b:02x}")
            }
            // Stays a number of as many digits.
            "digits" => format!("9{count:0width$}", width = identity.len().saturating_sub(1)),
            _ => format!("{kind}-{count}"),
        };
        self.replaced.insert(identity.to_owned(), stand_in);
    }

    fn replace(&self, json: &mut Value) {
        match json {
            Value::String(text) => self.replace_within(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.replace(value)),
            Value::Object(members) => {
                for (name, value) in members.iter_mut() {
                    let printed = matches!(name.as_str(), "stdout" | "yaml");
                    if let (true, Value::String(text)) = (self.identities && printed, &mut *value)
                        && let Some(clean) = identities::without_host(text)
                    {
                        *text = clean;
                    }
                    self.replace(value);
                }
                // A document whose bytes are not text may hold an identity all the same.
                if let Some(Value::String(printed)) = members.get_mut("stdout")
                    && let Some(decoded) = bytes::of_base64(printed)
                {
                    *printed = bytes::to_base64(&self.replace_bytes(&decoded));
                }
            }
            _ => {}
        }
    }

    fn replace_within(&self, text: &mut String) {
        if let Some(stand_in) = self.replaced.get(text.as_str()) {
            stand_in.clone_into(text);
            return;
        }
        for (what, stand_in) in self.longest_first() {
            if text.contains(what) {
                *text = text.replace(what, stand_in);
            }
        }
    }

    /// What is replaced within others, the longest first: a serial number may be the beginning of another.
    fn longest_first(&self) -> Vec<(&str, &str)> {
        let all = self
            .replaced
            .iter()
            .map(|(what, stand_in)| (what.as_str(), stand_in.as_str()));
        let mut within: Vec<_> = all.filter(|(what, _)| what.len() >= WITHIN).collect();
        within.sort_by_key(|(what, _)| std::cmp::Reverse(what.len()));
        within
    }

    fn replace_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for (what, stand_in) in self.longest_first() {
            let mut clean = Vec::with_capacity(bytes.len());
            let mut rest = bytes.as_slice();
            while let Some(at) = rest.windows(what.len()).position(|w| w == what.as_bytes()) {
                let (before, found) = rest.split_at(at);
                clean.extend_from_slice(before);
                clean.extend_from_slice(stand_in.as_bytes());
                rest = found.get(what.len()..).unwrap_or_default();
            }
            clean.extend_from_slice(rest);
            bytes = clean;
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_blanked_wherever_it_occurs() {
        let mut scrub = Scrub::new(false);
        scrub.secret("hunter2!");
        let clean = scrub.clean(json!({"a": ["x hunter2! y"], "b": "hunter2!", "serial": "ABC1"}));
        let expected = json!({"a": ["x (secret) y"], "b": "(secret)", "serial": "ABC1"});
        assert_eq!(clean, Some(expected));
    }

    #[test]
    fn an_identity_has_one_stand_in_everywhere() {
        let mut scrub = Scrub::new(true);
        let first = scrub.clean(json!({
            "disks": [{"serial": "S6ES12345", "wwn": "0x5002538f", "name": "sda"}],
            "mac": "52:54:00:12:34:56", "board": {"serial": "To Be Filled By O.E.M."},
        }));
        let expected = json!({
            "disks": [{"serial": "serial-1", "wwn": "wwn-1", "name": "sda"}],
            "mac": "02:00:00:00:00:01", "board": {"serial": "To Be Filled By O.E.M."},
        });
        assert_eq!(first, Some(expected));
        let later = scrub.clean(json!({"device": "/dev/disk/by-id/ata-S6ES12345-part1"}));
        assert_eq!(
            later,
            Some(json!({"device": "/dev/disk/by-id/ata-serial-1-part1"}))
        );
        let printed = "{\"serial_number\":\"B4YSERIAL\",\"wwn\":{\"naa\":5,\"id\":61213911380}}";
        let document = scrub.clean(json!({"argv": ["smartctl"], "stdout": printed}));
        let expected = "{\"serial_number\":\"serial-2\",\"wwn\":{\"naa\":5,\"id\":90000000001}}";
        assert_eq!(document.expect("it reads back")["stdout"], expected);
        // ipmitool prints the bytes of a unit's data as they are.
        let printed = bytes::to_base64(b" Product Serial : PSUSER1\n Product Extra : \xff\n");
        let document = scrub.clean(json!({"argv": ["ipmitool"], "stdout": printed}));
        let document = document.expect("it reads back");
        let clean = document["stdout"].as_str().and_then(bytes::of_base64);
        assert_eq!(
            clean.as_deref(),
            Some(b" Product Serial : serial-3\n Product Extra : \xff\n".as_slice())
        );
        let yaml = scrub.clean(json!({"yaml": "hostname: db-17\n"}));
        assert_eq!(yaml, Some(json!({"yaml": "hostname: host\n"})));
        let again = scrub.clean(json!({"serial": "serial-1"}));
        assert_eq!(again, Some(json!({"serial": "serial-1"})));
    }
}
