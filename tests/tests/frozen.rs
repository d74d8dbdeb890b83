//! Stages that were built for a released contract run on this runtime, as they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vetting_tests::{Vetting, stages};

/// The stages of every released version, by its folder.
fn released() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("frozen");
    let entries = std::fs::read_dir(folder).expect("tests/frozen");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

fn verdicts(record: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let stages = record["stages"].as_array().expect("stages");
    stages
        .iter()
        .map(|s| (text(&s["stage"]), text(&s["verdict"])))
        .collect()
}

#[test]
fn stages_of_every_released_contract_judge_as_they_did() {
    assert!(!released().is_empty());
    for folder in released() {
        let healthy = Vetting::run(&folder, &["--machine", "sim:healthy-server"]).output();
        let healthy = verdicts(&healthy.report());
        assert!(healthy.len() >= 8, "{healthy:?}");
        assert!(
            healthy.iter().all(|(_, verdict)| verdict == "pass"),
            "{healthy:?}"
        );
        for (machine, stage) in [("sim:failing-disk", "SMART"), ("sim:bad-core", "CPUStress")] {
            let sick = Vetting::run(&folder, &["--machine", machine, stage]).output();
            let sick = verdicts(&sick.report());
            assert_eq!(sick, [(stage.to_owned(), "fail".to_owned())]);
        }
    }
}

/// A long test asks for values alone since 0.1.1. It sees what one sees that reads everything: also a
/// sensor that goes and comes back, and an alarm.
#[test]
fn sensors_that_are_sampled_are_those_that_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let machine = folder.path().join("changing.toml");
    let profile = "extends = \"healthy-server\"\n\
        [[fault]]\nkind = \"sensor-missing\"\nlabel = \"Core 3\"\nat = \"20s\"\nfor = \"15s\"\n\
        [[fault]]\nkind = \"fan-dead\"\nfan = \"FAN1\"\nat = \"30s\"\n";
    std::fs::write(&machine, profile).expect("a profile");
    let machine = format!("sim:{}", machine.display());
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("frozen/0.1.0");
    let [read, sampled] = [frozen, stages()].map(|stages| {
        let run = Vetting::run(&stages, &["--machine", &machine, "Memory"]);
        run.output().stage("Memory")
    });
    assert!(read["host_calls"].as_u64() > sampled["host_calls"].as_u64());
    for field in ["verdict", "measurements", "diagnoses", "series"] {
        assert!(!read[field].is_null(), "{field}");
        assert_eq!(read[field], sampled[field], "{field}");
    }
    let series = sampled["series"].as_array().expect("series");
    let points = |label: &str| {
        let is = |s: &&Value| s["key"].as_str().is_some_and(|key| key.ends_with(label));
        series.iter().find(is).expect(label)["points"].as_u64()
    };
    assert!(points("/Core 3") < points("/Core 4"), "it was gone");
}

/// Between them they call all of the contract, so that nothing of it can change unseen.
#[test]
fn the_frozen_stages_call_every_interface() {
    for folder in released() {
        let mut called = BTreeSet::new();
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_none_or(|kind| kind != "wasm") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("a stage");
            let contents = vetting_component::read(&bytes).expect("a component");
            let of_contract = contents.imports.into_iter().filter(|i| i.is_contract());
            called.extend(
                of_contract
                    .filter(|i| !i.functions.is_empty())
                    .map(|i| i.interface),
            );
        }
        let all = &vetting_component::offered().interfaces;
        let with_functions = all.iter().filter(|(_, functions)| !functions.is_empty());
        let never: Vec<_> = with_functions
            .map(|(name, _)| name)
            .filter(|n| !called.contains(*n))
            .collect();
        assert!(never.is_empty(), "{}: {never:?}", folder.display());
    }
}
