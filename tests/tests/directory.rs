//! `dir:FOLDER`: a captured machine is judged as the machine it was captured from, apart from loads, which
//! are not run on evidence; and a folder that somebody wrote is either read as it is or refused in words.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;
use vetting_machine::simulated::SimulatedMachine;
use vetting_tests::{Vetting, folder_of, stages};

/// What a stage says that needs a load.
const NOT_RUN: &str = "not run on evidence alone";

fn capture(machine: &str, to: &Path, more: &[&str]) {
    let args = [&["machine", "capture", "--machine", machine], more].concat();
    let ended = Vetting::new(&args).path("--output", to).output();
    assert_eq!(ended.status(), 0, "{machine}: {}", ended.stderr());
}

fn report(machine: &str) -> Vec<Value> {
    let ended = Vetting::run(&stages(), &["--machine", machine]).output();
    let report = ended.report();
    report["stages"].as_array().expect("stages").clone()
}

/// The findings that convict or warn: rule, part and message.
fn findings(record: &Value) -> BTreeSet<String> {
    told(record, |finding| finding != "pass")
}

/// The findings of a kind.
fn told(record: &Value, is_asked_for: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let diagnoses = record["diagnoses"].as_array().expect("diagnoses");
    let asked_for = diagnoses.iter().filter(|d| is_asked_for(&d["finding"]));
    asked_for
        .map(|d| format!("{} {} {}", d["name"], d["part"], d["message"]))
        .collect()
}

