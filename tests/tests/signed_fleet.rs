//! Signatures through a real orchestrator and a real agent: the agent alone decides what runs on its
//! machine, before it parses anything, and for every order anew.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};
use vetting_component::digest;
use vetting_tests::between::{Act, Answer, Between, Rule};
use vetting_tests::fleet::{Agent, Orchestrator, Run};
use vetting_tests::signing::{Signer, beside};
use vetting_tests::{guests, stages};

const MACHINE: &str = "sim:healthy-server";

/// A copy of a stage, in a folder of its own, and a policy beside it.
struct Bench {
    folder: tempfile::TempDir,
    stage: PathBuf,
}

impl Bench {
    fn of(stage: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let copy = folder.path().join(stage.file_name().expect("a name"));
        std::fs::copy(stage, &copy).expect("a copy");
        Bench {
            folder,
            stage: copy,
        }
    }

    fn shown(&self) -> String {
        self.stage.display().to_string()
    }

    /// A signature, kept under a name.
    fn keep(&self, name: &str, text: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).expect("a signature");
        // What lies beside the stage is not what was named.
        let _none = std::fs::remove_file(beside(&self.stage));
        file.display().to_string()
    }

    fn policy(&self, text: &str) -> String {
        let file = self.folder.path().join("policy.toml");
        std::fs::write(&file, text).expect("a policy");
        file.display().to_string()
    }
}

/// Waits until a run holds after an attempt of its one stage; why it does.
fn held(orchestrator: &Orchestrator, run: &Run, attempt: u32) -> String {
    let view = orchestrator.until(run, "held", |view| {
        view["state"] == "FailedHolding" && view["stages"][0]["attempt"] == attempt
    });
    let reason = view["held"]["reason"].as_str();
    reason.unwrap_or_default().to_owned()
}

