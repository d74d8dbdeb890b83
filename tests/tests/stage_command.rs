//! `vetting stage`: keys and signatures that `minisign` reads and writes too, and what is told of a
//! stage without running it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use vetting_component::digest;
use vetting_tests::signing::{Signer, beside, run};
use vetting_tests::{stages, vetting};

/// Runs `vetting stage` in a folder; its exit status and all that it printed.
fn stage(folder: &Path, args: &[&str], input: &str) -> (i32, String) {
    ended(
        Command::new(vetting())
            .arg("stage")
            .args(args)
            .current_dir(folder),
        input,
    )
}

fn minisign(folder: &Path, args: &[&str], input: &str) -> (i32, String) {
    ended(
        Command::new("minisign").args(args).current_dir(folder),
        input,
    )
}

fn ended(command: &mut Command, input: &str) -> (i32, String) {
    let output = run(command, input);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.code().unwrap_or(-1), said)
}

/// A folder with a stage in it.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("PSU.wasm");
    std::fs::copy(stages().join("PSU.wasm"), &file).expect("a copy");
    (folder, file)
}

fn comment(file: &Path) -> String {
    let digest = digest(&std::fs::read(file).expect("a file"));
    format!("vetting-stage name=PSU version=0.1.0 sha256={digest}")
}

#[test]
fn what_one_program_signs_the_other_verifies_with_keys_of_either() {
    // Each with its input: a password where there is one, as often as it is asked for.
    let keys: [(&str, &[&str], &str); 4] = [
        ("stage", &["keygen", "-W", "-s", "k", "-p", "p"], ""),
        ("stage", &["keygen", "-s", "k", "-p", "p"], "a password\n"),
        ("minisign", &["-G", "-W", "-s", "k", "-p", "p"], ""),
        (
            "minisign",
            &["-G", "-s", "k", "-p", "p"],
            "a password\na password\n",
        ),
    ];
    for (program, args, input) in keys {
        let (folder, file) = folder();
        let folder = folder.path();
        let by = |program: &str, args: &[&str], input: &str| {
            let (status, said) = match program {
                "stage" => stage(folder, args, input),
                _ => minisign(folder, args, input),
            };
            assert_eq!(status, 0, "{program} {args:?}: {said}");
            said
        };
        by(program, args, input);
        let comment = comment(&file);
        let ours: &[&str] = &["sign", "PSU.wasm", "-s", "k"];
        let theirs: &[&str] = &["-S", "-s", "k", "-m", "PSU.wasm", "-t", &comment];
        for (signer, sign) in [("stage", ours), ("minisign", theirs)] {
            let _none = std::fs::remove_file(beside(&file));
            by(signer, sign, input);
            let said = by("minisign", &["-V", "-p", "p", "-m", "PSU.wasm"], "");
            assert!(said.contains(&comment), "{said}");
            let said = by("stage", &["verify", "PSU.wasm", "--key", "p"], "");
            assert!(said.contains("PSU 0.1.0 is signed by"), "{said}");
        }
    }
}

#[test]
fn a_wrong_password_signs_nothing() {
    let (folder, file) = folder();
    let folder = folder.path();
    let (status, said) = stage(folder, &["keygen"], "right\n");
    assert_eq!(status, 0, "{said}");
    for input in ["wrong\n", ""] {
        let (status, said) = stage(folder, &["sign", "PSU.wasm"], input);
        assert_eq!(status, 2, "{said}");
        assert!(said.contains("Wrong password"), "{said}");
        assert!(!beside(&file).exists());
    }
    let (status, said) = stage(folder, &["keygen", "-s", "e", "-p", "f"], "\n");
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("--no-password"), "{said}");
    assert!(!folder.join("e").exists() && !folder.join("f").exists());
}

#[test]
fn a_password_is_asked_for_at_a_terminal() {
    let (folder, _) = folder();
    // `script` gives it a terminal, and types what it reads.
    let at_terminal = |args: &str, typed: &str| {
        let command = format!("{} stage {args}", vetting().display());
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]);
        ended(script.current_dir(folder.path()), typed)
    };
    let (status, said) = at_terminal("keygen", "hunter2\nhunter3\n");
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("the two passwords differ"), "{said}");
    let (status, said) = at_terminal("keygen", "hunter2\nhunter2\n");
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("Password for the secret key:"), "{said}");
    let (status, said) = at_terminal("sign PSU.wasm", "hunter2\n");
    assert_eq!(status, 0, "{said}");
}

