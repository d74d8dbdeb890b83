//! A stage's way into a fleet: published, tried by one run, then by all; a version means the same bytes
//! for ever.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use vetting_component::digest;
use vetting_protocol::Publication;
use vetting_tests::fleet::{Agent, Orchestrator};
use vetting_tests::{stages, vetting};
use vetting_transport::{Call, Client, Secret};

const STAGE: &str = "PSU";

/// The built-in stage with its manifest edited, by a text of the same length, so that the file stays
/// sound.
fn edited(folder: &Path, edits: &[(&str, &str)]) -> PathBuf {
    let mut bytes = std::fs::read(stages().join(format!("{STAGE}.wasm"))).expect("a stage");
    for (from, to) in edits {
        assert_eq!(from.len(), to.len());
        let at = bytes
            .windows(from.len())
            .rposition(|w| w == from.as_bytes());
        let at = at.expect("the manifest has it");
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    let file = folder.join(format!("{}.wasm", &digest(&bytes)[..8]));
    std::fs::write(&file, bytes).expect("written");
    file
}

const NEWER: (&str, &str) = ("\"version\":\"0.1.0\"", "\"version\":\"0.1.1\"");
const OTHER: (&str, &str) = ("\"Judges", "\"judges");

fn publish(orchestrator: &Orchestrator, file: &Path, flags: &[&str]) -> Output {
    let mut publish = Command::new(vetting());
    publish.args(["stage", "publish"]).arg(file).args(flags);
    publish.env("VETTING_SERVER", &orchestrator.url);
    publish.env("VETTING_PIN", &orchestrator.pin);
    publish.env("VETTING_TOKEN", &orchestrator.token);
    publish.output().expect("vetting starts")
}

fn told(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn of(file: &Path) -> String {
    digest(&std::fs::read(file).expect("a file"))
}

#[test]
fn a_canary_is_run_by_one_run_then_by_all_and_an_older_version_again() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a folder");
    let newer = edited(folder.path(), &[NEWER]);
    let old = of(&stages().join(format!("{STAGE}.wasm")));
    let published = publish(&orchestrator, &newer, &["--canary"]);
    assert!(published.status.success(), "{}", told(&published));
    let registered = || {
        let stage = orchestrator.try_cli(&["stage", "show", STAGE]);
        let stage: Value = serde_json::from_slice(&stage.stdout).expect("JSON");
        stage["digest"].as_str().expect("a digest").to_owned()
    };
    assert_eq!(registered(), old, "a canary is not what new runs run");

    let canary = format!("{STAGE}@0.1.1");
    let run = orchestrator.run("canary", &["--stage", STAGE, "--canary", &canary]);
    let machine = "sim:healthy-server";
    let _agent = Agent::new(&orchestrator, &run, machine, folder.path()).start();
    orchestrator.until_state(&run, "Completed");
    let record = &orchestrator.report(&run)["stages"][0];
    assert_eq!(record["digest"], of(&newer).as_str(), "run there by digest");
    assert_eq!(
        (&record["version"], &record["verdict"]),
        (&"0.1.1".into(), &"pass".into())
    );

    let others = orchestrator.run("another", &["--stage", STAGE]);
    let digest_of = |view: &Value| view["stages"][0]["digest"].clone();
    assert_eq!(digest_of(&orchestrator.show(&others)), old.as_str());

    orchestrator.cli(&["stage", "use", &canary]);
    assert_eq!(registered(), of(&newer));
    orchestrator.cli(&["stage", "use", &format!("{STAGE}@0.1.0")]);
    assert_eq!(registered(), old);
    let unknown = orchestrator.try_cli(&["stage", "use", &format!("{STAGE}@9.9.9")]);
    assert!(!unknown.status.success());
    let why = told(&unknown);
    assert!(why.contains("there are: 0.1.0, 0.1.1"), "{why}");
}

#[test]
fn one_version_means_the_same_bytes_for_ever() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a folder");
    let newer = edited(folder.path(), &[NEWER]);
    assert!(publish(&orchestrator, &newer, &[]).status.success());
    // Sent again it is the same.
    assert!(publish(&orchestrator, &newer, &[]).status.success());
    let other = edited(folder.path(), &[NEWER, OTHER]);
    for flags in [&[][..], &["--canary"]] {
        let refused = publish(&orchestrator, &other, flags);
        assert_eq!(refused.status.code(), Some(2));
        let why = told(&refused);
        assert!(
            why.contains("PSU 0.1.1 is published already, with other bytes"),
            "{why}"
        );
    }
    // Not after it was removed either.
    orchestrator.cli(&["stage", "remove", STAGE]);
    let refused = publish(&orchestrator, &other, &[]);
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
}

