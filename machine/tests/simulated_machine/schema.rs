//! The schema of profiles: it is the committed one, the built-in machines hold to it, and it finds
//! what an author gets wrong.

use std::path::Path;

use serde_json::Value;
use vetting_machine::simulated::SimulatedMachine;

/// A profile's TOML as JSON.
fn json(text: &str) -> Value {
    let table: toml::Table = toml::from_str(text).expect("is TOML");
    serde_json::to_value(table).expect("is JSON too")
}

fn wrong(text: &str) -> Vec<String> {
    let validator = jsonschema::validator_for(&SimulatedMachine::profile_schema());
    let validator = validator.expect("the schema is one");
    let profile = json(text);
    let errors = validator.iter_errors(&profile).map(|e| e.to_string());
    errors.collect()
}

#[test]
fn the_committed_schema_is_the_types_own() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("profiles/profile.schema.json");
    let schema = SimulatedMachine::profile_schema();
    let mut text = serde_json::to_string_pretty(&schema).expect("is JSON");
    text.push('\n');
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is out of date; write it anew: vetting machine profiles --schema > {}",
        path.display(),
        path.display()
    );
}

#[test]
fn every_built_in_machine_holds_to_the_schema() {
    for (name, _) in SimulatedMachine::builtin_names() {
        let text = SimulatedMachine::builtin_text(name).expect("is built in");
        assert_eq!(wrong(text), Vec::<String>::new(), "{name}");
        assert!(text.starts_with("#:schema profile.schema.json\n"), "{name}");
    }
}

#[test]
fn what_the_reader_refuses_the_schema_does_too() {
    let over = |text: &str| format!("extends = \"healthy-server\"\ndescription = \"mine\"\n{text}");
    for text in [
        "[cpu]\nsokets = 2",
        "[system]\nmodle = \"x\"",
        "[[disk]]\nsize_bytes = 1",
        "[[disk]]\nname = \"sda\"\nkind = \"floppy\"",
        "[[fault]]\nkind = \"fan-daed\"\nfan = \"FAN1\"",
        "[[fault]]\nkind = \"fan-dead\"",
        "[[fault]]\nkind = \"fan-dead\"\nfan = \"FAN1\"\nevry = \"5s\"",
        "[[fault]]\nat = \"30 parsecs\"\nkind = \"redundancy-lost\"",
        "[[fault]]\nkind = \"cancel\"\nreason = \"x\"",
    ] {
        let text = over(text);
        let read = SimulatedMachine::from_toml("mine.toml", &text, 1);
        assert!(read.is_err(), "{text}");
        assert!(!wrong(&text).is_empty(), "{text}");
    }
    for text in [
        "[cpu]\nsockets = 2",
        "[[fault]]\nat = \"5s\"\nfor = \"1 min\"\nkind = \"cancel\"",
        "[[fault]]\nkind = \"slow-call\"\ninterface = \"hwmon\"\nmilliseconds = 700",
        "[[fault]]\nwhen_load_above = 0.5\nkind = \"cooling-blocked\"\npercent = 50.0\npackage = 1",
    ] {
        let text = over(text);
        if let Err(error) = SimulatedMachine::from_toml("mine.toml", &text, 1) {
            panic!("{error}");
        }
        assert_eq!(wrong(&text), Vec::<String>::new(), "{text}");
    }
    assert!(!wrong("description = \"nothing else\"").is_empty());
}
