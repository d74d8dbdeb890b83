//! The comparison of an inventory with a spec, as a list of differences.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::BOUNDS;
use super::{Spec, matching};

/// One difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Where: `memory.installed_bytes`, `disks[serial=S6ESN…].firmware`.
    pub path: String,
    /// What the spec says; `null`: nothing should be there.
    pub expected: Value,
    /// What is there; `null`: nothing.
    pub found: Value,
}

/// What tells the entries of a list apart, the best first.
const KEYS: [&str; 7] = [
    "serial",
    "wwn",
    "mac",
    "pci_address",
    "address",
    "locator",
    "socket",
];

/// Fields whose text is an identity.
const IDENTITIES: [&str; 4] = ["serial", "wwn", "mac", "uuid"];

/// Every place where the inventory is not what the spec says.
pub fn compare(spec: &Spec, inventory: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (part, expected) in spec.0.iter().filter(|(name, _)| *name != super::ALLOW_MORE) {
        value(spec, part, expected, &inventory[part], &mut differences);
    }
    differences
}

fn value(spec: &Spec, path: &str, expected: &Value, found: &Value, out: &mut Vec<Difference>) {
    let field = path.rsplit('.').next().unwrap_or(path);
    match expected {
        // An identity is the same however it is spelled.
        Value::String(a) if IDENTITIES.contains(&field) && same_id(a, &text(found)) => {}
        Value::Object(rule) if is_rule(rule) => {
            if !holds(rule, found) {
                out.push(difference(path, expected, found));
            }
        }
        Value::Object(fields) => {
            if !found.is_object() {
                out.push(difference(path, expected, found));
                return;
            }
            for (field, expected) in fields {
                let path = format!("{path}.{field}");
                value(spec, &path, expected, &found[field], out);
            }
        }
        Value::Array(entries) if entries.iter().all(Value::is_object) => {
            list(spec, path, entries, found, out);
        }
        _ if same(expected, found) => {}
        _ => out.push(difference(path, expected, found)),
    }
}

/// Each expected entry takes the found one that it names; the others take what they match, so that as many
/// as can be are matched.
fn list(spec: &Spec, path: &str, entries: &[Value], found: &Value, out: &mut Vec<Difference>) {
    let empty = Vec::new();
    let found = found.as_array().unwrap_or(&empty);
    let mut free: Vec<&Value> = found.iter().collect();
    let mut unnamed = Vec::new();
    for entry in entries {
        let Some((key, named)) = name(entry) else {
            unnamed.push(entry);
            continue;
        };
        let path = format!("{path}[{}]", titled(entry, key, &named));
        let is_named = |found: &&Value| {
            let all = names(entry);
            all.iter()
                .all(|(key, name)| same_id(&text(&found[key]), name))
        };
        match free.iter().position(is_named) {
            Some(at) => value(spec, &path, entry, free.remove(at), out),
            None => out.push(difference(&path, entry, &Value::Null)),
        }
    }
    let differences = |entry: &Value, found: &Value, path: &str| {
        let mut differences = Vec::new();
        value(spec, path, entry, found, &mut differences);
        differences
    };
    let matches = |entry: usize, found: usize| match (unnamed.get(entry), free.get(found)) {
        (Some(entry), Some(found)) => differences(entry, found, path).is_empty(),
        _ => false,
    };
    let taken = matching::assign(unnamed.len(), free.len(), matches);
    let left = |(number, entry)| {
        taken
            .get(number)
            .is_some_and(Option::is_none)
            .then_some((number, entry))
    };
    let unmatched: Vec<(usize, &&Value)> = unnamed.iter().enumerate().filter_map(left).collect();
    let is_taken = |at: &usize| taken.contains(&Some(*at));
    let mut free: Vec<&Value> = (0..free.len())
        .filter(|at| !is_taken(at))
        .filter_map(|at| free.get(at).copied())
        .collect();
    // What is left of both is one part that differs, where it differs least.
    for (number, entry) in unmatched {
        let path = format!("{path}[{number}]");
        let fields = entry.as_object().map_or(0, Map::len);
        let distances = free.iter().enumerate();
        let distances = distances.map(|(at, found)| (differences(entry, found, &path), at));
        let nearest = distances.min_by_key(|(differences, _)| differences.len());
        match nearest.filter(|(differences, _)| differences.len() < fields) {
            Some((differences, at)) => {
                free.remove(at);
                out.extend(differences);
            }
            None => out.push(difference(&path, entry, &Value::Null)),
        }
    }
    if !spec.allows_more(path) {
        for more in free.into_iter().filter(|found| !is_empty_slot(found)) {
            let path = match name(more) {
                Some((key, name)) => format!("{path}[{}]", titled(more, key, &name)),
                None => format!("{path}[+]"),
            };
            out.push(difference(&path, &Value::Null, more));
        }
    }
}

/// A memory slot without a module is not a part.
fn is_empty_slot(found: &Value) -> bool {
    found["counted_as"] == "empty"
}

/// What an entry is called in a difference: with its bank, where slots have one name.
fn titled(entry: &Value, key: &str, name: &str) -> String {
    match (key, text(&entry["bank"])) {
        ("locator", bank) if !bank.is_empty() => format!("locator={name}, bank={bank}"),
        _ => format!("{key}={name}"),
    }
}

/// Whether two spellings are one identity: whatever the case, with or without `0x`.
fn same_id(a: &str, b: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().to_ascii_lowercase();
        text.strip_prefix("0x").unwrap_or(&text).to_owned()
    };
    bare(a) == bare(b)
}

