//! What a stage gets is what its manifest, the orchestrator and the policy's file all grant. What is
//! withheld answers `denied` with who withholds it, and each denial is in the attempt's record. A stage that
//! needs more than an agent's image offers is not handed out.

use serde_json::{Value, json};
use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{Vetting, folder_of, guests, stages};

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

/// What Rogue says of a file that it reads, under a policy.
fn read(policy: &str, path: &str) -> (String, Value) {
    let folder = folder_of(&[(&guests(), "Rogue")]);
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, policy).expect("a policy");
    let mode = format!("Rogue.mode=file:{path}");
    let args = ["--machine", MACHINE, "--set", &mode];
    let ended = Vetting::run(folder.path(), &args).path("--policy", &file);
    let record = ended.output().stage("Rogue");
    let said = record["message"].as_str().unwrap_or_default().to_owned();
    let file = file.display().to_string();
    (said.replace(&file, "POLICY"), record["denials"].clone())
}

#[test]
fn a_policy_withholds_files_path_by_path() {
    const OPEN: &str = "unsigned = \"allow\"\n";
    let withheld = "proc/cpuinfo is withheld by the policy file POLICY";
    for (rules, is_read) in [
        ("", true),
        ("files = [\"proc/*\"]", true),
        ("files = [\"sys/**\"]", false),
        ("deny_files = [\"proc/cpu*\"]", false),
        (
            "files = [\"sys/**\"]\n[stages.Rogue]\nfiles = [\"proc/cpuinfo\"]",
            true,
        ),
        ("[stages.Rogue]\nfiles = []", false),
        ("[stages.Probe]\nfiles = []", true),
    ] {
        let (said, denials) = read(&format!("{OPEN}{rules}"), "proc/cpuinfo");
        assert_eq!(said.contains("READ"), is_read, "{rules}: {said}");
        assert_eq!(said.contains(withheld), !is_read, "{rules}: {said}");
        assert_eq!(denials == json!([]), is_read, "{rules}: {denials:#}");
    }
    let (said, denials) = read(OPEN, "sys/1/2/3/4/5/6/7/8");
    let why = "the manifest of Rogue does not ask for sys/1/2/3/4/5/6/7/8";
    assert!(said.contains(why), "{said}");
    assert_eq!(denials[0]["function"], "files.read", "{denials:#}");
}

#[test]
fn a_replay_has_the_policy_of_then() {
    let folder = folder_of(&[(&guests(), "Rogue")]);
    let file = folder.path().join("policy.toml");
    let policy = "unsigned = \"allow\"\ndeny_files = [\"proc/cpuinfo\"]\n";
    std::fs::write(&file, policy).expect("a policy");
    let recording = folder.path().join("r.recording");
    let args = [
        "--machine",
        MACHINE,
        "--set",
        "Rogue.mode=file:proc/cpuinfo",
    ];
    let then = Vetting::run(folder.path(), &args)
        .path("--policy", &file)
        .path("--record", &recording)
        .output();
    let replay = format!("replay:{}", recording.display());
    let now = Vetting::run(folder.path(), &["--machine", &replay]).output();
    let message = then.stage("Rogue")["message"].clone();
    assert!(message.to_string().contains("withheld"), "{message}");
    assert_eq!(now.stage("Rogue")["message"], message);
}

#[test]
fn no_built_in_stage_asks_for_what_its_manifest_does_not_name() {
    for machine in [
        "healthy-server",
        "gpu-server",
        "storage-server",
        "laptop",
        "small-vm",
        "ecc-errors",
        "throttling-cpu",
    ] {
        let name = format!("sim:{machine}");
        let ended = Vetting::run(&stages(), &["--machine", &name]).output();
        let report = ended.report();
        let records = report["stages"].as_array().expect("stages");
        assert_eq!(records.len(), 8, "{machine}");
        for record in records {
            assert_eq!(record["denials"], json!([]), "{machine}: {record:#}");
        }
    }
}

