//! Looking into the JSON of running tools, for their progress: fields may be missing or of another type
//! than last year.

use serde_json::Value;

use crate::contract::types::Error;

/// Understands bytes as JSON.
pub(super) fn read(tool: &str, bytes: &[u8]) -> Result<Value, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Error::tool_failed(tool, format!("its output is not UTF-8: {e}")))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::tool_failed(tool, "it printed nothing"));
    }
    serde_json::from_str(text)
        .map_err(|e| Error::tool_failed(tool, format!("its output is not JSON: {e}")))
}

/// What stands at a path of names; null where there is nothing.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter()
        .try_fold(value, |value, name| value.get(name))
        .unwrap_or(&Value::Null)
}

/// A number that is not negative: whole, with a fraction, or written as a string. What is too
/// large becomes the largest there is.
pub(super) fn unsigned(value: &Value, path: &[&str]) -> Option<u64> {
    let value = at(value, path);
    if let Some(number) = value.as_u64() {
        return Some(number);
    }
    let float = float(value, &[])?;
    // The cast saturates, which is what is wanted.
    (float >= 0.0).then_some(float as u64)
}

/// A finite number, or a string that holds one.
pub(super) fn float(value: &Value, path: &[&str]) -> Option<f64> {
    let number = match at(value, path) {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().replace(',', "").parse().ok(),
        _ => None,
    };
    number.filter(|n| n.is_finite())
}

/// A text that says something, without space around it.
pub(super) fn text(value: &Value, path: &[&str]) -> Option<String> {
    let text = at(value, path).as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The entries of a list; none where there is no list.
pub(super) fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).as_array().map_or(&[], Vec::as_slice)
}
