//! The folder of stages: what is in it is what runs, and what is no stage stops everything.

use std::path::Path;

use vetting_component::offered;
use vetting_tests::{Vetting, folder_of, guests};

fn refused(folder: &Path, file: &str) -> String {
    let ended = Vetting::run(folder, &[]).output();
    assert_eq!(ended.status(), 2, "{}{}", ended.stdout(), ended.stderr());
    assert!(
        ended.stdout().is_empty(),
        "something was run: {}",
        ended.stdout()
    );
    let said = ended.stderr();
    assert!(said.contains(file), "{said}");
    said
}

#[test]
fn a_replaced_stage_is_what_the_next_run_uses() {
    let guests = guests();
    let folder = folder_of(&[(&guests, "Probe")]);
    let digest = || {
        let ended = Vetting::run(folder.path(), &["--machine", "sim:small-vm"]).output();
        assert_eq!(ended.status(), 0, "{}", ended.stderr());
        ended.stage("Probe")["digest"]
            .as_str()
            .expect("a digest")
            .to_owned()
    };
    let first = digest();
    // The same code under another version, as an author's next build would be.
    let path = folder.path().join("Probe.wasm");
    replace(&path, b"\"version\":\"0.1.0\"", b"\"version\":\"0.1.9\"");
    let second = digest();
    assert_ne!(first, second);
}

#[test]
fn a_file_that_is_no_component_is_named_and_nothing_runs() {
    let guests = guests();
    let whole = std::fs::read(guests.join("Probe.wasm")).expect("a stage");
    let module = b"\0asm\x01\0\0\0";
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("text", b"this is no component"),
        ("module", module),
        ("cut", &whole[..whole.len() / 2]),
        ("header", &whole[..6]),
    ] {
        let folder = folder_of(&[(&guests, "Sleep")]);
        std::fs::write(folder.path().join(format!("{name}.wasm")), bytes).expect("a file");
        refused(folder.path(), &format!("{name}.wasm"));
    }
}

#[test]
fn what_the_runtime_lacks_is_named_with_what_it_has() {
    let guests = guests();
    let with = |from: &[u8], to: &[u8]| {
        let folder = folder_of(&[(&guests, "Probe")]);
        replace(&folder.path().join("Probe.wasm"), from, to);
        folder
    };
    let version = format!("@{}", offered().version);
    let unknown = with(b"vetting:stage/hwmon@", b"vetting:stage/telex@");
    let said = refused(unknown.path(), "Probe.wasm");
    assert!(
        said.contains("`telex`") && said.contains(&offered().name()),
        "{said}"
    );
    let newer = with(version.as_bytes(), b"@0.3.0");
    let said = refused(newer.path(), "Probe.wasm");
    assert!(
        said.contains("@0.3.0") && said.contains(&offered().name()),
        "{said}"
    );
    // A newer patch only adds, and this one adds nothing that is used.
    let patch = with(version.as_bytes(), b"@0.2.7");
    let ended = Vetting::run(patch.path(), &["--machine", "sim:small-vm"]).output();
    assert_eq!(ended.status(), 0, "{}", ended.stderr());
}

#[test]
fn an_empty_folder_and_two_of_a_name_are_refused() {
    let empty = tempfile::tempdir().expect("a folder");
    let ended = Vetting::run(empty.path(), &[]).output();
    assert_eq!(ended.status(), 2);
    let guests = guests();
    let twice = folder_of(&[(&guests, "Probe")]);
    std::fs::copy(guests.join("Probe.wasm"), twice.path().join("Again.wasm")).expect("a copy");
    let said = refused(twice.path(), "Again.wasm");
    assert!(said.contains("Probe.wasm"), "{said}");
}

fn replace(path: &Path, from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(path).expect("a file");
    let mut found = 0;
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            found += 1;
        }
        at += 1;
    }
    assert!(
        found > 0,
        "{} holds no {}",
        path.display(),
        String::from_utf8_lossy(from)
    );
    std::fs::write(path, bytes).expect("a file");
}