#[test]
fn a_secret_key_is_its_owner_s_and_is_not_replaced_by_accident() {
    let (folder, _) = folder();
    let folder = folder.path();
    let keygen = |more: &[&str]| stage(folder, &[&["keygen", "-W"], more].concat(), "");
    let (status, said) = keygen(&["--format", "json"]);
    assert_eq!(status, 0, "{said}");
    let told: Value = serde_json::from_str(&said).expect("JSON");
    let public = std::fs::read_to_string(folder.join("vetting.pub")).expect("a key");
    assert!(
        public.contains(told["public_key"].as_str().expect("a key")),
        "{told}"
    );
    assert!(
        public.contains(told["key_id"].as_str().expect("an id")),
        "{told}"
    );
    let mode = |name: &str| {
        let metadata = std::fs::metadata(folder.join(name)).expect("a file");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("vetting.key"), 0o600);
    let secret = || std::fs::read_to_string(folder.join("vetting.key")).expect("a key");
    let first = secret();
    let (status, said) = keygen(&[]);
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("--force"), "{said}");
    // Also when only one of the two is there.
    assert_eq!(keygen(&["-p", "other.pub"]).0, 2);
    assert_eq!(keygen(&["-s", "other.key"]).0, 2);
    assert!(!folder.join("other.pub").exists() && !folder.join("other.key").exists());
    assert_eq!(secret(), first);
    assert_eq!(keygen(&["--force"]).0, 0);
    assert_ne!(secret(), first);
    assert_eq!(mode("vetting.key"), 0o600);
}

#[test]
fn only_a_sound_stage_is_signed() {
    let (folder, file) = folder();
    let folder = folder.path();
    assert_eq!(stage(folder, &["keygen", "-W"], "").0, 0);
    std::fs::write(folder.join("bad.wasm"), b"\0asm\x01\0\0\0").expect("a file");
    let (status, said) = stage(folder, &["sign", "PSU.wasm", "bad.wasm"], "");
    assert_eq!(status, 2, "{said}");
    assert!(
        said.contains("bad.wasm is not signed: it is a WebAssembly core module"),
        "{said}"
    );
    assert!(!beside(&file).exists(), "half of them are signed");
    let (status, said) = stage(folder, &["sign", "PSU.wasm", "-s", "vetting.pub"], "");
    assert_eq!(status, 2, "{said}");
    let secret = std::fs::read_to_string(folder.join("vetting.key")).expect("a key");
    // A digit of the key itself, which stands before its public half and the checksum.
    let digit = secret.len() - 90;
    let other = if &secret[digit..=digit] == "A" {
        "B"
    } else {
        "A"
    };
    let damaged = format!("{}{other}{}", &secret[..digit], &secret[digit + 1..]);
    std::fs::write(folder.join("damaged.key"), damaged).expect("a key");
    let (status, said) = stage(folder, &["sign", "PSU.wasm", "-s", "damaged.key"], "");
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("the key damaged.key is damaged"), "{said}");
    assert!(!beside(&file).exists(), "a bad signature is left");
    let (status, said) = stage(folder, &["sign", "PSU.wasm", "--format", "json"], "");
    assert_eq!(status, 0, "{said}");
    let told: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(told[0]["name"], "PSU");
    assert_eq!(
        told[0]["sha256"],
        digest(&std::fs::read(&file).expect("a file"))
    );
}

