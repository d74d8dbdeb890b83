//! Simulated machines: what each verdict is, and that a report is the same bytes every time.

use std::path::Path;

use serde_json::Value;
use vetting_tests::{Ended, Vetting, stages};

fn simulated(profile: &str, more: &[&str]) -> Ended {
    let machine = format!("sim:{profile}");
    let mut args = vec!["--machine", machine.as_str()];
    args.extend(more);
    Vetting::run(&stages(), &args).output()
}

fn verdicts(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let stages = report["stages"].as_array().expect("stages");
    stages
        .iter()
        .map(|s| (text(&s["stage"]), text(&s["verdict"])))
        .collect()
}

fn validate(report: &Value) {
    let schema =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/schema/run-record.schema.json");
    let schema = std::fs::read_to_string(schema).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(report)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_healthy_server_passes_every_stage() {
    let ended = simulated("healthy-server", &[]);
    assert_eq!(ended.status(), 0, "{}", ended.stderr());
    let report = ended.report();
    validate(&report);
    let verdicts = verdicts(&report);
    assert_eq!(verdicts.len(), 8, "{verdicts:?}");
    assert!(
        verdicts.iter().all(|(_, verdict)| verdict == "pass"),
        "{verdicts:?}"
    );
}

#[test]
fn a_failing_disk_fails_with_its_serial_number_and_the_attribute() {
    let ended = simulated("failing-disk", &[]);
    assert_eq!(ended.status(), 1);
    validate(&ended.report());
    let smart = ended.stage("SMART");
    assert_eq!(smart["verdict"], "fail");
    let diagnoses = smart["diagnoses"].as_array().expect("diagnoses");
    let named = diagnoses.iter().any(|d| {
        let message = d["message"].as_str().unwrap_or_default();
        d["finding"] == "fail"
            && d["part"]["serial"] == "S6ESNFAILING"
            && message.contains("S6ESNFAILING")
            && message.contains("Current_Pending_Sector")
    });
    assert!(named, "{diagnoses:#?}");
}

#[test]
fn hardware_that_is_not_there_is_skipped_with_the_reason() {
    let ended = simulated("small-vm", &[]);
    assert_eq!(ended.status(), 0, "{}", ended.stdout());
    for stage in ["SMART", "GPU", "PSU"] {
        let stage = ended.stage(stage);
        assert_eq!(stage["verdict"], "skip", "{stage}");
        assert!(
            stage["message"].as_str().is_some_and(|m| m.len() > 10),
            "{stage}"
        );
    }
}

#[test]
fn one_seed_is_one_report_and_another_seed_another() {
    let bytes = |seed: &str| simulated("throttling-cpu", &["--seed", seed]).output.stdout;
    let first = bytes("7");
    assert_eq!(first, bytes("7"), "the same machine and seed");
    assert_ne!(first, bytes("8"), "another seed");
}

#[test]
fn a_busy_machine_changes_no_byte() {
    let args = ["CPUStress", "Memory", "GPU", "--seed", "11"];
    let quiet = simulated("healthy-server", &args).output.stdout;
    let over = std::sync::atomic::AtomicBool::new(false);
    let busy = std::thread::scope(|scope| {
        for _ in 0..2 * std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while !over.load(std::sync::atomic::Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let busy = simulated("healthy-server", &args).output.stdout;
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        busy
    });
    assert!(quiet == busy, "the report depends on the load");
}

#[test]
fn a_profile_may_cancel_its_attempt() {
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("cancelled.toml");
    let text = "extends = \"healthy-server\"\ndescription = \"cancelled\"\n\
                [[fault]]\nat = \"20s\"\nkind = \"cancel\"\n";
    std::fs::write(&profile, text).expect("a file");
    let ended = simulated(&profile.to_string_lossy(), &["CPUStress"]);
    let stage = ended.stage("CPUStress");
    assert_eq!(stage["verdict"], "cancelled", "{stage}");
    let measured = stage["measurements"].as_array().expect("measurements");
    assert!(!measured.is_empty(), "the partial outcome is kept");
    let milliseconds = stage["duration_ms"].as_u64().expect("a duration");
    assert!((20_000..21_000).contains(&milliseconds), "{milliseconds}");
}

#[test]
fn built_in_profiles_are_listed_and_printed() {
    let print = |args: &[&str]| {
        let ended = Vetting::new(&[&["machine", "profiles"], args].concat()).output();
        assert_eq!(ended.status(), 0, "{}", ended.stderr());
        ended.stdout()
    };
    assert!(print(&[]).lines().any(|l| l.starts_with("gpu-server ")));
    assert!(print(&["laptop"]).contains("product = \"T14\""));
    let listed: Value = serde_json::from_str(&print(&["--json"])).expect("JSON");
    assert!(listed.as_array().expect("a list").len() >= 20);
    let schema: Value = serde_json::from_str(&print(&["--schema"])).expect("JSON");
    assert!(schema["properties"]["extends"].is_object());
    let unknown = Vetting::new(&["machine", "profiles", "laptpo"]).output();
    assert_eq!(unknown.status(), 2);
}

#[test]
fn hours_of_load_pass_in_virtual_time() {
    let args = [
        "CPUStress",
        "--set",
        "CPUStress.duration=8h",
        "--timeout",
        "9h",
    ];
    let ended = simulated("healthy-server", &args);
    assert_eq!(ended.status(), 0, "{}", ended.stderr());
    let milliseconds = ended.stage("CPUStress")["duration_ms"]
        .as_u64()
        .expect("a duration");
    assert!(milliseconds > 8 * 3_600_000, "{milliseconds}");
}
