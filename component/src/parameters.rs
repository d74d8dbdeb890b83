//! A stage's parameters: defaults from its manifest, over them what was given, each held against its
//! schema.

use serde_json::{Map, Value};

use crate::manifest::Manifest;

/// A parameter that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum ParameterError {
    /// The stage has no such parameter.
    #[error("{stage} has no parameter `{key}`; {hint}")]
    Unknown {
        /// The stage.
        stage: String,
        /// What was given.
        key: String,
        /// What was perhaps meant.
        hint: String,
    },
    /// The value does not fit.
    #[error("{stage}.{key} cannot be {value}: {accepted}")]
    Value {
        /// The stage.
        stage: String,
        /// The parameter.
        key: String,
        /// What was given.
        value: String,
        /// What would be accepted.
        accepted: String,
    },
}

/// All parameters of a stage: its defaults, over them those given (a later one wins).
///
/// # Errors
///
/// When one is unknown or does not fit its schema.
pub fn parameters(
    manifest: &Manifest,
    given: &[(String, Value)],
) -> Result<Map<String, Value>, ParameterError> {
    let mut values = Map::new();
    if let Some(properties) = properties(manifest) {
        for (key, schema) in properties {
            if let Some(default) = schema.get("default") {
                values.insert(key.clone(), default.clone());
            }
        }
    }
    for (key, value) in given {
        let schema = schema(manifest, key)?;
        check(manifest, key, schema, value)?;
        values.insert(key.clone(), value.clone());
    }
    Ok(values)
}

/// A text, as a command line gives it, as a value of the parameter's type.
///
/// # Errors
///
/// When the parameter is unknown or the text does not fit it.
pub fn typed(manifest: &Manifest, key: &str, text: &str) -> Result<Value, ParameterError> {
    let schema = schema(manifest, key)?;
    let types = types(schema);
    let value = match serde_json::from_str::<Value>(text) {
        Ok(value) if !value.is_string() && types.iter().any(|t| is(&value, t)) => value,
        _ if types.contains(&"string") => Value::String(text.to_owned()),
        Ok(value) => value,
        Err(_no_json) => Value::String(text.to_owned()),
    };
    check(manifest, key, schema, &value)?;
    Ok(value)
}

fn properties(manifest: &Manifest) -> Option<&Map<String, Value>> {
    manifest.parameters.get("properties")?.as_object()
}

fn schema<'a>(manifest: &'a Manifest, key: &str) -> Result<&'a Value, ParameterError> {
    let none = Map::new();
    let properties = properties(manifest);
    if let Some(schema) = properties.and_then(|p| p.get(key)) {
        return Ok(schema);
    }
    let known = properties.unwrap_or(&none);
    let distance = |k: &&String| strsim::damerau_levenshtein(k, key);
    let all: Vec<_> = known.keys().map(String::as_str).collect();
    let hint = match known
        .keys()
        .min_by_key(distance)
        .filter(|k| distance(k) <= 3)
    {
        _ if all.is_empty() => "it has none".to_owned(),
        Some(near) => format!("did you mean `{near}`? There are: {}", all.join(", ")),
        None => format!("there are: {}", all.join(", ")),
    };
    Err(ParameterError::Unknown {
        stage: manifest.name.clone(),
        key: key.to_owned(),
        hint,
    })
}

