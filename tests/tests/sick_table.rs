//! Every built-in machine against every built-in stage: a sick one fails exactly the stage that judges
//! its part, with that part named; a healthy one passes them all, or skips what it has not got. Whatever
//! they conclude is in the tables of their rules.

use std::collections::BTreeMap;

use serde_json::Value;
use vetting_component::Rule;
use vetting_machine::simulated::SimulatedMachine;
use vetting_protocol::{PIPELINE, StageRecord};
use vetting_runtime::scenario::undeclared;
use vetting_tests::{Vetting, stages};

/// What is expected of one machine.
enum Row {
    /// Every stage passes but these, whose hardware is not there.
    Healthy(&'static [&'static str]),
    /// That stage fails, for a part of that kind whose place or serial number holds that text; every
    /// other one passes.
    Sick(&'static str, &'static str, &'static str),
}

use Row::{Healthy, Sick};

const TABLE: [(&str, Row); 20] = [
    ("healthy-server", Healthy(&[])),
    ("storage-server", Healthy(&["GPU"])),
    ("gpu-server", Healthy(&[])),
    ("laptop", Healthy(&["GPU", "PSU"])),
    ("small-vm", Healthy(&["SMART", "GPU", "PSU"])),
    ("bad-core", Sick("CPUStress", "cpu", "CPU 11")),
    ("dead-fan", Sick("PSU", "fan", "FAN3")),
    ("ecc-errors", Sick("Memory", "dimm", "DIMM_C1")),
    ("failing-disk", Sick("SMART", "disk", "S6ESNFAILING")),
    ("gpu-off-bus", Sick("GPU", "gpu", "1322624000002")),
    ("gpu-pcie-degraded", Sick("GPU", "gpu", "1322624000001")),
    ("missing-dimm", Sick("Memory", "dimm", "DIMM_B1")),
    ("nic-pcie-degraded", Sick("Network", "nic", "ens1f0np0")),
    ("nvme-critical", Sick("SMART", "disk", "S64GNNVME2")),
    ("nvme-pcie-degraded", Sick("Storage", "disk", "S64GNNVME2")),
    ("psu-lost", Sick("PSU", "psu", "PS2 Status")),
    ("slow-core", Sick("CPUStress", "cpu", "CPU 5")),
    ("slow-disk", Sick("Storage", "disk", "WFK0SAS2")),
    ("slow-link", Sick("Network", "nic", "ens1f0np0")),
    ("throttling-cpu", Sick("CPUStress", "cpu", "package 1")),
];

#[test]
fn every_built_in_machine_has_a_row() {
    let rows: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    for (name, _) in SimulatedMachine::builtin_names() {
        assert!(rows.contains(&name), "the table has no row for {name}");
    }
    assert_eq!(rows.len(), SimulatedMachine::builtin_names().len());
}

#[test]
fn each_machine_fails_where_its_part_is_judged_and_nowhere_else() {
    let mut wrong = Vec::new();
    let rules = PIPELINE.map(rules);
    for (name, row) in &TABLE {
        let machine = format!("sim:{name}");
        let ended = Vetting::run(&stages(), &["--machine", &machine]).output();
        let report = ended.report();
        let records = report["stages"].as_array().expect("stages");
        let by_name: BTreeMap<&str, &Value> = records
            .iter()
            .map(|record| (record["stage"].as_str().expect("a name"), record))
            .collect();
        assert_eq!(by_name.len(), PIPELINE.len(), "{name}");
        for (stage, rules) in PIPELINE.into_iter().zip(&rules) {
            if let Err(reason) = judged(row, stage, by_name[stage]) {
                wrong.push(format!("{name}, {stage}: {reason}"));
            }
            let record = serde_json::from_value(by_name[stage].clone());
            let record: StageRecord = record.expect("a record");
            let others = undeclared(rules, &record);
            wrong.extend(others.iter().map(|what| format!("{name}, {stage}: {what}")));
        }
        let status = match row {
            Healthy(_) => 0,
            Sick(..) => 1,
        };
        if ended.status() != status {
            wrong.push(format!("{name}: exit status {}", ended.status()));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The table of a built-in stage's rules.
fn rules(stage: &str) -> Vec<Rule> {
    let file = stages().join(format!("{stage}.wasm"));
    let component = std::fs::read(&file).expect("a stage");
    let rules = vetting_component::read(&component)
        .expect("it reads")
        .manifest
        .rules;
    assert!(!rules.is_empty(), "{stage} has no table");
    rules
}

/// Whether a stage's record is as its machine's row says.
fn judged(row: &Row, stage: &str, record: &Value) -> Result<(), String> {
    let expected = match row {
        Healthy(absent) if absent.contains(&stage) => "skip",
        Sick(sick, _, _) if *sick == stage => "fail",
        Healthy(_) | Sick(..) => "pass",
    };
    if record["verdict"] != expected {
        return Err(format!(
            "{} instead of {expected}: {}",
            record["verdict"], record["message"]
        ));
    }
    let Sick(sick, kind, place) = row else {
        return Ok(());
    };
    if *sick != stage {
        return Ok(());
    }
    let diagnoses = record["diagnoses"].as_array().expect("diagnoses");
    let failed: Vec<&Value> = diagnoses
        .iter()
        .filter(|d| d["finding"] == "fail")
        .collect();
    let is_it = |d: &&&Value| {
        let part = &d["part"];
        let names = |field: &str| {
            let text = part[field].as_str().unwrap_or_default();
            text == *place || text.starts_with(&format!("{place} "))
        };
        part["kind"] == *kind && (names("location") || names("serial"))
    };
    match failed.iter().any(|d| is_it(&d)) {
        true => Ok(()),
        false => Err(format!("{kind} {place} is not named: {failed:#?}")),
    }
}
