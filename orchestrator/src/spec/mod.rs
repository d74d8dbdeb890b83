//! The expected spec: a part of an inventory, in TOML or JSON. What it says must be so; what it does
//! not say may be anything.
//!
//! ```toml
//! [system]
//! product = "PowerEdge R760"
//!
//! [memory]
//! installed_bytes = { min = 549755813888 }
//!
//! [[disks]]
//! serial = "S6ESNX0T123456"
//! size_bytes = 1920383410176
//! wwn = "0025385b71b01234"
//! ```
//!
//! A destructive run writes only to disks that are named so; of an NVMe disk the `wwn` is needed, and of
//! one that is attached otherwise than by SATA, SAS or PCIe the `transport`.
//!
//! A value is a plain one, or a table of `min`, `max` (numbers) or `one_of` (a list). Of a list that
//! the spec names (`disks`, `gpus`, `memory.modules` …) every entry must match an entry of its own,
//! and what is there beyond them is a difference too, unless the list's path is in `allow_more`.

mod compare;
mod fields;
mod matching;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vetting_protocol::ExpectedDisk;

pub use compare::{Difference, compare};

/// What a host should be made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub Map<String, Value>);

/// A spec that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    /// It is neither TOML nor JSON.
    #[error("the spec is no TOML: {0}")]
    Toml(#[from] toml::de::Error),
    /// It is no JSON.
    #[error("the spec is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It says nothing.
    #[error("the spec expects nothing; name at least one part")]
    Empty,
    /// A part that no inventory has.
    #[error("the spec expects `{0}`, which no inventory has; there are: {known}", known = PARTS.join(", "))]
    Unknown(String),
    /// A field that no inventory has.
    #[error("the spec expects `{path}`, which no inventory has; there are: {known}")]
    Field {
        /// Where.
        path: String,
        /// The fields there are.
        known: String,
    },
    /// More is allowed of what is not a list.
    #[error("the spec allows more of {0}, which is not a list of an inventory; there are: {known}", known = LISTS.join(", "))]
    NotAList(String),
}

/// What of an inventory a spec may name.
const PARTS: [&str; 10] = [
    "system", "board", "bios", "bmc", "cpus", "memory", "disks", "nics", "gpus", "pci",
];

/// The lists of an inventory, which may have more than the spec names where it says so.
const LISTS: [&str; 6] = ["cpus", "memory.modules", "disks", "nics", "gpus", "pci"];

/// The list of lists that may have more than the spec names.
const ALLOW_MORE: &str = "allow_more";

impl Spec {
    /// Reads a spec: JSON when it begins with a brace, TOML otherwise.
    ///
    /// # Errors
    ///
    /// When it is neither, is empty, or names what no inventory has.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let map: Map<String, Value> = if text.trim_start().starts_with('{') {
            serde_json::from_str(text)?
        } else {
            toml::from_str(text)?
        };
        let part = |name: &String| PARTS.contains(&name.as_str());
        if let Some(name) = map.keys().find(|name| !part(name) && *name != ALLOW_MORE) {
            return Err(SpecError::Unknown(name.clone()));
        }
        if !map.keys().any(part) {
            return Err(SpecError::Empty);
        }
        if let Some(lists) = map.get(ALLOW_MORE) {
            check_lists(lists)?;
        }
        for (name, expected) in map.iter().filter(|(name, _)| part(name)) {
            fields::check(name, expected)?;
        }
        Ok(Spec(map))
    }

    /// The spec that an inventory meets: all of it but what changes from boot to boot.
    pub fn of_inventory(inventory: &Value) -> Self {
        let mut map = inventory.as_object().cloned().unwrap_or_default();
        map.retain(|name, _| PARTS.contains(&name.as_str()) && name != "pci");
        if let Some(memory) = map.get_mut("memory").and_then(Value::as_object_mut) {
            memory.remove("available_bytes");
            memory.remove("visible_bytes");
        }
        for value in map.values_mut() {
            prune(value);
        }
        map.retain(|_, value| !value.is_null());
        Spec(map)
    }

    /// Its sha256: of its JSON with sorted keys, so that one spec has one, however it was written.
    pub fn digest(&self) -> String {
        let text = serde_json::Value::Object(self.0.clone()).to_string();
        vetting_component::digest(text.as_bytes())
    }

    /// The disks that it names by serial number.
    pub fn expected_disks(&self) -> Vec<ExpectedDisk> {
        let disks = self.0.get("disks").and_then(Value::as_array);
        let one = |disk: &Value| {
            let text = |key: &str| disk[key].as_str().map(str::to_owned);
            let size = &disk["size_bytes"];
            // A range without an end names no disk that may be written to.
            let (fewest, most) = match size.as_f64() {
                Some(size) => (size, None),
                None => (size["min"].as_f64()?, Some(size["max"].as_f64()?)),
            };
            Some(ExpectedDisk {
                serial: text("serial")?,
                size_gb: fewest / 1e9,
                most_gb: most.map(|most| most / 1e9),
                wwn: text("wwn"),
                transport: text("transport"),
            })
        };
        disks.into_iter().flatten().filter_map(one).collect()
    }

    /// How many of a list's parts it expects.
    pub fn expects(&self, list: &str) -> usize {
        self.0
            .get(list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len)
    }

    /// Whether a list may have more than it names.
    fn allows_more(&self, path: &str) -> bool {
        let lists = self.0.get(ALLOW_MORE).and_then(Value::as_array);
        lists.is_some_and(|lists| lists.iter().any(|list| list == path))
    }
}

fn check_lists(lists: &Value) -> Result<(), SpecError> {
    let not_a_list = |value: &Value| SpecError::NotAList(value.to_string());
    let lists = lists.as_array().ok_or_else(|| not_a_list(lists))?;
    let known = |list: &&Value| !list.as_str().is_some_and(|name| LISTS.contains(&name));
    lists
        .iter()
        .find(known)
        .map_or(Ok(()), |list| Err(not_a_list(list)))
}

/// Takes out what says nothing (`null`, empty) and what changes by itself (links, addresses).
fn prune(value: &mut Value) {
    const VOLATILE: [&str; 7] = [
        "extra",
        "kernel",
        "speed_mbps",
        "link",
        "carrier",
        "duplex",
        "mtu",
    ];
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                prune(value);
                !VOLATILE.contains(&key.as_str()) && !value.is_null()
            });
            if map.is_empty() {
                *value = Value::Null;
            }
        }
        Value::Array(list) => {
            for value in list.iter_mut() {
                prune(value);
            }
        }
        _ => {}
    }
}