#[test]
fn a_signature_is_kept_listed_handed_out_and_verified() {
    let orchestrator = Orchestrator::start();
    let bench = Bench::of(&stages().join("PSU.wasm"));
    let key = Signer::new();
    let list = || {
        let output = orchestrator.try_cli(&["stage", "list"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let psu = text.lines().find(|line| line.starts_with("PSU "));
        psu.unwrap_or_else(|| panic!("{text}")).to_owned()
    };
    assert!(list().ends_with(" unsigned"), "{}", list());
    let text = key.sign(&bench.stage);
    orchestrator.cli(&["stage", "add", &bench.shown()]);
    assert!(
        list().ends_with(&format!("signed by {}", key.id())),
        "{}",
        list()
    );
    // The same component without a signature beside it keeps the one that it has.
    orchestrator.cli(&[
        "stage",
        "add",
        &stages().join("PSU.wasm").display().to_string(),
    ]);
    assert!(
        list().ends_with(&format!("signed by {}", key.id())),
        "{}",
        list()
    );

    let policy = bench.policy(&key.trusted());
    let run = orchestrator.run("signed", &["--stage", "PSU"]);
    let between = Between::of(&orchestrator, Vec::new());
    let folder = bench.folder.path();
    let agent = Agent::at(&between.url, &between.pin, &run, MACHINE, folder);
    let _agent = agent.args(&["--policy", &policy]).start();
    orchestrator.until_state(&run, "Completed");
    let claim = between.seen("claim")[0].told.json();
    assert_eq!(
        claim["stages"][0]["component"]["signature"], text,
        "{claim:#}"
    );
}

#[test]
fn what_comes_with_a_retry_is_verified_too_also_when_it_is_loaded() {
    let orchestrator = Orchestrator::start();
    let bench = Bench::of(&guests().join("Probe.wasm"));
    let (key, other) = (Signer::new(), Signer::new());
    let good = bench.keep("good", &key.sign(&bench.stage));
    let wrong = bench.keep("wrong", &other.sign(&bench.stage));
    let policy = bench.policy(&key.trusted());
    orchestrator.cli(&["stage", "add", &bench.shown()]);
    let flags = ["--stage", "Probe", "--set", "Probe.mode=fail"];
    let run = orchestrator.run("retried", &flags);
    let agent = Agent::new(&orchestrator, &run, MACHINE, bench.folder.path());
    let _agent = agent.args(&["--policy", &policy]).start();
    let why = held(&orchestrator, &run, 1);
    assert!(why.contains("the component is not signed"), "{why}");
    let retry = |signature: &str| {
        let (stage, id) = (bench.shown(), run.id.clone());
        let args = ["run", "retry", &id, "--stage-component", &stage];
        orchestrator.cli(&[&args[..], &["--signature", signature]].concat());
    };
    let ending = |attempt: usize| {
        let report = orchestrator.report(&run);
        let ended = report["stages"].as_array().expect("stages").iter();
        let ended = ended.filter(|stage| stage["attempt"] == attempt);
        ended.map(|stage| stage["ending"]["kind"].clone()).next()
    };
    retry(&good);
    let why = held(&orchestrator, &run, 2);
    assert!(
        why.contains("the answer is too low"),
        "it did not run: {why}"
    );
    assert_eq!(ending(2), Some(json!("outcome")));
    // The very component that ran a moment ago, and nobody vouches for it any more.
    retry(&wrong);
    let why = held(&orchestrator, &run, 3);
    assert!(why.contains(&format!("by the key {}", other.id())), "{why}");
    assert_eq!(ending(3), Some(json!("refused")));
    retry(&good);
    let why = held(&orchestrator, &run, 4);
    assert!(
        why.contains("the answer is too low"),
        "it did not run: {why}"
    );
}

/// What is done to a claim: rules are plain functions, so what they need lies here.
static POISONED: OnceLock<Value> = OnceLock::new();

#[test]
fn an_agent_parses_nothing_that_is_not_vouched_for() {
    const POISON: &[u8] = b"nothing that a parser should see";
    let orchestrator = Orchestrator::start();
    let bench = Bench::of(&stages().join("PSU.wasm"));
    let (key, cache) = (Signer::new(), tempfile::tempdir().expect("a folder"));
    // A good signature by a trusted key, of another file.
    let signature = key.sign(&bench.stage);
    let component = json!({
        "sha256": digest(POISON), "size": POISON.len(), "signature": signature,
    });
    POISONED.set(component).expect("set once");
    let claim = |answer: Answer| {
        answer.edited(|claim| {
            claim["stages"][0]["component"] = POISONED.get().cloned().unwrap_or_default();
        })
    };
    let bytes = |mut answer: Answer| {
        answer.status = 200;
        answer.body = POISON.to_vec();
        answer
    };
    let rules = vec![
        Rule::always("claim", Act::Change(claim)),
        Rule::always("components", Act::Change(bytes)),
    ];
    let between = Between::of(&orchestrator, rules);
    let policy = bench.policy(&key.trusted());
    let run = orchestrator.run("poisoned", &["--stage", "PSU"]);
    let folder = bench.folder.path();
    let agent = Agent::at(&between.url, &between.pin, &run, MACHINE, folder);
    let agent = agent.args(&["--policy", &policy]);
    let agent = agent.env("XDG_CACHE_HOME", cache.path()).start();
    let why = held(&orchestrator, &run, 1);
    assert!(
        why.contains("the signature is for a file with the sha256"),
        "{why}"
    );
    assert!(why.contains(&digest(POISON)), "{why}");
    let log = agent.log();
    assert!(
        !log.contains("no WebAssembly component"),
        "it was parsed: {log}"
    );
    let code = std::fs::read_dir(cache.path().join("vetting/code")).expect("a cache");
    assert_eq!(code.count(), 0, "something was compiled: {log}");
    let kept = std::fs::read_dir(folder.join("spool/components")).expect("a folder");
    assert_eq!(kept.count(), 0, "the refused component is kept");
}

/// The same for a claim that calls a signed stage by another's name.
static RENAMED: OnceLock<Value> = OnceLock::new();

#[test]
fn a_signed_stage_does_not_run_under_another_name() {
    let orchestrator = Orchestrator::start();
    let bench = Bench::of(&stages().join("PSU.wasm"));
    let key = Signer::new();
    let signature = key.sign(&bench.stage);
    let bytes = std::fs::read(&bench.stage).expect("a stage");
    let component = json!({
        "sha256": digest(&bytes), "size": bytes.len(), "signature": signature,
    });
    RENAMED.set(component).expect("set once");
    let claim = |answer: Answer| {
        answer.edited(|claim| {
            claim["stages"][0]["component"] = RENAMED.get().cloned().unwrap_or_default();
        })
    };
    let between = Between::of(
        &orchestrator,
        vec![Rule::always("claim", Act::Change(claim))],
    );
    let policy = bench.policy(&key.trusted());
    let run = orchestrator.run("renamed", &["--stage", "SMART"]);
    let agent = Agent::at(
        &between.url,
        &between.pin,
        &run,
        MACHINE,
        bench.folder.path(),
    );
    let _agent = agent.args(&["--policy", &policy]).start();
    let why = held(&orchestrator, &run, 1);
    assert!(
        why.contains("signed as the stage `PSU`, and `SMART` was asked for"),
        "{why}"
    );
}

#[test]
fn an_orchestrator_keeps_no_signature_that_says_something_else() {
    let orchestrator = Orchestrator::start();
    let bench = Bench::of(&stages().join("PSU.wasm"));
    let smart = Bench::of(&stages().join("SMART.wasm"));
    let key = Signer::new();
    let good = key.sign(&bench.stage);
    let mut told = String::new();
    for (case, text) in [
        ("of another file", key.sign(&smart.stage)),
        ("renamed", key.sign_as(&bench.stage, "SMART", "0.1.0", &[])),
        (
            "another version",
            key.sign_as(&bench.stage, "PSU", "9.9.9", &[]),
        ),
        ("legacy", key.sign_as(&bench.stage, "PSU", "0.1.0", &["-l"])),
        ("truncated", good[..good.len() / 2].to_owned()),
        ("garbage", "garbage".to_owned()),
        ("10 MB", "x".repeat(10_000_000)),
    ] {
        let file = bench.keep("signature", &text);
        let output = orchestrator.try_cli(&["stage", "add", &bench.shown(), "--signature", &file]);
        assert!(!output.status.success(), "{case}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        told += &format!("{case}: {said}");
    }
    let digest_of = |bench: &Bench| digest(&std::fs::read(&bench.stage).expect("a stage"));
    let told = told
        .replace(&digest_of(&bench), "PSU'S")
        .replace(&digest_of(&smart), "SMART'S")
        .replace(&bench.folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(told);
    let all = orchestrator.cli(&["stage", "list"]);
    let signed = all.as_array().expect("stages").iter();
    assert!(
        signed.map(|stage| &stage["signature"]).all(Value::is_null),
        "{all:#}"
    );
}
