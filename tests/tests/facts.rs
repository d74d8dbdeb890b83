//! Facts that a stage carries: the example in Python, whose facts are a component in it, against its twin in Rust, which
//! links the crate; and what `inspect` shows of both.

use std::path::Path;

use serde_json::Value;
use vetting_component::{Facts, imported, is_of_facts};
use vetting_tests::{Ended, Vetting, examples, folder_of, guests, stages};

/// Machines on which the two differ if anything differs: drives of every protocol, a sick one of each part that is
/// judged, one without a controller.
const MACHINES: [&str; 7] = [
    "healthy-server",
    "storage-server",
    "failing-disk",
    "nvme-critical",
    "dead-fan",
    "psu-lost",
    "small-vm",
];

fn component(folder: &Path, name: &str) -> Vec<u8> {
    let path = folder.join(name).with_extension("wasm");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(folder: &Path, machine: &str) -> Ended {
    let machine = format!("sim:{machine}");
    let only = folder_of(&[(folder, "Vitals")]);
    Vetting::run(only.path(), &["--machine", &machine]).output()
}

#[test]
fn python_by_facts_finds_what_its_rust_twin_finds() {
    let (mut measured, mut failed) = (0, 0);
    for machine in MACHINES {
        let python = run(&examples(), machine).stage("Vitals");
        let rust = run(&guests(), machine).stage("Vitals");
        for part in ["measurements", "diagnoses", "verdict", "summary"] {
            assert_eq!(python[part], rust[part], "{part} on {machine}");
        }
        measured += python["measurements"].as_array().map_or(0, Vec::len);
        failed += usize::from(python["verdict"] == "fail");
    }
    assert!(measured > 100, "{measured} measurements were compared");
    assert!(failed >= 2, "{failed} machines failed");
}

#[test]
fn a_composed_stage_imports_no_facts_and_carries_them() {
    let bytes = component(&examples(), "Vitals");
    let imports = imported(&bytes).expect("a component");
    assert!(!imports.iter().any(|name| is_of_facts(name)), "{imports:?}");
    assert!(
        imports
            .iter()
            .any(|name| name.starts_with("vetting:stage/"))
    );
    let contents = vetting_component::read(&bytes).expect("a stage");
    assert!(
        matches!(contents.facts.as_slice(), [Facts::Composed { .. }]),
        "{:?}",
        contents.facts
    );
    // What it imports of WASI is imported once, and asks for no more than without facts.
    let mut names = imports.clone();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), imports.len(), "{imports:?}");
}

#[test]
fn inspect_shows_which_facts_a_stage_carries() {
    let inspected = |folder: &Path, name: &str, format: &str| {
        let path = folder.join(name).with_extension("wasm");
        let args = ["stage", "inspect", "--format", format];
        let ended = Vetting::new(&args).path("--", &path).output();
        assert_eq!(ended.status(), 0, "{}", ended.stderr());
        ended.stdout()
    };
    let json = |folder: &Path, name: &str| -> Value {
        serde_json::from_str(&inspected(folder, name, "json")).expect("JSON")
    };
    let linked = &json(&stages(), "SMART")["facts"][0];
    assert_eq!(linked["kind"], "linked");
    assert_eq!(linked["version"], env!("CARGO_PKG_VERSION"));
    let composed = &json(&examples(), "Vitals")["facts"][0];
    assert_eq!(composed["kind"], "composed");
    assert_eq!(composed["digest"].as_str().map(str::len), Some(64));
    let text = inspected(&examples(), "Vitals", "pretty");
    assert!(text.contains("(those of this vetting)"), "{text}");
    let none = inspected(&examples(), "Thermals", "pretty");
    let facts = none.lines().find(|line| line.starts_with("facts"));
    assert!(facts.is_some_and(|line| line.ends_with(" none")), "{none}");
}