fn name(entry: &Value) -> Option<(&'static str, String)> {
    names(entry).into_iter().next()
}

/// What tells an entry apart: the best of its keys; of a memory slot its bank too, since some firmware gives
/// every slot one name.
fn names(entry: &Value) -> Vec<(&'static str, String)> {
    let known = |key: &'static str| Some((key, text(&entry[key]))).filter(|(_, n)| !n.is_empty());
    match KEYS.into_iter().find_map(known) {
        Some(("locator", locator)) => {
            let bank = known("bank");
            std::iter::once(("locator", locator)).chain(bank).collect()
        }
        found => found.into_iter().collect(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// Whether a table is a rule and no part: all that it has are a rule's words.
fn is_rule(table: &Map<String, Value>) -> bool {
    !table.is_empty() && table.keys().all(|key| BOUNDS.contains(&key.as_str()))
}

fn holds(rule: &Map<String, Value>, found: &Value) -> bool {
    rule.iter().all(|(word, bound)| match word.as_str() {
        "one_of" => bound
            .as_array()
            .is_some_and(|list| list.iter().any(|one| same(one, found))),
        word => match (ordered(found, bound), word) {
            (Some(order), "min") => order.is_ge(),
            (Some(order), _) => order.is_le(),
            (None, _) => false,
        },
    })
}

/// The order of two numbers, or of two versions: `2.1.5` is behind `2.1.0`, and `2.10` behind `2.9`.
fn ordered(found: &Value, bound: &Value) -> Option<Ordering> {
    match (found, bound) {
        (Value::String(found), Value::String(bound)) => Some(version(found).cmp(&version(bound))),
        _ => found.as_f64()?.partial_cmp(&bound.as_f64()?),
    }
}

/// A version in parts: numbers by their value, other parts by their letters.
fn version(text: &str) -> Vec<(Option<u64>, String)> {
    let parts = text.trim().split(|c: char| !c.is_ascii_alphanumeric());
    let part = |part: &str| match part.parse() {
        Ok(number) => (Some(number), String::new()),
        Err(_) => (None, part.to_ascii_lowercase()),
    };
    parts.filter(|part| !part.is_empty()).map(part).collect()
}

fn same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::String(a), Value::String(b)) => a.trim() == b.trim(),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => expected == found,
    }
}

fn difference(path: &str, expected: &Value, found: &Value) -> Difference {
    Difference {
        path: path.to_owned(),
        expected: expected.clone(),
        found: found.clone(),
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.expected, &self.found) {
            (_, Value::Null) => write!(f, "{} is missing", self.path),
            (Value::Null, _) => write!(f, "{} is not expected", self.path),
            (expected, found) => {
                write!(f, "{}: expected {expected}, found {found}", self.path)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inventory() -> Value {
        json!({
            "system": { "product": "R760 ", "kernel": "6.1" },
            "memory": { "installed_bytes": 64, "modules": [
                { "locator": "A1", "size_bytes": 32 }, { "locator": "A2", "size_bytes": 32 } ] },
            "disks": [ { "serial": "S1", "size_bytes": 100, "firmware": "1" },
                       { "serial": "S2", "size_bytes": 100, "firmware": "2" } ],
            "gpus": [ { "model": "X" }, { "model": "X" } ],
        })
    }

    fn paths(spec: &str) -> Vec<String> {
        let spec = Spec::parse(spec).expect("a spec");
        let differences = compare(&spec, &inventory());
        differences.into_iter().map(|d| d.path).collect()
    }

    #[test]
    fn what_an_inventory_was_made_a_spec_of_it_meets() {
        assert_eq!(compare(&Spec::of_inventory(&inventory()), &inventory()), []);
    }

    #[test]
    fn each_difference_is_named_where_it_is() {
        let missing = "[[disks]]\nserial = 'S1'\n[[disks]]\nserial = 'S3'";
        assert_eq!(paths(missing), ["disks[serial=S3]", "disks[serial=S2]"]);
        let other = "allow_more = ['disks']\n[[disks]]\nserial = 'S2'\nfirmware = '1'";
        assert_eq!(paths(other), ["disks[serial=S2].firmware"]);
        assert_eq!(paths("[[gpus]]\nmodel = 'X'"), ["gpus[+]"]);
        assert_eq!(
            paths("[[gpus]]\nmodel = 'X'\n[[gpus]]\nmodel = 'Y'"),
            ["gpus[1]", "gpus[+]"]
        );
        assert_eq!(paths("[board]\nserial = 'B'"), ["board"]);
    }

    #[test]
    fn rules_bound_values() {
        assert!(paths("[memory]\ninstalled_bytes = { min = 64, max = 64 }").is_empty());
        let rule = "[memory]\ninstalled_bytes = { min = 65 }";
        assert_eq!(paths(rule), ["memory.installed_bytes"]);
        assert!(paths("[system]\nproduct = { one_of = ['R660', 'R760'] }").is_empty());
        assert_eq!(paths("[system]\nsku = { one_of = ['x'] }"), ["system.sku"]);
    }

    #[test]
    fn a_spec_that_expects_nothing_or_the_unknown_is_refused() {
        assert!(Spec::parse("").is_err());
        assert!(Spec::parse("[dsiks]\na = 1").is_err());
        assert!(Spec::parse("{").is_err());
        assert!(Spec::parse("{\"gpus\": []}").is_ok());
    }
}
