//! Signatures and the policy's file, through `vetting run`: what is not vouched for is refused before
//! a byte of it is parsed, and then nothing runs.

use std::path::Path;

use vetting_component::digest;
use vetting_tests::signing::{Signer, beside};
use vetting_tests::{Ended, Vetting, stages};

/// No component at all: a parser that saw it would say so.
const POISON: &[u8] = b"nothing that a parser should see";
const SIM: [&str; 2] = ["--machine", "sim:healthy-server"];

/// A folder with one file, and a policy beside it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(component: &[u8], policy: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("stages")).expect("a folder");
        let folder = Folder(folder);
        std::fs::write(folder.component(), component).expect("a component");
        folder.policy(policy);
        folder
    }

    fn component(&self) -> std::path::PathBuf {
        self.0.path().join("stages/PSU.wasm")
    }

    fn policy(&self, text: &str) {
        std::fs::write(self.0.path().join("policy.toml"), text).expect("a policy");
    }

    fn signature(&self, text: &str) {
        std::fs::write(beside(&self.component()), text).expect("a signature");
    }

    fn run(&self) -> Ended {
        let run = Vetting::run(&self.0.path().join("stages"), &SIM);
        run.path("--policy", &self.0.path().join("policy.toml"))
            .output()
    }

    /// Why nothing ran, with what differs from one test to the next named.
    fn refused(&self) -> String {
        let ended = self.run();
        let said = ended.stderr();
        assert_eq!(ended.status(), 2, "{}{said}", ended.stdout());
        assert_eq!(ended.stdout(), "", "something was run");
        let folder = self.0.path().display().to_string();
        said.replace(&folder, "FOLDER")
            .replace(&digest(POISON), "DIGEST")
    }
}

fn psu() -> Vec<u8> {
    std::fs::read(stages().join("PSU.wasm")).expect("a stage")
}

#[test]
fn each_refusal_comes_before_parsing_and_says_what_to_do() {
    let (key, other) = (Signer::new(), Signer::new());
    let folder = Folder::new(POISON, &key.trusted());
    let file = folder.component();
    let mut told = folder.refused();
    let mut refuse = |case: &str, signature: &str| {
        folder.signature(signature);
        told += &format!("{case}: {}", folder.refused());
    };
    refuse("wrong key", &other.sign_as(&file, "PSU", "1.0.0", &[]));
    refuse("legacy", &key.sign_as(&file, "PSU", "1.0.0", &["-l"]));
    let good = key.sign_as(&file, "PSU", "1.0.0", &[]);
    refuse("edited trusted comment", &good.replace("1.0.0", "1.0.1"));
    refuse("truncated", &good[..good.len() / 2]);
    refuse("10 MB", &(good.clone() + &"x".repeat(10_000_000)));
    refuse("garbage", "garbage");
    let another = tempfile::tempdir().expect("a folder");
    let another = another.path().join("PSU.wasm");
    std::fs::create_dir_all(another.parent().expect("a folder")).expect("a folder");
    std::fs::write(&another, b"another file").expect("a file");
    let foreign = key.sign_as(&another, "PSU", "1.0.0", &[]);
    refuse(
        "of another file",
        &foreign.replace(&digest(b"another file"), "ANOTHER"),
    );
    refuse("of another file, as it is", &foreign);
    // What a good signature is on is parsed, and by that alone is this no check of the parser.
    refuse("good", &good);
    let minimum = "[stages.PSU]\nminimum_version = \"1.2.0\"\n";
    folder.policy(&(key.trusted() + minimum));
    told += &format!("downgraded: {}", folder.refused());
    folder.policy(&format!(
        "revoked = [\"{}\"]\n{}",
        digest(POISON),
        key.trusted()
    ));
    told += &format!("revoked: {}", folder.refused());
    let told = told
        .replace(&key.id(), "KEY")
        .replace(&other.id(), "OTHER")
        .replace(&digest(b"another file"), "ANOTHER");
    assert_eq!(told.matches("no WebAssembly").count(), 1, "{told}");
    insta::assert_snapshot!(told);
}

#[test]
fn a_signed_stage_runs_and_keys_rotate() {
    let (old, new) = (Signer::new(), Signer::new());
    let folder = Folder::new(&psu(), &(old.trusted() + &new.trusted()));
    let passes = |signature: &str| {
        folder.signature(signature);
        let ended = folder.run();
        assert_eq!(ended.status(), 0, "{}", ended.stderr());
        // Only where there is no policy does a report say so.
        assert_eq!(ended.report()["notes"], serde_json::json!([]));
    };
    let by_old = old.sign(&folder.component());
    let by_new = new.sign(&folder.component());
    passes(&by_old);
    passes(&by_new);
    // The untrusted comment is nobody's promise.
    let (_, rest) = by_new.split_once('\n').expect("lines");
    passes(&format!("untrusted comment: edited\n{rest}"));
    folder.policy(&new.trusted());
    passes(&by_new);
    folder.signature(&by_old);
    let said = folder.refused();
    assert!(said.contains(&format!("by the key {}", old.id())), "{said}");
    assert!(said.contains(&format!("trusted: {}", new.id())), "{said}");
}

#[test]
fn a_stage_is_what_it_was_signed_as() {
    let key = Signer::new();
    let folder = Folder::new(&psu(), &key.trusted());
    for (name, version) in [("SMART", "0.1.0"), ("PSU", "9.9.9")] {
        key.sign_as(&folder.component(), name, version, &[]);
        let said = folder.refused();
        assert!(
            said.contains(&format!("signed as {name} {version}")),
            "{said}"
        );
        assert!(said.contains("its manifest says PSU 0.1.0"), "{said}");
    }
}

#[test]
fn without_a_policy_unsigned_stages_run_and_the_report_says_so() {
    let folder = Folder::new(&psu(), "");
    let stages = folder.0.path().join("stages");
    assert!(
        !Path::new("/etc/vetting/policy.toml").exists(),
        "this machine has a policy of its own; the test needs one without"
    );
    let ended = Vetting::run(&stages, &SIM).output();
    assert_eq!(ended.status(), 0, "{}", ended.stderr());
    let notes = ended.report()["notes"].to_string();
    assert_eq!(notes.matches("no policy file").count(), 1, "{notes}");
    // One that was named must be there, and be one.
    for (policy, words) in [
        (folder.0.path().join("nowhere.toml"), "cannot be read"),
        (
            folder.0.path().join("policy.toml"),
            "no stage could ever run",
        ),
    ] {
        let by_flag = Vetting::run(&stages, &SIM).path("--policy", &policy);
        let by_variable = Vetting::run(&stages, &SIM).env("VETTING_POLICY", &policy);
        for run in [by_flag, by_variable] {
            let ended = run.output();
            assert_eq!(ended.status(), 2, "{}", ended.stdout());
            assert!(ended.stderr().contains(words), "{}", ended.stderr());
        }
    }
}