#[test]
fn captured_profiles_are_judged_as_the_profiles_are() {
    let mut wrong = Vec::new();
    for (name, _) in SimulatedMachine::builtin_names() {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = format!("sim:{name}");
        capture(&machine, folder.path(), &["--keep-serials"]);
        let of_profile = report(&machine);
        let of_folder = report(&format!("dir:{}", folder.path().display()));
        assert_eq!(of_profile.len(), of_folder.len(), "{name}");
        for (profile, folder) in of_profile.iter().zip(&of_folder) {
            let stage = &profile["stage"];
            let (then, now) = (findings(profile), findings(folder));
            let text = folder.to_string();
            if text.contains(NOT_RUN) {
                // What convicts without a load stands, and nothing else convicts. Warnings may differ: that
                // the load was not whole, or errors that had not come yet.
                let convicts = told(folder, |finding| finding == "fail");
                if folder["verdict"] == "pass" || !convicts.is_subset(&then) {
                    wrong.push(format!(
                        "{name}, {stage}: {} {convicts:?}",
                        folder["verdict"]
                    ));
                }
                continue;
            }
            if profile["verdict"] != folder["verdict"] || then != now {
                wrong.push(format!(
                    "{name}, {stage}: {} {} {then:?}\n  as a folder {} {} {now:?}",
                    profile["verdict"], profile["message"], folder["verdict"], folder["message"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A machine of one drive, written by hand.
fn by_hand(folder: &Path, more: &str) {
    let text = format!(
        "format = \"vetting.machine/1\"\ntaken = \"2026-11-27T05:44:43Z\"\n{more}\n\
         [[document]]\nquery = \"smart.read\"\ntarget = \"sda\"\nfile = \"sda.json\"\n"
    );
    fs::write(folder.join("machine.toml"), text).expect("a file");
    fs::write(folder.join("sda.json"), "{}").expect("a file");
}

fn show(folder: &Path, topic: &str) -> vetting_tests::Ended {
    let machine = format!("dir:{}", folder.display());
    Vetting::new(&["machine", "show", topic, "--raw", "--machine", &machine]).output()
}

#[test]
fn folder_written_by_hand_is_a_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    by_hand(folder.path(), "");
    let printed = "{\"json_format_version\":[1,0],\"model_name\":\"BY-HAND-1\"}";
    fs::write(folder.path().join("sda.json"), printed).expect("a file");
    let log = "3,1,2000000,-;EXT4-fs error (device sda1): by hand\n SUBSYSTEM=block\n";
    fs::write(folder.path().join("kernel.log"), log).expect("a file");
    let shown = show(folder.path(), "smart");
    assert!(shown.stdout().contains(printed), "{}", shown.stdout());
    let shown = show(folder.path(), "kernel-log");
    assert!(shown.stdout().contains("by hand"), "{}", shown.stdout());
}

#[test]
fn what_is_not_in_the_folder_is_not_healthy() {
    let folder = tempfile::tempdir().expect("a folder");
    by_hand(folder.path(), "");
    for record in report(&format!("dir:{}", folder.path().display())) {
        let verdict = record["verdict"].as_str().expect("a verdict");
        assert!(["inconclusive", "fail"].contains(&verdict), "{record:#}");
    }
}

#[test]
fn folder_that_cannot_be_used_is_refused_in_words() {
    let refused = |more: &str, prepare: &dyn Fn(&Path), expected: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        by_hand(folder.path(), more);
        prepare(folder.path());
        let ended = show(folder.path(), "smart");
        assert_eq!(ended.status(), 2, "{expected}: {}", ended.stderr());
        let stderr = ended.stderr();
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    };
    let nothing = |_: &Path| {};
    refused("shoe-size = 44", &nothing, "shoe-size");
    refused("cpus = -1", &nothing, "cpus");
    let again = "[[document]]\nquery = \"smart.read\"\ntarget = \"sda\"\nfile = \"sda.json\"";
    refused(again, &nothing, "two documents");
    let away = |folder: &Path| {
        fs::remove_file(folder.join("sda.json")).expect("removed");
        symlink("/etc/hostname", folder.join("sda.json")).expect("a link");
    };
    refused("", &away, "sda.json");
    let fifo = |folder: &Path| {
        fs::remove_file(folder.join("sda.json")).expect("removed");
        let mode = nix::sys::stat::Mode::S_IRWXU;
        nix::unistd::mkfifo(&folder.join("sda.json"), mode).expect("a FIFO");
    };
    refused("", &fifo, "not a regular file");
    let huge = |folder: &Path| {
        let file = fs::File::create(folder.join("sda.json")).expect("a file");
        file.set_len(1 << 40).expect("a size");
    };
    refused("", &huge, "more than 4194304 bytes");
    let huge = |folder: &Path| {
        let file = fs::File::create(folder.join("machine.toml")).expect("a file");
        file.set_len(1 << 40).expect("a size");
    };
    refused("", &huge, "machine.toml");
    let log = |folder: &Path| fs::write(folder.join("kernel.log"), "[ 1.0] x\n").expect("a file");
    refused("", &log, "kernel.log: line 1");
    let other = |folder: &Path| {
        fs::write(
            folder.join("machine.toml"),
            "format = \"x/9\"\ntaken = \"\"\n",
        )
        .expect("a file");
    };
    refused("", &other, "this version reads vetting.machine/1");
    let ended = show(Path::new("/nonexistent"), "smart");
    assert_eq!(ended.status(), 2, "{}", ended.stderr());
}

#[test]
fn evidence_of_a_recording_is_captured_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let recording = folder.path().join("smart.recording");
    let smart = folder_of(&[(&stages(), "SMART")]);
    let run = Vetting::run(smart.path(), &["--machine", "sim:failing-disk"]);
    let recorded = run.path("--record", &recording).output();
    assert_eq!(recorded.status(), 1, "{}", recorded.stderr());
    let captured = folder.path().join("captured");
    let machine = format!("replay:{}", recording.display());
    capture(&machine, &captured, &["--keep-serials"]);
    let machine = format!("dir:{}", captured.display());
    let again = Vetting::run(smart.path(), &["--machine", &machine]).output();
    let (then, now) = (recorded.report(), again.report());
    let (then, now) = (&then["stages"][0], &now["stages"][0]);
    assert_eq!(then["verdict"], now["verdict"], "{now:#}");
    assert_eq!(findings(then), findings(now));
}

#[test]
fn scenario_replaces_single_documents() {
    let folder = tempfile::tempdir().expect("a folder");
    let captured = folder.path().join("failing");
    capture("sim:failing-disk", &captured, &["--keep-serials"]);
    let manifest = fs::read_to_string(captured.join("machine.toml")).expect("a file");
    let manifest: toml::Table = toml::from_str(&manifest).expect("TOML");
    let documents = manifest["document"].as_array().expect("documents");
    let drives: Vec<&str> = documents
        .iter()
        .filter(|document| document["query"].as_str() == Some("smart.read"))
        .map(|document| document["target"].as_str().expect("a target"))
        .collect();
    let failing = drives.iter().map(|drive| {
        format!(
            "{{ query = \"smart.read\", target = \"{drive}\", file = \"failing/documents/smart.read-{drive}.json\" }}"
        )
    });
    let documents: Vec<String> = failing.collect();
    let documents = documents.join(", ");
    for (name, machine, documents) in [
        ("document", "healthy-server", documents.as_str()),
        ("folder", "dir:failing", ""),
    ] {
        let file = folder.path().join(format!("{name}.toml"));
        let text = format!(
            "machine = \"{machine}\"\ndocuments = [{documents}]\n[expect]\nverdict = \"fail\"\n"
        );
        fs::write(&file, text).expect("a scenario");
        let file = file.to_string_lossy().into_owned();
        let ended = Vetting::new(&["stage", "test", "--format", "json", &file])
            .path("--component", &stages().join("SMART.wasm"))
            .output();
        let printed = ended.stdout();
        assert!(
            printed.contains("S6ESNFAILING"),
            "{name}: {printed} {}",
            ended.stderr()
        );
    }
}
