//! What all rooms share: an unreadable document as a sentence, and names as the crate serialises them.

use serde_json::Value;
use vetting_facts::Unreadable;

/// Why nothing of a document could be read.
pub fn sentence(unreadable: Unreadable) -> String {
    unreadable.to_string()
}

/// An enumeration's name in its serialised form, `power-supply-failure`; the text of a variant that holds one.
pub fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(fields)) => {
            let texts = fields.values().find_map(Value::as_str);
            texts.unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}
