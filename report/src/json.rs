//! The record as JSON, there and back, and its schema.

use crate::FORMAT;
use crate::record::RunRecord;

/// A record that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is no JSON, or misses a field.
    #[error("it is no run record: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It is of another format or a later major version.
    #[error("its format is `{found}`; this version reads `{FORMAT}`")]
    Format {
        /// What it says.
        found: String,
    },
}

/// The record as JSON for people and programs, with a final newline.
///
/// # Errors
///
/// Never for a record that was made by this crate: all its numbers are finite.
pub fn to_json(record: &RunRecord) -> Result<String, serde_json::Error> {
    let mut json = serde_json::to_string_pretty(record)?;
    json.push('\n');
    Ok(json)
}

/// Reads a record. Fields that this version does not know are ignored.
///
/// # Errors
///
/// When it is no record, or one of another format.
pub fn from_json(json: &str) -> Result<RunRecord, ReadError> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: String,
    }
    let head: Head = serde_json::from_str(json)?;
    if head.format != FORMAT {
        return Err(ReadError::Format { found: head.format });
    }
    Ok(serde_json::from_str(json)?)
}

/// The JSON Schema of a record, generated from the types.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(RunRecord).to_value()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use vetting_protocol::Verdict;

    use super::*;
    use crate::record::tests::{record, stage};

    #[test]
    fn a_record_is_read_back() {
        let before = record(vec![
            stage("SMART", Some(Verdict::Fail)),
            stage("GPU", None),
        ]);
        let json = to_json(&before).expect("JSON");
        assert_eq!(from_json(&json).expect("a record"), before);
    }

    #[test]
    fn another_format_is_refused_and_a_missing_field_is_named() {
        let json = to_json(&record(Vec::new())).expect("JSON");
        let later = json.replace(FORMAT, "vetting.run/2");
        let error = from_json(&later).expect_err("later").to_string();
        assert!(
            error.contains("vetting.run/2") && error.contains(FORMAT),
            "{error}"
        );
        let cut = json.replace("\"counts\"", "\"cuonts\"");
        let error = from_json(&cut).expect_err("cut").to_string();
        assert!(error.contains("counts"), "{error}");
    }

    /// The committed schema is the types'. `UPDATE_SCHEMA=1 cargo test -p vetting-report` writes it.
    #[test]
    fn the_committed_schema_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/run-record.schema.json");
        let mut current = serde_json::to_string_pretty(&schema()).expect("JSON");
        current.push('\n');
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(&path, &current).expect("the schema is written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == current,
            "the schema is not the types'; UPDATE_SCHEMA=1 cargo test -p vetting-report writes it"
        );
    }

    #[test]
    fn records_hold_to_the_schema_and_others_do_not() {
        let validator = jsonschema::validator_for(&schema()).expect("a schema");
        let value = serde_json::to_value(record(vec![
            stage("SMART", Some(Verdict::Pass)),
            stage("GPU", None),
        ]))
        .expect("JSON");
        assert!(validator.is_valid(&value));
        let mut wrong = value;
        wrong["counts"]["passed"] = serde_json::json!("many");
        assert!(!validator.is_valid(&wrong));
    }
}
