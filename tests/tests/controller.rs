//! Management controllers through the real machine: an ipmitool in `--tools`, over a tree without a
//! device of a controller.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;
use vetting_tests::{Ended, Vetting, stages};

const SENSORS: &str = "\
PS1 Status       | 62h | ok  | 10.1 | Presence detected
PS2 Status       | 63h | ok  | 10.2 | Presence detected
PS Redundancy    | 77h | ok  |  7.1 | Fully Redundant
Fan1             | 30h | ok  |  7.1 | 6600 RPM
";

const TABLE: &str = "\
PS1 Status       | 0x1        | discrete   | 0x0180| na        | na        | na        | na        | na        | na        
PS2 Status       | 0x1        | discrete   | 0x0180| na        | na        | na        | na        | na        | na        
PS Redundancy    | 0x1        | discrete   | 0x0180| na        | na        | na        | na        | na        | na        
Fan1             | 6600.000   | RPM        | ok    | na        | 360.000   | 600.000   | na        | na        | na        
";

const LOG: &str = "   1 | 03/11/26 | 13:33:20 UTC | Event Logging Disabled SEL | Log area reset/cleared | Asserted\n";

/// An `ipmitool` of this script, which has `sensors`, `table` and `log` in its folder.
fn ipmitool(script: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("sensors", SENSORS), ("table", TABLE), ("log", LOG)] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let here = folder.path().display();
    let script = format!(
        "#!/bin/sh\ncd {here}\n{script}\ncase \"$*\" in\n'sdr elist all') cat sensors;;\nsensor) cat table;;\n\
         'sel elist') cat log;;\n*) echo \"Invalid command: $*\" >&2; exit 1;;\nesac\n"
    );
    let tool = folder.path().join("ipmitool");
    std::fs::write(&tool, script).expect("a script");
    std::fs::set_permissions(&tool, PermissionsExt::from_mode(0o755)).expect("a mode");
    folder
}

fn judged(tools: &Path, pause: &str) -> Ended {
    let root = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(root.path().join("sys/class")).expect("a folder");
    std::fs::create_dir_all(root.path().join("proc")).expect("a folder");
    let vetting = Vetting::run(&stages(), &["PSU", "--set", pause]);
    vetting
        .path("--tools", tools)
        .path("--root", root.path())
        .output()
}

/// The verdict of the stage, and its findings as text.
fn verdict(script: &str) -> (String, String) {
    paused(script, "PSU.pause=1s")
}

fn paused(script: &str, pause: &str) -> (String, String) {
    let folder = ipmitool(script);
    let record = judged(folder.path(), pause).stage("PSU");
    let verdict = record["verdict"].as_str().unwrap_or_default().to_owned();
    (verdict, record["diagnoses"].to_string())
}

#[test]
fn a_good_controller_passes_without_a_finding() {
    let (verdict, findings) = verdict("");
    assert_eq!((verdict.as_str(), findings.as_str()), ("pass", "[]"));
}

#[test]
fn a_controller_that_answers_only_in_part_is_not_judged_and_says_why() {
    for (script, said) in [
        (
            "case \"$1\" in sdr) echo 'Unable to open SDR for reading' >&2; exit 1;; esac",
            "open SDR",
        ),
        (
            "case \"$*\" in 'sel elist') echo 'Get SEL Info command failed' >&2; exit 1;; esac",
            "Get SEL Info",
        ),
        (
            "echo 'Could not open device at /dev/ipmi0' >&2; exit 1",
            "modprobe ipmi_si",
        ),
        ("echo '@#%$!'; exit 0", "management controller"),
    ] {
        let (verdict, findings) = verdict(script);
        assert_eq!(verdict, "inconclusive", "{script}: {findings}");
        assert!(findings.contains(said), "{script}: {findings}");
    }
}

#[test]
fn an_entry_that_comes_during_the_test_fails_and_an_older_one_does_not() {
    let entry =
        "   2 | 03/11/26 | 13:36:40 UTC | Memory #0x01 | Uncorrectable ECC (DIMM_C1) | Asserted";
    let old = format!("case \"$*\" in 'sel elist') cat log; echo '{entry}'; exit 0;; esac");
    let (verdict_of_old, findings) = verdict(&old);
    assert_eq!(verdict_of_old, "pass", "{findings}");
    assert!(findings.contains("DIMM_C1"), "{findings}");
    // It is in the log from the sixth second on: the pause lies between the two readings.
    let begun = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let later = begun.expect("a time").as_secs() + 6;
    let new = format!(
        "case \"$*\" in 'sel elist') cat log; [ $(date +%s) -gt {later} ] && echo '{entry}'; exit 0;; esac"
    );
    let (verdict, findings) = paused(&new, "PSU.pause=8s");
    assert_eq!(verdict, "fail", "{findings}");
    assert!(findings.contains("during the test"), "{findings}");
}

#[test]
fn without_a_controller_s_device_the_tools_of_this_machine_are_not_asked() {
    let empty = tempfile::tempdir().expect("a folder");
    let record = judged(empty.path(), "PSU.pause=1s").stage("PSU");
    assert_eq!(record["verdict"], "skip", "{record:#}");
}
