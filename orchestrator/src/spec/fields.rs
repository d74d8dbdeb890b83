//! Which fields an inventory has, by its schema: a spec that names another can never hold.

use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::SpecError;

/// The words of a table that is a bound and not a part.
pub const BOUNDS: [&str; 3] = ["min", "max", "one_of"];

/// The inventory's schema, written by `cargo xtask docs` from what the stage attaches.
fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        // The file is the repository's own, and a test reads it.
        serde_json::from_str(include_str!("inventory.schema.json")).unwrap_or(Value::Null)
    })
}

/// Whether an inventory has every field that a spec names below one of its parts.
///
/// # Errors
///
/// The first that it has not, with those there are.
pub fn check(part: &str, expected: &Value) -> Result<(), SpecError> {
    let Some(found) = property(schema(), part) else {
        return Ok(());
    };
    below(part, expected, found)
}

fn below(path: &str, expected: &Value, schema: &Value) -> Result<(), SpecError> {
    match expected {
        Value::Array(entries) => match element(schema) {
            Some(of) => entries.iter().try_for_each(|entry| below(path, entry, of)),
            None => Ok(()),
        },
        Value::Object(fields) => match properties(schema) {
            Some(known) => fields
                .iter()
                .try_for_each(|(name, value)| field(path, name, value, (schema, known))),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn field(
    path: &str,
    name: &str,
    value: &Value,
    (schema, known): (&Value, &Map<String, Value>),
) -> Result<(), SpecError> {
    let path = format!("{path}.{name}");
    match property(schema, name) {
        Some(of) => below(&path, value, of),
        None => Err(SpecError::Field {
            path,
            known: known.keys().cloned().collect::<Vec<_>>().join(", "),
        }),
    }
}

/// The schema itself, where this one only names it, or allows nothing besides it.
fn resolved(of: &Value) -> &Value {
    if let Some(name) = of["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        return &schema()["$defs"][name];
    }
    let either = of["anyOf"].as_array();
    let one = either.and_then(|all| all.iter().find(|one| one["type"] != "null"));
    match one {
        Some(one) if !std::ptr::eq(one, of) => resolved(one),
        _ => of,
    }
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    resolved(schema)["properties"].as_object()
}

fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    properties(schema)?.get(name)
}

/// What a list's entries are.
fn element(schema: &Value) -> Option<&Value> {
    resolved(schema).get("items")
}

#[cfg(test)]
mod tests {
    use super::super::{LISTS, PARTS};
    use super::*;

    #[test]
    fn the_schema_has_every_part_and_list() {
        for part in PARTS {
            let found = property(schema(), part).unwrap_or_else(|| panic!("{part}"));
            assert!(
                properties(found).is_some() || element(found).and_then(properties).is_some(),
                "{part}"
            );
        }
        for list in LISTS {
            let mut found = schema();
            for name in list.split('.') {
                found = property(found, name).unwrap_or_else(|| panic!("{list}"));
            }
            assert!(element(found).is_some(), "{list}");
        }
    }

    #[test]
    fn a_field_that_no_inventory_has_is_named() {
        let wrong = |part: &str, spec: Value| check(part, &spec).expect_err(part).to_string();
        let vendor = wrong("system", serde_json::json!({ "vendor": "Dell" }));
        assert!(
            vendor.contains("system.vendor") && vendor.contains("manufacturer"),
            "{vendor}"
        );
        let module = serde_json::json!({ "modules": [{ "locator": "A1" }, { "size": 1 }] });
        let module = wrong("memory", module);
        assert!(module.contains("memory.modules.size"), "{module}");
        let link = wrong("nics", serde_json::json!([{ "link": { "width": 8 } }]));
        assert!(link.contains("nics.link.width"), "{link}");
    }

    #[test]
    fn bounds_are_no_fields() {
        let spec = serde_json::json!({ "installed_bytes": { "min": 1, "max": 2 } });
        assert!(check("memory", &spec).is_ok());
        assert!(
            check(
                "bmc",
                &serde_json::json!({ "firmware": { "one_of": ["1", "2"] } })
            )
            .is_ok()
        );
    }
}
