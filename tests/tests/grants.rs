//! What a stage gets is what its manifest, the orchestrator and the policy's file all grant. What is
//! withheld answers `denied` with who withholds it, and each denial is in the attempt's record.

use serde_json::{Value, json};
use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{Vetting, folder_of, guests};

const MACHINE: &str = "sim:healthy-server";
const DENY: &str = "unsigned = \"allow\"\ndeny = [\"hwmon\"]\n";
const ALLOW: &str = "unsigned = \"allow\"\n[stages.Probe]\ninterfaces = [\"hwmon\"]\n";

/// The one denial of a stage's record, and whether it names orchestrator and policy.
fn denial(record: &Value, policy: &str) -> (bool, bool) {
    let denials = record["denials"].as_array().expect("denials");
    assert_eq!(denials.len(), 1, "{record:#}");
    assert_eq!(denials[0]["function"], "hwmon.read", "{record:#}");
    assert_eq!(denials[0]["count"], 1, "{record:#}");
    let reason = denials[0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("the interface `hwmon`"), "{reason}");
    // The stage was told the same.
    let said = record["message"].as_str().expect("a message");
    assert!(said.contains(reason), "{said}");
    (reason.contains("the orchestrator"), reason.contains(policy))
}

#[test]
fn an_interface_is_withheld_by_the_orchestrator_by_the_policy_or_by_both() {
    let orchestrator = Orchestrator::start();
    let probe = guests().join("Probe.wasm").display().to_string();
    let of_probe =
        |host: &str| orchestrator.run(host, &["--stage", "Probe", "--set", "Probe.mode=hwmon"]);
    for (host, grants, policy, expected) in [
        ("all", None, ALLOW, None),
        (
            "orchestrator",
            Some("kernel-log"),
            ALLOW,
            Some((true, false)),
        ),
        ("policy", Some("hwmon"), DENY, Some((false, true))),
        ("both", Some("kernel-log"), DENY, Some((true, true))),
    ] {
        let mut add = vec!["stage", "add", &probe];
        add.extend(grants.map(|grant| ["--grant", grant]).into_iter().flatten());
        orchestrator.cli(&add);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, policy).expect("a policy");
        let file = file.display().to_string();
        let run = of_probe(host);
        let agent = Agent::new(&orchestrator, &run, MACHINE, folder.path());
        let _agent = agent.env("VETTING_POLICY", &file).start();
        let state = match expected {
            None => "Completed",
            Some(_) => "FailedHolding",
        };
        orchestrator.until_state(&run, state);
        let record = orchestrator.report(&run)["stages"][0].clone();
        match expected {
            None => assert_eq!(record["denials"], json!([]), "{host}: {record:#}"),
            Some(expected) => assert_eq!(denial(&record, &file), expected, "{host}"),
        }
    }
}

#[test]
fn a_local_run_gets_what_the_policy_lets_it() {
    let folder = folder_of(&[(&guests(), "Probe")]);
    let args = ["--machine", MACHINE, "--set", "Probe.mode=hwmon"];
    for (text, status) in [(ALLOW, 0), (DENY, 4)] {
        let file = folder.path().join("policy.toml");
        std::fs::write(&file, text).expect("a policy");
        let run = Vetting::run(folder.path(), &args).path("--policy", &file);
        let ended = run.output();
        assert_eq!(ended.status(), status, "{}", ended.stderr());
        let record = ended.stage("Probe");
        if status == 0 {
            assert_eq!(record["denials"], json!([]), "{record:#}");
        } else {
            let by = denial(&record, &file.display().to_string());
            assert_eq!(by, (false, true));
        }
    }
}
