//! Parameters that are secret: those whose schema says `"writeOnly": true` or `"format": "password"`.

use serde_json::Value;

use crate::manifest::Manifest;

/// What stands in a secret's place wherever parameters are told or written down.
pub const BLANK: &str = "(secret)";

/// A stage's parameters with the secret ones blanked, and what those were.
pub fn blank(manifest: &Manifest, parameters: &Value) -> (Value, Vec<String>) {
    let mut blanked = parameters.clone();
    let mut secrets = Vec::new();
    let schemas = manifest.parameters.get("properties");
    let members = blanked.as_object_mut().into_iter().flatten();
    for (name, value) in members {
        let schema = schemas.and_then(|schemas| schemas.get(name));
        if value.is_null() || !schema.is_some_and(is_secret) {
            continue;
        }
        secrets.push(match &*value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        *value = Value::String(BLANK.to_owned());
    }
    (blanked, secrets)
}

fn is_secret(schema: &Value) -> bool {
    let write_only = schema.get("writeOnly") == Some(&Value::Bool(true));
    write_only
        || schema
            .get("format")
            .is_some_and(|format| format == "password")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_marked_secret_is_blanked() {
        let manifest = serde_json::from_value(json!({
            "name": "Fan", "version": "1.0.0", "summary": "s", "timeout_seconds": 1,
            "parameters": { "type": "object", "properties": {
                "user": { "type": "string" },
                "password": { "type": "string", "format": "password" },
                "key": { "type": "string", "writeOnly": true },
                "token": { "type": ["string", "null"], "writeOnly": true },
            }},
        }));
        let manifest: Manifest = manifest.expect("a manifest");
        let given =
            json!({"user": "ann", "password": "canary-1", "key": "canary-2", "token": null});
        let (blanked, secrets) = blank(&manifest, &given);
        let expected =
            json!({"user": "ann", "password": "(secret)", "key": "(secret)", "token": null});
        assert_eq!(blanked, expected);
        assert_eq!(secrets, ["canary-2", "canary-1"]);
    }
}
