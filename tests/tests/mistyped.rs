//! What is mistyped: every number, name and version that cannot be meant is refused where it enters, with
//! words that say what is wrong, and changes nothing.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use vetting_tests::fleet::{Orchestrator, call};
use vetting_tests::{guests, vetting};

/// The component of the stage Probe, with its manifest changed.
fn probe(folder: &Path, from: &str, to: &str) -> String {
    let module = guests().join("../guests/wasm32-unknown-unknown/stage/guest_probe.wasm");
    let module = std::fs::read(module).expect("a module");
    let manifest = include_str!("../guests/probe/stage.toml");
    let manifest = manifest.replacen(from, to, 1);
    let path = folder.join("probe.wasm");
    match vetting_component::pack(&module, &manifest) {
        Ok(component) => std::fs::write(&path, component).expect("written"),
        // What a build refuses is what an orchestrator is never offered; a hand that is not ours packs it.
        Err(error) => return error.to_string(),
    }
    path.display().to_string()
}

#[test]
fn an_orchestrator_refuses_what_cannot_be_meant() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sleep = guests().join("Probe.wasm").display().to_string();
    let data = orchestrator.data();
    let nowhere = format!("{data}x");
    orchestrator.cli(&["host", "add", "known", "--mac", "02:00:00:00:00:02"]);
    orchestrator.cli(&["stage", "add", &sleep]);
    let mac = ["--mac", "02:00:00:00:00:01"];
    let refused: &[(&[&str], &str)] = &[
        (&["host", "add", "", "--mac", mac[1]], "invalid host name"),
        (
            &["host", "add", "a/b", "--mac", mac[1]],
            "invalid host name",
        ),
        (&["host", "add", "a", "--mac", "none"], "MAC"),
        (
            &["host", "add", "a", "--mac", "00:00:00:00:00:00"],
            "all zero",
        ),
        (
            &["run", "create", "known", "--timeout", "SMART=0s"],
            "more than no time",
        ),
        (
            &["run", "create", "known", "--timeout", "SMART=300years"],
            "at most 30 days",
        ),
        (
            &["run", "create", "known", "--timeout", "SMRT=5s"],
            "no stage `SMRT`",
        ),
        (
            &["stage", "add", &sleep, "--timeout", "0s"],
            "more than no time",
        ),
        (
            &["stage", "add", &sleep, "--timeout", "200ms"],
            "more than no time",
        ),
        (
            &["stage", "add", &sleep, "--timeout", "31days"],
            "at most 30 days",
        ),
        (
            &["stage", "add", &sleep, "--grant", "hwmn"],
            "it asks for: hwmon, kernel-log",
        ),
        (
            &["serve", "--data", &nowhere, "--session", "0s"],
            "longer than none",
        ),
        (
            &["serve", "--data", &nowhere, "--lost", "200years"],
            "a century",
        ),
        (
            &["serve", "--data", &nowhere, "--iperf-ports", "9-8"],
            "FIRST-LAST",
        ),
        (&["operator", "add", "root", "--data", &data], "exists"),
        (
            &["operator", "add", "a b", "--data", &data],
            "invalid operator name",
        ),
        (
            &["operator", "add", "c", "--hosts", "a/*", "--data", &data],
            "invalid pattern",
        ),
        (&["operator", "list", "--data", &nowhere], "no state.db"),
        (&["audit", "--since", "yesterday"], "is no time"),
    ];
    for (args, words) in refused {
        let output = orchestrator.try_cli(args);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(
            !output.status.success() && told.contains(words),
            "{args:?}: {told}"
        );
    }
    assert!(!Path::new(&nowhere).exists(), "a refusal makes a folder");
    // The same MAC address in another spelling is the same.
    orchestrator.cli(&["host", "add", "one", "--mac", "02-00-00-00-00-0A"]);
    let two = orchestrator.try_cli(&["host", "add", "two", "--mac", "0200.0000.000a"]);
    let told = String::from_utf8_lossy(&two.stderr);
    assert!(told.contains("MAC address of the host one"), "{told}");
    // Names that stand for something else, in whatever case, and versions in two spellings.
    let renamed = [
        ("\"Probe\"", "\"smart\"", "taken for the stage `SMART`"),
        ("\"Probe\"", "\"probe\"", "taken for the stage `Probe`"),
        ("\"Probe\"", "\"specvalidate\"", "a run's state"),
        ("\"Probe\"", "\"COMPLETED\"", "a run's state"),
        ("\"0.1.0\"", "\"01.0.0\"", "MAJOR.MINOR.PATCH"),
        (
            "timeout_seconds = 60",
            "timeout_seconds = 0",
            "more than no time",
        ),
        (
            "timeout_seconds = 60",
            "timeout_seconds = 9999999999",
            "at most 30 days",
        ),
    ];
    for (from, to, words) in renamed {
        let file = probe(folder.path(), from, to);
        let told = match file.ends_with(".wasm") {
            true => {
                let output = orchestrator.try_cli(&["stage", "add", &file]);
                assert!(!output.status.success(), "{to}: {output:?}");
                String::from_utf8_lossy(&output.stderr).into_owned()
            }
            false => file,
        };
        assert!(told.contains(words), "{to}: {told}");
    }
}

#[test]
fn the_api_bounds_deadlines_as_the_command_line_does() {
    let orchestrator = Orchestrator::start();
    orchestrator.cli(&["host", "add", "known", "--mac", "02:00:00:00:00:02"]);
    for seconds in [0_u64, 2_592_001, u64::MAX] {
        let run = json!({ "host": "known", "stages": ["SMART"], "timeouts": { "SMART": seconds },
        });
        let made = call(
            &orchestrator,
            "/api/v1/admin/runs",
            &orchestrator.token,
            &run,
        );
        let told = made.expect_err("it is made").to_string();
        assert!(told.contains("SMART: a stage's deadline"), "{told}");
    }
}

#[test]
fn the_runtime_bounds_deadlines_and_the_grace() {
    for timeout in ["0s", "31days", "99999999999years"] {
        let output = Command::new(vetting())
            .args([
                "run",
                "--machine",
                "sim:healthy-server",
                "--timeout",
                timeout,
                "PSU",
            ])
            .output()
            .expect("vetting starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{timeout}: {told}");
    }
    let output = Command::new(vetting())
        .args([
            "run",
            "--machine",
            "sim:healthy-server",
            "--grace",
            "300years",
            "PSU",
        ])
        .output()
        .expect("vetting starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