/// The subset of JSON Schema that parameters use: `type`, `enum`, `minimum`, `maximum`, and the
/// pattern of durations.
fn check(
    manifest: &Manifest,
    key: &str,
    schema: &Value,
    value: &Value,
) -> Result<(), ParameterError> {
    let types = types(schema);
    let of_type = types.is_empty() || types.iter().any(|t| is(value, t));
    let among = schema.get("enum").and_then(Value::as_array);
    let among = among.is_none_or(|values| values.contains(value));
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    let number = value.as_f64();
    let high_enough = number.zip(bound("minimum")).is_none_or(|(n, min)| n >= min);
    let low_enough = number.zip(bound("maximum")).is_none_or(|(n, max)| n <= max);
    let shaped = match value.as_str() {
        Some(text) if is_duration(schema) => duration(text),
        _ => true,
    };
    if of_type && among && high_enough && low_enough && shaped {
        return Ok(());
    }
    Err(ParameterError::Value {
        stage: manifest.name.clone(),
        key: key.to_owned(),
        value: value.to_string(),
        accepted: accepted(schema, &types),
    })
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn is_duration(schema: &Value) -> bool {
    schema
        .get("format")
        .is_some_and(|format| format == "vetting-duration")
}

/// Whether a text is a duration of at least a millisecond: digits and `ms`, `s`, `m` or `h`.
fn duration(text: &str) -> bool {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return false,
    };
    let number = number.parse::<u64>();
    number.is_ok_and(|n| n > 0 && n.checked_mul(factor).is_some())
}

fn accepted(schema: &Value, types: &[&str]) -> String {
    let mut text = if is_duration(schema) {
        "a duration is needed, such as 500ms, 90s, 5m or 2h".to_owned()
    } else if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        format!("one of {} is needed", values.join(", "))
    } else {
        format!("{} is needed", types.join(" or "))
    };
    for (name, words) in [("minimum", "at least"), ("maximum", "at most")] {
        if let Some(bound) = schema.get(name) {
            text.push_str(&format!(", {words} {bound}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest() -> Manifest {
        let properties = json!({
            "duration": { "type": "string", "format": "vetting-duration", "default": "60s" },
            "tolerated": { "type": "integer", "minimum": 0, "default": 3 },
            "expected": { "type": ["integer", "null"], "minimum": 0, "default": null },
            "floor": { "type": "number", "default": 1.5 },
            "strict": { "type": "boolean", "default": true },
            "mode": { "type": "string", "default": "all" },
        });
        serde_json::from_value(json!({
            "name": "Fan", "version": "1.0.0", "summary": "s", "timeout_seconds": 1,
            "parameters": { "type": "object", "properties": properties },
        }))
        .expect("a manifest")
    }

    #[test]
    fn texts_are_typed_by_the_schema() {
        let typed = |key, text| typed(&manifest(), key, text).map_err(|e| e.to_string());
        assert_eq!(typed("duration", "90s"), Ok(json!("90s")));
        assert_eq!(typed("tolerated", "7"), Ok(json!(7)));
        assert_eq!(typed("expected", "null"), Ok(json!(null)));
        assert_eq!(typed("floor", "2"), Ok(json!(2)));
        assert_eq!(typed("strict", "false"), Ok(json!(false)));
        assert_eq!(typed("mode", "7"), Ok(json!("7")));
        for (key, text) in [
            ("duration", "soon"),
            ("duration", "0s"),
            ("duration", "99999999999999999999h"),
            ("tolerated", "-1"),
            ("tolerated", "1.5"),
            ("expected", "some"),
            ("floor", "high"),
            ("strict", "1"),
        ] {
            let error = typed(key, text).expect_err(key);
            assert!(error.contains(&format!("Fan.{key}")), "{error}");
        }
    }

    #[test]
    fn an_unknown_parameter_names_the_nearest() {
        let error = typed(&manifest(), "durration", "1s").expect_err("unknown");
        let text = error.to_string();
        assert!(text.contains("did you mean `duration`?"), "{text}");
        assert!(text.contains("tolerated"), "{text}");
    }

    #[test]
    fn defaults_are_filled_in_and_later_ones_win() {
        let given = [
            ("tolerated".to_owned(), json!(1)),
            ("tolerated".to_owned(), json!(2)),
        ];
        let values = parameters(&manifest(), &given).expect("parameters");
        assert_eq!(values["tolerated"], 2);
        assert_eq!(values["duration"], "60s");
        assert_eq!(values["expected"], Value::Null);
    }
}
