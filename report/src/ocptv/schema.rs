//! The specification's own JSON schema, where there is a copy of it: for tests, here and end to end.

use std::path::PathBuf;

use serde_json::Value;

/// Names the folder with the schema: `json_spec/output` of opencomputeproject/ocp-diag-core, which is
/// no part of this repository.
const FOLDER: &str = "OCPTV_SCHEMA";

/// A validator of one line. Where there is no copy it says so, and nothing is checked.
pub fn validator() -> Option<jsonschema::Validator> {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        println!(
            "not checked: OCP Test & Validation output against the specification's schema; {FOLDER} \
             names no folder with it"
        );
        return None;
    };
    let mut root = None;
    let mut registry = jsonschema::Registry::new();
    for entry in std::fs::read_dir(&folder).expect("the schema's folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a schema");
        let schema: Value = serde_json::from_str(&text).expect("JSON");
        let id = schema["$id"].as_str().expect("an id").to_owned();
        if path.ends_with("root.json") {
            root = Some(schema.clone());
        }
        registry = registry.add(id, schema).expect("a schema");
    }
    let registry = registry.prepare().expect("schemas that know each other");
    let validator = jsonschema::options()
        .with_registry(&registry)
        .should_validate_formats(true)
        .build(&root.expect("root.json in the folder"));
    Some(validator.expect("a schema"))
}