#[test]
fn verify_tells_by_its_exit_status() {
    let (folder, file) = folder();
    let folder = folder.path();
    let (key, other) = (Signer::new(), Signer::new());
    key.sign(&file);
    let policy = key.trusted();
    std::fs::write(folder.join("policy.toml"), &policy).expect("a policy");
    let verify = |args: &[&str]| {
        let args = [&["verify", "PSU.wasm", "--format", "json"], args].concat();
        let (status, said) = stage(folder, &args, "");
        (
            status,
            serde_json::from_str::<Value>(&said).unwrap_or(Value::String(said)),
        )
    };
    let (line, wrong) = (key.line(), other.line());
    let (by_file, by_policy) = (key.public().display().to_string(), "policy.toml");
    for args in [
        vec!["--key", &line],
        vec!["--key", &by_file],
        vec!["--key", &wrong, "--key", &line],
        vec!["--policy", by_policy],
    ] {
        let (status, told) = verify(&args);
        assert_eq!(status, 0, "{args:?}: {told}");
        assert_eq!(told["verified"], true, "{told}");
        assert_eq!(told["key_id"], key.id(), "{told}");
    }
    assert_eq!(
        verify(&["--policy", by_policy]).1["key_comment"],
        "a test's"
    );
    for args in [
        vec!["--key", wrong.as_str()],
        vec!["--key", &line, "--signature", "nowhere"],
        vec!["--key", &line, "--signature", "PSU.wasm"],
    ] {
        let (status, told) = verify(&args);
        assert_eq!(status, 1, "{args:?}: {told}");
        assert_eq!(told["verified"], false, "{told}");
        assert!(told["reason"].is_string(), "{told}");
    }
    for args in [
        vec![],
        vec!["--key", "nonsense"],
        vec!["--policy", "nowhere"],
    ] {
        assert_eq!(verify(&args).0, 2, "{args:?}");
    }
}

#[test]
fn inspect_tells_what_a_stage_asks_for_and_would_get() {
    let (folder, file) = folder();
    let folder = folder.path();
    let key = Signer::new();
    let inspect = |args: &[&str]| {
        let args = [&["inspect", "PSU.wasm", "--format", "json"], args].concat();
        let (status, said) = stage(folder, &args, "");
        assert_eq!(status, 0, "{said}");
        serde_json::from_str::<Value>(&said).expect("JSON")
    };
    let told = inspect(&[]);
    assert_eq!(told["name"], "PSU");
    assert_eq!(
        told["sha256"],
        digest(&std::fs::read(&file).expect("a file"))
    );
    assert_eq!(told["signature"]["state"], "none");
    assert_eq!(told["unsound"], Value::Null);
    assert_eq!(told["exports"], serde_json::json!(["run"]));
    assert_eq!(told["policy"], Value::Null);
    assert_eq!(told["parameters"]["type"], "object");
    let imports = told["imports"].as_array().expect("imports");
    let bmc = imports.iter().find(|import| import["interface"] == "bmc");
    let bmc = bmc.expect("bmc");
    let version = vetting_component::offered().version;
    assert_eq!(bmc["version"], version.to_string());
    assert!(bmc["functions"].to_string().contains("ask"), "{bmc}");
    let granted = |told: &Value| -> Vec<(String, bool)> {
        let asked = told["interfaces"].as_array().expect("interfaces").iter();
        let of = |asked: &Value| {
            assert!(
                asked["reason"]
                    .as_str()
                    .is_some_and(|reason| !reason.is_empty())
            );
            let name = asked["name"].as_str().expect("a name").to_owned();
            (name, asked["granted"] == true)
        };
        asked.map(of).collect()
    };
    assert_eq!(
        granted(&told),
        [
            ("bmc".to_owned(), true),
            ("files".to_owned(), true),
            ("hwmon".to_owned(), true)
        ]
    );

    std::fs::write(
        folder.join("p.toml"),
        format!("deny = [\"bmc\"]\n{}", key.trusted()),
    )
    .expect("a policy");
    let policy = ["--policy", "p.toml"];
    let told = inspect(&policy);
    assert_eq!(
        granted(&told),
        [
            ("bmc".to_owned(), false),
            ("files".to_owned(), true),
            ("hwmon".to_owned(), true)
        ]
    );
    let why = told["interfaces"][0]["withheld_because"].to_string();
    assert!(why.contains("p.toml"), "{why}");
    assert_eq!(told["signature"]["state"], "refused");
    key.sign(&file);
    assert_eq!(inspect(&policy)["signature"]["state"], "verified");
    assert_eq!(inspect(&policy)["signature"]["key_id"], key.id());
    assert_eq!(inspect(&[])["signature"]["state"], "unchecked");
    key.sign_as(&file, "PSU", "7.7.7", &[]);
    assert_eq!(inspect(&[])["signature"]["state"], "refused");
    let (status, said) = stage(folder, &["inspect", "PSU.wasm", "--policy", "p.toml"], "");
    assert_eq!(status, 0, "{said}");
    for words in [
        "bmc          withheld",
        "signature    refused: ",
        "deadline     1200 s",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (status, said) = stage(folder, &["inspect", "p.toml"], "");
    assert_eq!(status, 2, "{said}");
    assert!(said.contains("no WebAssembly component"), "{said}");
}