#[test]
fn a_tampered_upload_and_an_unsound_one_are_refused() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a folder");
    let newer = edited(folder.path(), &[NEWER]);
    let tampered = edited(folder.path(), &[NEWER, OTHER]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sent = |bytes: &[u8], claimed: &Path| {
        let pin = orchestrator.pin.parse().expect("a pin");
        let client = Client::new(&orchestrator.url, &[pin]).expect("a client");
        let token = Secret::new(&orchestrator.token);
        let publication = Publication {
            component: STANDARD.encode(bytes),
            sha256: Some(of(claimed)),
            ..Publication::default()
        };
        let call = Call {
            path: "/api/v1/admin/stages",
            token: Some(&token),
            timeout: Duration::from_secs(30),
        };
        let answer = client.post::<_, Value>(call, &publication);
        runtime.block_on(answer).map_err(|error| error.to_string())
    };
    let bytes = std::fs::read(&tampered).expect("a file");
    let why = sent(&bytes, &newer).expect_err("tampered");
    assert!(why.contains("it was changed on the way"), "{why}");
    let why = sent(&bytes[..bytes.len() / 2], &newer).expect_err("cut");
    assert!(why.contains("the component is no stage"), "{why}");

    // What is no stage is not even sent.
    let nonsense = folder.path().join("nonsense.wasm");
    std::fs::write(&nonsense, b"\0asm").expect("written");
    let refused = publish(&orchestrator, &nonsense, &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        told(&refused).contains("is not published"),
        "{}",
        told(&refused)
    );
}

/// Mended facts reach all stages that judge by them, or none.
#[test]
fn a_set_is_published_whole_or_not_at_all() {
    let orchestrator = Orchestrator::start();
    let folder = tempfile::tempdir().expect("a folder");
    let newer = edited(folder.path(), &[NEWER]);
    let taken = edited(folder.path(), &[NEWER, OTHER]);
    // The same version of another stage, with other bytes than those that are registered.
    let smart = stages().join("SMART.wasm");
    let mut bytes = std::fs::read(&smart).expect("a stage");
    let from = b"\"summary\":\"";
    let at = bytes.windows(from.len()).rposition(|window| window == from);
    // One letter of its summary in the other case.
    let letter = at.expect("a summary") + from.len();
    bytes[letter] ^= 0x20;
    let other = folder.path().join("other.wasm");
    std::fs::write(&other, bytes).expect("written");
    let digest_of = |name: &str| {
        let shown = orchestrator.try_cli(&["stage", "show", name]);
        let stage: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
        stage["digest"].as_str().expect("a digest").to_owned()
    };
    let before = (digest_of(STAGE), digest_of("SMART"));
    let together = |second: &Path| {
        let mut publish = Command::new(vetting());
        publish.args(["stage", "publish"]).args([&newer, second]);
        publish.env("VETTING_SERVER", &orchestrator.url);
        publish.env("VETTING_PIN", &orchestrator.pin);
        publish.env("VETTING_TOKEN", &orchestrator.token);
        publish.output().expect("vetting starts")
    };
    let refused = together(&other);
    assert_eq!(refused.status.code(), Some(2));
    let why = told(&refused);
    assert!(why.contains("SMART 0.1.0 is published already"), "{why}");
    assert_eq!((digest_of(STAGE), digest_of("SMART")), before, "none is");
    let twice = told(&together(&taken));
    assert!(twice.contains("has the stage `PSU` twice"), "{twice}");
    let published = together(&smart);
    assert!(published.status.success(), "{}", told(&published));
    assert_eq!(digest_of(STAGE), of(&newer));
    let lines = String::from_utf8_lossy(&published.stdout).lines().count();
    assert_eq!(lines, 2, "{}", told(&published));
}

#[test]
fn an_orchestrator_that_is_not_there_or_does_not_let_in_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let newer = edited(folder.path(), &[NEWER]);
    let mut publish = Command::new(vetting());
    publish.args([
        "stage",
        "publish",
        "--server",
        "https://127.0.0.1:1",
        "--token",
        "x",
    ]);
    let unreachable = publish.arg(&newer).output().expect("vetting starts");
    assert_eq!(unreachable.status.code(), Some(2));
    let why = told(&unreachable);
    assert!(
        why.contains("was not published to https://127.0.0.1:1"),
        "{why}"
    );

    let orchestrator = Orchestrator::start();
    let looker = orchestrator.operator("looker", &["view"]);
    let refused = self::publish(&orchestrator, &newer, &[]);
    assert!(refused.status.success(), "{}", told(&refused));
    let mut publish = Command::new(vetting());
    publish.args(["stage", "publish", "--server", &orchestrator.url]);
    publish.args(["--pin", &orchestrator.pin, "--token", &looker]);
    let refused = publish.arg(&newer).output().expect("vetting starts");
    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains("publish"), "{}", told(&refused));
}
