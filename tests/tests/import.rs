//! `vetting machine import`: a bundle from the field becomes a machine, and what it lacks is a gap.

use std::fs;
use std::path::Path;
use std::process::Command;

use vetting_tests::{Vetting, folder_of, stages};

/// A serial number that must not be found again.
const SERIAL: &str = "CANARY-SERIAL-77";

/// What somebody mailed, below a folder that is named after the host.
fn bundle(folder: &Path) {
    let file = |path: &str, text: &str| {
        let path = folder.join("sosreport-canary").join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let drive = format!(
        "{{\"json_format_version\":[1,0],\"smartctl\":{{\"version\":[7,3],\"exit_status\":8}},\
         \"device\":{{\"name\":\"/dev/sda\",\"protocol\":\"ATA\"}},\"model_name\":\"ST1200NM\",\
         \"serial_number\":\"{SERIAL}\",\"smart_status\":{{\"passed\":false}}}}"
    );
    file("sos_commands/ata/smartctl_-a_.dev.sda_-j", &drive);
    file(
        "sos_commands/kernel/dmesg",
        "[    2.000000] EXT4-fs (sda1): mounted\n",
    );
    file("sos_commands/ipmitool/ipmitool_sel_info", "Entries : 0\n");
    file("proc/cpuinfo", "processor : 0\n");
    file("etc/passwd", "root:x:0:0\n");
}

fn import(bundle: &Path, to: &Path) -> vetting_tests::Ended {
    let bundle = bundle.to_string_lossy();
    Vetting::new(&["machine", "import", &bundle])
        .path("--output", to)
        .output()
}

#[test]
fn bundle_is_judged_as_folder_and_as_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let unpacked = folder.path().join("unpacked");
    bundle(&unpacked);
    let archive = folder.path().join("sosreport.tar.xz");
    let packed = Command::new("tar")
        .arg("-cJf")
        .arg(&archive)
        .arg("-C")
        .arg(&unpacked)
        .arg("sosreport-canary")
        .status();
    assert!(packed.expect("tar starts").success());
    let smart = folder_of(&[(&stages(), "SMART")]);
    for (from, name) in [(&unpacked, "of-folder"), (&archive, "of-archive")] {
        let to = folder.path().join(name);
        let ended = import(from, &to);
        assert_eq!(ended.status(), 0, "{name}: {}", ended.stderr());
        let said = ended.stdout();
        for known in ["smart.read sda", "bmc.ask event-log-info", "kernel log"] {
            assert!(said.contains(known), "{name}: {said}");
        }
        let written = fs::read_to_string(to.join("documents/smart.read-sda.json"));
        assert!(!written.expect("a document").contains(SERIAL), "{name}");
        let machine = format!("dir:{}", to.display());
        let ran = Vetting::run(smart.path(), &["--machine", &machine]).output();
        assert_eq!(ran.status(), 1, "{name}: {}", ran.stdout());
        assert_eq!(ran.report()["stages"][0]["verdict"], "fail", "{name}");
    }
}

#[test]
fn bundle_without_evidence_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("notes.txt"), "nothing").expect("a file");
    let ended = import(folder.path(), &folder.path().join("out"));
    assert_eq!(ended.status(), 2, "{}", ended.stderr());
    assert!(ended.stderr().contains("dmesg.txt"), "{}", ended.stderr());
}
