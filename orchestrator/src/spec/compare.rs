//! The comparison of an inventory with a spec, as a list of differences.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Spec;

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

/// Every place where the inventory is not what the spec says.
pub fn compare(spec: &Spec, inventory: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (part, expected) in spec.0.iter().filter(|(name, _)| *name != super::ALLOW_MORE) {
        value(spec, part, expected, &inventory[part], &mut differences);
    }
    differences
}

fn value(spec: &Spec, path: &str, expected: &Value, found: &Value, out: &mut Vec<Difference>) {
    match expected {
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

/// Each expected entry takes the found one that it names, or else the first that it matches.
fn list(spec: &Spec, path: &str, entries: &[Value], found: &Value, out: &mut Vec<Difference>) {
    let empty = Vec::new();
    let found = found.as_array().unwrap_or(&empty);
    let mut free: Vec<&Value> = found.iter().collect();
    let mut unnamed = Vec::new();
    for entry in entries {
        let Some((key, name)) = name(entry) else {
            unnamed.push(entry);
            continue;
        };
        let path = format!("{path}[{key}={name}]");
        match free.iter().position(|found| text(&found[key]) == name) {
            Some(at) => value(spec, &path, entry, free.remove(at), out),
            None => out.push(difference(&path, entry, &Value::Null)),
        }
    }
    for (index, entry) in unnamed.into_iter().enumerate() {
        let matches = |found: &&Value| {
            let mut differences = Vec::new();
            value(spec, path, entry, found, &mut differences);
            differences.is_empty()
        };
        match free.iter().position(matches) {
            Some(at) => {
                free.remove(at);
            }
            None => out.push(difference(&format!("{path}[{index}]"), entry, &Value::Null)),
        }
    }
    if !spec.allows_more(path) {
        for more in free {
            let path = match name(more) {
                Some((key, name)) => format!("{path}[{key}={name}]"),
                None => format!("{path}[+]"),
            };
            out.push(difference(&path, &Value::Null, more));
        }
    }
}

fn name(entry: &Value) -> Option<(&'static str, String)> {
    KEYS.into_iter()
        .map(|key| (key, text(&entry[key])))
        .find(|(_, name)| !name.is_empty())
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
    !table.is_empty()
        && table
            .keys()
            .all(|key| ["min", "max", "one_of"].contains(&key.as_str()))
}

fn holds(rule: &Map<String, Value>, found: &Value) -> bool {
    rule.iter().all(|(word, bound)| match word.as_str() {
        "one_of" => bound
            .as_array()
            .is_some_and(|list| list.iter().any(|one| same(one, found))),
        word => match (found.as_f64(), bound.as_f64()) {
            (Some(found), Some(bound)) if word == "min" => found >= bound,
            (Some(found), Some(bound)) => found <= bound,
            _ => false,
        },
    })
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
        assert_eq!(
            paths("[system]\nvendor = { one_of = ['x'] }"),
            ["system.vendor"]
        );
    }

    #[test]
    fn a_spec_that_expects_nothing_or_the_unknown_is_refused() {
        assert!(Spec::parse("").is_err());
        assert!(Spec::parse("[dsiks]\na = 1").is_err());
        assert!(Spec::parse("{").is_err());
        assert!(Spec::parse("{\"gpus\": []}").is_ok());
    }
}