/// A stage that was built against a later contract.
fn of_tomorrow() -> Vec<u8> {
    let manifest = json!({
        "name": "Tomorrow",
        "version": "1.0.0",
        "summary": "Reads sensors by a contract that is not there yet",
        "timeout_seconds": 5,
        "interfaces": { "hwmon": { "reason": "to read sensors" } },
    });
    let text = r#"(component
        (import "vetting:stage/hwmon@0.3.0" (instance (export "read" (func))))
        (core module $m (func (export "run")))
        (core instance $i (instantiate $m))
        (func (export "run") (canon lift (core func $i "run"))))"#;
    let mut component = wat::parse_str(text).expect("a component");
    let mut section = b"\x10vetting:manifest".to_vec();
    section.extend(manifest.to_string().into_bytes());
    component.push(0);
    let mut length = section.len();
    while length >= 0x80 {
        component.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    component.push(u8::try_from(length).expect("seven bits"));
    component.extend(section);
    component
}

#[test]
fn a_run_holds_before_a_stage_that_the_image_cannot_run() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("Tomorrow.wasm");
    std::fs::write(&file, of_tomorrow()).expect("a component");
    orchestrator.cli(&["stage", "add", &file.display().to_string()]);
    let probe = guests().join("Probe.wasm").display().to_string();
    orchestrator.cli(&["stage", "add", &probe]);
    for (host, names, is_first) in [
        ("alone", &["--stage", "Tomorrow"][..], true),
        (
            "later",
            &[
                "--stage",
                "Probe",
                "--stage",
                "Tomorrow",
                "--set",
                "Probe.mode=hwmon",
            ],
            false,
        ),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = orchestrator.run(host, names);
        let _agent = Agent::new(&orchestrator, &run, MACHINE, folder.path()).start();
        let view = orchestrator.until_state(&run, "FailedHolding");
        let reason = view["held"]["reason"].as_str().unwrap_or_default();
        for words in [
            "Tomorrow cannot run on this image",
            "`hwmon` of vetting:stage@0.3.0",
            "the image has vetting:stage@0.2.0",
        ] {
            assert!(reason.contains(words), "not `{words}`: {view:#}");
        }
        let report = orchestrator.report(&run);
        let ending = &report["stages"][0]["ending"];
        assert_eq!(ending["kind"] == "refused", is_first, "{report:#}");
        let retry = ["run", "retry", &run.id, "--stage", "Tomorrow"];
        let refused = orchestrator.try_cli(&retry);
        assert!(!refused.status.success(), "{host}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("cannot run on this image"), "{said}");
        if !is_first {
            // What the image can run is run, and the run holds before what it cannot.
            orchestrator.cli(&["run", "retry", &run.id]);
            let refused = |view: &Value| view["stages"][1]["verdict"] == "inconclusive";
            let view = orchestrator.until(&run, "holding before Tomorrow", refused);
            assert_eq!(view["stages"][0]["verdict"], "pass", "{view:#}");
            let ending = orchestrator.report(&run)["stages"][1]["ending"].clone();
            assert_eq!(ending["kind"], "refused", "{ending:#}");
        }
    }
}

#[test]
fn an_inspection_shows_which_files_and_queries_a_policy_grants() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("policy.toml");
    let policy = "unsigned = \"allow\"\ndeny_files = [\"sys/class/net/*/address\"]\n\
                  files = [\"sys/class/net/*/*\", \"proc/cpuinfo\"]\nqueries = [\"ethtool\"]\n";
    std::fs::write(&file, policy).expect("a policy");
    let stage = stages().join("Inventory.wasm").display().to_string();
    let args = ["stage", "inspect", &stage, "--format", "json"];
    let shown = Vetting::new(&args).path("--policy", &file).output();
    let shown: Value = serde_json::from_str(&shown.stdout()).expect("JSON");
    let granted = |list: &str, name: &str| {
        let entries = shown[list].as_array().expect("a list").iter();
        let entry = entries.clone().find(|entry| entry["name"] == name);
        let entry = entry.unwrap_or_else(|| panic!("no {name}: {shown:#}"));
        assert!(entry["reason"].as_str().is_some_and(|why| why.len() > 10));
        entry["granted"].as_str().unwrap_or_default().to_owned()
    };
    for (list, name, expected) in [
        ("files", "proc/cpuinfo", "yes"),
        ("files", "proc/meminfo", "no"),
        ("files", "sys/class/net/*/address", "no"),
        ("files", "sys/class/net/*/mtu", "yes"),
        ("queries", "ethtool", "yes"),
        ("queries", "ethtool-driver", "no"),
    ] {
        assert_eq!(granted(list, name), expected, "{name}");
    }
}
