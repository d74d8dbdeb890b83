//! The JSON Schema of profile files, from the types that read them, for editors and for whoever
//! writes one. A file may be another machine with changes, so that hardly anything is required of a
//! part; what is missing then, the reader says.

use serde_json::{Map, Value, json};

use super::Profile;
use super::load::extendable;

/// Parts that come in lists, which merge by name.
const NAMED: [&str; 6] = ["Disk", "Fan", "Gpu", "Nic", "Psu", "Rail"];

/// Parts of which a file may change some fields only.
const PARTS: [&str; 9] = [
    "Bios", "Bmc", "Board", "Cpu", "Link", "Memory", "Peer", "Scratch", "System",
];

/// The schema of a profile file, its TOML taken as JSON.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Profile).to_value();
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions {
            if let Some(definition) = definition.as_object_mut() {
                loosen(name, definition);
            }
        }
    }
    if let Some(root) = schema.as_object_mut() {
        extend(root);
    }
    schema
}

fn loosen(name: &str, definition: &mut Map<String, Value>) {
    if NAMED.contains(&name) {
        definition.insert("required".to_owned(), json!(["name"]));
    } else if PARTS.contains(&name) {
        definition.remove("required");
        // Those of the contract are closed by their reader.
        definition.insert("additionalProperties".to_owned(), json!(false));
    } else if name == "Scheduled" {
        definition.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

/// Either a whole machine, or another one with changes.
fn extend(root: &mut Map<String, Value>) {
    let whole = root.remove("required").unwrap_or_default();
    root.insert("title".to_owned(), json!("A simulated machine"));
    root.insert(
        "anyOf".to_owned(),
        json!([{ "required": whole }, { "required": ["extends", "description"] }]),
    );
    if let Some(properties) = root.get_mut("properties").and_then(Value::as_object_mut) {
        let extends = json!({
            "description": "The built-in machine that this one is, with the changes that follow.",
            "type": "string",
            "enum": extendable(),
        });
        properties.insert("extends".to_owned(), extends);
    }
}
